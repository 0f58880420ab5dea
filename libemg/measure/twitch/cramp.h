#pragma once
// A cramp in a resting record, and synchronous bursts of facial muscles.
//
// signal: channels x samples, microvolts. `cramp`: one row for each episode, over all channels together; `facial_synchrony`: one row for each
// pair of channels.
// Degenerate input: no episode, no burst: no row, or a row with 0 bursts. Throws InvalidArgument as `bursts`.
// Cost: a band-pass and a moving mean of each channel; facial_synchrony as `bursts`.
// Method: an episode is a raised amplitude (moving RMS of 500 ms above a multiple of the resting level on some channel) of at least
// shortest_s; its rise is 10 to 90 % of the largest. Synchrony: bursts of the second within 10 ms of those of the first, against chance.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/measure/twitch/burst_pattern.h"

namespace emg {

struct CrampOptions {
  double low_hz = 20;
  double high_hz = 450;
  double factor = 3;
  double smooth_ms = 500;
  double shortest_s = 3;
  double event_factor = 5.3;

  static constexpr auto fields() {
    using O = CrampOptions;
    return std::tuple{
        field("low_hz", &O::low_hz, {1, 1000}, "lower edge of the band-pass"),
        field("high_hz", &O::high_hz, {30, 20000}, "upper edge, at most 0.45 of the sampling rate"),
        field("factor", &O::factor, {1.2, 100}, "a channel is active above this multiple of its resting RMS"),
        field("smooth_ms", &O::smooth_ms, {10, 10000}, "window of the moving RMS"),
        field("shortest_s", &O::shortest_s, {0.1, 3600}, "shortest episode"),
        field("event_factor", &O::event_factor, {2, 50}, "threshold of the twitches counted before and after, in multiples of the noise"),
    };
  }
};
static_assert(fully_described<CrampOptions>());

struct CrampRow {
  double onset_s = 0;
  double offset_s = 0;
  double duration_s = 0;
  double rise_s = 0;
  double peak_uv = 0;
  double rms_uv = 0;
  int channel = 0;
  int active_at_start = 0;
  int active_most = 0;
  double active_most_s = 0;
  std::optional<double> mean_hz_start = std::nullopt;
  std::optional<double> mean_hz_end = std::nullopt;
  std::optional<double> median_hz_start = std::nullopt;
  std::optional<double> median_hz_end = std::nullopt;
  double after_discharge_s = 0;
  int events_before = 0;
  int events_after = 0;
  double before_s = 0;
  double after_s = 0;

  static constexpr auto fields() {
    using R = CrampRow;
    return std::tuple{
        field("onset_s", &R::onset_s, {}, "start"),
        field("offset_s", &R::offset_s, {}, "end"),
        field("duration_s", &R::duration_s, {}, "length"),
        field("rise_s", &R::rise_s, {}, "from 10 to 90 % of the largest amplitude"),
        field("peak_uv", &R::peak_uv, {}, "largest absolute value, band-passed"),
        field("rms_uv", &R::rms_uv, {}, "RMS of the channel where it is largest"),
        field("channel", &R::channel, {}, "that channel"),
        field("active_at_start", &R::active_at_start, {}, "active channels in the first half second"),
        field("active_most", &R::active_most, {}, "largest number of active channels"),
        field("active_most_s", &R::active_most_s, {}, "when, after the start"),
        field("mean_hz_start", &R::mean_hz_start, {}, "mean frequency of the first second"),
        field("mean_hz_end", &R::mean_hz_end, {}, "of the last second"),
        field("median_hz_start", &R::median_hz_start, {}, "median frequency of the first second"),
        field("median_hz_end", &R::median_hz_end, {}, "of the last second"),
        field("after_discharge_s", &R::after_discharge_s, {}, "from the end to the last twitch before 2 s of silence"),
        field("events_before", &R::events_before, {}, "twitches in the 60 s before"),
        field("events_after", &R::events_after, {}, "in the 60 s after"),
        field("before_s", &R::before_s, {}, "seconds looked at before"),
        field("after_s", &R::after_s, {}, "seconds looked at after"),
    };
  }
};
static_assert(fully_described<CrampRow>());

/// Operation `cramp`.
std::vector<CrampRow> cramp(const ChannelsView& signal, double rate_hz, const CrampOptions& options, int threads = 1);

struct CrampThresholdOptions {
  std::vector<double> train_s = {};
  std::vector<double> train_hz = {};
  double within_s = 10;
  double factor = 3;
  double shortest_s = 3;

  static constexpr auto fields() {
    using O = CrampThresholdOptions;
    return std::tuple{
        field("train_s", &O::train_s, {0, 1e6}, "start of each train of stimuli"),
        field("train_hz", &O::train_hz, {0.1, 1000}, "its frequency"),
        field("within_s", &O::within_s, {0.1, 3600}, "an episode that begins so soon after the start belongs to the train"),
        field("factor", &O::factor, {1.2, 100}, "a channel is active above this multiple of its resting RMS"),
        field("shortest_s", &O::shortest_s, {0.1, 3600}, "shortest episode"),
    };
  }
};
static_assert(fully_described<CrampThresholdOptions>());

struct CrampThresholdRow {
  int trains = 0;
  int followed = 0;
  std::optional<double> threshold_hz = std::nullopt;
  std::optional<double> step_hz = std::nullopt;

  static constexpr auto fields() {
    using R = CrampThresholdRow;
    return std::tuple{
        field("trains", &R::trains, {}, "trains of stimuli"),
        field("followed", &R::followed, {}, "of them followed by an episode"),
        field("threshold_hz", &R::threshold_hz, {}, "lowest frequency that was followed by an episode"),
        field("step_hz", &R::step_hz, {}, "down to the next lower frequency that was given"),
    };
  }
};
static_assert(fully_described<CrampThresholdRow>());

CrampThresholdRow cramp_threshold(const std::vector<double>& train_hz, const std::vector<bool>& episode);

/// Operation `cramp-threshold`: one row. Throws InvalidArgument if train_s and train_hz differ in length.
std::vector<CrampThresholdRow> cramp_threshold_of(const ChannelsView& signal, double rate_hz, const CrampThresholdOptions& options, int threads = 1);

struct FacialSynchronyRow {
  int channel = 0;
  int other_channel = 0;
  int bursts = 0;
  int other_bursts = 0;
  double bursts_per_min = 0;
  int partners = 0;
  std::optional<double> partner_share = std::nullopt;
  double chance_share = 0;
  double p = 1;
  std::optional<double> lag_median_ms = std::nullopt;
  std::optional<double> lag_iqr_ms = std::nullopt;
  std::optional<double> intra_rate_hz = std::nullopt;
  std::optional<double> side_ratio = std::nullopt;

  static constexpr auto fields() {
    using R = FacialSynchronyRow;
    return std::tuple{
        field("channel", &R::channel, {}, "first channel"),
        field("other_channel", &R::other_channel, {}, "second channel"),
        field("bursts", &R::bursts, {}, "bursts of the first"),
        field("other_bursts", &R::other_bursts, {}, "bursts of the second"),
        field("bursts_per_min", &R::bursts_per_min, {}, "of the first"),
        field("partners", &R::partners, {}, "bursts of the first with one of the second within 10 ms"),
        field("partner_share", &R::partner_share, {}, "their share"),
        field("chance_share", &R::chance_share, {}, "share expected by chance"),
        field("p", &R::p, {}, "of at least so many by chance"),
        field("lag_median_ms", &R::lag_median_ms, {}, "second after first, of partners"),
        field("lag_iqr_ms", &R::lag_iqr_ms, {}, "interquartile range"),
        field("intra_rate_hz", &R::intra_rate_hz, {}, "median rate of spikes within bursts of the first"),
        field("side_ratio", &R::side_ratio, {}, "bursts of the first over those of the second"),
    };
  }
};
static_assert(fully_described<FacialSynchronyRow>());

/// Operation `facial-synchrony`.
std::vector<FacialSynchronyRow> facial_synchrony(const ChannelsView& signal, double rate_hz, const BurstOptions& options, int threads = 1);

}  // namespace emg
