#pragma once
// Delta-F: how much the rate of a low-threshold unit falls between recruitment and derecruitment of a later one, a sign of persistent inward
// currents in the motor neurons.
//
// units: discharges of one contraction. One row for each pair, control first (the unit recruited earlier), and one for each test unit; a
// pair that does not meet a condition has no delta-F and says why. Units with fewer than `fewest_spikes` discharges make no pairs.
// Throws InvalidArgument for options outside their range and units of different rates.
// Cost: `svr` (spikes)^2 for each unit, `hann` none to speak of.
// Method: paired units (Gorassini, Yang, Siu & Bennett 2002, J Neurophysiol 87); smooth rates by support vector regression with the
// settings of Beauchamp et al. 2022 (J Neural Eng 19) or a Hann window; recruitment is the second discharge, the first with a rate.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/units.h"

namespace emg {

enum class RateSmoothing { svr, hann };
constexpr auto enum_names(RateSmoothing) {
  return std::array{std::pair{RateSmoothing::svr, std::string_view("svr")}, std::pair{RateSmoothing::hann, std::string_view("hann")}};
}

struct DeltaFOptions {
  RateSmoothing smoothing = RateSmoothing::svr;
  double hann_s = 2;
  double recruitment_difference_s = 1;
  double least_correlation = 0.7;
  double least_modulation_hz = 0.5;
  int fewest_spikes = 10;

  static constexpr auto fields() {
    using O = DeltaFOptions;
    return std::tuple{
        field("smoothing", &O::smoothing, {}, "of the instantaneous rates"),
        field("hann_s", &O::hann_s, {0.05, 60}, "length of the window (hann)"),
        field("recruitment_difference_s", &O::recruitment_difference_s, {0, 1000}, "the test unit is recruited at least this much later"),
        field("least_correlation", &O::least_correlation, {-1, 1}, "of the two rates where both are active"),
        field("least_modulation_hz", &O::least_modulation_hz, {0, 100}, "range of the control's rate while the test unit is active"),
        field("fewest_spikes", &O::fewest_spikes, {3, 10000}, "discharges of a unit"),
    };
  }
};
static_assert(fully_described<DeltaFOptions>());

struct DeltaFRow {
  int control_unit = 0, test_unit = 0;
  std::optional<double> delta_f_hz;
  std::optional<double> rate_at_recruitment_hz, rate_at_derecruitment_hz, correlation, modulation_hz;
  double recruitment_difference_s = 0;
  std::string reason;

  static constexpr auto fields() {
    using R = DeltaFRow;
    return std::tuple{
        field("control_unit", &R::control_unit, {}, "unit recruited earlier"),
        field("test_unit", &R::test_unit, {}, "unit recruited later"),
        field("delta_f_hz", &R::delta_f_hz, {}, "rate of the control at recruitment minus at derecruitment of the test unit"),
        field("rate_at_recruitment_hz", &R::rate_at_recruitment_hz, {}, "smoothed rate of the control at the first"),
        field("rate_at_derecruitment_hz", &R::rate_at_derecruitment_hz, {}, "and at the second"),
        field("correlation", &R::correlation, {}, "of the smoothed rates where both are active"),
        field("modulation_hz", &R::modulation_hz, {}, "range of the control's rate while the test unit is active"),
        field("recruitment_difference_s", &R::recruitment_difference_s, {}, "test minus control"),
        field("reason", &R::reason, {}, "why there is no delta-F"),
    };
  }
};
static_assert(fully_described<DeltaFRow>());

struct DeltaFUnitRow {
  int unit_id = 0;
  int pair_count = 0;
  std::optional<double> delta_f_hz;

  static constexpr auto fields() {
    using R = DeltaFUnitRow;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "test unit"),
        field("pair_count", &R::pair_count, {}, "pairs with a delta-F"),
        field("delta_f_hz", &R::delta_f_hz, {}, "their mean"),
    };
  }
};
static_assert(fully_described<DeltaFUnitRow>());

std::vector<DeltaFRow> delta_f(const std::vector<MotorUnit>& units, const DeltaFOptions& options = {});

/// Mean over the pairs of each test unit; units without a valid pair have none.
std::vector<DeltaFUnitRow> delta_f_by_unit(const std::vector<DeltaFRow>& pairs);

/// Smoothed rate of a unit at given times; missing before the second and after the last discharge.
class SmoothRate {
 public:
  SmoothRate(const MotorUnit& unit, const DeltaFOptions& options);
  double first_s() const { return times_.front(); }
  double last_s() const { return times_.back(); }
  double at(double time_s) const;

 private:
  void fit(const DeltaFOptions& options);

  std::vector<double> times_, rates_, weights_;
  double bias_ = 0, hann_s_ = 0;
};

}  // namespace emg
