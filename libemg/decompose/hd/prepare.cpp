#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/decompose/hd/prepare_internal.h"
#include "libemg/detect/artefact.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/notch.h"

namespace emg::hd {
namespace {

// Channels: share of samples at a rail above which one is left out; robust deviations of the logarithm of its RMS above the others; share of
// the median RMS below which it is dead. A quiet channel takes nothing from the others and stays.
constexpr double kMostAtRails = 0.01, kMostDeviations = 5, kMadToSd = 1.4826, kLeastSpread = 0.05, kDeadShare = 0.05;
constexpr double kMostMissing = 0.05;
constexpr double kHighestShareOfRate = 0.45;
// Extension for a number of channels, at this rate: enough rows to separate, few enough to estimate (Negro et al. 2016 aim at 1000).
constexpr double kExtensionRate_hz = 2048, kExtendedRows = 1000, kFewestLags = 8, kMostLags = 16;
constexpr double kArrayExtension_ms = 2;
constexpr Index kLeastExtension = 4, kObservationsPerRow = 10;
constexpr double kDecimatedRateInHighs = 4;
constexpr double kStartSeparation_ms = 10;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Why a channel cannot be used as it is stored; "" if it can.
std::string fault_of(const Recording& recording, Index channel) {
  const auto& facts = recording.channels[static_cast<std::size_t>(channel)];
  if (facts.kind != ChannelKind::emg) return fmt::format("{} channel", name_of(facts.kind));
  if (facts.status == "bad") return "marked bad";
  const auto trace = recording.view(channel);
  const auto [low, high] = std::minmax_element(trace.begin(), trace.end());
  if (*low == *high) return "constant";
  Index valid = 0;
  for (const auto& span : gap_free_spans(recording.gaps, channel, recording.sample_count())) valid += span.count;
  const double missing = 1 - static_cast<double>(valid) / static_cast<double>(recording.sample_count());
  const bool own_gap = std::any_of(recording.gaps.begin(), recording.gaps.end(), [&](const Gap& gap) { return gap.channel == channel; });
  if (own_gap && missing > kMostMissing) return fmt::format("{:.0f} % missing", 100 * missing);
  const double at_rails = find_clipping(trace, smallest_difference(trace)).fraction;
  if (at_rails > kMostAtRails) return fmt::format("{:.1f} % at the rails", 100 * at_rails);
  return "";
}

// Stretches in which no usable channel has a gap.
std::vector<Span> common_runs(const Recording& recording, const std::vector<Index>& channels, Index shortest) {
  std::vector<Gap> gaps;
  for (auto gap : recording.gaps) {
    const bool used = gap.channel < 0 || std::find(channels.begin(), channels.end(), gap.channel) != channels.end();
    gap.channel = -1;
    if (used) gaps.push_back(gap);
  }
  auto runs = gap_free_spans(gaps, 0, recording.sample_count());
  std::erase_if(runs, [&](const Span& run) { return run.count < shortest; });
  return runs;
}

NotchOptions line_options(const RowMatrix& signal, double rate_hz, const Band& band) {
  NotchOptions options;
  options.up_to_hz = std::min(band.high_hz, kHighestShareOfRate * rate_hz);
  return resolve_notch([&](const BlockSink& sink) { sink(signal); }, signal.rows(), rate_hz, options);
}

// Band-passed channels, stretch by stretch; zero between.
RowMatrix filtered(const Recording& recording, const std::vector<Index>& channels, const std::vector<Span>& runs, const Band& band, bool line, int threads) {
  RowMatrix all = RowMatrix::Zero(static_cast<Index>(channels.size()), recording.sample_count());
  for (const auto& run : runs) {
    RowMatrix part = recording.samples(channels, Eigen::seqN(run.first, run.count));
    if (line) {
      const auto notches = line_options(part, recording.rate_hz, band);
      if (notches.line_hz) part = notch(part, recording.rate_hz, notches, threads);
    }
    all.middleCols(run.first, run.count) = bandpass(part, recording.rate_hz, {band.low_hz, band.high_hz, band.order, true}, threads);
  }
  return all;
}

std::vector<double> rms_of(const RowMatrix& signal) {
  std::vector<double> rms;
  for (Index c = 0; c < signal.rows(); ++c) rms.push_back(std::sqrt(signal.row(c).squaredNorm() / static_cast<double>(signal.cols())));
  return rms;
}

// Positions whose level lies far from the others; looked for twice, since the first outliers widen the spread.
std::vector<bool> outlying(const std::vector<double>& rms) {
  std::vector<bool> out(rms.size(), false);
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<double> levels;
    for (std::size_t c = 0; c < rms.size(); ++c) {
      if (!out[c]) levels.push_back(std::log(rms[c]));
    }
    if (levels.empty()) break;
    const double centre = median_of(levels);
    for (auto& level : levels) level = std::abs(level - centre);
    const double spread = std::max(kLeastSpread, kMadToSd * median_of(levels));
    for (std::size_t c = 0; c < rms.size(); ++c) {
      const double level = std::log(rms[c]) - centre;
      out[c] = out[c] || level > kMostDeviations * spread || level < std::log(kDeadShare);
    }
  }
  return out;
}

Index automatic_extension(const DecomposeOptions& options, Index channel_count, double rate_hz) {
  if (options.extension > 0) return options.extension;
  if (options.preset == DecomposePreset::iemg) return std::max<Index>(kLeastExtension, samples_in_ms(kArrayExtension_ms, rate_hz));
  const double lags = std::clamp(std::round(kExtendedRows / static_cast<double>(channel_count)), kFewestLags, kMostLags);
  return std::max<Index>(kLeastExtension, std::lround(lags * rate_hz / kExtensionRate_hz));
}

SearchSettings settings_for(const DecomposeOptions& options, double rate_hz, Index lags) {
  SearchSettings settings;
  const bool array = options.preset == DecomposePreset::iemg;
  settings.rate_hz = rate_hz;
  settings.lags = lags;
  settings.separation = samples_in_ms(kStartSeparation_ms, rate_hz);
  settings.spikes.refractory = samples_in_ms(options.refractory_ms.value_or(array ? 5 : 10), rate_hz);
  settings.fixed_point.contrast = options.contrast;
  settings.fixed_point.trial_limit = options.contrast_limit;
  settings.fixed_point.max_iterations = options.max_iterations;
  settings.fixed_point.exclusion_samples = std::lround(options.seed_exclusion_ms * rate_hz / 1000);
  settings.fixed_point.exclusion_iterations = options.seed_exclusion_iterations;
  settings.templates.half = samples_in_ms(options.peel_half_ms.value_or(array ? 10 : 25), rate_hz);
  settings.templates.joint = options.peel_off != PeelOff::mean;
  settings.duplicates.max_lag = std::lround(options.duplicate_lag_ms * rate_hz / 1000);
  settings.duplicates.tolerance = static_cast<std::int64_t>(std::ceil(options.tolerance_ms * rate_hz / 1000 - 1e-9));
  return settings;
}

// Frames at every `step`th sample.
Frames decimated(const RowMatrix& signal, Index step, Index margin) {
  if (step == 1) return Frames(signal, margin);
  const Index count = (signal.cols() + step - 1) / step;
  RowMatrix fewer(signal.rows(), count);
  for (Index t = 0; t < count; ++t) fewer.col(t) = signal.col(t * step);
  return Frames(fewer, margin);
}

void select_channels_into(Prepared& prepared, const Recording& recording) {
  for (Index c = 0; c < recording.channel_count(); ++c) {
    prepared.reasons.push_back(fault_of(recording, c));
    if (prepared.reasons.back().empty()) prepared.channels.push_back(c);
  }
}

void require_channels(const Prepared& prepared) {
  const auto count = static_cast<Index>(prepared.channels.size());
  if (count < kFewestChannels) {
    throw InvalidArgument(fmt::format("decompose: {} usable channels, need {}; use needle decomposition", count, kFewestChannels));
  }
}

}  // namespace

Band band_of(const DecomposeOptions& options, double rate_hz) {
  const bool array = options.preset == DecomposePreset::iemg;
  Band band{options.low_hz.value_or(array ? 100 : 20), options.high_hz.value_or(std::min(array ? 4400.0 : 500.0, kHighestShareOfRate * rate_hz)),
            options.filter_order.value_or(array ? 3 : 2)};
  require_corner("high_hz", band.high_hz, rate_hz);
  require_ascending("low_hz", band.low_hz, "high_hz", band.high_hz);
  return band;
}

Prepared prepare(const Recording& recording, const DecomposeOptions& options, int threads) {
  validate_options(options);
  require_signal(recording.samples, recording.rate_hz);
  if (options.exponents.empty()) throw InvalidArgument("exponents is empty, expected at least one");
  Prepared prepared;
  prepared.band = band_of(options, recording.rate_hz);
  select_channels_into(prepared, recording);
  require_channels(prepared);
  const double decimated_hz = kDecimatedRateInHighs * prepared.band.high_hz;
  prepared.step = options.decimate && recording.rate_hz > decimated_hz ? static_cast<Index>(recording.rate_hz / decimated_hz) : 1;
  prepared.rate_hz = recording.rate_hz / static_cast<double>(prepared.step);
  Index lags = automatic_extension(options, static_cast<Index>(prepared.channels.size()), prepared.rate_hz);
  const Index half = settings_for(options, prepared.rate_hz, lags).templates.half;
  const auto runs = common_runs(recording, prepared.channels, (2 * lags + 2 * half + 1) * prepared.step);
  RowMatrix signal = filtered(recording, prepared.channels, runs, prepared.band, options.line, threads);
  auto rms = rms_of(signal);
  // A needle or wire may be much nearer to a fibre than the others.
  const auto out = options.preset == DecomposePreset::iemg ? std::vector<bool>(rms.size(), false) : outlying(rms);
  std::vector<Index> kept;
  std::vector<double> levels;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i]) {
      prepared.reasons[static_cast<std::size_t>(prepared.channels[i])] = fmt::format("RMS {:.3g} uV, unlike the others", rms[i]);
    } else {
      kept.push_back(static_cast<Index>(i));
      levels.push_back(rms[i]);
    }
  }
  if (kept.size() < out.size()) {
    signal = RowMatrix(signal(kept, Eigen::all));
    std::vector<Index> channels;
    for (const auto i : kept) channels.push_back(prepared.channels[static_cast<std::size_t>(i)]);
    prepared.channels = std::move(channels);
    require_channels(prepared);
  }
  prepared.median_rms_uv = median_of(levels);
  Index valid = 0;
  for (const auto& run : runs) {
    const Index first = (run.first + prepared.step - 1) / prepared.step, last = (run.first + run.count) / prepared.step;
    // Spikes may not lie where their window reaches into a gap.
    const bool at_start = run.first == 0, at_end = run.first + run.count == recording.sample_count();
    const Index from = first + (at_start ? 0 : lags + half), to = last - (at_end ? 0 : lags + half);
    if (to > from) prepared.runs.push_back({from, to - from});
    valid += last - first;
  }
  const auto channel_count = static_cast<Index>(prepared.channels.size());
  const Index most = valid / (kObservationsPerRow * channel_count);
  if (most < kLeastExtension) {
    throw InvalidArgument(fmt::format("decompose: record too short: {:.1f} s, need {:.1f} s for {} channels", static_cast<double>(valid) / prepared.rate_hz,
                                      static_cast<double>(kObservationsPerRow * kLeastExtension * channel_count) / prepared.rate_hz, channel_count));
  }
  if (lags > most) {
    prepared.warnings.push_back({"extension_lowered", fmt::format("extension lowered from {} to {}: the record is short", lags, most), ""});
    lags = most;
  }
  prepared.settings = settings_for(options, prepared.rate_hz, lags);
  prepared.frames = decimated(signal, prepared.step, std::max(lags, half) + 1);
  return prepared;
}

FilterBank bank_of(const Prepared& prepared, const Recording& recording, double whitening_floor_uv2) {
  FilterBank bank;
  bank.rate_hz = recording.rate_hz;
  bank.step = static_cast<int>(prepared.step);
  for (const auto c : prepared.channels) bank.channels.push_back(recording.channels[static_cast<std::size_t>(c)].name);
  bank.extension = static_cast<int>(prepared.settings.lags);
  bank.low_hz = prepared.band.low_hz;
  bank.high_hz = prepared.band.high_hz;
  bank.filter_order = prepared.band.order;
  bank.refractory_ms = 1000 * static_cast<double>(prepared.settings.spikes.refractory) / prepared.rate_hz;
  bank.whitening_floor_uv2 = whitening_floor_uv2;
  bank.median_rms_uv = prepared.median_rms_uv;
  return bank;
}

UnitTaps taps_of(const RefitUnit& unit, const Frames& frames, Index lags, int unit_id, Index late) {
  UnitTaps taps;
  taps.unit_id = unit_id;
  taps.taps.resize(frames.channel_count(), lags);
  for (Index l = 0; l < lags; ++l) {
    for (Index c = 0; c < taps.taps.rows(); ++c) taps.taps(c, l) = static_cast<double>(unit.filter((lags - 1 - l) * frames.width() + c, 0));
  }
  taps.delay_samples = unit.delay - late;
  taps.spike_threshold = unit.source.threshold;
  taps.spike_centroid = unit.source.spike_centroid;
  taps.noise_centroid = unit.source.noise_centroid;
  return taps;
}

}  // namespace emg::hd
