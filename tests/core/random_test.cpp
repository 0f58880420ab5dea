#include "libemg/core/random.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "tests/support/catch.h"

using emg::Random;

namespace {

struct Moments {
  double mean = 0, sd = 0, skew = 0;
};

Moments moments(int count, const std::function<double()>& draw) {
  std::vector<double> x(static_cast<std::size_t>(count));
  for (auto& v : x) v = draw();
  Moments m;
  for (const double v : x) m.mean += v / count;
  double second = 0, third = 0;
  for (const double v : x) {
    second += (v - m.mean) * (v - m.mean) / count;
    third += std::pow(v - m.mean, 3) / count;
  }
  m.sd = std::sqrt(second);
  m.skew = third / std::pow(m.sd, 3);
  return m;
}

// Largest distance between the empirical distribution and `law`, times sqrt(count); above 1.95 in 1 of 1000.
double kolmogorov(int count, const std::function<double()>& draw, const std::function<double(double)>& law) {
  std::vector<double> x(static_cast<std::size_t>(count));
  for (auto& v : x) v = draw();
  std::sort(x.begin(), x.end());
  double largest = 0;
  for (int i = 0; i < count; ++i) {
    const double p = law(x[static_cast<std::size_t>(i)]);
    largest = std::max({largest, std::fabs(p - static_cast<double>(i) / count), std::fabs(p - static_cast<double>(i + 1) / count)});
  }
  return largest * std::sqrt(count);
}

double normal_law(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

}  // namespace

TEST_CASE("philox gives the published vectors") {
  using Counter = std::array<std::uint32_t, 4>;
  CHECK(emg::philox4x32({0, 0, 0, 0}, {0, 0}) == Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t ones = 0xffffffff;
  CHECK(emg::philox4x32({ones, ones, ones, ones}, {ones, ones}) == Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(emg::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("golden draws of seed 1") {
  Random a(1, 0);
  CHECK(a.bits() == 0xe50a0ebce3e80670);
  CHECK(a.bits() == 0xb615aa2795f222c0);
  CHECK(a.bits() == 0xdfc5ccbeac08141b);
  Random b(1, 1);
  CHECK(b.bits() == 0x428264b607071c12);
  CHECK(b.bits() == 0x6da2bda23909104b);
  CHECK(b.bits() == 0xf04a50803b539b4f);
  Random u(1);
  CHECK(u.uniform() == Approx(0.89468471633509239).epsilon(1e-16));
  CHECK(u.uniform() == Approx(0.71126807657669433).epsilon(1e-16));
}

TEST_CASE("a block opens a stream where drawing would have led") {
  Random drawn(7, 3);
  for (int i = 0; i < 20; ++i) drawn.bits();
  Random opened(7, 3, 10);
  for (int i = 0; i < 5; ++i) CHECK(drawn.bits() == opened.bits());
}

TEST_CASE("seeds and streams differ") {
  CHECK(Random(1, 0).bits() != Random(2, 0).bits());
  CHECK(Random(1, 0).bits() != Random(std::uint64_t{1} << 32 | 1, 0).bits());
  CHECK(Random(1, 5).bits() != Random(1, std::uint64_t{5} << 32).bits());
}

TEST_CASE("uniform, exponential and normal draws follow their laws") {
  constexpr int kCount = 100000;
  Random r(11);
  CHECK(kolmogorov(
            kCount, [&] { return r.uniform(); }, [](double x) { return x; }) < 1.95);
  CHECK(kolmogorov(
            kCount, [&] { return r.exponential(); }, [](double x) { return 1 - std::exp(-x); }) < 1.95);
  CHECK(kolmogorov(
            kCount, [&] { return r.normal(); }, normal_law) < 1.95);
}

TEST_CASE("the tail of the normal law is there") {
  constexpr int kCount = 4000000;
  Random r(5);
  int beyond3 = 0, beyond4 = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = std::fabs(r.normal());
    beyond3 += x > 3;
    beyond4 += x > 4;
  }
  const double expected3 = kCount * 2 * normal_law(-3), expected4 = kCount * 2 * normal_law(-4);
  CHECK(std::fabs(beyond3 - expected3) < 4 * std::sqrt(expected3));
  CHECK(std::fabs(beyond4 - expected4) < 4 * std::sqrt(expected4));
}

TEST_CASE("gamma draws have mean and variance of their shape") {
  for (const double shape : {0.3, 1.0, 4.0, 44.4}) {
    Random r(3, static_cast<std::uint64_t>(shape * 10));
    const auto m = moments(100000, [&] { return r.gamma(shape); });
    CAPTURE(shape);
    CHECK(m.mean == Approx(shape).epsilon(0.02));
    CHECK(m.sd == Approx(std::sqrt(shape)).epsilon(0.03));
    CHECK(m.skew == Approx(2 / std::sqrt(shape)).margin(0.15));
  }
}

TEST_CASE("poisson draws have equal mean and variance on both sides of the change of method") {
  for (const double mean : {0.05, 1.0, 9.9, 10.1, 80.0, 5000.0}) {
    Random r(4, static_cast<std::uint64_t>(mean * 100));
    const auto m = moments(100000, [&] { return static_cast<double>(r.poisson(mean)); });
    CAPTURE(mean);
    CHECK(m.mean == Approx(mean).margin(4 * std::sqrt(mean / 100000)));
    CHECK(m.sd * m.sd == Approx(mean).epsilon(0.04));
  }
  CHECK(Random(1).poisson(0) == 0);
}

TEST_CASE("log-normal and truncated normal draws") {
  Random r(8);
  const auto m = moments(200000, [&] { return r.log_normal(3, 0.5); });
  CHECK(m.mean == Approx(3).epsilon(0.01));
  CHECK(m.sd == Approx(1.5).epsilon(0.03));
  CHECK(r.log_normal(3, 0) == Approx(3).epsilon(1e-14));
  CHECK(r.log_normal(0, 1) == 0);
  for (int i = 0; i < 1000; ++i) {
    const double x = r.truncated_normal(57, 4, 40, 70);
    CHECK((x >= 40 && x <= 70));
  }
  CHECK(r.truncated_normal(0, 1, 50, 60) == 50);
}

TEST_CASE("integers below a count are equally likely") {
  Random r(9);
  std::vector<int> seen(7);
  for (int i = 0; i < 70000; ++i) ++seen[r.below(7)];
  for (const int n : seen) CHECK(std::fabs(n - 10000) < 4 * std::sqrt(10000));
}
