#pragma once
// Takes the mean, the median or straight lines away from each channel.
//
// signal: channels x samples, microvolts. Result: the same shape and unit.
// Degenerate input: one sample, and any constant, gives 0.
// Throws InvalidArgument for an empty or non-finite signal, break points that do not ascend inside the record or come without kind = line,
// levels or slopes that do not fit the channels and pieces.
// Cost: two passes. Held memory of the stage: none; what is taken away is found in a first pass (`resolve_detrend`). A median needs the
// whole record.
// Method: least squares; sums by halves over a fixed grid, so the error does not grow with the length. Equals scipy.signal.detrend
// (constant, linear, bp) to 1e-12 of the largest input.

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

enum class DetrendKind { mean, line, median };
constexpr auto enum_names(DetrendKind) {
  using K = DetrendKind;
  return std::array<std::pair<K, std::string_view>, 3>{{{K::mean, "mean"}, {K::line, "line"}, {K::median, "median"}}};
}

struct DetrendOptions {
  DetrendKind kind = DetrendKind::mean;
  std::vector<double> break_points_s;
  std::vector<double> levels_uv;
  std::vector<double> slopes_uv_per_s;

  static constexpr auto fields() {
    using O = DetrendOptions;
    return std::tuple{
        field("kind", &O::kind, {}, "what is taken away: the mean, the least-squares line, or the median"),
        field("break_points_s", &O::break_points_s, {0, 1e7}, "line: where a new line starts"),
        field("levels_uv", &O::levels_uv, {}, "value at the start of every piece, channel by channel; empty: found in the record"),
        field("slopes_uv_per_s", &O::slopes_uv_per_s, {}, "line: slope of every piece, channel by channel; empty: found in the record"),
    };
  }
};
static_assert(fully_described<DetrendOptions>());

/// Fills levels_uv and slopes_uv_per_s from the record, unless they are given. A median stays open.
DetrendOptions resolve_detrend(const BlockSource& source, Index channel_count, double rate_hz, const DetrendOptions& options);

RowMatrix detrend(const ChannelsView& signal, double rate_hz, const DetrendOptions& options = {}, int threads = 1);

/// Block by block with levels and slopes given; nullptr if they are open.
std::unique_ptr<Stage> detrend_stage(Index channel_count, double rate_hz, const DetrendOptions& options);

}  // namespace emg
