#pragma once
// Rates of one muscle over recordings: are they one rate, and do they change.
//
// Input: events, usable seconds and day of each recording. Result: heterogeneity, log-linear Poisson slope a month, Theil-Sen slope.
// Degenerate input: one recording, one day for all, or no event at all has no slope. Rows with 0 events stay in.
// Throws InvalidArgument for a negative count or time. Cost: microseconds.
// Method: log(rate) = a + b months with exposure as offset, maximum likelihood by Newton's method, interval of b by profile likelihood and
// widened by sqrt(max(1, phi)), phi = Pearson chi-square over its degrees of freedom (McCullagh & Nelder 1989, ch. 6); chi-square of a common
// rate; Theil-Sen slope of the rates with its interval from Kendall's variance (Sen 1968, JASA 63:1379).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/measure/twitch/rate.h"

namespace emg {

struct RatePoint {
  double day = 0;
  std::int64_t events = 0;
  double usable_s = 0;
};

struct TrendRow {
  std::string muscle = {};
  std::string side = {};
  int recordings = 0;
  int assessable = 0;
  int present_in = 0;
  std::optional<double> days = std::nullopt;
  std::optional<double> common_rate_per_min = std::nullopt;
  std::optional<double> heterogeneity_chi2 = std::nullopt;
  std::optional<double> heterogeneity_p = std::nullopt;
  std::optional<double> change_per_month = std::nullopt;
  std::optional<double> change_low = std::nullopt;
  std::optional<double> change_high = std::nullopt;
  std::optional<double> dispersion = std::nullopt;
  std::optional<double> theil_sen_per_min_per_month = std::nullopt;
  std::optional<double> theil_sen_low = std::nullopt;
  std::optional<double> theil_sen_high = std::nullopt;
  std::string reason = {};

  static constexpr auto fields() {
    using R = TrendRow;
    return std::tuple{
        field("muscle", &R::muscle, {}, "muscle"),
        field("side", &R::side, {}, "side"),
        field("recordings", &R::recordings, {}, "recordings of it"),
        field("assessable", &R::assessable, {}, "of them with at least 60 s of usable time"),
        field("present_in", &R::present_in, {}, "of those with twitches"),
        field("days", &R::days, {}, "from the first to the last recording"),
        field("common_rate_per_min", &R::common_rate_per_min, {}, "all events over all usable minutes"),
        field("heterogeneity_chi2", &R::heterogeneity_chi2, {}, "chi-square of one common rate"),
        field("heterogeneity_p", &R::heterogeneity_p, {}, "its p"),
        field("change_per_month", &R::change_per_month, {}, "slope of the natural logarithm of the rate, a month of 30.44 days"),
        field("change_low", &R::change_low, {}, "lower end of its 95 % interval"),
        field("change_high", &R::change_high, {}, "its upper end"),
        field("dispersion", &R::dispersion, {}, "Pearson chi-square over degrees of freedom; the interval is widened if above 1"),
        field("theil_sen_per_min_per_month", &R::theil_sen_per_min_per_month, {}, "median of the slopes of all pairs"),
        field("theil_sen_low", &R::theil_sen_low, {}, "lower end of its 95 % interval"),
        field("theil_sen_high", &R::theil_sen_high, {}, "its upper end"),
        field("reason", &R::reason, {}, "why there is no slope"),
    };
  }
};
static_assert(fully_described<TrendRow>());

TrendRow rate_trend(std::span<const RatePoint> points, std::string muscle = {}, std::string side = {});

/// Days since 1970-01-01 of an ISO 8601 date or time; empty if `text` is none.
std::optional<double> day_of(std::string_view text);

}  // namespace emg
