#include "libemg/simulate/instrument.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr std::uint64_t kDropoutStream = std::uint64_t{5} << 24;
constexpr double kLongestTailS = 0.3;  // of a template: what is left of slower corners is below 1 % of their undershoot

// y[n] = b0 x[n] + b1 x[n-1] - a y[n-1]
struct FirstOrder {
  double b0 = 1, b1 = 0, a = 0;
};

std::vector<FirstOrder> stages(const InstrumentOptions& o, double rate_hz) {
  std::vector<FirstOrder> all;
  if (o.amplifier_high_hz > 0) {
    const double k = std::tan(std::numbers::pi * o.amplifier_high_hz / rate_hz);
    all.push_back({1 / (1 + k), -1 / (1 + k), (k - 1) / (k + 1)});
  }
  if (o.amplifier_low_hz > 0) {
    const double k = std::tan(std::numbers::pi * o.amplifier_low_hz / rate_hz);
    all.push_back({k / (1 + k), k / (1 + k), (k - 1) / (k + 1)});
  }
  return all;
}

// Filters count samples from `data`, `step` apart (negative: backward).
void run(const FirstOrder& f, double* data, Index count, Index step) {
  double x1 = 0, y1 = 0;
  for (Index i = 0; i < count; ++i) {
    double& v = data[i * step];
    const double y = f.b0 * v + f.b1 * x1 - f.a * y1;
    x1 = v;
    y1 = std::fabs(y) < 1e-300 ? 0 : y;
    v = y;
  }
}

void run_all(const std::vector<FirstOrder>& all, FilterPhase phase, double* data, Index count, Index step) {
  for (const auto& f : all) run(f, data, count, step);
  if (phase == FilterPhase::zero) {
    for (const auto& f : all) run(f, data + (count - 1) * step, count, -step);
  }
}

// Samples until a stage has forgotten, at most kLongestTailS.
Index tail_samples(const InstrumentOptions& o, double rate_hz) {
  constexpr double kTimeConstants = 12;
  double slowest_hz = o.amplifier_high_hz > 0 ? o.amplifier_high_hz : o.amplifier_low_hz;
  if (slowest_hz <= 0) return 0;
  const double seconds = std::min(kLongestTailS, kTimeConstants / (2 * std::numbers::pi * slowest_hz));
  return static_cast<Index>(std::ceil(seconds * rate_hz));
}

}  // namespace

void require_instrument(const InstrumentOptions& o, double rate_hz) {
  for (const auto& [name, hz] : {std::pair{"amplifier_high_hz", o.amplifier_high_hz}, std::pair{"amplifier_low_hz", o.amplifier_low_hz}}) {
    if (hz >= rate_hz / 2) throw InvalidArgument(fmt::format("{} {} is not below half the rate, {} Hz", name, hz, rate_hz / 2));
  }
  if (o.amplifier_low_hz > 0 && o.amplifier_high_hz >= o.amplifier_low_hz) {
    throw InvalidArgument(fmt::format("amplifier_high_hz {} is not below amplifier_low_hz {}", o.amplifier_high_hz, o.amplifier_low_hz));
  }
}

bool has_filter(const InstrumentOptions& options) {
  return options.amplifier_high_hz > 0 || options.amplifier_low_hz > 0;
}

void amplify(const InstrumentOptions& options, double rate_hz, RowMatrix& signal, int threads) {
  const auto all = stages(options, rate_hz);
  if (all.empty()) return;
  parallel_for(signal.rows(), threads, [&](Index c) { run_all(all, options.filter_phase, signal.row(c).data(), signal.cols(), 1); });
}

void amplify(const InstrumentOptions& options, double rate_hz, UnitPotential& unit) {
  const auto all = stages(options, rate_hz);
  if (all.empty()) return;
  const Index tail = tail_samples(options, rate_hz) * kPhases, lead = options.filter_phase == FilterPhase::zero ? tail : 0;
  const Index whole = (unit.fine.cols() + kPhases - 1) / kPhases * kPhases;
  RowMatrix grown = RowMatrix::Zero(unit.fine.rows(), lead + whole + tail);
  grown.middleCols(lead, unit.fine.cols()) = unit.fine;
  for (Index c = 0; c < grown.rows(); ++c) {
    for (Index phase = 0; phase < kPhases; ++phase)
      run_all(all, options.filter_phase, grown.row(c).data() + phase, grown.cols() / kPhases, kPhases);
  }
  unit.fine = std::move(grown);
  unit.lead += lead;
}

double amplifier_noise_gain(const InstrumentOptions& options, double rate_hz) {
  if (!has_filter(options)) return 1;
  RowMatrix impulse = RowMatrix::Zero(1, std::max<Index>(4096, 8 * tail_samples(options, rate_hz)));
  impulse(0, impulse.cols() / 2) = 1;
  amplify(options, rate_hz, impulse, 1);
  return impulse.norm();
}

std::vector<NoiseEvent> digitise(const InstrumentOptions& o, std::int64_t seed, Recording& recording) {
  auto& samples = recording.samples;
  if (o.adc_bits > 0) {
    const double step = 2 * o.adc_range_uv / std::exp2(o.adc_bits);
    const double highest = std::exp2(o.adc_bits - 1) - 1, lowest = -std::exp2(o.adc_bits - 1);
    for (Index c = 0; c < samples.rows(); ++c) {
      if (recording.channels[static_cast<std::size_t>(c)].unit != "uV") continue;
      for (Index i = 0; i < samples.cols(); ++i) samples(c, i) = step * std::clamp(std::nearbyint(samples(c, i) / step), lowest, highest);
    }
    for (auto& channel : recording.channels) {
      if (channel.unit != "uV") continue;
      channel.count_uv = step;
      channel.count_zero_uv = 0;
      channel.adc_min = static_cast<std::int64_t>(lowest);
      channel.adc_max = static_cast<std::int64_t>(highest);
    }
  }
  std::vector<NoiseEvent> losses;
  if (o.dropout_rate_per_min <= 0) return losses;
  Random random = random_of(seed, RandomDomain::noise, kDropoutStream);
  const double mean_s = 60 / o.dropout_rate_per_min, end_s = recording.duration_s();
  for (double t = mean_s * random.exponential(); t < end_s; t += mean_s * random.exponential()) {
    const auto first = static_cast<Index>(t * recording.rate_hz);
    const auto count = std::min(samples.cols() - first,
                                std::max<Index>(1, static_cast<Index>(random.exponential() * o.dropout_ms / 1000 * recording.rate_hz)));
    for (Index c = 0; c < samples.rows(); ++c) {
      const double value = o.dropout_value == DropoutValue::hold && first > 0 ? samples(c, first - 1) : 0;
      samples.row(c).segment(first, count).setConstant(value);
    }
    if (o.mark_gaps) recording.gaps.push_back({-1, first, count, "dropout"});
    const double start = static_cast<double>(first) / recording.rate_hz;
    losses.push_back({"dropout", start, start, static_cast<double>(first + count) / recording.rate_hz, 0, 0});
    t = std::max(t, start + static_cast<double>(count) / recording.rate_hz);
  }
  if (o.mark_gaps) bridge_gaps(samples, recording.gaps);
  return losses;
}

}  // namespace emg
