#include "libemg/spectral/windows.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/spectral/tapers.h"

namespace emg {
namespace {

// Modified Bessel function of order 0 by its power series (Abramowitz & Stegun 9.6.12); all terms are positive.
double bessel_i0(double x) {
  const double quarter = x * x / 4;
  double term = 1, sum = 1;
  for (double k = 1; term > sum * 1e-17; k += 1) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

}  // namespace

std::vector<double> periodic_window(Window window, Index length) {
  // a0 - a1 cos x + a2 cos 2x
  struct Terms {
    double a0, a1, a2;
  };
  const Terms t = window == Window::hann       ? Terms{0.5, 0.5, 0}
                  : window == Window::hamming  ? Terms{0.54, 0.46, 0}
                  : window == Window::blackman ? Terms{0.42, 0.5, 0.08}
                                               : Terms{1, 0, 0};
  std::vector<double> values(static_cast<std::size_t>(length));
  if (length == 1) {
    values[0] = 1;
    return values;
  }
  if (window == Window::kaiser) {
    values = kaiser_window(length + 1, kKaiserBeta);
    values.pop_back();
    return values;
  }
  if (window == Window::dpss) {
    const auto tapers = slepian_tapers(length + 1, kDpssTimeBandwidth, 1);
    const auto taper = tapers->values.row(0);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = taper(static_cast<Index>(i)) / taper.maxCoeff();
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length);
    values[i] = t.a0 - t.a1 * std::cos(x) + t.a2 * std::cos(2 * x);
  }
  return values;
}

std::vector<double> kaiser_window(Index length, double beta) {
  std::vector<double> values(static_cast<std::size_t>(length), 1.0);
  if (length == 1) return values;
  const double half = static_cast<double>(length - 1) / 2, top = bessel_i0(beta);
  for (std::size_t i = 0; i < (values.size() + 1) / 2; ++i) {
    const double place = (static_cast<double>(i) - half) / half;
    values[i] = bessel_i0(beta * std::sqrt(std::max(0.0, 1 - place * place))) / top;
    values[values.size() - 1 - i] = values[i];
  }
  return values;
}

double window_power(const std::vector<double>& window) {
  double sum = 0;
  for (const double w : window) sum += w * w;
  return sum;
}

double effective_segment_count(const std::vector<double>& window, Index hop, Index segment_count) {
  const double count = static_cast<double>(segment_count), power = window_power(window);
  const auto length = static_cast<Index>(window.size());
  double sum = 0;
  for (Index k = 1; k < segment_count && k * hop < length; ++k) {
    double product = 0;
    for (Index i = 0; i + k * hop < length; ++i)
      product += window[static_cast<std::size_t>(i)] * window[static_cast<std::size_t>(i + k * hop)];
    const double rho = product / power;
    sum += (1 - static_cast<double>(k) / count) * rho * rho;
  }
  return count / (1 + 2 * sum);
}

}  // namespace emg
