#include "libemg/spectral/frequency.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/parallel.h"
#include "libemg/spectral/segments_internal.h"

namespace emg {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Bins [first, last) of a band; never bin 0.
struct Band {
  Index first = 1, last = 1;
  Index count() const { return last - first; }
};

Band band_of(const std::vector<double>& frequency_hz, double low_hz, double high_hz) {
  // An edge that is meant to lie on a bin may miss it by rounding.
  const double slack = frequency_hz.size() > 1 ? 1e-9 * frequency_hz[1] : 0;
  const auto begin = frequency_hz.begin();
  Band band;
  band.first = std::max<Index>(1, std::lower_bound(begin, frequency_hz.end(), low_hz - slack) - begin);
  band.last = std::max(band.first, std::upper_bound(begin, frequency_hz.end(), high_hz + slack) - begin);
  return band;
}

Band checked_band(const std::vector<double>& frequency_hz, double low_hz, double high_hz, double half_rate_hz) {
  require_ascending("low_hz", low_hz, "high_hz", high_hz);
  if (high_hz > half_rate_hz * (1 + 1e-12)) {
    throw InvalidArgument(fmt::format("high_hz {} Hz is above {} Hz, half of the rate", high_hz, half_rate_hz));
  }
  const Band band = band_of(frequency_hz, low_hz, high_hz);
  if (band.count() < 1) throw InvalidArgument(fmt::format("no frequency bin lies between low_hz {} and high_hz {}", low_hz, high_hz));
  return band;
}

// Where `share` of the power `total` of the band is reached. `power` holds the bins of the whole spectrum.
double share_frequency(const double* power, const std::vector<double>& frequency_hz, const Band& band, double total, double share,
                       bool interpolate) {
  const double target = share * total, width = frequency_hz[1];
  double before = 0;
  const Index k = band.first + spectral_kernels::kernels().reach(power + band.first, band.count(), target, &before);
  const double f = frequency_hz[static_cast<std::size_t>(k)];
  if (!interpolate || power[k] <= 0) return f;
  return f + width * ((target - before) / power[k] - 0.5);
}

// Weights of the bins for sums over a band, 0 outside.
std::vector<double> moment_weights(const std::vector<double>& frequency_hz, const Band& band, int exponent) {
  std::vector<double> weights(frequency_hz.size(), 0.0);
  for (Index k = band.first; k < band.last; ++k) {
    weights[static_cast<std::size_t>(k)] = std::pow(frequency_hz[static_cast<std::size_t>(k)], exponent);
  }
  return weights;
}

// Sum of power[k] weights[k] over the band.
double weighted(const double* power, const std::vector<double>& weights, const Band& band) {
  return spectral_kernels::kernels().dot(power + band.first, weights.data() + band.first, band.count());
}

// Vertex of the parabola through the logarithms of the largest bin and its neighbours.
double peak_frequency(const double* density, const std::vector<double>& frequency_hz, const Band& band) {
  const Index top = std::max_element(density + band.first, density + band.last) - density;
  const double f = frequency_hz[static_cast<std::size_t>(top)];
  if (top == band.first || top + 1 >= band.last || density[top - 1] <= 0 || density[top + 1] <= 0) return f;
  const double a = std::log(density[top - 1]), b = std::log(density[top]), c = std::log(density[top + 1]);
  const double curvature = a - 2 * b + c;
  return curvature < 0 ? f + 0.5 * (a - c) / curvature * frequency_hz[1] : f;
}

void set_shape(FrequencyRow& row, const double* density, const Band& band, double sum) {
  const double bins = static_cast<double>(band.count());
  double entropy = 0, logarithms = 0;
  for (Index k = band.first; k < band.last; ++k) {
    const double p = density[k] / sum;
    if (p > 0) entropy -= p * std::log(p);
    logarithms += std::log(density[k]);
  }
  row.entropy = bins > 1 ? entropy / std::log(bins) : 1.0;
  row.flatness = std::exp(logarithms / bins) / (sum / bins);
}

void set_thirds(FrequencyRow& row, const double* density, const std::vector<double>& frequency_hz, const Band& band, double sum) {
  double thirds[3] = {};
  for (Index k = band.first; k < band.last; ++k) {
    const double place = 3 * (frequency_hz[static_cast<std::size_t>(k)] - row.low_hz) / (row.high_hz - row.low_hz);
    thirds[std::clamp(static_cast<int>(place), 0, 2)] += density[k];
  }
  row.low_third_share = thirds[0] / sum;
  row.middle_third_share = thirds[1] / sum;
  row.high_third_share = thirds[2] / sum;
}

FrequencyRow measures_of(const double* density, const std::vector<double>& f, const Band& band, const std::optional<Band>& finsm_band,
                         const FrequencyMeasuresOptions& options) {
  FrequencyRow row;
  row.low_hz = options.low_hz;
  row.high_hz = options.high_hz;
  row.finsm_low_hz = options.finsm_low_hz;
  row.finsm_high_hz = options.finsm_high_hz;
  const double width = f[1];
  const auto moment = [&](int exponent, const Band& over) { return width * weighted(density, moment_weights(f, over, exponent), over); };
  const double power = moment(0, band), sum = power / width;
  if (finsm_band && moment(5, *finsm_band) > 0) row.finsm5 = moment(-1, *finsm_band) / moment(5, *finsm_band);
  if (!(power > 0)) return row;
  row.power_uv2 = power;
  row.moment_minus1 = moment(-1, band);
  row.moment_1 = moment(1, band);
  row.moment_2 = moment(2, band);
  row.moment_5 = moment(5, band);
  row.mnf_hz = *row.moment_1 / power;
  row.mdf_hz = share_frequency(density, f, band, sum, 0.5, options.interpolate);
  row.edge95_hz = share_frequency(density, f, band, sum, 0.95, options.interpolate);
  row.peak_hz = peak_frequency(density, f, band);
  double spread = 0;
  for (Index k = band.first; k < band.last; ++k) {
    const double away = f[static_cast<std::size_t>(k)] - *row.mnf_hz;
    spread += away * away * density[k];
  }
  row.bandwidth_hz = std::sqrt(spread / sum);
  set_shape(row, density, band, sum);
  set_thirds(row, density, f, band, sum);
  return row;
}

std::optional<Band> finsm_band_of(const std::vector<double>& frequency_hz, double low_hz, double high_hz, double half_rate_hz) {
  require_ascending("finsm_low_hz", low_hz, "finsm_high_hz", high_hz);
  if (high_hz > half_rate_hz * (1 + 1e-12)) return std::nullopt;
  const Band band = band_of(frequency_hz, low_hz, high_hz);
  return band.count() > 0 ? std::optional(band) : std::nullopt;
}

// The sums of one window that make a track; weights are prepared once.
class WindowMeasures {
 public:
  WindowMeasures(const std::vector<double>& frequency_hz, Index window_length, double scale, const Band& band,
                 const std::optional<Band>& finsm_band, bool interpolate)
      : frequency_hz_(frequency_hz),
        band_(band),
        finsm_(finsm_band.value_or(Band{})),
        has_finsm_(finsm_band.has_value()),
        interpolate_(interpolate) {
    for (std::size_t k = 0; k < frequency_hz.size(); ++k) {
      to_power_.push_back((is_doubled(static_cast<Index>(k), window_length) ? 2 : 1) * scale * frequency_hz[1]);
    }
    inverse_ = moment_weights(frequency_hz, finsm_, -1);
    fifth_ = moment_weights(frequency_hz, finsm_, 5);
    power_.resize(frequency_hz.size());
  }

  struct Values {
    double mnf_hz = kMissing, mdf_hz = kMissing, power_uv2 = kMissing, finsm5 = kMissing;
  };

  Values operator()(SegmentPower& power, std::span<const double> segment) {
    const auto& loops = spectral_kernels::kernels();
    power.scaled(segment, to_power_.data(), power_.data());
    Values values;
    if (has_finsm_) {
      const double fifth = weighted(power_.data(), fifth_, finsm_);
      if (fifth != 0) values.finsm5 = weighted(power_.data(), inverse_, finsm_) / fifth;
    }
    double total = 0, first_moment = 0;
    loops.moments(power_.data() + band_.first, frequency_hz_.data() + band_.first, band_.count(), &total, &first_moment);
    finite_ = finite_ && std::isfinite(total);
    if (total == 0) return values;
    values.power_uv2 = total;
    values.mnf_hz = first_moment / total;
    values.mdf_hz = share_frequency(power_.data(), frequency_hz_, band_, total, 0.5, interpolate_);
    return values;
  }

  /// Whether all powers so far were.
  bool finite() const { return finite_; }

 private:
  const std::vector<double>& frequency_hz_;
  Band band_, finsm_;
  bool has_finsm_, interpolate_, finite_ = true;
  std::vector<double> to_power_, inverse_, fifth_, power_;
};

}  // namespace

std::vector<FrequencyRow> spectrum_measures(const std::vector<double>& frequency_hz, const ChannelsView& density_uv2_per_hz,
                                            const FrequencyMeasuresOptions& options) {
  validate_options(options);
  if (frequency_hz.size() < 2 || density_uv2_per_hz.cols() != static_cast<Index>(frequency_hz.size())) {
    throw InvalidArgument(fmt::format("density has {} bins for {} frequencies; at least 2 of each are needed", density_uv2_per_hz.cols(),
                                      frequency_hz.size()));
  }
  require_finite(density_uv2_per_hz);
  // The last bin is half the rate of an even segment, and half a bin below it of an odd one.
  const double half_rate_hz = frequency_hz.back() + frequency_hz[1] / 2;
  const Band band = checked_band(frequency_hz, options.low_hz, options.high_hz, half_rate_hz);
  const auto finsm_band = finsm_band_of(frequency_hz, options.finsm_low_hz, options.finsm_high_hz, half_rate_hz);
  std::vector<FrequencyRow> rows;
  for (Index c = 0; c < density_uv2_per_hz.rows(); ++c) {
    rows.push_back(measures_of(channel_span(density_uv2_per_hz, c).data(), frequency_hz, band, finsm_band, options));
    rows.back().channel = static_cast<int>(c);
  }
  return rows;
}

std::vector<FrequencyRow> frequency_measures(const ChannelsView& signal, double rate_hz, const FrequencyMeasuresOptions& options,
                                             int threads) {
  validate_options(options);
  WelchOptions estimate;
  estimate.segment_s = options.segment_s;
  estimate.overlap = options.overlap;
  const auto spectrum = welch(signal, rate_hz, estimate, threads);
  return spectrum_measures(spectrum.frequency_hz, spectrum.density_uv2_per_hz, options);
}

FrequencyTrack frequency_track(const ChannelsView& signal, double rate_hz, const FrequencyTrackOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  const SegmentGrid grid{samples_in_ms(options.window_ms, rate_hz), samples_in_ms(options.hop_ms, rate_hz)};
  const Index count = grid.count_in(signal.cols());
  if (count == 0 || grid.length < 2) {
    throw InvalidArgument(fmt::format("window_ms {} ms must be 2 samples or more and fit into the record ({:.6g} ms)", options.window_ms,
                                      1000 * static_cast<double>(signal.cols()) / rate_hz));
  }
  const auto window = periodic_window(options.window, grid.length);
  const auto frequency_hz = bin_frequencies(grid.length, rate_hz);
  const Band band = checked_band(frequency_hz, options.low_hz, options.high_hz, rate_hz / 2);
  const auto finsm_band = finsm_band_of(frequency_hz, options.finsm_low_hz, options.finsm_high_hz, rate_hz / 2);
  FrequencyTrack track;
  for (Index k = 0; k < count; ++k)
    track.time_s.push_back((static_cast<double>(grid.length) / 2 + static_cast<double>(k * grid.hop)) / rate_hz);
  for (auto* matrix : {&track.mnf_hz, &track.mdf_hz, &track.power_uv2, &track.finsm5}) matrix->resize(signal.rows(), count);
  const Index parts = std::min<Index>(signal.rows(), thread_count(threads));
  std::vector<char> finite(static_cast<std::size_t>(parts));
  parallel_for(parts, threads, [&](Index part) {
    SegmentPower power(window, options.detrend);
    WindowMeasures measure(frequency_hz, grid.length, density_scale(window, rate_hz), band, finsm_band, options.interpolate);
    for (Index c = part; c < signal.rows(); c += parts) {
      const auto trace = channel_span(signal, c);
      for (Index k = 0; k < count; ++k) {
        const auto segment = segment_of(trace, grid, k);
        if (k + 1 < count) fetch(segment.data() + std::max(grid.length, grid.hop), std::min(grid.length, grid.hop));
        const auto values = measure(power, segment);
        track.mnf_hz(c, k) = values.mnf_hz;
        track.mdf_hz(c, k) = values.mdf_hz;
        track.power_uv2(c, k) = values.power_uv2;
        track.finsm5(c, k) = values.finsm5;
      }
    }
    finite[static_cast<std::size_t>(part)] = measure.finite();
  });
  const bool all_finite = std::all_of(finite.begin(), finite.end(), [](char f) { return f != 0; });
  require_finite_segments(signal, rate_hz, all_finite, (count - 1) * grid.hop + grid.length);
  return track;
}

}  // namespace emg
