#include "libemg/filter/ecg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/envelope.h"

namespace emg {
namespace {

constexpr double kLowHz = 5, kHighHz = 30;         // where the QRS complex stands out
constexpr double kTemplateHz = 60, kAlignHz = 40;  // low-passes of the mean beat and of what it is aligned to
constexpr double kBeforeS = 0.3, kAfterS = 0.5;    // of a beat
constexpr double kStartS = 0.32, kEndS = 0.52;     // beats nearer to the ends are left
constexpr double kRefractoryS = 0.3, kThreshold = 0.35;
constexpr double kLowestRate = 25, kHighestRate = 220;
constexpr double kLikeness = 0.5;  // without ECG 0.14-0.20, with it 0.73-1.00
constexpr int kFewestBeats = 8;
constexpr std::size_t kTogether = 64;  // beats whose halves are compared: more of them would make the triggered noise alike too

using Trace = std::vector<double>;

Trace filtered(std::span<const double> x, double rate_hz, const Cascade& design) {
  const RowMatrix y = filter_cascade(one_channel(x), rate_hz, design);
  return {y.data(), y.data() + y.size()};
}

double median_of(Trace values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

// Median of the largest values of 2-s windows, 1 s apart.
double usual_maximum(const Trace& energy, double rate_hz) {
  const Index length = samples_in_s(2, rate_hz), hop = samples_in_s(1, rate_hz), n = static_cast<Index>(energy.size());
  Trace maxima;
  for (Index first = 0; first == 0 || first + length <= n; first += hop) {
    maxima.push_back(*std::max_element(energy.begin() + first, energy.begin() + std::min(n, first + length)));
  }
  return median_of(maxima);
}

// Local maxima above `threshold`, the highest first to claim its surroundings; ascending.
std::vector<Index> peaks_above(const Trace& energy, double threshold, Index apart) {
  std::vector<Index> candidates;
  for (std::size_t i = 1; i + 1 < energy.size(); ++i) {
    if (energy[i] > threshold && energy[i] > energy[i - 1] && energy[i] >= energy[i + 1]) candidates.push_back(static_cast<Index>(i));
  }
  auto order = candidates;
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return energy[static_cast<std::size_t>(a)] > energy[static_cast<std::size_t>(b)]; });
  std::vector<char> taken(energy.size(), 0);
  std::vector<Index> peaks;
  for (const Index peak : order) {
    if (taken[static_cast<std::size_t>(peak)]) continue;
    peaks.push_back(peak);
    const Index from = std::max<Index>(0, peak - apart + 1), to = std::min(static_cast<Index>(energy.size()), peak + apart);
    std::fill(taken.begin() + from, taken.begin() + to, 1);
  }
  std::sort(peaks.begin(), peaks.end());
  return peaks;
}

// The beats of a trace: where the 5-30 Hz band, turned so that the QRS complex points up, is largest.
std::vector<Index> find_beats(std::span<const double> x, double rate_hz) {
  const auto band = filtered(x, rate_hz, bandpass_design(2, kLowHz, kHighHz, rate_hz));
  const RowMatrix rms = envelope(one_channel(band), rate_hz, {.window_ms = 100});
  Trace energy(rms.data(), rms.data() + rms.size());
  for (auto& v : energy) v *= v;
  const auto peaks = peaks_above(energy, kThreshold * usual_maximum(energy, rate_hz), samples_in_s(kRefractoryS, rate_hz));
  const Index reach = samples_in_s(0.06, rate_hz), n = static_cast<Index>(band.size());
  const auto largest_near = [&](Index peak, auto value) {
    Index best = std::max<Index>(0, peak - reach);
    for (Index i = best; i < std::min(n, peak + reach + 1); ++i) {
      if (value(band[static_cast<std::size_t>(i)]) > value(band[static_cast<std::size_t>(best)])) best = i;
    }
    return best;
  };
  Index up = 0;
  for (const Index peak : peaks)
    up += band[static_cast<std::size_t>(largest_near(peak, [](double v) { return std::abs(v); }))] > 0 ? 1 : -1;
  const double sign = up >= 0 ? 1 : -1;
  std::vector<Index> beats;
  for (const Index peak : peaks) beats.push_back(largest_near(peak, [&](double v) { return sign * v; }));
  std::sort(beats.begin(), beats.end());
  beats.erase(std::unique(beats.begin(), beats.end()), beats.end());
  return beats;
}

// A beat from its start to its end in samples.
struct Extent {
  Index before, count;
};

// 10 % trimmed mean of the beats at every place.
Trace trimmed_mean(std::span<const double> x, const std::vector<Index>& beats, const Extent& extent) {
  Trace mean(static_cast<std::size_t>(extent.count)), values(beats.size());
  const auto cut = static_cast<std::ptrdiff_t>(0.1 * static_cast<double>(beats.size()));
  for (Index i = 0; i < extent.count; ++i) {
    for (std::size_t b = 0; b < beats.size(); ++b) values[b] = x[static_cast<std::size_t>(beats[b] - extent.before + i)];
    std::sort(values.begin(), values.end());
    mean[static_cast<std::size_t>(i)] = std::accumulate(values.begin() + cut, values.end() - cut, 0.0) /
                                        static_cast<double>(values.size() - 2 * static_cast<std::size_t>(cut));
  }
  return mean;
}

struct Moments {
  double xy = 0, xx = 0, yy = 0;  // about the means
};

Moments moments(const double* x, const double* y, Index count) {
  double sx = 0, sy = 0;
  for (Index i = 0; i < count; ++i) {
    sx += x[i];
    sy += y[i];
  }
  sx /= static_cast<double>(count);
  sy /= static_cast<double>(count);
  Moments m;
  for (Index i = 0; i < count; ++i) {
    m.xy += (x[i] - sx) * (y[i] - sy);
    m.xx += (x[i] - sx) * (x[i] - sx);
    m.yy += (y[i] - sy) * (y[i] - sy);
  }
  return m;
}

double correlation(const double* x, const double* y, Index count) {
  const auto m = moments(x, y, count);
  return m.xx > 0 && m.yy > 0 ? m.xy / std::sqrt(m.xx * m.yy) : 0;
}

// Moves every beat to where it is most like the mean beat.
void align(std::vector<Index>& beats, const Trace& smooth, const Trace& mean_beat, const Extent& extent, double rate_hz) {
  const Index reach = samples_in_s(0.015, rate_hz), half = samples_in_s(0.075, rate_hz);
  for (auto& beat : beats) {
    Index best = 0;
    double likeness = -2;
    for (Index lag = -reach; lag <= reach; ++lag) {
      const double r = correlation(smooth.data() + beat + lag - half, mean_beat.data() + extent.before - half, 2 * half + 1);
      if (r > likeness) {
        likeness = r;
        best = lag;
      }
    }
    beat = std::clamp(beat + best, extent.before, static_cast<Index>(smooth.size()) - extent.count + extent.before);
  }
}

// Takes sines at harmonics of 50 and 60 Hz away: beats are aligned to within less than their period, so they would come in phase and make
// anything alike.
void remove_lines(Trace& x, double rate_hz) {
  constexpr int kHarmonics = 7;
  for (const double base_hz : {50.0, 60.0}) {
    for (int h = 1; h <= kHarmonics && h * base_hz < rate_hz / 2; ++h) {
      const double step = 2 * std::numbers::pi * h * base_hz / rate_hz;
      double cosine = 0, sine = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        cosine += x[i] * std::cos(step * static_cast<double>(i));
        sine += x[i] * std::sin(step * static_cast<double>(i));
      }
      const double scale = 2 / static_cast<double>(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] -= scale * (cosine * std::cos(step * static_cast<double>(i)) + sine * std::sin(step * static_cast<double>(i)));
      }
    }
  }
}

// Correlation of the mean of the odd and of the even beats, median over groups of neighbours.
double halves_correlation(std::span<const double> x, const std::vector<Index>& beats, const Extent& extent, double rate_hz) {
  Trace all;
  for (std::size_t first = 0; first == 0 || first + kTogether <= beats.size(); first += kTogether) {
    Trace halves[2] = {Trace(static_cast<std::size_t>(extent.count)), Trace(static_cast<std::size_t>(extent.count))};
    for (std::size_t b = first; b < std::min(beats.size(), first + kTogether); ++b) {
      const double* const beat = x.data() + beats[b] - extent.before;
      auto& half = halves[b % 2];
      for (std::size_t i = 0; i < half.size(); ++i) half[i] += beat[i];
    }
    for (auto& half : halves) remove_lines(half, rate_hz);
    all.push_back(correlation(halves[0].data(), halves[1].data(), extent.count));
  }
  return median_of(all);
}

// The mean beat on its own zero line, faded in and out.
void finish_beat(Trace& beat, double rate_hz) {
  const auto edge = static_cast<std::size_t>(samples_in_s(0.02, rate_hz));
  Trace ends(beat.begin(), beat.begin() + static_cast<std::ptrdiff_t>(edge));
  ends.insert(ends.end(), beat.end() - static_cast<std::ptrdiff_t>(edge), beat.end());
  const double zero = median_of(ends);
  for (auto& v : beat) v -= zero;
  for (std::size_t i = 0; i < edge; ++i) {
    const double fade = static_cast<double>(i) / static_cast<double>(edge);
    beat[i] *= fade;
    beat[beat.size() - 1 - i] *= fade;
  }
}

// Subtracts the mean beat, fitted to each beat, from `out`; root mean square of what goes.
double subtract_beats(std::span<const double> x, const std::vector<Index>& beats, const Trace& mean_beat, const Extent& extent,
                      double rate_hz, double* out) {
  const Index half = samples_in_s(0.05, rate_hz);
  double power = 0;
  for (const Index beat : beats) {
    const auto m = moments(x.data() + beat - half, mean_beat.data() + extent.before - half, 2 * half + 1);
    const double size = std::clamp(m.yy > 0 ? m.xy / m.yy : 0.0, 0.5, 1.5);
    for (Index i = 0; i < extent.count; ++i) {
      const double v = size * mean_beat[static_cast<std::size_t>(i)];
      out[beat - extent.before + i] -= v;
      power += v * v;
    }
  }
  return std::sqrt(power / static_cast<double>(x.size()));
}

EcgRow no_ecg(Index channel, std::string why) {
  EcgRow row;
  row.channel = static_cast<int>(channel);
  row.note = "no ECG found: " + std::move(why);
  return row;
}

// Takes the ECG of one channel out of `out`, which starts as a copy of `x`; `beats` were found in it or in the reference.
EcgRow clean_channel(std::span<const double> x, Index channel, double rate_hz, std::vector<Index> beats, double* out) {
  const Extent extent{samples_in_s(kBeforeS, rate_hz), samples_in_s(kBeforeS, rate_hz) + samples_in_s(kAfterS, rate_hz) + 1};
  const auto found = static_cast<int>(beats.size());
  if (found < kFewestBeats) return no_ecg(channel, fmt::format("{} beats", found));
  Trace intervals;
  for (std::size_t b = 1; b < beats.size(); ++b) intervals.push_back(static_cast<double>(beats[b] - beats[b - 1]) / rate_hz);
  const double rate_per_min = 60 / median_of(intervals);
  if (rate_per_min < kLowestRate || rate_per_min > kHighestRate) return no_ecg(channel, fmt::format("{:.3g} beats a minute", rate_per_min));
  const auto n = static_cast<double>(x.size());
  std::erase_if(beats, [&](Index b) { return static_cast<double>(b) < kStartS * rate_hz || static_cast<double>(b) > n - kEndS * rate_hz; });
  if (static_cast<int>(beats.size()) < kFewestBeats) return no_ecg(channel, fmt::format("{} whole beats", beats.size()));
  const auto smooth = filtered(x, rate_hz, lowpass_design(2, kAlignHz, rate_hz));
  Trace mean_beat;
  constexpr int kRounds = 2;
  for (int round = 0; round <= kRounds; ++round) {
    mean_beat = filtered(trimmed_mean(x, beats, extent), rate_hz, lowpass_design(2, kTemplateHz, rate_hz));
    if (round == kRounds) break;
    align(beats, smooth, mean_beat, extent, rate_hz);
  }
  const double likeness = halves_correlation(x, beats, extent, rate_hz);
  if (likeness < kLikeness) return no_ecg(channel, fmt::format("odd and even beats correlate by {:.2f}", likeness));
  finish_beat(mean_beat, rate_hz);
  EcgRow row{static_cast<int>(channel), found, found - static_cast<int>(beats.size()), rate_per_min, likeness, {}, {}, ""};
  row.template_peak_uv =
      std::abs(*std::max_element(mean_beat.begin(), mean_beat.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  row.removed_rms_uv = subtract_beats(x, beats, mean_beat, extent, rate_hz, out);
  return row;
}

void check(const ChannelsView& signal, double rate_hz, const EcgOptions& options) {
  require_signal(signal, rate_hz);
  validate_options(options);
  if (options.reference_channel && *options.reference_channel >= signal.rows()) {
    throw InvalidArgument(
        fmt::format("reference_channel {} is outside [0, {}], the channels of the signal", *options.reference_channel, signal.rows() - 1));
  }
  if (options.method == EcgMethod::highpass) return require_corner("highpass_hz", options.highpass_hz, rate_hz);
  if (options.then_highpass_hz > 0) require_corner("then_highpass_hz", options.then_highpass_hz, rate_hz);
  if (rate_hz <= 2 * kTemplateHz) {
    throw InvalidArgument(
        fmt::format("rate_hz {} is too low to look for an ECG, which needs frequencies up to {} Hz", rate_hz, kTemplateHz));
  }
}

// Cleans all rows of `out`, a copy of `signal`.
std::vector<EcgRow> clean(const ChannelsView& signal, double rate_hz, const EcgOptions& options, int threads, RowMatrix& out) {
  std::vector<Index> reference;
  if (options.reference_channel) reference = find_beats(channel_span(signal, *options.reference_channel), rate_hz);
  std::vector<EcgRow> rows(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    const auto x = channel_span(signal, c);
    const auto beats = options.reference_channel ? reference : find_beats(x, rate_hz);
    rows[static_cast<std::size_t>(c)] = clean_channel(x, c, rate_hz, beats, out.row(c).data());
  });
  return rows;
}

}  // namespace

RowMatrix remove_ecg(const ChannelsView& signal, double rate_hz, const EcgOptions& options, int threads) {
  check(signal, rate_hz, options);
  if (options.method == EcgMethod::highpass)
    return filter_cascade(signal, rate_hz, highpass_design(4, options.highpass_hz, rate_hz), {}, threads);
  RowMatrix out = signal;
  clean(signal, rate_hz, options, threads, out);
  if (options.then_highpass_hz == 0) return out;
  return filter_cascade(out, rate_hz, highpass_design(4, options.then_highpass_hz, rate_hz), {}, threads);
}

std::vector<EcgRow> ecg_beats(const ChannelsView& signal, double rate_hz, const EcgOptions& options, int threads) {
  check(signal, rate_hz, options);
  RowMatrix out = signal;
  return clean(signal, rate_hz, options, threads, out);
}

}  // namespace emg
