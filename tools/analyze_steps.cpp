#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/detect/quality.h"
#include "libemg/measure/ncs/study.h"
#include "libemg/operations.h"
#include "tools/analyze.h"
#include "tools/command.h"
#include "tools/decompose_contents.h"

namespace emg::tools {
namespace {

constexpr double kHighestEdge = 0.45;   // of the rate: where filters of every recording still have room
constexpr double kLowestRateHz = 200;   // below it there is no EMG in a record
// Half the rates below which a record is flagged: 1 kHz for surface, 10 kHz for needle EMG.
constexpr double kSurfaceInterestHz = 500, kNeedleInterestHz = 5000;
// Twitches last a few tens of milliseconds: the shortest stretch that is kept.
constexpr double kTwitchShortestMs = 5;
constexpr Index kGridChannels = 16, kManyChannels = 32;
constexpr double kNeedleRateHz = 10000;
constexpr std::size_t kNeedleChannels = 4;

struct StepRow {
  std::string step;
  std::string status;
  std::string reason;
  static constexpr auto fields() {
    using R = StepRow;
    return std::tuple{field("step", &R::step, {}, "operation"), field("status", &R::status, {}, "done, not_assessable or failed"),
                      field("reason", &R::reason, {}, "why it is not assessable; of the band-pass: the band")};
  }
};

struct RecordingRow {
  std::string kind, kind_reason, flags;
  double rate_hz = 0;
  std::int64_t channel_count = 0, sample_count = 0;
  double duration_s = 0;
  std::string started_at;
  std::optional<double> rms_uv, noise_uv, mnf_hz, mdf_hz;
  std::optional<std::int64_t> spike_count, burst_count, twitch_count, unit_count, sweep_count;
  std::optional<double> spike_rate_per_s;
  static constexpr auto fields() {
    using R = RecordingRow;
    return std::tuple{field("kind", &R::kind, {}, "kind of recording"),
                      field("kind_reason", &R::kind_reason, {}, "why this kind"),
                      field("flags", &R::flags, {}, "quality flags of any channel"),
                      field("rate_hz", &R::rate_hz, {}, "sampling rate"),
                      field("channel_count", &R::channel_count, {}, "EMG channels"),
                      field("sample_count", &R::sample_count, {}, "samples per channel"),
                      field("duration_s", &R::duration_s, {}, "duration"),
                      field("started_at", &R::started_at, {}, "start, ISO 8601; empty: unknown"),
                      field("rms_uv", &R::rms_uv, {}, "root mean square about the mean, median over channels"),
                      field("noise_uv", &R::noise_uv, {}, "noise level in the detection band, median over channels"),
                      field("mnf_hz", &R::mnf_hz, {}, "mean frequency, median over channels"),
                      field("mdf_hz", &R::mdf_hz, {}, "median frequency, median over channels"),
                      field("spike_count", &R::spike_count, {}, "needle spikes above the threshold, all channels"),
                      field("spike_rate_per_s", &R::spike_rate_per_s, {}, "those per second and channel"),
                      field("burst_count", &R::burst_count, {}, "active stretches longer than twitch_longest_ms, all channels"),
                      field("twitch_count", &R::twitch_count, {}, "active stretches up to twitch_longest_ms, all channels"),
                      field("unit_count", &R::unit_count, {}, "motor units that can be trusted; the doubtful ones stand in unit_quality as well"),
                      field("sweep_count", &R::sweep_count, {}, "sweeps")};
  }
};
static_assert(fully_described<RecordingRow>());

struct SweepRow {
  int sweep = 0;
  std::string channel, nerve, side, muscle, site;
  std::optional<double> distance_mm, intensity_ma, temperature_c;
  double baseline_rms_uv = 0, peak_to_peak_uv = 0;
  static constexpr auto fields() {
    using R = SweepRow;
    return std::tuple{field("sweep", &R::sweep, {}, "number of the stimulus"),
                      field("channel", &R::channel, {}, "recorded channel"),
                      field("nerve", &R::nerve, {}, "stimulated nerve"),
                      field("side", &R::side, {}, "L or R"),
                      field("muscle", &R::muscle, {}, "recorded muscle"),
                      field("site", &R::site, {}, "stimulation site"),
                      field("distance_mm", &R::distance_mm, {}, "stimulation site to recording site"),
                      field("intensity_ma", &R::intensity_ma, {}, "stimulus"),
                      field("temperature_c", &R::temperature_c, {}, "skin temperature"),
                      field("baseline_rms_uv", &R::baseline_rms_uv, {}, "root mean square before the stimulus, mean removed"),
                      field("peak_to_peak_uv", &R::peak_to_peak_uv, {}, "largest minus smallest value from 1 ms after the stimulus on")};
  }
};
static_assert(fully_described<SweepRow>());

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

std::optional<double> median_of(const Table* table, const std::string& column) {
  if (!table) return std::nullopt;
  const auto* found = table->find(column);
  if (!found) return std::nullopt;
  std::vector<double> values;
  for (std::size_t r = 0; r < found->row_count(); ++r) {
    const auto cell = found->cell(r);
    if (const auto* number = std::get_if<double>(&cell)) values.push_back(*number);
  }
  return median(std::move(values));
}

// Runs operations by name and keeps their tables, arrays and outcomes.
class Analysis {
 public:
  Analysis(const Recording& recording, const AnalyzeOptions& options, int threads) : recording_(recording), options_(options), threads_(threads) {}

  using Settings = std::vector<std::pair<std::string, Value>>;

  // The operation on `input`; false if the recording does not support it.
  bool step(const std::string& name, const Recording& input, const Settings& settings = {}, OperationResult* result = nullptr) {
    check_interrupt();
    const auto* entry = find_operation(name);
    return guarded(name, [&] {
      auto values = entry->defaults();
      for (const auto& [option, value] : settings) {
        const auto index = entry->option_index(option);
        values[index] = checked_value(entry->options[index], value);
      }
      auto found = run_on_recording(*entry, input, values, threads_);
      keep(*entry, found);
      if (result) *result = std::move(found);
    });
  }

  bool guarded(const std::string& name, const std::function<void()>& work) {
    StepRow row{name, "done", ""};
    try {
      work();
    } catch (const InvalidArgument& error) {
      row = {name, "not_assessable", error.what()};
    } catch (const NumericalError& error) {
      row = {name, "failed", error.what()};
    }
    steps_.push_back(row);
    return row.status == "done";
  }

  void not_assessable(const std::string& name, const std::string& reason) { steps_.push_back({name, "not_assessable", reason}); }

  // Copy of the recording filtered to a band; the step is the band-pass.
  std::optional<Recording> band(double low_hz, double high_hz, int order) {
    OperationResult result;
    const double upper = std::min(high_hz, kHighestEdge * recording_.rate_hz);
    const Settings settings{{"low_hz", low_hz}, {"high_hz", upper}, {"order", std::int64_t{order}}};
    if (!step("bandpass", recording_, settings, &result)) return std::nullopt;
    steps_.back().reason = fmt::format("{:.6g} to {:.6g} Hz{}", low_hz, upper, upper < high_hz ? fmt::format(": the rate allows no more than {} of itself", kHighestEdge) : "");
    Recording filtered = recording_;
    filtered.samples = std::move(result.signal);
    return filtered;
  }

  const Table* table(const std::string& name) const {
    for (const auto& table : contents_.tables) {
      if (table.name == name) return &table;
    }
    return nullptr;
  }

  NwbContents& contents() { return contents_; }
  const Recording& recording() const { return recording_; }
  const AnalyzeOptions& options() const { return options_; }
  int threads() const { return threads_; }
  const std::vector<StepRow>& steps() const { return steps_; }

 private:
  void keep(const OperationEntry& entry, const OperationResult& result) {
    std::string name = entry.name;
    std::replace(name.begin(), name.end(), '-', '_');
    if (entry.kind == OperationKind::arrays) {
      contents_.arrays.emplace_back(name, result.arrays);
    } else if (entry.kind != OperationKind::channels) {
      contents_.tables.push_back(result.table);
      contents_.tables.back().name = name;
    }
  }

  const Recording& recording_;
  const AnalyzeOptions& options_;
  int threads_;
  NwbContents contents_;
  std::vector<StepRow> steps_;
};

std::string joined_flags(const std::vector<QualityRow>& rows) {
  std::vector<std::string> flags;
  for (const auto& row : rows) {
    for (const auto& flag : row.flags) {
      if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(flag);
    }
  }
  std::sort(flags.begin(), flags.end());
  return fmt::format("{}", fmt::join(flags, ","));
}

// About the mean: an offset is no activity.
std::optional<double> median_ac_rms(const std::vector<QualityRow>& rows) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(std::sqrt(std::max(0.0, row.rms_uv * row.rms_uv - row.dc_uv * row.dc_uv)));
  return median(std::move(values));
}

void common_steps(Analysis& analysis, AnalysisKind kind, RecordingRow& row) {
  analysis.guarded("quality", [&] {
    QualityOptions options;
    options.highest_hz = kind == AnalysisKind::needle ? kNeedleInterestHz : kSurfaceInterestHz;
    const auto rows = recording_quality(analysis.recording(), options, analysis.threads());
    row.flags = joined_flags(rows);
    row.rms_uv = median_ac_rms(rows);
    analysis.contents().tables.push_back(to_table("quality", "signal quality of each channel", rows));
  });
  if (analysis.recording().rate_hz < kLowestRateHz) {
    return analysis.not_assessable("signal", fmt::format("rate {} Hz is below {} Hz: too low for EMG", analysis.recording().rate_hz, kLowestRateHz));
  }
  analysis.step("welch", analysis.recording());
  const double upper = std::min(analysis.options().surface_high_hz, kHighestEdge * analysis.recording().rate_hz);
  analysis.step("frequency-measures", analysis.recording(), {{"low_hz", analysis.options().surface_low_hz}, {"high_hz", upper}});
}

// Column `pattern` of the table of active stretches, and the counts of each.
void label_stretches(Table& table, double twitch_longest_ms, RecordingRow& row) {
  const auto* duration = table.find("duration_ms");
  Column pattern{"pattern", "", "twitch up to twitch_longest_ms, burst above", std::vector<std::string>{}, 1};
  std::int64_t twitches = 0;
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    const auto cell = duration->cell(r);
    const bool twitch = std::get<double>(cell) <= twitch_longest_ms;
    twitches += twitch ? 1 : 0;
    append_value(pattern, std::string(twitch ? "twitch" : "burst"));
  }
  row.twitch_count = twitches;
  row.burst_count = static_cast<std::int64_t>(table.row_count()) - twitches;
  table.columns.push_back(std::move(pattern));
}

void surface_steps(Analysis& analysis, RecordingRow& row) {
  const auto& options = analysis.options();
  const auto filtered = analysis.band(options.surface_low_hz, options.surface_high_hz, 4);
  if (!filtered) return;
  analysis.step("noise-level", *filtered);
  if (analysis.step("onsets", *filtered, {{"hold_ms", kTwitchShortestMs}})) {
    for (auto& table : analysis.contents().tables) {
      if (table.name == "onsets") label_stretches(table, options.twitch_longest_ms, row);
    }
  }
  const double upper = std::min(options.surface_high_hz, kHighestEdge * analysis.recording().rate_hz);
  analysis.step("frequency-track", *filtered, {{"low_hz", options.surface_low_hz}, {"high_hz", upper}, {"window_ms", 500.0}, {"hop_ms", 250.0}});
}

void keep_units(Analysis& analysis, NwbContents found, RecordingRow& row) {
  auto& contents = analysis.contents();
  row.unit_count = 0;
  for (const auto& table : found.tables) {
    const auto* status = table.name == "unit_quality" ? table.find("status") : nullptr;
    for (std::size_t r = 0; status && r < table.row_count(); ++r) *row.unit_count += status->cell(r) == Value(std::string("accepted")) ? 1 : 0;
  }
  contents.units = std::move(found.units);
  for (auto& table : found.tables) contents.tables.push_back(std::move(table));
  for (auto& part : found.auxiliary) contents.auxiliary.push_back(std::move(part));
}

void needle_steps(Analysis& analysis, RecordingRow& row) {
  const auto& options = analysis.options();
  const auto filtered = analysis.band(options.needle_low_hz, options.needle_high_hz, 2);
  if (!filtered) return;
  analysis.step("noise-level", *filtered);
  if (analysis.step("detect-spikes", *filtered, {{"factor", options.spike_factor}, {"noise", std::string("percentile")}})) {
    row.spike_count = static_cast<std::int64_t>(analysis.table("detect_spikes")->row_count());
    row.spike_rate_per_s = static_cast<double>(*row.spike_count) / (row.duration_s * static_cast<double>(row.channel_count));
  }
  if (!options.motor_units) return;
  analysis.guarded("decompose", [&] {
    NeedleOptions needle;
    needle.keep_residual = true;  // the report shows it
    const auto found = decompose_needle(analysis.recording(), needle, analysis.threads());
    keep_units(analysis, needle_contents(found, analysis.recording(), false), row);
  });
}

void hd_steps(Analysis& analysis, RecordingRow& row) {
  surface_steps(analysis, row);
  if (!analysis.options().motor_units) return;
  analysis.guarded("decompose", [&] {
    const auto found = decompose(analysis.recording(), {}, analysis.threads(), [](const DecomposeProgress&) {
      check_interrupt();
      return true;
    });
    keep_units(analysis, source_contents(found, analysis.recording(), true), row);
  });
}

std::vector<SweepRow> sweep_rows(const SweepSet& set) {
  std::vector<SweepRow> rows;
  const Index after = std::min(set.samples.cols(), set.zero_sample + samples_in_ms(1.0, set.rate_hz));
  for (std::size_t i = 0; i < set.sweeps.size(); ++i) {
    const auto& sweep = set.sweeps[i];
    SweepRow row{sweep.sweep, sweep.channel, sweep.nerve, sweep.side, sweep.muscle, sweep.site, sweep.distance_mm, sweep.intensity_ma, sweep.temperature_c, 0, 0};
    const auto trace = set.samples.row(static_cast<Index>(i));
    if (set.zero_sample > 1) {
      const auto base = trace.head(set.zero_sample);
      row.baseline_rms_uv = std::sqrt((base.array() - base.mean()).square().mean());
    }
    if (after < trace.size()) {
      const auto rest = trace.tail(trace.size() - after);
      row.peak_to_peak_uv = rest.maxCoeff() - rest.minCoeff();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

bool names_needle(const std::string& text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"needle", "concentric", "fine wire", "fine-wire", "finewire", "intramuscular"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::vector<FieldInfo> analysis_columns(const std::string& table_name) {
  if (table_name == "recordings") return describe<RecordingRow>();
  if (table_name == "steps") return describe<StepRow>();
  if (table_name == "sweep_measures") return describe<SweepRow>();
  return {};
}

KindChoice choose_kind(const Recording& recording, const std::optional<SweepSet>& sweeps, AnalysisKind wanted) {
  if (wanted != AnalysisKind::automatic) return {wanted, "given by --kind"};
  if (sweeps) return {AnalysisKind::ncs, "sweeps after stimuli"};
  for (const auto& stimulus : recording.stimuli) {
    if (!stimulus.nerve.empty()) return {AnalysisKind::ncs, "stimuli with nerve names"};
  }
  Index with_position = 0;
  for (const auto& channel : recording.channels) with_position += channel.x_mm && channel.y_mm ? 1 : 0;
  if (with_position >= kGridChannels) return {AnalysisKind::hd, fmt::format("{} channels with positions on a grid", with_position)};
  if (recording.channel_count() >= kManyChannels) return {AnalysisKind::hd, fmt::format("{} channels", recording.channel_count())};
  for (const auto& channel : recording.channels) {
    if (names_needle(channel.electrode_kind + " " + channel.name)) return {AnalysisKind::needle, "electrode of channel " + channel.name};
  }
  if (names_needle(recording.description)) return {AnalysisKind::needle, "text of the header"};
  if (recording.rate_hz >= kNeedleRateHz && recording.channels.size() <= kNeedleChannels) {
    return {AnalysisKind::needle, fmt::format("{} Hz and {} channels", recording.rate_hz, recording.channels.size())};
  }
  return {AnalysisKind::surface, "nothing speaks for another kind"};
}

NwbContents analyze_recording(const Recording& recording, const std::optional<SweepSet>& sweeps, const KindChoice& choice,
                              const AnalyzeOptions& options, int threads) {
  Analysis analysis(recording, options, threads);
  RecordingRow row;
  row.kind = name_of(choice.kind);
  row.kind_reason = choice.reason;
  row.rate_hz = recording.rate_hz;
  row.channel_count = recording.channel_count();
  row.sample_count = recording.sample_count();
  row.duration_s = recording.duration_s();
  row.started_at = recording.start_time;
  if (recording.sample_count() > 0) common_steps(analysis, choice.kind, row);
  if (recording.sample_count() > 0 && recording.rate_hz >= kLowestRateHz) {
    if (choice.kind == AnalysisKind::needle) needle_steps(analysis, row);
    if (choice.kind == AnalysisKind::surface) surface_steps(analysis, row);
    if (choice.kind == AnalysisKind::hd) hd_steps(analysis, row);
  }
  if (sweeps) {
    row.sweep_count = static_cast<std::int64_t>(sweeps->sweeps.size());
    row.rate_hz = sweeps->rate_hz;
    analysis.guarded("sweeps", [&] { analysis.contents().tables.push_back(to_table("sweep_measures", "each sweep", sweep_rows(*sweeps))); });
    analysis.contents().sweeps = sweeps;
  }
  if (choice.kind == AnalysisKind::ncs && sweeps) {
    analysis.guarded("ncs", [&] {
      for (auto& table : ncs_study({*sweeps}, {}, {}, threads).tables) analysis.contents().tables.push_back(std::move(table));
    });
  }
  row.noise_uv = median_of(analysis.table("noise_level"), "noise_uv");
  row.mnf_hz = median_of(analysis.table("frequency_measures"), "mnf_hz");
  row.mdf_hz = median_of(analysis.table("frequency_measures"), "mdf_hz");
  analysis.contents().tables.push_back(to_table("steps", "what was done and what the recording does not allow", analysis.steps()));
  analysis.contents().tables.push_back(to_table("recordings", "one row per recording", std::vector<RecordingRow>{row}));
  return std::move(analysis.contents());
}

}  // namespace emg::tools
