#pragma once
// Known discharges of any origin made into filters of this recording, and the discharges those find.
//
// recording, options as for decompose; units: discharges in samples of the recording. Result: for each unit the discharges found by its
// filter, the agreement with those given, and the bank of filters. A unit without discharges is left out with a warning.
// Throws InvalidArgument as decompose does and for a discharge outside the recording, naming its position.
// Cost: one whitening of the record and a few sources for each unit.
// Method: supervised.h.

#include "libemg/decompose/hd/decompose.h"

namespace emg {

struct RefitRow {
  int unit_id = 0;
  std::int64_t given_count = 0, spike_count = 0;
  double roa = 0;
  std::optional<double> sil_peaks, rate_mean_hz, cov_isi_robust;

  static constexpr auto fields() {
    using R = RefitRow;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit given"),
        field("given_count", &R::given_count, {}, "discharges given"),
        field("spike_count", &R::spike_count, {}, "discharges found by the filter"),
        field("roa", &R::roa, {}, "agreement of both"),
        field("sil_peaks", &R::sil_peaks, {}, "silhouette of the squared source at its maxima"),
        field("rate_mean_hz", &R::rate_mean_hz, {}, "one over the mean interval, pauses left out"),
        field("cov_isi_robust", &R::cov_isi_robust, {}, "coefficient of variation of the intervals up to 2.5 medians"),
    };
  }
};
static_assert(fully_described<RefitRow>());

struct RefitResult {
  std::vector<MotorUnit> units;
  std::vector<RefitRow> rows;
  FilterBank filters;
  std::vector<Warning> warnings;
};

RefitResult refit(const Recording& recording, const std::vector<MotorUnit>& units, const DecomposeOptions& options = {}, int threads = 1);

}  // namespace emg
