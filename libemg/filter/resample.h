#pragma once
// Another sampling rate: polyphase filtering by a rational factor.
//
// signal: channels x samples, microvolts. Result: channels x ceil(samples up / down), aligned to sample 0, at exactly rate up / down
// (`resampled_rate_hz`); up / down is the fraction with the smallest denominator within 1e-9 of target_hz / rate_hz.
// Degenerate input: up = down gives the bits of the input. Samples outside the record count as zero, so an offset rings at both ends: a
// constant 200 resampled by 125/256 starts 148.9, 213.6, 193.1. Remove the offset first, or take edges = line.
// Throws InvalidArgument for an empty or non-finite signal, target_hz outside its range or not reachable with up and down <= 100000 (the
// nearest rate is named).
// Cost: 20 max(up, down) / up multiplications an output sample, eight channels side by side.
// Method: equals scipy.signal.resample_poly (Kaiser window, beta 5, half length 10 max(up, down)) to 1e-10.

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

enum class ResampleEdges { zero, line };
constexpr auto enum_names(ResampleEdges) {
  using E = ResampleEdges;
  return std::array<std::pair<E, std::string_view>, 2>{{{E::zero, "zero"}, {E::line, "line"}}};
}

struct ResampleOptions {
  double target_hz = 1000;
  ResampleEdges edges = ResampleEdges::zero;

  static constexpr auto fields() {
    using O = ResampleOptions;
    return std::tuple{
        field("target_hz", &O::target_hz, {1, 1e7}, "rate wanted"),
        field("edges", &O::edges, {},
              "zero: nothing outside the record, an offset rings; line: the line through the first and last sample goes on"),
    };
  }
};
static_assert(fully_described<ResampleOptions>());

/// Factor of the rate, in lowest terms.
struct ResampleRatio {
  Index up = 1, down = 1;
};
ResampleRatio resample_ratio(double rate_hz, const ResampleOptions& options);

/// Rate of the result.
double resampled_rate_hz(double rate_hz, const ResampleOptions& options);

RowMatrix resample(const ChannelsView& signal, double rate_hz, const ResampleOptions& options = {}, int threads = 1);

/// Block by block; nullptr for edges = line, which needs the last sample first.
std::unique_ptr<Stage> resample_stage(Index channel_count, double rate_hz, const ResampleOptions& options);

}  // namespace emg
