#pragma once
// Resting activity: when each kind of it discharges and what a discharge looks like.
//
// Times in seconds, ascending; amplitudes as factors of the template. Parameters of a source are drawn from the ranges of its kind.
// Throws InvalidArgument for an unknown kind of activity.
// Source: rates, regularity and shapes of spontaneous activity as tabulated in textbooks of needle EMG (Dumitru, Amato, Zwarts 2002;
// Preston & Shapiro 2013); fibrillation 0.5-15 Hz, complex repetitive discharges 5-100 Hz, myotonia 20-150 Hz, neuromyotonia 150-300 Hz.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/truth.h"

namespace emg {

enum class Activity {
  fibrillation,
  irregular_fibrillation,
  positive_sharp_wave,
  end_plate_spike,
  end_plate_noise,
  complex_repetitive,
  myotonic,
  waning_myotonic,
  myokymic,
  neuromyotonic,
  cramp,
  tetanic_doublets,
  continuous_unit,
  hemifacial
};
constexpr auto enum_names(Activity) {
  using A = Activity;
  return std::array<std::pair<A, std::string_view>, 14>{{{A::fibrillation, "fibrillation"},
                                                         {A::irregular_fibrillation, "irregular_fibrillation"},
                                                         {A::positive_sharp_wave, "positive_sharp_wave"},
                                                         {A::end_plate_spike, "end_plate_spike"},
                                                         {A::end_plate_noise, "end_plate_noise"},
                                                         {A::complex_repetitive, "complex_repetitive"},
                                                         {A::myotonic, "myotonic"},
                                                         {A::waning_myotonic, "waning_myotonic"},
                                                         {A::myokymic, "myokymic"},
                                                         {A::neuromyotonic, "neuromyotonic"},
                                                         {A::cramp, "cramp"},
                                                         {A::tetanic_doublets, "tetanic_doublets"},
                                                         {A::continuous_unit, "continuous_unit"},
                                                         {A::hemifacial, "hemifacial"}}};
}

struct SpontaneousOptions {
  std::vector<std::string> activity;
  int activity_count = 1;
  std::optional<double> activity_rate_hz;
  std::optional<double> run_s;
  double run_pause_s = 5;

  static constexpr auto fields() {
    using O = SpontaneousOptions;
    return std::tuple{
        field("activity", &O::activity, {}, "kinds of resting activity beside twitches, see the table of kinds; none: empty"),
        field("activity_count", &O::activity_count, {1, 200}, "sources of each"),
        field("activity_rate_hz", &O::activity_rate_hz, {0.05, 400}, "rate of every source; auto: drawn from the range of its kind"),
        field("run_s", &O::run_s, {0.05, 86400}, "length of a run; auto: drawn from the range of its kind"),
        field("run_pause_s", &O::run_pause_s, {0, 86400}, "mean pause between the runs of a source"),
    };
  }
};
static_assert(fully_described<SpontaneousOptions>());

/// Discharges of one source, and the runs or bursts that they form.
struct ActivityTrain {
  Train train;
  std::vector<double> factor;
  std::vector<std::pair<double, double>> episodes;
};

/// Discharges of a source of a kind over `duration_s`. Sources of one `group` share their runs and bursts.
ActivityTrain activity_train(Activity activity, const SpontaneousOptions& options, double duration_s, std::int64_t seed,
                             std::uint64_t group, std::uint64_t source);

/// What electrodes see of a unit or a fibre: the only thing that a kind of recording must tell.
struct Electrodes {
  double rate_hz = 0;
  Index channel_count = 1;
  /// Unit `index` with the given place in the order of size.
  std::function<UnitPotential(std::uint64_t index, double place)> unit;
  /// A fibre near the electrode: `from_endplate_mm` to its end-plate and `beyond_mm` to its end on the other side (empty: its tendon).
  std::function<UnitPotential(Random& random, double from_endplate_mm, std::optional<double> beyond_mm)> fibre;
};

/// All sources of one muscle, with the runs and bursts that they make as events; unit numbers from `first_id` on.
std::vector<SimulatedUnit> spontaneous_units(const SpontaneousOptions& options, const Electrodes& electrodes, double duration_s,
                                             std::int64_t seed, std::uint64_t muscle, int first_id, std::vector<TruthEvent>& events,
                                             int threads);

/// The kind called `name`. Throws InvalidArgument naming the nearest.
Activity activity_named(const std::string& name);

}  // namespace emg
