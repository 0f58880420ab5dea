#include "libemg/simulate/fibre_potential.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace emg {
namespace {

constexpr double kWaveMv = 96;            // A of Rosenfalck 1969
constexpr double kWaveCells = 30;         // e^-30: nothing is left of the wave
constexpr double kIntracellularS = 1.01;  // S/m, Andreassen & Rosenfalck 1981
constexpr double kRadialS = 0.063;
constexpr double kUvPerMv = 1000;

}  // namespace

double fibre_velocity_m_s(double diameter_um) {
  return 2.2 + (std::clamp(diameter_um, 22.0, 85.0) - 22) * (3.0 / 63);
}

double wave_slope(double behind_mm, double scale) {
  if (behind_mm <= 0) return 0;
  const double x = scale * behind_mm;
  return scale * kWaveMv * (3 - x) * x * x * std::exp(-x);
}

double wave_length_mm(double scale) {
  return kWaveCells / scale;
}

double infinite_kernel(double radial_mm, double axial_mm) {
  const double square = kAnisotropy * kAnisotropy * radial_mm * radial_mm + axial_mm * axial_mm;
  return axial_mm / (4 * std::numbers::pi * kRadialS * square * std::sqrt(square));
}

WaveSlope::WaveSlope(double scale, double cell_mm, double reach)
    : scale_(scale), cell_mm_(cell_mm), slope_(static_cast<std::size_t>(std::ceil(reach / scale / cell_mm))) {
  for (std::size_t k = 0; k < slope_.size(); ++k) slope_[k] = wave_slope((static_cast<double>(k) + 0.5) * cell_mm, scale);
}

std::size_t WaveSlope::size(const Fibre& fibre) const {
  const double longest = std::max(fibre.positive_mm, fibre.negative_mm);
  return static_cast<std::size_t>(std::ceil(longest / cell_mm_)) + slope_.size() + 1;
}

void WaveSlope::add_cell(std::size_t j, double g, std::vector<double>& phi) const {
  double* out = phi.data() + j + 1;
  const double* slope = slope_.data();
  for (std::size_t k = 0; k < slope_.size(); ++k) out[k] += slope[k] * g;
}

void WaveSlope::add_cut_cell(std::size_t whole, double z_mm, double g, std::vector<double>& phi) const {
  for (std::size_t m = whole; m < phi.size(); ++m) phi[m] += wave_slope(static_cast<double>(m) * cell_mm_ - z_mm, scale_) * g;
}

void WaveSlope::finish(const Fibre& fibre, std::vector<double>& phi) const {
  const double diameter_mm = fibre.diameter_um / 1000;
  const double factor = kIntracellularS * std::numbers::pi * diameter_mm * diameter_mm / 4 * cell_mm_ * kUvPerMv;
  for (auto& v : phi) v *= factor;
}

std::vector<double> fibre_wave(const Fibre& fibre, const DipoleKernel& kernel, double scale, double cell_mm) {
  return WaveSlope(scale, cell_mm).fibre_wave(fibre, kernel);
}

double cubic_at(std::span<const double> values, double place) {
  const auto n = static_cast<std::ptrdiff_t>(values.size());
  const double base = std::floor(place);
  const auto i = static_cast<std::ptrdiff_t>(base);
  if (i < -1 || i > n - 1) return 0;
  const auto at = [&](std::ptrdiff_t k) { return k < 0 || k >= n ? 0.0 : values[static_cast<std::size_t>(k)]; };
  const double t = place - base, a = at(i - 1), b = at(i), c = at(i + 1), d = at(i + 2);
  // Lagrange weights of the nodes -1, 0, 1, 2.
  return -t * (t - 1) * (t - 2) / 6 * a + (t + 1) * (t - 1) * (t - 2) / 2 * b - (t + 1) * t * (t - 2) / 2 * c +
         (t + 1) * t * (t - 1) / 6 * d;
}

void add_fibre_wave(const Fibre& fibre, std::span<const double> wave, double cell_mm, double gain, double rate_hz, std::span<double> sum) {
  const double cells_per_sample = fibre.velocity_m_s * 1000 / rate_hz / cell_mm;
  const double delay_samples = fibre.delay_ms * rate_hz / 1000;
  const double last = delay_samples + static_cast<double>(wave.size()) / cells_per_sample;
  const auto end = std::min(sum.size(), static_cast<std::size_t>(std::max(0.0, last) + 1));
  for (auto n = static_cast<std::size_t>(std::max(0.0, std::floor(delay_samples))); n < end; ++n) {
    sum[n] += gain * cubic_at(wave, (static_cast<double>(n) - delay_samples) * cells_per_sample);
  }
}

}  // namespace emg
