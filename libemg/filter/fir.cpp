#include "libemg/filter/fir.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/filter/overlap_save_internal.h"
#include "libemg/spectral/windows.h"

namespace emg {
namespace {

constexpr int kMostTaps = 100001;

bool has_low_edge(FirKind kind) {
  return kind != FirKind::low;
}
bool has_high_edge(FirKind kind) {
  return kind != FirKind::high;
}
bool passes_zero(FirKind kind) {
  return kind == FirKind::low || kind == FirKind::stop;
}
bool passes_half_rate(FirKind kind) {
  return kind == FirKind::high || kind == FirKind::stop;
}

void check(double rate_hz, const FirOptions& o) {
  require_rate(rate_hz);
  validate_options(o);
  if (has_low_edge(o.kind)) require_corner("low_hz", o.low_hz, rate_hz);
  if (has_high_edge(o.kind)) require_corner("high_hz", o.high_hz, rate_hz);
  if (has_low_edge(o.kind) && has_high_edge(o.kind)) require_ascending("low_hz", o.low_hz, "high_hz", o.high_hz);
  if (o.tap_count == 1 || o.tap_count == 2) {
    throw InvalidArgument(fmt::format("tap_count {} is outside the allowed range: 0 or [3, {}]", o.tap_count, kMostTaps));
  }
  if (o.tap_count % 2 == 0 && o.tap_count > 0 && passes_half_rate(o.kind)) {
    throw InvalidArgument(
        fmt::format("tap_count {} is even, but {} passes half the rate, which needs an odd count", o.tap_count, name_of(o.kind)));
  }
}

// Taps x transition width / rate: of the cosine windows, the distance from the pass-band to the first side lobe.
double width_in_taps(const FirOptions& o) {
  switch (o.window) {
    case FirWindow::hamming:
      return 3.3;
    case FirWindow::hann:
      return 3.1;
    case FirWindow::blackman:
      return 5.5;
    case FirWindow::kaiser:
      break;
  }
  // Kaiser 1974: beta from the attenuation A in dB, inverted by halving; taps = (A - 7.95) / 14.36 / width.
  const auto beta_of = [](double a) { return a > 50 ? 0.1102 * (a - 8.7) : 0.5842 * std::pow(a - 21, 0.4) + 0.07886 * (a - 21); };
  double low = 21, high = 400;
  for (int i = 0; i < 60; ++i) (beta_of((low + high) / 2) < o.beta ? low : high) = (low + high) / 2;
  return (low - 7.95) / 14.36;
}

Index automatic_tap_count(double rate_hz, const FirOptions& o) {
  constexpr double kPart = 0.25, kLeastHz = 2;
  double width_hz = rate_hz;
  if (has_low_edge(o.kind)) width_hz = std::min({width_hz, std::max(kPart * o.low_hz, kLeastHz), o.low_hz});
  if (has_high_edge(o.kind)) width_hz = std::min({width_hz, std::max(kPart * o.high_hz, kLeastHz), rate_hz / 2 - o.high_hz});
  if (o.transition_hz) width_hz = *o.transition_hz;
  const double wanted = width_in_taps(o) * rate_hz / width_hz;
  if (!(wanted <= kMostTaps)) {
    throw InvalidArgument(fmt::format("transition_hz {} needs {:.6g} taps at rate_hz {}; the most is {}: widen it or resample first",
                                      width_hz, wanted, rate_hz, kMostTaps));
  }
  // The odd number next above.
  const auto half = static_cast<Index>(std::floor(wanted / 2 + 0.5));
  return std::max<Index>(3, 2 * half + 1);
}

// The sample after the last of a periodic window closes its symmetric form.
std::vector<double> symmetric_window(const FirOptions& o, Index length) {
  if (o.window == FirWindow::kaiser) return kaiser_window(length, o.beta);
  const Window kind = o.window == FirWindow::hamming ? Window::hamming : o.window == FirWindow::hann ? Window::hann : Window::blackman;
  auto window = periodic_window(kind, length - 1);
  window.push_back(window.front());
  return window;
}

// sin(pi f m) / (pi m), the taps of a low-pass at f half rates.
double low_pass_tap(double f, double m) {
  return m == 0 ? f : std::sin(std::numbers::pi * f * m) / (std::numbers::pi * m);
}

}  // namespace

std::vector<double> fir_design(double rate_hz, const FirOptions& options) {
  check(rate_hz, options);
  const Index count = options.tap_count > 0 ? options.tap_count : automatic_tap_count(rate_hz, options);
  const FirKind kind = options.kind;
  const double low = has_low_edge(kind) ? options.low_hz / (rate_hz / 2) : 0;
  const double high = has_high_edge(kind) ? options.high_hz / (rate_hz / 2) : 1;
  // Where the gain shall be one: 0 Hz, half the rate, or the middle of the band.
  const double unit_at = passes_zero(kind) ? 0 : kind == FirKind::high ? 1 : (low + high) / 2;
  auto taps = symmetric_window(options, count);
  double gain = 0;
  for (Index i = 0; i < (count + 1) / 2; ++i) {
    const double m = static_cast<double>(i) - static_cast<double>(count - 1) / 2;
    double ideal = 0;
    if (kind == FirKind::low) ideal = low_pass_tap(high, m);
    if (kind == FirKind::band) ideal = low_pass_tap(high, m) - low_pass_tap(low, m);
    if (kind == FirKind::high) ideal = low_pass_tap(1, m) - low_pass_tap(low, m);
    if (kind == FirKind::stop) ideal = low_pass_tap(1, m) - low_pass_tap(high, m) + low_pass_tap(low, m);
    auto& tap = taps[static_cast<std::size_t>(i)];
    tap *= ideal;
    gain += (m == 0 ? 1 : 2) * tap * (unit_at == 0 ? 1.0 : std::cos(std::numbers::pi * unit_at * m));
  }
  for (Index i = 0; i < (count + 1) / 2; ++i) {
    taps[static_cast<std::size_t>(i)] /= gain;
    taps[static_cast<std::size_t>(count - 1 - i)] = taps[static_cast<std::size_t>(i)];
  }
  return taps;
}

RowMatrix fir(const ChannelsView& signal, double rate_hz, const FirOptions& options, int threads) {
  if (signal.size() == 0) require_signal(signal, rate_hz);
  const auto taps = fir_design(rate_hz, options);
  const bool odd = options.edges == FirEdges::odd;
  try {
    return run_stage([&](Index channels) { return std::make_unique<OverlapSaveStage>(channels, rate_hz, taps, odd); }, signal, threads);
  } catch (const InvalidArgument&) {
    // A stage counts the channels of its own group only.
    require_signal(signal, rate_hz);
    throw;
  }
}

std::unique_ptr<Stage> fir_stage(Index channel_count, double rate_hz, const FirOptions& options) {
  const auto taps = fir_design(rate_hz, options);
  const bool odd = options.edges == FirEdges::odd;
  return grouped_stage([=](Index channels) { return std::make_unique<OverlapSaveStage>(channels, rate_hz, taps, odd); }, channel_count, 1);
}

}  // namespace emg
