#include "libemg/measure/twitch/rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/chi_square.h"
#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/detect/noise.h"

namespace emg {
namespace {

constexpr double kBlockS = 30;
constexpr int kDraws = 2000;
constexpr std::size_t kFewestBlocks = 5, kFewestBins = 4;

void require(const char* name, double value, bool good, const char* range) {
  if (!good) throw InvalidArgument(fmt::format("{} {} is outside {}", name, value, range));
}

void require_count(std::int64_t count, double usable_s) {
  require("count", static_cast<double>(count), count >= 0, "[0, inf]");
  require("usable_s", usable_s, usable_s >= 0 && std::isfinite(usable_s), "[0, inf]");
}

// Place on the axis of usable time.
double usable_before(const std::vector<Stretch>& usable, double time_s) {
  double sum = 0;
  for (const auto& s : usable) sum += std::clamp(time_s, s.first_s, s.end_s) - s.first_s;
  return sum;
}

// Counts in whole bins of usable time.
std::vector<double> bin_counts(std::span<const double> places_s, double usable_s, double bin_s) {
  std::vector<double> counts(static_cast<std::size_t>(usable_s / bin_s), 0.0);
  for (const double place : places_s) {
    const auto bin = static_cast<std::size_t>(place / bin_s);
    if (bin < counts.size()) counts[bin] += 1;
  }
  return counts;
}

std::vector<double> places_of(std::span<const double> times_s, const std::vector<Stretch>& usable) {
  std::vector<double> places;
  for (const double t : times_s) places.push_back(usable_before(usable, t));
  return places;
}

}  // namespace

std::optional<RateEstimate> poisson_rate(std::int64_t count, double usable_s, double confidence) {
  require_count(count, usable_s);
  require("confidence", confidence, confidence > 0 && confidence < 1, "(0, 1)");
  if (usable_s == 0) return std::nullopt;
  const double minutes = usable_s / 60;
  const auto limits = poisson_limits(count, confidence);
  return RateEstimate{static_cast<double>(count) / minutes, limits.low / minutes, limits.high / minutes};
}

std::optional<double> detectable_rate_per_min(double usable_s, double probability, double sensitivity) {
  require_count(0, usable_s);
  require("probability", probability, probability > 0 && probability < 1, "(0, 1)");
  require("sensitivity", sensitivity, sensitivity > 0 && sensitivity <= 1, "(0, 1]");
  if (usable_s == 0) return std::nullopt;
  return -std::log1p(-probability) / (usable_s / 60 * sensitivity);
}

double probability_to_see(std::int64_t count, double rate_per_min, double seconds) { return poisson_upper_tail(count, rate_per_min / 60 * seconds); }

double seconds_to_see(std::int64_t count, double rate_per_min, double probability) {
  require("rate_per_min", rate_per_min, rate_per_min > 0, "(0, inf)");
  require("probability", probability, probability > 0 && probability < 1, "(0, 1)");
  return chi_square_quantile(probability, 2 * static_cast<double>(std::max<std::int64_t>(count, 1))) / 2 / rate_per_min * 60;
}

std::optional<double> corrected_rate_per_min(double observed_per_min, double dead_s) {
  const double observed = observed_per_min / 60;
  if (observed * dead_s >= std::exp(-1.0)) return std::nullopt;
  // r exp(-r dead) rises up to r = 1 / dead: bisection there.
  double low = observed, high = dead_s > 0 ? 1 / dead_s : observed;
  for (int i = 0; i < 200 && high - low > 1e-14 * high; ++i) {
    const double middle = (low + high) / 2;
    (middle * std::exp(-middle * dead_s) < observed ? low : high) = middle;
  }
  return 60 * (low + high) / 2;
}

RateRatio rate_ratio(std::int64_t count, double usable_s, std::int64_t reference_count, double reference_usable_s, double confidence) {
  require_count(count, usable_s);
  require_count(reference_count, reference_usable_s);
  RateRatio result;
  const auto total = count + reference_count;
  if (usable_s == 0 || reference_usable_s == 0 || total == 0) return result;
  const double exposure = reference_usable_s / usable_s;
  const auto limits = binomial_limits(count, total, confidence);
  const auto odds = [&](double share) { return share / (1 - share) * exposure; };
  if (reference_count > 0) result.ratio = static_cast<double>(count) / static_cast<double>(reference_count) * exposure;
  result.low = odds(limits.low);
  if (limits.high < 1) result.high = odds(limits.high);
  // Twice the smaller tail, as the limits are of equal tails.
  const double share = usable_s / (usable_s + reference_usable_s);
  const double upper = binomial_upper_tail(count, total, share), lower = 1 - binomial_upper_tail(count + 1, total, share);
  result.p = std::min(1.0, 2 * std::min(upper, lower));
  return result;
}

double total_s(const std::vector<Stretch>& stretches) {
  double sum = 0;
  for (const auto& s : stretches) sum += s.end_s - s.first_s;
  return sum;
}

Persistence persistence(std::span<const double> times_s, const std::vector<Stretch>& usable, double bin_s) {
  require("bin_s", bin_s, bin_s > 0, "(0, inf)");
  Persistence result;
  const double all_s = total_s(usable);
  if (!(all_s > 0)) return result;
  const auto places = places_of(times_s, usable);
  result.half_s = all_s / 2;
  for (const double place : places) ++(place < result.half_s ? result.first_half : result.second_half);
  double last = 0, longest = 0;
  for (const double place : places) longest = std::max(longest, place - last), last = place;
  result.longest_gap_s = std::max(longest, all_s - last);
  if (!places.empty()) result.time_to_first_s = places.front();
  const auto counts = bin_counts(places, all_s, bin_s);
  if (counts.empty()) return result;
  double sum = 0, square = 0, active = 0;
  for (const double n : counts) sum += n, active += n > 0;
  const double bins = static_cast<double>(counts.size()), mean = sum / bins;
  result.active_fraction = active / bins;
  for (const double n : counts) square += (n - mean) * (n - mean);
  if (counts.size() >= kFewestBins && sum > 0) result.fano = square / (bins - 1) / mean;
  return result;
}

std::optional<RateEstimate> block_interval(std::span<const double> times_s, const std::vector<Stretch>& usable, std::uint64_t seed) {
  const double all_s = total_s(usable);
  const auto blocks = static_cast<std::size_t>(all_s / kBlockS);
  if (blocks < kFewestBlocks) return std::nullopt;
  // Blocks of equal length that cover all usable time.
  const double length_s = all_s / static_cast<double>(blocks);
  const auto counts = bin_counts(places_of(times_s, usable), all_s * (1 + 1e-12), length_s);
  Random random(seed);
  std::vector<double> means;
  for (int d = 0; d < kDraws; ++d) {
    double sum = 0;
    for (std::size_t b = 0; b < blocks; ++b) sum += counts[random.below(blocks)];
    means.push_back(60 * sum / all_s);
  }
  // Percentiles, widened by sqrt(n / (n - 1)) about the mean: a bootstrap of n blocks has that much too little variance.
  const double rate = 60 * static_cast<double>(times_s.size()) / all_s, widen = std::sqrt(static_cast<double>(blocks) / static_cast<double>(blocks - 1));
  const double low = quantile_of(means, 0.025), high = quantile_of(means, 0.975);
  return RateEstimate{rate, std::max(0.0, rate + (low - rate) * widen), rate + (high - rate) * widen};
}

}  // namespace emg
