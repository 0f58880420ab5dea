#include <cmath>
#include <numbers>

#include "libemg/filter/moving_stage_internal.h"
#include "libemg/filter/overlap_save_internal.h"
#include "libemg/spectral/kernels_internal.h"
#include "libemg/spectral/windows.h"

namespace emg {
namespace {

// Impulse response of the Hilbert transformer, 2 / (pi k) for odd k, cut off by a Kaiser window.
std::vector<double> hilbert_taps(Index half_length) {
  constexpr double kBeta = 6;  // ripple of 4e-4 in the pass-band
  auto taps = kaiser_window(2 * half_length + 1, kBeta);
  for (Index k = -half_length; k <= half_length; ++k) {
    taps[static_cast<std::size_t>(k + half_length)] *= k % 2 == 0 ? 0.0 : 2 / (std::numbers::pi * static_cast<double>(k));
  }
  return taps;
}

class HilbertStage final : public OverlapSaveStage {
 public:
  using OverlapSaveStage::OverlapSaveStage;

 protected:
  void combine(const double* input, const double* filtered, Index count, double* out) const override {
    spectral_kernels::kernels().length(input, filtered, count, out);
  }
};

}  // namespace

std::unique_ptr<Stage> hilbert_stage(Index channel_count, double rate_hz, double low_hz) {
  const auto taps = hilbert_taps(static_cast<Index>(std::ceil(2 * rate_hz / low_hz)));
  return grouped_stage([=](Index channels) { return std::make_unique<HilbertStage>(channels, rate_hz, taps, false); }, channel_count, 1);
}

}  // namespace emg
