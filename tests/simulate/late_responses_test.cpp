#include "libemg/simulate/late_responses.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

template <class T>
const std::vector<T>& sweeps(const Simulation& s, const std::string& name) {
  return std::get<std::vector<T>>(s.table("truth_sweeps")->find(name)->values);
}

}  // namespace

TEST_CASE("F: persistence and latency of 2000 sweeps are those of the model") {
  FWaveScene scene;
  scene.f.sweep_count = 2000;
  scene.f.f_probability_sd = scene.f.f_size_exponent = 0;
  scene.sweep.rate_hz = 2000;
  const auto simulation = simulate_f_wave(scene);
  const auto& count = std::get<std::vector<double>>(simulation.table("truth_sweeps")->find("late_count")->values);
  int present = 0;
  for (const double n : count) present += n > 0;
  // 1 - (1 - .012)^150, three standard errors.
  CHECK(present / 2000.0 == Approx(0.8365).margin(3 * std::sqrt(0.8365 * 0.1635 / 2000)));
  const auto& latency = sweeps<double>(simulation, "late_latency_ms");
  const auto& direct = sweeps<double>(simulation, "arrival_ms");
  for (std::size_t s = 0; s < latency.size(); ++s) {
    if (!std::isnan(latency[s])) CHECK((latency[s] > direct[s] + 18 && latency[s] < direct[s] + 45));
  }
}

TEST_CASE("F: a block on the path removes it, A waves stand still") {
  FWaveScene scene;
  scene.f.path_block = 1;
  scene.f.a_wave_axons = 2;
  scene.f.a_wave_share = 1;
  scene.noise.noise_uv = 0;
  const auto simulation = simulate_f_wave(scene);
  CHECK(simulation.table("truth_sweeps")->find("late_latency_ms") == nullptr);
  CHECK(sweeps<double>(simulation, "a_wave_ms")[0] == 16);
  CHECK(simulation.sweeps->samples == simulate_f_wave(scene, 7).sweeps->samples);
}

TEST_CASE("H: thresholds, largest reflex and extinction of the oracle") {
  constexpr int kUnits = 200;
  double total = 0, largest = 0, at = 0, m_there = 0, h_first = 0, m_first = 0, h_last = 0;
  for (int i = 0; i < kUnits; ++i) total += std::exp(std::log(8) * (i + 0.5) / kUnits);
  for (double current = 2; current <= 20.001; current += 0.05) {
    double h = 0, m = 0;
    for (int i = 0; i < kUnits; ++i) {
      const double place = (i + 0.5) / kUnits, size = std::exp(std::log(8) * place);
      if (fires_directly(place, current, 10, 0.15))
        m += size;
      else if (fires_by_reflex(place, ia_activity(current, 7)))
        h += size;
    }
    if (h > 0 && h_first == 0) h_first = current;
    if (m > 0.0 && m_first == 0) m_first = current;
    if (h > 0) h_last = current;
    if (h > largest) {
      largest = h;
      at = current;
      m_there = m;
    }
  }
  CHECK(h_first == Approx(6.35).margin(0.051));
  CHECK(m_first == Approx(6.60).margin(0.051));
  CHECK(largest / total == Approx(0.325).margin(0.006));
  CHECK(at == Approx(9.50).margin(0.11));
  CHECK(m_there / total == Approx(0.608).margin(0.02));
  CHECK(h_last == Approx(15.20).margin(0.051));
}

TEST_CASE("H: sweeps rise in current, depression lowers the reflex") {
  HReflexScene slow, fast;
  slow.h.step_ma = fast.h.step_ma = 2;
  fast.h.stimulus_interval_s = 0.5;
  const auto a = simulate_h_reflex(slow), b = simulate_h_reflex(fast);
  CHECK(a.sweeps->samples.rows() == 10);
  double reflexes = 0, depressed = 0;
  for (const double n : sweeps<double>(a, "late_count")) reflexes += n;
  for (const double n : sweeps<double>(b, "late_count")) depressed += n;
  CHECK(reflexes > 0);
  CHECK(depressed < reflexes);
  slow.h.last_ma = 1;
  CHECK_THROWS_WITH(simulate_h_reflex(slow), ContainsSubstring("last_ma 1"));
}
