#pragma once
// The delay between two channels from the slope of their phase.

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <vector>

#include "libemg/spectral/coherence.h"
#include "libemg/spectral/cross_spectra_internal.h"

namespace emg {

struct PhaseDelay {
  double delay_ms = std::numeric_limits<double>::quiet_NaN();
  double error_ms = std::numeric_limits<double>::quiet_NaN();
  double intercept_rad = std::numeric_limits<double>::quiet_NaN();
  Index bin_count = 0;
};

/// 1 + the sum over all other bins of the squared correlation with a bin: how much more a sum over bins varies than if they were
/// independent. By Parseval N sum_n (sum_k w_k[n]^2)^2 / K for K windows of unit energy.
inline double bin_correlation(const SegmentWindows& windows) {
  const std::size_t length = windows.values.front().size();
  std::vector<double> energy(length);
  for (const auto& window : windows.values) {
    const double power = window_power(window);
    for (std::size_t i = 0; i < length; ++i) energy[i] += window[i] * window[i] / power;
  }
  return static_cast<double>(length) * window_power(energy) / static_cast<double>(windows.values.size());
}

/// Least squares through the phases of the bins of [low_hz, high_hz] whose coherence exceeds the limit; the phase is unwrapped around the
/// delay at which they agree best, so that a bin left out does not lose a turn.
inline PhaseDelay delay_of_phase(const Coherence& c, double low_hz, double high_hz, double segments, double correlation) {
  constexpr double kTurn = 2 * std::numbers::pi;
  struct Bin {
    double frequency_hz, phase, weight;
  };
  std::vector<Bin> bins;
  for (std::size_t k = 1; k < c.coherence.size(); ++k) {
    if (c.frequency_hz[k] < low_hz || c.frequency_hz[k] > high_hz || !(c.coherence[k] > c.limit)) continue;
    // Two identical channels would weigh infinitely much.
    const double share = std::min(c.coherence[k], 1 - 1e-12);
    bins.push_back({c.frequency_hz[k], c.phase_rad[k], 2 * segments * share / (1 - share)});
  }
  PhaseDelay found;
  found.bin_count = static_cast<Index>(bins.size());
  if (bins.size() < 3) return found;
  double total = 0, centre = 0;
  for (const auto& b : bins) {
    total += b.weight;
    centre += b.weight * b.frequency_hz;
  }
  centre /= total;
  // Delays up to a quarter of a segment, in steps of an eighth of what the band tells apart.
  const double width_hz = bins.back().frequency_hz - bins.front().frequency_hz, longest_s = 0.25 / c.frequency_hz[1];
  const double step_s = 0.125 / width_hz;
  const auto steps = static_cast<Index>(longest_s / step_s);
  std::vector<std::complex<double>> turned, turn;
  for (const auto& b : bins) {
    turned.push_back(std::polar(b.weight, b.phase - kTurn * b.frequency_hz * static_cast<double>(steps) * step_s));
    turn.push_back(std::polar(1.0, kTurn * b.frequency_hz * step_s));
  }
  double best = -1, rough_s = 0;
  for (Index step = -steps; step <= steps; ++step) {
    std::complex<double> sum = 0;
    for (std::size_t k = 0; k < bins.size(); ++k) {
      sum += turned[k];
      turned[k] *= turn[k];
    }
    if (std::abs(sum) > best) {
      best = std::abs(sum);
      rough_s = static_cast<double>(step) * step_s;
    }
  }
  std::complex<double> mean = 0;
  for (const auto& b : bins) mean += std::polar(b.weight, b.phase + kTurn * b.frequency_hz * rough_s);
  const double offset = std::arg(mean);
  double rest = 0, slope = 0, spread = 0;
  for (const auto& b : bins) {
    const double away = std::remainder(b.phase + kTurn * b.frequency_hz * rough_s - offset, kTurn);
    rest += b.weight * away;
    slope += b.weight * (b.frequency_hz - centre) * away;
    spread += b.weight * (b.frequency_hz - centre) * (b.frequency_hz - centre);
  }
  slope /= spread;
  found.delay_ms = 1000 * (rough_s - slope / kTurn);
  found.error_ms = 1000 * std::sqrt(correlation / spread) / kTurn;
  found.intercept_rad = std::remainder(offset + rest / total - slope * centre, kTurn);
  return found;
}

}  // namespace emg
