#pragma once
// How strong the noise of a channel is, also while the muscle is active.
//
// Samples are microvolts. `percentile` reads the quiet moments between potentials: the 10th percentile of the RMS of short windows, divided
// by what white noise of the same bandwidth gives there. `mad` is the median of |x| over 0.6745, right only where activity is rare: with
// 10 units firing it reads twice the noise. `rms` takes everything for noise, `span` the SD of a stretch that the caller names.
//
// Degenerate input: a constant channel has noise 0 and the flag `flat`. A record shorter than one window is one window.
// Throws InvalidArgument for an empty or non-finite signal, options outside their range, a baseline span outside the record.
// Cost: `mad` about 1 ns a sample (the median is bracketed by a sample of the values), `percentile` about the same. The percentile looks at
// no more than 16384 windows, evenly spread.
// Method: windows are chi-square distributed with nu = n / (1 + 2 sum (1 - k/n) rho_k^2) degrees of freedom (Bartlett), rho =
// autocorrelation of the quietest fifth of the windows; window = shortest of 5, 10, 20, 40 ms with nu >= 16. Error: within 4 % on
// band-limited white noise of 20 s; rises with activity (about 1.3 at 220 potentials a second).

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class NoiseMethod { percentile, mad, rms, span };

constexpr auto enum_names(NoiseMethod) {
  using M = NoiseMethod;
  return std::array<std::pair<M, std::string_view>, 4>{
      {{M::percentile, "percentile"}, {M::mad, "mad"}, {M::rms, "rms"}, {M::span, "span"}}};
}

struct NoiseOptions {
  NoiseMethod method = NoiseMethod::percentile;
  bool centre = false;
  std::optional<double> window_ms = std::nullopt;
  double block_s = 0;
  double baseline_start_s = 0;
  std::optional<double> baseline_stop_s = std::nullopt;

  static constexpr auto fields() {
    using O = NoiseOptions;
    return std::tuple{
        field("method", &O::method, {}, "percentile of short-window RMS, mad (median |x| / 0.6745), rms, or SD of a span"),
        field("centre", &O::centre, {}, "subtract the median first (signals that were not high-passed)"),
        field("window_ms", &O::window_ms, {0.1, 1000}, "window of percentile; open: the shortest of 5, 10, 20, 40 ms that is long enough"),
        field("block_s", &O::block_s, {0, 86400}, "one value for each block of this length, median of five blocks; 0: one for the record"),
        field("baseline_start_s", &O::baseline_start_s, {0, 1e7}, "start of the span"),
        field("baseline_stop_s", &O::baseline_stop_s, {0, 1e7}, "end of the span; open: end of the record"),
    };
  }
};
static_assert(fully_described<NoiseOptions>());

struct NoiseRow {
  int channel = 0;
  double start_s = 0;
  double end_s = 0;
  double noise_uv = 0;
  NoiseMethod method = NoiseMethod::percentile;
  std::optional<double> window_ms = std::nullopt;
  std::optional<double> density = std::nullopt;
  std::vector<std::string> flags = {};

  static constexpr auto fields() {
    using R = NoiseRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("start_s", &R::start_s, {}, "start of the stretch the value is for"),
        field("end_s", &R::end_s, {}, "its end"),
        field("noise_uv", &R::noise_uv, {}, "SD of the noise"),
        field("method", &R::method, {}, "how it was found"),
        field("window_ms", &R::window_ms, {}, "window of the percentile method"),
        field("density", &R::density, {}, "share of windows below 1.5 times the level of the quietest of all (percentile method)"),
        field("flags", &R::flags, {}, "flat: constant channel; no_quiet_time: less than a tenth of the windows is without activity"),
    };
  }
};
static_assert(fully_described<NoiseRow>());

/// Operation `noise-level`: one row for each channel, or for each channel and block.
std::vector<NoiseRow> noise_level(const ChannelsView& signal, double rate_hz, const NoiseOptions& options, int threads = 1);

/// The same, same bits, of a record that is read several times (percentile: twice for each window length), in memory that does not grow
/// with its length: at most 1 MB for each channel, or one block of `block_s`.
std::vector<NoiseRow> noise_level_streamed(const StreamedRecord& record, const NoiseOptions& options, int threads = 1);

/// Noise SD of one trace by `options` (block_s ignored), 0 if it is constant; input is taken as checked.
double noise_of(std::span<const double> trace, double rate_hz, const NoiseOptions& options);

/// Median of |x|, mean of the two middle values if their number is even: the same bits as `np.median(np.abs(x))`. Empty: 0.
double median_abs(std::span<const double> x);

/// Median of `values`, likewise. Empty: 0.
double median_of(std::vector<double> values);

/// Quantile by linear interpolation between order statistics (`np.quantile`), share in [0, 1]. Empty: 0.
double quantile_of(std::vector<double> values, double share);

/// Degrees of freedom of the mean square of `count` samples of noise whose autocorrelation at lag k is rho[k] (0 beyond; rho[0] = 1).
double window_degrees_of_freedom(std::span<const double> rho, Index count);

}  // namespace emg
