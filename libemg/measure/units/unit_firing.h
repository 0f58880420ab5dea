#pragma once
// How motor units fire: rates at recruitment, in the steady phase and at derecruitment, variability, and the force at which they come and go.
//
// units: discharges in samples of one recording; force: one value for each sample of that recording, any unit. One row for each unit.
// A unit with too few discharges for a number leaves it empty. Throws InvalidArgument for options outside their range, a steady phase or
// discharges outside the record, a force of another length.
// Cost: one pass over the discharges.
// Method: instantaneous rate = rate / interval; rates over the first and last n discharges are means of n - 1 instantaneous rates; a limit
// on the instantaneous rate drops intervals but never changes how many are counted (Valli et al. 2024 differ at the two ends).

#include <optional>
#include <span>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/units.h"

namespace emg {

struct UnitFiringOptions {
  std::optional<double> steady_start_s, steady_stop_s;
  int end_spikes = 4;
  double plateau_share = 0.05;
  std::optional<double> lowest_rate_hz, highest_rate_hz;

  static constexpr auto fields() {
    using O = UnitFiringOptions;
    return std::tuple{
        field("steady_start_s", &O::steady_start_s, {0, 1e7}, "start of the steady phase; open: found in the force, else the whole record"),
        field("steady_stop_s", &O::steady_stop_s, {0, 1e7}, "its end"),
        field("end_spikes", &O::end_spikes, {2, 1000}, "discharges at recruitment and derecruitment"),
        field("plateau_share", &O::plateau_share, {0.001, 1}, "steady: force within this share of its plateau median"),
        field("lowest_rate_hz", &O::lowest_rate_hz, {0, 1000}, "slower intervals are left out of means; open: none"),
        field("highest_rate_hz", &O::highest_rate_hz, {0, 1000}, "faster intervals are left out of means; open: none"),
    };
  }
};
static_assert(fully_described<UnitFiringOptions>());

struct UnitFiringRow {
  int unit_id = 0;
  std::int64_t spike_count = 0;
  std::optional<double> first_s, last_s;
  std::optional<double> rate_all_hz, rate_mean_isi_hz, rate_recruitment_hz, rate_derecruitment_hz, rate_steady_hz, cov_isi_steady;
  std::optional<double> recruitment_force, derecruitment_force, recruitment_force_mean, derecruitment_force_mean;
  bool isolated_first = false;

  static constexpr auto fields() {
    using R = UnitFiringRow;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit"),
        field("spike_count", &R::spike_count, {}, "discharges"),
        field("first_s", &R::first_s, {}, "first discharge"),
        field("last_s", &R::last_s, {}, "last discharge"),
        field("rate_all_hz", &R::rate_all_hz, {}, "mean of the instantaneous rates"),
        field("rate_mean_isi_hz", &R::rate_mean_isi_hz, {}, "one over the mean interval"),
        field("rate_recruitment_hz", &R::rate_recruitment_hz, {}, "mean instantaneous rate of the first discharges"),
        field("rate_derecruitment_hz", &R::rate_derecruitment_hz, {}, "and of the last"),
        field("rate_steady_hz", &R::rate_steady_hz, {}, "intervals with both ends in the steady phase"),
        field("cov_isi_steady", &R::cov_isi_steady, {}, "coefficient of variation of the intervals that end there"),
        field("recruitment_force", &R::recruitment_force, {}, "force at the first discharge, in the unit of the force"),
        field("derecruitment_force", &R::derecruitment_force, {}, "force at the last discharge"),
        field("recruitment_force_mean", &R::recruitment_force_mean, {}, "mean force at the first end_spikes discharges"),
        field("derecruitment_force_mean", &R::derecruitment_force_mean, {}, "mean force at the last end_spikes discharges"),
        field("isolated_first", &R::isolated_first, {}, "the first discharge lies more than 1 s before the second"),
    };
  }
};
static_assert(fully_described<UnitFiringRow>());

/// `force` may be empty: then its columns are, and the steady phase is that of the options or the whole record.
std::vector<UnitFiringRow> unit_firing(const std::vector<MotorUnit>& units, Index sample_count, double rate_hz, std::span<const double> force = {},
                                       const UnitFiringOptions& options = {});

/// The longest stretch in which the force stays within `share` of the median of its upper half; all of it if there is none.
std::pair<Index, Index> steady_phase(std::span<const double> force, double share);

}  // namespace emg
