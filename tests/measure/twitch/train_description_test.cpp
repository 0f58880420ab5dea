#include "libemg/measure/twitch/train_description.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

struct Train {
  std::vector<double> times, amplitudes;
  TemplateShape shape;
};

void steady(Random& random, Train& train, double rate_hz, double cv, int n, double total_ln_drift = 0) {
  double t = 0;
  for (int i = 0; i < n; ++i) {
    train.times.push_back(t);
    train.amplitudes.push_back(100 * (1 + 0.03 * random.normal()));
    t += std::max(0.002, std::exp(total_ln_drift * i / n) / rate_hz * (1 + cv * random.normal()));
  }
}

Train fibrillation(Random& r) {
  Train train;
  train.shape = {r.uniform(1.2, 4.5), 3, true, 0, 100};
  const double rate = r.uniform(0.6, 15), cv = r.uniform(0.01, 0.1), drift = r.uniform(0, 0.4);
  steady(r, train, rate, cv, static_cast<int>(r.uniform(20, 121)), drift);
  return train;
}

Train positive_wave(Random& r) {
  auto train = fibrillation(r);
  train.shape = {r.uniform(10, 28), 2, true, r.uniform(10, 30), 100};
  return train;
}

Train end_plate_spike(Random& r) {
  Train train;
  train.shape = {r.uniform(2, 4), 2, false, 0, 120};
  const double rate = r.uniform(6, 50);
  double t = 0;
  for (int i = 0; i < 100; ++i) train.times.push_back(t), train.amplitudes.push_back(100 * (1 + 0.05 * r.normal())), t += 0.004 + r.exponential() / rate;
  return train;
}

Train isolated(Random& r) {
  Train train;
  train.shape = {r.uniform(7, 15), 3, false, 0, 200};
  const double rate = r.uniform(0.02, 3);
  double t = 0;
  for (int i = 0; i < 80; ++i) train.times.push_back(t), train.amplitudes.push_back(100 * (1 + 0.1 * r.normal())), t += 0.02 + r.exponential() / rate;
  return train;
}

Train multiplet(Random& r) {
  Train train;
  train.shape = {r.uniform(7, 15), 3, false, 0, 200};
  const double pause = r.uniform(0.2, 3);
  double t = 0;
  for (int g = 0; g < 40; ++g) {
    const int n = 2 + static_cast<int>(r.below(2));
    for (int i = 0; i < n; ++i) {
      train.times.push_back(t);
      train.amplitudes.push_back(100 * (1 + 0.1 * r.normal()));
      if (i + 1 < n) t += r.uniform(0.004, 0.018);
    }
    t += 0.1 + r.exponential() * pause;
  }
  return train;
}

Train continuous(Random& r) {
  Train train;
  train.shape = {r.uniform(7, 15), 3, false, 0, 200};
  const double rate = r.uniform(1.5, 16), cv = r.uniform(0.015, 0.045);
  steady(r, train, rate, cv, 100);
  return train;
}

Train voluntary(Random& r) {
  Train train;
  train.shape = {r.uniform(7, 15), 3, false, 0, 200};
  const double rate = r.uniform(6, 30), cv = r.uniform(0.11, 0.25);
  steady(r, train, rate, cv, 120);
  return train;
}

Train grouped(Random& r) {
  Train train;
  train.shape = {r.uniform(7, 15), 3, false, 0, 200};
  const int n = 2 + static_cast<int>(r.below(8));
  const double rate = r.uniform(5, 55), period = std::max(0.5, n / rate + 0.5);
  double start = 0;
  for (int g = 0; g < 30; ++g) {
    double t = start;
    for (int i = 0; i < n; ++i) train.times.push_back(t), train.amplitudes.push_back(100 * (1 + 0.05 * r.normal())), t += 1 / rate * (1 + 0.1 * r.normal());
    start = std::max(start + period * (1 + 0.15 * r.normal()), t + 0.05);
  }
  return train;
}

Train high_rate(Random& r) {
  Train train;
  train.shape = {r.uniform(4, 12), 3, false, 0, 200};
  const double rate = r.uniform(160, 280), growth = r.uniform(1.05, 1.4), fall = r.uniform(0.2, 0.6);
  double t = 0;
  constexpr int n = 100;
  for (int i = 0; i < n; ++i) {
    const double x = static_cast<double>(i) / n;
    train.times.push_back(t);
    train.amplitudes.push_back(200 * (1 + (fall - 1) * x) * (1 + 0.02 * r.normal()));
    t += (1 + (growth - 1) * x) / rate;
  }
  return train;
}

Train waxing(Random& r) {
  Train train;
  train.shape = {r.uniform(2, 5), 3, true, 0, 200};
  const double low = r.uniform(20, 30), high = r.uniform(60, 110);
  double t = 0;
  constexpr double kLength = 4;
  while (t < kLength) {
    const double wave = std::sin(std::acos(-1.0) * t / kLength);
    train.times.push_back(t);
    train.amplitudes.push_back(200 * (0.4 + 0.6 * wave) * (1 + 0.02 * r.normal()));
    t += 1 / (low * std::pow(high / low, wave)) * (1 + 0.02 * r.normal());
  }
  return train;
}

Train complex_repetitive(Random& r) {
  Train train;
  train.shape = {r.uniform(8, 25), 6 + static_cast<int>(r.below(15)), false, 0, 200};
  const double rate = r.uniform(6, 95), cv = r.uniform(0.002, 0.012);
  steady(r, train, rate, cv, 100);
  for (auto& a : train.amplitudes) a = 200;
  return train;
}

const std::vector<TrainPattern>& patterns() {
  static const auto all = parse_train_patterns(shipped_train_patterns());
  return all;
}

std::string described(const Train& train, double consistency = 0.98) {
  return describe_train(train_features({train.times}, train.amplitudes, train.shape), consistency, patterns()).descriptor;
}

}  // namespace

TEST_CASE("generated trains are named by their row, or not at all") {
  struct Row {
    const char* name;
    Train (*make)(Random&);
    int least;   // of 200
  };
  const Row rows[] = {{"fibrillation_like", fibrillation, 190}, {"positive_wave_like", positive_wave, 190}, {"end_plate_spike_like", end_plate_spike, 190},
                      {"isolated_unit_like", isolated, 190}, {"multiplet_unit_like", multiplet, 190}, {"continuous_unit_like", continuous, 190},
                      {"voluntary_like", voluntary, 190}, {"grouped_unit_like", grouped, 170}, {"high_rate_unit_like", high_rate, 190},
                      {"waxing_waning_fibre_like", waxing, 190}, {"complex_repetitive_like", complex_repetitive, 190}};
  std::uint64_t stream = 0;
  for (const auto& row : rows) {
    std::map<std::string, int> names;
    for (int i = 0; i < 200; ++i) {
      Random random(17, stream++);
      ++names[described(row.make(random))];
    }
    int wrong = 0;
    std::string all;
    for (const auto& [name, count] : names) {
      if (name != row.name && name.rfind("indeterminate", 0) != 0) wrong += count;
      all += name + " " + std::to_string(count) + "; ";
    }
    INFO(row.name << ": " << all);
    CHECK(names[row.name] >= row.least);
    CHECK(wrong <= 4);
  }
}

TEST_CASE("what nobody can name is indeterminate") {
  for (std::uint64_t i = 0; i < 200; ++i) {
    Random random(19, i);
    auto a = fibrillation(random), b = fibrillation(random);
    // Two units in one train: different potentials, so the template fits neither.
    const double shift = random.uniform(0, 0.05);
    for (const double t : b.times) a.times.push_back(t + shift);
    std::sort(a.times.begin(), a.times.end());
    a.amplitudes.assign(a.times.size(), 100);
    CHECK(described(a, 0.8).rfind("indeterminate", 0) == 0);
    auto few = continuous(random);
    few.times.resize(9);
    few.amplitudes.resize(9);
    CHECK(described(few) == "indeterminate (few intervals)");
  }
  Random random(20);
  CHECK(described(continuous(random), 0.89) == "indeterminate (unlike waveforms)");
}

TEST_CASE("gain and a shift in time change no description") {
  Random random(23);
  const auto train = voluntary(random);
  auto moved = train;
  for (auto& t : moved.times) t += 100;
  for (auto& a : moved.amplitudes) a *= 2;
  const auto a = train_features({train.times}, train.amplitudes, train.shape), b = train_features({moved.times}, moved.amplitudes, moved.shape);
  CHECK(b.rate_hz == Approx(a.rate_hz));
  CHECK(b.amp_mod == Approx(a.amp_mod));
  CHECK(b.cv_local == Approx(a.cv_local));
  CHECK(described(moved) == described(train));
}

TEST_CASE("the shape of a template") {
  constexpr double rate = 10000;
  std::vector<double> wave(500, 0.0);
  for (int i = 0; i < 20; ++i) wave[static_cast<std::size_t>(100 + i)] = 100 * std::sin(std::acos(-1.0) * i / 20);      // 2 ms positive
  for (int i = 0; i < 200; ++i) wave[static_cast<std::size_t>(120 + i)] = -40 * std::sin(std::acos(-1.0) * i / 200);    // 20 ms slow negative
  const auto shape = template_shape(wave, rate);
  CHECK(shape.initial_positive);
  CHECK(shape.phases == 2);
  CHECK(shape.amplitude_uv == Approx(140).epsilon(0.01));
  CHECK(shape.duration_ms == Approx(20.2).margin(1.5));
  CHECK(shape.tail_ms == Approx(17).margin(2));
  CHECK(template_shape({}, rate).phases == 0);
  CHECK(template_shape(std::vector<double>(10, 0.0), rate).duration_ms == 0);
}

TEST_CASE("a broken table of patterns is refused with its line") {
  CHECK_THROWS_WITH(parse_train_patterns("head\nx_like\trate_hz\t1\t2\n"), Catch::Contains("line 2"));
  CHECK_THROWS_WITH(parse_train_patterns("head\nx_like\tspeed\t1\t2\t3\t4\n"), Catch::Contains("unknown feature speed"));
  CHECK_THROWS_WITH(parse_train_patterns("head\nx_like\trate_hz\t1\t3\t2\t4\n"), Catch::Contains("column 5"));
  CHECK(parse_train_patterns("head\nx_like\trate_hz\t1\t2\t3\t4\n").front().criteria.size() == 1);
  CHECK(patterns().size() == 11);
}
