#pragma once
// A second generator of unit potentials, so that no algorithm is tuned to one model: sums of Hermite functions.
//
// Templates in microvolts as in muap.h. Method: m(t) = sum_{k=1..K} c_k H_k(t / w) exp(-t^2 / (2 w^2)), H_k orthonormal Hermite
// polynomials, c_k normal with variance 0.7^k, mean of m removed; amplitudes log-normal. On several channels the coefficients change
// smoothly with the distance from the unit and the potential travels along the fibres.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/muap.h"

namespace emg {

enum class WaveformGenerator { line_source, hermite };
constexpr auto enum_names(WaveformGenerator) {
  using G = WaveformGenerator;
  return std::array<std::pair<G, std::string_view>, 2>{{{G::line_source, "line_source"}, {G::hermite, "hermite"}}};
}

struct WaveformOptions {
  WaveformGenerator generator = WaveformGenerator::line_source;
  int hermite_order = 5;
  double hermite_width_ms = 0.8;
  double hermite_peak_uv = 500;
  double hermite_peak_cv = 0.7;

  static constexpr auto fields() {
    using O = WaveformOptions;
    return std::tuple{
        field("generator", &O::generator, {}, "where unit potentials come from: fibres in a conductor, or random Hermite sums"),
        field("hermite_order", &O::hermite_order, {1, 12}, "highest order of the Hermite functions"),
        field("hermite_width_ms", &O::hermite_width_ms, {0.1, 20}, "their width w"),
        field("hermite_peak_uv", &O::hermite_peak_uv, {0, 1e5}, "mean of the largest absolute value of a unit"),
        field("hermite_peak_cv", &O::hermite_peak_cv, {0, 3}, "its variation from unit to unit"),
    };
  }
};
static_assert(fully_described<WaveformOptions>());

/// A channel of the second generator: place of the electrode across and along the fibres.
struct HermitePlace {
  double x_mm = 0, z_mm = 0;
};

/// Unit `index` of mean size 1 times `size`, seen at `places`.
UnitPotential hermite_unit(const WaveformOptions& options, const std::vector<HermitePlace>& places, double size, double rate_hz,
                           std::int64_t seed, std::uint64_t index);

}  // namespace emg
