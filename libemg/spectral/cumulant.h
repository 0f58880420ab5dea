#pragma once
// Cumulant density: at which delays two channels go together, in the time domain (for point processes: the cross-correlogram's
// counterpart).
//
// signal: channels x samples, microvolts. Result: q(u) in uV^2 over lags from -max_lag_ms to max_lag_ms, and limits within which it stays
// if the channels are independent. A positive lag: y later than x. Degenerate input: a constant channel has q = 0 and limits 0. Throws
// InvalidArgument for an empty or non-finite signal, an option outside its range, channels that do not exist or are the same, a record
// shorter than one segment, a lag of half a segment or more.
// Cost: two transforms a segment.
// Method: Halliday et al. 1995 (Prog Biophys Mol Biol 64:237-78): disjoint segments of T samples without a window, f = |X|^2 / (2 pi T),
// q = 2 pi ifft(mean conj(X) Y / (2 pi T)), limits +-z sqrt((2 pi / R) (2 pi / T) sum fxx fyy), R = segments x T.

#include <tuple>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/trend.h"

namespace emg {

struct CumulantOptions {
  int first_channel = 0;
  int second_channel = 1;
  double segment_s = 1.0;
  double max_lag_ms = 250;
  Trend detrend = Trend::mean;
  bool rectify = false;
  double confidence = 0.95;

  static constexpr auto fields() {
    using O = CumulantOptions;
    return std::tuple{
        field("first_channel", &O::first_channel, {0, 1e6}, "channel x, from 0"),
        field("second_channel", &O::second_channel, {0, 1e6}, "channel y, from 0"),
        field("segment_s", &O::segment_s, {1e-6, 1e6}, "length of a segment"),
        field("max_lag_ms", &O::max_lag_ms, {1e-3, 1e7}, "largest lag, less than half a segment"),
        field("detrend", &O::detrend, {}, "what is subtracted from a segment first"),
        field("rectify", &O::rectify, {}, "take the absolute value first"),
        field("confidence", &O::confidence, {0.5, 0.9999}, "share of lags of independent signals within the limits"),
    };
  }
};
static_assert(fully_described<CumulantOptions>());

struct Cumulant {
  std::vector<double> lag_ms;
  std::vector<double> cumulant_uv2;
  double low_limit_uv2 = 0;
  double high_limit_uv2 = 0;
  int segment_count = 0;

  static constexpr auto fields() {
    using C = Cumulant;
    return std::tuple{
        field("lag_ms", &C::lag_ms, {}, "positive: second channel later than the first"),
        field("cumulant_uv2", &C::cumulant_uv2, {}, "cumulant density"),
        field("low_limit_uv2", &C::low_limit_uv2, {}, "lower limit for independent channels"),
        field("high_limit_uv2", &C::high_limit_uv2, {}, "upper limit"),
        field("segment_count", &C::segment_count, {}, "segments averaged"),
    };
  }
};
static_assert(fully_described<Cumulant>());

Cumulant cumulant(const ChannelsView& signal, double rate_hz, const CumulantOptions& options = {}, int threads = 1);

}  // namespace emg
