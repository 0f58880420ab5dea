#include "libemg/measure/ncs/munix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kUvPerMv = 1000;

void require_trace(const char* name, std::span<const double> v) {
  if (v.empty()) throw InvalidArgument(fmt::format("{} is empty", name));
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (!std::isfinite(v[i])) throw InvalidArgument(fmt::format("{}: sample {} is not finite", name, i));
  }
}

struct AreaPower {
  double area = 0, power = 0;  // microvolt samples
};

AreaPower area_power(std::span<const double> v) {
  AreaPower sum;
  for (const double x : v) sum.area += std::abs(x), sum.power += x * x;
  return sum;
}

// Negative phase around the lowest sample.
std::span<const double> negative_phase(std::span<const double> v) {
  auto low = static_cast<std::size_t>(std::min_element(v.begin(), v.end()) - v.begin()), high = low;
  while (low > 0 && v[low - 1] < 0) --low;
  while (high + 1 < v.size() && v[high + 1] < 0) ++high;
  return v.subspan(low, high - low + 1);
}

double negative_area_mvms(std::span<const double> v, double rate_hz) {
  double sum = 0;
  for (const double x : negative_phase(v)) sum += std::max(0.0, -x);
  return sum / kUvPerMv * 1000 / rate_hz;
}

void from_units(MuneRow& row, const std::vector<double>& units_uv) {
  row.unit_count = static_cast<int>(units_uv.size());
  if (units_uv.empty()) {
    row.reason = "no step or unit is large enough";
    return;
  }
  const double mean = mean_of(units_uv);
  row.mean_unit_uv = mean;
  row.mune = row.cmap_mv * kUvPerMv / mean;
  if (units_uv.size() > 1) row.mune_se = *row.mune * sd_of(units_uv) / std::sqrt(static_cast<double>(units_uv.size())) / mean;
}

void require_cmap(double cmap_mv) {
  if (!(cmap_mv > 0) || !std::isfinite(cmap_mv)) throw InvalidArgument(fmt::format("cmap_mv {} is not above 0", cmap_mv));
}

}  // namespace

double icmuc(std::span<const double> cmap_uv, std::span<const double> epoch_uv) {
  require_trace("cmap_uv", cmap_uv);
  require_trace("epoch_uv", epoch_uv);
  const auto c = area_power(cmap_uv), s = area_power(epoch_uv);
  return c.power * s.area / (c.area * s.power);
}

MunixRow munix(std::span<const double> cmap_uv, const ChannelsView& epochs_uv, double rate_hz, const MunixOptions& o) {
  validate_options(o);
  require_rate(rate_hz);
  require_trace("cmap_uv", cmap_uv);
  require_finite(epochs_uv);
  MunixRow row;
  row.method = "munix", row.version = kVersion, row.cmap_phase = o.cmap_phase;
  const double ms = 1000 / rate_hz;
  const auto part = o.cmap_phase == CmapPhase::negative ? negative_phase(cmap_uv) : cmap_uv;
  const auto c = area_power(part);
  if (!(c.area > 0)) throw InvalidArgument("cmap_uv is constant 0");
  row.cmap_area_mvms = c.area / kUvPerMv * ms, row.cmap_power_mv2ms = c.power / (kUvPerMv * kUvPerMv) * ms;
  row.cmap_amplitude_mv = -*std::min_element(cmap_uv.begin(), cmap_uv.end()) / kUvPerMv;
  row.epoch_count = static_cast<int>(epochs_uv.rows());
  const double length_ms = static_cast<double>(epochs_uv.cols()) * ms, scale = length_ms > 0 ? o.epoch_ms / length_ms : 1;
  std::string flags;
  if (std::abs(scale - 1) > 1e-9) add_flag(flags, "rescaled");
  std::vector<double> x, y;
  for (Index r = 0; r < epochs_uv.rows(); ++r) {
    const auto epoch = channel_span(epochs_uv, r);
    const auto s = area_power(epoch);
    const double area = s.area / kUvPerMv * ms * scale;
    const double count = s.power > 0 ? c.power * s.area / (c.area * s.power) : INFINITY;
    const double rms = std::sqrt(s.power / static_cast<double>(epoch.size()));
    double peak = 0;
    for (const double v : epoch) peak = std::max(peak, std::abs(v));
    if (area > o.area_min_mvms && count < o.icmuc_max && area / row.cmap_area_mvms > o.area_ratio_min && peak <= o.crest_max * rms)
      x.push_back(std::log(area)), y.push_back(std::log(count));
  }
  row.accepted_count = static_cast<int>(x.size());
  if (row.accepted_count < o.epochs_wanted) add_flag(flags, "few_epochs");
  row.quality = flags.empty() ? "ok" : flags;
  const double mx = x.empty() ? 0 : mean_of(x), my = y.empty() ? 0 : mean_of(y);
  double sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sxx += (x[i] - mx) * (x[i] - mx), sxy += (x[i] - mx) * (y[i] - my);
  if (x.size() < 2 || !(sxx > 0)) {
    row.reason = "not_assessable (fewer than two different epochs accepted)";
    return row;
  }
  row.alpha = sxy / sxx;
  const double reference = o.reference_share ? *o.reference_share * row.cmap_area_mvms : o.reference_area_mvms;
  row.munix = std::exp(my + *row.alpha * (std::log(reference) - mx));
  row.musix_uv = *row.cmap_amplitude_mv * kUvPerMv / *row.munix;
  return row;
}

MuneRow incremental(const std::vector<double>& amplitudes_mv, double cmap_mv, double noise_uv, const MultipointOptions& o) {
  validate_options(o);
  require_cmap(cmap_mv);
  MuneRow row;
  row.method = "incremental", row.version = kVersion, row.cmap_mv = cmap_mv;
  std::vector<double> steps;
  double before = 0;
  for (std::size_t i = 0; i < amplitudes_mv.size(); ++i) {
    if (!std::isfinite(amplitudes_mv[i])) throw InvalidArgument(fmt::format("amplitudes_mv: level {} is not finite", i));
    const double step = (amplitudes_mv[i] - before) * kUvPerMv;
    if (step > o.step_min_uv && step > o.noise_factor * noise_uv) {
      steps.push_back(step);
      before = amplitudes_mv[i];
    } else {
      ++row.excluded_count;
    }
  }
  from_units(row, steps);
  row.quality = row.unit_count < o.steps_wanted ? "few_steps" : "ok";
  return row;
}

MuneRow multipoint(const std::vector<double>& third_step_mv, double cmap_mv, const MultipointOptions& o) {
  validate_options(o);
  require_cmap(cmap_mv);
  MuneRow row;
  row.method = "adapted", row.version = kVersion, row.cmap_mv = cmap_mv;
  std::vector<double> steps;
  for (std::size_t i = 0; i < third_step_mv.size(); ++i) {
    if (!std::isfinite(third_step_mv[i])) throw InvalidArgument(fmt::format("third_step_mv: site {} is not finite", i));
    const double mean = third_step_mv[i] * kUvPerMv / 3;
    if (mean > o.step_min_uv) {
      steps.push_back(mean);
    } else {
      ++row.excluded_count;
    }
  }
  from_units(row, steps);
  row.unit_count *= 3;
  row.quality = row.unit_count < o.steps_wanted - 1 ? "few_steps" : "ok";
  return row;
}

MuneRow spike_triggered_mune(std::span<const double> cmap_uv, const ChannelsView& averages_uv, const std::vector<int>& discharges,
                             double rate_hz, const SpikeTriggeredOptions& o) {
  validate_options(o);
  require_rate(rate_hz);
  require_trace("cmap_uv", cmap_uv);
  require_finite(averages_uv);
  if (static_cast<Index>(discharges.size()) != averages_uv.rows())
    throw InvalidArgument(fmt::format("{} averages, {} numbers of discharges", averages_uv.rows(), discharges.size()));
  MuneRow row;
  row.method = "spike_triggered", row.version = kVersion;
  row.cmap_mv = -*std::min_element(cmap_uv.begin(), cmap_uv.end()) / kUvPerMv;
  require_cmap(row.cmap_mv);
  std::vector<double> amplitudes, areas;
  for (Index r = 0; r < averages_uv.rows(); ++r) {
    std::vector<double> unit(static_cast<std::size_t>(averages_uv.cols()));
    for (Index i = 0; i < averages_uv.cols(); ++i) unit[static_cast<std::size_t>(i)] = averages_uv(r, i);
    const std::vector<double> base(unit.begin(), unit.begin() + std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(unit.size() / 5)));
    const double level = median_of(base), noise = sd_of(base);
    for (double& v : unit) v -= level;
    const double peak = -*std::min_element(unit.begin(), unit.end());
    if (discharges[static_cast<std::size_t>(r)] < o.discharges_wanted || !(peak > 0) || peak < o.snr_min * noise) {
      ++row.excluded_count;
      continue;
    }
    amplitudes.push_back(peak);
    areas.push_back(negative_area_mvms(unit, rate_hz));
  }
  from_units(row, amplitudes);
  if (!areas.empty() && mean_of(areas) > 0) row.mune_area = negative_area_mvms(cmap_uv, rate_hz) / mean_of(areas);
  row.quality = row.unit_count < o.units_wanted ? "few_units" : "ok";
  return row;
}

}  // namespace emg
