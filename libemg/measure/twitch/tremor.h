#pragma once
// Tremor: its frequency, size, harmonics, presence and steadiness, and the phase between two muscles.
//
// signal: channels x samples. Accelerometers in m/s^2 (kind = acceleration: gravity is taken away by a 0.5 Hz high-pass), EMG in microvolts
// (kind = emg: 30 Hz high-pass, rectified, 60 Hz low-pass). Result: one row for each channel.
// Degenerate input: a record shorter than 30 s gives rows without numbers and the reason; a constant channel has no power and no peak; without a significant peak `present` is false and the numbers describe the
// largest peak all the same.
// Throws InvalidArgument for an empty or non-finite signal, a rate below 60 Hz, options outside their range.
// Cost: a few transforms of 4 s and 200 resamplings of segment powers.
// Method: Welch, 4-s Hann segments, half overlapped, 1 to 30 Hz; peak by a parabola on log power, its interval by bootstrap over segments;
// presence: F test of the peak against bins 2 to 4 Hz away; stability index: interquartile range of the differences of successive cycle
// frequencies (di Biase et al. 2017, Brain 140:1977). Coherence limit of L disjoint segments: 1 - 0.05^(1/(L-1)) (Rosenberg et al. 1989).

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class TremorSignal { emg, acceleration };
constexpr auto enum_names(TremorSignal) {
  using S = TremorSignal;
  return std::array<std::pair<S, std::string_view>, 2>{{{S::emg, "emg"}, {S::acceleration, "acceleration"}}};
}

struct TremorOptions {
  TremorSignal kind = TremorSignal::emg;
  double low_hz = 1;
  double high_hz = 30;
  double band_low_hz = 3;
  double band_high_hz = 12;
  double segment_s = 4;
  double alpha = 0.01;
  double occurrence_share = 0.4;
  std::int64_t seed = 1;

  static constexpr auto fields() {
    using O = TremorOptions;
    return std::tuple{
        field("kind", &O::kind, {}, "what the channels are: emg in uV, or acceleration in m/s^2"),
        field("low_hz", &O::low_hz, {0.1, 100}, "lowest frequency looked at"),
        field("high_hz", &O::high_hz, {2, 200}, "highest frequency looked at"),
        field("band_low_hz", &O::band_low_hz, {0.1, 100}, "lower edge of the band whose power is reported"),
        field("band_high_hz", &O::band_high_hz, {0.2, 200}, "its upper edge"),
        field("segment_s", &O::segment_s, {1, 60}, "length of a segment"),
        field("alpha", &O::alpha, {1e-6, 0.5}, "level of the test of presence"),
        field("occurrence_share", &O::occurrence_share, {0.01, 1}, "a 3-s window counts as tremor if this share of its 2 to 15 Hz power lies within 1 Hz of the peak"),
        field("seed", &O::seed, {0, 9007199254740992.0}, "of the bootstrap"),
    };
  }
};
static_assert(fully_described<TremorOptions>());

struct TremorRow {
  int channel = 0;
  TremorSignal kind = TremorSignal::emg;
  bool present = false;
  std::optional<double> peak_hz = std::nullopt;
  std::optional<double> peak_low_hz = std::nullopt;
  std::optional<double> peak_high_hz = std::nullopt;
  std::optional<double> peak_f = std::nullopt;
  std::optional<double> peak_p = std::nullopt;
  std::optional<double> total_power = std::nullopt;
  std::optional<double> band_power = std::nullopt;
  std::optional<double> half_width_hz = std::nullopt;
  std::optional<double> second_harmonic = std::nullopt;
  std::optional<double> third_harmonic = std::nullopt;
  std::optional<double> displacement_mm = std::nullopt;
  std::optional<double> log10_displacement = std::nullopt;
  std::optional<double> drift_hz_per_min = std::nullopt;
  std::optional<double> occurrence = std::nullopt;
  std::optional<double> tsi_hz = std::nullopt;
  std::string reason = {};

  static constexpr auto fields() {
    using R = TremorRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel"),
        field("kind", &R::kind, {}, "emg or acceleration"),
        field("present", &R::present, {}, "the peak stands out of its surroundings"),
        field("peak_hz", &R::peak_hz, {}, "frequency of the largest peak"),
        field("peak_low_hz", &R::peak_low_hz, {}, "lower end of its 95 % interval"),
        field("peak_high_hz", &R::peak_high_hz, {}, "its upper end"),
        field("peak_f", &R::peak_f, {}, "power of the peak over that 2 to 4 Hz away"),
        field("peak_p", &R::peak_p, {}, "p of that ratio, all bins looked at taken into account"),
        field("total_power", &R::total_power, {}, "power in the frequencies looked at, squared unit"),
        field("band_power", &R::band_power, {}, "power in the band"),
        field("half_width_hz", &R::half_width_hz, {}, "width of the peak at half its power"),
        field("second_harmonic", &R::second_harmonic, {}, "power at twice the peak over that at the peak"),
        field("third_harmonic", &R::third_harmonic, {}, "at three times"),
        field("displacement_mm", &R::displacement_mm, {}, "RMS amplitude times sqrt(2), integrated twice above 1 Hz; acceleration only"),
        field("log10_displacement", &R::log10_displacement, {}, "its decadic logarithm"),
        field("drift_hz_per_min", &R::drift_hz_per_min, {}, "slope of the peak of successive segments"),
        field("occurrence", &R::occurrence, {}, "share of 3-s windows with tremor"),
        field("tsi_hz", &R::tsi_hz, {}, "tremor stability index"),
        field("reason", &R::reason, {}, "why there are no numbers"),
    };
  }
};
static_assert(fully_described<TremorRow>());

/// Operation `tremor`.
std::vector<TremorRow> tremor(const ChannelsView& signal, double rate_hz, const TremorOptions& options, int threads = 1);

/// Interquartile range of the differences of successive cycle frequencies of `x`, band-passed 2 Hz around `peak_hz`; empty for fewer than 10
/// cycles.
std::optional<double> tremor_stability_hz(std::span<const double> x, double rate_hz, double peak_hz);

struct TremorPairRow {
  int channel = 0;
  int other_channel = 0;
  std::optional<double> frequency_hz = std::nullopt;
  std::optional<double> coherence = std::nullopt;
  std::optional<double> coherence_limit = std::nullopt;
  double segments = 0;
  bool rectified = true;
  std::optional<double> phase_deg = std::nullopt;
  std::optional<double> phase_low_deg = std::nullopt;
  std::optional<double> phase_high_deg = std::nullopt;
  std::string finding = {};

  static constexpr auto fields() {
    using R = TremorPairRow;
    return std::tuple{
        field("channel", &R::channel, {}, "first channel"),
        field("other_channel", &R::other_channel, {}, "second channel"),
        field("frequency_hz", &R::frequency_hz, {}, "where the two share most power"),
        field("coherence", &R::coherence, {}, "there"),
        field("coherence_limit", &R::coherence_limit, {}, "95 % limit of independent signals"),
        field("segments", &R::segments, {}, "independent segments"),
        field("rectified", &R::rectified, {}, "true for EMG"),
        field("phase_deg", &R::phase_deg, {}, "of the second against the first, missing below the limit"),
        field("phase_low_deg", &R::phase_low_deg, {}, "lower end of its 95 % interval"),
        field("phase_high_deg", &R::phase_high_deg, {}, "its upper end"),
        field("finding", &R::finding, {}, "alternating, synchronous or indeterminate"),
    };
  }
};
static_assert(fully_described<TremorPairRow>());

/// Operation `tremor-pairs`: every pair of channels.
std::vector<TremorPairRow> tremor_pairs(const ChannelsView& signal, double rate_hz, const TremorOptions& options, int threads = 1);

}  // namespace emg
