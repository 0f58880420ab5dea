#include "libemg/detect/noise.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise_meter_internal.h"

namespace emg {
namespace {

constexpr double kNoQuietDensity = 0.1;  // fewer quiet windows than the 10th percentile needs

NoiseReading reading_of(std::span<const double> x, double rate_hz, const NoiseOptions& o) {
  NoiseMeter meter(o, rate_hz, static_cast<Index>(x.size()));
  run_passes(meter, x);
  return meter.reading();
}

NoiseRow row_of(const NoiseReading& reading, const NoiseOptions& o, Index channel, double start_s, double end_s) {
  NoiseRow row{static_cast<int>(channel), start_s, end_s, reading.noise_uv, o.method, reading.window_ms, reading.density, {}};
  if (reading.constant) {
    row.flags.emplace_back("flat");
    row.noise_uv = 0;
    row.density.reset();
  } else if (reading.density && *reading.density < kNoQuietDensity) {
    row.flags.emplace_back("no_quiet_time");
  }
  return row;
}

void smooth_by_median(std::vector<NoiseRow>& rows) {
  constexpr int kHalf = 2;
  std::vector<double> raw;
  for (const auto& row : rows) raw.push_back(row.noise_uv);
  const int count = static_cast<int>(raw.size());
  for (int i = 0; i < count; ++i) {
    const int reach = std::min({kHalf, i, count - 1 - i});
    rows[static_cast<std::size_t>(i)].noise_uv = median_of({raw.begin() + i - reach, raw.begin() + i + reach + 1});
  }
}

// Blocks of `block_s` with a value each; a rest of less than half a block belongs to the block before it.
struct BlockGrid {
  Index width = 0, count = 1, sample_count = 0;

  BlockGrid(const NoiseOptions& o, double rate_hz, Index samples) : width(samples), sample_count(samples) {
    if (o.block_s <= 0 || o.method == NoiseMethod::span) return;
    width = samples_in_s(o.block_s, rate_hz);
    count = std::max<Index>(1, (samples + width / 2) / width);
  }
  Index first(Index k) const { return k * width; }
  Index end(Index k) const { return k + 1 == count ? sample_count : first(k + 1); }
};

std::vector<NoiseRow> joined(std::vector<std::vector<NoiseRow>>&& parts) {
  std::vector<NoiseRow> rows;
  for (auto& part : parts) {
    smooth_by_median(part);
    rows.insert(rows.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  }
  return rows;
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double median_abs(std::span<const double> x) {
  if (x.empty()) return 0;
  MedianPasses median(static_cast<Index>(x.size()), true);
  run_passes(median, x);
  return median.median();
}

double quantile_of(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const double place = share * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<std::size_t>(place);
  const double rest = place - static_cast<double>(rank);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  if (rest == 0) return *at;
  const double next = *std::min_element(at + 1, values.end());
  return *at + rest * (next - *at);
}

double window_degrees_of_freedom(std::span<const double> rho, Index count) {
  double sum = 0;
  const auto lags = std::min(static_cast<std::size_t>(count), rho.size());
  for (std::size_t k = 1; k < lags; ++k) sum += (1 - static_cast<double>(k) / static_cast<double>(count)) * rho[k] * rho[k];
  return static_cast<double>(count) / (1 + 2 * sum);
}

double noise_of(std::span<const double> trace, double rate_hz, const NoiseOptions& options) {
  const auto reading = reading_of(trace, rate_hz, options);
  return reading.constant ? 0 : reading.noise_uv;
}

std::vector<NoiseRow> noise_level(const ChannelsView& signal, double rate_hz, const NoiseOptions& options, int threads) {
  require_record({{}, signal.rows(), signal.cols(), rate_hz});
  validate_options(options);
  const BlockGrid grid(options, rate_hz, signal.cols());
  if (grid.count > 1) require_finite(signal);
  std::vector<std::vector<NoiseRow>> parts(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    if (grid.count == 1) {
      NoiseMeter meter(options, rate_hz, signal.cols());
      run_checked_passes(meter, channel_span(signal, c), c);
      parts[static_cast<std::size_t>(c)] = {row_of(meter.reading(), options, c, 0, static_cast<double>(signal.cols()) / rate_hz)};
      return;
    }
    for (Index k = 0; k < grid.count; ++k) {
      const auto x = channel_span(signal, c).subspan(static_cast<std::size_t>(grid.first(k)), static_cast<std::size_t>(grid.end(k) - grid.first(k)));
      parts[static_cast<std::size_t>(c)].push_back(row_of(reading_of(x, rate_hz, options), options, c, static_cast<double>(grid.first(k)) / rate_hz,
                                                          static_cast<double>(grid.end(k)) / rate_hz));
    }
  });
  return joined(std::move(parts));
}

std::vector<NoiseRow> noise_level_streamed(const StreamedRecord& record, const NoiseOptions& options, int threads) {
  require_record(record);
  validate_options(options);
  const double rate_hz = record.rate_hz;
  const BlockGrid grid(options, rate_hz, record.sample_count);
  std::vector<std::vector<NoiseRow>> parts(static_cast<std::size_t>(record.channel_count));
  if (grid.count == 1) {
    std::vector<NoiseMeter> meters;
    for (Index c = 0; c < record.channel_count; ++c) meters.emplace_back(options, rate_hz, record.sample_count);
    run_passes(record, meters, threads);
    for (Index c = 0; c < record.channel_count; ++c) {
      parts[static_cast<std::size_t>(c)] = {row_of(meters[static_cast<std::size_t>(c)].reading(), options, c, 0,
                                                   static_cast<double>(record.sample_count) / rate_hz)};
    }
    return joined(std::move(parts));
  }
  // One block of all channels at a time.
  RowMatrix held(record.channel_count, grid.width + grid.width / 2 + 1);
  Index k = 0, count = 0, position = 0;
  record.read([&](const ChannelsView& block) {
    require_finite(block, position);
    for (Index i = 0; i < block.cols();) {
      const Index taken = std::min(block.cols() - i, grid.end(k) - position);
      held.middleCols(count, taken) = block.middleCols(i, taken);
      i += taken;
      count += taken;
      position += taken;
      if (position < grid.end(k)) continue;
      const auto rows = noise_level(held.leftCols(count), rate_hz, NoiseOptions{options.method, options.centre, options.window_ms, 0, 0, {}}, threads);
      for (auto row : rows) {
        row.start_s = static_cast<double>(grid.first(k)) / rate_hz;
        row.end_s = static_cast<double>(grid.end(k)) / rate_hz;
        parts[static_cast<std::size_t>(row.channel)].push_back(std::move(row));
      }
      count = 0;
      ++k;
    }
  });
  return joined(std::move(parts));
}

}  // namespace emg
