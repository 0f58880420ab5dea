#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "libemg/filter/line_fit_internal.h"
#include "libemg/spectral/kernels_internal.h"
#include "libemg/spectral/windows.h"

namespace emg {
namespace {

using std::numbers::pi;
using Complex = std::complex<double>;

constexpr double kFloor = 1e-3;  // added to the Hann window, so that the ends of the record have a weight
constexpr int kGrid = 21;        // frequencies of the search

// Sum of e^{i angle t} for t = 0 .. count - 1.
Complex geometric_sum(double angle, Index count) {
  const double half = std::sin(angle / 2), n = static_cast<double>(count);
  if (std::abs(half) < 1e-12) return n;
  return std::polar(std::sin(n * angle / 2) / half, angle * (n - 1) / 2);
}

// Sum of weight[t] e^{i angle (t - count / 2)}, in closed form.
Complex weighted_sum(double angle, Index count) {
  const double step = 2 * pi / static_cast<double>(count);
  const Complex sum =
      (0.5 + kFloor) * geometric_sum(angle, count) - 0.25 * geometric_sum(angle + step, count) - 0.25 * geometric_sum(angle - step, count);
  return std::polar(1.0, -angle * static_cast<double>(count / 2)) * sum;
}

}  // namespace

LineFit::LineFit(Index length, double rate_hz, double base_hz, std::vector<int> harmonics, double search_hz)
    : rate_hz_(rate_hz), base_hz_(base_hz), search_hz_(search_hz), harmonics_(std::move(harmonics)) {
  weights_ = periodic_window(Window::hann, length);
  for (double& w : weights_) w += kFloor;
  if (search_hz_ > 0) base_ = tables(base_hz_);
}

HarmonicTables LineFit::tables(double frequency_hz) const {
  const auto rows = static_cast<Index>(harmonics_.size());
  HarmonicTables t{RowMatrix(rows, length()), RowMatrix(rows, length()), RowMatrix(rows, length()), RowMatrix(rows, length())};
  for (Index h = 0; h < rows; ++h) {
    const double step = 2 * pi * harmonics_[static_cast<std::size_t>(h)] * frequency_hz / rate_hz_;
    // Turned on from exact values every so often: the error of a few turns stays below 1e-14.
    constexpr Index kTurns = 32;
    const Complex turn = std::polar(1.0, step);
    Complex now;
    for (Index i = 0; i < length(); ++i) {
      now = i % kTurns == 0
                ? std::polar(1.0, step * static_cast<double>(i - length() / 2))
                : Complex(now.real() * turn.real() - now.imag() * turn.imag(), now.real() * turn.imag() + now.imag() * turn.real());
      const double w = weights_[static_cast<std::size_t>(i)];
      t.cosines(h, i) = now.real();
      t.sines(h, i) = now.imag();
      t.weighted_cosines(h, i) = w * now.real();
      t.weighted_sines(h, i) = w * now.imag();
    }
  }
  return t;
}

std::vector<double> LineFit::power(const double* x) const {
  std::vector<double> power(kGrid, 0.0);
  const auto& k = spectral_kernels::kernels();
  // Parts so short that within one the search turns the phase by no more than a tenth at its ends.
  constexpr double kPhase = 0.1;
  const double fastest_hz = search_hz_ * harmonics_.back();
  const auto part = std::clamp<Index>(static_cast<Index>(kPhase / (pi * fastest_hz) * rate_hz_), 1, length());
  const Index parts = (length() + part - 1) / part;
  std::vector<Complex> sums(static_cast<std::size_t>(parts));
  for (std::size_t h = 0; h < harmonics_.size(); ++h) {
    for (Index p = 0; p < parts; ++p) {
      const Index first = p * part, count = std::min(part, length() - first);
      sums[static_cast<std::size_t>(p)] = {k.dot(x + first, base_.weighted_cosines.row(static_cast<Index>(h)).data() + first, count),
                                           -k.dot(x + first, base_.weighted_sines.row(static_cast<Index>(h)).data() + first, count)};
    }
    for (int g = 0; g < kGrid; ++g) {
      const double shift_hz = search_hz_ * (2.0 * g / (kGrid - 1) - 1) * harmonics_[h];
      const Complex turn = std::polar(1.0, -2 * pi * shift_hz * static_cast<double>(part) / rate_hz_);
      Complex phase = 1, sum = 0;
      for (const auto& s : sums) {
        sum += Complex(s.real() * phase.real() - s.imag() * phase.imag(), s.real() * phase.imag() + s.imag() * phase.real());
        phase = {phase.real() * turn.real() - phase.imag() * turn.imag(), phase.real() * turn.imag() + phase.imag() * turn.real()};
      }
      // What the turning within a part takes from the sum.
      const double half_turn = pi * shift_hz * static_cast<double>(part) / rate_hz_;
      const double kept = half_turn == 0 ? 1 : std::sin(half_turn) / half_turn;
      power[static_cast<std::size_t>(g)] += std::norm(sum) / (kept * kept);
    }
  }
  return power;
}

double LineFit::best_frequency(const std::vector<double>& power) const {
  if (search_hz_ <= 0) return base_hz_;
  const auto best = std::max_element(power.begin(), power.end()) - power.begin();
  double place = static_cast<double>(best);
  if (best > 0 && best + 1 < kGrid) {
    const double before = power[static_cast<std::size_t>(best - 1)], at = power[static_cast<std::size_t>(best)],
                 after = power[static_cast<std::size_t>(best + 1)];
    const double bend = before - 2 * at + after;
    if (bend < 0) place += 0.5 * (before - after) / bend;
  }
  return base_hz_ + search_hz_ * (2 * place / (kGrid - 1) - 1);
}

HarmonicFit LineFit::fit(const double* x, double frequency_hz, const HarmonicTables& tables) const {
  const auto& k = spectral_kernels::kernels();
  const auto count = static_cast<Index>(harmonics_.size());
  const double step = 2 * pi * frequency_hz / rate_hz_;
  Eigen::MatrixXd normal(2 * count + 1, 2 * count + 1);
  Eigen::VectorXd right(2 * count + 1);
  normal(0, 0) = weighted_sum(0, length()).real();
  right(0) = k.dot(x, weights_.data(), length());
  for (Index a = 0; a < count; ++a) {
    const int h = harmonics_[static_cast<std::size_t>(a)];
    const Complex own = weighted_sum(h * step, length());
    normal(2 * a + 1, 0) = own.real();
    normal(2 * a + 2, 0) = own.imag();
    right(2 * a + 1) = k.dot(x, tables.weighted_cosines.row(a).data(), length());
    right(2 * a + 2) = k.dot(x, tables.weighted_sines.row(a).data(), length());
    for (Index b = 0; b <= a; ++b) {
      const int g = harmonics_[static_cast<std::size_t>(b)];
      const Complex sum = weighted_sum((h + g) * step, length()), difference = weighted_sum((h - g) * step, length());
      normal(2 * a + 1, 2 * b + 1) = (difference.real() + sum.real()) / 2;
      normal(2 * a + 2, 2 * b + 2) = (difference.real() - sum.real()) / 2;
      normal(2 * a + 1, 2 * b + 2) = (sum.imag() - difference.imag()) / 2;  // cos h, sin g
      normal(2 * a + 2, 2 * b + 1) = (sum.imag() + difference.imag()) / 2;  // sin h, cos g
    }
  }
  const Eigen::VectorXd solution = normal.selfadjointView<Eigen::Lower>().ldlt().solve(right);
  HarmonicFit fit;
  for (Index a = 0; a < count; ++a) {
    fit.cosine.push_back(solution(2 * a + 1));
    fit.sine.push_back(solution(2 * a + 2));
  }
  return fit;
}

void LineFit::add_weighted(const HarmonicFit& fit, const HarmonicTables& tables, double* out) const {
  for (std::size_t h = 0; h < harmonics_.size(); ++h) {
    const double* const c = tables.weighted_cosines.row(static_cast<Index>(h)).data();
    const double* const s = tables.weighted_sines.row(static_cast<Index>(h)).data();
    for (Index i = 0; i < length(); ++i) out[i] += fit.cosine[h] * c[i] + fit.sine[h] * s[i];
  }
}

}  // namespace emg
