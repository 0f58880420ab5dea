#pragma once
// Stretches of a whitened record in which something happens.
//
// white: channels x samples of unit noise (Conditioned::white, or a residual). Events do not overlap and ascend; none if nothing passes the
// threshold. Cost: about 5 ns a sample.

#include <vector>

#include "libemg/core/signal.h"

namespace emg::needle {

struct EventOptions {
  double factor = 4.5;    ///< threshold in noise SD
  double gap_ms = 1.5;    ///< nearer crossings are one event
  double pad_ms = 1;
  double longest_ms = 30; ///< longer ones are split where their energy is least
};

struct ActivityEvent {
  Index first = 0, last = 0;  ///< half open
  Index peak = 0;             ///< of the energy over 1 ms
  double energy = 0;          ///< sum of squares, noise not taken off
  double peak_sigma = 0;      ///< largest absolute value
};

std::vector<ActivityEvent> find_events(const RowMatrix& white, double rate_hz, const EventOptions& options);

/// Mean over 1 ms of the sum of squares over channels.
std::vector<double> smoothed_energy(const RowMatrix& white, double rate_hz);

/// Energy over 1 ms that noise alone does not reach: (2 SD)^2 for one channel.
double activity_level(Index channel_count);

}  // namespace emg::needle
