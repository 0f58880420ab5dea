#pragma once
// The page about a person's resting muscles: one sentence for each, the table, the body, events in time, waveforms, change, what was not seen.

#include <string>
#include <utility>
#include <vector>

#include "libemg/measure/twitch/session.h"

namespace emg::tools::report {

/// An input that is no recording, and why.
struct LeftOut {
  std::string input, reason;
};

struct TwitchPage {
  const std::vector<SessionRecording>& recordings;
  const TwitchSession& session;
  std::vector<std::pair<std::string, std::string>> options;   ///< name, value
  std::vector<LeftOut> left_out;
};

/// The whole page; equal sessions give equal bytes.
std::string twitch_page(const TwitchPage& page);

/// Name of a channel set for a reader: muscle and side, else the channel.
std::string lane_name(const SessionRecording& recording, const SetAnalysis& set);

// report_twitch_figures.cpp; "" if there is nothing to draw.
/// Lanes of all recordings, each from its own start.
std::string twitch_timeline(const std::vector<SessionRecording>& recordings);
std::string twitch_rate_course(const SessionRecording& recording);
/// Overlaid waveforms of the largest sources of a recording.
std::string twitch_waveforms(const SessionRecording& recording);
std::string twitch_trend_figure(const TwitchPage& page);

}  // namespace emg::tools::report
