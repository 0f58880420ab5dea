#include "libemg/spectral/welch.h"

#include <algorithm>

#include "libemg/core/chi_square.h"
#include "libemg/core/parallel.h"
#include "libemg/spectral/segments_internal.h"

namespace emg {
namespace {

// Median of noise-like densities over their mean: 1 + sum over i of 1/(2i + 1) - 1/(2i), i up to (count - 1) / 2.
double median_bias(Index count) {
  double bias = 1;
  for (Index i = 1; i <= (count - 1) / 2; ++i) bias += 1.0 / static_cast<double>(2 * i + 1) - 1.0 / static_cast<double>(2 * i);
  return bias;
}

double median_of_sorted_half(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

// Mean of |X|^2 over the segments of `trace`, two of them at a time.
void mean_power(PairedPower& power, const std::vector<double>& window, Trend trend, const SegmentGrid& grid, Index count,
                std::span<const double> trace, std::span<double> density) {
  std::vector<double> buffers[2];
  for (Index s = 0; s < count; ++s) power.add(detrended(segment_of(trace, grid, s), trend, buffers[s % 2]), window.data());
  power.finish(density.data());
  for (double& d : density) d /= static_cast<double>(count);
}

void median_power(SegmentPower& power, const SegmentGrid& grid, Index count, std::span<const double> trace, std::span<double> density) {
  RowMatrix powers(static_cast<Index>(density.size()), count);
  for (Index s = 0; s < count; ++s) {
    std::fill(density.begin(), density.end(), 0.0);
    power.add(segment_of(trace, grid, s), density.data());
    for (Index k = 0; k < powers.rows(); ++k) powers(k, s) = density[static_cast<std::size_t>(k)];
  }
  std::vector<double> of_bin(static_cast<std::size_t>(count));
  for (Index k = 0; k < powers.rows(); ++k) {
    std::copy_n(powers.row(k).data(), count, of_bin.begin());
    density[static_cast<std::size_t>(k)] = median_of_sorted_half(of_bin) / median_bias(count);
  }
}

Spectrum averaged(const ChannelsView& signal, double rate_hz, const SegmentGrid& grid, const WelchOptions& options, int threads) {
  const Index count = grid.count_in(signal.cols());
  const auto window = periodic_window(options.window, grid.length);
  const double scale = density_scale(window, rate_hz);
  Spectrum spectrum;
  spectrum.frequency_hz = bin_frequencies(grid.length, rate_hz);
  spectrum.segment_count = static_cast<int>(count);
  spectrum.effective_segment_count = effective_segment_count(window, grid.hop, count);
  RowMatrix& density = spectrum.density_uv2_per_hz;
  density.resize(signal.rows(), grid.length / 2 + 1);
  const Index parts = std::min<Index>(signal.rows(), thread_count(threads));
  parallel_for(parts, threads, [&](Index part) {
    // A single segment takes a shorter transform of its own, which also serves as its median.
    const bool paired = options.average == SegmentAverage::mean && count > 1;
    std::optional<PairedPower> pairs;
    std::optional<SegmentPower> power;
    paired ? static_cast<void>(pairs.emplace(grid.length)) : static_cast<void>(power.emplace(window, options.detrend));
    for (Index c = part; c < signal.rows(); c += parts) {
      const std::span<double> row(density.row(c).data(), static_cast<std::size_t>(density.cols()));
      if (paired) {
        mean_power(*pairs, window, options.detrend, grid, count, channel_span(signal, c), row);
      } else {
        median_power(*power, grid, count, channel_span(signal, c), row);
      }
      for (Index k = 0; k < density.cols(); ++k) density(c, k) *= is_doubled(k, grid.length) ? 2 * scale : scale;
    }
  });
  require_finite_segments(signal, rate_hz, density.allFinite(), (count - 1) * grid.hop + grid.length);
  const double freedom = 2 * spectrum.effective_segment_count, tail = (1 - options.confidence) / 2;
  spectrum.low_uv2_per_hz = density * (freedom / chi_square_quantile(1 - tail, freedom));
  spectrum.high_uv2_per_hz = density * (freedom / chi_square_quantile(tail, freedom));
  return spectrum;
}

}  // namespace

Spectrum welch(const ChannelsView& signal, double rate_hz, const WelchOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  const auto grid = segment_grid(options.segment_s, options.overlap, signal.cols(), rate_hz);
  return averaged(signal, rate_hz, grid, options, threads);
}

Spectrum periodogram(const ChannelsView& signal, double rate_hz, const PeriodogramOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  WelchOptions whole;
  whole.window = options.window;
  whole.detrend = options.detrend;
  whole.confidence = options.confidence;
  return averaged(signal, rate_hz, {signal.cols(), signal.cols()}, whole, threads);
}

}  // namespace emg
