#include "libemg/simulate/twitch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/hermite.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kAnalyticReachMs = 10;  // widths on either side of an analytic twitch
constexpr double kFieldMm = 15;          // distance at which an analytic twitch has fallen to 1/e
constexpr std::uint64_t kMuscleStep = 1000;

double rate_per_min(const TwitchOptions& o, std::uint64_t muscle) {
  if (o.twitch_rate_per_min.empty()) throw InvalidArgument("twitch_rate_per_min is empty: one value is needed");
  return o.twitch_rate_per_min.size() == 1 ? o.twitch_rate_per_min[0] : o.twitch_rate_per_min[muscle];
}

// Rate over time relative to that of rest.
double rate_factor(const TwitchOptions& o, double t_s) {
  return std::exp(o.trend_per_hour * t_s / 3600) * (1 + (o.exercise_factor - 1) * std::exp(-t_s / (60 * o.exercise_decay_min)));
}

// Instants of a steady train moved so that the rate follows `rate_factor`: the integral of the factor is inverted on a fine table.
std::vector<double> in_time(const TwitchOptions& o, Random random, double rate_hz, double duration_s) {
  const bool steady = o.trend_per_hour == 0 && o.exercise_factor == 1;
  if (steady) return event_times(random, rate_hz, o.interval_cv, o.interval_law == EventLaw::poisson, duration_s);
  constexpr double kStepS = 1;
  std::vector<double> integral{0};
  for (double t = 0; t < duration_s; t += kStepS) integral.push_back(integral.back() + kStepS * rate_factor(o, t + kStepS / 2));
  std::vector<double> times;
  for (const double s : event_times(random, rate_hz, o.interval_cv, o.interval_law == EventLaw::poisson, integral.back())) {
    const auto next = static_cast<std::size_t>(std::upper_bound(integral.begin(), integral.end(), s) - integral.begin());
    if (next == integral.size()) break;
    const double t = (static_cast<double>(next) - 1 + (s - integral[next - 1]) / (integral[next] - integral[next - 1])) * kStepS;
    if (t < duration_s) times.push_back(t);
  }
  return times;
}

void write_train(const TwitchOptions& o, double duration_s, std::int64_t seed, std::uint64_t muscle, std::uint64_t source,
                 SimulatedUnit& unit) {
  constexpr double kShortestS = 0.005, kLongestS = 0.040, kLateS = 0.030, kLateEndS = 0.035;
  const auto index = (muscle * kMuscleStep + source) * 2;
  const double rate_hz = rate_per_min(o, muscle) / 60 / o.source_count / (1 + o.doublet_probability + o.late_repeat_probability);
  const auto times = in_time(o, random_of(seed, RandomDomain::spontaneous, index), rate_hz, duration_s);
  Random random = random_of(seed, RandomDomain::spontaneous, index + 1);
  std::vector<std::pair<double, bool>> all;
  std::vector<double> factors;
  for (const double t : times) {
    all.push_back({t, false});
    const double u = random.uniform(), interval = random.uniform(kShortestS, kLongestS);
    const double v = random.uniform(), late = random.uniform(kLateS, kLateEndS);
    if (u < o.doublet_probability) all.push_back({t + interval, true});
    if (v < o.late_repeat_probability) all.push_back({t + late, true});
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [t, again] : all) {
    unit.train.time_s.push_back(t);
    unit.train.doublet.push_back(again);
    unit.factor.push_back(random.log_normal(1, o.amplitude_cv));
  }
}

UnitPotential analytic(const TwitchOptions& o, const Electrodes& electrodes, const TwitchField& where, std::int64_t seed,
                       std::uint64_t index) {
  Random random = random_of(seed, RandomDomain::pool, index);
  const double peak = random.log_normal(o.event_peak_uv, o.event_peak_cv);
  if (o.event_shape == EventShape::polyphasic) {
    WaveformOptions waveform{WaveformGenerator::hermite, 8, o.event_width_ms, peak, 0};
    std::vector<HermitePlace> places;
    for (std::size_t c = 0; c < where.channels.size(); ++c) places.push_back({where.x_mm[c], where.z_mm[c]});
    const auto made = hermite_unit(waveform, places, 1, electrodes.rate_hz, seed, index);
    UnitPotential unit = made;
    unit.fine = RowMatrix::Zero(electrodes.channel_count, made.fine.cols());
    for (std::size_t c = 0; c < where.channels.size(); ++c) unit.fine.row(where.channels[c]) = made.fine.row(static_cast<Index>(c));
    return unit;
  }
  const auto source = where.channels.empty() ? 0 : static_cast<std::size_t>(random.below(where.channels.size()));
  UnitPotential unit;
  const double reach_ms = kAnalyticReachMs * o.event_width_ms;
  const auto points = static_cast<Index>(std::ceil(2 * reach_ms * electrodes.rate_hz / 1000)) * kPhases;
  unit.fine = RowMatrix::Zero(electrodes.channel_count, points);
  for (std::size_t c = 0; c < where.channels.size(); ++c) {
    const double distance = std::hypot(where.x_mm[c] - where.x_mm[source], where.z_mm[c] - where.z_mm[source]);
    const double gain = peak * std::exp(-distance / kFieldMm);
    for (Index i = 0; i < points; ++i) {
      const double t_ms = static_cast<double>(i) * 1000 / (electrodes.rate_hz * kPhases) - reach_ms;
      unit.fine(where.channels[c], i) = gain * twitch_shape(o.event_shape, t_ms, o.event_width_ms);
    }
  }
  return unit;
}

}  // namespace

double twitch_shape(EventShape shape, double t_ms, double width_ms) {
  const double x = t_ms / width_ms, bell = std::exp(-x * x / 2);
  return shape == EventShape::bi ? -x * bell * std::exp(0.5) : (1 - x * x) * bell;
}

std::vector<SimulatedUnit> twitch_units(const TwitchOptions& o, const Electrodes& electrodes, const TwitchField& field, double duration_s,
                                        std::int64_t seed, std::uint64_t muscle, int first_id, int threads) {
  constexpr double kLeastShare = 0.3;
  std::vector<SimulatedUnit> units(static_cast<std::size_t>(o.source_count));
  parallel_for(o.source_count, threads, [&](Index i) {
    const auto k = static_cast<std::uint64_t>(i), index = muscle * kMuscleStep + k;
    Random random = random_of(seed, RandomDomain::pool, (std::uint64_t{1} << 24) + index);
    auto& unit = units[k];
    unit.unit_id = first_id + static_cast<int>(i);
    unit.kind = "fasciculation";
    const double fibres = std::max(1.0, random.log_normal(o.fibre_count, o.fibre_count_cv)), share = random.uniform(kLeastShare, 1);
    unit.neuron.place = random.uniform();
    const double part = random.chance(o.distal_probability) ? share : 1;
    unit.neuron.size = fibres * part / o.fibre_count;
    if (o.event_shape == EventShape::unit) {
      unit.potential = electrodes.unit(index, unit.neuron.place);
      unit.potential.fine *= unit.neuron.size;
      unit.potential.fibre_count = std::max(1, static_cast<int>(std::lround(fibres * part)));
    } else {
      unit.potential = analytic(o, electrodes, field, seed, index);
    }
    unit.channel = largest_channel(unit.potential);
    write_train(o, duration_s, seed, muscle, k, unit);
  });
  return units;
}

void share_twitches(const TwitchOptions& o, std::vector<SimulatedUnit>& units, const std::vector<Index>& other_channels,
                    std::int64_t seed) {
  if (o.shared_probability <= 0 || other_channels.empty()) return;
  for (auto& unit : units) {
    Random random = random_of(seed, RandomDomain::spontaneous, (std::uint64_t{5} << 28) + static_cast<std::uint64_t>(unit.unit_id));
    const double gain = random.uniform(0.3, 1);
    UnitPart own{unit.potential, unit.train.time_s, unit.factor}, other;
    other.potential = unit.potential;
    other.potential.fine.setZero();
    for (const Index c : other_channels) other.potential.fine.row(c) = gain * unit.potential.fine.row(unit.channel);
    for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
      if (!random.chance(o.shared_probability)) continue;
      other.time_s.push_back(unit.train.time_s[e]);
      other.factor.push_back(unit.factor[e]);
    }
    unit.parts = {std::move(own), std::move(other)};
  }
}

}  // namespace emg
