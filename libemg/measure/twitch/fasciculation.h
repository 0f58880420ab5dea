#pragma once
// Twitches of a resting muscle: when, how large, how often - with a threshold that follows the noise.
//
// signal: channels x samples, microvolts, unfiltered. Result of `twitch_events`: one row for each event, ascending in time within each
// channel (or in the one channel set), and one waveform for each row: the unfiltered samples of its peak channel around it, mean of the
// window's ends removed, NaN where the window leaves the record. Result of `twitch_rate`: one row for each channel or channel set.
// Degenerate input: a constant channel is excluded time of reason `flat`; no event gives no row and a rate of 0 with its upper bound.
// Throws InvalidArgument for an empty or non-finite signal, options outside their range, a rate below 500 Hz, a record shorter than 1 s, and
// strongest_laplacian without electrode positions.
// Cost: about 20 ns a sample and channel, most of it medians. Held memory: 20 s of each channel, a low-rate copy (about 1/16), events.
// Method: two zero-phase bands (low_hz to high_hz, and to narrow_hz where the power of surface potentials lies) in multiples of their noise,
// noise = median |x| / 0.6745 of 1-s windows, running median of five (Bashford et al. 2019, Clin Neurophysiol 130:1083, showed that a
// threshold which follows the noise is what counts; the rule is our own). Over C channels the factor k grows to sqrt(k^2 + 2 ln C), which
// keeps the expected false events of Gaussian noise (Rice 1944: 2 f0 exp(-k^2 / 2) a second) independent of C.
// Error: see bench/accuracy/twitch and the tests: above 6 times the noise more than nine of ten events, at less than 0.1 false a minute.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg {

enum class TwitchSignal { automatic, single, strongest_channel, max_minus_min, strongest_laplacian };
constexpr auto enum_names(TwitchSignal) {
  using S = TwitchSignal;
  return std::array<std::pair<S, std::string_view>, 5>{{{S::automatic, "auto"},
                                                        {S::single, "single"},
                                                        {S::strongest_channel, "strongest_channel"},
                                                        {S::max_minus_min, "max_minus_min"},
                                                        {S::strongest_laplacian, "strongest_laplacian"}}};
}

enum class VoluntaryPreset { off, screening, specific, standard, sensitive };
constexpr auto enum_names(VoluntaryPreset) {
  using P = VoluntaryPreset;
  return std::array<std::pair<P, std::string_view>, 5>{{{P::off, "off"},
                                                        {P::screening, "screening"},
                                                        {P::specific, "specific"},
                                                        {P::standard, "standard"},
                                                        {P::sensitive, "sensitive"}}};
}

struct TwitchAnalysisOptions {
  TwitchSignal combination = TwitchSignal::automatic;
  std::optional<double> factor = std::nullopt;
  double low_hz = 20;
  double high_hz = 500;
  double narrow_hz = 180;
  std::optional<double> line_hz = std::nullopt;
  double floor_uv = 0;
  double exclude_above_uv = 100;
  bool contrast = true;
  double merge_ms = 10;
  double dead_ms = 5;
  double before_ms = 20;
  double after_ms = 30;
  VoluntaryPreset voluntary = VoluntaryPreset::standard;
  bool keep_regular = false;
  bool ecg = true;
  bool movement = true;
  double bin_s = 10;
  double probability = 0.95;
  double sensitivity = 1;
  std::int64_t seed = 1;

  static constexpr auto fields() {
    using O = TwitchAnalysisOptions;
    return std::tuple{
        field("combination", &O::combination, {},
              "what the threshold looks at: each channel, the strongest channel of a set, largest minus smallest, or the largest Laplacian of a grid; "
              "auto: the channels of one muscle, or of a grid, by the strongest of them; other channels each by itself"),
        field("factor", &O::factor, {2, 50}, "threshold in multiples of the noise; open: 5.3, 6.5 for max_minus_min and strongest_laplacian"),
        field("low_hz", &O::low_hz, {1, 1000}, "lower edge of the band-pass"),
        field("high_hz", &O::high_hz, {30, 20000}, "upper edge, at most 0.45 of the sampling rate"),
        field("narrow_hz", &O::narrow_hz, {0, 20000}, "upper edge of a second, narrower band looked at as well; 0: none"),
        field("line_hz", &O::line_hz, {0, 1000}, "power line to notch out first, harmonics as found; 0: none; open: 50 or 60 Hz if the first 20 s show it"),
        field("floor_uv", &O::floor_uv, {0, 1e6}, "least threshold"),
        field("exclude_above_uv", &O::exclude_above_uv, {1e-6, 1e9}, "seconds whose threshold lies above are excluded: too noisy"),
        field("contrast", &O::contrast, {}, "an event must also exceed the noise of the 185 ms before and of those after it"),
        field("merge_ms", &O::merge_ms, {0, 1000}, "excursions closer than this are one event"),
        field("dead_ms", &O::dead_ms, {0, 1000}, "of two events closer than this the larger stays"),
        field("before_ms", &O::before_ms, {1, 1000}, "waveform before the event"),
        field("after_ms", &O::after_ms, {1, 1000}, "waveform from the event on"),
        field("voluntary", &O::voluntary, {}, "how readily time is taken for voluntary activity and excluded (mark-voluntary)"),
        field("keep_regular", &O::keep_regular, {}, "keep trains of one unit with a variation of intervals below 0.06"),
        field("ecg", &O::ecg, {}, "exclude heart beats, found by their regular return"),
        field("movement", &O::movement, {}, "exclude seconds with slow artefacts of movement"),
        field("bin_s", &O::bin_s, {0.1, 3600}, "bins of active_fraction and of the clustering test"),
        field("probability", &O::probability, {0.5, 0.9999}, "that an event would have shown, for the detectable rate"),
        field("sensitivity", &O::sensitivity, {0.01, 1}, "of the detector, assumed for the detectable rate"),
        field("seed", &O::seed, {0, 9007199254740992.0}, "of the block bootstrap"),
    };
  }
};
static_assert(fully_described<TwitchAnalysisOptions>());

struct TwitchEvent {
  int channel = 0;
  std::int64_t sample = 0;
  double time_s = 0;
  double amplitude_uv = 0;
  double peak_uv = 0;
  double duration_ms = 0;
  std::optional<double> rise_ms = std::nullopt;
  int phases = 0;
  int turns = 0;
  double area_uvms = 0;
  int peak_channel = 0;
  std::optional<double> centroid_x_mm = std::nullopt;
  std::optional<double> centroid_y_mm = std::nullopt;
  std::optional<double> radius_mm = std::nullopt;
  double threshold_uv = 0;
  double snr = 0;
  std::optional<int> source_id = std::nullopt;
  std::optional<int> multiplet_id = std::nullopt;
  bool in_voluntary = false;
  std::string excluded = {};
  bool clipped = false;
  bool overlapped = false;

  static constexpr auto fields() {
    using R = TwitchEvent;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set that was looked at together"),
        field("sample", &R::sample, {}, "sample nearest to the peak"),
        field("time_s", &R::time_s, {}, "instant of the peak"),
        field("amplitude_uv", &R::amplitude_uv, {}, "peak to peak, unfiltered, inside the limits of the event"),
        field("peak_uv", &R::peak_uv, {}, "largest absolute value, band-passed"),
        field("duration_ms", &R::duration_ms, {}, "between the limits, where the signal passes half the threshold"),
        field("rise_ms", &R::rise_ms, {}, "10 to 90 % of the largest slope between two extremes"),
        field("phases", &R::phases, {}, "stretches of one sign above 3 times the noise or 20 uV"),
        field("turns", &R::turns, {}, "reversals of at least that size"),
        field("area_uvms", &R::area_uvms, {}, "integral of the absolute value inside the limits"),
        field("peak_channel", &R::peak_channel, {}, "channel where it is largest"),
        field("centroid_x_mm", &R::centroid_x_mm, {}, "centre of the squared RMS over a grid"),
        field("centroid_y_mm", &R::centroid_y_mm, {}, "its other coordinate"),
        field("radius_mm", &R::radius_mm, {}, "spread about that centre: weighted SD"),
        field("threshold_uv", &R::threshold_uv, {}, "threshold that held there, band-passed"),
        field("snr", &R::snr, {}, "peak over noise"),
        field("source_id", &R::source_id, {}, "events of one shape and size, from 0 by falling amplitude"),
        field("multiplet_id", &R::multiplet_id, {}, "chain of events of one source 2 to 20 ms apart"),
        field("in_voluntary", &R::in_voluntary, {}, "inside time taken for voluntary activity"),
        field("excluded", &R::excluded, {}, "why it does not count: noise, voluntary, ecg, movement, annotation; empty: it counts"),
        field("clipped", &R::clipped, {}, "flat top at the extreme of the record"),
        field("overlapped", &R::overlapped, {}, "on top of another event, told apart from it by the templates of their sources"),
    };
  }
};
static_assert(fully_described<TwitchEvent>());

struct TwitchRate {
  int channel = 0;
  int channels = 1;
  std::string muscle = {};
  std::string side = {};
  std::string method = {};
  std::string version = {};
  int events = 0;
  double seconds_total = 0;
  double seconds_excluded = 0;
  double excluded_gap_s = 0;
  double excluded_flat_s = 0;
  double excluded_noise_s = 0;
  double excluded_annotation_s = 0;
  double excluded_voluntary_s = 0;
  double excluded_voluntary_a_s = 0;
  double excluded_voluntary_b_s = 0;
  double excluded_voluntary_c_s = 0;
  double excluded_movement_s = 0;
  double excluded_ecg_s = 0;
  std::optional<double> rate_per_min = std::nullopt;
  std::optional<double> rate_low_per_min = std::nullopt;
  std::optional<double> rate_high_per_min = std::nullopt;
  std::optional<double> corrected_rate_per_min = std::nullopt;
  std::optional<double> detectable_rate_per_min = std::nullopt;
  std::optional<double> detectable_amplitude_uv = std::nullopt;
  std::optional<double> expected_false_per_min = std::nullopt;
  bool clustered = false;
  std::optional<double> fano = std::nullopt;
  std::optional<double> block_low_per_min = std::nullopt;
  std::optional<double> block_high_per_min = std::nullopt;
  std::optional<double> active_fraction = std::nullopt;
  std::optional<double> longest_gap_s = std::nullopt;
  std::optional<double> time_to_first_s = std::nullopt;
  std::optional<double> half_change = std::nullopt;
  std::optional<double> half_change_low = std::nullopt;
  std::optional<double> half_change_high = std::nullopt;
  std::optional<double> amplitude_median_uv = std::nullopt;
  std::optional<double> amplitude_iqr_uv = std::nullopt;
  std::optional<double> duration_median_ms = std::nullopt;
  std::optional<double> duration_iqr_ms = std::nullopt;
  std::optional<double> noise_uv = std::nullopt;
  std::optional<double> noise_low_uv = std::nullopt;
  std::optional<double> noise_high_uv = std::nullopt;
  std::string reason = {};

  static constexpr auto fields() {
    using R = TwitchRate;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("channels", &R::channels, {}, "channels of the set"),
        field("muscle", &R::muscle, {}, "muscle, if the recording names it"),
        field("side", &R::side, {}, "L or R, if the recording says"),
        field("method", &R::method, {}, "signal that was looked at and factor of the threshold"),
        field("version", &R::version, {}, "of the program"),
        field("events", &R::events, {}, "events in usable time"),
        field("seconds_total", &R::seconds_total, {}, "length of the record"),
        field("seconds_excluded", &R::seconds_excluded, {}, "of it not usable; each second counts once, for the first reason that holds"),
        field("excluded_gap_s", &R::excluded_gap_s, {}, "missing samples"),
        field("excluded_flat_s", &R::excluded_flat_s, {}, "constant signal"),
        field("excluded_noise_s", &R::excluded_noise_s, {}, "threshold above exclude_above_uv"),
        field("excluded_annotation_s", &R::excluded_annotation_s, {}, "marked voluntary, movement or needle_insertion in the recording"),
        field("excluded_voluntary_s", &R::excluded_voluntary_s, {}, "taken for voluntary activity, all rules"),
        field("excluded_voluntary_a_s", &R::excluded_voluntary_a_s, {}, "rule a: the envelope is raised"),
        field("excluded_voluntary_b_s", &R::excluded_voluntary_b_s, {}, "rule b: one source fires regularly"),
        field("excluded_voluntary_c_s", &R::excluded_voluntary_c_s, {}, "rule c: many events of several sources"),
        field("excluded_movement_s", &R::excluded_movement_s, {}, "slow artefacts"),
        field("excluded_ecg_s", &R::excluded_ecg_s, {}, "heart beats"),
        field("rate_per_min", &R::rate_per_min, {}, "events in a usable minute"),
        field("rate_low_per_min", &R::rate_low_per_min, {}, "lower end of the exact 95 % interval, assumes independence"),
        field("rate_high_per_min", &R::rate_high_per_min, {}, "its upper end"),
        field("corrected_rate_per_min", &R::corrected_rate_per_min, {}, "rate with events hidden by their neighbours; missing if they overlap too much"),
        field("detectable_rate_per_min", &R::detectable_rate_per_min, {}, "smallest rate that would have shown, with `probability`"),
        field("detectable_amplitude_uv", &R::detectable_amplitude_uv, {}, "median threshold: peaks above it would have shown"),
        field("expected_false_per_min", &R::expected_false_per_min, {}, "of Gaussian noise, before the contrast check"),
        field("clustered", &R::clustered, {}, "variance over mean of the counts in bins is above 1.5"),
        field("fano", &R::fano, {}, "that ratio"),
        field("block_low_per_min", &R::block_low_per_min, {}, "95 % interval by bootstrap of 30-s blocks, of clustered events"),
        field("block_high_per_min", &R::block_high_per_min, {}, "its upper end"),
        field("active_fraction", &R::active_fraction, {}, "share of the usable bins with an event"),
        field("longest_gap_s", &R::longest_gap_s, {}, "longest time without an event"),
        field("time_to_first_s", &R::time_to_first_s, {}, "to the first event; missing if there was none"),
        field("half_change", &R::half_change, {}, "natural logarithm of the rate of the second half over that of the first"),
        field("half_change_low", &R::half_change_low, {}, "lower end of its exact 95 % interval"),
        field("half_change_high", &R::half_change_high, {}, "its upper end"),
        field("amplitude_median_uv", &R::amplitude_median_uv, {}, "median of amplitude_uv"),
        field("amplitude_iqr_uv", &R::amplitude_iqr_uv, {}, "interquartile range"),
        field("duration_median_ms", &R::duration_median_ms, {}, "median of duration_ms"),
        field("duration_iqr_ms", &R::duration_iqr_ms, {}, "interquartile range"),
        field("noise_uv", &R::noise_uv, {}, "noise, median over seconds"),
        field("noise_low_uv", &R::noise_low_uv, {}, "smallest"),
        field("noise_high_uv", &R::noise_high_uv, {}, "largest"),
        field("reason", &R::reason, {}, "why there is no rate"),
    };
  }
};
static_assert(fully_described<TwitchRate>());

/// Operation `twitch-events`.
Events<TwitchEvent> twitch_events(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
Events<TwitchEvent> recording_twitch_events(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

/// Operation `twitch-rate`.
std::vector<TwitchRate> twitch_rate(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<TwitchRate> recording_twitch_rate(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

}  // namespace emg
