#pragma once
// What every measurement of one stimulated sweep needs: times, baseline, noise, crossings, smoothing.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libemg/core/sweeps.h"

namespace emg::ncs_detail {

/// One sweep with its clock: sample i lies (i - zero) / rate after the stimulus.
struct Trace {
  std::vector<double> y;  ///< microvolts
  double rate_hz = 0;
  Index zero = 0;

  Index size() const { return static_cast<Index>(y.size()); }
  double at(Index i) const { return y[static_cast<std::size_t>(i)]; }
  double ms(double i) const { return (i - static_cast<double>(zero)) * 1000 / rate_hz; }
  /// Nearest sample, inside the sweep.
  Index sample(double time_ms) const;
  double step_ms() const { return 1000 / rate_hz; }
};

/// Checks of a whole set: not empty, rows = metadata, stimulus inside, rate, finite samples. Throws InvalidArgument naming what is wrong.
void require_sweeps(const SweepSet& set, double lowest_rate_hz = 2000);
/// Refuses a window that is reversed or leaves the sweep; names are those of the options.
void require_window(const SweepSet& set, const char* low_name, double low_ms, const char* high_name, double high_ms);
Trace trace_of(const SweepSet& set, Index row);

double median_of(std::vector<double> values);
double mean_of(std::span<const double> values);
double sd_of(std::span<const double> values);
/// SD that a Gaussian with the median absolute deviation of `values` has.
double robust_sd(const std::vector<double>& values);

/// Level before the stimulus and its noise; `from_stimulus_free` false: no 2 ms before the stimulus, values from elsewhere.
struct Baseline {
  double level_uv = 0;
  double slope_uv_per_ms = 0;
  double sigma_uv = 0;
  bool before_stimulus = true;
};
/// Median and SD before the stimulus; without 2 ms of it, the Theil-Sen line through [first_ms, last_ms] and the noise of second
/// differences.
Baseline baseline_of(const Trace& trace, double first_ms, double last_ms);
/// `trace` less its baseline, multiplied by `sign`.
Trace corrected(const Trace& trace, const Baseline& baseline, double sign);

/// Moving average over `width_ms` (odd number of samples), shorter at the ends.
std::vector<double> smoothed(const std::vector<double>& y, double width_ms, double rate_hz);

struct Peak {
  double sample = 0;
  double value = 0;
};
/// Extreme of `y` in [first, last] (`sign` 1: largest), refined by a least-squares parabola over +-0.15 ms.
Peak peak_in(const Trace& trace, Index first, Index last, double sign = 1);

/// First place after `from` where y falls to `level` (linear between samples); empty if it does not before `last`.
std::optional<double> falls_to(const Trace& trace, double from, Index last, double level);

/// Joins words with a comma.
void add_flag(std::string& flags, const std::string& flag);

/// Key of the site of a sweep: channel, nerve, side, muscle, site, annotation.
std::string site_key(const Sweep& sweep);
/// Rows of each site, in the order of first appearance.
std::vector<std::vector<Index>> rows_by_site(const SweepSet& set);
/// Mean of the given rows.
std::vector<double> mean_row(const SweepSet& set, const std::vector<Index>& rows);
/// The given rows with their metadata.
SweepSet subset(const SweepSet& set, const std::vector<Index>& rows);

}  // namespace emg::ncs_detail
