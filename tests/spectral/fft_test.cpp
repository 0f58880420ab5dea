#include "libemg/spectral/fft.h"

#include <cmath>
#include <numbers>
#include <thread>
#include <vector>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

using Complex = std::complex<double>;

// The definition, with the angle reduced exactly.
Complex bin_by_definition(std::span<const double> x, Index bin) {
  const auto n = static_cast<Index>(x.size());
  std::complex<long double> sum = 0;
  for (Index i = 0; i < n; ++i) {
    const long double angle = -2 * std::numbers::pi_v<long double> * static_cast<long double>(bin * i % n) / static_cast<long double>(n);
    sum += std::polar(static_cast<long double>(1), angle) * static_cast<long double>(x[static_cast<std::size_t>(i)]);
  }
  return {static_cast<double>(sum.real()), static_cast<double>(sum.imag())};
}

}  // namespace

TEST_CASE("real transforms of awkward and fast lengths follow the definition, and come back") {
  for (const Index n : {1, 2, 3, 4, 5, 7, 11, 2048, 10007, 1 << 20}) {
    const RowMatrix x = test_signal(1, n);
    RealFft fft(n);
    CHECK(fft.bin_count() == n / 2 + 1);
    std::copy_n(x.data(), n, fft.trace().begin());
    fft.forward();
    double largest = 0;
    for (const auto& bin : fft.bins()) largest = std::max(largest, std::abs(bin));
    for (const Index k : {Index{0}, n / 3, n / 2})
      CHECK(std::abs(fft.bins()[static_cast<std::size_t>(k)] - bin_by_definition({x.data(), static_cast<std::size_t>(n)}, k)) <=
            1e-12 * largest);
    fft.inverse();
    double error = 0;
    for (Index i = 0; i < n; ++i) error = std::max(error, std::abs(fft.trace()[static_cast<std::size_t>(i)] - x(0, i)));
    CHECK(error <= 1e-14 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("complex transforms come back, and agree with real ones") {
  const Index n = 360;
  const RowMatrix x = test_signal(2, n);
  ComplexFft fft(n);
  RealFft real(n);
  for (Index i = 0; i < n; ++i) fft.values()[static_cast<std::size_t>(i)] = {x(0, i), x(1, i)};
  for (Index i = 0; i < n; ++i) real.trace()[static_cast<std::size_t>(i)] = x(0, i);
  fft.forward();
  real.forward();
  // The even part of the spectrum belongs to the real part of the values.
  const Complex even = (fft.values()[7] + std::conj(fft.values()[353])) / 2.0;
  CHECK(std::abs(even - real.bins()[7]) < 1e-9);
  fft.inverse();
  CHECK(std::abs(fft.values()[100] - Complex(x(0, 100), x(1, 100))) < 1e-12);
}

TEST_CASE("the packed transform is that of even and odd samples as real and imaginary parts") {
  const Index n = 24;
  const RowMatrix x = test_signal(1, n);
  PackedFft packed(n);
  std::copy_n(x.data(), n, packed.trace().begin());
  packed.forward();
  ComplexFft half(n / 2);
  for (Index i = 0; i < n / 2; ++i) half.values()[static_cast<std::size_t>(i)] = {x(0, 2 * i), x(0, 2 * i + 1)};
  half.forward();
  for (std::size_t k = 0; k < 12; ++k) CHECK(std::abs(packed.packed()[k] - half.values()[k]) < 1e-11);
  CHECK_THROWS_AS(PackedFft(7), InvalidArgument);
}

TEST_CASE("threads that plan and transform at once get the same bits") {
  std::vector<Complex> result(8);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < result.size(); ++t) {
    threads.emplace_back([&result, t] {
      for (Index n = 100; n < 160; ++n) RealFft(n).forward();
      RealFft fft(1000);
      ReferenceNoise noise(5);
      for (double& v : fft.trace()) v = noise.next();
      fft.forward();
      result[t] = fft.bins()[123];
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& value : result) CHECK(value == result[0]);
}

TEST_CASE("fast lengths are products of 2, 3, 5 and 7") {
  CHECK(next_fast_length(0) == 1);
  CHECK(next_fast_length(11) == 12);
  CHECK(next_fast_length(2048) == 2048);
  CHECK(next_fast_length(10007) == 10080);
  CHECK_THROWS_AS(RealFft(0), InvalidArgument);
}

}  // namespace emg
