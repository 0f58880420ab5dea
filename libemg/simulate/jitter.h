#pragma once
// Units whose fibres do not fire in step: jitter and blocking at every discharge.
//
// Lengths of time in microseconds and ms; nothing is rounded to samples. Degenerate input: a unit without fibres stays silent; no jitter
// leaves the unit as it is. Cost: one template more for each exact fibre and four for the rest, at every discharge.
// Method: the fibres of largest peak-to-peak are added one by one at exact shifts; the rest to first order, m - sum eps_f phi_f', drawn as
// four Gaussian modes (eigenvectors of the covariance of sum eps_f phi_f'). Shifts are of mean 0, so the template is that of the truth.
// Error of the sum (RMS, 90th percentile): jitter 18 us 0.2 %, 35 us 0.6 %, 60 us 1.2 % with 8 exact fibres; 100 us 1.7 % with 16.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/simulate/endplate.h"
#include "libemg/simulate/truth.h"

namespace emg {

enum class JitterModel { none, transmission, fixed };
constexpr auto enum_names(JitterModel) {
  using M = JitterModel;
  return std::array<std::pair<M, std::string_view>, 3>{{{M::none, "none"}, {M::transmission, "transmission"}, {M::fixed, "fixed"}}};
}

struct JitterOptions {
  JitterModel jitter = JitterModel::none;
  double safety_factor = 4;
  double safety_sd = 0.2;
  double jitter_us = 17;
  double block_probability = 0;

  static constexpr auto fields() {
    using O = JitterOptions;
    return std::tuple{
        field("jitter", &O::jitter, {}, "none: fibres fire in step; transmission: by release and safety factor; fixed: Gaussian"),
        field("safety_factor", &O::safety_factor, {1.01, 100}, "median end-plate potential over threshold (transmission)"),
        field("safety_sd", &O::safety_sd, {0, 3}, "SD of its logarithm between end-plates"),
        field("jitter_us", &O::jitter_us, {0, 1000}, "SD of the latency of every end-plate (fixed)"),
        field("block_probability", &O::block_probability, {0, 1}, "that an end-plate fails (fixed)"),
    };
  }
};
static_assert(fully_described<JitterOptions>());

/// Delay of one end-plate about its mean at each of `count` impulses, microseconds; NaN where it fails.
std::vector<double> end_plate_delays_us(const JitterOptions& options, std::size_t count, std::int64_t seed, std::uint64_t end_plate);

/// Replaces what `unit` renders by its fibres. `fibres`: one potential for each, all of equal size, whose sum is unit.potential.
void add_jitter(const JitterOptions& options, const std::vector<RowMatrix>& fibres, double rate_hz, std::int64_t seed, std::uint64_t index,
                SimulatedUnit& unit);

}  // namespace emg
