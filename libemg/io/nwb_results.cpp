#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "libemg/io/nwb_tree_internal.h"

namespace emg::nwb {
namespace {

std::string underscored(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

// Number with its column for optional numbers of plain structs.
template <class Item, class Member>
std::vector<double> numbers_of(const std::vector<Item>& items, Member member) {
  std::vector<double> values;
  for (const auto& item : items) values.push_back((item.*member).value_or(std::numeric_limits<double>::quiet_NaN()));
  return values;
}

template <class Item, class Member>
std::vector<std::string> texts_of(const std::vector<Item>& items, Member member) {
  std::vector<std::string> values;
  for (const auto& item : items) values.push_back(item.*member);
  return values;
}

// Cubes are axis x channels x channels, not channels x axis x axis, where there is only one axis: rows are the axis already.
bool holds_pairs(const std::vector<NamedArray>& arrays) {
  const auto of_rank = [&](std::size_t rank) {
    return std::count_if(arrays.begin(), arrays.end(), [&](const NamedArray& a) { return a.shape.size() == rank; });
  };
  return of_rank(3) > 0 && of_rank(1) == 1;
}

// [channel, a, b] -> [b, a, channel].
std::vector<double> reversed(const NamedArray& array) {
  if (array.shape.size() < 2) return {array.data, array.data + array.size()};
  const Index n0 = array.shape[0], n1 = array.shape[1], n2 = array.shape.size() > 2 ? array.shape[2] : 1;
  std::vector<double> out(static_cast<std::size_t>(n0 * n1 * n2));
  for (Index i = 0; i < n0; ++i) {
    for (Index j = 0; j < n1; ++j) {
      for (Index k = 0; k < n2; ++k) out[static_cast<std::size_t>((k * n1 + j) * n0 + i)] = array.data[(i * n1 + j) * n2 + k];
    }
  }
  return out;
}

void write_array_table(Tree& tree, const std::string& folder, const std::string& name, const std::vector<const NamedArray*>& arrays,
                       Index rows, bool pairs) {
  if (rows == 0 || arrays.empty()) return;
  TableOutput table(tree, tree.free_path(folder, name), name, static_cast<std::size_t>(rows));
  for (const auto* array : arrays) {
    const auto values = array->shape.empty() ? std::vector<double>{*array->data}
                        : pairs              ? std::vector<double>(array->data, array->data + array->size())
                                             : reversed(*array);
    if (std::all_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) continue;
    auto shape = array->shape.empty() ? std::vector<Index>{1} : array->shape;
    if (!pairs) std::reverse(shape.begin(), shape.end());
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) continue;
    table.array(array->name, array->unit, array->text, shape, array->integer ? h5::Element::int64 : h5::Element::float64, values.data(),
                h5::Element::float64);
  }
  table.finish();
}

// Waveforms as [unit, sample, channel] in volts; units with smaller ones are filled with NaN.
struct Waveforms {
  std::vector<Index> shape;
  std::vector<float> volts;
  std::vector<std::int64_t> zeros;
};

Waveforms waveforms_of(const std::vector<MotorUnit>& units) {
  Index samples = 0, channels = 0;
  for (const auto& unit : units) {
    samples = std::max(samples, unit.waveform.cols());
    channels = std::max(channels, unit.waveform.rows());
  }
  Waveforms w{{static_cast<Index>(units.size()), samples, channels}, {}, {}};
  w.volts.assign(units.size() * static_cast<std::size_t>(samples * channels), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t u = 0; u < units.size(); ++u) {
    const auto& x = units[u].waveform;
    float* to = w.volts.data() + static_cast<Index>(u) * samples * channels;
    for (Index c = 0; c < x.rows(); ++c) {
      for (Index s = 0; s < x.cols(); ++s) to[s * channels + c] = static_cast<float>(x(c, s) / kMicro);
    }
    w.zeros.push_back(units[u].waveform_zero);
  }
  return w;
}

}  // namespace

void write_table(Tree& tree, const std::string& folder, const Table& table) {
  const auto rows = table.row_count();
  if (rows == 0) return;
  TableOutput out(tree, tree.free_path(folder, underscored(table.name)), table.text, rows);
  for (const auto& column : table.columns) out.column(column);
  out.finish();
}

void write_arrays(Tree& tree, const std::string& folder, const std::string& given, const std::vector<NamedArray>& arrays) {
  const auto name = underscored(given);
  const bool pairs = holds_pairs(arrays);
  Index rows = 0;
  for (const auto& array : arrays) {
    if (pairs && array.shape.size() == 1) rows = array.shape.front();
    if (!pairs && !array.shape.empty() && (rows == 0 || array.shape.size() > 1)) rows = array.shape.back();
    if (array.shape.size() > 1) break;
  }
  std::vector<const NamedArray*> facts, columns;
  std::vector<const NamedArray*> others;
  for (const auto& array : arrays) (array.shape.empty() ? facts : array.shape[pairs ? 0 : array.shape.size() - 1] == rows ? columns : others).push_back(&array);
  write_array_table(tree, folder, name, columns, rows, pairs);
  for (const auto* array : others) write_array_table(tree, folder, name + "_" + array->name, {array}, array->shape.back(), false);
  write_array_table(tree, folder, name + "_facts", facts, 1, false);
}

void write_sweeps(Tree& tree, const std::string& where, const SweepSet& set) {
  const auto& s = set.sweeps;
  if (s.empty() || set.samples.size() == 0) return;
  TableOutput table(tree, where, "stimulated sweeps, one row for each sweep and channel", s.size());
  std::vector<std::int64_t> numbers;
  for (const auto& sweep : s) numbers.push_back(sweep.sweep);
  table.integers("sweep", "", "number of the stimulus", numbers);
  table.known_texts("channel", "recording channel", texts_of(s, &Sweep::channel));
  table.known_texts("nerve", "stimulated nerve", texts_of(s, &Sweep::nerve));
  table.known_texts("side", "L or R", texts_of(s, &Sweep::side));
  table.known_texts("muscle", "recorded muscle", texts_of(s, &Sweep::muscle));
  table.known_texts("site", "site of stimulation", texts_of(s, &Sweep::site));
  table.numbers("distance_mm", "mm", "from stimulus to recording site", numbers_of(s, &Sweep::distance_mm));
  table.numbers("intensity_ma", "mA", "stimulus current", numbers_of(s, &Sweep::intensity_ma));
  table.numbers("pulse_ms", "ms", "stimulus duration", numbers_of(s, &Sweep::pulse_ms));
  table.numbers("temperature_c", "degC", "skin temperature", numbers_of(s, &Sweep::temperature_c));
  table.numbers("clock_s", "s", "time of the sweep on the clock of the device", numbers_of(s, &Sweep::clock_s));
  table.known_texts("annotation", "remark", texts_of(s, &Sweep::annotation));
  table.known_texts("test", "what the stimulus was given for", texts_of(s, &Sweep::test));
  table.known_texts("polarity", "of the stimulus", texts_of(s, &Sweep::polarity));
  table.known_texts("electrode", "recording electrode", texts_of(s, &Sweep::electrode));
  std::vector<float> volts(static_cast<std::size_t>(set.samples.size()));
  for (Index i = 0; i < set.samples.size(); ++i) volts[static_cast<std::size_t>(i)] = static_cast<float>(set.samples.data()[i] / kMicro);
  table.array("waveform", "volts", "samples of the sweep", {set.samples.rows(), set.samples.cols()}, h5::Element::float32, volts.data(),
              h5::Element::float32);
  tree.output().attribute(table.path_of("waveform"), "rate_hz", set.rate_hz);
  tree.output().attribute(table.path_of("waveform"), "zero_sample", static_cast<std::int32_t>(set.zero_sample));
  const auto optional = [&](const char* name, const std::optional<double>& value) {
    if (value) tree.output().attribute(table.path_of("waveform"), name, *value);
  };
  optional("band_low_hz", set.band_low_hz);
  optional("band_high_hz", set.band_high_hz);
  optional("highpass_hz", set.highpass_hz);
  if (set.averaged) tree.output().attribute(table.path_of("waveform"), "averaged", std::int32_t{1});
  table.finish();
}

void write_units(Tree& tree, const std::string& where, const std::vector<MotorUnit>& units, double start_s,
                 const std::vector<std::string>& groups) {
  if (units.empty()) return;
  TableOutput table(tree, where, "motor units", units.size(), "Units", "core");
  std::vector<double> times;
  std::vector<std::uint32_t> ends;
  std::vector<std::int32_t> ids;
  for (const auto& unit : units) {
    for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) times.push_back(start_s + unit.discharges.time_s(i));
    ends.push_back(static_cast<std::uint32_t>(times.size()));
    ids.push_back(unit.unit_id);
  }
  const double rate_hz = units.front().discharges.rate_hz;
  table.ragged("spike_times", "instants of discharge in seconds", times, ends);
  if (rate_hz > 0) tree.output().attribute(table.path_of("spike_times"), "resolution", 1.0 / rate_hz);
  if (!groups.empty()) table.references("electrode_group", "electrodes that recorded the unit", std::vector(units.size(), groups.front()));
  table.known_texts("status", "accepted, doubtful or rejected", texts_of(units, &MotorUnit::status));
  const auto w = waveforms_of(units);
  const bool known = std::any_of(w.volts.begin(), w.volts.end(), [](float v) { return !std::isnan(v); });
  if (known) {
    table.array("waveform_mean", "volts", "mean waveform [sample, channel]", w.shape, h5::Element::float32, w.volts.data(),
                h5::Element::float32);
    if (rate_hz > 0) tree.output().attribute(table.path_of("waveform_mean"), "sampling_rate", rate_hz);
    table.integers("waveform_zero", "sample", "sample of the waveform that falls on the discharge", w.zeros);
  }
  table.finish(ids);
}

void write_provenance(Tree& tree, const std::string& where, const std::vector<ProvenanceEntry>& entries) {
  if (entries.empty()) return;
  TableOutput table(tree, where, "what was done to make this file, in order", entries.size());
  std::vector<std::int64_t> runs;
  for (const auto& entry : entries) runs.push_back(entry.run);
  table.integers("run", "", "number of the operation", runs, h5::Element::int32);
  table.texts("key", "what", texts_of(entries, &ProvenanceEntry::key));
  table.texts("value", "value, lists as JSON", texts_of(entries, &ProvenanceEntry::value));
  table.finish();
}

}  // namespace emg::nwb
