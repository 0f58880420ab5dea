#pragma once
// Motor units of a multichannel recording: instants of discharge, waveforms, filters that find them again, and how far each can be trusted.
//
// recording: at least 8 usable channels, microvolts, one rate. Result: units in order of their first discharge, samples of the recording,
// the instant of largest multichannel energy; no units is an answer. Noise gives none.
// Throws InvalidArgument for an option outside its range, too few usable channels, too short a recording, samples that are not finite;
// NumericalError if the channels are copies of each other; what `progress` throws.
// Cost: linear in the length; 64 channels x 32.5 s about 10 s of one processor. Held memory: about 3 copies of the signal in float and
// (R channels)^2 doubles three times.
// Method: convolutive blind source separation (Holobar & Zazula 2007; Negro et al. 2016) of the residual after peel-off (Chen & Zhou 2016),
// whitened anew each round; exponent of the contrast per start (Grison et al. 2024); final trains from the residual plus the own
// contribution of each unit. Same input, options and version: same bits, whatever the number of threads.

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/units.h"
#include "libemg/decompose/hd/filter_bank.h"
#include "libemg/decompose/hd/fixed_point.h"

namespace emg {

enum class DecomposePreset { surface, iemg };
constexpr auto enum_names(DecomposePreset) {
  return std::array{std::pair{DecomposePreset::surface, std::string_view("surface")}, std::pair{DecomposePreset::iemg, std::string_view("iemg")}};
}

enum class PeelOff { joint, mean, none };
constexpr auto enum_names(PeelOff) {
  return std::array{std::pair{PeelOff::joint, std::string_view("joint")}, std::pair{PeelOff::mean, std::string_view("mean")},
                    std::pair{PeelOff::none, std::string_view("none")}};
}

enum class DecomposeTask { isometric, dynamic };
constexpr auto enum_names(DecomposeTask) {
  return std::array{std::pair{DecomposeTask::isometric, std::string_view("isometric")}, std::pair{DecomposeTask::dynamic, std::string_view("dynamic")}};
}

struct DecomposeOptions {
  DecomposePreset preset = DecomposePreset::surface;
  std::optional<double> low_hz, high_hz;
  std::optional<int> filter_order;
  bool line = true;
  bool decimate = true;
  int extension = 0;
  int starts_per_round = 64;
  int max_rounds = 40;
  int empty_rounds = 3;
  int max_units = 100;
  Contrast contrast = Contrast::positive;
  std::vector<double> exponents = {2.5, 3, 4, 5};
  double contrast_limit = 5;
  int max_iterations = 12;
  int trial_iterations = 4;
  double seed_exclusion_ms = 1;
  int seed_exclusion_iterations = 2;
  std::optional<double> refractory_ms;
  int fewest_spikes = 10;
  double lowest_rate_hz = 2;
  double highest_rate_hz = 60;
  double duplicate_lag_ms = 80;
  double tolerance_ms = 0.5;
  int refinements = 10;
  double provisional_sil = 0.85;
  double provisional_cov = 0.5;
  PeelOff peel_off = PeelOff::joint;
  bool rewhiten = true;
  std::optional<double> peel_half_ms;
  bool add_back_each_round = true;
  int add_back_sweeps = 2;
  DecomposeTask task = DecomposeTask::isometric;
  double accepted_sil = 0.9;
  double accepted_cv_roa = 0.9;
  double accepted_split_roa = 0.8;
  double accepted_cov = 0.4;
  int accepted_spikes = 20;
  bool keep_rejected = false;
  std::int64_t seed = 1;

  static constexpr auto fields() {
    using O = DecomposeOptions;
    return std::tuple{
        field("preset", &O::preset, {}, "values left open: surface grid, or intramuscular array (iemg)"),
        field("low_hz", &O::low_hz, {0.1, 1e5}, "lower edge of the band; open: 20 (iemg: 100)"),
        field("high_hz", &O::high_hz, {1, 1e6}, "upper edge; open: 500 (iemg: 4400), at most 0.45 of the rate"),
        field("filter_order", &O::filter_order, {1, 8}, "Butterworth order of each edge, zero phase; open: 2 (iemg: 3)"),
        field("line", &O::line, {}, "notch mains harmonics that stand out of the spectrum"),
        field("decimate", &O::decimate, {}, "search at a whole fraction of a rate above 4 high_hz"),
        field("extension", &O::extension, {0, 64}, "delays R of each channel; 0: between 4 and 8 ms, by number of channels"),
        field("starts_per_round", &O::starts_per_round, {1, 1024}, "starts of the fixed point between two peel-offs"),
        field("max_rounds", &O::max_rounds, {1, 1000}, "most rounds"),
        field("empty_rounds", &O::empty_rounds, {1, 1000}, "stop after so many rounds without a new unit"),
        field("max_units", &O::max_units, {1, 10000}, "stop with so many units"),
        field("contrast", &O::contrast, {}, "power of the positive part of the source, of its size, or with its sign"),
        field("exponents", &O::exponents, {2.5, 9}, "exponents of the contrast, dealt to the starts in turn; multiples of 0.5"),
        field("contrast_limit", &O::contrast_limit, {1, 1000}, "the contrast grows up to so many standard deviations of the source in the trial and, every other round, after it: a few large samples are no unit"),
        field("max_iterations", &O::max_iterations, {2, 1000}, "of the fixed point"),
        field("trial_iterations", &O::trial_iterations, {0, 100}, "after these, over a changing quarter of the time if that is enough, copies and starts without a train are dropped; 0: no trial"),
        field("seed_exclusion_ms", &O::seed_exclusion_ms, {0, 100}, "around its start a source adds nothing in the first iterations"),
        field("seed_exclusion_iterations", &O::seed_exclusion_iterations, {0, 1000}, "these are so many"),
        field("refractory_ms", &O::refractory_ms, {0.5, 100}, "between two spikes of a unit; open: 10 (iemg: 5)"),
        field("fewest_spikes", &O::fewest_spikes, {2, 1e6}, "of a unit"),
        field("lowest_rate_hz", &O::lowest_rate_hz, {0, 1000}, "mean rate of a unit, pauses left out"),
        field("highest_rate_hz", &O::highest_rate_hz, {0, 1000}, "mean rate of a unit"),
        field("duplicate_lag_ms", &O::duplicate_lag_ms, {0, 1000}, "copies of a unit are looked for up to this delay"),
        field("tolerance_ms", &O::tolerance_ms, {0, 20}, "between two spikes that are the same, rounded up to a sample"),
        field("refinements", &O::refinements, {0, 100}, "steps from spikes to filter and back"),
        field("provisional_sil", &O::provisional_sil, {0, 1}, "silhouette of a unit that is peeled off"),
        field("provisional_cov", &O::provisional_cov, {0, 100}, "and its variability of intervals"),
        field("peel_off", &O::peel_off, {}, "subtract units by joint least squares, by averages, or not"),
        field("rewhiten", &O::rewhiten, {}, "whiten the residual of every round"),
        field("peel_half_ms", &O::peel_half_ms, {1, 200}, "waveforms reach so far to both sides of a spike; open: 25 (iemg: 10)"),
        field("add_back_each_round", &O::add_back_each_round, {}, "improve all trains in every round"),
        field("add_back_sweeps", &O::add_back_sweeps, {0, 20}, "improve all trains so often at the end"),
        field("task", &O::task, {}, "isometric: variable intervals speak against a unit; dynamic: they do not"),
        field("accepted_sil", &O::accepted_sil, {0, 1}, "silhouette of an accepted unit"),
        field("accepted_cv_roa", &O::accepted_cv_roa, {0, 1}, "agreement with filters from the other half of the time"),
        field("accepted_split_roa", &O::accepted_split_roa, {0, 1}, "agreement between odd and even channels, from 16 channels on"),
        field("accepted_cov", &O::accepted_cov, {0, 100}, "variability of the intervals of an accepted unit"),
        field("accepted_spikes", &O::accepted_spikes, {2, 1e6}, "fewest spikes of an accepted unit"),
        field("keep_rejected", &O::keep_rejected, {}, "report rejected units too"),
        field("seed", &O::seed, {0, 9007199254740992.0}, "seed of the starts"),
    };
  }
};
static_assert(fully_described<DecomposeOptions>());

/// What is known of one unit.
struct UnitRow {
  int unit_id = 0;
  std::string status = "accepted";
  std::string reason;
  std::int64_t spike_count = 0;
  double first_s = 0, last_s = 0;
  std::optional<double> rate_mean_hz, sil_peaks, sil_raw, pnr_holobar_db, cov_isi, cov_isi_robust, cv_roa, split_roa;
  bool merge_suspected = false;
  std::optional<int> contained_in;
  std::optional<double> contained_fraction;
  std::string peak_channel;
  double peak_to_peak_uv = 0;
  int round = 0;
  double exponent = 0;
  double explained_variance_fraction = 0;

  static constexpr auto fields() {
    using R = UnitRow;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit, in order of the first discharge"),
        field("status", &R::status, {}, "accepted, doubtful or rejected"),
        field("reason", &R::reason, {}, "first rule that an accepted unit would meet and this one does not"),
        field("spike_count", &R::spike_count, {}, "discharges"),
        field("first_s", &R::first_s, {}, "first discharge, from sample 0 of the recording"),
        field("last_s", &R::last_s, {}, "last discharge"),
        field("rate_mean_hz", &R::rate_mean_hz, {}, "one over the mean interval, pauses left out"),
        field("sil_peaks", &R::sil_peaks, {}, "silhouette of the squared source at its maxima, on the residual plus this unit"),
        field("sil_raw", &R::sil_raw, {}, "the same for the filter on the recording itself"),
        field("pnr_holobar_db", &R::pnr_holobar_db, {}, "power of the source at spikes over elsewhere"),
        field("cov_isi", &R::cov_isi, {}, "coefficient of variation of the intervals"),
        field("cov_isi_robust", &R::cov_isi_robust, {}, "that of the intervals up to 2.5 medians"),
        field("cv_roa", &R::cv_roa, {}, "agreement with spikes found by a filter from the other half of the time"),
        field("split_roa", &R::split_roa, {}, "agreement between filters of the odd and of the even channels"),
        field("merge_suspected", &R::merge_suspected, {}, "intervals look like those of two units"),
        field("contained_in", &R::contained_in, {}, "unit that shares most of its discharges"),
        field("contained_fraction", &R::contained_fraction, {}, "share of the smaller train in common with it"),
        field("peak_channel", &R::peak_channel, {}, "channel with the largest waveform"),
        field("peak_to_peak_uv", &R::peak_to_peak_uv, {}, "of the waveform there"),
        field("round", &R::round, {}, "round of the search, from 1"),
        field("exponent", &R::exponent, {}, "of the contrast that found it"),
        field("explained_variance_fraction", &R::explained_variance_fraction, {}, "share of the variance of the recording"),
    };
  }
};
static_assert(fully_described<UnitRow>());

struct Decomposition {
  std::vector<MotorUnit> units;        ///< waveforms of the usable channels in the rows of all channels; masked rows are NaN
  std::vector<UnitRow> rows;
  FilterBank filters;
  RowMatrix pulse_trains;              ///< units x samples: source on the residual plus the unit, standard deviations
  double explained_variance = 0;
  double whitening_floor_uv2 = 0;
  int whitening_rank = 0;
  int rounds = 0;
  int starts = 0;
  int unsettled_starts = 0;            ///< that hit max_iterations
  bool complete = true;                ///< false: cancelled, units so far
  std::vector<std::string> channel_reasons;  ///< why a channel was masked; "" if it was used
  std::vector<Warning> warnings;
};

struct DecomposeProgress {
  int round = 0;
  int units = 0;
  double done = 0;                     ///< rough share of the work
};

/// Return false to stop with the units found so far.
using DecomposeObserver = std::function<bool(const DecomposeProgress&)>;

Decomposition decompose(const Recording& recording, const DecomposeOptions& options = {}, int threads = 1, const DecomposeObserver& observer = {});

}  // namespace emg
