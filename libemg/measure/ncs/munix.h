#pragma once
// Motor unit number index, and estimates of the number of motor units from steps and from averaged unit potentials.
//
// Microvolts and mV. Results: one row each. Degenerate input: fewer than 2 accepted epochs, no step, no unit of sufficient signal give
// empty numbers with the reason. Throws InvalidArgument for an empty CMAP, an epoch or potential that is not finite, a rate that is no
// rate. Cost: linear. Method: MUNIX after Nandedkar et al., Muscle Nerve 2004;30:463 and Clin Neurophysiol 2010;121:1167: Ac, Pc area and
// power of the CMAP, As, Ps of each interference epoch, ICMUC = Pc As / (Ac Ps), ln ICMUC = ln A + alpha ln As, MUNIX = A 20^alpha. It
// follows area and power of the CMAP when units overlap; it is not a count (Bostock 2019). Multipoint: McComas 1971, Shefner et al. 2011
// (three steps at three sites). Spike-triggered: Brown, Strong and Snow, Muscle Nerve 1988;11:423.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class CmapPhase { whole, negative };
constexpr auto enum_names(CmapPhase) {
  using P = CmapPhase;
  return std::array<std::pair<P, std::string_view>, 2>{{{P::whole, "whole"}, {P::negative, "negative"}}};
}

struct MunixOptions {
  CmapPhase cmap_phase = CmapPhase::whole;
  double epoch_ms = 500;
  double area_min_mvms = 20;
  double icmuc_max = 100;
  double area_ratio_min = 1;
  double crest_max = 8;
  double reference_area_mvms = 20;
  std::optional<double> reference_share;
  int epochs_wanted = 20;

  static constexpr auto fields() {
    using O = MunixOptions;
    return std::tuple{
        field("cmap_phase", &O::cmap_phase, {}, "part of the CMAP that area and power are taken of; the convention is not settled"),
        field("epoch_ms", &O::epoch_ms, {50, 10000}, "length that areas are scaled to"),
        field("area_min_mvms", &O::area_min_mvms, {0, 1e6}, "accept epochs with more area"),
        field("icmuc_max", &O::icmuc_max, {0, 1e6}, "and a smaller count"),
        field("area_ratio_min", &O::area_ratio_min, {0, 1e6}, "and a larger ratio of their area to that of the CMAP"),
        field("crest_max", &O::crest_max, {1, 1000}, "and a smaller ratio of peak to RMS: no tremor, no solitary spikes"),
        field("reference_area_mvms", &O::reference_area_mvms, {0.01, 1e6}, "area at which the fit is read"),
        field("reference_share", &O::reference_share, {0.001, 1000}, "instead, this multiple of the CMAP area; auto: not used"),
        field("epochs_wanted", &O::epochs_wanted, {2, 10000}, "flag few_epochs below it"),
    };
  }
};
static_assert(fully_described<MunixOptions>());

struct MunixRow {
  std::optional<double> munix, musix_uv, alpha, cmap_amplitude_mv;
  double cmap_area_mvms = 0, cmap_power_mv2ms = 0;
  int epoch_count = 0, accepted_count = 0;
  CmapPhase cmap_phase = CmapPhase::whole;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = MunixRow;
    return std::tuple{
        field("munix", &R::munix, {}, "index; follows area and power of the CMAP, no count"),
        field("musix_uv", &R::musix_uv, {}, "CMAP amplitude over the index"),
        field("alpha", &R::alpha, {}, "exponent of the fit"),
        field("cmap_amplitude_mv", &R::cmap_amplitude_mv, {}, "baseline to negative peak"),
        field("cmap_area_mvms", &R::cmap_area_mvms, {}, "rectified area of the CMAP"),
        field("cmap_power_mv2ms", &R::cmap_power_mv2ms, {}, "its power"),
        field("epoch_count", &R::epoch_count, {}, "epochs given"),
        field("accepted_count", &R::accepted_count, {}, "epochs in the fit"),
        field("cmap_phase", &R::cmap_phase, {}, "part of the CMAP that was used"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags: few_epochs, rescaled"),
        field("reason", &R::reason, {}, "why the index is empty"),
    };
  }
};
static_assert(fully_described<MunixRow>());

/// Count of one epoch that the CMAP implies: Pc As / (Ac Ps).
double icmuc(std::span<const double> cmap_uv, std::span<const double> epoch_uv);
/// `cmap_uv`: the response alone, baseline removed, E1-negative negative. `epochs_uv`: epochs x samples.
MunixRow munix(std::span<const double> cmap_uv, const ChannelsView& epochs_uv, double rate_hz, const MunixOptions& options = {});

struct MuneRow {
  std::optional<double> mune, mune_se, mune_area, mean_unit_uv;
  double cmap_mv = 0;
  int unit_count = 0, excluded_count = 0;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = MuneRow;
    return std::tuple{
        field("mune", &R::mune, {}, "CMAP over mean unit, by amplitude"),
        field("mune_se", &R::mune_se, {}, "its standard error from the spread of the units"),
        field("mune_area", &R::mune_area, {}, "by negative area"),
        field("mean_unit_uv", &R::mean_unit_uv, {}, "mean step or unit potential"),
        field("cmap_mv", &R::cmap_mv, {}, "largest CMAP"),
        field("unit_count", &R::unit_count, {}, "steps or units that went in"),
        field("excluded_count", &R::excluded_count, {}, "left out: too small or too noisy"),
        field("method", &R::method, {}, "incremental, adapted or spike_triggered"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why the number is empty"),
    };
  }
};
static_assert(fully_described<MuneRow>());

struct MultipointOptions {
  double step_min_uv = 25;
  double noise_factor = 3;
  int steps_wanted = 10;

  static constexpr auto fields() {
    using O = MultipointOptions;
    return std::tuple{field("step_min_uv", &O::step_min_uv, {0, 1e6}, "a step exceeds this"),
                      field("noise_factor", &O::noise_factor, {0, 100}, "and this multiple of the noise"),
                      field("steps_wanted", &O::steps_wanted, {1, 1000}, "flag few_steps below it")};
  }
};
static_assert(fully_described<MultipointOptions>());

/// Steps of a stimulus raised slowly: `amplitudes_mv` of the reproducible levels in order, from 0.
MuneRow incremental(const std::vector<double>& amplitudes_mv, double cmap_mv, double noise_uv, const MultipointOptions& options = {});
/// Adapted multipoint: for each site the amplitude of its third step; mean step = sum of thirds / (3 x sites).
MuneRow multipoint(const std::vector<double>& third_step_mv, double cmap_mv, const MultipointOptions& options = {});

struct SpikeTriggeredOptions {
  int discharges_wanted = 50;
  int units_wanted = 20;
  double snr_min = 3;

  static constexpr auto fields() {
    using O = SpikeTriggeredOptions;
    return std::tuple{field("discharges_wanted", &O::discharges_wanted, {2, 100000}, "a unit needs as many discharges"),
                      field("units_wanted", &O::units_wanted, {1, 1000}, "flag few_units below it"),
                      field("snr_min", &O::snr_min, {0, 1000}, "and a negative peak of this multiple of the noise of its average")};
  }
};
static_assert(fully_described<SpikeTriggeredOptions>());

/// `averages_uv`: units x samples, 10 % trimmed averages of the surface signal aligned to the discharges (the first fifth is baseline);
/// `discharges`: number of each. `cmap_uv`: as for munix.
MuneRow spike_triggered_mune(std::span<const double> cmap_uv, const ChannelsView& averages_uv, const std::vector<int>& discharges,
                             double rate_hz, const SpikeTriggeredOptions& options = {});

}  // namespace emg
