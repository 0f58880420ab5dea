#pragma once
// How well the spikes of a source stand out, and how regular a train is; every number carries the name of its definition.
//
// Sources are in any unit; trains in samples at rate_hz. Fewer than 2 spikes (3 for variability) give NaN, never an error.
// Cost: one pass.
// Method: silhouette as in Negro et al. 2016; pulse-to-noise ratio, Holobar et al. 2014 (IEEE TNSRE 22); variants named after their
// definition, since published values of different definitions cannot be compared.

#include <cstdint>
#include <span>
#include <vector>

#include "libemg/core/options.h"

namespace emg {

/// Silhouette of two classes of heights: 1 - (within spikes) / (spikes to the centroid of the others), smaller over larger.
double sil_peaks(std::span<const double> spike_heights, std::span<const double> other_heights);

/// Mean over all heights of (distance to the other centroid - to the own) / the larger.
double sil_centroid_both(std::span<const double> spike_heights, std::span<const double> other_heights);

/// sil_peaks with every sample that is no spike as the other class, on s itself or on s|s|.
double sil_all_samples(std::span<const double> source, std::span<const std::int64_t> spikes, bool signed_square = false);

/// 10 log10 of mean s^2 at spikes over mean s^2 elsewhere. NaN if every sample is a spike.
double pnr_holobar_db(std::span<const double> source, std::span<const std::int64_t> spikes);

/// Source over its mean at spikes; noise: samples between first and last spike, more than 3 samples from any, not negative.
double pnr_guard_db(std::span<const double> source, std::span<const std::int64_t> spikes);

/// s^4 instead of s^2, neighbours of spikes count as spikes: about twice the decibels of pnr_holobar_db.
double pnr_fourth_power_db(std::span<const double> source, std::span<const std::int64_t> spikes);

/// Variability of the intervals between spikes.
struct IntervalStatistics {
  double rate_mean_hz = 0;     ///< one over the mean interval, intervals above 5 medians left out
  double cov_isi = 0;          ///< SD (n - 1) over mean of all intervals
  double cov_isi_robust = 0;   ///< intervals up to 2.5 medians
  double cov_isi_5median = 0;  ///< up to 5 medians
  double cod_isi = 0;          ///< median absolute deviation (unscaled) over median
  double short_fraction = 0;   ///< share of intervals below 20 ms

  static constexpr auto fields() {
    using R = IntervalStatistics;
    return std::tuple{
        field("rate_mean_hz", &R::rate_mean_hz, {}, "one over the mean interval, intervals above 5 medians left out"),
        field("cov_isi", &R::cov_isi, {}, "coefficient of variation of all intervals"),
        field("cov_isi_robust", &R::cov_isi_robust, {}, "that of the intervals up to 2.5 medians"),
        field("cov_isi_5median", &R::cov_isi_5median, {}, "that of the intervals up to 5 medians"),
        field("cod_isi", &R::cod_isi, {}, "median absolute deviation of the intervals over their median"),
        field("short_fraction", &R::short_fraction, {}, "share of intervals below 20 ms"),
    };
  }
};
static_assert(fully_described<IntervalStatistics>());

IntervalStatistics interval_statistics(std::span<const std::int64_t> spikes, double rate_hz);
/// The same from intervals in any unit; `per_s` of them are one second.
IntervalStatistics interval_statistics(std::vector<double> intervals, double per_s);

}  // namespace emg
