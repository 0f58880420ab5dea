#pragma once
// Stored separation filters: the units of one recording found again in another, also block by block.
//
// Taps act on band-passed microvolts of the channels named in the bank: s(t) = sum over channels c and lags l of taps(c, l) x_c(t - l), in
// standard deviations of the source on the recording they come from. A spike lies `delay_samples` before the maximum of the source.
// A bank without units gives no units. Throws InvalidArgument if the rate differs, a channel of the bank is missing, or the table is none
// of filter_table; the first difference is named.
// Cost: 2 channels x lags operations for each unit and sample, in float.
// Method: linear reuse of decomposition filters (Barsakcioglu et al. 2020, IEEE TBME; Negro et al. 2016).

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/stage.h"
#include "libemg/core/table.h"
#include "libemg/core/units.h"

namespace emg {

struct UnitTaps {
  int unit_id = 0;
  RowMatrix taps;              ///< channels x lags
  std::int64_t delay_samples = 0;
  double spike_threshold = 0;  ///< on s|s|
  double spike_centroid = 0, noise_centroid = 0;
};

struct FilterBank {
  double rate_hz = 0;          ///< of the recording
  int step = 1;                ///< the taps act on every step-th sample
  std::vector<std::string> channels;
  int extension = 0;
  double low_hz = 0, high_hz = 0;
  int filter_order = 0;
  double refractory_ms = 10;
  double whitening_floor_uv2 = 0;
  double median_rms_uv = 0;    ///< of the band-passed channels
  std::vector<UnitTaps> units;
};

/// One row for each unit; facts of the bank are repeated in every row.
Table filter_table(const FilterBank& bank);
FilterBank filter_bank_from(const Table& table);

enum class SpikeThreshold { stored, refit };
constexpr auto enum_names(SpikeThreshold) {
  return std::array{std::pair{SpikeThreshold::stored, std::string_view("stored")}, std::pair{SpikeThreshold::refit, std::string_view("refit")}};
}

struct ApplyFiltersOptions {
  SpikeThreshold threshold = SpikeThreshold::stored;
  bool rescale = false;
  bool allow_missing = false;

  static constexpr auto fields() {
    using O = ApplyFiltersOptions;
    return std::tuple{
        field("threshold", &O::threshold, {}, "height of a spike: as stored, or split anew on these data"),
        field("rescale", &O::rescale, {}, "divide by the ratio of the median channel RMS to that of the stored recording"),
        field("allow_missing", &O::allow_missing, {}, "channels of the filters that are not in the recording count as zero"),
    };
  }
};
static_assert(fully_described<ApplyFiltersOptions>());

struct AppliedRow {
  int unit_id = 0;
  std::int64_t spike_count = 0;
  std::optional<double> rate_mean_hz, sil_peaks, cov_isi_robust;

  static constexpr auto fields() {
    using R = AppliedRow;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit in the bank"),
        field("spike_count", &R::spike_count, {}, "discharges found"),
        field("rate_mean_hz", &R::rate_mean_hz, {}, "one over the mean interval, pauses left out"),
        field("sil_peaks", &R::sil_peaks, {}, "silhouette of the squared source at its maxima, on these data"),
        field("cov_isi_robust", &R::cov_isi_robust, {}, "coefficient of variation of the intervals up to 2.5 medians"),
    };
  }
};
static_assert(fully_described<AppliedRow>());

struct AppliedFilters {
  std::vector<MotorUnit> units;
  std::vector<AppliedRow> rows;
  RowMatrix pulse_trains;      ///< units x frames (every `step`th sample)
  std::vector<Warning> warnings;
};

AppliedFilters apply_filters(const Recording& recording, const FilterBank& bank, const ApplyFiltersOptions& options = {}, int threads = 1);

/// Sources of the bank (units x samples) from its band-passed channels, causal.
std::unique_ptr<Stage> filter_bank_stage(const FilterBank& bank);

}  // namespace emg
