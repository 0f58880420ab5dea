#pragma once
// Kind `needle`: one concentric needle among the units of a muscle that holds a contraction.
//
// Result: one channel; truth_units, truth_spikes. Zero units or zero noise give the other part alone.
// Throws InvalidArgument for options outside their range and a shortest interval above the mean one.
// Cost: about 30 ms for each unit and 10 ns for each sample.

#include "libemg/simulate/contraction.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/hermite.h"
#include "libemg/simulate/jitter.h"
#include "libemg/simulate/pathology.h"
#include "libemg/simulate/spontaneous.h"

namespace emg {

struct NeedleSimulation {
  std::int64_t seed = 1;
  double rate_hz = 20000;
  double duration_s = 30;

  static constexpr auto fields() {
    using O = NeedleSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {4000, 200000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
    };
  }
};
static_assert(fully_described<NeedleSimulation>());

struct NeedleScene {
  NeedleSimulation needle;
  EffortOptions effort{.profile = EffortProfile::trapezoid};
  PoolOptions pool{.unit_count = 8, .rate_model = RateModel::onion_ta};
  NeedleAnatomy anatomy;
  ConcentricOptions electrode;
  PathologyOptions pathology;
  JitterOptions jitter;
  WaveformOptions waveform;
  SpontaneousOptions spontaneous;
  ContaminantOptions noise{.noise_uv = 4};
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = NeedleScene;
    return std::tuple{&S::needle, &S::effort,   &S::pool,        &S::anatomy, &S::electrode, &S::pathology,
                      &S::jitter, &S::waveform, &S::spontaneous, &S::noise,   &S::instrument};
  }
};

Simulation simulate_needle(const NeedleScene& scene, int threads = 1);

}  // namespace emg
