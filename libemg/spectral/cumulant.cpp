#include "libemg/spectral/cumulant.h"

#include <cmath>

#include "libemg/core/distributions.h"
#include "libemg/spectral/cross_spectra_internal.h"
#include "libemg/spectral/pair_internal.h"

namespace emg {

Cumulant cumulant(const ChannelsView& signal, double rate_hz, const CumulantOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  require_pair(signal, options.first_channel, options.second_channel);
  const auto grid = segment_grid(options.segment_s, 0, signal.cols(), rate_hz);
  const Index lags = samples_in_ms(options.max_lag_ms, rate_hz);
  if (2 * lags >= grid.length) {
    throw InvalidArgument(fmt::format("max_lag_ms {} must be less than half of segment_s {} s", options.max_lag_ms, options.segment_s));
  }
  const SegmentWindows boxcar{{std::vector<double>(static_cast<std::size_t>(grid.length), 1.0)}};
  const CrossSpectra spectra(signal, {options.first_channel, options.second_channel}, grid, boxcar, options.detrend, options.rectify,
                             threads);
  const Index segments = grid.count_in(signal.cols());
  // conj(X) Y / T averaged over segments; 2 pi of f and of q cancel, and the limits have them squared away as well.
  const double scale = 1.0 / (static_cast<double>(segments) * static_cast<double>(grid.length));
  RealFft fft(grid.length);
  double product = 0;
  for (Index bin = 0; bin < spectra.bin_count(); ++bin) {
    fft.bins()[static_cast<std::size_t>(bin)] = spectra(bin, 0, 1) * scale;
    const double both_sides = is_doubled(bin, grid.length) ? 2 : 1;
    product += both_sides * (spectra(bin, 0, 0).real() * scale) * (spectra(bin, 1, 1).real() * scale);
  }
  fft.inverse();
  Cumulant result;
  result.segment_count = static_cast<int>(segments);
  for (Index lag = -lags; lag <= lags; ++lag) {
    result.lag_ms.push_back(1000 * static_cast<double>(lag) / rate_hz);
    result.cumulant_uv2.push_back(fft.trace()[static_cast<std::size_t>((lag + grid.length) % grid.length)]);
  }
  result.high_limit_uv2 = standard_normal_quantile(0.5 + options.confidence / 2) * std::sqrt(product * scale / static_cast<double>(grid.length));
  result.low_limit_uv2 = -result.high_limit_uv2;
  return result;
}

}  // namespace emg
