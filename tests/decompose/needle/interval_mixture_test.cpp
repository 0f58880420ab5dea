#include "libemg/decompose/needle/interval_mixture.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {

std::vector<double> intervals(double duration_s, double miss, double rate, double shortest_s, std::uint64_t seed) {
  Random random(9, seed);
  constexpr double kMean = 0.09, kCv = 0.15;
  std::vector<double> times;
  for (double t = kMean * random.uniform(); t < duration_s; t += kMean * random.gamma(1 / (kCv * kCv)) * kCv * kCv) {
    if (!random.chance(miss)) times.push_back(t);
  }
  for (auto n = random.poisson(rate * duration_s); n > 0; --n) times.push_back(duration_s * random.uniform());
  std::sort(times.begin(), times.end());
  std::vector<double> out;
  double last = times[0];
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] - last < shortest_s) continue;
    out.push_back(times[i] - last);
    last = times[i];
  }
  return out;
}

}  // namespace

TEST_CASE("interval density integrates to one and has the mean that counting gives") {
  for (const auto& [miss, rate] : {std::pair{0.0, 0.0}, std::pair{0.15, 1.0}, std::pair{0.3, 3.0}}) {
    double sum = 0, mean = 0;
    for (int i = 0; i < 40000; ++i) {
      const double t = (i + 0.5) * 1e-4, f = mixture_density(t, 0.09, 0.15, miss, rate);
      sum += f * 1e-4;
      mean += t * f * 1e-4;
    }
    CHECK(sum == Approx(1).margin(1e-4));
    CHECK(mean == Approx(1 / ((1 - miss) / 0.09 + rate)).epsilon(1e-4));
  }
}

TEST_CASE("misses and false discharges are estimated without a truth") {
  struct Row {
    double duration_s, miss, rate, shortest_s, miss_error, rate_error;
  };
  for (const auto& row : {Row{30, 0.05, 0.3, 0, 0.02, 0.25}, Row{30, 0.15, 1, 0.02, 0.03, 0.4}, Row{30, 0.3, 3, 0.02, 0.05, 0.8}, Row{30, 0, 0, 0, 0.005, 0.05}}) {
    double miss = 0, rate = 0;
    constexpr int kTrains = 6;
    for (int k = 0; k < kTrains; ++k) {
      const auto fit = fit_intervals(intervals(row.duration_s, row.miss, row.rate, row.shortest_s, static_cast<std::uint64_t>(k)), row.shortest_s);
      REQUIRE(fit);
      miss += fit->miss / kTrains;
      rate += fit->false_rate_hz / kTrains;
      CHECK(fit->miss_low <= fit->miss);
      CHECK(fit->miss_high >= fit->miss);
      CHECK(fit->mean_s == Approx(0.09).epsilon(0.05));
    }
    CHECK(miss == Approx(row.miss).margin(row.miss_error));
    CHECK(rate == Approx(row.rate).margin(row.rate_error));
  }
}

TEST_CASE("without the truncation false discharges are underestimated") {
  double truncated = 0, plain = 0;
  for (std::uint64_t k = 0; k < 6; ++k) {
    const auto x = intervals(30, 0.15, 1, 0.02, k);
    truncated += fit_intervals(x, 0.02)->false_rate_hz / 6;
    plain += fit_intervals(x, 0)->false_rate_hz / 6;
  }
  CHECK(plain < 0.85 * truncated);
}

TEST_CASE("few intervals give no estimate; the incomplete gamma function") {
  CHECK(!fit_intervals(std::vector<double>(39, 0.1)));
  CHECK(gamma_q(1, 2) == Approx(std::exp(-2.0)).epsilon(1e-12));
  CHECK(gamma_q(2, 3) == Approx(4 * std::exp(-3.0)).epsilon(1e-12));
  CHECK(gamma_q(5, 0) == 1);
}
