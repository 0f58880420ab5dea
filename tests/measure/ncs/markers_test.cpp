#include "libemg/measure/ncs/markers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

using Shape = double (*)(double);
struct Statistic {
  double mean = 0, sd = 0;
};

MWaveOptions with(LatencyMethod method) {
  MWaveOptions o;
  o.window_low_ms = 1, o.onset_method = method, o.negativity = Negativity::positive_values, o.floor_mv = 0;
  return o;
}

// Error of the onset over `trials` sweeps of peak 1 mV whose onset lies anywhere between samples.
Statistic onset_error(Shape shape, double snr_db, LatencyMethod method, int trials = 60) {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, trials);
  std::vector<double> truth;
  double peak = 0;
  for (double u = 0; u < 12; u += 0.01) peak = std::max(peak, shape(u));
  for (int r = 0; r < trials; ++r) {
    truth.push_back(8 + 0.05 * r / trials);
    set.sweeps[static_cast<std::size_t>(r)].nerve = "nerve " + std::to_string(r);  // no exponent in common
    scenes::add(set, scene, r, [&](double ms) { return 1000 / peak * shape(ms - truth.back()); });
    scenes::add_noise(set, r, 1000 * std::pow(10, -snr_db / 20), 7);
  }
  const auto rows = m_wave(set, with(method));
  std::vector<double> errors;
  for (int r = 0; r < trials; ++r) {
    if (rows[static_cast<std::size_t>(r)].onset_ms)
      errors.push_back(*rows[static_cast<std::size_t>(r)].onset_ms - truth[static_cast<std::size_t>(r)]);
  }
  REQUIRE(errors.size() == static_cast<std::size_t>(trials));
  Statistic s;
  for (const double e : errors) s.mean += e / trials;
  for (const double e : errors) s.sd += (e - s.mean) * (e - s.mean) / (trials - 1);
  s.sd = std::sqrt(s.sd);
  return s;
}

struct Entry {
  const char* name;
  Shape shape;
  LatencyMethod method;
  double mean[4], sd[4];
};

// Mean error and SD in ms at 20, 30, 40, 60 dB: section 2.1 of the specification.
constexpr double kDb[] = {20, 30, 40, 60};
const Entry kTable[] = {
    {"sine", scenes::sine, LatencyMethod::threshold, {.33, .05, -.02, -.03}, {.13, .06, .03, .02}},
    {"sine", scenes::sine, LatencyMethod::tangent, {.28, .08, .01, .00}, {.26, .05, .01, .00}},
    {"sine", scenes::sine, LatencyMethod::hinge, {-.05, -.01, -.01, -.01}, {.08, .03, .02, .01}},
    {"soft", scenes::soft, LatencyMethod::threshold, {.81, .41, .19, .03}, {.14, .08, .05, .03}},
    {"soft", scenes::soft, LatencyMethod::tangent, {.92, .65, .56, .53}, {.18, .07, .02, .00}},
    {"soft", scenes::soft, LatencyMethod::hinge, {.37, .39, .38, .38}, {.13, .05, .02, .02}},
    {"gamma", scenes::gamma_shape, LatencyMethod::threshold, {.52, .25, .10, .00}, {.11, .06, .04, .04}},
    {"gamma", scenes::gamma_shape, LatencyMethod::tangent, {.46, .34, .26, .25}, {.14, .04, .01, .00}},
    {"gamma", scenes::gamma_shape, LatencyMethod::hinge, {.17, .20, .20, .20}, {.15, .04, .02, .01}},
};

}  // namespace

TEST_CASE("onset methods keep to the table of their errors") {
  for (const auto& entry : kTable) {
    for (int k = 0; k < 4; ++k) {
      const auto found = onset_error(entry.shape, kDb[k], entry.method);
      CAPTURE(entry.name, name_of(entry.method), kDb[k], found.mean, found.sd, entry.mean[k], entry.sd[k]);
      // Both means carry the error of 60 trials.
      CHECK(std::abs(found.mean - entry.mean[k]) <= 0.05 + 1.5 * found.sd / std::sqrt(60.0));
      CHECK(found.sd <= 1.5 * entry.sd[k] + 0.01);
      CHECK(found.sd >= 0.5 * entry.sd[k] - 0.015);
    }
  }
}

TEST_CASE("the method rise has the smallest error over all shapes") {
  for (const double db : {30.0, 40.0, 60.0}) {
    double worst = 0;
    for (const Shape shape : {Shape(scenes::sine), Shape(scenes::soft), Shape(scenes::gamma_shape)}) {
      const auto found = onset_error(shape, db, LatencyMethod::rise);
      CAPTURE(db, found.mean, found.sd);
      worst = std::max(worst, std::abs(found.mean));
    }
    CHECK(worst < 0.13);
  }
}

TEST_CASE("differences of latencies of one shape are unbiased at 20 dB") {
  for (const Shape shape : {Shape(scenes::sine), Shape(scenes::soft), Shape(scenes::gamma_shape)}) {
    for (const auto method : {LatencyMethod::threshold, LatencyMethod::tangent, LatencyMethod::hinge, LatencyMethod::rise}) {
      const scenes::Scene scene;
      constexpr int kTrials = 200;
      auto set = scenes::empty_set(scene, 2 * kTrials);
      double peak = 0;
      for (double u = 0; u < 12; u += 0.01) peak = std::max(peak, shape(u));
      for (int r = 0; r < 2 * kTrials; ++r) {
        set.sweeps[static_cast<std::size_t>(r)].nerve = std::to_string(r / 2);
        const double onset = 5 + (r % 2) * 3.217 + 0.05 * (r / 2) / kTrials;
        scenes::add(set, scene, r, [&](double ms) { return 1000 / peak * shape(ms - onset); });
        scenes::add_noise(set, r, 100, 11);
      }
      const auto rows = m_wave(set, with(method));
      double mean = 0;
      for (int k = 0; k < kTrials; ++k)
        mean += (*rows[static_cast<std::size_t>(2 * k + 1)].onset_ms - *rows[static_cast<std::size_t>(2 * k)].onset_ms - 3.217) / kTrials;
      CAPTURE(name_of(method), mean);
      CHECK(std::abs(mean) < 0.05);
    }
  }
}

TEST_CASE("markers of a half sine are those of the formula") {
  const scenes::Scene scene{100000};
  auto set = scenes::empty_set(scene, 1);
  scenes::add(set, scene, 0, [](double ms) { return -10000 * scenes::sine(ms - 4); });
  for (const auto method : {LatencyMethod::threshold, LatencyMethod::tangent, LatencyMethod::hinge, LatencyMethod::rise}) {
    MWaveOptions o;
    o.onset_method = method;
    const auto row = m_wave(set, o).at(0);
    CAPTURE(name_of(method));
    CHECK(row.present);
    CHECK(row.negativity_used == Negativity::negative_values);
    CHECK(*row.onset_ms == Approx(4).margin(0.05));
    CHECK(*row.peak_ms == Approx(7).margin(0.002));
    CHECK(*row.amplitude_mv == Approx(10).epsilon(0.001));
    CHECK(*row.peak_to_peak_mv == Approx(20).epsilon(0.001));
    CHECK(*row.onset_ms + *row.negative_duration_ms == Approx(10).margin(0.01));
    CHECK(*row.negative_area_mvms == Approx(10 * 12 / scenes::kPi).epsilon(0.002));
    CHECK(*row.rise_ms == Approx(12 / (2 * scenes::kPi) * (std::asin(0.9) - std::asin(0.1))).margin(0.02));
    CHECK(*row.phases == 2);
    CHECK_FALSE(row.initial_positivity);
    CHECK(row.quality == "polarity_assumed");
  }
}

TEST_CASE("markers do not move with gain, offset, sign or rate") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 4);
  const auto wave = [](double ms) { return 4000 * scenes::gamma_shape(ms - 3.6); };
  for (Index r = 0; r < 4; ++r) {
    scenes::add(set, scene, r, wave);
    Random random(3, 0);
    for (Index i = 0; i < set.samples.cols(); ++i) set.samples(r, i) += 4 * random.normal();
    set.sweeps[static_cast<std::size_t>(r)].nerve = std::to_string(r);
  }
  set.samples.row(1) *= 2;
  set.samples.row(2).array() += 3000;
  set.samples.row(3) *= -1;
  scenes::Scene fast{48000};
  auto other = scenes::empty_set(fast, 1);
  scenes::add(other, fast, 0, wave);
  for (const auto method :
       {LatencyMethod::threshold, LatencyMethod::tangent, LatencyMethod::hinge, LatencyMethod::curvature, LatencyMethod::rise}) {
    MWaveOptions o;
    o.onset_method = method;
    const auto rows = m_wave(set, o);
    CAPTURE(name_of(method));
    for (int r = 1; r < 4; ++r) {
      CHECK(*rows[static_cast<std::size_t>(r)].onset_ms == Approx(*rows[0].onset_ms).margin(1e-6));
      CHECK(*rows[static_cast<std::size_t>(r)].amplitude_mv == Approx((r == 1 ? 2 : 1) * *rows[0].amplitude_mv).epsilon(1e-9));
    }
    auto clean = scenes::empty_set(scene, 1);
    scenes::add(clean, scene, 0, wave);
    const auto slow_row = m_wave(clean, o).at(0), fast_row = m_wave(other, o).at(0);
    if (method != LatencyMethod::threshold && method != LatencyMethod::curvature)
      CHECK(*fast_row.onset_ms == Approx(*slow_row.onset_ms).margin(0.02));
    CHECK(*fast_row.amplitude_mv == Approx(*slow_row.amplitude_mv).epsilon(0.005));
  }
  CHECK(m_wave(set, {}, 1).at(2).onset_ms == m_wave(set, {}, 7).at(2).onset_ms);
}

TEST_CASE("a sensory response is read in microvolts") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 1);
  const auto wave = [](double t) { return -25 * (1 - t * t / 0.09) * std::exp(-t * t / 0.18); };
  scenes::add(set, scene, 0, [&](double ms) { return wave(ms - 3.2); });
  scenes::add_noise(set, 0, 0.2, 5);
  SnapOptions o;
  const auto row = snap(set, o).at(0);
  CHECK(row.present);
  CHECK(*row.peak_ms == Approx(3.2).margin(0.02));
  CHECK(*row.amplitude_uv == Approx(25).epsilon(0.02));
  CHECK(row.initial_positivity);
}

TEST_CASE("no response, no baseline, one sample of nothing") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 2);
  scenes::add_noise(set, 0, 5, 1);
  const auto rows = m_wave(set);
  CHECK_FALSE(rows[0].present);
  CHECK_FALSE(rows[0].amplitude_mv);
  CHECK(rows[0].smallest_detectable_mv == Approx(0.1));
  CHECK_FALSE(rows[1].present);
  scenes::Scene bare{20000, 0, 45};
  auto late = scenes::empty_set(bare, 1);
  scenes::add(late, bare, 0, [](double ms) { return 300 - 5000 * scenes::sine(ms - 4); });
  scenes::add_noise(late, 0, 10, 2);
  const auto row = m_wave(late).at(0);
  CHECK(row.quality.find("baseline_post") != std::string::npos);
  CHECK(*row.amplitude_mv == Approx(5).epsilon(0.02));
  CHECK(*row.onset_ms == Approx(4).margin(0.1));
}

TEST_CASE("bad input is refused by name") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 2);
  CHECK_THROWS_WITH(m_wave(SweepSet{}), ContainsSubstring("empty"));
  auto bad = set;
  bad.samples(1, 7) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(m_wave(bad), ContainsSubstring("sweep 1, sample 7"));
  bad = set;
  bad.zero_sample = 5000;
  CHECK_THROWS_WITH(m_wave(bad), ContainsSubstring("zero_sample 5000"));
  bad = set;
  bad.rate_hz = 1000;
  CHECK_THROWS_WITH(m_wave(bad), ContainsSubstring("rate_hz 1000"));
  MWaveOptions o;
  o.window_low_ms = 30, o.window_high_ms = 20;
  CHECK_THROWS_WITH(m_wave(set, o), ContainsSubstring("window_low_ms 30 is not below window_high_ms 20"));
  o.window_low_ms = 100, o.window_high_ms = 200;
  CHECK_THROWS_WITH(m_wave(set, o), ContainsSubstring("outside the sweep"));
  o = {};
  o.noise_factor = 0.5;
  CHECK_THROWS_WITH(m_wave(set, o), ContainsSubstring("noise_factor"));
}
