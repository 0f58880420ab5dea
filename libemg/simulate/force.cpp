#include "libemg/simulate/force.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"

namespace emg {
namespace {

constexpr double kForceRange = 100, kLongestS = 0.09, kContractionRange = 3;

struct EffortRow {
  double time_s = 0, drive = 0, force_pct = 0;

  static constexpr auto fields() {
    using R = EffortRow;
    return std::tuple{
        field("time_s", &R::time_s, {}, "instant"),
        field("drive", &R::drive, {}, "excitation, of the largest"),
        field("force_pct", &R::force_pct, {}, "force of the muscle, % of the largest"),
    };
  }
};
static_assert(fully_described<EffortRow>());

// Gain of a twitch at contraction time over interval.
double gain(double x) {
  constexpr double kLinearBelow = 0.4;
  const auto sigmoid = [](double v) { return 1 - std::exp(-2 * v * v * v); };
  return x < kLinearBelow ? 1 : (sigmoid(x) / x) / (sigmoid(kLinearBelow) / kLinearBelow);
}

}  // namespace

Twitch twitch_of(double place) {
  const double force = std::pow(kForceRange, place);
  return {force, kLongestS * std::pow(1 / force, std::log(kContractionRange) / std::log(kForceRange))};
}

double steady_force(const PoolOptions& options, const std::vector<MotorNeuron>& pool, double excitation) {
  double sum = 0;
  for (const auto& neuron : pool) {
    const double rate = pool_rate_hz(options, neuron, excitation);
    const auto twitch = twitch_of(neuron.place);
    // Area of P t / T exp(1 - t / T) is P T e.
    sum += rate * gain(twitch.contraction_s * rate) * twitch.force * twitch.contraction_s * std::numbers::e;
  }
  return sum;
}

std::vector<double> excitation_for_force(const PoolOptions& options, const std::vector<MotorNeuron>& pool,
                                         const std::vector<double>& force_profile) {
  constexpr int kPoints = 1001;
  std::vector<double> table(kPoints);
  for (int i = 0; i < kPoints; ++i) {
    table[static_cast<std::size_t>(i)] = steady_force(options, pool, i / (kPoints - 1.0));
    // Rates of some models fall a little as others rise: the table is made monotone.
    if (i > 0) table[static_cast<std::size_t>(i)] = std::max(table[static_cast<std::size_t>(i)], table[static_cast<std::size_t>(i - 1)]);
  }
  const double largest = table.back();
  std::vector<double> excitation(force_profile.size());
  for (std::size_t k = 0; k < excitation.size(); ++k) {
    const double wanted = force_profile[k] * largest;
    if (force_profile[k] > 1 || (force_profile[k] > 0 && !(largest > 0)))
      throw InvalidArgument(fmt::format("effort {} of the largest force cannot be reached", force_profile[k]));
    const auto at = static_cast<std::size_t>(std::lower_bound(table.begin(), table.end(), wanted) - table.begin());
    if (at == 0 || wanted <= 0) continue;
    const double below = table[at - 1], above = table[at];
    excitation[k] = (static_cast<double>(at) - 1 + (above > below ? (wanted - below) / (above - below) : 1)) / (kPoints - 1);
  }
  return excitation;
}

std::vector<double> force_of_trains(const PoolOptions& options, const std::vector<MotorNeuron>& pool, const std::vector<Train>& trains,
                                    double rate_hz, std::size_t count) {
  constexpr double kTwitchLength = 10;  // contraction times: e^-9 is left
  std::vector<double> force(count);
  const double largest = steady_force(options, pool, 1);
  if (!(largest > 0)) return force;
  for (std::size_t u = 0; u < pool.size(); ++u) {
    const auto twitch = twitch_of(pool[u].place);
    const auto& times = trains[u].time_s;
    for (std::size_t e = 0; e < times.size(); ++e) {
      const double interval = e > 0 ? times[e] - times[e - 1] : 0;
      const double size = twitch.force * (interval > 0 ? gain(twitch.contraction_s / interval) : 1) / largest;
      const auto from = static_cast<std::size_t>(std::max(0.0, std::ceil(times[e] * rate_hz)));
      const auto to = std::min(count, static_cast<std::size_t>((times[e] + kTwitchLength * twitch.contraction_s) * rate_hz));
      for (std::size_t i = from; i < to; ++i) {
        const double t = (static_cast<double>(i) / rate_hz - times[e]) / twitch.contraction_s;
        force[i] += size * t * std::exp(1 - t);
      }
    }
  }
  return force;
}

Contraction contract(const PoolOptions& options, const EffortOptions& effort, double duration_s, std::int64_t seed,
                     std::uint64_t index_offset, int threads) {
  Contraction contraction;
  contraction.pool = sample_pool(seed, options.rate_model, options.unit_count, options.size_ratio, index_offset);
  contraction.drive = effort_profile(effort, duration_s);
  if (effort.effort_unit == EffortUnit::force && !contraction.pool.empty())
    contraction.drive = excitation_for_force(options, contraction.pool, contraction.drive);
  contraction.trains = contraction_trains(contraction.pool, contraction.drive, options, seed, index_offset, threads);
  return contraction;
}

Table effort_table(const PoolOptions& options, const Contraction& contraction, double duration_s) {
  constexpr double kTableHz = 100;
  const auto count = static_cast<std::size_t>(duration_s * kTableHz);
  const auto force = force_of_trains(options, contraction.pool, contraction.trains, kTableHz, count);
  std::vector<EffortRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i] = {static_cast<double>(i) / kTableHz, contraction.drive[i * static_cast<std::size_t>(kDriveRateHz / kTableHz)], 100 * force[i]};
  }
  return to_table("truth_effort", "drive and force", rows);
}

}  // namespace emg
