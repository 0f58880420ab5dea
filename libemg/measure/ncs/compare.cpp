#include "libemg/measure/ncs/compare.h"

#include <fmt/format.h>

#include <cmath>

namespace emg {
namespace {

constexpr double kSameTemperatureC = 2;

}  // namespace

std::vector<SideRow> compare_sides(const std::vector<StudyValue>& values) {
  std::vector<SideRow> rows;
  for (const auto& left : values) {
    if (left.side != "L") continue;
    for (const auto& right : values) {
      if (right.side != "R" || right.measure != left.measure || right.nerve != left.nerve || right.site != left.site ||
          right.muscle != left.muscle)
        continue;
      SideRow row{left.nerve, left.site, left.measure, left.value, right.value, {}, {}, {}, ""};
      if (!left.value || !right.value) {
        row.reason = fmt::format("not_assessable ({} missing)", !left.value ? "left" : "right");
      } else if (left.onset_method != right.onset_method) {
        row.reason = "not_assessable (onset method)";
      } else {
        row.difference = *left.value - *right.value;
        if (*right.value != 0) row.ratio = *left.value / *right.value;
        if (left.sd && right.sd) row.difference_sd = std::hypot(*left.sd, *right.sd);
      }
      rows.push_back(std::move(row));
      break;
    }
  }
  return rows;
}

std::vector<SerialRow> compare_serial(const std::vector<StudyValue>& before, const std::vector<StudyValue>& now,
                                      const std::vector<std::pair<std::string, double>>& repeat_sd) {
  std::vector<SerialRow> rows;
  for (const auto& v : now) {
    for (const auto& b : before) {
      if (b.measure != v.measure || b.nerve != v.nerve || b.side != v.side || b.site != v.site || b.muscle != v.muscle) continue;
      SerialRow row{v.nerve, v.side, v.site, v.measure, b.value, v.value, {}, {}, ""};
      const bool bands = b.band_low_hz == v.band_low_hz && b.band_high_hz == v.band_high_hz;
      if (!b.value || !v.value) {
        row.reason = "not_assessable (value missing)";
      } else if (!bands) {
        row.reason = "not_assessable (filter)";
      } else if (b.onset_method != v.onset_method) {
        row.reason = "not_assessable (onset method)";
      } else if (b.temperature_c.has_value() != v.temperature_c.has_value() ||
                 (b.temperature_c && std::abs(*b.temperature_c - *v.temperature_c) > kSameTemperatureC)) {
        row.reason = "not_assessable (temperature)";
      } else {
        if (*b.value != 0) row.change_pct = 100 * (*v.value - *b.value) / *b.value;
        for (const auto& [measure, sd] : repeat_sd) {
          if (measure == v.measure && sd > 0) row.change_sd = (*v.value - *b.value) / sd;
        }
      }
      rows.push_back(std::move(row));
      break;
    }
  }
  return rows;
}

}  // namespace emg
