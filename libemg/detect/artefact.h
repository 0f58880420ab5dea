#pragma once
// Parts of a channel that no muscle made: rails, flat stretches, steps, single spikes of the electronics.
//
// signal: channels x samples, microvolts. Degenerate input: a constant channel is one flat stretch.
// Throws InvalidArgument for an empty or non-finite signal, options outside their range.
// Cost: a few passes and one median of differences.
// Method: |x[i] - x[i-1]| above factor x (1.4826 median of the differences), merged within 10 ms; a step if the level moves by more than
// half of the excursion, else a spike. Near potentials of a needle can be as steep: a mask for surface recordings.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class ArtefactKind { step, spike, rail, flat };
constexpr auto enum_names(ArtefactKind) {
  using K = ArtefactKind;
  return std::array<std::pair<K, std::string_view>, 4>{{{K::step, "step"}, {K::spike, "spike"}, {K::rail, "rail"}, {K::flat, "flat"}}};
}

struct ArtefactOptions {
  double factor = 20;
  double flat_ms = 20;

  static constexpr auto fields() {
    using O = ArtefactOptions;
    return std::tuple{
        field("factor", &O::factor, {3, 1e6}, "steps and spikes: multiple of the median difference of neighbours"),
        field("flat_ms", &O::flat_ms, {1, 10000}, "shortest stretch of unchanged value"),
    };
  }
};
static_assert(fully_described<ArtefactOptions>());

struct ArtefactRow {
  int channel = 0;
  std::int64_t sample = 0;
  double start_s = 0;
  double end_s = 0;
  ArtefactKind kind = ArtefactKind::step;

  static constexpr auto fields() {
    using R = ArtefactRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("sample", &R::sample, {}, "first sample"),
        field("start_s", &R::start_s, {}, "start"),
        field("end_s", &R::end_s, {}, "end"),
        field("kind", &R::kind, {}, "step, spike, rail or flat"),
    };
  }
};
static_assert(fully_described<ArtefactRow>());

/// Operation `artefacts`: by channel and start.
std::vector<ArtefactRow> artefacts(const ChannelsView& signal, double rate_hz, const ArtefactOptions& options = {}, int threads = 1);

/// The same bits from a record that is read block by block: one or a few channels are held at a time.
std::vector<ArtefactRow> artefacts_streamed(const StreamedRecord& record, const ArtefactOptions& options = {}, int threads = 1);

/// Smallest difference between values of a trace (of at most 1e6 samples): one count of the converter. 0 if it is constant.
double smallest_difference(std::span<const double> trace);

/// What a converter can give, in microvolts.
struct DigitalLimits {
  double low_uv = 0, high_uv = 0, count_uv = 0;
};

/// Where a trace piles up at its extremes.
struct Clipping {
  std::optional<double> low_uv, high_uv;  ///< the rails that are hit
  double fraction = 0;                    ///< of the samples
};

/// A side is clipped if at least 10 samples lie within one count of the extreme and three times as many as in the next two counts inwards
/// (a smooth crest has twice as many at most), or if 10 samples equal the declared limit.
Clipping find_clipping(std::span<const double> trace, double lsb_uv, const std::optional<DigitalLimits>& limits = std::nullopt);

}  // namespace emg
