#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/nwb_input_internal.h"
#include "libemg/io/nwb_tree_internal.h"
#include "libemg/io/text.h"

namespace emg::nwb {
namespace {

// Spike times that fall on samples within this are whole samples: a time in seconds keeps about 1e-16 of its size.
constexpr double kWholeSample = 1e-6;

std::optional<double> known(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

// A column by name, or an empty one.
std::vector<double> numbers(const Table& table, const std::string& name) {
  const auto* column = table.find(name);
  std::vector<double> values(table.row_count(), std::nan(""));
  if (column == nullptr) return values;
  if (const auto* v = std::get_if<std::vector<double>>(&column->values)) return *v;
  if (const auto* v = std::get_if<std::vector<std::int64_t>>(&column->values)) return {v->begin(), v->end()};
  return values;
}

std::vector<std::string> texts(const Table& table, const std::string& name) {
  const auto* column = table.find(name);
  if (column != nullptr) {
    if (const auto* v = std::get_if<std::vector<std::string>>(&column->values)) return *v;
  }
  return std::vector<std::string>(table.row_count());
}

std::optional<Column> read_column(const h5::Input& file, const std::string& where, const std::string& name) {
  const auto info = file.info(where);
  if (info.shape.empty()) return std::nullopt;
  Column column{name, file.text_attribute(where, "unit"), file.text_attribute(where, "description"), {}, 1};
  for (std::size_t i = 1; i < info.shape.size(); ++i) column.width *= info.shape[i];
  if (column.width < 1) return std::nullopt;
  if (info.kind == h5::Kind::text && column.width == 1) {
    column.values = file.texts(where);
  } else if (info.kind == h5::Kind::number || (info.kind == h5::Kind::integer && column.width > 1)) {
    column.values = file.numbers(where);
  } else if (info.kind == h5::Kind::integer) {
    column.values = file.integers(where);
  } else if (info.kind == h5::Kind::boolean && column.width == 1) {
    std::vector<std::uint8_t> flags;
    for (const auto v : file.integers(where)) flags.push_back(v != 0);
    column.values = std::move(flags);
  } else {
    return std::nullopt;
  }
  return column;
}

void read_waveforms(const h5::Input& file, const std::string& where, std::vector<MotorUnit>& units) {
  const auto path = where + "/waveform_mean";
  const auto shape = file.info(path).shape;
  if ((shape.size() != 3 && shape.size() != 2) || shape[0] != static_cast<Index>(units.size())) return;
  const auto values = file.numbers(path);
  const Index samples = shape[1], channels = shape.size() == 3 ? shape[2] : 1;
  const auto zeros =
      file.has(where + "/waveform_zero") ? file.integers(where + "/waveform_zero") : std::vector<std::int64_t>(units.size(), 0);
  if (zeros.size() != units.size()) return;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const double* x = values.data() + static_cast<Index>(u) * samples * channels;
    Index own_samples = 0, own_channels = 0;  // without the filling
    for (Index s = 0; s < samples; ++s) {
      for (Index c = 0; c < channels; ++c) {
        if (std::isnan(x[s * channels + c])) continue;
        own_samples = s + 1;
        own_channels = std::max(own_channels, c + 1);
      }
    }
    units[u].waveform.resize(own_channels, own_samples);
    for (Index s = 0; s < own_samples; ++s) {
      for (Index c = 0; c < own_channels; ++c) units[u].waveform(c, s) = x[s * channels + c] * kMicro;
    }
    units[u].waveform_zero = zeros[u];
  }
}

// Rate that time stamps of spikes were counted on.
double spike_rate_hz(const h5::Input& file, const std::string& where, double rate_hz) {
  const auto resolution = file.number_attribute(where + "/spike_times", "resolution");
  if (!resolution || !(*resolution > 0)) return rate_hz;
  const double own = 1.0 / *resolution;
  if (std::abs(own - rate_hz) < kWholeSample * own) return rate_hz;
  return std::abs(own - std::round(own)) < kWholeSample * own ? std::round(own) : own;
}

}  // namespace

Table read_dynamic_table(const h5::Input& file, const std::string& where) {
  Table table{where.substr(where.rfind('/') + 1), file.text_attribute(where, "description"), {}};
  if (table.text == table.name) table.text.clear();
  const auto ids = file.info(where + "/id").shape;
  for (const auto& name : file.texts_attribute(where, "colnames")) {
    if (file.has(where + "/" + name + "_index") || !file.is_dataset(where + "/" + name)) continue;
    auto column = read_column(file, where + "/" + name, name);
    if (!column) continue;
    if (column->text == column->name) column->text.clear();
    const auto rows = static_cast<Index>(column->row_count());
    if (!ids.empty() && rows != ids.front())
      h5::fail(file.path(), "column", where + "/" + name, fmt::format("{} rows in a table of {}", rows, ids.front()));
    if (!table.columns.empty() && column->row_count() != table.row_count())
      h5::fail(file.path(), "column", where + "/" + name, "its length is not that of the table");
    table.columns.push_back(std::move(*column));
  }
  return table;
}

std::vector<Table> read_result_tables(const h5::Input& file) {
  std::vector<Table> tables;
  for (const auto& where : groups_below(file, "/processing")) {
    if (type_of(file, where) == "DynamicTable") tables.push_back(read_dynamic_table(file, where));
  }
  return tables;
}

std::optional<SweepSet> read_sweeps(const h5::Input& file, const std::string& where) {
  if (!file.has(where + "/waveform")) return std::nullopt;
  const auto table = read_dynamic_table(file, where);
  const auto* waveform = table.find("waveform");
  const auto rate_hz = file.number_attribute(where + "/waveform", "rate_hz");
  if (waveform == nullptr || !rate_hz) return std::nullopt;
  const auto* values = std::get_if<std::vector<double>>(&waveform->values);
  if (values == nullptr) return std::nullopt;
  SweepSet set{*rate_hz, static_cast<Index>(file.number_attribute(where + "/waveform", "zero_sample").value_or(0)), {}, {}};
  set.samples.resize(static_cast<Index>(table.row_count()), waveform->width);
  for (std::size_t i = 0; i < values->size(); ++i) set.samples.data()[i] = (*values)[i] * kMicro;
  set.sweeps.resize(table.row_count());
  const auto fill_text = [&](const char* name, std::string Sweep::*member) {
    const auto found = texts(table, name);
    for (std::size_t i = 0; i < found.size(); ++i) set.sweeps[i].*member = found[i];
  };
  const auto fill_number = [&](const char* name, std::optional<double> Sweep::*member) {
    const auto found = numbers(table, name);
    for (std::size_t i = 0; i < found.size(); ++i) set.sweeps[i].*member = known(found[i]);
  };
  const auto stimulus = numbers(table, "sweep");
  for (std::size_t i = 0; i < stimulus.size(); ++i)
    set.sweeps[i].sweep = std::isnan(stimulus[i]) ? static_cast<int>(i) : static_cast<int>(stimulus[i]);
  fill_text("channel", &Sweep::channel);
  fill_text("nerve", &Sweep::nerve);
  fill_text("side", &Sweep::side);
  fill_text("muscle", &Sweep::muscle);
  fill_text("site", &Sweep::site);
  fill_text("annotation", &Sweep::annotation);
  fill_text("test", &Sweep::test);
  fill_text("polarity", &Sweep::polarity);
  fill_text("electrode", &Sweep::electrode);
  fill_number("distance_mm", &Sweep::distance_mm);
  fill_number("intensity_ma", &Sweep::intensity_ma);
  fill_number("pulse_ms", &Sweep::pulse_ms);
  fill_number("temperature_c", &Sweep::temperature_c);
  fill_number("clock_s", &Sweep::clock_s);
  set.band_low_hz = file.number_attribute(where + "/waveform", "band_low_hz");
  set.band_high_hz = file.number_attribute(where + "/waveform", "band_high_hz");
  set.highpass_hz = file.number_attribute(where + "/waveform", "highpass_hz");
  set.averaged = file.number_attribute(where + "/waveform", "averaged").value_or(0) != 0;
  return set;
}

std::vector<MotorUnit> read_units(const h5::Input& file, const std::string& where, double start_s, double rate_hz) {
  if (!file.has(where + "/id")) return {};
  const auto ids = file.integers(where + "/id");
  std::vector<MotorUnit> units(ids.size());
  const bool has_times = file.has(where + "/spike_times") && file.has(where + "/spike_times_index");
  const auto times = has_times ? file.numbers(where + "/spike_times") : std::vector<double>{};
  const auto ends = has_times ? file.integers(where + "/spike_times_index") : std::vector<std::int64_t>(ids.size(), 0);
  if (ends.size() != ids.size()) h5::fail(file.path(), "units", where + "/spike_times_index", "its length is not that of the table");
  const double rate = spike_rate_hz(file, where, rate_hz);
  if (!(rate > 0) && !times.empty()) h5::fail(file.path(), "units", where, "no rate to count spike times on");
  const auto status = file.has(where + "/status") ? file.texts(where + "/status") : std::vector<std::string>(ids.size());
  std::int64_t first = 0;
  for (std::size_t u = 0; u < ids.size(); ++u) {
    auto& unit = units[u];
    unit.unit_id = static_cast<int>(ids[u]);
    unit.discharges.rate_hz = rate;
    if (u < status.size()) unit.status = status[u];
    if (ends[u] < first || ends[u] > static_cast<std::int64_t>(times.size()))
      h5::fail(file.path(), "units", where + "/spike_times_index", fmt::format("row {} ends at {}", u, ends[u]));
    bool whole = true;
    for (auto i = first; i < ends[u]; ++i) {
      const double at = (times[static_cast<std::size_t>(i)] - start_s) * rate;
      if (!(std::abs(at) < 9e15)) h5::fail(file.path(), "units", where + "/spike_times", fmt::format("value {} is no time", i));
      unit.discharges.sample.push_back(std::llround(at));
      unit.discharges.offset_samples.push_back(at - std::round(at));
      whole = whole && std::abs(at - std::round(at)) < kWholeSample;
    }
    if (whole) unit.discharges.offset_samples.clear();
    first = ends[u];
  }
  read_waveforms(file, where, units);
  return units;
}

std::vector<ProvenanceEntry> read_provenance(const h5::Input& file, const std::string& where) {
  if (!file.is_group(where)) return {};
  const auto table = read_dynamic_table(file, where);
  const auto runs = numbers(table, "run");
  const auto keys = texts(table, "key"), values = texts(table, "value");
  std::vector<ProvenanceEntry> entries;
  for (std::size_t i = 0; i < keys.size(); ++i)
    entries.push_back({std::isnan(runs[i]) ? 0 : static_cast<int>(runs[i]), keys[i], values[i]});
  return entries;
}

std::vector<Annotation> read_annotations(const h5::Input& file) {
  std::vector<Annotation> found;
  if (type_of(file, "/acquisition/annotations") == "DynamicTable") {
    const auto table = read_dynamic_table(file, "/acquisition/annotations");
    const auto onset = numbers(table, "timestamp"), duration = numbers(table, "duration_s");
    const auto label = texts(table, "label");
    for (std::size_t i = 0; i < onset.size(); ++i) found.push_back({onset[i], duration[i], label[i]});
  }
  for (const char* folder : {"/acquisition", "/stimulus", "/processing", "/intervals"}) {
    for (const auto& where : groups_below(file, folder)) {
      const auto type = type_of(file, where);
      if (type == "AnnotationSeries" && file.has(where + "/data") && file.has(where + "/timestamps")) {
        const auto onset = file.numbers(where + "/timestamps");
        const auto label = file.texts(where + "/data");
        for (std::size_t i = 0; i < std::min(onset.size(), label.size()); ++i) found.push_back({onset[i], std::nan(""), label[i]});
      } else if (type == "TimeIntervals") {
        const auto table = read_dynamic_table(file, where);
        const auto start = numbers(table, "start_time"), stop = numbers(table, "stop_time");
        const auto label = texts(table, "label");
        for (std::size_t i = 0; i < start.size(); ++i)
          found.push_back({start[i], stop[i] - start[i], label[i].empty() ? table.name : label[i]});
      }
    }
  }
  std::erase_if(found, [](const Annotation& a) { return !std::isfinite(a.onset_s); });
  return found;
}

std::vector<Stimulus> read_stimuli(const h5::Input& file) {
  const std::string where = "/acquisition/stimuli";
  std::vector<Stimulus> found;
  if (type_of(file, where) != "DynamicTable") return found;
  const auto table = read_dynamic_table(file, where);
  const auto onset = numbers(table, "timestamp"), intensity = numbers(table, "intensity_ma"), pulse = numbers(table, "pulse_ms");
  const auto nerve = texts(table, "nerve"), side = texts(table, "side"), site = texts(table, "site");
  for (std::size_t i = 0; i < onset.size(); ++i)
    found.push_back({onset[i], nerve[i], side[i], site[i], known(intensity[i]), known(pulse[i])});
  return found;
}

std::vector<Gap> read_gaps(const h5::Input& file, const std::vector<Channel>& channels) {
  const std::string where = "/acquisition/gaps";
  std::vector<Gap> gaps;
  if (type_of(file, where) != "DynamicTable") return gaps;
  const auto table = read_dynamic_table(file, where);
  const auto first = numbers(table, "first_sample"), count = numbers(table, "sample_count");
  const auto channel = texts(table, "channel"), reason = texts(table, "reason");
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!(first[i] >= 0) || !(count[i] >= 0) || first[i] > 9e15 || count[i] > 9e15)
      h5::fail(file.path(), "gap", where, fmt::format("row {} is no span", i));
    Gap gap{-1, static_cast<Index>(first[i]), static_cast<Index>(count[i]), reason[i]};
    if (!channel[i].empty()) {
      const auto found = std::find_if(channels.begin(), channels.end(), [&](const Channel& c) { return c.name == channel[i]; });
      if (found == channels.end()) continue;  // of another stream
      gap.channel = found - channels.begin();
    }
    gaps.push_back(std::move(gap));
  }
  return gaps;
}

Subject read_subject(const h5::Input& file) {
  const std::string where = "/general/subject/";
  Subject subject;
  subject.subject_id = file.text(where + "subject_id");
  if (subject.subject_id == "unknown") subject.subject_id.clear();
  subject.sex = file.text(where + "sex");
  if (subject.sex == "U") subject.sex.clear();
  subject.description = file.text(where + "description");
  const auto age = file.text(where + "age");
  if (age.size() > 2 && age.front() == 'P') {
    const auto end = age.find('Y');
    if (end != std::string::npos) subject.age_years = number_of(age.substr(1, end - 1));
  }
  return subject;
}

}  // namespace emg::nwb
