#include "libemg/measure/ncs/stimulus_artefact.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/measure/ncs/markers.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("the markers are those without artefact") {
  for (const double noise : {2.0, 40.0}) {
    for (const double size : {200.0, 1000.0, -2000.0}) {
      for (const double onset : {2.6, 4.0, 9.0}) {
        const scenes::Scene scene;
        auto set = scenes::empty_set(scene, 1);
        scenes::add(set, scene, 0, [&](double ms) { return -5000 * scenes::gamma_shape(ms - onset); });
        scenes::add_noise(set, 0, noise, 3);
        const auto truth = m_wave(set).at(0);
        auto with = set;
        scenes::add(with, scene, 0, [&](double ms) { return scenes::artefact(ms, size); });
        const auto row = m_wave(remove_stimulus_artefact(with)).at(0);
        CAPTURE(noise, size, onset, *row.amplitude_mv, *truth.amplitude_mv);
        CHECK(*row.amplitude_mv == Approx(*truth.amplitude_mv).epsilon(0.03));
        REQUIRE(row.onset_ms);
        CHECK(std::abs(*row.onset_ms - *truth.onset_ms) < 0.2);
      }
    }
  }
}

TEST_CASE("a stimulator that takes its charge back after the blank: exponentials begin where the artefact decays") {
  for (const double rate : {20000.0, 48000.0}) {
    for (const double charge_back_ms : {0.8, 1.1}) {
      for (const double size : {800.0, -4000.0}) {
        const scenes::Scene scene{rate, 5, 45};
        auto set = scenes::empty_set(scene, 2);
        for (Index r = 0; r < 2; ++r) {
          scenes::add(set, scene, r, [&](double ms) { return -2000 * scenes::soft(ms - 3.2 - 3 * static_cast<double>(r)); });
          scenes::add_noise(set, r, 3, 4);
        }
        const auto truth = m_wave(set);
        auto with = set;
        for (Index r = 0; r < 2; ++r) {
          scenes::add(with, scene, r, [&](double ms) {
            if (ms < 0.1) return 0.0;
            return ms < 0.4 ? -3 * size : ms < charge_back_ms ? size : size * std::exp(-(ms - charge_back_ms) / 0.08);
          });
        }
        const auto rows = m_wave(remove_stimulus_artefact(with));
        for (std::size_t r = 0; r < 2; ++r) {
          CAPTURE(rate, charge_back_ms, size, r, *rows[r].amplitude_mv, *truth[r].amplitude_mv);
          CHECK(*rows[r].amplitude_mv == Approx(*truth[r].amplitude_mv).epsilon(0.03));
          CHECK(std::abs(*rows[r].onset_ms - *truth[r].onset_ms) < 0.2);
        }
      }
    }
  }
}

TEST_CASE("a clipped artefact extends the blank; a sweep without artefact stays") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 2);
  for (Index r = 0; r < 2; ++r) {
    scenes::add(set, scene, r, [&](double ms) { return -5000 * scenes::gamma_shape(ms - 5); });
    scenes::add_noise(set, r, 5, 3);
  }
  const auto clean = set;
  for (Index i = 0; i < set.samples.cols(); ++i) {
    const double ms = scene.ms(i);
    if (ms >= 0 && ms < 1.2) set.samples(0, i) = 20000;
  }
  const auto removed = remove_stimulus_artefact(set);
  CHECK(removed.samples.row(0).maxCoeff() < 3000);
  const Index from = scene.before() + 60;
  CHECK((removed.samples.row(1).tail(set.samples.cols() - from) - clean.samples.row(1).tail(set.samples.cols() - from))
            .cwiseAbs()
            .maxCoeff() < 5);
}

TEST_CASE("alternating polarity cancels the artefact; blank and polynomial take it out") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 4);
  for (Index r = 0; r < 4; ++r) {
    set.sweeps[static_cast<std::size_t>(r)].polarity = r % 2 == 0 ? "+" : "-";
    scenes::add(set, scene, r, [&](double ms) { return -5000 * scenes::sine(ms - 4) + scenes::artefact(ms, r % 2 == 0 ? 500 : -500); });
  }
  StimulusArtefactOptions o;
  o.method = ArtefactMethod::alternate_polarity;
  const auto mean = remove_stimulus_artefact(set, o);
  CHECK(mean.samples.rows() == 1);
  CHECK(mean.averaged);
  CHECK(mean.samples.row(0).head(scene.before() + 60).cwiseAbs().maxCoeff() < 1e-6);
  o.method = ArtefactMethod::blank;
  CHECK(remove_stimulus_artefact(set, o).samples.row(0).segment(scene.before(), 10).cwiseAbs().maxCoeff() < 700);
  o.method = ArtefactMethod::local_polynomial;
  CHECK(remove_stimulus_artefact(set, o).samples.row(0).segment(scene.before(), 60).cwiseAbs().maxCoeff() < 150);
  for (auto& s : set.sweeps) s.polarity = "+";
  o.method = ArtefactMethod::alternate_polarity;
  CHECK_THROWS_WITH(remove_stimulus_artefact(set, o), ContainsSubstring("both polarities"));
}

TEST_CASE("sweeps that were high-passed are refused") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 1);
  set.highpass_hz = 20;
  CHECK_THROWS_WITH(remove_stimulus_artefact(set), ContainsSubstring("high-passed at 20 Hz"));
  set.highpass_hz = 2;
  CHECK_NOTHROW(remove_stimulus_artefact(set));
}

TEST_CASE("the result does not depend on the number of threads") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 9);
  for (Index r = 0; r < 9; ++r) {
    scenes::add(set, scene, r, [&](double ms) { return -3000 * scenes::sine(ms - 4) + scenes::artefact(ms, 300); });
    scenes::add_noise(set, r, 10, 8);
  }
  CHECK(remove_stimulus_artefact(set, {}, 1).samples == remove_stimulus_artefact(set, {}, 7).samples);
}
