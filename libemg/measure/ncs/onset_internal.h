#pragma once
// Where a response leaves its baseline.

#include <optional>
#include <vector>

#include "libemg/measure/ncs/markers.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg::ncs_detail {

/// Times that scale with the response: a motor potential lasts ten times as long as a sensory one.
struct ResponseScale {
  double smoothing_ms;  ///< of tangent, curvature and the sign of the first deflection
  double before_ms;     ///< stretch before half the peak that a break point is looked for in
  double positive_ms;   ///< after the negative peak: where the positive peak is looked for
};
inline constexpr ResponseScale kMotorScale{0.5, 8, 10};
inline constexpr ResponseScale kSensoryScale{0.15, 3, 3};

struct OnsetSearch {
  LatencyMethod method = LatencyMethod::rise;
  Index first = 0;  ///< nothing is looked for before it
  double sigma_uv = 0;
  double threshold_uv = 0;  ///< of the method `threshold`
  ResponseScale scale = kMotorScale;
  std::optional<double> exponent;  ///< of the method `rise`; empty: the best
};

/// Sample (fractional) at which `trace`, positive towards the peak at `peak`, leaves 0; empty if the rise begins before `search.first`.
std::optional<double> find_onset(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search);

/// Best exponent and place of constant + slope (t - t0)^p, p 1 to 3; the method `rise`.
struct Rise {
  double sample = 0, exponent = 1, squared_error = 0;
};
std::optional<Rise> fit_rise(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search);

/// Sums of the fit with one exponent at every place (half samples from `first`): the squared error with slope s there is
/// total - 2 s sxy + s^2 sxx.
struct RiseGrid {
  double first = 0, total = 0;
  Index count = 0;  ///< samples of the stretch
  std::vector<double> sxx, sxy;

  /// Smallest error with the slope that suits each place best, or with `slope` everywhere, and its place in samples.
  struct Best {
    double error = 0, place = 0, slope = 0;
  };
  Best best() const;
  Best best_with(double slope) const;
};
std::optional<RiseGrid> rise_grid(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search, double exponent);

/// Squared error of the best place for each exponent; empty if there is no rise.
std::vector<double> rise_errors(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search);
/// Exponents that `rise_errors` speaks of.
std::vector<double> rise_exponents();

}  // namespace emg::ncs_detail
