#pragma once
// Rectified signal: |x|, or the positive half.
//
// signal: channels x samples, microvolts. Result: the same shape and unit.
// Throws InvalidArgument for an empty or non-finite signal. Cost: one pass. Look-ahead of the stage: none.

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

enum class Rectification { full, half };
constexpr auto enum_names(Rectification) {
  using R = Rectification;
  return std::array<std::pair<R, std::string_view>, 2>{{{R::full, "full"}, {R::half, "half"}}};
}

struct RectifyOptions {
  Rectification kind = Rectification::full;

  static constexpr auto fields() { return std::tuple{field("kind", &RectifyOptions::kind, {}, "full: |x|; half: the larger of x and 0")}; }
};
static_assert(fully_described<RectifyOptions>());

RowMatrix rectify(const ChannelsView& signal, double rate_hz, const RectifyOptions& options = {}, int threads = 1);

std::unique_ptr<Stage> rectify_stage(Index channel_count, double rate_hz, const RectifyOptions& options);

}  // namespace emg
