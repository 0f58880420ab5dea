#pragma once
// Teager-Kaiser energy of each channel: large where amplitude and frequency are both high, as at the first potentials of a burst.
//
// signal: channels x samples, microvolts. Result: the same shape, psi[n] = x[n]^2 - x[n-k] x[n+k], in square microvolts; the first and last
// k values repeat their neighbours. A cos(w n + phi) gives A^2 sin^2(k w) exactly; values may be negative.
// Throws InvalidArgument for fewer than 2k + 1 samples, an empty or non-finite signal, lag_ms outside its range.
// Cost: about 1 ns a sample. Look-ahead of the stage: k samples.
// Source: Kaiser 1990 (ICASSP); Li, Zhou, Aruin 2007 (J Neurosci Methods) for onset detection.

#include <memory>
#include <optional>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

struct TeagerOptions {
  std::optional<double> lag_ms = std::nullopt;
  bool absolute = false;

  static constexpr auto fields() {
    using O = TeagerOptions;
    return std::tuple{
        field("lag_ms", &O::lag_ms, {0.001, 1000}, "distance k of the outer samples; open: one sample"),
        field("absolute", &O::absolute, {}, "absolute value of the energy"),
    };
  }
};
static_assert(fully_described<TeagerOptions>());

RowMatrix teager(const ChannelsView& signal, double rate_hz, const TeagerOptions& options = {}, int threads = 1);

/// The same, block by block. `finish` throws InvalidArgument if fewer than 2k + 1 samples came.
std::unique_ptr<Stage> teager_stage(Index channel_count, double rate_hz, const TeagerOptions& options);

}  // namespace emg
