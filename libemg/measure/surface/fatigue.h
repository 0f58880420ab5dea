#pragma once
// Myoelectric fatigue: slopes of amplitude and frequency over a sustained contraction, with confidence intervals.
//
// signal: channels x samples, microvolts. One row for each channel and variable (rms_uv, arv_uv, mnf_hz, mdf_hz and, with distance_mm,
// cv_mps of the channels as a line). Slopes are per second, and in percent of the value at time 0 where that is positive. Windows that
// overlap are not independent: limits and p come from every n-th window only, n the number of windows that overlap. With a force channel,
// windows outside force_tolerance of its median force are left out and counted; without, every row is flagged `force_unknown`. Degenerate
// input: windows without power have no frequency and are left out. Throws InvalidArgument for an empty or non-finite signal, an option
// outside its range, fewer than 5 windows. Cost: that of frequency-track; Theil-Sen takes windows^2 / 2 slopes. Method: Theil-Sen with the
// limits of Sen 1968 (J Am Stat Assoc 63:1379-89), p of Kendall's tau; or least squares with Student's t; equal
// scipy.stats.theilslopes(method="separate") and linregress to 1e-12. Quadrants: Luttmann, Jager & Laurig 2000 (Int J Ind Ergon 25:247-60).

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class FatigueFit { theil_sen, least_squares };
constexpr auto enum_names(FatigueFit) {
  using F = FatigueFit;
  return std::array<std::pair<F, std::string_view>, 2>{{{F::theil_sen, "theil_sen"}, {F::least_squares, "least_squares"}}};
}

/// What the signs of both slopes say, if their limits exclude 0.
enum class FatigueQuadrant { undetermined, force_increase, fatigue, force_decrease, recovery };
constexpr auto enum_names(FatigueQuadrant) {
  using Q = FatigueQuadrant;
  return std::array<std::pair<Q, std::string_view>, 5>{{{Q::undetermined, "undetermined"},
                                                        {Q::force_increase, "force_increase"},
                                                        {Q::fatigue, "fatigue"},
                                                        {Q::force_decrease, "force_decrease"},
                                                        {Q::recovery, "recovery"}}};
}

struct FatigueOptions {
  double window_ms = 500;
  double hop_ms = 500;
  double low_hz = 20;
  double high_hz = 450;
  FatigueFit fit = FatigueFit::theil_sen;
  double confidence = 0.95;
  std::optional<int> force_channel = std::nullopt;
  double force_tolerance = 0.1;
  std::optional<double> distance_mm = std::nullopt;

  static constexpr auto fields() {
    using O = FatigueOptions;
    return std::tuple{
        field("window_ms", &O::window_ms, {1e-3, 1e7}, "length of a window"),
        field("hop_ms", &O::hop_ms, {1e-3, 1e7}, "distance of the starts of windows"),
        field("low_hz", &O::low_hz, {0, 5e6}, "lower edge of the band of the frequencies"),
        field("high_hz", &O::high_hz, {0, 5e6}, "its upper edge, at most half the rate"),
        field("fit", &O::fit, {}, "median of all slopes, which bears outliers, or least squares"),
        field("confidence", &O::confidence, {0.5, 0.9999}, "coverage of the limits"),
        field("force_channel", &O::force_channel, {0, 1e6}, "channel that holds the force, from 0; open: force is not known"),
        field("force_tolerance", &O::force_tolerance, {1e-3, 10}, "windows further from the median force than this share are left out"),
        field("distance_mm", &O::distance_mm, {0.5, 50}, "distance of the channels along the fibres; open: no conduction velocity"),
    };
  }
};
static_assert(fully_described<FatigueOptions>());

struct FatigueRow {
  std::optional<int> channel = std::nullopt;
  std::string variable;
  double slope_per_s = 0;
  std::optional<double> slope_low_per_s = std::nullopt, slope_high_per_s = std::nullopt;
  double intercept = 0;
  std::optional<double> slope_percent_per_s = std::nullopt, percent_low_per_s = std::nullopt, percent_high_per_s = std::nullopt;
  std::optional<double> p = std::nullopt;
  int window_count = 0;
  int independent_count = 0;
  int excluded_count = 0;
  FatigueQuadrant quadrant = FatigueQuadrant::undetermined;
  std::vector<std::string> flags = {};

  static constexpr auto fields() {
    using R = FatigueRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel; missing for the velocity of all"),
        field("variable", &R::variable, {}, "rms_uv, arv_uv, mnf_hz, mdf_hz or cv_mps"),
        field("slope_per_s", &R::slope_per_s, {}, "change per second, in the unit of the variable"),
        field("slope_low_per_s", &R::slope_low_per_s, {}, "lower limit"),
        field("slope_high_per_s", &R::slope_high_per_s, {}, "upper limit"),
        field("intercept", &R::intercept, {}, "value at time 0"),
        field("slope_percent_per_s", &R::slope_percent_per_s, {}, "slope over intercept; missing if that is not positive"),
        field("percent_low_per_s", &R::percent_low_per_s, {}, "lower limit"),
        field("percent_high_per_s", &R::percent_high_per_s, {}, "upper limit"),
        field("p", &R::p, {}, "probability of a slope as large without a trend"),
        field("window_count", &R::window_count, {}, "windows used"),
        field("independent_count", &R::independent_count, {}, "windows that do not overlap, which limits and p come from"),
        field("excluded_count", &R::excluded_count, {}, "windows left out because of their force or for lack of a value"),
        field("quadrant", &R::quadrant, {},
              "from the signs of the slopes of rms_uv and mnf_hz of the channel, where their limits exclude 0"),
        field("flags", &R::flags, {}, "force_unknown: no force channel"),
    };
  }
};
static_assert(fully_described<FatigueRow>());

std::vector<FatigueRow> fatigue(const ChannelsView& signal, double rate_hz, const FatigueOptions& options = {}, int threads = 1);

/// Straight line through (time, value), with limits and p of its slope; those are missing for fewer than 3 points.
struct TrendLine {
  double slope = 0, intercept = 0;
  std::optional<double> low, high, p;
};

TrendLine theil_sen(std::span<const double> time, std::span<const double> value, double confidence);
TrendLine least_squares(std::span<const double> time, std::span<const double> value, double confidence);

}  // namespace emg
