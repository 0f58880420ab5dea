#include "libemg/simulate/noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/filter/butterworth.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

// Streams of one domain for different uses lie this far apart.
constexpr std::uint64_t kApart = std::uint64_t{1} << 24;
constexpr std::uint64_t kPinkStream = kApart, kFactorStream = 2 * kApart;
constexpr std::uint64_t kCableStream = kApart, kBaselineStream = 2 * kApart, kShareStream = 3 * kApart;
constexpr double kBadFactor = 20;

// Visits n white samples of SD 1 of a channel; each tile opens its own place in the stream, so any part can be made alone.
template <class Visit>
void white(std::int64_t seed, std::uint64_t index, Index count, Visit&& visit) {
  constexpr Index kTile = 4096;
  for (Index first = 0; first < count; first += kTile) {
    Random random = random_of(seed, RandomDomain::noise, index, static_cast<std::uint64_t>(first / kTile) << 32);
    const Index end = std::min(first + kTile, count);
    for (Index i = first; i < end; ++i) visit(i, random.normal());
  }
}

void require_noise(const ContaminantOptions& o, double rate_hz) {
  if (o.noise_step_s.size() != o.noise_step_uv.size())
    throw InvalidArgument(fmt::format("noise_step_uv has {} values for {} noise_step_s", o.noise_step_uv.size(), o.noise_step_s.size()));
  for (std::size_t i = 1; i < o.noise_step_s.size(); ++i) {
    if (!(o.noise_step_s[i] > o.noise_step_s[i - 1]))
      throw InvalidArgument(fmt::format("noise_step_s {} follows {}: the values must ascend", o.noise_step_s[i], o.noise_step_s[i - 1]));
  }
  const double high = o.noise_high_hz > 0 ? o.noise_high_hz : rate_hz / 2;
  if (o.noise_high_hz >= rate_hz / 2)
    throw InvalidArgument(fmt::format("noise_high_hz {} is not below half the rate, {} Hz", o.noise_high_hz, rate_hz / 2));
  if (o.noise_low_hz >= high)
    throw InvalidArgument(fmt::format("noise_low_hz {} is not below the upper edge, {} Hz", o.noise_low_hz, high));
}

bool band_limited(const ContaminantOptions& o) {
  return o.noise_low_hz > 0 || o.noise_high_hz > 0;
}

RowMatrix in_band(const ContaminantOptions& o, const RowMatrix& signal, double rate_hz) {
  constexpr int kOrder = 4;
  if (o.noise_low_hz > 0 && o.noise_high_hz > 0) return bandpass(signal, rate_hz, {o.noise_low_hz, o.noise_high_hz, kOrder, false});
  return o.noise_low_hz > 0 ? highpass(signal, rate_hz, {o.noise_low_hz, kOrder, false})
                            : lowpass(signal, rate_hz, {o.noise_high_hz, kOrder, false});
}

// RMS that white noise of SD 1 keeps in the band: root of the energy of the impulse response.
double band_gain(const ContaminantOptions& o, double rate_hz) {
  RowMatrix impulse =
      RowMatrix::Zero(1, std::max<Index>(1024, static_cast<Index>(rate_hz * (o.noise_low_hz > 0 ? 4 / o.noise_low_hz : 0.2))));
  impulse(0, 1) = 1;  // the first sample is taken as the level before the record
  return in_band(o, impulse, rate_hz).norm();
}

// Level over time relative to the base of `base_uv`.
double level_at(const ContaminantOptions& o, double base_uv, double t) {
  const auto step = static_cast<std::size_t>(std::upper_bound(o.noise_step_s.begin(), o.noise_step_s.end(), t) - o.noise_step_s.begin());
  const double level = step > 0 ? o.noise_step_uv[step - 1] : base_uv;
  return level * (1 + o.noise_modulation * std::sin(2 * std::numbers::pi * t / o.noise_period_s));
}

bool is_bad(const ContaminantOptions& o, Index channel) {
  return std::find(o.bad_channels.begin(), o.bad_channels.end(), static_cast<double>(channel)) != o.bad_channels.end();
}

void add_pink(const ContaminantOptions& o, std::int64_t seed, double rate_hz, Index c, RowMatrix& signal) {
  constexpr std::size_t kStages = 8;
  constexpr double kFirstHz = 1;
  std::array<double, kStages> keep{}, fresh{}, state{};
  Random random = random_of(seed, RandomDomain::noise, kPinkStream + static_cast<std::uint64_t>(c));
  for (std::size_t k = 0; k < kStages; ++k) {
    keep[k] = std::exp(-2 * std::numbers::pi * kFirstHz * std::exp2(static_cast<double>(k)) / rate_hz);
    fresh[k] = std::sqrt((1 - keep[k] * keep[k]) / kStages);
    state[k] = random.normal() / std::sqrt(static_cast<double>(kStages));
  }
  for (Index i = 0; i < signal.cols(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < kStages; ++k) sum += state[k] = keep[k] * state[k] + fresh[k] * random.normal();
    signal(c, i) += o.pink_uv * sum;
  }
}

}  // namespace

double channel_noise_factor(const ContaminantOptions& options, std::int64_t seed, Index channel) {
  Random random = random_of(seed, RandomDomain::noise, kFactorStream + static_cast<std::uint64_t>(channel));
  const double factor = random.log_normal(1, options.channel_noise_cv);
  return options.bad_channel_kind == BadChannel::noisy && is_bad(options, channel) ? kBadFactor * factor : factor;
}

void add_electrode_noise(const ContaminantOptions& options, double level_uv, std::int64_t seed, double rate_hz, RowMatrix& signal,
                         int threads) {
  require_noise(options, rate_hz);
  const double gain = band_limited(options) ? 1 / band_gain(options, rate_hz) : 1;
  const bool steady = options.noise_step_s.empty() && options.noise_modulation == 0;
  const bool any = level_uv > 0 || !options.noise_step_uv.empty();
  parallel_for(signal.rows(), threads, [&](Index c) {
    const auto index = static_cast<std::uint64_t>(c);
    const double factor = gain * channel_noise_factor(options, seed, c);
    const auto level = [&](Index i) {
      return factor * (steady ? level_uv : level_at(options, level_uv, static_cast<double>(i) / rate_hz));
    };
    if (any && band_limited(options)) {
      // A quarter of a second lets the filter forget its start.
      const Index before = static_cast<Index>(rate_hz / 4);
      RowMatrix own(1, before + signal.cols());
      white(seed, index, own.cols(), [&](Index i, double v) { own(0, i) = v; });
      own = in_band(options, own, rate_hz);
      for (Index i = 0; i < signal.cols(); ++i) signal(c, i) += level(i) * own(0, before + i);
    } else if (any) {
      white(seed, index, signal.cols(), [&](Index i, double v) { signal(c, i) += level(i) * v; });
    }
    if (options.pink_uv > 0) add_pink(options, seed, rate_hz, c, signal);
  });
}

void add_white_noise(std::int64_t seed, double noise_uv, RowMatrix& signal, int threads) {
  if (noise_uv == 0) return;
  parallel_for(signal.rows(), threads, [&](Index c) {
    white(seed, static_cast<std::uint64_t>(c), signal.cols(), [&](Index i, double v) { signal(c, i) += noise_uv * v; });
  });
}

std::vector<NoiseEvent> add_ecg(const ContaminantOptions& o, std::int64_t seed, double rate_hz, RowMatrix& signal) {
  struct Wave {
    double phase, width, height;
  };
  constexpr std::array<Wave, 5> kWaves{{{-1.047, 0.25, 0.25}, {-0.262, 0.1, -0.17}, {0, 0.1, 1}, {0.262, 0.1, -0.25}, {1.571, 0.4, 0.40}}};
  constexpr double kSpreadS = 0.05, kCorrelation = 0.8, kLeastS = 0.2;
  std::vector<NoiseEvent> beats;
  if (o.ecg_uv == 0) return beats;
  Random random = random_of(seed, RandomDomain::ecg);
  std::vector<double> gain(static_cast<std::size_t>(signal.rows()));
  for (std::size_t c = 0; c < gain.size(); ++c) gain[c] = c == 0 ? 1 : random_of(seed, RandomDomain::ecg, c).log_normal(1, 0.2);
  const auto largest = static_cast<Index>(std::max_element(gain.begin(), gain.end()) - gain.begin());
  const double end_s = static_cast<double>(signal.cols()) / rate_hz;
  double deviation = random.normal(), at = -o.ecg_interval_s * random.uniform();
  for (double interval; at < end_s + 1; at += interval) {
    deviation = kCorrelation * deviation + std::sqrt(1 - kCorrelation * kCorrelation) * random.normal();
    interval = std::max(kLeastS, o.ecg_interval_s + kSpreadS * deviation);
    // Phase of a beat: 2 pi for each interval, R at 0.
    const double scale = 2 * std::numbers::pi / interval;
    const auto from = std::max<Index>(0, static_cast<Index>((at - interval / 2) * rate_hz)),
               to = std::min(signal.cols(), static_cast<Index>((at + interval / 2) * rate_hz));
    for (Index i = from; i < to; ++i) {
      const double phase = (static_cast<double>(i) / rate_hz - at) * scale;
      double sum = 0;
      for (const auto& wave : kWaves)
        sum += wave.height * std::exp(-(phase - wave.phase) * (phase - wave.phase) / (2 * wave.width * wave.width));
      for (Index c = 0; c < signal.rows(); ++c) signal(c, i) += o.ecg_uv * gain[static_cast<std::size_t>(c)] * sum;
    }
    if (at >= 0 && at < end_s) beats.push_back({"ecg", at, at, at, largest, o.ecg_uv * gain[static_cast<std::size_t>(largest)]});
  }
  return beats;
}

namespace {

enum class MotionShape { half_cosine, pulse, step };

// Unit movement artefact `t` seconds after its start.
double motion_wave(MotionShape shape, double length_s, double t) {
  if (t < 0) return 0;
  switch (shape) {
    case MotionShape::half_cosine:
      return t < length_s ? std::sin(std::numbers::pi * t / length_s) : 0;
    case MotionShape::pulse:
      // Rises within 20 ms, so that nothing above 20 Hz matters.
      return 1.6 * (std::exp(-t / length_s) - std::exp(-t / 0.02));
    case MotionShape::step:
      return (1 - std::exp(-t / 0.01)) * std::exp(-t / (4 * length_s));
  }
  return 0;
}

void add_baseline(const ContaminantOptions& o, std::int64_t seed, double rate_hz, RowMatrix& signal) {
  constexpr double kCornerHz = 0.2;
  const double keep = std::exp(-2 * std::numbers::pi * kCornerHz / rate_hz);
  for (Index c = 0; c < signal.rows(); ++c) {
    Random random = random_of(seed, RandomDomain::motion, kBaselineStream + static_cast<std::uint64_t>(c));
    // Two equal low-pass stages: variance (1 + a^2) / (1 - a^2)^3 of the input's.
    const double fresh = std::sqrt(std::pow(1 - keep * keep, 3) / (1 + keep * keep));
    double first = random.normal() / std::sqrt(1 - keep * keep) * fresh, second = random.normal();
    for (Index i = 0; i < signal.cols(); ++i) {
      first = keep * first + fresh * random.normal();
      second = keep * second + first;
      signal(c, i) += o.baseline_uv * second;
    }
  }
}

}  // namespace

std::vector<NoiseEvent> add_motion(const ContaminantOptions& o, std::int64_t seed, double rate_hz, RowMatrix& signal) {
  std::vector<NoiseEvent> events;
  const double end_s = static_cast<double>(signal.cols()) / rate_hz;
  // Calls place(random, start, share of each channel) for every event of a Poisson train.
  const auto train = [&](double rate_per_min, std::uint64_t stream, auto&& place) {
    if (rate_per_min <= 0) return;
    Random random = random_of(seed, RandomDomain::motion, stream);
    std::uint64_t number = 0;
    for (double t = random.exponential() * 60 / rate_per_min; t < end_s; t += random.exponential() * 60 / rate_per_min, ++number) {
      Random own = random_of(seed, RandomDomain::motion, stream + kShareStream, (number + 1) << 16);
      std::vector<double> share;
      for (Index c = 0; c < signal.rows(); ++c) share.push_back(own.uniform(-1, 1));
      const auto largest = std::max_element(share.begin(), share.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
      if (*largest != 0) {
        const double scale = 1 / std::fabs(*largest);
        for (auto& s : share) s *= scale;
      }
      place(random, t, share, static_cast<Index>(largest - share.begin()));
    }
  };
  if (o.motion_uv > 0) {
    train(o.motion_rate_per_min, 0, [&](Random& random, double t, const std::vector<double>& share, Index largest) {
      const auto shape = static_cast<MotionShape>(random.below(3));
      const double length = random.uniform(0.02, 0.2), size = o.motion_uv * random.uniform(0.5, 1.5);
      const double lasts = shape == MotionShape::half_cosine ? length : 5 * (shape == MotionShape::step ? 4 : 1) * length;
      const auto from = static_cast<Index>(std::ceil(t * rate_hz)),
                 to = std::min(signal.cols(), static_cast<Index>((t + 2 * lasts) * rate_hz));
      for (Index i = from; i < to; ++i) {
        const double v = size * motion_wave(shape, length, static_cast<double>(i) / rate_hz - t);
        for (Index c = 0; c < signal.rows(); ++c) signal(c, i) += v * share[static_cast<std::size_t>(c)];
      }
      events.push_back({"motion", t, t, t + lasts, largest, size});
    });
  }
  if (o.cable_uv > 0) {
    train(o.cable_rate_per_min, kCableStream, [&](Random& random, double t, const std::vector<double>& share, Index largest) {
      const double length = random.uniform(0.1, 0.5);
      const auto from = static_cast<Index>(std::ceil(t * rate_hz)),
                 to = std::min(signal.cols(), static_cast<Index>((t + length) * rate_hz));
      for (Index i = from; i < to; ++i) {
        const double v = o.cable_uv * random.normal() * std::sin(std::numbers::pi * (static_cast<double>(i) / rate_hz - t) / length);
        for (Index c = 0; c < signal.rows(); ++c) signal(c, i) += v * share[static_cast<std::size_t>(c)];
      }
      events.push_back({"cable", t, t, t + length, largest, o.cable_uv});
    });
  }
  if (o.baseline_uv > 0) add_baseline(o, seed, rate_hz, signal);
  return events;
}

void add_line(std::int64_t seed, double line_uv, double line_hz, double rate_hz, RowMatrix& signal) {
  constexpr std::array kHarmonics{1.0, 0.2, 0.4, 0.1, 0.25, 0.05, 0.15};
  constexpr double kNodeHz = 100, kLargestHz = 0.05, kStepHz = 0.002, kDrift = 0.1, kDriftS = 5;
  if (line_uv == 0) return;
  Random random = random_of(seed, RandomDomain::line);
  std::array<double, kHarmonics.size()> phase0;
  for (auto& p : phase0) p = 2 * std::numbers::pi * random.uniform();
  const auto nodes = static_cast<std::size_t>(static_cast<double>(signal.cols()) / rate_hz * kNodeHz) + 2;
  std::vector<double> cycle(nodes), level(nodes);
  double offset_hz = 0, drift = random.normal();
  const double keep = std::exp(-1 / (kDriftS * kNodeHz));
  for (std::size_t k = 0; k < nodes; ++k) {
    level[k] = line_uv * std::max(0.0, 1 + kDrift * drift);
    if (k > 0) cycle[k] = cycle[k - 1] + (line_hz + offset_hz) / kNodeHz;
    offset_hz = std::clamp(offset_hz + kStepHz * random.normal(), -kLargestHz, kLargestHz);
    drift = keep * drift + std::sqrt(1 - keep * keep) * random.normal();
  }
  for (Index i = 0; i < signal.cols(); ++i) {
    const double place = static_cast<double>(i) / rate_hz * kNodeHz;
    const auto k = static_cast<std::size_t>(place);
    const double w = place - static_cast<double>(k);
    const double turn = 2 * std::numbers::pi * ((1 - w) * cycle[k] + w * cycle[k + 1]), size = (1 - w) * level[k] + w * level[k + 1];
    double sum = 0;
    for (std::size_t h = 0; h < kHarmonics.size(); ++h) {
      const double order = static_cast<double>(h) + 1;
      if (order * line_hz < rate_hz / 2) sum += kHarmonics[h] * std::sin(order * turn + phase0[h]);
    }
    signal.col(i).array() += size * sum;
  }
}

}  // namespace emg
