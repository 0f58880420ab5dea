#include "libemg/measure/ncs/stimulus_artefact.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <optional>

#include "libemg/core/parallel.h"
#include "libemg/measure/ncs/response_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kRingingHighpassHz = 20;
constexpr double kFast[] = {0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.0};  // ms
constexpr double kSlow[] = {1.0, 1.4, 2, 2.8, 4, 5.6, 8, 11, 14, 20};    // ms
constexpr double kShortestFitMs = 0.8, kLongestFitMs = 25, kStepMs = 0.2, kRecentMs = 0.4, kQuietMs = 0.5;
constexpr double kTolerance = 1.5, kRecentFactor = 1.5;  // of the noise; of the end of the stretch
constexpr double kShareOfResponse = 0.004;               // what the model may miss of a large response
constexpr double kLatestStartMs = 3, kStartStepMs = 0.1;  // of the decay
constexpr int kFailures = 3;
constexpr int kPasses = 3;
constexpr Index kRailSamples = 3;

// First sample after the blank: rails extend it.
Index blank_end(const Trace& t, double blank_ms) {
  Index end = std::min(t.size() - 1, t.zero + std::max<Index>(1, static_cast<Index>(std::llround(blank_ms * t.rate_hz / 1000))));
  const auto [low, high] = std::minmax_element(t.y.begin(), t.y.end());
  for (const double rail : {*low, *high}) {
    Index run = 0;
    for (Index i = t.zero; i < t.size(); ++i) {
      if (t.at(i) == rail) {
        ++run;
      } else if (run >= kRailSamples) {
        end = std::max(end, i);
        break;
      } else {
        run = 0;
      }
    }
  }
  return std::min(end, t.size() - 1);
}

void bridge(Trace& t, Index end, double from_uv) {
  const Index n = end - t.zero;
  for (Index i = 0; i < n; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(n);
    t.y[static_cast<std::size_t>(t.zero + i)] = from_uv + share * (t.at(end) - from_uv);
  }
}

struct Tail {
  Eigen::VectorXd factors;  // of the terms
  std::vector<double> times_ms;
  bool fitted = false;

  double at(double t_ms) const {
    double sum = 0;
    for (std::size_t k = 0; k < times_ms.size(); ++k) sum += factors[static_cast<Index>(k)] * std::exp(-t_ms / times_ms[k]);
    return sum;
  }
};

// The sum of 0, 1 or 2 exponentials with the smallest information criterion on [first, last], level already removed.
Tail fit_tail(const Trace& t, Index first, Index last, double sigma) {
  const Index n = last - first + 1;
  Tail best;
  Eigen::VectorXd y(n);
  for (Index i = 0; i < n; ++i) y[i] = t.at(first + i);
  const double floor = std::max(sigma * sigma, 1e-12 * y.squaredNorm() / static_cast<double>(n)) * static_cast<double>(n);
  const auto criterion = [&](double error, double terms) {
    return static_cast<double>(n) * std::log(std::max(error, floor * 1e-3) / static_cast<double>(n)) +
           2 * terms * std::log(static_cast<double>(n));
  };
  double lowest = criterion(y.squaredNorm(), 0);
  best.fitted = true;
  std::vector<double> all(std::begin(kFast), std::end(kFast));
  all.insert(all.end(), std::begin(kSlow) + 1, std::end(kSlow));
  Eigen::MatrixXd basis(n, static_cast<Index>(all.size()));
  for (std::size_t k = 0; k < all.size(); ++k) {
    for (Index i = 0; i < n; ++i) basis(i, static_cast<Index>(k)) = std::exp(-t.ms(static_cast<double>(first + i)) / all[k]);
  }
  const Eigen::MatrixXd gram = basis.transpose() * basis;
  const Eigen::VectorXd target = basis.transpose() * y;
  const double squares = y.squaredNorm();
  for (Index a = 0; a < gram.rows(); ++a) {
    const double one = target[a] / gram(a, a), error = squares - one * target[a];
    if (const double c = criterion(error, 1); c < lowest)
      lowest = c, best.factors = Eigen::VectorXd::Constant(1, one), best.times_ms = {all[static_cast<std::size_t>(a)]};
    for (Index b = a + 1; b < gram.rows(); ++b) {
      const double det = gram(a, a) * gram(b, b) - gram(a, b) * gram(a, b);
      if (!(det > 1e-9 * gram(a, a) * gram(b, b)) || all[static_cast<std::size_t>(b)] < 1.9 * all[static_cast<std::size_t>(a)]) continue;
      const double fa = (gram(b, b) * target[a] - gram(a, b) * target[b]) / det,
                   fb = (gram(a, a) * target[b] - gram(a, b) * target[a]) / det;
      const double error2 = squares - fa * target[a] - fb * target[b];
      if (const double c = criterion(error2, 2); c < lowest) {
        lowest = c;
        best.factors = Eigen::Vector2d(fa, fb);
        best.times_ms = {all[static_cast<std::size_t>(a)], all[static_cast<std::size_t>(b)]};
      }
    }
  }
  return best;
}

double level_of(const Trace& t) {
  if (static_cast<double>(t.zero) * t.step_ms() >= 2) return median_of({t.y.begin(), t.y.begin() + t.zero});
  // Without a stretch before the stimulus, the end of the sweep.
  return median_of({t.y.end() - static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, t.y.size() / 10)), t.y.end()});
}

double residual_rms(const Trace& t, const Tail& tail, Index first, Index last) {
  double sum = 0;
  for (Index i = first; i <= last; ++i) {
    const double e = t.at(i) - tail.at(t.ms(static_cast<double>(i)));
    sum += e * e;
  }
  return std::sqrt(sum / static_cast<double>(last - first + 1));
}

Index samples_of(const Trace& t, double ms) { return std::max<Index>(1, static_cast<Index>(std::llround(ms * t.rate_hz / 1000))); }

// What the model may miss, RMS.
double tolerance_of(const Trace& t, Index first, double sigma) {
  double largest = 0;
  for (Index i = first + samples_of(t, 1); i < t.size(); ++i) largest = std::max(largest, std::abs(t.at(i)));
  return std::max(kTolerance * sigma, kShareOfResponse * largest);
}

// First sample from which the artefact decays as exponentials do: the pulse and the ringing of filters last longer than the blank where a
// stimulator takes its charge back, and exponentials laid through them go anywhere later. Empty if it never decays.
std::optional<Index> decays_from(const Trace& t, Index first, double sigma) {
  const double tolerance = tolerance_of(t, first, sigma);
  const Index latest = std::min(t.zero + samples_of(t, kLatestStartMs), t.size() - 1 - samples_of(t, kShortestFitMs));
  for (Index start = first; start <= latest; start += samples_of(t, kStartStepMs)) {
    const Index last = start + samples_of(t, kShortestFitMs);
    if (residual_rms(t, fit_tail(t, start, last, sigma), start, last) <= tolerance) return start;
  }
  return std::nullopt;
}

// End of the longest stretch after the blank that exponentials explain: where the response sets in they fail for good.
Index explained_until(const Trace& t, Index first, double sigma) {
  const auto samples = [&](double ms) { return samples_of(t, ms); };
  const double tolerance = tolerance_of(t, first, sigma);
  Index good = std::min(first + samples(kShortestFitMs), t.size() - 1);
  int failures = 0;
  const Index end = std::min(t.size() - 1, first + samples(kLongestFitMs));
  for (Index last = good; last <= end && failures < kFailures; last += samples(kStepMs)) {
    const Index recent = std::max(first, last - samples(kRecentMs));
    const auto tail = fit_tail(t, first, last, sigma);
    const bool explained =
        residual_rms(t, tail, first, last) <= tolerance && residual_rms(t, tail, recent, last) <= kRecentFactor * tolerance;
    failures = explained ? 0 : failures + 1;
    if (explained) good = last;
  }
  return good;
}

Trace without_exponentials(const Trace& trace, const StimulusArtefactOptions& o) {
  Trace t = trace;
  const double level = level_of(t);
  for (double& v : t.y) v -= level;
  const double sigma = baseline_of(trace, 0, 1).sigma_uv;
  const Index blanked = blank_end(t, o.blank_ms);
  const auto start = decays_from(t, blanked, sigma);
  if (!start) {
    bridge(t, blanked, 0);
    for (double& v : t.y) v += level;
    return t;
  }
  const Index first = *start;
  const auto samples = [&](double ms) { return static_cast<Index>(std::llround(ms * t.rate_hz / 1000)); };
  const Index least = std::min(first + samples(kShortestFitMs), t.size() - 1);
  const Index most = std::max(least, explained_until(t, first, sigma));
  Index last = std::max(least, most - samples(o.guard_ms));
  Trace clean = t;
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto tail = fit_tail(t, first, last, sigma);
    clean = t;
    for (Index i = first; i < t.size(); ++i) clean.y[static_cast<std::size_t>(i)] -= tail.at(t.ms(static_cast<double>(i)));
    if (pass + 1 == kPasses) break;
    ResponseOptions options;
    options.window_low_ms = t.ms(static_cast<double>(first)) + kQuietMs;
    options.window_high_ms = t.ms(static_cast<double>(t.size() - 1));
    options.onset_method = LatencyMethod::hinge;
    options.sigma_uv = sigma;
    const auto response = measure_response(clean, options);
    if (!response.onset_ms) break;
    const Index next = std::clamp(t.sample(*response.onset_ms - o.guard_ms), least, most);
    if (next == last) break;
    last = next;
  }
  bridge(clean, first, 0);
  for (double& v : clean.y) v += level;
  return clean;
}

// SALPA: at each sample the value of a cubic fitted around it is subtracted; the first half window uses the first full one.
Trace without_polynomial(const Trace& trace, const StimulusArtefactOptions& o) {
  Trace t = trace;
  const double level = level_of(t);
  const Index first = blank_end(t, o.blank_ms),
              h = std::max<Index>(3, static_cast<Index>(std::llround(o.half_window_ms * t.rate_hz / 1000)));
  Eigen::MatrixXd basis(2 * h + 1, 4);
  for (Index k = -h; k <= h; ++k) {
    const double x = static_cast<double>(k) / static_cast<double>(h);
    basis.row(k + h) << 1, x, x * x, x * x * x;
  }
  const Eigen::MatrixXd solve = (basis.transpose() * basis).inverse() * basis.transpose();
  for (Index i = first; i < t.size(); ++i) {
    const Index middle = std::clamp(i, std::min(first + h, t.size() - 1 - h), t.size() - 1 - h);
    if (middle - h < 0) break;
    const Eigen::Map<const Eigen::VectorXd> window(trace.y.data() + (middle - h), 2 * h + 1);
    const Eigen::Vector4d c = solve * window;
    const double x = static_cast<double>(i - middle) / static_cast<double>(h);
    t.y[static_cast<std::size_t>(i)] = trace.at(i) - (c[0] + x * (c[1] + x * (c[2] + x * c[3]))) + level;
  }
  bridge(t, first, level);
  return t;
}

// Mean of the means of both polarities of each site.
SweepSet alternate(const SweepSet& set) {
  SweepSet result = set;
  result.averaged = true;
  result.sweeps.clear();
  std::vector<std::vector<double>> rows;
  for (const auto& group : rows_by_site(set)) {
    std::vector<Index> plus, minus;
    for (const Index r : group) {
      const auto& p = set.sweeps[static_cast<std::size_t>(r)].polarity;
      if (p == "+") plus.push_back(r);
      if (p == "-") minus.push_back(r);
    }
    if (plus.empty() || minus.empty()) {
      throw InvalidArgument(
          fmt::format("method alternate_polarity needs sweeps of both polarities; site \"{}\" has {} with + and {} with -",
                      set.sweeps[static_cast<std::size_t>(group.front())].site, plus.size(), minus.size()));
    }
    auto mean = mean_row(set, plus);
    const auto other = mean_row(set, minus);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (mean[i] + other[i]) / 2;
    rows.push_back(std::move(mean));
    auto sweep = set.sweeps[static_cast<std::size_t>(group.front())];
    sweep.polarity.clear();
    result.sweeps.push_back(std::move(sweep));
  }
  result.samples.resize(static_cast<Index>(rows.size()), set.samples.cols());
  for (std::size_t r = 0; r < rows.size(); ++r) std::copy(rows[r].begin(), rows[r].end(), result.samples.row(static_cast<Index>(r)).data());
  return result;
}

}  // namespace

SweepSet remove_stimulus_artefact(const SweepSet& set, const StimulusArtefactOptions& options, int threads) {
  validate_options(options);
  require_sweeps(set, 1000);
  if (set.highpass_hz && *set.highpass_hz >= kRingingHighpassHz) {
    throw InvalidArgument(fmt::format(
        "the sweeps were high-passed at {} Hz after recording: the artefact rings into the response; remove it before any filter",
        *set.highpass_hz));
  }
  if (options.method == ArtefactMethod::alternate_polarity) return alternate(set);
  SweepSet result = set;
  parallel_for(set.samples.rows(), threads, [&](Index r) {
    Trace t = trace_of(set, r);
    if (options.method == ArtefactMethod::blank) {
      bridge(t, blank_end(t, options.blank_ms), level_of(t));
    } else if (options.method == ArtefactMethod::two_exponential) {
      t = without_exponentials(t, options);
    } else {
      t = without_polynomial(t, options);
    }
    std::copy(t.y.begin(), t.y.end(), result.samples.row(r).data());
  });
  return result;
}

}  // namespace emg
