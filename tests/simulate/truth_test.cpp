#include "libemg/simulate/truth.h"

#include <cmath>

#include "libemg/simulate/render.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

SimulatedUnit spike_unit(int id, std::vector<double> times) {
  SimulatedUnit unit;
  unit.unit_id = id;
  unit.kind = "voluntary";
  unit.potential.fine = RowMatrix::Zero(1, 20 * kPhases);
  for (Index i = 0; i < unit.potential.fine.cols(); ++i) {
    const double x = (static_cast<double>(i) - 5.0 * kPhases) / kPhases / (1.5 + 0.5 * id);
    unit.potential.fine(0, i) = -100 * std::exp(-x * x);
  }
  unit.train.time_s = times;
  unit.train.doublet.assign(times.size(), 0);
  return unit;
}

template <class T>
const std::vector<T>& column(const Simulation& s, const std::string& table, const std::string& name) {
  return std::get<std::vector<T>>(s.table(table)->find(name)->values);
}

}  // namespace

TEST_CASE("truth gives the reference instants and what overlaps") {
  Simulation simulation;
  simulation.recording.rate_hz = 1000;
  simulation.recording.samples = RowMatrix::Zero(1, 1000);
  simulation.recording.channels.resize(1);
  finish_recording(simulation, {spike_unit(0, {0.1, 0.3, 0.5, 0.9999}), spike_unit(1, {0.1033, 0.42})}, {}, {.noise_uv = 10}, {}, 1, 1);
  REQUIRE(simulation.truth_units.size() == 2);
  const auto& train = simulation.truth_units[0].discharges;
  CHECK(train.sample == std::vector<std::int64_t>{105, 305, 505});
  CHECK(simulation.truth_units[1].discharges.time_s(0) == Approx(0.1083).epsilon(1e-9));
  CHECK(column<std::int64_t>(simulation, "truth_spikes", "overlap_count") == std::vector<std::int64_t>{1, 0, 0, 1, 0});
  CHECK(column<double>(simulation, "truth_spikes", "isolation_ms")[0] == Approx(3.3));
  CHECK(column<double>(simulation, "truth_spikes", "isolation_ms")[2] == Approx(80));
  CHECK(column<double>(simulation, "truth_units", "peak_uv")[0] == -100);
  CHECK(column<double>(simulation, "truth_units", "snr_peak_db")[0] == Approx(20));
  CHECK(column<double>(simulation, "truth_units", "nearest_cosine")[0] > 0.9);
  CHECK(column<double>(simulation, "truth_units", "rate_hz")[0] == Approx(5));
}

TEST_CASE("without units the tables are empty and the signal is 0") {
  Simulation simulation;
  simulation.recording.rate_hz = 1000;
  simulation.recording.samples = RowMatrix::Zero(1, 100);
  simulation.recording.channels.resize(1);
  finish_recording(simulation, {}, {}, {.noise_uv = 0}, {}, 1, 1);
  CHECK(simulation.recording.samples.isZero());
  CHECK(simulation.table("truth_spikes")->row_count() == 0);
  CHECK(simulation.table("truth_units")->columns.size() == std::tuple_size_v<decltype(TruthUnit::fields())>);
}
