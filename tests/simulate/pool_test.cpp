#include "libemg/simulate/pool.h"

#include <algorithm>

#include "tests/support/catch.h"

using namespace emg;

namespace {

// Unit i of 120 as a neuron of the model of Fuglevand et al.
MotorNeuron fuglevand_unit(int i) {
  return {i / 120.0, fuglevand_threshold(i) / 47, 1};
}

}  // namespace

TEST_CASE("thresholds, peak rates and recruitment of the model of Fuglevand") {
  CHECK(fuglevand_threshold(1) == Approx(1.0287).epsilon(1e-4));
  CHECK(fuglevand_threshold(60) == Approx(5.4772).epsilon(1e-4));
  CHECK(fuglevand_threshold(120) == Approx(30));
  CHECK(firing_rate_hz(RateModel::fuglevand, fuglevand_unit(1), 1, 4) == Approx(34.657).epsilon(1e-4));
  CHECK(firing_rate_hz(RateModel::fuglevand, fuglevand_unit(120), 1, 4) == Approx(25).epsilon(1e-9));
  const auto active = [](double excitation) {
    int count = 0;
    for (int i = 1; i <= 120; ++i) count += firing_rate_hz(RateModel::fuglevand, fuglevand_unit(i), excitation, 4) > 0;
    return count;
  };
  CHECK(active(0.10) == 54);
  CHECK(active(0.25) == 86);
  CHECK(active(0.50) == 111);
  CHECK(active(0.75) == 120);
}

TEST_CASE("onion skin: later units fire slower at every excitation, not below the floor") {
  const MotorNeuron early{0.1, 0.05, 1}, late{0.8, 0.5, 1};
  for (const auto model : {RateModel::onion_fdi, RateModel::onion_vl, RateModel::onion_ta}) {
    for (const double excitation : {0.5, 0.7, 1.0}) {
      CHECK(firing_rate_hz(model, early, excitation, 4) > firing_rate_hz(model, late, excitation, 4));
    }
    CHECK(firing_rate_hz(model, late, 0.49, 4) == 0);
    CHECK(firing_rate_hz(model, {1, 0.67, 1}, 0.67, 4) >= 4);
  }
  // FDI at 0.5, threshold 0.2: 6.93 / 2 + (-23 - 85 exp(-0.5 / 0.32)) 0.2 + 20.9.
  CHECK(firing_rate_hz(RateModel::onion_fdi, {0.5, 0.2, 1}, 0.5, 4) == Approx(16.1997).epsilon(1e-3));
  CHECK(firing_rate_hz(RateModel::onion_ta, {1, 0.67, 1}, 0.67, 9) == 9);
}

TEST_CASE("a pool is sampled evenly, and one more unit elsewhere leaves other pools alone") {
  const auto pool = sample_pool(3, RateModel::onion_ta, 20, 30);
  REQUIRE(pool.size() == 20);
  for (int i = 0; i < 20; ++i) {
    const auto& neuron = pool[static_cast<std::size_t>(i)];
    CHECK(neuron.place >= i / 20.0);
    CHECK(neuron.place < (i + 1) / 20.0);
    CHECK((neuron.threshold >= 0.015 && neuron.threshold <= 0.75));
    CHECK((neuron.size >= 1 && neuron.size <= 30));
  }
  CHECK(sample_pool(3, RateModel::onion_ta, 20, 30, 1000)[0].place != pool[0].place);
  CHECK(sample_pool(3, RateModel::onion_ta, 0, 30).empty());
}
