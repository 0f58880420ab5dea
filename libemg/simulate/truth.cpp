#include "libemg/simulate/truth.h"

#include <algorithm>
#include <cmath>

#include "libemg/simulate/render.h"

namespace emg {
namespace {

struct Instant {
  double time_s;
  int unit_id;
};

// Trains of one unit that fall into the record.
std::vector<TruthSpike> spikes_of(const SimulatedUnit& unit, double rate_hz, Index sample_count) {
  std::vector<TruthSpike> spikes;
  for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
    TruthSpike spike;
    spike.unit_id = unit.unit_id;
    spike.neuron_time_s = unit.train.time_s[e];
    spike.time_s = reference_time_s(unit, spike.neuron_time_s, rate_hz);
    spike.sample = std::llround(spike.time_s * rate_hz);
    spike.offset_samples = spike.time_s * rate_hz - static_cast<double>(spike.sample);
    if (!unit.factor.empty()) spike.amplitude_factor = unit.factor[e];
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
  return row;
}

}  // namespace

double reference_time_s(const SimulatedUnit& unit, double time_s, double rate_hz) {
  return time_s + static_cast<double>(reference_point(unit.potential, unit.channel)) / (kPhases * rate_hz);
}

void add_units(Simulation& simulation, const std::vector<SimulatedUnit>& units, double noise_uv, int threads) {
  auto& recording = simulation.recording;
  std::vector<RenderedTrain> trains;
  std::vector<std::vector<TruthSpike>> spikes;
  std::vector<Instant> all;
  for (const auto& unit : units) {
    trains.push_back({&unit.potential, unit.train.time_s, unit.factor});
    spikes.push_back(spikes_of(unit, recording.rate_hz, recording.sample_count()));
    for (const auto& spike : spikes.back()) all.push_back({spike.time_s, unit.unit_id});
  }
  render(trains, recording.rate_hz, recording.samples, threads);
  std::stable_sort(all.begin(), all.end(), [](const Instant& a, const Instant& b) { return a.time_s < b.time_s; });
  std::vector<TruthUnit> rows;
  std::vector<TruthSpike> spike_rows;
  for (std::size_t u = 0; u < units.size(); ++u) {
    mark_overlaps(spikes[u], all);
    simulation.truth_units.push_back(motor_unit(units[u], spikes[u], recording.rate_hz));
    rows.push_back(unit_row(units[u], simulation.truth_units.back(), spikes[u], noise_uv));
    spike_rows.insert(spike_rows.end(), spikes[u].begin(), spikes[u].end());
  }
  for (std::size_t a = 0; a < rows.size(); ++a) {
    for (std::size_t b = 0; b < rows.size(); ++b) {
      if (a == b) continue;
      const double c = cosine(simulation.truth_units[a], simulation.truth_units[b]);
      if (!rows[a].nearest_cosine || c > *rows[a].nearest_cosine) rows[a].nearest_cosine = c;
    }
  }
  simulation.truth_tables.push_back(to_table("truth_units", "motor units of the simulation", rows));
  simulation.truth_tables.push_back(to_table("truth_spikes", "every discharge", spike_rows));
}

}  // namespace emg
