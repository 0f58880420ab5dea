#include "libemg/spectral/stft.h"

#include <fmt/format.h>

#include <numeric>

#include "libemg/core/parallel.h"
#include "libemg/spectral/segments_internal.h"

namespace emg {
namespace {

SegmentGrid checked_grid(const ChannelsView& signal, double rate_hz, const SpectrogramOptions& options) {
  require_signal(signal, rate_hz);
  validate_options(options);
  const SegmentGrid grid{samples_in_ms(options.window_ms, rate_hz), samples_in_ms(options.hop_ms, rate_hz)};
  if (grid.length > signal.cols()) {
    throw InvalidArgument(fmt::format("window_ms {} ms is longer than the record ({:.6g} ms)", options.window_ms,
                                      1000 * static_cast<double>(signal.cols()) / rate_hz));
  }
  return grid;
}

std::vector<double> window_times(const SegmentGrid& grid, Index count, double rate_hz) {
  std::vector<double> time_s(static_cast<std::size_t>(count));
  for (Index k = 0; k < count; ++k) {
    time_s[static_cast<std::size_t>(k)] = (static_cast<double>(grid.length) / 2 + static_cast<double>(k * grid.hop)) / rate_hz;
  }
  return time_s;
}

// Calls `take(channel, window, bins)` for every window of every channel, channels in parallel.
template <class Take>
void for_each_window(const ChannelsView& signal, const SegmentGrid& grid, const std::vector<double>& window, Trend trend, int threads,
                     const Take& take) {
  const Index count = grid.count_in(signal.cols());
  const Index parts = std::min<Index>(signal.rows(), thread_count(threads));
  parallel_for(parts, threads, [&](Index part) {
    SegmentTransform transform(window, trend);
    for (Index c = part; c < signal.rows(); c += parts) {
      const auto trace = channel_span(signal, c);
      for (Index k = 0; k < count; ++k) {
        take(c, k, transform(trace.subspan(static_cast<std::size_t>(k * grid.hop), static_cast<std::size_t>(grid.length))));
      }
    }
  });
}

}  // namespace

Spectrogram spectrogram(const ChannelsView& signal, double rate_hz, const SpectrogramOptions& options, int threads) {
  const auto grid = checked_grid(signal, rate_hz, options);
  const Index count = grid.count_in(signal.cols()), bin_count = grid.length / 2 + 1;
  const auto window = periodic_window(options.window, grid.length);
  const double scale = density_scale(window, rate_hz);
  Spectrogram result;
  result.frequency_hz = bin_frequencies(grid.length, rate_hz);
  result.time_s = window_times(grid, count, rate_hz);
  auto& cube = result.density_uv2_per_hz;
  cube = {signal.rows(), bin_count, count, std::vector<double>(static_cast<std::size_t>(signal.rows() * bin_count * count))};
  for_each_window(signal, grid, window, options.detrend, threads, [&](Index c, Index k, std::span<const std::complex<double>> bins) {
    double* const out = cube.values.data() + c * bin_count * count + k;
    for (Index b = 0; b < bin_count; ++b) {
      out[b * count] = squared(bins[static_cast<std::size_t>(b)]) * (is_doubled(b, grid.length) ? 2 * scale : scale);
    }
  });
  return result;
}

Stft stft(const ChannelsView& signal, double rate_hz, const SpectrogramOptions& options, int threads) {
  const auto grid = checked_grid(signal, rate_hz, options);
  const Index count = grid.count_in(signal.cols()), bin_count = grid.length / 2 + 1;
  const auto window = periodic_window(options.window, grid.length);
  const double scale = 1 / std::accumulate(window.begin(), window.end(), 0.0);
  Stft result;
  result.frequency_hz = bin_frequencies(grid.length, rate_hz);
  result.time_s = window_times(grid, count, rate_hz);
  result.channel_count = signal.rows();
  result.values.resize(static_cast<std::size_t>(signal.rows() * bin_count * count));
  for_each_window(signal, grid, window, options.detrend, threads, [&](Index c, Index k, std::span<const std::complex<double>> bins) {
    auto* const out = result.values.data() + c * bin_count * count + k;
    for (Index b = 0; b < bin_count; ++b) out[b * count] = bins[static_cast<std::size_t>(b)] * scale;
  });
  return result;
}

}  // namespace emg
