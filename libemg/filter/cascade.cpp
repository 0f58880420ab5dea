#include "libemg/filter/cascade.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

double pole_radius(const Section& s) {
  const double discriminant = s.a1 * s.a1 - 4 * s.a2;
  if (discriminant <= 0) return std::sqrt(s.a2);
  return (std::abs(s.a1) + std::sqrt(discriminant)) / 2;
}

// 1 + c1 / z + c2 / z^2 at z = e^{i w}.
std::complex<double> polynomial(double c1, double c2, double w) {
  return 1.0 + c1 * std::polar(1.0, -w) + c2 * std::polar(1.0, -2 * w);
}

}  // namespace

Cascade joined(const Cascade& first, const Cascade& second) {
  Cascade both = first;
  both.gain *= second.gain;
  both.sections.insert(both.sections.end(), second.sections.begin(), second.sections.end());
  return both;
}

Index pad_length(const Cascade& cascade) {
  Index without_zero = 0, without_pole = 0;
  for (const auto& s : cascade.sections) {
    without_zero += s.b2 == 0;
    without_pole += s.a2 == 0;
  }
  const auto pole_count = 2 * static_cast<Index>(cascade.sections.size()) - std::min(without_zero, without_pole);
  return 3 * (pole_count + 1);
}

double max_pole_radius(const Cascade& cascade) {
  double radius = 0;
  for (const auto& s : cascade.sections) radius = std::max(radius, pole_radius(s));
  return radius;
}

Index look_ahead(const Cascade& cascade) {
  constexpr double kDecay = 1e-15;
  const double radius = max_pole_radius(cascade);
  if (radius <= 0) return 0;
  return static_cast<Index>(std::ceil(std::log(kDecay) / std::log(radius)));
}

Index block_length(const Cascade& cascade) {
  constexpr Index kShortest = 4096;
  const Index wanted = std::max(kShortest, 4 * look_ahead(cascade));
  Index length = kShortest;
  while (length < wanted) length *= 2;
  return length;
}

void require_decay(const Cascade& cascade, const char* corner_name, double corner_hz, double rate_hz) {
  constexpr double kLargestRadius = 1 - 1e-7;
  constexpr Index kLongest = 5'000'000;
  if (max_pole_radius(cascade) >= kLargestRadius || look_ahead(cascade) > kLongest) {
    throw InvalidArgument(fmt::format("{} {} Hz is too low or too narrow for rate_hz {}; resample first", corner_name, corner_hz, rate_hz));
  }
}

double response_magnitude(const Cascade& cascade, double rate_hz, double frequency_hz) {
  const double w = 2 * std::numbers::pi * frequency_hz / rate_hz;
  double magnitude = std::abs(cascade.gain);
  for (const auto& s : cascade.sections) magnitude *= std::abs(polynomial(s.b1, s.b2, w) / polynomial(s.a1, s.a2, w));
  return magnitude;
}

double group_delay_ms(const Cascade& cascade, double rate_hz, double frequency_hz) {
  const double w = 2 * std::numbers::pi * frequency_hz / rate_hz;
  double samples = 0;
  for (const auto& s : cascade.sections) {
    // (1, b, 1) and (1, 0, -1) delay by one sample, (1, +-1, 0) by a half, at every frequency.
    samples += s.b2 == 0 ? 0.5 * std::abs(s.b1) : 1.0;
    const auto weighted = s.a1 * std::polar(1.0, -w) + 2 * s.a2 * std::polar(1.0, -2 * w);
    samples -= (weighted / polynomial(s.a1, s.a2, w)).real();
  }
  return 1000 * samples / rate_hz;
}

RowMatrix filter_cascade(const ChannelsView& signal, double rate_hz, const Cascade& cascade, const CascadeMode& mode, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  try {
    return run_stage([&](Index channels) { return cascade_stage(channels, rate_hz, cascade, mode); }, signal, threads);
  } catch (const InvalidArgument&) {
    // A stage counts the channels of its own group only.
    require_signal(signal, rate_hz);
    throw;
  }
}

RowMatrix filter_chain(const ChannelsView& signal, double rate_hz, const std::vector<Cascade>& cascades, const CascadeMode& mode,
                       int threads) {
  Cascade all;
  for (const auto& cascade : cascades) all = joined(all, cascade);
  return filter_cascade(signal, rate_hz, all, mode, threads);
}

}  // namespace emg
