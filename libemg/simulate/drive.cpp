#include "libemg/simulate/drive.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/filter/butterworth.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

void require_points(const EffortOptions& o) {
  if (o.point_s.empty() || o.point_s.size() != o.point_effort.size()) {
    throw InvalidArgument(fmt::format("point_effort has {} values for {} point_s, expected one for each of at least one",
                                      o.point_effort.size(), o.point_s.size()));
  }
  for (std::size_t i = 1; i < o.point_s.size(); ++i) {
    if (!(o.point_s[i] > o.point_s[i - 1]))
      throw InvalidArgument(fmt::format("point_s {} follows {}: the values must ascend", o.point_s[i], o.point_s[i - 1]));
  }
}

double value_at(const std::vector<double>& x, const std::vector<double>& y, double at) {
  const auto next = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), at) - x.begin());
  if (next == 0) return y.front();
  if (next == x.size()) return y.back();
  return y[next - 1] + (y[next] - y[next - 1]) * (at - x[next - 1]) / (x[next] - x[next - 1]);
}

}  // namespace

std::vector<double> bout_profile(const std::vector<Bout>& bouts, double rise_s, double duration_s) {
  std::vector<double> profile(static_cast<std::size_t>(std::ceil(duration_s * kDriveRateHz)) + 1);
  for (const auto& bout : bouts) {
    for (std::size_t k = 0; k < profile.size(); ++k) {
      const double t = static_cast<double>(k) / kDriveRateHz;
      const double from_edge = std::min(t - bout.start_s, bout.end_s - t);
      if (from_edge < 0) continue;
      profile[k] += bout.effort * (rise_s > 0 ? std::min(1.0, from_edge / rise_s) : 1.0);
    }
  }
  return profile;
}

std::vector<double> effort_profile(const EffortOptions& o, double duration_s) {
  const double start = o.rest_s, end = std::max(o.rest_s, duration_s - o.rest_s);
  std::vector<double> profile(static_cast<std::size_t>(std::ceil(duration_s * kDriveRateHz)) + 1);
  const auto fill = [&](auto&& value) {
    for (std::size_t k = 0; k < profile.size(); ++k) profile[k] = value(static_cast<double>(k) / kDriveRateHz);
  };
  switch (o.profile) {
    case EffortProfile::constant:
      fill([&](double) { return o.effort; });
      break;
    case EffortProfile::ramp:
      fill([&](double t) { return t < start || t > end || end <= start ? 0 : o.effort * (t - start) / (end - start); });
      break;
    case EffortProfile::trapezoid:
      return bout_profile({{start, end, o.effort}}, o.ramp_s, duration_s);
    case EffortProfile::sine: {
      profile = bout_profile({{start, end, o.effort}}, o.ramp_s, duration_s);
      for (std::size_t k = 0; k < profile.size(); ++k) {
        const double turn = 2 * std::numbers::pi * o.sine_hz * (static_cast<double>(k) / kDriveRateHz - start);
        profile[k] = std::min(1.0, profile[k] * (1 + o.sine_depth * std::sin(turn)));
      }
      break;
    }
    case EffortProfile::points:
      require_points(o);
      fill([&](double t) { return value_at(o.point_s, o.point_effort, t); });
      break;
    case EffortProfile::bouts: {
      std::vector<Bout> bouts;
      for (double t = start; t < end; t += o.bout_s + o.bout_pause_s) bouts.push_back({t, std::min(t + o.bout_s, end), o.effort});
      return bout_profile(bouts, o.ramp_s, duration_s);
    }
  }
  return profile;
}

std::vector<double> drive_noise(std::int64_t seed, std::uint64_t index, std::size_t count) {
  constexpr double kCornerHz = 2.5;
  constexpr int kWarmUp = 400;  // 2 s: five time constants of both poles
  const double pole = std::exp(-2 * std::numbers::pi * kCornerHz / kDriveRateHz);
  // Variance of white noise of SD 1 after (1 - a) / (1 - a z^-1) twice.
  const double variance = std::pow(1 - pole, 4) * (1 + pole * pole) / std::pow(1 - pole * pole, 3);
  const double gain = 1 / std::sqrt(variance);
  Random random = random_of(seed, RandomDomain::drive, index);
  double first = 0, second = 0;
  const auto next = [&] {
    first = pole * first + (1 - pole) * random.normal();
    second = pole * second + (1 - pole) * first;
    return gain * second;
  };
  for (int i = 0; i < kWarmUp; ++i) next();
  std::vector<double> noise(count);
  for (auto& v : noise) v = next();
  return noise;
}

std::vector<double> beta_noise(std::int64_t seed, std::uint64_t index, std::size_t count) {
  constexpr double kLowHz = 15, kHighHz = 30;
  constexpr Index kWarmUp = 200;
  // Streams of the beta drive lie apart from those of the slow one.
  constexpr std::uint64_t kBeta = std::uint64_t{1} << 30;
  Random random = random_of(seed, RandomDomain::drive, kBeta + index);
  RowMatrix white(1, static_cast<Index>(count) + kWarmUp);
  for (Index i = 0; i < white.cols(); ++i) white(0, i) = random.normal();
  const auto noise = bandpass(white, kDriveRateHz, {kLowHz, kHighHz, 2, false});
  // Gain of the filter from its impulse response, so that the spread does not depend on the length of the record.
  RowMatrix impulse = RowMatrix::Zero(1, 400);
  impulse(0, 1) = 1;
  const double gain = bandpass(impulse, kDriveRateHz, {kLowHz, kHighHz, 2, false}).norm();
  std::vector<double> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = noise(0, kWarmUp + static_cast<Index>(i)) / gain;
  return result;
}

}  // namespace emg
