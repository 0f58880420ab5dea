#include "libemg/measure/twitch/tremor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/probability.h"
#include "libemg/core/random.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise.h"
#include "libemg/filter/butterworth.h"
#include "libemg/spectral/fft.h"

namespace emg {
namespace {

constexpr double kShortestS = 30, kLowestRateHz = 60;
constexpr double kEmgHighpassHz = 30, kEmgLowpassHz = 60, kGravityHz = 0.5;
constexpr double kBesideNearHz = 2, kBesideFarHz = 4, kOccurrenceS = 3, kOccurrenceHz = 1, kStabilityHz = 2;
constexpr int kDraws = 200, kFewestCycles = 10;
// Half-overlapped Hann segments: a pair correlates by 1/6, so n of them are worth n / (1 + 2/36 (n-1)/n) (Welch 1967).
double independent(double n) { return n / (1 + 2 * (1.0 / 36) * (n - 1) / n); }
const double kPi = std::acos(-1.0);

double mean_square_of(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return sum / static_cast<double>(x.size());
}

std::vector<double> row_of(const RowMatrix& m) { return {m.data(), m.data() + m.size()}; }

// The signal whose spectrum is the tremor's.
std::vector<double> prepared(std::span<const double> x, double rate_hz, const TremorOptions& o) {
  if (o.kind == TremorSignal::acceleration) return row_of(highpass(one_channel(x), rate_hz, {.cut_hz = kGravityHz, .order = 2}));
  auto y = row_of(highpass(one_channel(x), rate_hz, {.cut_hz = std::min(kEmgHighpassHz, 0.4 * rate_hz), .order = 4}));
  for (auto& v : y) v = std::fabs(v);
  if (0.45 * rate_hz <= kEmgLowpassHz) return y;
  return row_of(lowpass(one_channel(y), rate_hz, {.cut_hz = kEmgLowpassHz, .order = 2}));
}

// Spectra of Hann segments, half overlapped, mean taken away. Power is one-sided density.
struct Segments {
  double bin_hz = 0, density = 0;
  std::vector<std::vector<std::complex<double>>> bins;
  Index first_bin = 0, end_bin = 0;

  double power(std::size_t segment, Index bin) const { return density * std::norm(bins[segment][static_cast<std::size_t>(bin)]); }
  std::vector<double> mean(const std::vector<std::size_t>& which) const {
    std::vector<double> p(bins.front().size(), 0.0);
    for (const auto s : which) {
      for (std::size_t k = 0; k < p.size(); ++k) p[k] += density * std::norm(bins[s][k]) / static_cast<double>(which.size());
    }
    return p;
  }
};

Segments segments_of(const std::vector<double>& x, double rate_hz, double segment_s, double low_hz, double high_hz) {
  Segments s;
  const Index length = samples_in_s(segment_s, rate_hz), hop = std::max<Index>(1, length / 2);
  std::vector<double> window(static_cast<std::size_t>(length));
  double energy = 0;
  for (Index i = 0; i < length; ++i) {
    const double w = 0.5 - 0.5 * std::cos(2 * kPi * static_cast<double>(i) / static_cast<double>(length));
    window[static_cast<std::size_t>(i)] = w;
    energy += w * w;
  }
  s.bin_hz = rate_hz / static_cast<double>(length);
  s.density = 2 / (rate_hz * energy);
  s.first_bin = static_cast<Index>(std::ceil(low_hz / s.bin_hz - 1e-9));
  s.end_bin = std::min<Index>(length / 2, static_cast<Index>(high_hz / s.bin_hz + 1e-9) + 1);
  RealFft fft(length);
  for (Index first = 0; first + length <= static_cast<Index>(x.size()); first += hop) {
    double mean = 0;
    for (Index i = 0; i < length; ++i) mean += x[static_cast<std::size_t>(first + i)] / static_cast<double>(length);
    for (Index i = 0; i < length; ++i) fft.trace()[static_cast<std::size_t>(i)] = (x[static_cast<std::size_t>(first + i)] - mean) * window[static_cast<std::size_t>(i)];
    fft.forward();
    s.bins.emplace_back(fft.bins().begin(), fft.bins().end());
  }
  return s;
}

Index peak_bin(const std::vector<double>& p, const Segments& s) {
  return std::max_element(p.begin() + s.first_bin, p.begin() + s.end_bin) - p.begin();
}

// Parabola through the logarithms of three bins.
double refined_hz(const std::vector<double>& p, Index k, double bin_hz) {
  const auto at = [&](Index i) { return std::log(std::max(p[static_cast<std::size_t>(i)], 1e-300)); };
  if (k <= 0 || k + 1 >= static_cast<Index>(p.size())) return static_cast<double>(k) * bin_hz;
  const double a = at(k - 1), b = at(k), c = at(k + 1), bend = a - 2 * b + c;
  const double shift = bend < 0 ? std::clamp(0.5 * (a - c) / bend, -0.5, 0.5) : 0;
  return (static_cast<double>(k) + shift) * bin_hz;
}

double power_between(const std::vector<double>& p, double bin_hz, double low_hz, double high_hz) {
  double sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const double f = static_cast<double>(k) * bin_hz;
    if (f >= low_hz && f <= high_hz) sum += p[k] * bin_hz;
  }
  return sum;
}

std::vector<std::size_t> all_of(std::size_t n) {
  std::vector<std::size_t> which(n);
  for (std::size_t i = 0; i < n; ++i) which[i] = i;
  return which;
}

void fill_presence(const std::vector<double>& p, Index k, const Segments& s, double alpha, TremorRow& row) {
  double beside = 0;
  int bins = 0;
  for (Index i = s.first_bin; i < s.end_bin; ++i) {
    const double d = std::fabs(static_cast<double>(i - k)) * s.bin_hz;
    if (d >= kBesideNearHz && d <= kBesideFarHz) beside += p[static_cast<std::size_t>(i)], ++bins;
  }
  if (bins == 0 || !(beside > 0)) return;
  const double l = independent(static_cast<double>(s.bins.size()));
  row.peak_f = p[static_cast<std::size_t>(k)] / (beside / bins);
  // Neighbouring Hann bins are correlated: two thirds of them count. The peak is the largest of all bins looked at.
  const double single = f_upper_tail(*row.peak_f, 2 * l, 2 * l * std::max(1.0, bins / 1.5));
  const double tried = std::max(1.0, static_cast<double>(s.end_bin - s.first_bin) / 1.5);
  row.peak_p = std::min(1.0, single * tried);
  row.present = *row.peak_p < alpha;
}

void fill_width(const std::vector<double>& p, Index k, double bin_hz, TremorRow& row) {
  const double half = p[static_cast<std::size_t>(k)] / 2;
  const auto edge = [&](int step) -> double {
    Index i = k;
    while (i + step >= 0 && i + step < static_cast<Index>(p.size()) && p[static_cast<std::size_t>(i + step)] > half) i += step;
    if (i + step < 0 || i + step >= static_cast<Index>(p.size())) return static_cast<double>(i);
    const double a = p[static_cast<std::size_t>(i)], b = p[static_cast<std::size_t>(i + step)];
    return static_cast<double>(i) + step * (a - half) / (a - b);
  };
  row.half_width_hz = (edge(1) - edge(-1)) * bin_hz;
}

void fill_course(const std::vector<double>& x, double rate_hz, const Segments& s, const TremorOptions& o, TremorRow& row) {
  // Peak of each segment near the record's: a slope by least squares.
  std::vector<double> t, f;
  const double reach = 2;
  for (std::size_t i = 0; i < s.bins.size(); ++i) {
    const auto p = s.mean({i});
    Index best = -1;
    for (Index k = s.first_bin; k < s.end_bin; ++k) {
      if (std::fabs(static_cast<double>(k) * s.bin_hz - *row.peak_hz) <= reach && (best < 0 || p[static_cast<std::size_t>(k)] > p[static_cast<std::size_t>(best)])) best = k;
    }
    if (best < 0) continue;
    t.push_back(static_cast<double>(i) * o.segment_s / 2 / 60);
    f.push_back(refined_hz(p, best, s.bin_hz));
  }
  double mt = 0, mf = 0, up = 0, down = 0;
  const double n = static_cast<double>(t.size());
  for (std::size_t i = 0; i < t.size(); ++i) mt += t[i] / n, mf += f[i] / n;
  for (std::size_t i = 0; i < t.size(); ++i) up += (t[i] - mt) * (f[i] - mf), down += (t[i] - mt) * (t[i] - mt);
  if (down > 0) row.drift_hz_per_min = up / down;
  const auto windows = segments_of(x, rate_hz, kOccurrenceS, 2, 15);
  int present = 0;
  for (std::size_t i = 0; i < windows.bins.size(); ++i) {
    const auto p = windows.mean({i});
    const double all = power_between(p, windows.bin_hz, 2, 15);
    present += all > 0 && power_between(p, windows.bin_hz, *row.peak_hz - kOccurrenceHz, *row.peak_hz + kOccurrenceHz) > o.occurrence_share * all;
  }
  if (!windows.bins.empty()) row.occurrence = static_cast<double>(present) / static_cast<double>(windows.bins.size());
}

TremorRow channel_row(std::span<const double> trace, double rate_hz, int channel, const TremorOptions& o) {
  TremorRow row;
  row.channel = channel;
  row.kind = o.kind;
  const auto x = prepared(trace, rate_hz, o);
  const auto s = segments_of(x, rate_hz, o.segment_s, o.low_hz, std::min(o.high_hz, 0.45 * rate_hz));
  const auto p = s.mean(all_of(s.bins.size()));
  row.total_power = power_between(p, s.bin_hz, o.low_hz, o.high_hz);
  row.band_power = power_between(p, s.bin_hz, o.band_low_hz, o.band_high_hz);
  // What rounding leaves of a constant is no power.
  if (!(*row.total_power > 1e-20 * (1 + mean_square_of(trace)))) return row;
  const Index k = peak_bin(p, s);
  row.peak_hz = refined_hz(p, k, s.bin_hz);
  fill_presence(p, k, s, o.alpha, row);
  fill_width(p, k, s.bin_hz, row);
  Random random(static_cast<std::uint64_t>(o.seed), static_cast<std::uint64_t>(channel));
  std::vector<double> peaks;
  for (int d = 0; d < kDraws; ++d) {
    std::vector<std::size_t> which(s.bins.size());
    for (auto& w : which) w = random.below(s.bins.size());
    const auto q = s.mean(which);
    peaks.push_back(refined_hz(q, peak_bin(q, s), s.bin_hz));
  }
  row.peak_low_hz = quantile_of(peaks, 0.025);
  row.peak_high_hz = quantile_of(peaks, 0.975);
  const auto harmonic = [&](int n) -> std::optional<double> {
    const auto at = static_cast<Index>(std::llround(n * *row.peak_hz / s.bin_hz));
    if (at + 1 >= static_cast<Index>(p.size())) return std::nullopt;
    return std::max({p[static_cast<std::size_t>(at - 1)], p[static_cast<std::size_t>(at)], p[static_cast<std::size_t>(at + 1)]}) / p[static_cast<std::size_t>(k)];
  };
  row.second_harmonic = harmonic(2);
  row.third_harmonic = harmonic(3);
  if (o.kind == TremorSignal::acceleration) {
    double square = 0;
    for (std::size_t i = 1; i < p.size(); ++i) {
      const double f = static_cast<double>(i) * s.bin_hz;
      if (f >= 1 && f <= o.high_hz) square += p[i] * s.bin_hz / std::pow(2 * kPi * f, 4);
    }
    row.displacement_mm = 1000 * std::sqrt(2 * square);
    if (*row.displacement_mm > 0) row.log10_displacement = std::log10(*row.displacement_mm);
  }
  fill_course(x, rate_hz, s, o, row);
  row.tsi_hz = tremor_stability_hz(x, rate_hz, *row.peak_hz);
  return row;
}

TremorPairRow pair_row(const Segments& a, const Segments& b, int first, int second, const TremorOptions& o) {
  TremorPairRow row;
  row.channel = first;
  row.other_channel = second;
  row.rectified = o.kind == TremorSignal::emg;
  row.segments = independent(static_cast<double>(a.bins.size()));
  if (row.segments < 3) {
    row.finding = "indeterminate (fewer than 3 segments)";
    return row;
  }
  double most = 0;
  std::complex<double> cross_at;
  Index at = -1;
  double aa_at = 0, bb_at = 0;
  for (Index k = a.first_bin; k < a.end_bin; ++k) {
    std::complex<double> cross = 0;
    double aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.bins.size(); ++i) {
      const auto u = a.bins[i][static_cast<std::size_t>(k)], v = b.bins[i][static_cast<std::size_t>(k)];
      cross += std::conj(u) * v;
      aa += std::norm(u);
      bb += std::norm(v);
    }
    if (aa * bb > most) most = aa * bb, cross_at = cross, at = k, aa_at = aa, bb_at = bb;
  }
  if (at < 0) {
    row.finding = "indeterminate (no power)";
    return row;
  }
  row.frequency_hz = static_cast<double>(at) * a.bin_hz;
  const double c = std::norm(cross_at) / (aa_at * bb_at);
  row.coherence = c;
  row.coherence_limit = 1 - std::pow(0.05, 1 / (row.segments - 1));
  if (c <= *row.coherence_limit) {
    row.finding = "indeterminate (coherence below its limit)";
    return row;
  }
  const double phase = std::arg(cross_at) * 180 / kPi, se = std::sqrt((1 - c) / (2 * row.segments * c)) * 180 / kPi, reach = 1.96 * se;
  row.phase_deg = phase;
  row.phase_low_deg = phase - reach;
  row.phase_high_deg = phase + reach;
  const double from_half = std::fabs(std::remainder(phase - 180, 360)), from_zero = std::fabs(std::remainder(phase, 360));
  row.finding = from_half + reach <= 45 ? "alternating" : from_zero + reach <= 45 ? "synchronous" : "indeterminate (phase)";
  return row;
}

void require(const ChannelsView& signal, double rate_hz, const TremorOptions& o) {
  require_signal(signal, rate_hz);
  validate_options(o);
  require_ascending("low_hz", o.low_hz, "high_hz", o.high_hz);
  require_ascending("band_low_hz", o.band_low_hz, "band_high_hz", o.band_high_hz);
  if (rate_hz < kLowestRateHz) throw InvalidArgument(fmt::format("rate_hz {} is below {}, the lowest for tremor", rate_hz, kLowestRateHz));
  if (o.kind == TremorSignal::emg && rate_hz < 2.5 * kEmgHighpassHz) throw InvalidArgument(fmt::format("rate_hz {} is too low for EMG; is kind acceleration meant?", rate_hz));
}

std::string too_short(const ChannelsView& signal, double rate_hz) {
  const double seconds = static_cast<double>(signal.cols()) / rate_hz;
  return seconds < kShortestS ? fmt::format("not assessable: {:.3g} s, tremor needs {} s", seconds, kShortestS) : "";
}

}  // namespace

std::optional<double> tremor_stability_hz(std::span<const double> x, double rate_hz, double peak_hz) {
  const double low = std::max(0.2, peak_hz - kStabilityHz), high = peak_hz + kStabilityHz;
  if (high >= 0.5 * rate_hz) return std::nullopt;
  const auto y = row_of(bandpass(one_channel(x), rate_hz, {.low_hz = low, .high_hz = high, .order = 2}));
  std::vector<double> crossings, steps;
  for (std::size_t i = 1; i < y.size(); ++i) {
    if (y[i - 1] < 0 && y[i] >= 0) crossings.push_back(static_cast<double>(i - 1) + y[i - 1] / (y[i - 1] - y[i]));
  }
  // The edges of the record are the filter's, not the tremor's.
  const double edge = rate_hz;
  std::erase_if(crossings, [&](double c) { return c < edge || c > static_cast<double>(y.size()) - edge; });
  if (crossings.size() < static_cast<std::size_t>(kFewestCycles) + 1) return std::nullopt;
  double last = 0;
  for (std::size_t i = 1; i < crossings.size(); ++i) {
    const double f = rate_hz / (crossings[i] - crossings[i - 1]);
    if (i > 1) steps.push_back(f - last);
    last = f;
  }
  return quantile_of(steps, 0.75) - quantile_of(steps, 0.25);
}

std::vector<TremorRow> tremor(const ChannelsView& signal, double rate_hz, const TremorOptions& options, int threads) {
  require(signal, rate_hz, options);
  std::vector<TremorRow> rows(static_cast<std::size_t>(signal.rows()));
  const auto reason = too_short(signal, rate_hz);
  for (std::size_t c = 0; c < rows.size(); ++c) rows[c].channel = static_cast<int>(c), rows[c].kind = options.kind, rows[c].reason = reason;
  if (!reason.empty()) return rows;
  parallel_for(signal.rows(), threads, [&](Index c) { rows[static_cast<std::size_t>(c)] = channel_row(channel_span(signal, c), rate_hz, static_cast<int>(c), options); });
  return rows;
}

std::vector<TremorPairRow> tremor_pairs(const ChannelsView& signal, double rate_hz, const TremorOptions& options, int threads) {
  require(signal, rate_hz, options);
  std::vector<Segments> all(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    all[static_cast<std::size_t>(c)] = segments_of(prepared(channel_span(signal, c), rate_hz, options), rate_hz, options.segment_s, options.low_hz, std::min(options.high_hz, 0.45 * rate_hz));
  });
  std::vector<TremorPairRow> rows;
  const auto reason = too_short(signal, rate_hz);
  for (std::size_t a = 0; a < all.size(); ++a) {
    for (std::size_t b = a + 1; b < all.size(); ++b) {
      rows.push_back(reason.empty() ? pair_row(all[a], all[b], static_cast<int>(a), static_cast<int>(b), options) : TremorPairRow{.channel = static_cast<int>(a), .other_channel = static_cast<int>(b), .finding = reason});
    }
  }
  return rows;
}

}  // namespace emg
