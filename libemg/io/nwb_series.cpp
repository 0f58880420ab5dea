#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "libemg/core/error.h"
#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/nwb_input_internal.h"
#include "libemg/io/nwb_tree_internal.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"

namespace emg::nwb {
namespace {

constexpr int kMostDepth = 8;
constexpr std::size_t kMostGroups = 100000;
constexpr double kRateTolerance = 1e-6;  // a rate within this of an integer is that integer
constexpr double kConflict = 1e-3;       // options that contradict the file by more are announced
constexpr double kSameScale = 1e-12;     // exact scale beside the rounded one
constexpr double kMostResidualSamples = 0.5, kJumpSamples = 1.5;
constexpr std::size_t kStepsForMedian = 1001;

void collect(const h5::Input& file, const std::string& where, int depth, std::vector<std::string>& found) {
  if (depth > kMostDepth || found.size() > kMostGroups) return;
  for (const auto& name : file.members(where)) {
    const auto path = (where == "/" ? "" : where) + "/" + name;
    if (!file.is_group(path)) continue;
    found.push_back(path);
    if (type_of(file, path) != "DynamicTable") collect(file, path, depth + 1, found);
  }
}

double near_integer(double rate_hz) {
  return std::abs(rate_hz - std::round(rate_hz)) <= kRateTolerance * rate_hz ? std::round(rate_hz) : rate_hz;
}

// Even grid under time stamps: stretches without a jump, each straight within half a sample.
void fit_time_stamps(const h5::Input& file, const std::string& where, const std::vector<double>& t, Series& series) {
  if (t.size() < 2) h5::fail(file.path(), "time stamps", where, "too few to find the rate; give --rate-hz");
  std::vector<double> steps;
  for (std::size_t i = 1; i < std::min(t.size(), kStepsForMedian); ++i) steps.push_back(t[i] - t[i - 1]);
  std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2), steps.end());
  const double step = steps[steps.size() / 2];
  if (!(step > 0) || !std::isfinite(step)) h5::fail(file.path(), "time stamps", where, "do not ascend");
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 1; i < t.size(); ++i) {
    if (!(t[i] > t[i - 1])) h5::fail(file.path(), "time stamps", where, fmt::format("do not ascend at sample {}", i));
    if (t[i] - t[i - 1] > kJumpSamples * step) starts.push_back(i);
    if (starts.size() > static_cast<std::size_t>(limits::kMostGaps)) h5::fail(file.path(), "time stamps", where, "jump too often");
  }
  starts.push_back(t.size());
  std::size_t longest = 0;
  for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
    if (starts[s + 1] - starts[s] > starts[longest + 1] - starts[longest]) longest = s;
  }
  const std::size_t a = starts[longest], b = starts[longest + 1] - 1;
  const double rate = b > a ? near_integer(static_cast<double>(b - a) / (t[b] - t[a])) : near_integer(1 / step);
  series.info.rate_hz = rate;
  series.info.start_s = t.front();
  for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
    const std::size_t first = starts[s], count = starts[s + 1] - first;
    const auto grid = std::llround((t[first] - t.front()) * rate);
    for (std::size_t i = first; i < first + count; ++i) {
      const double at = (t[i] - t[first]) * rate - static_cast<double>(i - first);
      if (std::abs(at) >= kMostResidualSamples)
        h5::fail(file.path(), fmt::format("irregular time stamps at sample {}", i), where, "they do not fit an even rate");
    }
    if (!series.segments.empty()) {
      const auto& last = series.segments.back();
      const Index end = last.grid_first + last.count;
      if (grid > end) series.info.gaps.push_back({-1, end, grid - end, "time stamps jump"});
    }
    series.segments.push_back({grid, static_cast<Index>(first), static_cast<Index>(count)});
  }
  series.info.sample_count = series.segments.back().grid_first + series.segments.back().count;
}

void place(const h5::Input& file, const ReadOptions& options, Series& series, std::vector<Warning>& warnings) {
  const auto n = series.data->sample_count();
  series.info.sample_count = n;
  const auto start = series.where + "/starting_time";
  if (const auto rate = file.number_attribute(start, "rate")) {
    series.info.rate_hz = near_integer(*rate);
    series.info.start_s = file.number(start).value_or(0);
    series.segments = {{0, 0, n}};
  } else if (file.has(series.where + "/timestamps")) {
    auto t = file.numbers(series.where + "/timestamps");
    if (static_cast<Index>(t.size()) != n)
      h5::fail(file.path(), "time stamps", series.where + "/timestamps", fmt::format("{} for {} samples", t.size(), n));
    fit_time_stamps(file, series.where + "/timestamps", t, series);
  } else {
    series.segments = {{0, 0, n}};
    if (!options.rate_hz) h5::fail(file.path(), "series", series.where, "it states no rate; give --rate-hz");
  }
  if (options.rate_hz) {
    const double stated = series.info.rate_hz;
    if (stated > 0 && std::abs(*options.rate_hz / stated - 1) > kConflict) {
      warnings.push_back(
          {"rate_conflict", fmt::format("{}: rate_hz {} is used, the file says {}", series.where, *options.rate_hz, stated), ""});
    }
    series.info.rate_hz = *options.rate_hz;
  }
  if (!(series.info.rate_hz > 0) || !std::isfinite(series.info.rate_hz))
    h5::fail(file.path(), "series", series.where, fmt::format("rate {} is not above 0; give --rate-hz", series.info.rate_hz));
  if (!std::isfinite(series.info.start_s)) series.info.start_s = 0;
}

// Scales of all channels, and where the samples are integers what one count is worth.
void scale(const h5::Input& file, const ReadOptions& options, Series& series, std::vector<Warning>& warnings) {
  const auto data = series.where + "/data";
  auto unit = file.text_attribute(data, "unit");
  const bool electrical = type_of(file, series.where) == "ElectricalSeries";
  if (unit.empty() && electrical) unit = "volts";
  auto voltage = voltage_unit(unit);
  const auto given = units_option(options.units);
  if (given && (voltage || electrical || !options.dataset.empty())) {
    if (voltage && std::abs(given->microvolts / voltage->microvolts - 1) > kConflict) {
      warnings.push_back({"unit_conflict", fmt::format("{}: units {} is used, the file says {}", series.where, options.units, unit), ""});
    }
    voltage = VoltageUnit{given->microvolts, false};
  }
  if (electrical && !voltage)
    h5::fail(file.path(), "unit of the samples", data, fmt::format("{} is no voltage; give --units", in_quotes(unit)));
  const double conversion = file.number_attribute(data, "conversion").value_or(1),
               offset = file.number_attribute(data, "offset").value_or(0);
  const auto count = static_cast<std::size_t>(series.data->channel_count());
  std::vector<double> of_channel(count, 1);
  if (file.has(series.where + "/channel_conversion")) {
    of_channel = file.numbers(series.where + "/channel_conversion");
    if (of_channel.size() != count)
      h5::fail(file.path(), "scale", series.where + "/channel_conversion",
               fmt::format("{} values for {} channels", of_channel.size(), count));
  }
  for (std::size_t c = 0; c < count; ++c) {
    auto& channel = series.info.channels[c];
    const double factor = voltage ? voltage->microvolts : 1;
    const double gain = conversion * of_channel[c];
    if (!std::isfinite(gain) || gain == 0 || !std::isfinite(offset))
      h5::fail(file.path(), "scale", data, fmt::format("conversion {} and offset {} give no samples", gain, offset));
    series.scales.push_back({gain, offset, factor});
    channel.unit = voltage ? "uV" : unit;
    if (!voltage || !series.data->is_integer()) {
      channel.count_uv.reset(), channel.count_zero_uv.reset();
      if (voltage && gain * factor == 1 && offset == 0) series.scales.back() = {};
      continue;
    }
    const double count_uv = gain * factor, zero_uv = offset * factor;
    // The exact numbers of the source, where they agree with the rounded ones.
    if (channel.count_uv && std::abs(*channel.count_uv / count_uv - 1) < kSameScale) {
      series.scales.back() = {*channel.count_uv, channel.count_zero_uv.value_or(0), 1};
      if (!channel.count_zero_uv) channel.count_zero_uv = 0;
    } else {
      channel.count_uv = count_uv;
      channel.count_zero_uv = zero_uv;
    }
  }
}

template <class Set>
void for_rows(const std::vector<std::int64_t>& rows, std::size_t size, Set&& set) {
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] >= 0 && rows[c] < static_cast<std::int64_t>(size)) set(c, static_cast<std::size_t>(rows[c]));
  }
}

void fill_text(const Table& table, const char* name, const std::vector<std::int64_t>& rows, std::string Channel::*member,
               std::vector<Channel>& channels) {
  const auto* column = table.find(name);
  if (column == nullptr) return;
  if (const auto* v = std::get_if<std::vector<std::string>>(&column->values)) {
    for_rows(rows, v->size(), [&](std::size_t c, std::size_t row) { channels[c].*member = (*v)[row]; });
  }
}

template <class Number>
void fill_number(const Table& table, const char* name, const std::vector<std::int64_t>& rows, std::optional<Number> Channel::*member,
                 std::vector<Channel>& channels, double divisor = 1) {
  const auto* column = table.find(name);
  if (column == nullptr || column->width != 1) return;
  const auto set = [&](const auto& values) {
    for_rows(rows, values.size(), [&](std::size_t c, std::size_t row) {
      const double value = static_cast<double>(values[row]) / divisor;
      if (std::isfinite(value) && std::abs(value) < 9e15) channels[c].*member = static_cast<Number>(value);
    });
  };
  if (const auto* v = std::get_if<std::vector<double>>(&column->values)) set(*v);
  if (const auto* v = std::get_if<std::vector<std::int64_t>>(&column->values)) set(*v);
}

ChannelKind kind_called(const std::string& name) {
  for (const auto kind : {ChannelKind::emg, ChannelKind::force, ChannelKind::trigger, ChannelKind::acceleration, ChannelKind::ecg}) {
    if (name == name_of(kind)) return kind;
  }
  return ChannelKind::other;
}

void name_channels(Series& series, std::vector<Warning>& warnings) {
  for (std::size_t c = 0; c < series.info.channels.size(); ++c) {
    auto& name = series.info.channels[c].name;
    if (name.empty()) name = series.info.channels.size() == 1 ? series.info.name : fmt::format("{} {}", series.info.name, c + 1);
  }
  make_names_unique(series.info.channels, warnings);
}

void describe_channels(const h5::Input& file, Series& series, std::vector<Warning>& warnings) {
  const auto count = series.data->channel_count();
  if (type_of(file, series.where) == "ElectricalSeries") {
    series.info.channels = read_electrodes(file, series.where, count);
    name_channels(series, warnings);
    return;
  }
  series.info.channels.resize(static_cast<std::size_t>(count));
  const auto names = file.texts_attribute(series.where, "channel_names");
  const auto kind = file.text_attribute(series.where, "channel_kind");
  if (names.size() == series.info.channels.size()) {
    for (std::size_t c = 0; c < names.size(); ++c) series.info.channels[c].name = names[c];
  }
  name_channels(series, warnings);
  for (auto& channel : series.info.channels) {
    channel.kind =
        kind.empty() ? kind_of_name(channel.name).value_or(kind_of_name(series.info.name).value_or(ChannelKind::other)) : kind_called(kind);
  }
}

}  // namespace

std::string type_of(const h5::Input& file, const std::string& where) {
  return file.text_attribute(where, "neurodata_type");
}

std::vector<std::string> groups_below(const h5::Input& file, const std::string& where) {
  std::vector<std::string> found;
  if (file.is_group(where)) collect(file, where, 0, found);
  return found;
}

std::vector<std::string> series_paths(const h5::Input& file) {
  std::vector<std::string> electrical, others;
  for (const char* folder : {"/acquisition", "/processing", "/stimulus"}) {
    for (const auto& path : groups_below(file, folder)) {
      const auto kind = file.info(path + "/data").kind;
      if (kind != h5::Kind::number && kind != h5::Kind::integer) continue;
      if (!file.has(path + "/starting_time") && !file.has(path + "/timestamps")) continue;
      (type_of(file, path) == "ElectricalSeries" ? electrical : others).push_back(path);
    }
  }
  electrical.insert(electrical.end(), others.begin(), others.end());
  return electrical;
}

std::vector<Channel> read_electrodes(const h5::Input& file, const std::string& series, Index count) {
  std::vector<Channel> channels(static_cast<std::size_t>(count));
  const auto region = series + "/electrodes";
  auto where = file.reference_attribute(region, "table");
  if (where.empty()) where = "/general/extracellular_ephys/electrodes";
  if (!file.is_dataset(region) || !file.is_group(where)) return channels;
  const auto rows = file.integers(region);
  if (static_cast<Index>(rows.size()) != count) return channels;
  const auto table = read_dynamic_table(file, where);
  for (const char* name : {"electrode_name", "label", "channel_name"}) fill_text(table, name, rows, &Channel::name, channels);
  fill_text(table, "location", rows, &Channel::muscle, channels);
  for (auto& channel : channels) {
    if (channel.muscle == "unknown") channel.muscle.clear();
  }
  fill_text(table, "muscle", rows, &Channel::muscle, channels);
  fill_text(table, "side", rows, &Channel::side, channels);
  fill_text(table, "electrode_kind", rows, &Channel::electrode_kind, channels);
  fill_text(table, "group_name", rows, &Channel::group, channels);
  fill_text(table, "reference", rows, &Channel::reference, channels);
  fill_text(table, "status", rows, &Channel::status, channels);
  fill_number(table, "rel_x", rows, &Channel::x_mm, channels, kMicrometresInMm);
  fill_number(table, "rel_y", rows, &Channel::y_mm, channels, kMicrometresInMm);
  fill_number(table, "rel_z", rows, &Channel::z_mm, channels, kMicrometresInMm);
  fill_number(table, "band_low_hz", rows, &Channel::band_low_hz, channels);
  fill_number(table, "band_high_hz", rows, &Channel::band_high_hz, channels);
  fill_number(table, "interelectrode_mm", rows, &Channel::interelectrode_mm, channels);
  fill_number(table, "count_uv", rows, &Channel::count_uv, channels);
  fill_number(table, "count_zero_uv", rows, &Channel::count_zero_uv, channels);
  fill_number(table, "adc_min", rows, &Channel::adc_min, channels);
  fill_number(table, "adc_max", rows, &Channel::adc_max, channels);
  const auto* kinds = table.find("channel_kind");
  for (std::size_t c = 0; c < channels.size(); ++c) {
    auto& channel = channels[c];
    if (channel.group == kDefaultGroup) channel.group.clear();
    if (kinds == nullptr) continue;
    if (const auto* v = std::get_if<std::vector<std::string>>(&kinds->values)) {
      for_rows({rows[c]}, v->size(), [&](std::size_t, std::size_t row) { channel.kind = kind_called((*v)[row]); });
    }
  }
  return channels;
}

Series read_series(const h5::Input& file, const std::string& path, const ReadOptions& options, std::vector<Warning>& warnings) {
  Series series;
  series.where = path.ends_with("/data") ? path.substr(0, path.size() - 5) : path;
  series.info.name = series.where.substr(series.where.rfind('/') + 1);
  series.data = std::make_shared<h5::SignalInput>(file, series.where + "/data", 0);
  if (series.data->sample_count() < series.data->channel_count() &&
      series.data->sample_count() == file.info(series.where + "/electrodes").size()) {
    warnings.push_back({"layout", fmt::format("{}: more channels than samples", series.where), ""});
  }
  describe_channels(file, series, warnings);
  scale(file, options, series, warnings);
  place(file, options, series, warnings);
  for (auto& gap : read_gaps(file, series.info.channels)) {
    if (series.where.starts_with("/acquisition/") && (gap.channel >= 0 || type_of(file, series.where) == "ElectricalSeries"))
      series.info.gaps.push_back(std::move(gap));
  }
  const auto& channels = series.info.channels;
  const bool emg = std::any_of(channels.begin(), channels.end(), [](const Channel& c) { return c.kind == ChannelKind::emg; });
  series.info.kind = emg ? ChannelKind::emg : channels.empty() ? ChannelKind::other : channels.front().kind;
  return series;
}

}  // namespace emg::nwb
