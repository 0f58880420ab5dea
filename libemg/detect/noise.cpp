#include "libemg/detect/noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <numeric>

#include "libemg/core/chi_square.h"
#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

constexpr double kMadOfNormal = 0.6744897501960817;  // third quartile of the standard normal
constexpr double kQuantile = 0.1;
constexpr double kQuietShare = 0.2;
constexpr double kEnoughFreedom = 16;
constexpr std::array kWindowsMs{5.0, 10.0, 20.0, 40.0};
constexpr double kQuietLimit = 1.5;
constexpr double kNoQuietDensity = 0.02;

struct Level {
  double noise_uv = 0;
  std::optional<double> window_ms, density;
};

double mean_square(std::span<const double> x) {
  constexpr std::size_t kLanes = 4;
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += x[i + k] * x[i + k];
  }
  double sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
  for (; i < x.size(); ++i) sum += x[i] * x[i];
  return x.empty() ? 0 : sum / static_cast<double>(x.size());
}

std::vector<double> window_mean_squares(std::span<const double> x, std::size_t width) {
  std::vector<double> squares(std::max<std::size_t>(1, x.size() / width));
  for (std::size_t k = 0; k < squares.size(); ++k) squares[k] = mean_square(x.subspan(k * width, std::min(width, x.size() - k * width)));
  return squares;
}

// Autocorrelation inside the quietest windows; at most kMostWindows of them, evenly taken.
std::vector<double> quiet_autocorrelation(std::span<const double> x, const std::vector<double>& squares, std::size_t width) {
  constexpr std::size_t kMostWindows = 400;
  const double limit = quantile_of(squares, kQuietShare);
  std::vector<std::size_t> quiet;
  for (std::size_t k = 0; k < squares.size(); ++k) {
    if (squares[k] <= limit) quiet.push_back(k);
  }
  const std::size_t step = std::max<std::size_t>(1, quiet.size() / kMostWindows);
  std::vector<double> products(width);
  for (std::size_t q = 0; q < quiet.size(); q += step) {
    const auto w = x.subspan(quiet[q] * width, std::min(width, x.size() - quiet[q] * width));
    for (std::size_t lag = 0; lag < w.size(); ++lag) {
      products[lag] +=
          std::inner_product(w.begin(), w.end() - static_cast<std::ptrdiff_t>(lag), w.begin() + static_cast<std::ptrdiff_t>(lag), 0.0);
    }
  }
  const double power = products[0] / static_cast<double>(width);
  std::vector<double> rho(width);
  for (std::size_t lag = 0; lag < width && power > 0; ++lag) rho[lag] = products[lag] / static_cast<double>(width - lag) / power;
  return rho;
}

Level percentile_level(std::span<const double> x, double rate_hz, const std::optional<double>& window_ms) {
  std::vector<double> candidates(kWindowsMs.begin(), kWindowsMs.end());
  if (window_ms) candidates = {*window_ms};
  std::vector<double> squares;
  double freedom = 1, used_ms = 0;
  for (const double ms : candidates) {
    const auto width = std::min(static_cast<std::size_t>(samples_in_ms(ms, rate_hz)), x.size());
    squares = window_mean_squares(x, width);
    freedom = std::max(1.0, window_degrees_of_freedom(quiet_autocorrelation(x, squares, width), static_cast<Index>(width)));
    used_ms = ms;
    if (freedom >= kEnoughFreedom) break;
  }
  const double expected = chi_square_quantile(kQuantile, freedom) / freedom;
  Level level;
  const double whole_uv = std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0) / static_cast<double>(squares.size()));
  // The quantile of the RMS, not the root of the quantile of the mean square: interpolation differs.
  for (auto& s : squares) s = std::sqrt(s);
  // A sinusoid has next to no degrees of freedom, which would lift its level above the RMS of the record: no noise is more than all there is.
  level.noise_uv = std::min(quantile_of(squares, kQuantile) / std::sqrt(expected), whole_uv);
  level.window_ms = used_ms;
  const double limit = kQuietLimit * level.noise_uv;
  const auto quiet = std::count_if(squares.begin(), squares.end(), [&](double s) { return s < limit; });
  level.density = static_cast<double>(quiet) / static_cast<double>(squares.size());
  return level;
}

double span_sd(std::span<const double> x, double rate_hz, const NoiseOptions& o) {
  const double record_s = static_cast<double>(x.size()) / rate_hz;
  const double stop_s = o.baseline_stop_s.value_or(record_s);
  const auto first = static_cast<Index>(std::llround(o.baseline_start_s * rate_hz));
  const auto last = static_cast<Index>(std::llround(stop_s * rate_hz));
  if (last > static_cast<Index>(x.size()) || last - first < 2) {
    throw InvalidArgument(
        fmt::format("baseline_start_s {} to baseline_stop_s {} is not a span of the record of {} s", o.baseline_start_s, stop_s, record_s));
  }
  const auto part = x.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
  const double mean = std::accumulate(part.begin(), part.end(), 0.0) / static_cast<double>(part.size());
  double sum = 0;
  for (const double v : part) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(part.size()));
}

Level level_of(std::span<const double> x, double rate_hz, const NoiseOptions& o) {
  std::vector<double> centred;
  if (o.centre) {
    const double middle = median_of({x.begin(), x.end()});
    centred.assign(x.begin(), x.end());
    for (auto& v : centred) v -= middle;
    x = centred;
  }
  switch (o.method) {
    case NoiseMethod::percentile:
      return percentile_level(x, rate_hz, o.window_ms);
    case NoiseMethod::mad:
      return {median_abs(x) / kMadOfNormal, {}, {}};
    case NoiseMethod::rms:
      return {std::sqrt(mean_square(x)), {}, {}};
    case NoiseMethod::span:
      return {span_sd(x, rate_hz, o), {}, {}};
  }
  return {};
}

bool is_constant(std::span<const double> x) {
  return std::all_of(x.begin(), x.end(), [&](double v) { return v == x.front(); });
}

NoiseRow row_of(std::span<const double> x, double rate_hz, const NoiseOptions& o, int channel, std::size_t first) {
  const Level level = level_of(x, rate_hz, o);
  NoiseRow row;
  row.channel = channel;
  row.start_s = static_cast<double>(first) / rate_hz;
  row.end_s = static_cast<double>(first + x.size()) / rate_hz;
  row.noise_uv = level.noise_uv;
  row.method = o.method;
  row.window_ms = level.window_ms;
  row.density = level.density;
  if (is_constant(x)) {
    row.flags.emplace_back("flat");
    row.noise_uv = 0;
    row.density.reset();
  } else if (level.density && *level.density < kNoQuietDensity) {
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

std::vector<NoiseRow> rows_of(std::span<const double> x, double rate_hz, const NoiseOptions& o, int channel) {
  if (o.block_s <= 0 || o.method == NoiseMethod::span) return {row_of(x, rate_hz, o, channel, 0)};
  const auto width = static_cast<std::size_t>(samples_in_s(o.block_s, rate_hz));
  // A rest of less than half a block belongs to the block before it.
  const std::size_t count = std::max<std::size_t>(1, (x.size() + width / 2) / width);
  std::vector<NoiseRow> rows;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t first = k * width, end = k + 1 == count ? x.size() : first + width;
    rows.push_back(row_of(x.subspan(first, end - first), rate_hz, o, channel, first));
  }
  smooth_by_median(rows);
  return rows;
}

// Vectors of two, spelled out: the compiler unrolls the short loops over a chunk before it looks for vectors. A comparison gives -1 or 0.
constexpr std::size_t kVectorWidth = 2;
typedef double ValueVector __attribute__((vector_size(kVectorWidth * sizeof(double))));
typedef std::int64_t CountVector __attribute__((vector_size(kVectorWidth * sizeof(double))));

ValueVector absolute(const double* x) {
  constexpr std::int64_t kWithoutSign = 0x7fffffffffffffff;
  CountVector bits;
  std::memcpy(&bits, x, sizeof(bits));
  bits &= kWithoutSign;
  ValueVector a;
  std::memcpy(&a, &bits, sizeof(a));
  return a;
}

// Middle values of |x| between two sampled order statistics; false if the bracket missed or did not fit.
bool bracketed_median(std::span<const double> x, double& median) {
  constexpr std::size_t kStep = 61, kChunk = 16;
  std::vector<double> sample;
  for (std::size_t i = 0; i < x.size(); i += kStep) sample.push_back(std::fabs(x[i]));
  const auto k = sample.size();
  const auto reach = static_cast<std::size_t>(2 * std::sqrt(static_cast<double>(k)));
  const auto at = [&](std::size_t rank) {
    std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(rank), sample.end());
    return sample[rank];
  };
  const double low = at(k / 2 - reach), high = at(k / 2 + reach);
  std::vector<double> inside(4 * reach * kStep + kChunk);  // twice what is expected
  std::size_t below = 0, count = 0;
  const auto take = [&](double a) {
    below += a < low;
    inside[count] = a;
    count += (a >= low) & (a <= high);
  };
  std::size_t i = 0;
  for (; i + kChunk <= x.size(); i += kChunk) {
    // Counting is a vector operation; only chunks with a value in the bracket, one in four, are looked at singly.
    CountVector under_lanes = {}, upto_lanes = {};
    for (std::size_t k = 0; k < kChunk; k += kVectorWidth) {
      const auto a = absolute(x.data() + i + k);
      under_lanes -= a < low;
      upto_lanes -= a <= high;
    }
    std::int64_t under = 0, upto = 0;
    for (std::size_t k = 0; k < kVectorWidth; ++k) {
      under += under_lanes[k];
      upto += upto_lanes[k];
    }
    if (upto == under) {
      below += static_cast<std::size_t>(under);
      continue;
    }
    if (count + kChunk > inside.size()) return false;
    for (std::size_t k = 0; k < kChunk; ++k) take(std::fabs(x[i + k]));
  }
  for (; i < x.size() && count < inside.size(); ++i) take(std::fabs(x[i]));
  if (i < x.size()) return false;
  const std::size_t upper = x.size() / 2, lower = (x.size() - 1) / 2;
  if (lower < below || upper >= below + count) return false;
  inside.resize(count);
  const auto middle = inside.begin() + static_cast<std::ptrdiff_t>(upper - below);
  std::nth_element(inside.begin(), middle, inside.end());
  median = upper == lower ? *middle : (*std::max_element(inside.begin(), middle) + *middle) / 2;
  return true;
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
  constexpr std::size_t kWorthSampling = 20000;
  double median = 0;
  if (x.size() >= kWorthSampling && bracketed_median(x, median)) return median;
  std::vector<double> values(x.size());
  std::transform(x.begin(), x.end(), values.begin(), [](double v) { return std::fabs(v); });
  return median_of(std::move(values));
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
  return is_constant(trace) ? 0 : level_of(trace, rate_hz, options).noise_uv;
}

std::vector<NoiseRow> noise_level(const ChannelsView& signal, double rate_hz, const NoiseOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  std::vector<std::vector<NoiseRow>> parts(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    parts[static_cast<std::size_t>(c)] = rows_of(channel_span(signal, c), rate_hz, options, static_cast<int>(c));
  });
  std::vector<NoiseRow> rows;
  for (auto& part : parts) rows.insert(rows.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  return rows;
}

}  // namespace emg
