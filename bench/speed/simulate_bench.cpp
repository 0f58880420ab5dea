// Cost of the generators, one thread: the loads that the specification of the simulator states.

#include <benchmark/benchmark.h>

#include "libemg/simulate/cmap_scan.h"
#include "libemg/simulate/hd.h"
#include "libemg/simulate/motor_ncs.h"
#include "libemg/simulate/needle.h"
#include "libemg/simulate/rest.h"

namespace emg {
namespace {

// One hour of one channel at 30 kHz, 12 units; with and without jitter.
void needle_hour(benchmark::State& state) {
  NeedleScene scene;
  scene.needle.duration_s = 3600;
  scene.needle.rate_hz = 30000;
  scene.pool.unit_count = 12;
  scene.effort.profile = EffortProfile::constant;
  scene.jitter.jitter = state.range(0) ? JitterModel::transmission : JitterModel::none;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_needle(scene).recording.samples.data());
}
BENCHMARK(needle_hour)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->Iterations(1);

void needle_units(benchmark::State& state) {
  NeedleScene scene;
  scene.needle.duration_s = 0.1;
  scene.pool.unit_count = 12;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_needle(scene).truth_units.data());
}
BENCHMARK(needle_units)->Unit(benchmark::kMillisecond);

void grid_minute(benchmark::State& state) {
  HdScene scene;
  scene.hd.duration_s = 60;
  scene.pool.unit_count = 60;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_hd(scene).recording.samples.data());
}
BENCHMARK(grid_minute)->Unit(benchmark::kMillisecond)->Iterations(1);

void rest_grid(benchmark::State& state) {
  RestScene scene;
  scene.rest.electrode = RestElectrode::grid;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_rest(scene).recording.samples.data());
}
BENCHMARK(rest_grid)->Unit(benchmark::kMillisecond)->Iterations(1);

void motor_sweeps(benchmark::State& state) {
  MotorNcsScene scene;
  scene.sites.site = {"wrist"};
  scene.sites.distance_mm = {80};
  scene.sites.sweeps_per_site = 500;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_motor_ncs(scene).sweeps->samples.data());
}
BENCHMARK(motor_sweeps)->Unit(benchmark::kMillisecond);

// A million responses of 20 units.
void scan_responses(benchmark::State& state) {
  std::vector<ScanUnit> units;
  for (int i = 0; i < 20; ++i) units.push_back({8 + 0.2 * i, 500, 0.018});
  std::vector<double> current(1000000);
  for (std::size_t s = 0; s < current.size(); ++s) current[s] = 13 - 6e-6 * static_cast<double>(s);
  for (auto _ : state) benchmark::DoNotOptimize(scan_amplitudes(units, current, 1).data());
}
BENCHMARK(scan_responses)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace emg
