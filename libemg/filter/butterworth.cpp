#include "libemg/filter/butterworth.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "libemg/core/validate.h"

namespace emg {
namespace {

using Real = long double;
using Complex = std::complex<Real>;

constexpr Real kPi = std::numbers::pi_v<Real>;

// A section before rounding: denominator, numerator, largest pole radius and the angle of its poles.
struct Draft {
  Real a1 = 0, a2 = 0, b1 = 0, b2 = 0;
  Real radius = 0, angle = 0;
};

Real warped(double corner_hz, double rate_hz) {
  return std::tan(kPi * static_cast<Real>(corner_hz) / static_cast<Real>(rate_hz));
}

// Bilinear transform for corners warped by tan(pi f / rate).
Complex to_z(Complex s) {
  return (Real(1) + s) / (Real(1) - s);
}

// Section of the conjugate pair at analog pole `s`.
Draft pair_section(Complex s) {
  const Complex z = to_z(s);
  return {-2 * z.real(), std::norm(z), 0, 0, std::abs(z), std::abs(std::arg(z))};
}

Draft real_section(Real s) {
  const Real z = to_z(Complex(s)).real();
  return {-z, 0, 0, 0, std::abs(z), 0};
}

// Section of two analog poles that are real or conjugate.
Draft two_pole_section(Complex s, Complex t) {
  if (s.imag() != 0) return pair_section(s);
  const Real y = to_z(s).real(), z = to_z(t).real();
  return {-(y + z), y * z, 0, 0, std::max(std::abs(y), std::abs(z)), 0};
}

// Poles of the analog prototype with positive imaginary part; an odd order has one more at -1.
std::vector<Complex> prototype_poles(int order) {
  std::vector<Complex> poles;
  for (int k = 0; k < order / 2; ++k) poles.push_back(std::polar(Real(1), kPi * (2 * k + order + 1) / (2 * order)));
  return poles;
}

// Both solutions of s^2 - 2 half s + centre^2 = 0.
std::pair<Complex, Complex> split(Complex half, Real centre) {
  const Complex root = std::sqrt(half * half - centre * centre);
  return {half + root, half - root};
}

void set_zeros(Draft& draft, Real b1, Real b2) {
  draft.b1 = b1;
  draft.b2 = b2;
}

Real magnitude_at(const std::vector<Draft>& drafts, Real angle) {
  const Complex v = std::polar(Real(1), -angle), v2 = std::polar(Real(1), -2 * angle);
  Real magnitude = 1;
  for (const auto& d : drafts) magnitude *= std::abs((Real(1) + d.b1 * v + d.b2 * v2) / (Real(1) + d.a1 * v + d.a2 * v2));
  return magnitude;
}

// Sorts by radius, so that the sharpest resonance comes last, and rounds. The response is 1 at `unit_angle`.
Cascade finish(std::vector<Draft> drafts, Real unit_angle) {
  std::stable_sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) { return a.radius < b.radius; });
  Cascade cascade;
  cascade.gain = static_cast<double>(1 / magnitude_at(drafts, unit_angle));
  for (const auto& d : drafts) {
    cascade.sections.push_back(
        {static_cast<double>(d.b1), static_cast<double>(d.b2), static_cast<double>(d.a1), static_cast<double>(d.a2)});
  }
  return cascade;
}

// Low-pass: zero = -1; high-pass: zero = 1.
Cascade one_corner(int order, double cut_hz, double rate_hz, int zero) {
  require_corner("cut_hz", cut_hz, rate_hz);
  const Real corner = warped(cut_hz, rate_hz);
  std::vector<Draft> drafts;
  for (const auto& p : prototype_poles(order)) {
    drafts.push_back(pair_section(zero < 0 ? corner * p : corner / p));
    set_zeros(drafts.back(), -2 * zero, 1);
  }
  if (order % 2 == 1) {
    drafts.push_back(real_section(-corner));
    set_zeros(drafts.back(), -zero, 0);
  }
  auto cascade = finish(std::move(drafts), zero < 0 ? 0 : kPi);
  require_decay(cascade, "cut_hz", cut_hz, rate_hz);
  return cascade;
}

struct Edges {
  Real half_width, centre;
};

Edges warped_edges(double low_hz, double high_hz, double rate_hz) {
  require_ascending("low_hz", low_hz, "high_hz", high_hz);
  require_corner("low_hz", low_hz, rate_hz);
  require_corner("high_hz", high_hz, rate_hz);
  const Real low = warped(low_hz, rate_hz), high = warped(high_hz, rate_hz);
  return {(high - low) / 2, std::sqrt(low * high)};
}

template <class Options>
CascadeMode mode_of(const Options& options) {
  return {options.zero_phase, options.initial};
}

template <class Options>
void check(double rate_hz, const Options& options) {
  require_rate(rate_hz);
  validate_options(options);
}

Cascade design(double rate_hz, const BandpassOptions& o) {
  check(rate_hz, o);
  return bandpass_design(o.order, o.low_hz, o.high_hz, rate_hz);
}
Cascade design(double rate_hz, const BandstopOptions& o) {
  check(rate_hz, o);
  return bandstop_design(o.order, o.low_hz, o.high_hz, rate_hz);
}
Cascade design(double rate_hz, const LowpassOptions& o) {
  check(rate_hz, o);
  return lowpass_design(o.order, o.cut_hz, rate_hz);
}
Cascade design(double rate_hz, const HighpassOptions& o) {
  check(rate_hz, o);
  return highpass_design(o.order, o.cut_hz, rate_hz);
}

template <class Options>
RowMatrix run(const ChannelsView& signal, double rate_hz, const Options& options, int threads) {
  if (signal.size() == 0) require_signal(signal, rate_hz);
  return filter_cascade(signal, rate_hz, design(rate_hz, options), mode_of(options), threads);
}

template <class Options>
std::unique_ptr<Stage> stage(Index channel_count, double rate_hz, const Options& options) {
  return cascade_stage(channel_count, rate_hz, design(rate_hz, options), mode_of(options));
}

}  // namespace

Cascade lowpass_design(int order, double cut_hz, double rate_hz) {
  return one_corner(order, cut_hz, rate_hz, -1);
}
Cascade highpass_design(int order, double cut_hz, double rate_hz) {
  return one_corner(order, cut_hz, rate_hz, 1);
}

Cascade bandpass_design(int order, double low_hz, double high_hz, double rate_hz) {
  const auto [half_width, centre] = warped_edges(low_hz, high_hz, rate_hz);
  std::vector<Draft> drafts;
  for (const auto& p : prototype_poles(order)) {
    const auto [s, t] = split(half_width * p, centre);
    drafts.push_back(pair_section(s));
    drafts.push_back(pair_section(t));
  }
  std::sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) { return a.angle < b.angle; });
  for (std::size_t i = 0; i < drafts.size(); ++i) set_zeros(drafts[i], 2 * i < drafts.size() ? -2 : 2, 1);
  if (order % 2 == 1) {
    const auto [s, t] = split(Complex(-half_width), centre);
    drafts.push_back(two_pole_section(s, t));
    set_zeros(drafts.back(), 0, -1);
  }
  auto cascade = finish(std::move(drafts), 2 * std::atan(centre));
  require_decay(cascade, "low_hz", low_hz, rate_hz);
  return cascade;
}

Cascade bandstop_design(int order, double low_hz, double high_hz, double rate_hz) {
  const auto [half_width, centre] = warped_edges(low_hz, high_hz, rate_hz);
  std::vector<Draft> drafts;
  for (const auto& p : prototype_poles(order)) {
    const auto [s, t] = split(half_width / p, centre);
    drafts.push_back(pair_section(s));
    drafts.push_back(pair_section(t));
  }
  if (order % 2 == 1) {
    const auto [s, t] = split(Complex(-half_width), centre);
    drafts.push_back(two_pole_section(s, t));
  }
  const Real zero_angle = 2 * std::atan(centre);
  for (auto& d : drafts) set_zeros(d, -2 * std::cos(zero_angle), 1);
  auto cascade = finish(std::move(drafts), 0);
  require_decay(cascade, "low_hz", low_hz, rate_hz);
  return cascade;
}

RowMatrix bandpass(const ChannelsView& signal, double rate_hz, const BandpassOptions& options, int threads) {
  return run(signal, rate_hz, options, threads);
}
RowMatrix bandstop(const ChannelsView& signal, double rate_hz, const BandstopOptions& options, int threads) {
  return run(signal, rate_hz, options, threads);
}
RowMatrix lowpass(const ChannelsView& signal, double rate_hz, const LowpassOptions& options, int threads) {
  return run(signal, rate_hz, options, threads);
}
RowMatrix highpass(const ChannelsView& signal, double rate_hz, const HighpassOptions& options, int threads) {
  return run(signal, rate_hz, options, threads);
}

std::unique_ptr<Stage> bandpass_stage(Index channel_count, double rate_hz, const BandpassOptions& options) {
  return stage(channel_count, rate_hz, options);
}
std::unique_ptr<Stage> bandstop_stage(Index channel_count, double rate_hz, const BandstopOptions& options) {
  return stage(channel_count, rate_hz, options);
}
std::unique_ptr<Stage> lowpass_stage(Index channel_count, double rate_hz, const LowpassOptions& options) {
  return stage(channel_count, rate_hz, options);
}
std::unique_ptr<Stage> highpass_stage(Index channel_count, double rate_hz, const HighpassOptions& options) {
  return stage(channel_count, rate_hz, options);
}

}  // namespace emg
