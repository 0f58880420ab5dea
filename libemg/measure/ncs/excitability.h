#pragma once
// Nerve excitability: the derived numbers of a threshold-tracking protocol, computed from its curves.
//
// Curves in the units of the protocol: ms, mA, percent. Result: one row; what a missing or too short section would give is empty and named
// in `reason`. Points marked as imputed are to be left out by the caller: nothing is imputed here. Throws InvalidArgument for curves whose
// lists differ in length or hold a value that is not finite (section and point). Cost: linear. Method: Bostock, Cikurel and Burke, Muscle
// Nerve 1998;21:137 (threshold tracking); Kiernan et al., Muscle Nerve 2000;23:399 (names of the measures). Delays of threshold
// electrotonus are file delays: the current starts at 10 ms.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"

namespace emg {

struct ElectrotonusCurve {
  std::vector<double> delay_ms, reduction_pct;
  double current_pct = 0;  ///< +40, -40, 20, ...
};

struct ExcitabilityData {
  std::vector<double> duration_ms, charge_ma_ms;         ///< charge and duration
  std::vector<double> interval_ms, recovery_pct;         ///< recovery cycle
  std::vector<double> iv_current_pct, iv_reduction_pct;  ///< current and threshold
  std::vector<ElectrotonusCurve> electrotonus;
  std::vector<double> response_pct, response_ma;  ///< stimulus-response, 1 ms pulse
};

struct ExcitabilityRow {
  std::optional<double> rheobase_ma, strength_duration_ms;
  std::optional<double> relative_refractory_ms, superexcitability_pct, subexcitability_pct;
  std::optional<double> iv_slope_min, iv_slope_resting, iv_slope_hyperpolarising;
  std::optional<double> ted_10_20_pct, ted_40_60_pct, ted_90_100_pct, ted_peak_pct, ted_undershoot_pct;
  std::optional<double> teh_10_20_pct, teh_20_40_pct, teh_90_100_pct;
  std::optional<double> stimulus_50_ma, response_slope;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = ExcitabilityRow;
    return std::tuple{
        field("rheobase_ma", &R::rheobase_ma, {}, "slope of charge on duration"),
        field("strength_duration_ms", &R::strength_duration_ms, {}, "strength-duration time constant: intercept over slope"),
        field("relative_refractory_ms", &R::relative_refractory_ms, {}, "interval at which the recovery cycle first falls through 0"),
        field("superexcitability_pct", &R::superexcitability_pct, {}, "lowest mean of three neighbouring points of the recovery cycle"),
        field("subexcitability_pct", &R::subexcitability_pct, {}, "highest such mean beyond 15 ms"),
        field("iv_slope_min", &R::iv_slope_min, {}, "smallest slope of three neighbouring points, current over threshold reduction"),
        field("iv_slope_resting", &R::iv_slope_resting, {}, "slope from -10 to +10 % current"),
        field("iv_slope_hyperpolarising", &R::iv_slope_hyperpolarising, {}, "slope of the last three points"),
        field("ted_10_20_pct", &R::ted_10_20_pct, {}, "depolarising electrotonus (40 %), mean 10 to 20 ms after the start of the current"),
        field("ted_40_60_pct", &R::ted_40_60_pct, {}, "40 to 60 ms"),
        field("ted_90_100_pct", &R::ted_90_100_pct, {}, "90 to 100 ms: mean of the recorded points"),
        field("ted_peak_pct", &R::ted_peak_pct, {}, "largest mean of three neighbouring points"),
        field("ted_undershoot_pct", &R::ted_undershoot_pct, {}, "lowest such mean after the current"),
        field("teh_10_20_pct", &R::teh_10_20_pct, {}, "hyperpolarising electrotonus (-40 %)"),
        field("teh_20_40_pct", &R::teh_20_40_pct, {}, "20 to 40 ms"),
        field("teh_90_100_pct", &R::teh_90_100_pct, {}, "90 to 100 ms: mean of the recorded points"),
        field("stimulus_50_ma", &R::stimulus_50_ma, {}, "current for half of the largest response, 1 ms pulse"),
        field("response_slope", &R::response_slope, {}, "s50 / (s75 - s25)"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or incomplete"),
        field("reason", &R::reason, {}, "sections that are missing or too short"),
    };
  }
};
static_assert(fully_described<ExcitabilityRow>());

ExcitabilityRow excitability(const ExcitabilityData& data);

}  // namespace emg
