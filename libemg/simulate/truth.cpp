#include "libemg/simulate/truth.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/simulate/render.h"

namespace emg {
namespace {

struct Instant {
  double time_s;
  int unit_id;
};

// Reference instant of discharge `e` whose potential has its reference at `reference`.
double reference_time_s(const SimulatedUnit& unit, std::size_t e, Index reference, double rate_hz) {
  const double shift = unit.reference_shift_s.empty() ? 0 : unit.reference_shift_s[e];
  return unit.train.time_s[e] + shift + static_cast<double>(reference - unit.potential.lead) / (kPhases * rate_hz);
}

// Trains of one unit that fall into the record.
std::vector<TruthSpike> spikes_of(const SimulatedUnit& unit, double rate_hz, Index sample_count) {
  std::vector<TruthSpike> spikes;
  const auto times = reference_times_s(unit, rate_hz);
  for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
    TruthSpike spike;
    spike.unit_id = unit.unit_id;
    spike.neuron_time_s = unit.train.time_s[e];
    spike.time_s = times[e];
    spike.sample = std::llround(spike.time_s * rate_hz);
    spike.offset_samples = spike.time_s * rate_hz - static_cast<double>(spike.sample);
    if (!unit.factor.empty()) spike.amplitude_factor = unit.factor[e];
    if (!unit.blocked_share.empty()) spike.blocked_share = unit.blocked_share[e];
    spike.doublet = unit.train.doublet[e] != 0;
    if (spike.sample >= 0 && spike.sample < sample_count) spikes.push_back(spike);
  }
  return spikes;
}

void mark_overlaps(std::vector<TruthSpike>& spikes, const std::vector<Instant>& all) {
  constexpr double kOverlapS = 0.005;
  for (auto& spike : spikes) {
    const auto before = [](const Instant& a, double t) { return a.time_s < t; };
    const auto from = std::lower_bound(all.begin(), all.end(), spike.time_s, before);
    double nearest = -1;
    for (auto i = from; i != all.end(); ++i) {
      const double distance = i->time_s - spike.time_s;
      if (distance > kOverlapS && nearest >= 0) break;
      if (i->unit_id == spike.unit_id) continue;
      spike.overlap_count += distance <= kOverlapS;
      if (nearest < 0 || distance < nearest) nearest = distance;
    }
    double nearest_before = -1;
    for (auto i = from; i != all.begin();) {
      --i;
      const double distance = spike.time_s - i->time_s;
      if (distance > kOverlapS && nearest_before >= 0) break;
      if (i->unit_id == spike.unit_id) continue;
      spike.overlap_count += distance <= kOverlapS;
      if (nearest_before < 0 || distance < nearest_before) nearest_before = distance;
    }
    if (nearest < 0 || (nearest_before >= 0 && nearest_before < nearest)) nearest = nearest_before;
    if (nearest >= 0) spike.isolation_ms = nearest * 1000;
  }
}

void describe_train(TruthUnit& row, const std::vector<TruthSpike>& spikes) {
  constexpr double kLongestS = 0.25;  // longer ones are pauses
  row.discharge_count = static_cast<int>(spikes.size());
  std::vector<double> intervals, firing;
  for (std::size_t i = 1; i < spikes.size(); ++i) {
    intervals.push_back(spikes[i].time_s - spikes[i - 1].time_s);
    if (intervals.back() <= kLongestS) firing.push_back(intervals.back());
  }
  if (intervals.empty()) return;
  const auto middle = intervals.begin() + static_cast<std::ptrdiff_t>(intervals.size() / 2);
  std::nth_element(intervals.begin(), middle, intervals.end());
  row.rate_hz = 1 / *middle;
  if (firing.size() < 2) return;
  double mean = 0, square = 0;
  for (const double v : firing) mean += v / static_cast<double>(firing.size());
  for (const double v : firing) square += (v - mean) * (v - mean) / static_cast<double>(firing.size() - 1);
  row.cv_isi = std::sqrt(square) / mean;
}

double cosine(const MotorUnit& a, const MotorUnit& b) {
  const Index before = std::min(a.waveform_zero, b.waveform_zero);
  const Index after = std::min(a.waveform.cols() - a.waveform_zero, b.waveform.cols() - b.waveform_zero);
  const auto x = a.waveform.middleCols(a.waveform_zero - before, before + after);
  const auto y = b.waveform.middleCols(b.waveform_zero - before, before + after);
  const double norm = a.waveform.norm() * b.waveform.norm();
  return norm > 0 ? x.cwiseProduct(y).sum() / norm : 0;
}

MotorUnit motor_unit(const SimulatedUnit& unit, const std::vector<TruthSpike>& spikes, double rate_hz) {
  MotorUnit result;
  result.unit_id = unit.unit_id;
  result.discharges.rate_hz = rate_hz;
  for (const auto& spike : spikes) {
    result.discharges.sample.push_back(spike.sample);
    result.discharges.offset_samples.push_back(spike.offset_samples);
  }
  result.waveform = sampled_template(unit.potential, unit.channel, result.waveform_zero);
  result.status = "accepted";
  return result;
}

TruthUnit unit_row(const SimulatedUnit& unit, const MotorUnit& motor_unit, const std::vector<TruthSpike>& spikes, double noise_uv) {
  TruthUnit row;
  row.unit_id = unit.unit_id;
  row.kind = unit.kind;
  row.channel = static_cast<int>(unit.channel);
  describe_train(row, spikes);
  row.recruitment_threshold = unit.neuron.threshold;
  row.size = unit.neuron.size;
  row.fibre_count = unit.potential.fibre_count;
  row.territory_x_mm = unit.potential.territory_x_mm;
  row.territory_y_mm = unit.potential.territory_y_mm;
  row.territory_mm = unit.potential.territory_mm;
  row.velocity_mean_m_s = unit.potential.velocity_m_s;
  row.peak_uv = motor_unit.waveform(unit.channel, motor_unit.waveform_zero);
  if (noise_uv > 0 && row.peak_uv != 0) row.snr_peak_db = 20 * std::log10(std::fabs(row.peak_uv) / noise_uv);
  row.jitter_us = unit.jitter_us;
  row.block_probability = unit.block_probability;
  return row;
}

// Adds every part of every unit, in the order of the units.
void render_units(Recording& recording, const std::vector<SimulatedUnit>& units, int threads) {
  std::vector<RenderedTrain> trains;
  for (const auto& unit : units) {
    if (unit.parts.empty()) trains.push_back({&unit.potential, unit.train.time_s, unit.factor});
    for (const auto& part : unit.parts) trains.push_back({&part.potential, part.time_s, part.factor});
  }
  render(trains, recording.rate_hz, recording.samples, threads);
}

struct NoiseLevels {
  double noise_uv = 0;           ///< of a channel of factor 1, in the recorded band
  std::vector<double> clean_uv;  ///< RMS of each channel while anything is active; 0 without
};

// Mean square over the windows of 100 ms that are not all zero.
double active_rms(const RowMatrix& samples, Index channel, double rate_hz) {
  constexpr double kWindowS = 0.1;
  const Index window = std::max<Index>(1, static_cast<Index>(kWindowS * rate_hz));
  double power = 0;
  Index count = 0;
  for (Index first = 0; first < samples.cols(); first += window) {
    const Index n = std::min(window, samples.cols() - first);
    const double square = samples.row(channel).segment(first, n).squaredNorm();
    if (square == 0) continue;
    power += square;
    count += n;
  }
  return count > 0 ? std::sqrt(power / static_cast<double>(count)) : 0;
}

NoiseLevels resolve_noise(const RowMatrix& clean, const ContaminantOptions& noise, const InstrumentOptions& instrument, std::int64_t seed,
                          double rate_hz, int threads) {
  NoiseLevels levels;
  levels.clean_uv.resize(static_cast<std::size_t>(clean.rows()));
  RowMatrix seen;
  if (has_filter(instrument)) {
    seen = clean;
    amplify(instrument, rate_hz, seen, threads);
  }
  const RowMatrix& signal = has_filter(instrument) ? seen : clean;
  parallel_for(clean.rows(), threads, [&](Index c) { levels.clean_uv[static_cast<std::size_t>(c)] = active_rms(signal, c, rate_hz); });
  levels.noise_uv = noise.noise_uv;
  if (noise.snr_db) {
    double square = 0, factors = 0;
    for (Index c = 0; c < clean.rows(); ++c) {
      const double rms = levels.clean_uv[static_cast<std::size_t>(c)], factor = channel_noise_factor(noise, seed, c);
      square += rms * rms;
      factors += factor * factor;
    }
    levels.noise_uv = clean.rows() > 0 ? std::sqrt(square / factors) * std::pow(10, -*noise.snr_db / 20) : 0;
  }
  return levels;
}

void add_truth_units(Simulation& simulation, const std::vector<SimulatedUnit>& units, const NoiseLevels& levels, int threads) {
  constexpr std::size_t kMostCompared = 300;
  const auto& recording = simulation.recording;
  const auto count = static_cast<Index>(units.size());
  std::vector<std::vector<TruthSpike>> spikes(units.size());
  parallel_for(count, threads, [&](Index u) {
    spikes[static_cast<std::size_t>(u)] = spikes_of(units[static_cast<std::size_t>(u)], recording.rate_hz, recording.sample_count());
  });
  std::vector<Instant> all;
  for (const auto& own : spikes) {
    for (const auto& spike : own) all.push_back({spike.time_s, spike.unit_id});
  }
  std::stable_sort(all.begin(), all.end(), [](const Instant& a, const Instant& b) { return a.time_s < b.time_s; });
  std::vector<TruthUnit> rows(units.size());
  simulation.truth_units.resize(units.size());
  parallel_for(count, threads, [&](Index i) {
    const auto u = static_cast<std::size_t>(i);
    mark_overlaps(spikes[u], all);
    simulation.truth_units[u] = motor_unit(units[u], spikes[u], recording.rate_hz);
    rows[u] = unit_row(units[u], simulation.truth_units[u], spikes[u], levels.noise_uv);
  });
  if (units.size() <= kMostCompared) {
    parallel_for(count, threads, [&](Index i) {
      const auto a = static_cast<std::size_t>(i);
      for (std::size_t b = 0; b < rows.size(); ++b) {
        if (a == b) continue;
        const double c = cosine(simulation.truth_units[a], simulation.truth_units[b]);
        if (!rows[a].nearest_cosine || c > *rows[a].nearest_cosine) rows[a].nearest_cosine = c;
      }
    });
  }
  std::vector<TruthSpike> spike_rows;
  for (const auto& own : spikes) spike_rows.insert(spike_rows.end(), own.begin(), own.end());
  simulation.truth_tables.push_back(to_table("truth_units", "motor units of the simulation", rows));
  simulation.truth_tables.push_back(to_table("truth_spikes", "every discharge", spike_rows));
}

void note(std::vector<TruthEvent>& events, const std::vector<NoiseEvent>& more, double rate_hz) {
  for (const auto& one : more) {
    TruthEvent event;
    event.kind = one.kind;
    event.channel_peak = static_cast<int>(one.channel);
    event.time_s = one.time_s;
    event.sample = std::llround(one.time_s * rate_hz);
    event.start_s = one.start_s;
    event.duration_s = one.end_s - one.start_s;
    if (one.peak_uv != 0) event.peak_uv = one.peak_uv;
    events.push_back(std::move(event));
  }
}

// Electrodes, amplifier, cables, converter.
void add_noise(Simulation& simulation, const ContaminantOptions& noise, const InstrumentOptions& instrument, const NoiseLevels& levels,
               std::int64_t seed, std::vector<TruthEvent>& events, int threads) {
  auto& recording = simulation.recording;
  auto& samples = recording.samples;
  const double rate_hz = recording.rate_hz;
  add_electrode_noise(noise, levels.noise_uv / amplifier_noise_gain(instrument, rate_hz), seed, rate_hz, samples, threads);
  note(events, add_ecg(noise, seed, rate_hz, samples), rate_hz);
  amplify(instrument, rate_hz, samples, threads);
  std::vector<TruthNoise> rows;
  for (Index c = 0; c < samples.rows(); ++c) {
    const auto k = static_cast<std::size_t>(c);
    TruthNoise row{
        static_cast<int>(c), recording.channels[k].name, levels.noise_uv * channel_noise_factor(noise, seed, c), {}, noise.line_uv, "good"};
    if (row.noise_uv > 0 && levels.clean_uv[k] > 0) row.snr_db = 20 * std::log10(levels.clean_uv[k] / row.noise_uv);
    for (const double bad : noise.bad_channels) {
      if (bad != static_cast<double>(c)) continue;
      row.status = name_of(noise.bad_channel_kind);
      recording.channels[k].status = "bad";
      if (noise.bad_channel_kind != BadChannel::noisy) samples.row(c).setZero();
    }
    rows.push_back(std::move(row));
  }
  note(events, add_motion(noise, seed, rate_hz, samples), rate_hz);
  add_line(seed, noise.line_uv, noise.line_hz, rate_hz, samples);
  for (const auto& row : rows) {
    if (row.status == "flat") samples.row(row.channel).setZero();
  }
  note(events, digitise(instrument, seed, recording), rate_hz);
  simulation.truth_tables.push_back(to_table("truth_noise", "noise of every channel", rows));
}

}  // namespace

std::vector<double> reference_times_s(const SimulatedUnit& unit, double rate_hz) {
  const Index reference = reference_point(unit.potential, unit.channel);
  std::vector<double> times(unit.train.time_s.size());
  for (std::size_t e = 0; e < times.size(); ++e) times[e] = reference_time_s(unit, e, reference, rate_hz);
  return times;
}

TruthEvent twitch_event(const SimulatedUnit& unit, std::size_t e, double rate_hz, double noise_uv) {
  constexpr double kShare = 0.05, kSeen = 2;
  const auto& fine = unit.potential.fine;
  const double factor = unit.factor.empty() ? 1 : unit.factor[e];
  const auto trace = fine.row(unit.channel);
  const Index reference = reference_point(unit.potential, unit.channel);
  const double limit = kShare * std::fabs(trace(reference));
  Index first = fine.cols(), last = 0;
  for (Index i = 0; i < fine.cols(); ++i) {
    if (std::fabs(trace(i)) < limit) continue;
    first = std::min(first, i);
    last = i;
  }
  const double point_s = 1 / (kPhases * rate_hz);
  TruthEvent event;
  event.kind = unit.kind;
  event.source = unit.unit_id;
  event.channel_peak = static_cast<int>(unit.channel);
  event.time_s = reference_time_s(unit, e, reference, rate_hz);
  event.sample = std::llround(event.time_s * rate_hz);
  event.start_s = event.time_s + static_cast<double>(first - reference) * point_s;
  event.duration_s = last > first ? static_cast<double>(last - first) * point_s : 0;
  event.peak_uv = factor * trace(reference);
  int seen = 0;
  for (Index c = 0; c < fine.rows(); ++c) seen += factor * fine.row(c).cwiseAbs().maxCoeff() > kSeen * noise_uv;
  event.channel_count = seen;
  event.doublet = unit.train.doublet[e] != 0;
  return event;
}

void open_recording(Simulation& simulation, std::vector<Channel> channels, double rate_hz, double duration_s,
                    const std::string& description) {
  auto& recording = simulation.recording;
  recording.rate_hz = rate_hz;
  recording.samples = RowMatrix::Zero(static_cast<Index>(channels.size()), samples_in_s(duration_s, rate_hz));
  recording.channels = std::move(channels);
  recording.description = description;
}

void append_channel(Recording& recording, const Channel& channel, const std::vector<double>& values) {
  recording.samples.conservativeResize(recording.samples.rows() + 1, Eigen::NoChange);
  for (Index i = 0; i < recording.samples.cols(); ++i)
    recording.samples(recording.samples.rows() - 1, i) = values[static_cast<std::size_t>(i)];
  recording.channels.push_back(channel);
}

void finish_recording(Simulation& simulation, std::vector<SimulatedUnit> units, std::vector<TruthEvent> events,
                      const ContaminantOptions& noise, const InstrumentOptions& instrument, std::int64_t seed, int threads) {
  auto& recording = simulation.recording;
  require_instrument(instrument, recording.rate_hz);
  render_units(recording, units, threads);
  const auto levels = resolve_noise(recording.samples, noise, instrument, seed, recording.rate_hz, threads);
  parallel_for(static_cast<Index>(units.size()), threads,
               [&](Index u) { amplify(instrument, recording.rate_hz, units[static_cast<std::size_t>(u)].potential); });
  add_truth_units(simulation, units, levels, threads);
  add_noise(simulation, noise, instrument, levels, seed, events, threads);
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.time_s < b.time_s; });
  add_rows(simulation, "truth_events", "what happened, by time", events);
  for (auto& table : simulation.truth_tables) drop_missing_columns(table);
}

}  // namespace emg
