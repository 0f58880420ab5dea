#pragma once
// Repeated stimuli: sweeps x samples, aligned to the stimulus.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// What is known of one sweep.
struct Sweep {
  int sweep = 0;                 ///< number of the stimulus
  std::string channel;
  std::string nerve, side, muscle, site;
  std::optional<double> distance_mm, intensity_ma, pulse_ms, temperature_c, clock_s;
  std::string annotation;        ///< "rest", "0 s", "1 min", ...
  std::string test;              ///< "motor", "sensory", "f_wave", "h_reflex", "repetitive", "blink", "mep" or "" (not said)
  std::string polarity;          ///< of the stimulus: "+", "-" or ""
  std::string electrode;         ///< of the recording
};

struct SweepSet {
  double rate_hz = 0;
  Index zero_sample = 0;         ///< column of the stimulus
  RowMatrix samples;             ///< sweeps x samples, microvolts
  std::vector<Sweep> sweeps;     ///< one for each row
  std::optional<double> band_low_hz, band_high_hz;  ///< of the hardware
  std::optional<double> highpass_hz;                ///< of a digital high-pass applied after recording
  bool averaged = false;         ///< rows are means of several stimuli
};

}  // namespace emg
