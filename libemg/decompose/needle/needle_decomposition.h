#pragma once
// Operation decompose-needle: motor units from one to eight channels of a needle, fine wires or a surface pair.
//
// recording or signal: channels x samples, microvolts, unfiltered or with the amplifier's filter. Result: units with discharge times at the
// largest deflection of their potential in the detection band, templates, a confidence for every discharge, activity that no unit explains.
// Degenerate input: no event above the threshold: no unit, reason no_activity; an interference pattern: no unit, refused, with its density.
// Throws InvalidArgument for a rate below 2 kHz, a record below 1 s, constant channels, non-finite samples, corners that do not fit.
// Cost: about 0.1 to 0.4 of real time for 4 to 10 units on one core, linear in time; same bits for any thread count.
// Method: see conditioning.h, cluster.h, superposition.h, interval_prior.h, assembly.h, interval_mixture.h. Sources: McGill, Cummins & Dorfman
// 1985 (alignment between samples); McGill 2002 (superpositions by search); Stashuk 1999 (doubtful discharges stay unassigned); Magland &
// Barnett 2015 (merging); Navallas et al. 2014-2019 (intervals of incomplete trains).

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/units.h"

namespace emg {

enum class NeedleMode { train, templates };
constexpr auto enum_names(NeedleMode) {
  using M = NeedleMode;
  return std::array<std::pair<M, std::string_view>, 2>{{{M::train, "train"}, {M::templates, "template"}}};
}

struct NeedleOptions {
  NeedleMode mode = NeedleMode::train;
  double highpass_hz = 500, lowpass_hz = 5000;
  std::optional<double> detection_factor = std::nullopt;
  double event_gap_ms = 1.5, event_pad_ms = 1, event_max_ms = 30;
  double snippet_ms = 6;
  double dip_limit = 2;
  double min_interval_ms = 20;
  bool doublets = true;
  double shape_jitter_ms = 0.03, amplitude_sd = 0.05;
  int beam_width = 24, beam_depth = 6;
  double max_active = 1.8;
  int sweeps = 5;
  std::optional<double> posterior_min = std::nullopt;
  double max_miss = 0.2, max_false = 0.1, max_cv = 0.35;
  double temperature = 1.3;
  bool keep_residual = false;

  static constexpr auto fields() {
    using O = NeedleOptions;
    return std::tuple{
        field("mode", &O::mode, {}, "train: complete trains; template: doubtful discharges stay unassigned"),
        field("highpass_hz", &O::highpass_hz, {1, 1e5}, "detection band; 250, then 100 are tried if nothing exceeds 6 SD of the noise"),
        field("lowpass_hz", &O::lowpass_hz, {10, 1e6}, "upper corner, at most 0.45 of the rate"),
        field("detection_factor", &O::detection_factor, {2, 50}, "threshold in noise SD; auto: 4.5, mode template 6"),
        field("event_gap_ms", &O::event_gap_ms, {0.1, 50}, "crossings nearer than this are one event"),
        field("event_pad_ms", &O::event_pad_ms, {0, 20}, "added on both sides of an event"),
        field("event_max_ms", &O::event_max_ms, {5, 500}, "longer events are split where their energy is least"),
        field("snippet_ms", &O::snippet_ms, {1, 60}, "window in which potentials are compared to find units"),
        field("dip_limit", &O::dip_limit, {0.5, 10}, "clusters with a larger two-heap statistic are split"),
        field("min_interval_ms", &O::min_interval_ms, {3, 500}, "shortest usual interval of a unit"),
        field("doublets", &O::doublets, {}, "allow intervals of 3 ms to min_interval_ms if the shape is beyond doubt"),
        field("shape_jitter_ms", &O::shape_jitter_ms, {0, 1}, "jitter among the fibres of a unit from discharge to discharge"),
        field("amplitude_sd", &O::amplitude_sd, {0.005, 0.5}, "variation of a unit's amplitude from discharge to discharge"),
        field("beam_width", &O::beam_width, {1, 512}, "sets kept in the search for superpositions (8 fast, 64 thorough)"),
        field("beam_depth", &O::beam_depth, {1, 12}, "potentials in one event at most"),
        field("max_active", &O::max_active, {0.1, 10}, "more potentials active at a mean instant are refused as interference"),
        field("sweeps", &O::sweeps, {1, 20}, "passes over the record at most"),
        field("posterior_min", &O::posterior_min, {0, 1}, "less certain discharges are left out; auto: 0.5, mode template 0.9"),
        field("max_miss", &O::max_miss, {0, 1}, "accepted units miss at most this share (mode train)"),
        field("max_false", &O::max_false, {0, 1}, "share of false discharges of an accepted unit at most"),
        field("max_cv", &O::max_cv, {0.01, 5}, "variation of the intervals of an accepted unit at most"),
        field("temperature", &O::temperature, {0.5, 10}, "softening of posteriors for what the model does not know"),
        field("keep_residual", &O::keep_residual, {}, "return the whitened detection band and what the units leave of it"),
    };
  }
};
static_assert(fully_described<NeedleOptions>());

struct NeedleUnit {
  int unit_id = 0;
  std::string status, reason, train_class;
  int discharge_count = 0;
  double rate_hz = 0;
  std::optional<double> cov_isi = std::nullopt, cov_isi_shape = std::nullopt;
  double first_s = 0, last_s = 0;
  int channel = 0;
  double peak_uv = 0, peak_to_peak_uv = 0, snr_peak = 0, peak_to_rms = 0, distinctness = 0;
  double expected_precision = 0;
  std::optional<double> expected_recall = std::nullopt;
  std::optional<double> miss_probability = std::nullopt, miss_low = std::nullopt, miss_high = std::nullopt;
  std::optional<double> false_rate_hz = std::nullopt, false_low_hz = std::nullopt, false_high_hz = std::nullopt;
  std::optional<double> true_interval_ms = std::nullopt, true_cov_isi = std::nullopt;
  int doublet_count = 0;

  static constexpr auto fields() {
    using R = NeedleUnit;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit, largest potential first"),
        field("status", &R::status, {}, "accepted, doubtful or rejected"),
        field("reason", &R::reason, {}, "the first rule that failed"),
        field("train_class", &R::train_class, {}, "valid, incomplete, contaminated, merged, sporadic, rhythmic or indeterminate"),
        field("discharge_count", &R::discharge_count, {}, "discharges kept"),
        field("rate_hz", &R::rate_hz, {}, "mean rate while active, missed discharges made up for where intervals tell their share"),
        field("cov_isi", &R::cov_isi, {}, "variation of the single intervals about their local mean"),
        field("cov_isi_shape", &R::cov_isi_shape, {}, "the same of the discharges that shape alone finds"),
        field("first_s", &R::first_s, {}, "first discharge"),
        field("last_s", &R::last_s, {}, "last discharge"),
        field("channel", &R::channel, {}, "channel where it is largest"),
        field("peak_uv", &R::peak_uv, {}, "largest deflection in the detection band"),
        field("peak_to_peak_uv", &R::peak_to_peak_uv, {}, "of the average of the unfiltered signal"),
        field("snr_peak", &R::snr_peak, {}, "|peak| / noise in the detection band"),
        field("peak_to_rms", &R::peak_to_rms, {}, "peak to peak in the detection band / RMS of the band"),
        field("distinctness", &R::distinctness, {}, "distance to the nearest other unit or to nothing, in noise SD, variability taken off"),
        field("expected_precision", &R::expected_precision, {}, "share of its discharges that are expected to be true"),
        field("expected_recall", &R::expected_recall, {}, "1 - miss_probability"),
        field("miss_probability", &R::miss_probability, {}, "share of discharges missed, from the intervals"),
        field("miss_low", &R::miss_low, {}, "lower end of its 90 % interval"),
        field("miss_high", &R::miss_high, {}, "upper end"),
        field("false_rate_hz", &R::false_rate_hz, {}, "false discharges, from the intervals"),
        field("false_low_hz", &R::false_low_hz, {}, "lower end of its 90 % interval"),
        field("false_high_hz", &R::false_high_hz, {}, "upper end"),
        field("true_interval_ms", &R::true_interval_ms, {}, "mean interval of the train without misses and false discharges, from the intervals"),
        field("true_cov_isi", &R::true_cov_isi, {}, "variation of its intervals"),
        field("doublet_count", &R::doublet_count, {}, "intervals below min_interval_ms"),
    };
  }
};
static_assert(fully_described<NeedleUnit>());

struct NeedleDischarge {
  int unit_id = 0;
  std::int64_t sample = 0;
  double offset_samples = 0;
  double time_s = 0;
  double confidence = 0;
  int overlap_count = 0;
  std::string source;

  static constexpr auto fields() {
    using R = NeedleDischarge;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit"),
        field("sample", &R::sample, {}, "sample nearest to the largest deflection"),
        field("offset_samples", &R::offset_samples, {-0.5, 0.5}, "instant minus sample"),
        field("time_s", &R::time_s, {}, "instant"),
        field("confidence", &R::confidence, {}, "probability that it is a discharge of this unit"),
        field("overlap_count", &R::overlap_count, {}, "discharges of other units within 5 ms"),
        field("source", &R::source, {}, "simple, superposition, gap_fill or doublet"),
    };
  }
};
static_assert(fully_described<NeedleDischarge>());

struct UnassignedActivity {
  double start_s = 0, duration_s = 0, energy = 0, peak = 0;

  static constexpr auto fields() {
    using R = UnassignedActivity;
    return std::tuple{field("start_s", &R::start_s, {}, "start"), field("duration_s", &R::duration_s, {}, "length"),
                      field("energy", &R::energy, {}, "sum of squares of what is left, in noise variances"),
                      field("peak", &R::peak, {}, "largest value left, in noise SD")};
  }
};
static_assert(fully_described<UnassignedActivity>());

struct NeedleSummary {
  int unit_count = 0, accepted = 0, doubtful = 0, rejected = 0;
  bool refused = false;
  std::string reason;
  double mean_active = 0, crowding = 0, noise_uv = 0;
  double highpass_hz = 0, lowpass_hz = 0;
  int event_count = 0;
  double event_rate_hz = 0, explained_energy = 0, masked_s = 0;
  bool whitened = false;

  static constexpr auto fields() {
    using R = NeedleSummary;
    return std::tuple{
        field("unit_count", &R::unit_count, {}, "units in the table"),
        field("accepted", &R::accepted, {}, "of these accepted"),
        field("doubtful", &R::doubtful, {}, "doubtful"),
        field("rejected", &R::rejected, {}, "rejected"),
        field("refused", &R::refused, {}, "the record as a whole was refused"),
        field("reason", &R::reason, {}, "interference, unresolved or no_activity"),
        field("mean_active", &R::mean_active, {}, "potentials active at a mean instant"),
        field("crowding", &R::crowding, {}, "noise seen in 5 ms over that in 2 ms: above 1.3 potentials fill the record"),
        field("noise_uv", &R::noise_uv, {}, "SD of the noise in the detection band, first channel"),
        field("highpass_hz", &R::highpass_hz, {}, "detection band used"),
        field("lowpass_hz", &R::lowpass_hz, {}, "its upper corner"),
        field("event_count", &R::event_count, {}, "stretches of activity"),
        field("event_rate_hz", &R::event_rate_hz, {}, "of them a second"),
        field("explained_energy", &R::explained_energy, {}, "share of their energy that the units explain"),
        field("masked_s", &R::masked_s, {}, "gaps, flat and clipped stretches, their surroundings included"),
        field("whitened", &R::whitened, {}, "there was quiet time enough to whiten the noise"),
    };
  }
};
static_assert(fully_described<NeedleSummary>());

struct NeedleDecomposition {
  std::vector<MotorUnit> units;                ///< with the average of the unfiltered signal, -15 to +20 ms, and the status
  std::vector<NeedleUnit> unit_rows;           ///< in the order of `units`
  std::vector<NeedleDischarge> discharges;     ///< by time
  std::vector<UnassignedActivity> unassigned;
  NeedleSummary summary;
  std::vector<Warning> warnings;
  RowMatrix whitened, residual;                ///< detection band and what the units leave of it, noise SD 1; empty unless asked for
  double residual_rate_hz = 0;
};

NeedleDecomposition decompose_needle(const Recording& recording, const NeedleOptions& options, int threads = 1);

/// The same for a signal without gaps.
NeedleDecomposition decompose_needle(const ChannelsView& signal, double rate_hz, const NeedleOptions& options, int threads = 1);

/// Whether a recording has fewer than eight channels of EMG, from which filters separate no sources, or eight with a needle or wire among them.
bool suits_needle(const Recording& recording);

}  // namespace emg
