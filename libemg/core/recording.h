#pragma once
// One stretch of signal with everything known about it.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

enum class ChannelKind { emg, force, trigger, acceleration, ecg, other };
std::string_view name_of(ChannelKind kind);

/// One channel. Unknown text is "", an unknown number empty.
struct Channel {
  std::string name;
  ChannelKind kind = ChannelKind::emg;
  std::string unit = "uV";       ///< of the samples: "uV" for voltages, else what the file says ("N", "deg")
  std::string muscle;
  std::string side;              ///< "L", "R" or ""
  std::string electrode_kind;    ///< "surface", "concentric needle", "fine wire", "grid", ...
  std::string group;             ///< grid, array or needle that the channel belongs to
  std::string reference;
  std::optional<double> x_mm, y_mm, z_mm;
  std::optional<double> interelectrode_mm;
  std::optional<double> band_low_hz, band_high_hz;
  std::string status = "good";   ///< "good" or "bad"
  /// Microvolts per count and value at count 0, where the source holds integers: lets a writer keep them losslessly.
  std::optional<double> count_uv, count_zero_uv;
  std::optional<std::int64_t> adc_min, adc_max;
};

/// Samples that do not exist in the source; the stored value is the straight line between the neighbours.
struct Gap {
  Index channel = -1;            ///< index, or -1 for all channels
  Index first_sample = 0;
  Index sample_count = 0;
  std::string reason;
};

struct Annotation {
  double onset_s = 0;            ///< from sample 0 of the recording
  double duration_s = std::numeric_limits<double>::quiet_NaN();   ///< NaN: none given
  std::string label;
};

struct Stimulus {
  double onset_s = 0;
  std::string nerve, side, site;
  std::optional<double> intensity_ma, pulse_ms;
};

/// What a reader or an operation wants to be known; `code` is stable and snake_case.
struct Warning {
  std::string code;
  std::string message;
  std::string channel;           ///< name, or ""
};

/// One line of provenance; `run` numbers the operations that led here, from 0.
struct ProvenanceEntry {
  int run = 0;
  std::string key;
  std::string value;
};

struct Subject {
  std::string subject_id;        ///< "" = unknown
  std::string sex;               ///< M, F, O, U or ""
  std::optional<double> age_years;
  std::string description;
};

struct Recording {
  double rate_hz = 0;
  std::string start_time;        ///< ISO 8601 with zone of the first sample of the source; "" = unknown
  double start_s = 0;            ///< of sample 0 here, after the first sample of the source (a window read)
  RowMatrix samples;             ///< channels x samples, in the unit of each channel
  std::vector<Channel> channels;
  std::vector<Gap> gaps;
  std::vector<Annotation> annotations;
  std::vector<Stimulus> stimuli;
  Subject subject;
  std::string description;
  std::vector<Warning> warnings;
  std::vector<ProvenanceEntry> provenance;

  Index channel_count() const { return samples.rows(); }
  Index sample_count() const { return samples.cols(); }
  double duration_s() const { return rate_hz > 0 ? static_cast<double>(samples.cols()) / rate_hz : 0; }
  std::span<const double> view(Index channel) const {
    return {samples.data() + channel * samples.cols(), static_cast<std::size_t>(samples.cols())};
  }
};

/// A half-open stretch of samples.
struct Span {
  Index first = 0;
  Index count = 0;
};

/// The gap-free stretches of `channel` among `sample_count` samples, ascending.
std::vector<Span> gap_free_spans(const std::vector<Gap>& gaps, Index channel, Index sample_count);

/// Fills every gap of `samples` (channels x samples) with the straight line between its neighbours, the edge value at an end.
/// A channel that is all gap becomes 0.
void bridge_gaps(RowMatrix& samples, const std::vector<Gap>& gaps);

/// The part [first, first + count) of `recording`: samples, gaps, annotations and stimuli, start moved.
Recording window_of(const Recording& recording, Index first, Index count);

/// `gaps` at a rate `ratio` times as high.
std::vector<Gap> gaps_at_rate(std::vector<Gap> gaps, double ratio);

/// Says that the samples are computed now, at `rate_hz`: counts and limits of the source no longer describe them, gaps move to the new rate.
void mark_computed(Recording& recording, double rate_hz);

/// The given channels of `recording`, in that order, gaps renumbered.
Recording select_channels(const Recording& recording, const std::vector<Index>& channels);

}  // namespace emg
