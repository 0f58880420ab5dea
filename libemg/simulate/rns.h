#pragma once
// Kind `rns`: repetitive nerve stimulation, the compound potential shrinking or growing with the end-plates that fire.
//
// Result: sweeps x samples, trains in order; truth_sweeps with the share of end-plates that fired. Exercise raises release for 20 s and
// empties the store for minutes (repair, then exhaustion). Throws InvalidArgument for options outside their range.
// Cost: end-plates for each stimulus, plus the samples. Method: endplate.h. Faults are put in where the option says and marked in the
// truth.

#include <array>
#include <string_view>
#include <utility>

#include "libemg/simulate/endplate.h"
#include "libemg/simulate/evoked.h"

namespace emg {

enum class RnsFault { none, movement, submaximal, baseline };
constexpr auto enum_names(RnsFault) {
  using F = RnsFault;
  return std::array<std::pair<F, std::string_view>, 4>{
      {{F::none, "none"}, {F::movement, "movement"}, {F::submaximal, "submaximal"}, {F::baseline, "baseline"}}};
}

struct RnsSimulation {
  double train_hz = 3;
  int stimulus_count = 10;
  std::vector<double> train_s = {0};
  double exercise_end_s = -1;
  int end_plate_count = 1000;
  double distance_mm = 80;
  RnsFault fault = RnsFault::none;
  int fault_stimulus = 5;

  static constexpr auto fields() {
    using O = RnsSimulation;
    return std::tuple{
        field("train_hz", &O::train_hz, {0.05, 200}, "rate of the stimuli"),
        field("stimulus_count", &O::stimulus_count, {1, 10000}, "stimuli of a train"),
        field("train_s", &O::train_s, {0, 86400}, "starts of the trains"),
        field("exercise_end_s", &O::exercise_end_s, {-1, 86400}, "end of a voluntary exercise; -1: none"),
        field("end_plate_count", &O::end_plate_count, {1, 1000000}, "end-plates computed"),
        field("distance_mm", &O::distance_mm, {1, 2000}, "from the site to the muscle"),
        field("fault", &O::fault, {}, "technical fault: the gain steps, the stimulus fails to reach all axons, the base line shifts"),
        field("fault_stimulus", &O::fault_stimulus, {0, 9999}, "from this stimulus of every train on, counted from 0"),
    };
  }
};
static_assert(fully_described<RnsSimulation>());

struct RnsScene {
  SweepOptions sweep{.rate_hz = 10000, .after_ms = 30};
  NerveOptions nerve{.nerve = "ulnar", .muscle = "ADM"};
  AxonOptions axons;
  AxonSizeOptions sizes;
  RnsSimulation rns;
  TransmissionOptions transmission{.safety_sd = 0.3};
  CurrentOptions current;
  StimulusOptions stimulus;
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = RnsScene;
    return std::tuple{&S::sweep, &S::nerve, &S::axons, &S::sizes, &S::rns, &S::transmission, &S::current, &S::stimulus, &S::noise};
  }
};

Simulation simulate_rns(const RnsScene& scene, int threads = 1);

}  // namespace emg
