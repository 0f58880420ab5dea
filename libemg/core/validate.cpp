#include "libemg/core/validate.h"

#include <fmt/format.h>

#include <cmath>

#include "libemg/core/error.h"

namespace emg {
namespace {

// Adding x - x keeps a finite sum at exactly 0 and turns NaN or infinity into NaN: one branch per channel instead of one per sample.
bool all_finite(std::span<const double> x) {
  constexpr std::size_t kLanes = 8;
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += x[i + k] - x[i + k];
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  for (; i < x.size(); ++i) sum += x[i] - x[i];
  return sum == 0;
}

}  // namespace

void require_rate(double rate_hz) {
  constexpr double kLowest = 1, kHighest = 1e7;
  if (!(rate_hz >= kLowest && rate_hz <= kHighest)) {
    throw InvalidArgument(fmt::format("rate_hz {} is outside the allowed range: [1, 1e7] Hz", rate_hz));
  }
}

void require_finite(const ChannelsView& block, Index first_sample) {
  for (Index c = 0; c < block.rows(); ++c) {
    const auto x = channel_span(block, c);
    if (all_finite(x)) continue;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!std::isfinite(x[i])) {
        throw InvalidArgument(fmt::format("channel {}, sample {} is not finite", c, first_sample + static_cast<Index>(i)));
      }
    }
  }
}

void require_signal(const ChannelsView& signal, double rate_hz) {
  require_rate(rate_hz);
  if (signal.rows() == 0 || signal.cols() == 0) {
    throw InvalidArgument(fmt::format("signal is empty ({} channels x {} samples)", signal.rows(), signal.cols()));
  }
  require_finite(signal);
}

void require_corner(const char* name, double corner_hz, double rate_hz) {
  if (!(corner_hz > 0 && corner_hz < rate_hz / 2)) {
    throw InvalidArgument(fmt::format("{} {} Hz is outside (0, {}) Hz, half of rate_hz {}", name, corner_hz, rate_hz / 2, rate_hz));
  }
}

void require_ascending(const char* low_name, double low, const char* high_name, double high) {
  if (!(low < high)) throw InvalidArgument(fmt::format("{} {} is not below {} {}", low_name, low, high_name, high));
}

}  // namespace emg
