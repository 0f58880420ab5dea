#include "libemg/decompose/needle/conditioning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/chi_square.h"
#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise.h"
#include "libemg/filter/butterworth.h"
#include "libemg/spectral/fft.h"

namespace emg::needle {
namespace {

constexpr double kLowestRate = 2000;     // below, a potential has too few samples
constexpr double kShortest_s = 1;
constexpr double kHighestShare = 0.45;   // of the rate: the upper corner of the band
constexpr int kPredictionOrder = 8;
constexpr double kBlock_s = 5;
constexpr double kTrustedRatio = 1.3;    // up to here both quantiles see the same noise
constexpr double kFallback_hz[] = {250, 100};
constexpr double kVisibleFactor = 6;

RowMatrix detection_band(const ChannelsView& signal, double rate_hz, double highpass_hz, double lowpass_hz, int threads) {
  BandpassOptions options;
  options.low_hz = highpass_hz;
  options.high_hz = lowpass_hz;
  options.order = 2;
  return bandpass(signal, rate_hz, options, threads);
}

// Noise and crowding of one channel: medians over blocks.
std::pair<double, double> noise_and_crowding(std::span<const double> band, double rate_hz, std::span<const double> rho, std::span<const char> blocked) {
  std::vector<double> sigma, crowding;
  const auto block = static_cast<std::size_t>(kBlock_s * rate_hz);
  for (std::size_t first = 0; first < band.size(); first += block) {
    // A short rest joins the block before it.
    const std::size_t left = band.size() - first, count = left < 2 * block ? left : block;
    const auto part = band.subspan(first, count);
    const auto out = blocked.subspan(first, count);
    const double s10 = quantile_noise(part, rate_hz, rho, 5, 0.10, out), s2 = quantile_noise(part, rate_hz, rho, 2, 0.02, out);
    if (s2 > 0) {
      sigma.push_back(s10 <= kTrustedRatio * s2 ? s10 : s2);
      crowding.push_back(s10 / s2);
    }
    if (count == left) break;
  }
  return {median_of(sigma), median_of(crowding)};
}

// Mean square over 1 ms of the band over the noise; the largest channel.
std::vector<double> relative_power(const Conditioned& c) {
  const Index n = c.band.cols(), half = std::max<Index>(1, samples_in_ms(1, c.rate_hz) / 2);
  std::vector<double> power(static_cast<std::size_t>(n), 0);
  for (std::size_t k = 0; k < c.channels.size(); ++k) {
    const auto x = channel_span(c.band, c.channels[k]);
    const double scale = 1 / (c.sigma_uv[k] * c.sigma_uv[k]);
    double sum = 0;
    for (Index i = -half; i < n; ++i) {
      if (i + half < n) sum += x[static_cast<std::size_t>(i + half)] * x[static_cast<std::size_t>(i + half)];
      if (i - half - 1 >= 0) sum -= x[static_cast<std::size_t>(i - half - 1)] * x[static_cast<std::size_t>(i - half - 1)];
      if (i < 0) continue;
      const Index count = std::min(n - 1, i + half) - std::max<Index>(0, i - half) + 1;
      auto& p = power[static_cast<std::size_t>(i)];
      p = std::max(p, std::max(0.0, sum) * scale / static_cast<double>(count));
    }
  }
  return power;
}

double active_at_a_time(const Conditioned& c) {
  const auto power = relative_power(c);
  constexpr double kActive = 2.5 * 2.5;
  const auto count = std::count_if(power.begin(), power.end(), [](double p) { return p > kActive; });
  const double occupied = static_cast<double>(count) / static_cast<double>(power.size());
  return -std::log(std::max(1e-3, 1 - occupied));
}

// Prediction-error filter from the autocovariance of quiet windows of one channel; empty if there is less than half a second of them.
std::vector<double> prediction_error(std::span<const double> band, double rate_hz, double sigma, std::span<const char> out) {
  constexpr double kWindow_ms = 10, kQuiet = 1.25, kNeeded_s = 0.5;
  const auto width = static_cast<std::size_t>(samples_in_ms(kWindow_ms, rate_hz));
  std::vector<double> r(kPredictionOrder + 1, 0);
  double counted = 0;
  for (std::size_t first = 0; first + width <= band.size(); first += width) {
    const auto x = band.subspan(first, width);
    if (out[first] || out[first + width / 2] || out[first + width - 1]) continue;
    double power = 0, peak = 0;
    for (const double v : x) {
      power += v * v;
      peak = std::max(peak, std::abs(v));
    }
    if (power > kQuiet * kQuiet * sigma * sigma * static_cast<double>(width) || peak > 4 * sigma) continue;
    for (std::size_t k = 0; k < r.size(); ++k) {
      for (std::size_t i = k; i < width; ++i) r[k] += x[i] * x[i - k] / static_cast<double>(width - k) * static_cast<double>(width);
    }
    counted += static_cast<double>(width);
  }
  if (counted < kNeeded_s * rate_hz || !(r[0] > 0)) return {};
  // A small white floor keeps the filter from undoing the band edges without end.
  r[0] *= 1 + 1e-3;
  std::vector<double> a{1};
  double error = r[0];
  for (int m = 1; m <= kPredictionOrder; ++m) {
    double sum = 0;
    for (int i = 0; i < m; ++i) sum += a[static_cast<std::size_t>(i)] * r[static_cast<std::size_t>(m - i)];
    const double k = -sum / error;
    a.push_back(0);
    auto next = a;
    for (int i = 1; i <= m; ++i) next[static_cast<std::size_t>(i)] = a[static_cast<std::size_t>(i)] + k * a[static_cast<std::size_t>(m - i)];
    a = next;
    error *= 1 - k * k;
  }
  return a;
}

// The trace at `factor` times the rate (or every -factor-th sample): zero padding of the spectrum of overlapping blocks would ring at their
// edges, so the whole trace is transformed at once.
std::vector<double> regrid(const std::vector<double>& x, int up, int down) {
  std::vector<double> out;
  if (up == 1) {
    for (std::size_t i = 0; i < x.size(); i += static_cast<std::size_t>(down)) out.push_back(x[i]);
    return out;
  }
  const Index n = next_fast_length(static_cast<Index>(x.size()) + 256);
  RealFft narrow(n), wide(n * up);
  std::copy(x.begin(), x.end(), narrow.trace().begin());
  std::fill(narrow.trace().begin() + static_cast<std::ptrdiff_t>(x.size()), narrow.trace().end(), 0.0);
  narrow.forward();
  std::fill(wide.bins().begin(), wide.bins().end(), 0.0);
  std::copy(narrow.bins().begin(), narrow.bins().end(), wide.bins().begin());
  wide.unscaled_inverse();
  out.assign(wide.trace().begin(), wide.trace().begin() + static_cast<std::ptrdiff_t>(x.size()) * up);
  for (auto& v : out) v /= static_cast<double>(n);
  return out;
}

void whiten(Conditioned& c, std::span<const char> out) {
  const double band_limit = std::min(c.lowpass_hz, kHighestShare * c.rate_hz);
  const int down = std::max(1, static_cast<int>(std::floor(c.rate_hz / (4 * band_limit) + 1e-9)));
  const int up = down > 1 ? 1 : std::max(1, static_cast<int>(std::ceil(4 * band_limit / c.rate_hz - 1e-9)));
  c.work_rate_hz = c.rate_hz * up / down;
  c.energy_scale = 1.0 / up;
  c.whitened = true;
  std::vector<std::vector<double>> filters;
  for (std::size_t k = 0; k < c.channels.size(); ++k) {
    filters.push_back(prediction_error(channel_span(c.band, c.channels[k]), c.rate_hz, c.sigma_uv[k], out));
    if (filters.back().empty()) c.whitened = false;
  }
  for (std::size_t k = 0; k < c.channels.size(); ++k) {
    const auto band = channel_span(c.band, c.channels[k]);
    std::vector<double> filtered(band.begin(), band.end());
    double sigma = c.sigma_uv[k];
    if (c.whitened) {
      const auto& a = filters[k];
      for (std::size_t i = 0; i < filtered.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < a.size() && j <= i; ++j) sum += a[j] * band[i - j];
        filtered[i] = sum;
      }
      const std::vector<double> white_rho{1.0};
      const double s10 = quantile_noise(filtered, c.rate_hz, white_rho, 5, 0.10, out), s2 = quantile_noise(filtered, c.rate_hz, white_rho, 2, 0.02, out);
      sigma = s10 <= kTrustedRatio * s2 ? s10 : s2;
    }
    for (auto& v : filtered) v /= sigma;
    const auto fine = regrid(filtered, up, down);
    if (k == 0) c.white = RowMatrix(static_cast<Index>(c.channels.size()), static_cast<Index>(fine.size()));
    std::copy(fine.begin(), fine.end(), c.white.data() + static_cast<Index>(k) * c.white.cols());
  }
}

void block(std::vector<char>& blocked, Index first, Index count, Index pad) {
  const Index low = std::max<Index>(0, first - pad), high = std::min<Index>(static_cast<Index>(blocked.size()), first + count + pad);
  for (Index i = low; i < high; ++i) blocked[static_cast<std::size_t>(i)] = 1;
}

// Samples in or near gaps, stretches of equal samples and clipped tops.
std::vector<char> unusable(const ChannelsView& signal, double rate_hz, const std::vector<Gap>& gaps) {
  std::vector<char> blocked(static_cast<std::size_t>(signal.cols()), 0);
  const Index pad = samples_in_ms(5, rate_hz), flat = std::max<Index>(3, samples_in_ms(5, rate_hz));
  for (const auto& gap : gaps) block(blocked, gap.first_sample, gap.sample_count, pad);
  for (Index channel = 0; channel < signal.rows(); ++channel) {
    const auto x = channel_span(signal, channel);
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    const double least = *low, most = *high;
    if (least == most) continue;  // a silent channel says nothing about the others
    for (Index i = 0; i < signal.cols();) {
      const double value = x[static_cast<std::size_t>(i)];
      Index end = i + 1;
      while (end < signal.cols() && x[static_cast<std::size_t>(end)] == value) ++end;
      const bool clipped = end - i >= 3 && (value == least || value == most);
      if (end - i >= flat || clipped) block(blocked, i, end - i, pad);
      i = end;
    }
  }
  return blocked;
}

// The same on the work grid, where the signal is set to 0 there.
void block_work_grid(Conditioned& c, const std::vector<char>& blocked) {
  c.blocked.assign(static_cast<std::size_t>(c.white.cols()), 0);
  const double ratio = c.rate_hz / c.work_rate_hz;
  for (Index i = 0; i < c.white.cols(); ++i) {
    const auto at = std::min(static_cast<std::size_t>(static_cast<double>(i) * ratio), blocked.size() - 1);
    if (!blocked[at]) continue;
    c.blocked[static_cast<std::size_t>(i)] = 1;
    c.white.col(i).setZero();
  }
  c.blocked_s = static_cast<double>(std::count(blocked.begin(), blocked.end(), 1)) / c.rate_hz;
}

void check(const ChannelsView& signal, double rate_hz, const BandOptions& options) {
  require_signal(signal, rate_hz);
  if (rate_hz < kLowestRate) throw InvalidArgument(fmt::format("rate_hz is {}, decomposition needs at least {}", rate_hz, kLowestRate));
  const double duration_s = static_cast<double>(signal.cols()) / rate_hz;
  if (duration_s < kShortest_s) throw InvalidArgument(fmt::format("signal is {:.3g} s long, decomposition needs at least {} s", duration_s, kShortest_s));
  if (!(options.highpass_hz < std::min(options.lowpass_hz, kHighestShare * rate_hz))) {
    throw InvalidArgument(fmt::format("highpass_hz is {}, must be below lowpass_hz {} and {} of the rate {}", options.highpass_hz, options.lowpass_hz,
                                      kHighestShare, rate_hz));
  }
}

bool anything_visible(const Conditioned& c) {
  for (std::size_t k = 0; k < c.channels.size(); ++k) {
    const auto x = channel_span(c.band, c.channels[k]);
    if (std::any_of(x.begin(), x.end(), [limit = kVisibleFactor * c.sigma_uv[k]](double v) { return std::abs(v) > limit; })) return true;
  }
  return false;
}

}  // namespace

std::vector<double> band_autocorrelation(double rate_hz, double highpass_hz, double lowpass_hz) {
  const Index n = 2 * static_cast<Index>(0.02 * rate_hz) + 1;
  RowMatrix impulse = RowMatrix::Zero(1, n);
  impulse(0, n / 2) = 1;
  const RowMatrix response = detection_band(impulse, rate_hz, highpass_hz, lowpass_hz, 1);
  std::vector<double> rho(static_cast<std::size_t>(n / 2), 0);
  for (std::size_t k = 0; k < rho.size(); ++k) {
    const auto lag = static_cast<Index>(k);
    rho[k] = response.row(0).head(n - lag).dot(response.row(0).tail(n - lag));
  }
  for (std::size_t k = rho.size(); k-- > 0;) rho[k] /= rho[0];
  return rho;
}

double quantile_noise(std::span<const double> band, double rate_hz, std::span<const double> rho, double window_ms, double share,
                      std::span<const char> blocked) {
  const auto width = static_cast<std::size_t>(samples_in_ms(window_ms, rate_hz));
  std::vector<double> levels;
  for (std::size_t first = 0; first + width <= band.size(); first += width) {
    if (!blocked.empty() && std::find(blocked.begin() + static_cast<std::ptrdiff_t>(first), blocked.begin() + static_cast<std::ptrdiff_t>(first + width), 1) !=
                                blocked.begin() + static_cast<std::ptrdiff_t>(first + width))
      continue;
    double sum = 0;
    for (std::size_t i = first; i < first + width; ++i) sum += band[i] * band[i];
    if (sum > 0) levels.push_back(std::sqrt(sum / static_cast<double>(width)));
  }
  if (levels.empty()) return 0;
  const double nu = window_degrees_of_freedom(rho, static_cast<Index>(width));
  return quantile_of(std::move(levels), share) / std::sqrt(chi_square_quantile(share, nu) / nu);
}

Conditioned condition(const ChannelsView& signal, double rate_hz, const BandOptions& options, const std::vector<Gap>& gaps, int threads) {
  check(signal, rate_hz, options);
  const auto blocked = unusable(signal, rate_hz, gaps);
  Conditioned c;
  c.rate_hz = rate_hz;
  c.lowpass_hz = std::min(options.lowpass_hz, kHighestShare * rate_hz);
  std::vector<double> corners{options.highpass_hz};
  for (const double lower : kFallback_hz) {
    if (lower < options.highpass_hz) corners.push_back(lower);
  }
  for (const double corner : corners) {
    c.highpass_hz = corner;
    c.band = detection_band(signal, rate_hz, corner, c.lowpass_hz, threads);
    const auto rho = band_autocorrelation(rate_hz, corner, c.lowpass_hz);
    c.channels.clear();
    c.sigma_uv.clear();
    c.crowding = 0;
    for (Index k = 0; k < signal.rows(); ++k) {
      const auto x = channel_span(signal, k);
      if (std::all_of(x.begin(), x.end(), [first = x[0]](double v) { return v == first; })) continue;
      const auto [sigma, crowding] = noise_and_crowding(channel_span(c.band, k), rate_hz, rho, blocked);
      if (!(sigma > 0)) continue;
      c.channels.push_back(k);
      c.sigma_uv.push_back(sigma);
      c.crowding = std::max(c.crowding, crowding);
    }
    if (c.channels.empty()) throw InvalidArgument("every channel is constant or flat, nothing to decompose");
    if (anything_visible(c)) break;
  }
  c.mean_active = active_at_a_time(c);
  whiten(c, blocked);
  block_work_grid(c, blocked);
  return c;
}

}  // namespace emg::needle
