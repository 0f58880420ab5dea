#pragma once
// Whether a channel can be used: clipping, flat stretches, mains, movement, gaps, twins.
//
// signal: channels x samples, microvolts, as recorded (not filtered). Result: one row for each channel.
// Degenerate input: a constant channel has flat_fraction 1 and the flag no_signal; measures without meaning there are missing.
// Throws InvalidArgument for an empty or non-finite signal, options outside their range.
// Cost: a sort of at most 1e6 samples and one Welch estimate for each channel.
// Method: clipping is a pile-up at an extreme (artefact.h); mains as in spectral/line.h, its power above the median of the surroundings
// against the rest of 20-450 Hz; SNR is the 95th percentile of 250-ms RMS over the noise of noise-level; kurtosis 3 is that of a normal
// law. Flags: clipped, flat, no_signal, line, missing, motion, rate_low, duplicate, outlier.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg {

struct QualityOptions {
  std::optional<double> line_hz = std::nullopt;
  double line_z = 5;
  double highest_hz = 1000;
  double flat_ms = 20;
  double motion_limit = 0.5;

  static constexpr auto fields() {
    using O = QualityOptions;
    return std::tuple{
        field("line_hz", &O::line_hz, {1, 1e6}, "mains frequency; open: 50 or 60 Hz, whichever is there"),
        field("line_z", &O::line_z, {3, 20}, "how far a line must stand above its surroundings"),
        field("highest_hz", &O::highest_hz, {1, 1e6},
              "highest frequency of interest (surface 1000, needle 10000): rate_low below twice that"),
        field("flat_ms", &O::flat_ms, {1, 10000}, "shortest stretch of unchanged value that counts as flat"),
        field("motion_limit", &O::motion_limit, {0, 1}, "motion: share of the power below 20 Hz above this"),
    };
  }
};
static_assert(fully_described<QualityOptions>());

struct QualityRow {
  int channel = 0;
  double rms_uv = 0, dc_uv = 0, peak_uv = 0, lsb_uv = 0;
  double clipped_fraction = 0;
  std::optional<double> clip_low_uv = std::nullopt, clip_high_uv = std::nullopt;
  double flat_fraction = 0;
  double missing_fraction = 0;
  std::optional<double> line_base_hz = std::nullopt, line_ratio_db = std::nullopt;
  std::optional<double> noise_uv = std::nullopt, snr_db = std::nullopt, motion_ratio = std::nullopt, kurtosis = std::nullopt;
  std::optional<int> duplicate_of = std::nullopt;
  std::vector<std::string> flags = {};

  static constexpr auto fields() {
    using R = QualityRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("rms_uv", &R::rms_uv, {}, "root mean square"),
        field("dc_uv", &R::dc_uv, {}, "mean"),
        field("peak_uv", &R::peak_uv, {}, "largest |sample|"),
        field("lsb_uv", &R::lsb_uv, {}, "smallest difference between samples: one count of the converter"),
        field("clipped_fraction", &R::clipped_fraction, {}, "share of the samples at a rail"),
        field("clip_low_uv", &R::clip_low_uv, {}, "lower rail, if hit"),
        field("clip_high_uv", &R::clip_high_uv, {}, "upper rail, if hit"),
        field("flat_fraction", &R::flat_fraction, {}, "share of the time in stretches of unchanged value"),
        field("missing_fraction", &R::missing_fraction, {}, "share of the time in gaps"),
        field("line_base_hz", &R::line_base_hz, {}, "mains frequency found"),
        field("line_ratio_db", &R::line_ratio_db, {}, "power of the mains over the rest of 20-450 Hz"),
        field("noise_uv", &R::noise_uv, {}, "noise, also while the muscle is active"),
        field("snr_db", &R::snr_db, {}, "95th percentile of the RMS of 250 ms over the noise"),
        field("motion_ratio", &R::motion_ratio, {}, "share of the power below 20 Hz"),
        field("kurtosis", &R::kurtosis, {}, "fourth moment over squared variance"),
        field("duplicate_of", &R::duplicate_of, {}, "earlier channel with a correlation above 0.999"),
        field("flags", &R::flags, {}, "clipped, flat, no_signal, line, missing, motion, rate_low, duplicate, outlier"),
    };
  }
};
static_assert(fully_described<QualityRow>());

/// Operation `quality`.
std::vector<QualityRow> quality(const ChannelsView& signal, double rate_hz, const QualityOptions& options = {}, int threads = 1);

/// The same of a recording: gaps are left out and counted, declared limits of the converter are used, channels are compared within their
/// group. Rows for all channels; those that are no EMG are checked for clipping, flat stretches and gaps only.
std::vector<QualityRow> recording_quality(const Recording& recording, const QualityOptions& options = {}, int threads = 1);

}  // namespace emg
