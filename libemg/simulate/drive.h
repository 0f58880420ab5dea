#pragma once
// Excitation over time: a profile of effort and the slow common and private fluctuations around it.
//
// Effort is a fraction of the largest excitation, 0 to 1, sampled at 200 Hz and linear between. Times in seconds.
// Throws InvalidArgument for lists of points that differ in length or do not ascend.
// Source: common drive as low-pass noise of 2.5 Hz, second order (De Luca & Erim 1994; spread 0.12 gives the published coefficients); beta
// drive as noise of 15-30 Hz.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

/// Values at k / kDriveRateHz, linear between, the ends held beyond.
inline constexpr double kDriveRateHz = 200;

enum class EffortProfile { constant, ramp, trapezoid, sine, points, bouts };
constexpr auto enum_names(EffortProfile) {
  using P = EffortProfile;
  return std::array<std::pair<P, std::string_view>, 6>{{{P::constant, "constant"},
                                                        {P::ramp, "ramp"},
                                                        {P::trapezoid, "trapezoid"},
                                                        {P::sine, "sine"},
                                                        {P::points, "points"},
                                                        {P::bouts, "bouts"}}};
}

enum class EffortUnit { excitation, force };
constexpr auto enum_names(EffortUnit) {
  using U = EffortUnit;
  return std::array<std::pair<U, std::string_view>, 2>{{{U::excitation, "excitation"}, {U::force, "force"}}};
}

struct EffortOptions {
  EffortProfile profile = EffortProfile::trapezoid;
  double effort = 0.3;
  EffortUnit effort_unit = EffortUnit::excitation;
  double rest_s = 0;
  double ramp_s = 1;
  double sine_hz = 0.2;
  double sine_depth = 0.5;
  double bout_s = 5;
  double bout_pause_s = 5;
  std::vector<double> point_s;
  std::vector<double> point_effort;

  static constexpr auto fields() {
    using O = EffortOptions;
    return std::tuple{
        field("profile", &O::profile, {}, "effort over time; ramp rises over the whole record, points is linear through a list"),
        field("effort", &O::effort, {0, 1}, "effort that is held, of the largest"),
        field("effort_unit", &O::effort_unit, {}, "what effort is a fraction of: the largest excitation or the largest force"),
        field("rest_s", &O::rest_s, {0, 3600}, "rest before and after the effort (trapezoid, ramp, sine)"),
        field("ramp_s", &O::ramp_s, {0, 3600}, "rise at the start and fall at the end (trapezoid, sine, bouts)"),
        field("sine_hz", &O::sine_hz, {0.001, 20}, "frequency of the profile sine"),
        field("sine_depth", &O::sine_depth, {0, 1}, "its depth, of the effort"),
        field("bout_s", &O::bout_s, {0.05, 3600}, "length of a bout, ramps included (bouts)"),
        field("bout_pause_s", &O::bout_pause_s, {0, 3600}, "between two bouts"),
        field("point_s", &O::point_s, {0, 86400}, "times of the profile points, ascending"),
        field("point_effort", &O::point_effort, {0, 1}, "efforts there"),
    };
  }
};
static_assert(fully_described<EffortOptions>());

/// One contraction: effort rises from 0 over `rise_s` after `start_s`, holds, and falls over `rise_s` to 0 at `end_s`.
struct Bout {
  double start_s = 0;
  double end_s = 0;
  double effort = 0;
};

/// Sum of trapezoids, at kDriveRateHz over `duration_s`. A bout shorter than two rises is a triangle that stays below its effort.
std::vector<double> bout_profile(const std::vector<Bout>& bouts, double rise_s, double duration_s);

/// Profile of the options at kDriveRateHz, in their unit.
std::vector<double> effort_profile(const EffortOptions& options, double duration_s);

/// Unit-variance noise at kDriveRateHz, second-order low-pass at 2.5 Hz; `index` 0 is the common one, n + 1 that of unit n.
std::vector<double> drive_noise(std::int64_t seed, std::uint64_t index, std::size_t count);

/// Unit-variance noise of 15-30 Hz at kDriveRateHz.
std::vector<double> beta_noise(std::int64_t seed, std::uint64_t index, std::size_t count);

}  // namespace emg
