#include "libemg/spectral/wavelet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/spectral/fft.h"

namespace emg {
namespace {

using Complex = std::complex<double>;

std::vector<double> frequencies_of(const WaveletOptions& options, double rate_hz) {
  if (!options.frequencies_hz.empty()) return options.frequencies_hz;
  constexpr int kCount = 40;
  const double low = std::min(10.0, 0.045 * rate_hz), high = std::min(500.0, 0.45 * rate_hz);
  std::vector<double> frequencies;
  for (int k = 0; k < kCount; ++k) frequencies.push_back(low * std::pow(high / low, k / (kCount - 1.0)));
  return frequencies;
}

// Samples from -half to half.
std::vector<Complex> wavelet_at(double frequency_hz, double rate_hz, const WaveletOptions& options) {
  constexpr double kReach = 5;
  const double sigma_s = options.cycle_count / (2 * std::numbers::pi * frequency_hz);
  const double offset = options.zero_mean ? std::exp(-2 * std::pow(std::numbers::pi * frequency_hz * sigma_s, 2)) : 0;
  std::vector<Complex> half;
  for (Index i = 0; static_cast<double>(i) / rate_hz < kReach * sigma_s; ++i) {
    const double t = static_cast<double>(i) / rate_hz;
    half.push_back((std::polar(1.0, 2 * std::numbers::pi * frequency_hz * t) - offset) * std::exp(-t * t / (2 * sigma_s * sigma_s)));
  }
  std::vector<Complex> w;
  for (std::size_t i = half.size(); i-- > 1;) w.push_back(std::conj(half[i]));
  w.insert(w.end(), half.begin(), half.end());
  double energy = 0, sum = 0;
  for (const auto& v : w) {
    energy += std::norm(v);
    sum += std::abs(v);
  }
  const double scale = options.quantity == WaveletQuantity::amplitude ? 2 / sum : 1 / std::sqrt(0.5 * energy);
  for (auto& v : w) v *= scale;
  return w;
}

// Wavelets of similar length share the transforms of the signal.
struct Bank {
  Index length = 0;                            // of the transform
  Index reach = 0;                             // half length of the longest wavelet
  std::vector<std::size_t> members;            // positions among the frequencies
  std::vector<std::vector<Complex>> response;  // of each member, scaled by 1 / length
};

std::vector<Bank> banks_of(const std::vector<std::vector<Complex>>& wavelets, Index sample_count) {
  std::vector<std::size_t> order(wavelets.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wavelets[a].size() > wavelets[b].size(); });
  constexpr Index kShortest = 4096;
  std::vector<Bank> banks;
  for (const auto i : order) {
    const auto size = static_cast<Index>(wavelets[i].size());
    const Index wanted = std::max(kShortest, 4 * size), whole = sample_count + size;
    const Index length = next_fast_length(std::min(wanted, std::max<Index>(whole, 16)));
    if (banks.empty() || banks.back().length > 2 * length) banks.push_back({length, size / 2, {}, {}});
    banks.back().members.push_back(i);
  }
  for (auto& bank : banks) {
    ComplexFft fft(bank.length);
    for (const auto i : bank.members) {
      std::fill(fft.values().begin(), fft.values().end(), Complex(0));
      const auto half = static_cast<Index>(wavelets[i].size() / 2);
      // Aligned to its middle: output sample s stands at place s.
      for (Index k = -half; k <= half; ++k) {
        fft.values()[static_cast<std::size_t>((k + bank.length) % bank.length)] = wavelets[i][static_cast<std::size_t>(k + half)];
      }
      fft.forward();
      bank.response.emplace_back(fft.values().begin(), fft.values().end());
    }
  }
  return banks;
}

// Where the values of one channel and frequency go.
struct Target {
  double *power = nullptr, *amplitude = nullptr, *real = nullptr, *imaginary = nullptr;

  void put(Index k, const Complex& value) const {
    if (power) power[k] = std::norm(value);
    if (amplitude) amplitude[k] = std::abs(value);
    if (real) {
      real[k] = value.real();
      imaginary[k] = value.imag();
    }
  }
};

Target target_of(WaveletPicture& picture, Index channel, std::size_t frequency) {
  const auto place = [&](Cube& cube) -> double* {
    if (cube.values.empty()) return nullptr;
    return cube.values.data() + (channel * cube.row_count + static_cast<Index>(frequency)) * cube.column_count;
  };
  return {place(picture.power_uv2), place(picture.amplitude_uv), place(picture.real_uv), place(picture.imaginary_uv)};
}

void transform_channel(const Bank& bank, std::span<const double> trace, Index hop, Index channel, WaveletPicture& picture) {
  ComplexFft spectrum(bank.length), product(bank.length);
  const auto count = static_cast<Index>(trace.size()), step = bank.length - 2 * bank.reach;
  for (Index first = 0; first < count; first += step) {
    for (Index i = 0; i < bank.length; ++i) {
      const Index from = first - bank.reach + i;
      spectrum.values()[static_cast<std::size_t>(i)] = from >= 0 && from < count ? trace[static_cast<std::size_t>(from)] : 0.0;
    }
    spectrum.forward();
    const Index last = std::min(first + step, count), first_kept = (first + hop - 1) / hop;
    for (std::size_t m = 0; m < bank.members.size(); ++m) {
      for (std::size_t k = 0; k < static_cast<std::size_t>(bank.length); ++k)
        product.values()[k] = spectrum.values()[k] * bank.response[m][k];
      product.inverse();
      const auto target = target_of(picture, channel, bank.members[m]);
      for (Index k = first_kept; k * hop < last; ++k)
        target.put(k, product.values()[static_cast<std::size_t>(k * hop - first + bank.reach)]);
    }
  }
}

}  // namespace

WaveletPicture wavelet(const ChannelsView& signal, double rate_hz, const WaveletOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  WaveletPicture picture;
  picture.frequency_hz = frequencies_of(options, rate_hz);
  std::vector<std::vector<Complex>> wavelets;
  for (const double f : picture.frequency_hz) {
    if (!(f < rate_hz / 2))
      throw InvalidArgument(fmt::format("frequencies_hz {:.6g} Hz is not below {} Hz, half of the rate", f, rate_hz / 2));
    wavelets.push_back(wavelet_at(f, rate_hz, options));
    if (static_cast<Index>(wavelets.back().size()) > signal.cols()) {
      throw InvalidArgument(fmt::format("the wavelet of frequencies_hz {:.6g} Hz lasts {:.4g} s, the record {:.4g} s", f,
                                        static_cast<double>(wavelets.back().size()) / rate_hz,
                                        static_cast<double>(signal.cols()) / rate_hz));
    }
    picture.edge_s.push_back(std::numbers::sqrt2 * options.cycle_count / (2 * std::numbers::pi * f));
  }
  const Index hop = options.hop_ms > 0 ? samples_in_ms(options.hop_ms, rate_hz) : 1, times = (signal.cols() - 1) / hop + 1;
  for (Index k = 0; k < times; ++k) picture.time_s.push_back(static_cast<double>(k * hop) / rate_hz);
  const auto cube = [&] {
    const auto rows = static_cast<Index>(wavelets.size());
    return Cube{signal.rows(), rows, times, std::vector<double>(static_cast<std::size_t>(signal.rows() * rows * times))};
  };
  if (options.quantity == WaveletQuantity::power) picture.power_uv2 = cube();
  if (options.quantity == WaveletQuantity::amplitude) picture.amplitude_uv = cube();
  if (options.quantity == WaveletQuantity::complex) {
    picture.real_uv = cube();
    picture.imaginary_uv = cube();
  }
  const auto banks = banks_of(wavelets, signal.cols());
  parallel_for(signal.rows(), threads, [&](Index c) {
    for (const auto& bank : banks) transform_channel(bank, channel_span(signal, c), hop, c, picture);
  });
  return picture;
}

}  // namespace emg
