#include "libemg/detect/quality.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/parallel.h"
#include "libemg/core/trend.h"
#include "libemg/core/validate.h"
#include "libemg/detect/artefact.h"
#include "libemg/detect/burst.h"
#include "libemg/detect/flat_internal.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/scan_internal.h"
#include "libemg/spectral/line.h"
#include "libemg/spectral/welch.h"

namespace emg {
namespace {

constexpr double kBandLowHz = 20, kBandHighHz = 450;
constexpr double kFlatLimit = 0.01, kMissingLimit = 0.05;
constexpr double kTwinCorrelation = 0.999;
constexpr double kOutlierZ = 4;
constexpr double kLeastSpread = 0.05;  // of ln RMS: below that, differences between channels mean nothing
constexpr Index kFewestForOutliers = 4;

// What is looked at of one channel: all samples that exist, and their longest stretch without a gap.
struct Piece {
  std::vector<double> copy;
  std::span<const double> all, longest;
};

// Sums of the second and fourth powers of x - centre, in lanes that follow from the position alone.
struct PowerSums {
  double second = 0, fourth = 0;
};

PowerSums power_sums(std::span<const double> x, double centre) {
  constexpr std::size_t kLanes = 8;
  double second[kLanes] = {}, fourth[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const double d = (x[i + k] - centre) * (x[i + k] - centre);
      second[k] += d;
      fourth[k] += d * d;
    }
  }
  PowerSums sums;
  for (; i < x.size(); ++i) {
    const double d = (x[i] - centre) * (x[i] - centre);
    sums.second += d;
    sums.fourth += d * d;
  }
  for (std::size_t k = 0; k < kLanes; ++k) {
    sums.second += second[k];
    sums.fourth += fourth[k];
  }
  return sums;
}

void describe_values(std::span<const double> x, QualityRow& row) {
  const auto n = static_cast<double>(x.size());
  const auto extremes = scan::extremes(x);
  row.dc_uv = mean_of(x);
  row.peak_uv = std::max(std::fabs(extremes.lowest), std::fabs(extremes.highest));
  row.rms_uv = std::sqrt(power_sums(x, 0).second / n);
  const auto sums = power_sums(x, row.dc_uv);
  if (sums.second > 0) row.kurtosis = sums.fourth / n / (sums.second / n * (sums.second / n));
}

void describe_converter(std::span<const double> x, double rate_hz, const QualityOptions& o, const std::optional<DigitalLimits>& limits,
                        QualityRow& row) {
  row.lsb_uv = limits ? limits->count_uv : smallest_difference(x);
  const auto clipping = find_clipping(x, row.lsb_uv, limits);
  row.clipped_fraction = clipping.fraction;
  row.clip_low_uv = clipping.low_uv;
  row.clip_high_uv = clipping.high_uv;
  Index flat = 0;
  for (const auto& span : flat_spans(x, row.lsb_uv, samples_in_ms(o.flat_ms, rate_hz))) flat += span.count;
  row.flat_fraction = static_cast<double>(flat) / static_cast<double>(x.size());
  const bool constant = std::all_of(x.begin(), x.end(), [&](double v) { return v == x.front(); });
  if (constant) {
    row.flat_fraction = 1;
    row.lsb_uv = 0;
    row.clip_low_uv.reset();
    row.clip_high_uv.reset();
    row.clipped_fraction = 0;
    row.kurtosis.reset();
    row.flags.emplace_back("no_signal");
  }
  if (row.clip_low_uv || row.clip_high_uv) row.flags.emplace_back("clipped");
  if (row.flat_fraction > kFlatLimit) row.flags.emplace_back("flat");
}

void describe_noise(std::span<const double> x, double rate_hz, QualityRow& row) {
  constexpr double kWindowS = 0.25, kShare = 0.95;
  const double noise = noise_of(x, rate_hz, {.centre = true});
  if (!(noise > 0)) return;
  row.noise_uv = noise;
  const auto width = std::min(static_cast<std::size_t>(samples_in_s(kWindowS, rate_hz)), x.size());
  std::vector<double> level;
  for (std::size_t first = 0; first + width <= x.size(); first += width) {
    level.push_back(std::sqrt(power_sums(x.subspan(first, width), row.dc_uv).second / static_cast<double>(width)));
  }
  const double strong = quantile_of(std::move(level), kShare);
  if (strong > 0) row.snr_db = 20 * std::log10(strong / noise);
}

// Power of the harmonics above the median density beside them, and that of everything else in the band.
double line_ratio_db(const Spectrum& spectrum, std::span<const double> density, const std::vector<LineRow>& lines) {
  constexpr double kHalfWidthHz = 1, kBesideHz = 6;
  const auto& f = spectrum.frequency_hz;
  const double step = f.size() > 1 ? f[1] - f[0] : 0;
  double total = 0, line = 0;
  for (std::size_t k = 0; k < f.size(); ++k) total += f[k] >= kBandLowHz && f[k] <= kBandHighHz ? density[k] * step : 0;
  for (const auto& found : lines) {
    const double centre = found.base_hz * found.harmonic;
    if (centre < kBandLowHz || centre > kBandHighHz) continue;
    double power = 0;
    std::vector<double> beside;
    int bins = 0;
    for (std::size_t k = 0; k < f.size(); ++k) {
      const double away = std::fabs(f[k] - centre);
      if (away <= kHalfWidthHz) {
        power += density[k] * step;
        ++bins;
      } else if (away <= kBesideHz) {
        beside.push_back(density[k]);
      }
    }
    line += std::max(0.0, power - median_of(std::move(beside)) * step * bins);
  }
  const double rest = total - line;
  return line > 0 && rest > 0 ? 10 * std::log10(line / rest) : std::numeric_limits<double>::quiet_NaN();
}

void describe_spectrum(std::span<const double> x, double rate_hz, const QualityOptions& o, QualityRow& row) {
  constexpr double kSegmentS = 4, kShortestS = 1;
  const double duration_s = static_cast<double>(x.size()) / rate_hz;
  if (duration_s < kShortestS) return;
  const auto view = one_channel(x);
  const auto spectrum = welch(view, rate_hz, {.segment_s = std::min(kSegmentS, duration_s)});
  const auto density = channel_span(spectrum.density_uv2_per_hz, 0);
  double total = 0, low = 0;
  for (std::size_t k = 0; k < density.size(); ++k) {
    total += density[k];
    if (spectrum.frequency_hz[k] < kBandLowHz) low += density[k];
  }
  if (!(total > 0)) return;
  row.motion_ratio = low / total;
  if (*row.motion_ratio > o.motion_limit) row.flags.emplace_back("motion");
  LineOptions line_options;
  line_options.line_hz = o.line_hz;
  line_options.line_z = o.line_z;
  const auto lines = line_harmonics(view, rate_hz, line_options);
  if (lines.empty()) return;
  row.line_base_hz = lines.front().base_hz;
  const double ratio = line_ratio_db(spectrum, density, lines);
  if (std::isfinite(ratio)) row.line_ratio_db = ratio;
  row.flags.emplace_back("line");
}

QualityRow row_of(const Piece& piece, double rate_hz, const QualityOptions& o, const std::optional<DigitalLimits>& limits, bool is_emg) {
  QualityRow row;
  if (piece.all.empty()) return row;
  describe_values(piece.all, row);
  describe_converter(piece.all, rate_hz, o, limits, row);
  if (!row.kurtosis || !is_emg) return row;
  describe_noise(piece.longest, rate_hz, row);
  describe_spectrum(piece.longest, rate_hz, o, row);
  if (rate_hz < 2 * o.highest_hz) row.flags.emplace_back("rate_low");
  return row;
}

// Correlation of channels over at most kMost samples, evenly taken.
RowMatrix correlations(const ChannelsView& signal, const std::vector<Index>& channels) {
  constexpr Index kMost = 20000;
  const Index step = (signal.cols() + kMost - 1) / kMost, count = signal.cols() / step;
  RowMatrix x(static_cast<Index>(channels.size()), count);
  for (Index c = 0; c < x.rows(); ++c) {
    for (Index i = 0; i < count; ++i) x(c, i) = signal(channels[static_cast<std::size_t>(c)], i * step);
    x.row(c).array() -= x.row(c).mean();
    const double norm = x.row(c).norm();
    if (norm > 0) x.row(c) /= norm;
  }
  return x * x.transpose();
}

void compare_channels(const ChannelsView& signal, const std::vector<Index>& channels, std::vector<QualityRow>& rows) {
  const RowMatrix r = correlations(signal, channels);
  for (std::size_t b = 0; b < channels.size(); ++b) {
    auto& row = rows[static_cast<std::size_t>(channels[b])];
    for (std::size_t a = 0; a < b && !row.duplicate_of; ++a) {
      if (std::fabs(r(static_cast<Index>(a), static_cast<Index>(b))) > kTwinCorrelation) row.duplicate_of = static_cast<int>(channels[a]);
    }
    if (row.duplicate_of) row.flags.emplace_back("duplicate");
  }
  std::vector<double> level, distance;
  const auto spread_of = [&](const QualityRow& row) { return std::sqrt(std::max(0.0, row.rms_uv * row.rms_uv - row.dc_uv * row.dc_uv)); };
  std::vector<Index> alive;
  for (const Index c : channels) {
    const double spread = spread_of(rows[static_cast<std::size_t>(c)]);
    if (!(spread > 0)) continue;
    alive.push_back(c);
    level.push_back(std::log(spread));
  }
  if (static_cast<Index>(alive.size()) < kFewestForOutliers) return;
  constexpr double kMadOfNormal = 0.6744897501960817;
  const double middle = median_of(level);
  for (const double v : level) distance.push_back(std::fabs(v - middle));
  const double spread = std::max(kLeastSpread, median_of(distance) / kMadOfNormal);
  for (std::size_t i = 0; i < alive.size(); ++i) {
    if (distance[i] / spread > kOutlierZ) rows[static_cast<std::size_t>(alive[i])].flags.emplace_back("outlier");
  }
}

Piece piece_of(const Recording& recording, Index channel) {
  Piece piece;
  const auto x = recording.view(channel);
  const auto spans = gap_free_spans(recording.gaps, channel, recording.sample_count());
  Span longest;
  for (const auto& span : spans) {
    if (span.count > longest.count) longest = span;
  }
  piece.longest = x.subspan(static_cast<std::size_t>(longest.first), static_cast<std::size_t>(longest.count));
  if (longest.count == recording.sample_count()) {
    piece.all = x;
    return piece;
  }
  for (const auto& span : spans) piece.copy.insert(piece.copy.end(), x.begin() + span.first, x.begin() + span.first + span.count);
  piece.all = piece.copy;
  return piece;
}

std::optional<DigitalLimits> limits_of(const Channel& channel) {
  if (!channel.count_uv || !channel.adc_min || !channel.adc_max || *channel.count_uv == 0) return {};
  const double zero = channel.count_zero_uv.value_or(0);
  const double a = zero + static_cast<double>(*channel.adc_min) * *channel.count_uv,
               b = zero + static_cast<double>(*channel.adc_max) * *channel.count_uv;
  return DigitalLimits{std::min(a, b), std::max(a, b), std::fabs(*channel.count_uv)};
}

}  // namespace

std::vector<QualityRow> quality(const ChannelsView& signal, double rate_hz, const QualityOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  std::vector<QualityRow> rows(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    const auto x = channel_span(signal, c);
    auto& row = rows[static_cast<std::size_t>(c)];
    row = row_of({{}, x, x}, rate_hz, options, {}, true);
    row.channel = static_cast<int>(c);
  });
  std::vector<Index> channels;
  for (Index c = 0; c < signal.rows(); ++c) channels.push_back(c);
  compare_channels(signal, channels, rows);
  return rows;
}

std::vector<QualityRow> recording_quality(const Recording& recording, const QualityOptions& options, int threads) {
  require_signal(recording.samples, recording.rate_hz);
  validate_options(options);
  std::vector<QualityRow> rows(static_cast<std::size_t>(recording.channel_count()));
  std::map<std::string, std::vector<Index>> groups;
  parallel_for(recording.channel_count(), threads, [&](Index c) {
    const auto& channel = recording.channels[static_cast<std::size_t>(c)];
    const auto piece = piece_of(recording, c);
    auto& row = rows[static_cast<std::size_t>(c)];
    row = row_of(piece, recording.rate_hz, options, limits_of(channel), channel.kind == ChannelKind::emg);
    row.channel = static_cast<int>(c);
    row.missing_fraction = 1 - static_cast<double>(piece.all.size()) / static_cast<double>(recording.sample_count());
    if (row.missing_fraction > kMissingLimit) row.flags.emplace_back("missing");
  });
  for (Index c = 0; c < recording.channel_count(); ++c) {
    const auto& channel = recording.channels[static_cast<std::size_t>(c)];
    if (channel.kind == ChannelKind::emg) groups[channel.group].push_back(c);
  }
  for (const auto& [name, channels] : groups) compare_channels(recording.samples, channels, rows);
  return rows;
}

}  // namespace emg
