#include "libemg/filter/notch.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/spectral/line.h"

namespace emg {
namespace {

constexpr double kHighestLine = 0.49, kUpTo = 0.45;  // of the rate

bool looks_for_lines(const NotchOptions& options) {
  return options.harmonics.empty() && (!options.line_hz || options.only_detected.value_or(false));
}

void check(double rate_hz, const NotchOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  if (options.line_hz) require_corner("line_hz", *options.line_hz, rate_hz);
}

// Numbers of the harmonics to notch, ascending.
std::vector<double> harmonics_of(double rate_hz, const NotchOptions& options) {
  if (!options.harmonics.empty()) {
    auto harmonics = options.harmonics;
    std::sort(harmonics.begin(), harmonics.end());
    std::erase(harmonics, 0.0);
    return harmonics;
  }
  std::vector<double> harmonics;
  const double up_to_hz = options.up_to_hz.value_or(kUpTo * rate_hz);
  constexpr int kMost = 100;
  for (int k = 1; k <= (options.harmonic_count > 0 ? options.harmonic_count : kMost); ++k) {
    if (options.harmonic_count > 0 || k * *options.line_hz <= up_to_hz) harmonics.push_back(k);
  }
  return harmonics;
}

void add_notch(Cascade& cascade, double frequency_hz, double width_hz, double rate_hz) {
  const double w = 2 * std::numbers::pi * frequency_hz / rate_hz;
  const double beta = std::tan(std::numbers::pi * width_hz / rate_hz);
  const double gain = 1 / (1 + beta);
  cascade.gain *= gain;
  cascade.sections.push_back({-2 * std::cos(w), 1, -2 * gain * std::cos(w), 2 * gain - 1});
}

}  // namespace

Cascade notch_design(double rate_hz, const NotchOptions& options) {
  check(rate_hz, options);
  Cascade cascade;
  if (!options.line_hz) return cascade;
  for (const double k : harmonics_of(rate_hz, options)) {
    const double f = k * *options.line_hz;
    if (f >= kHighestLine * rate_hz) continue;
    add_notch(cascade, f, options.quality ? f / *options.quality : options.width_hz, rate_hz);
  }
  require_decay(cascade, "line_hz", *options.line_hz, rate_hz);
  return cascade;
}

NotchOptions resolve_notch(const BlockSource& source, Index channel_count, double rate_hz, const NotchOptions& options) {
  check(rate_hz, options);
  if (!looks_for_lines(options)) return options;
  NotchOptions resolved = options;
  const auto found = find_line(source, channel_count, rate_hz, {options.line_hz, options.line_z});
  if (found) resolved.line_hz = found->base_hz;
  if (!found) {
    resolved.harmonics = {0};
  } else if (options.only_detected.value_or(true)) {
    for (const int h : found->harmonics) {
      if (options.harmonic_count == 0 || h <= options.harmonic_count) resolved.harmonics.push_back(h);
    }
    if (resolved.harmonics.empty()) resolved.harmonics = {0};
  }
  resolved.only_detected = false;
  return resolved;
}

RowMatrix notch(const ChannelsView& signal, double rate_hz, const NotchOptions& options, int threads) {
  if (signal.size() == 0) require_signal(signal, rate_hz);
  check(rate_hz, options);
  const BlockSource whole = [&](const BlockSink& sink) { sink(signal); };
  if (looks_for_lines(options)) require_signal(signal, rate_hz);
  const auto resolved = resolve_notch(whole, signal.rows(), rate_hz, options);
  const auto design = notch_design(rate_hz, resolved);
  if (design.sections.empty()) {
    require_signal(signal, rate_hz);
    return signal;
  }
  return filter_cascade(signal, rate_hz, design, {}, threads);
}

std::unique_ptr<Stage> notch_stage(Index channel_count, double rate_hz, const NotchOptions& options) {
  check(rate_hz, options);
  if (looks_for_lines(options))
    throw InvalidArgument("line_hz is open: it must be found in the whole record before blocks can be filtered");
  return cascade_stage(channel_count, rate_hz, notch_design(rate_hz, options));
}

}  // namespace emg
