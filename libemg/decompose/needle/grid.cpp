#include "libemg/decompose/needle/grid.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace emg::needle {
namespace {

constexpr int kPhaseCount = 64;

double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < 40; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

// Kaiser window, beta 5: side lobes 50 dB down at 8 taps.
std::array<double, kTaps> windowed_sinc(double fraction) {
  std::array<double, kTaps> taps{};
  constexpr double kBeta = 5;
  double sum = 0;
  for (int k = 0; k < kTaps; ++k) {
    const double x = k - 3 - fraction, u = x / (kTaps / 2.0);
    const double window = std::abs(u) < 1 ? bessel_i0(kBeta * std::sqrt(1 - u * u)) / bessel_i0(kBeta) : 0;
    const double sinc = std::abs(x) < 1e-12 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
    taps[static_cast<std::size_t>(k)] = window * sinc;
    sum += taps[static_cast<std::size_t>(k)];
  }
  for (auto& t : taps) t /= sum;
  return taps;
}

const std::vector<std::array<double, kTaps>>& phases() {
  static const auto table = [] {
    std::vector<std::array<double, kTaps>> all;
    for (int p = 0; p <= kPhaseCount; ++p) all.push_back(windowed_sinc(static_cast<double>(p) / kPhaseCount));
    return all;
  }();
  return table;
}

}  // namespace

std::array<double, kTaps> taps_at(double fraction) {
  const double p = fraction * kPhaseCount;
  const auto low = std::min(static_cast<std::size_t>(p), static_cast<std::size_t>(kPhaseCount - 1));
  const double rest = p - static_cast<double>(low);
  std::array<double, kTaps> taps = phases()[low];
  for (std::size_t k = 0; k < taps.size(); ++k) taps[k] += rest * (phases()[low + 1][k] - taps[k]);
  return taps;
}

void read_at(std::span<const double> x, double position, std::span<double> out) {
  const double whole = std::floor(position);
  const auto taps = taps_at(position - whole);
  const auto first = static_cast<Index>(whole) - 3, size = static_cast<Index>(x.size());
  for (Index i = 0; i < static_cast<Index>(out.size()); ++i) {
    const Index start = first + i;
    double sum = 0;
    if (start >= 0 && start + kTaps <= size) {
      for (Index k = 0; k < kTaps; ++k) sum += taps[static_cast<std::size_t>(k)] * x[static_cast<std::size_t>(start + k)];
    } else {
      for (Index k = std::max<Index>(0, -start); k < kTaps && start + k < size; ++k)
        sum += taps[static_cast<std::size_t>(k)] * x[static_cast<std::size_t>(start + k)];
    }
    out[static_cast<std::size_t>(i)] = sum;
  }
}

void add_at(std::span<double> out, double position, std::span<const double> shape, double gain) {
  // shape(n - position) is read at -position: a few samples before and after it the taps still reach it.
  const double whole = std::floor(position);
  const Index first = std::max<Index>(0, static_cast<Index>(whole) - kTaps);
  const Index last = std::min<Index>(static_cast<Index>(out.size()), static_cast<Index>(whole) + static_cast<Index>(shape.size()) + kTaps);
  if (first >= last) return;
  std::vector<double> moved(static_cast<std::size_t>(last - first));
  read_at(shape, static_cast<double>(first) - position, moved);
  for (Index i = first; i < last; ++i) out[static_cast<std::size_t>(i)] += gain * moved[static_cast<std::size_t>(i - first)];
}

}  // namespace emg::needle
