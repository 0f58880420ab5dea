#include "libemg/simulate/endplate.h"

#include <algorithm>
#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> mean_ratios(double hz, double facilitation, int count) {
  EndPlate plate({.facilitation = facilitation}, 4);
  std::vector<double> ratios;
  for (int k = 0; k < count; ++k) ratios.push_back(plate.impulse(1 / hz, nullptr));
  for (std::size_t k = ratios.size(); k-- > 0;) ratios[k] /= ratios[0];
  return ratios;
}

}  // namespace

TEST_CASE("mean end-plate potentials under repetition are the published series") {
  const std::vector<double> at3{1, 0.8568, 0.7819, 0.7533, 0.7500, 0.7579, 0.7688, 0.7793, 0.7880, 0.7948};
  const std::vector<double> at2{1, 0.8682, 0.8050, 0.7830, 0.7814, 0.7875}, at30{1, 0.8872, 0.8035, 0.7652, 0.7644, 0.7853, 0.8147};
  const auto check = [](const std::vector<double>& ours, const std::vector<double>& published) {
    for (std::size_t k = 0; k < published.size(); ++k) CHECK(ours[k] == Approx(published[k]).margin(6e-5));
  };
  check(mean_ratios(3, 0, 10), at3);
  check(mean_ratios(2, 0, 6), at2);
  check(mean_ratios(30, 0.1, 7), at30);
}

TEST_CASE("jitter and blocking follow from the safety factor") {
  // SD of the delay of one end-plate, us; pair MCD; share of blocked impulses (1000 end-plates).
  for (const auto& [factor, sd, jitter_us, mcd_us, blocking] :
       {std::tuple{4.5, 0.20, 14.2, 23.1, 0.0}, std::tuple{4.0, 0.20, 16.8, 27.2, 0.0}, std::tuple{3.5, 0.25, 21.6, 35.8, 0.0},
        std::tuple{2.2, 0.35, 66.0, 118.0, 0.02}}) {
    const TransmissionOptions o{.safety_factor = factor, .safety_sd = sd};
    Random random(7);
    double jitter = 0, mcd = 0;
    int blocked = 0, plates = 1000, pairs = 0;
    std::vector<double> last;
    for (int i = 0; i < plates; ++i) {
      const double safety = draw_safety_factor(o, random);
      std::vector<double> delay;
      for (int k = 0; k < 200; ++k) {
        const auto d = transmission_delay_ms(safety * static_cast<double>(random.poisson(45)) / 45);
        blocked += !d;
        delay.push_back(d ? *d * 1000 : std::nan(""));
      }
      double mean = 0, square = 0;
      int n = 0;
      for (const double v : delay) {
        if (std::isnan(v)) continue;
        mean += v;
        square += v * v;
        ++n;
      }
      if (n > 1) jitter += std::sqrt(std::max(0.0, square / n - mean / n * mean / n)) / plates;
      if (!last.empty()) {
        double sum = 0;
        int steps = 0;
        for (std::size_t k = 1; k < delay.size(); ++k) {
          const double step = (delay[k] - last[k]) - (delay[k - 1] - last[k - 1]);
          if (std::isnan(step)) continue;
          sum += std::fabs(step);
          ++steps;
        }
        if (steps > 0) {
          mcd += sum / steps;
          ++pairs;
        }
        last.clear();
      } else {
        last = delay;
      }
    }
    CAPTURE(factor);
    CHECK(jitter == Approx(jitter_us).epsilon(0.1));
    CHECK(mcd / pairs == Approx(mcd_us).epsilon(0.12));
    CHECK(static_cast<double>(blocked) / (plates * 200.0) == Approx(blocking).margin(0.01));
  }
}
