#pragma once
// One side against the other, and a study against an earlier one of the same person.
//
// Values as study_values gives them. Results: one row for each measure that both have. Degenerate input: a value that is missing, another
// onset method, another filter or a temperature more than 2 degrees apart gives a row with its reason. Cost: product of the numbers of
// values. Method: ratio, difference and percentage; SD of the difference by propagation.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libemg/measure/ncs/limits.h"

namespace emg {

struct SideRow {
  std::string nerve, site, measure;
  std::optional<double> left, right, ratio, difference, difference_sd;
  std::string reason;

  static constexpr auto fields() {
    using R = SideRow;
    return std::tuple{
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("site", &R::site, {}, "site or segment"),
        field("measure", &R::measure, {}, "what is compared"),
        field("left", &R::left, {}, "left value"),
        field("right", &R::right, {}, "right value"),
        field("ratio", &R::ratio, {}, "left over right"),
        field("difference", &R::difference, {}, "left less right"),
        field("difference_sd", &R::difference_sd, {}, "its SD where both sides have one"),
        field("reason", &R::reason, {}, "why it is empty: not_assessable (...)"),
    };
  }
};
static_assert(fully_described<SideRow>());
std::vector<SideRow> compare_sides(const std::vector<StudyValue>& values);

struct SerialRow {
  std::string nerve, side, site, measure;
  std::optional<double> before, now, change_pct, change_sd;
  std::string reason;

  static constexpr auto fields() {
    using R = SerialRow;
    return std::tuple{
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("site", &R::site, {}, "site or segment"),
        field("measure", &R::measure, {}, "what is compared"),
        field("before", &R::before, {}, "earlier value"),
        field("now", &R::now, {}, "value of this study"),
        field("change_pct", &R::change_pct, {}, "100 (now - before) / before"),
        field("change_sd", &R::change_sd, {}, "change over the repeat SD, if one is given"),
        field("reason", &R::reason, {}, "why it is empty: not_assessable (...)"),
    };
  }
};
static_assert(fully_described<SerialRow>());
/// `repeat_sd`: SD between repetitions of each measure, by name; the same filter and 2 degrees are asked for.
std::vector<SerialRow> compare_serial(const std::vector<StudyValue>& before, const std::vector<StudyValue>& now,
                                      const std::vector<std::pair<std::string, double>>& repeat_sd = {});

}  // namespace emg
