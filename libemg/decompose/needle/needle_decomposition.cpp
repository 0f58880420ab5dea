#include "libemg/decompose/needle/needle_decomposition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "libemg/core/chi_square.h"
#include "libemg/decompose/needle/assembly.h"
#include "libemg/decompose/needle/conditioning.h"
#include "libemg/decompose/needle/events.h"
#include "libemg/decompose/needle/validation_internal.h"
#include "libemg/detect/noise.h"
#include "libemg/filter/butterworth.h"

namespace emg {
namespace {

using namespace needle;

constexpr double kLowRate_hz = 10000;       // below, potentials lose detail
constexpr double kDenseActive = 1.1;
constexpr double kBefore_ms = 15, kAfter_ms = 20;
constexpr double kOverlap_ms = 5;
constexpr double kWideHighpass_hz = 10;
// Share of the discharges that are true, by the number of other units' discharges within kOverlap_ms (the last: or more), where the search is
// all but certain: it takes averages for the potentials themselves and does not see every set. Column `correct` of the table
// needle_confidence that `endplate bench accuracy needle` prints, seed 1, both waveform generators; other seeds are the check.
constexpr std::array<double, 4> kTrueShare{1, 0.993, 0.968, 0.711};
constexpr double kUnresolvedExplained = 0.3, kUnresolvedEvents = 0.6;

AssemblyOptions assembly_options(const NeedleOptions& o) {
  AssemblyOptions a;
  const bool train = o.mode == NeedleMode::train;
  a.detection_factor = o.detection_factor.value_or(train ? 4.5 : 6.0);
  a.event_gap_ms = o.event_gap_ms;
  a.event_pad_ms = o.event_pad_ms;
  a.event_max_ms = o.event_max_ms;
  a.snippet_ms = o.snippet_ms;
  a.dip_limit = o.dip_limit;
  a.min_interval_ms = o.min_interval_ms;
  a.doublets = o.doublets;
  a.shape_jitter_ms = o.shape_jitter_ms;
  a.amplitude_sd = o.amplitude_sd;
  a.beam_width = o.beam_width;
  a.beam_depth = o.beam_depth;
  a.sweeps = o.sweeps;
  a.fill_gaps = train;
  a.temperature = o.temperature;
  return a;
}

// Mean of `signal` around instants (in samples, between them nearest), the largest and smallest tenth at each sample left out.
RowMatrix average_around(const ChannelsView& signal, const std::vector<double>& at, Index before, Index after) {
  RowMatrix mean = RowMatrix::Zero(signal.rows(), before + after);
  std::vector<Index> starts;
  for (const double t : at) {
    const Index start = static_cast<Index>(std::llround(t)) - before;
    if (start >= 0 && start + before + after <= signal.cols()) starts.push_back(start);
  }
  if (starts.empty()) return mean;
  std::vector<double> values(starts.size());
  const std::size_t cut = starts.size() / 10;
  for (Index c = 0; c < signal.rows(); ++c) {
    for (Index i = 0; i < before + after; ++i) {
      for (std::size_t k = 0; k < starts.size(); ++k) values[k] = signal(c, starts[k] + i);
      std::sort(values.begin(), values.end());
      double sum = 0;
      for (std::size_t k = cut; k < values.size() - cut; ++k) sum += values[k];
      mean(c, i) = sum / static_cast<double>(values.size() - 2 * cut);
    }
  }
  return mean;
}

class Result {
 public:
  Result(const ChannelsView& signal, const Conditioned& record, const Assembly& assembly, const NeedleOptions& options)
      : signal_(signal), record_(record), assembly_(assembly), options_(options), ratio_(record.rate_hz / record.work_rate_hz) {
    const double least = options.posterior_min.value_or(options.mode == NeedleMode::train ? 0.5 : 0.9);
    std::vector<double> all;
    for (const auto& unit : assembly.units) {
      for (const auto& d : unit.discharges) all.push_back(d.position);
    }
    std::sort(all.begin(), all.end());
    const double reach = kOverlap_ms * record.work_rate_hz / 1000;
    for (const auto& unit : assembly.units) {
      kept_.emplace_back();
      for (auto d : unit.discharges) {
        const auto near = std::upper_bound(all.begin(), all.end(), d.position + reach) - std::lower_bound(all.begin(), all.end(), d.position - reach);
        const auto others = std::min(static_cast<std::size_t>(near - 1), kTrueShare.size() - 1);
        d.posterior *= kTrueShare[others];
        if (d.posterior >= least) kept_.back().push_back(d);
      }
    }
  }

  void fill(NeedleDecomposition& out) {
    BandpassOptions wide;
    wide.low_hz = std::min(kWideHighpass_hz, record_.highpass_hz / 2);
    wide.high_hz = std::min(10000.0, 0.45 * record_.rate_hz);
    wide.order = 1;
    wide_ = bandpass(signal_, record_.rate_hz, wide);
    for (std::size_t u = 0; u < kept_.size(); ++u) {
      if (kept_[u].empty()) continue;
      add_unit(u, out);
    }
    std::stable_sort(out.discharges.begin(), out.discharges.end(), [](const NeedleDischarge& a, const NeedleDischarge& b) { return a.time_s < b.time_s; });
    count_overlaps(out);
  }

 private:
  // Where in the average of the band the largest deflection lies, after the discharge's position, in samples of the record.
  void place_peak(const RowMatrix& average, Index before, NeedleUnit& row, double& shift) const {
    Index channel = 0, at = 0;
    average.cwiseAbs().maxCoeff(&channel, &at);
    row.channel = static_cast<int>(channel);
    row.peak_uv = average(channel, at);
    shift = static_cast<double>(at - before);
    if (at > 0 && at + 1 < average.cols()) {
      const double a = average(channel, at - 1), b = average(channel, at), c = average(channel, at + 1), bend = a - 2 * b + c;
      if (bend != 0) shift += std::clamp((a - c) / (2 * bend), -0.5, 0.5);
    }
    double rms = std::sqrt(record_.band.row(channel).squaredNorm() / static_cast<double>(record_.band.cols()));
    row.peak_to_rms = (average.row(channel).maxCoeff() - average.row(channel).minCoeff()) / rms;
    const auto used = std::find(record_.channels.begin(), record_.channels.end(), channel);
    if (used != record_.channels.end()) row.snr_peak = std::abs(row.peak_uv) / record_.sigma_uv[static_cast<std::size_t>(used - record_.channels.begin())];
  }

  void add_unit(std::size_t u, NeedleDecomposition& out) {
    std::vector<double> at;
    for (const auto& d : kept_[u]) at.push_back(d.position * ratio_);
    const Index reach = samples_in_ms(5, record_.rate_hz);
    NeedleUnit row;
    row.unit_id = static_cast<int>(out.units.size());
    double shift = 0;
    place_peak(average_around(record_.band, at, reach, reach), reach, row, shift);
    MotorUnit unit;
    unit.unit_id = row.unit_id;
    unit.discharges.rate_hz = record_.rate_hz;
    std::vector<double> times_s, sure_s, shape_s;
    for (std::size_t k = 0; k < at.size(); ++k) {
      const auto& d = kept_[u][k];
      const double instant = at[k] + shift;
      NeedleDischarge discharge;
      discharge.unit_id = row.unit_id;
      discharge.sample = std::llround(instant);
      if (discharge.sample < 0 || discharge.sample >= signal_.cols()) continue;
      discharge.offset_samples = instant - static_cast<double>(discharge.sample);
      discharge.time_s = instant / record_.rate_hz;
      discharge.confidence = d.posterior;
      discharge.source = d.source == 'g' ? "gap_fill" : "simple";
      unit.discharges.sample.push_back(discharge.sample);
      unit.discharges.offset_samples.push_back(discharge.offset_samples);
      times_s.push_back(discharge.time_s);
      if (d.source != 'g' && d.shape_only > 0.5) shape_s.push_back(discharge.time_s);
      out.discharges.push_back(std::move(discharge));
    }
    const Index before = samples_in_ms(kBefore_ms, record_.rate_hz), after = samples_in_ms(kAfter_ms, record_.rate_hz);
    for (auto& t : at) t += shift;
    unit.waveform = average_around(wide_, at, before, after);
    unit.waveform_zero = before;
    row.peak_to_peak_uv = unit.waveform.size() > 0 ? unit.waveform.row(row.channel).maxCoeff() - unit.waveform.row(row.channel).minCoeff() : 0;
    row.distinctness = distinctness(u);
    judge_unit(row, times_s, shape_s, mean_confidence(out, row.unit_id), assembly_.units[u].shares_shape, options_);
    unit.status = row.status;
    out.units.push_back(std::move(unit));
    out.unit_rows.push_back(std::move(row));
  }

  static double mean_confidence(const NeedleDecomposition& out, int unit_id) {
    double sum = 0, n = 0;
    for (const auto& d : out.discharges) {
      if (d.unit_id != unit_id) continue;
      sum += d.confidence;
      ++n;
    }
    return n > 0 ? sum / n : 0;
  }

  // Distance to the nearest other template, or to nothing, relative to noise and the variation of the unit.
  double distinctness(std::size_t u) const {
    std::vector<Template> templates;
    for (const auto& unit : assembly_.units) templates.push_back(unit.shape);
    const auto& own = templates[u];
    const double spread = options_.amplitude_sd * options_.amplitude_sd * own.energy;
    double nearest = own.energy;
    const GramTables gram(templates, record_.energy_scale);
    for (std::size_t v = 0; v < templates.size(); ++v) {
      if (v == u) continue;
      double best = 0;
      const double reach = 5 * record_.work_rate_hz / 1000;
      for (double l = -reach; l <= reach; l += 0.25) best = std::max(best, gram(static_cast<int>(u), static_cast<int>(v), l));
      nearest = std::min(nearest, std::max(0.0, own.energy + templates[v].energy - 2 * best));
    }
    // Amplitude varies along the template, one direction of many: what part of the distance lies along it is not known, half is taken.
    return std::sqrt(nearest / (1 + spread / (2 * std::max(own.energy, 1.0))));
  }

  void count_overlaps(NeedleDecomposition& out) const {
    auto& all = out.discharges;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i; j-- > 0 && all[i].time_s - all[j].time_s <= kOverlap_ms / 1000;) {
        if (all[j].unit_id == all[i].unit_id) continue;
        ++all[i].overlap_count;
        ++all[j].overlap_count;
      }
    }
    std::vector<double> last(out.units.size(), -1e9);
    for (auto& d : all) {
      auto& before = last[static_cast<std::size_t>(d.unit_id)];
      if (d.source == "simple" && d.overlap_count > 0) d.source = "superposition";
      if (d.time_s - before < options_.min_interval_ms / 1000) d.source = "doublet";
      before = d.time_s;
    }
  }

  const ChannelsView& signal_;
  const Conditioned& record_;
  const Assembly& assembly_;
  const NeedleOptions& options_;
  double ratio_;
  RowMatrix wide_;
  std::vector<std::vector<Discharge>> kept_;
};

void summarise(NeedleDecomposition& out, const Conditioned& record, double duration_s) {
  auto& s = out.summary;
  s.mean_active = record.mean_active;
  s.crowding = record.crowding;
  s.noise_uv = record.sigma_uv.front();
  s.highpass_hz = record.highpass_hz;
  s.lowpass_hz = record.lowpass_hz;
  s.masked_s = record.blocked_s;
  s.whitened = record.whitened;
  s.event_rate_hz = s.event_count / duration_s;
  s.unit_count = static_cast<int>(out.units.size());
  for (const auto& row : out.unit_rows) {
    s.accepted += row.status == "accepted";
    s.doubtful += row.status == "doubtful";
    s.rejected += row.status == "rejected";
  }
}

void add_unassigned(NeedleDecomposition& out, const Assembly& assembly, const Conditioned& record, const AssemblyOptions& options) {
  EventOptions events;
  events.factor = options.detection_factor;
  events.gap_ms = options.event_gap_ms;
  events.pad_ms = options.event_pad_ms;
  events.longest_ms = options.event_max_ms;
  for (const auto& e : find_events(assembly.residual, record.work_rate_hz, events)) {
    out.unassigned.push_back({static_cast<double>(e.first) / record.work_rate_hz, static_cast<double>(e.last - e.first) / record.work_rate_hz,
                              e.energy * record.energy_scale, e.peak_sigma});
  }
}

// Units that explain little of a record of which most is unexplained are not trusted.
void second_gate(NeedleDecomposition& out) {
  auto& s = out.summary;
  if (s.event_count == 0 || s.explained_energy >= kUnresolvedExplained) return;
  if (static_cast<double>(out.unassigned.size()) <= kUnresolvedEvents * s.event_count) return;
  s.refused = true;
  s.reason = "unresolved";
  for (std::size_t u = 0; u < out.units.size(); ++u) {
    auto& row = out.unit_rows[u];
    if (row.status != "accepted") continue;
    row.status = out.units[u].status = "doubtful";
    row.reason = "record_unresolved";
  }
}

NeedleDecomposition decompose(const ChannelsView& signal, double rate_hz, const std::vector<Gap>& gaps, const NeedleOptions& options, int threads) {
  validate_options(options);
  NeedleDecomposition out;
  const auto assembly_options_used = assembly_options(options);
  const auto record = condition(signal, rate_hz, {options.highpass_hz, options.lowpass_hz, assembly_options_used.detection_factor}, gaps, threads);
  if (rate_hz < kLowRate_hz) out.warnings.push_back({"rate_low", fmt::format("the rate of {} Hz is below {} Hz: potentials lose detail", rate_hz, kLowRate_hz), ""});
  if (!record.whitened) out.warnings.push_back({"noise_unwhitened", "too little quiet time to whiten the noise", ""});
  const double duration_s = static_cast<double>(signal.cols()) / rate_hz;
  if (record.mean_active > options.max_active) {
    out.summary.refused = true;
    out.summary.reason = "interference";
    summarise(out, record, duration_s);
    return out;
  }
  if (record.mean_active > kDenseActive) out.warnings.push_back({"dense", "potentials overlap most of the time: only large units can be trusted", ""});
  const auto assembly = assemble(record, assembly_options_used);
  out.summary.event_count = assembly.event_count;
  out.summary.explained_energy = assembly.explained;
  if (assembly.event_count == 0) out.summary.reason = "no_activity";
  Result(signal, record, assembly, options).fill(out);
  add_unassigned(out, assembly, record, assembly_options_used);
  second_gate(out);
  summarise(out, record, duration_s);
  if (options.keep_residual) {
    out.whitened = record.white;
    out.residual = assembly.residual;
    out.residual_rate_hz = record.work_rate_hz;
  }
  return out;
}

}  // namespace

NeedleDecomposition decompose_needle(const Recording& recording, const NeedleOptions& options, int threads) {
  return decompose(recording.samples, recording.rate_hz, recording.gaps, options, threads);
}

NeedleDecomposition decompose_needle(const ChannelsView& signal, double rate_hz, const NeedleOptions& options, int threads) {
  return decompose(signal, rate_hz, {}, options, threads);
}

bool suits_needle(const Recording& recording) {
  constexpr Index kFewest = 8;
  Index emg_channels = 0;
  bool needle = false;
  for (const auto& channel : recording.channels) {
    if (channel.kind != ChannelKind::emg) continue;
    ++emg_channels;
    for (const char* word : {"needle", "concentric", "monopolar", "wire", "single_fibre", "single fibre", "intramuscular"})
      needle |= channel.electrode_kind.find(word) != std::string::npos;
  }
  return emg_channels < kFewest || (needle && emg_channels == kFewest);
}

}  // namespace emg
