#include "libemg/measure/twitch/train_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <variant>

#include "libemg/core/error.h"
#include "libemg/detect/noise.h"

namespace emg {
namespace {

constexpr int kFewestIntervals = 10;
constexpr double kLeastConsistency = 0.9, kLeastMembership = 0.5, kLeastLead = 0.2;
constexpr double kShareOfPeak = 0.1;
constexpr std::size_t kRunning = 5;
constexpr double kSeparation = 3, kMedianRatio = 3, kLeastShare = 0.05;
const double kRootPiHalf = std::sqrt(std::acos(-1.0)) / 2;

double variance(std::span<const double> x) {
  double mean = 0, square = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) square += (v - mean) * (v - mean);
  return x.size() > 1 ? square / static_cast<double>(x.size() - 1) : 0;
}

double slope_against(const std::vector<double>& t, const std::vector<double>& y) {
  if (t.size() < 3) return 0;
  const double n = static_cast<double>(t.size());
  double mt = 0, my = 0, up = 0, down = 0;
  for (std::size_t i = 0; i < t.size(); ++i) mt += t[i] / n, my += y[i] / n;
  for (std::size_t i = 0; i < t.size(); ++i) up += (t[i] - mt) * (y[i] - my), down += (t[i] - mt) * (t[i] - mt);
  return down > 0 ? up / down : 0;
}

// Largest over smallest running mean of five.
double modulation(const std::vector<double>& sums) {
  if (sums.empty()) return 1;
  const auto [low, high] = std::minmax_element(sums.begin(), sums.end());
  return *low > 0 ? *high / *low : 1;
}

std::vector<double> running_sums(const std::vector<double>& x) {
  std::vector<double> sums;
  for (std::size_t i = 0; i + kRunning <= x.size(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < kRunning; ++k) sum += x[i + k];
    sums.push_back(sum);
  }
  return sums;
}

// Two classes of logarithms of intervals with the largest variance between them; the boundary, if they are far enough apart.
std::optional<double> class_boundary(std::vector<double> logs) {
  std::sort(logs.begin(), logs.end());
  const std::size_t n = logs.size();
  double total = 0, below = 0, best = -1;
  for (const double v : logs) total += v;
  std::size_t cut = 0;
  for (std::size_t i = 1; i < n; ++i) {
    below += logs[i - 1];
    const double a = static_cast<double>(i), b = static_cast<double>(n - i), d = below / a - (total - below) / b;
    if (a * b * d * d > best) best = a * b * d * d, cut = i;
  }
  const std::span<const double> all(logs), low = all.first(cut), high = all.subspan(cut);
  const double gap = median_of({high.begin(), high.end()}) - median_of({low.begin(), low.end()});
  const double least = std::max(2.0, kLeastShare * static_cast<double>(n));
  const bool separate = gap / std::sqrt(variance(low) + variance(high) + 1e-4) >= kSeparation && gap > std::log(kMedianRatio) &&
                        static_cast<double>(std::min(low.size(), high.size())) >= least;
  if (!separate) return std::nullopt;
  return (low.back() + high.front()) / 2;
}

void burst_features(const EventRuns& runs, std::span<const double> amplitudes_uv, double boundary, TrainFeatures& f) {
  std::vector<double> intra, lengths, starts, between, slowing, shrinking;
  std::size_t before = 0;  // events of earlier runs
  int bursts = 0;
  for (const auto& run : runs) {
    double start = run.empty() ? 0 : run.front();
    std::size_t first = 0;
    starts.clear();
    for (std::size_t i = 0; i < run.size(); ++i) {
      const bool last = i + 1 == run.size();
      const double log_interval = last ? std::numeric_limits<double>::infinity() : std::log(run[i + 1] - run[i]);
      if (log_interval < boundary) {
        intra.push_back(log_interval);
        continue;
      }
      ++bursts;
      starts.push_back(start);
      lengths.push_back(1000 * (run[i] - start));
      const std::size_t count = i + 1 - first;
      if (before + first + count <= amplitudes_uv.size()) {
        if (const auto slope = burst_slope(std::span(run).subspan(first, count), amplitudes_uv.subspan(before + first, count))) {
          slowing.push_back(slope->ln_interval_per_spike);
          shrinking.push_back(slope->ln_amplitude_per_spike);
        }
      }
      first = i + 1;
      if (!last) start = run[i + 1];
    }
    before += run.size();
    for (std::size_t b = 1; b < starts.size(); ++b) between.push_back(starts[b] - starts[b - 1]);
  }
  f.bursty = 1;
  f.intra_rate_hz = std::exp(-median_of(intra));
  f.spikes_per_burst = static_cast<double>(f.events) / bursts;
  f.burst_ms = median_of(lengths);
  if (!slowing.empty()) {
    f.ln_interval_per_spike = median_of(slowing);
    f.ln_amplitude_per_spike = median_of(shrinking);
  }
  if (between.size() < 2) return;
  double mean = 0;
  for (const double v : between) mean += v / static_cast<double>(between.size());
  f.burst_rate_hz = 1 / mean;
  f.ibi_cv = std::sqrt(variance(between)) / mean;
}

double number_of_field(const TrainFeatures& features, std::string_view name, bool& known) {
  double value = 0;
  known = false;
  for_each_field<TrainFeatures>([&](const auto& f) {
    if (f.name != name) return;
    known = true;
    if constexpr (std::is_same_v<std::decay_t<decltype(features.*(f.member))>, std::optional<double>>) {
      value = (features.*(f.member)).value_or(std::nan(""));
    } else {
      value = static_cast<double>(features.*(f.member));
    }
  });
  return value;
}

double membership(double x, const std::array<double, 4>& t) {
  if (!(x >= t[0]) || !(x <= t[3])) return 0;
  if (x < t[1]) return (x - t[0]) / (t[1] - t[0]);
  if (x > t[2]) return (t[3] - x) / (t[3] - t[2]);
  return 1;
}

std::string criteria_text(const TrainPattern& pattern, const TrainFeatures& features) {
  std::string text;
  for (const auto& criterion : pattern.criteria) {
    bool known = false;
    const double x = number_of_field(features, criterion.feature, known), m = membership(x, criterion.trapezoid);
    text += fmt::format("{}{} {:.3g} {} ({:.3g} to {:.3g})", text.empty() ? "" : "; ", criterion.feature, x, m >= 1 ? "met" : m > 0 ? fmt::format("met by {:.2f}", m) : "not met",
                        criterion.trapezoid[1], criterion.trapezoid[2]);
  }
  return text;
}

}  // namespace

TemplateShape template_shape(std::span<const double> wave, double rate_hz) {
  TemplateShape shape;
  if (wave.empty()) return shape;
  const auto [low, high] = std::minmax_element(wave.begin(), wave.end());
  shape.amplitude_uv = *high - *low;
  const double peak = std::max(std::fabs(*low), std::fabs(*high));
  if (!(peak > 0)) return shape;
  // What the ends of the window show is noise: a tenth of the peak, or three times that.
  std::vector<double> ends;
  const std::size_t edge = std::max<std::size_t>(1, wave.size() / 10);
  for (std::size_t i = 0; i < edge; ++i) ends.push_back(std::fabs(wave[i])), ends.push_back(std::fabs(wave[wave.size() - 1 - i]));
  const double least = std::max(kShareOfPeak * peak, 3 * median_of(ends));
  // The stretch around the peak that is nowhere quiet for more than 5 ms.
  const auto at_peak = static_cast<std::ptrdiff_t>(std::fabs(*low) > std::fabs(*high) ? low - wave.begin() : high - wave.begin());
  const auto quiet = static_cast<std::ptrdiff_t>(samples_in_ms(5, rate_hz));
  const auto outermost = [&](std::ptrdiff_t step) {
    std::ptrdiff_t last = at_peak;
    for (auto i = at_peak; i >= 0 && i < static_cast<std::ptrdiff_t>(wave.size()) && std::abs(i - last) <= quiet; i += step) {
      if (std::fabs(wave[static_cast<std::size_t>(i)]) > least) last = i;
    }
    return last;
  };
  const auto first = outermost(-1), end = outermost(1) + 1;
  shape.duration_ms = 1000 * static_cast<double>(end - first) / rate_hz;
  int sign = 0;
  std::ptrdiff_t phase_first = first;
  for (auto i = first; i < end; ++i) {
    const double v = wave[static_cast<std::size_t>(i)];
    const int now = v > least ? 1 : v < -least ? -1 : 0;
    if (now == 0 || now == sign) continue;
    if (sign == 0) shape.initial_positive = now > 0;
    sign = now;
    ++shape.phases;
    phase_first = i;
  }
  const double last_ms = 1000 * static_cast<double>(end - phase_first) / rate_hz;
  if (shape.phases > 1 && last_ms > shape.duration_ms - last_ms) shape.tail_ms = last_ms;
  return shape;
}

TrainFeatures train_features(const EventRuns& runs, std::span<const double> amplitudes_uv, const TemplateShape& shape) {
  TrainFeatures f;
  f.duration_ms = shape.duration_ms;
  f.phases = shape.phases;
  f.initial_positive = shape.initial_positive;
  f.tail_ms = shape.tail_ms;
  f.amplitude_uv = shape.amplitude_uv;
  std::vector<double> all, logs, middles, rate_sums, times;
  double jump = 0;
  int jumps = 0, doublets = 0;
  for (const auto& run : runs) {
    std::vector<double> intervals;
    for (std::size_t i = 0; i < run.size(); ++i) {
      times.push_back(run[i]);
      if (i == 0 || !(run[i] > run[i - 1])) continue;
      const double d = run[i] - run[i - 1];
      if (!intervals.empty()) jump += std::fabs(std::log(d / intervals.back())), ++jumps;
      intervals.push_back(d);
      logs.push_back(std::log(d));
      middles.push_back((run[i] + run[i - 1]) / 2);
      doublets += d >= 0.002 && d <= 0.02;
    }
    for (const double sum : running_sums(intervals)) rate_sums.push_back(sum);
    all.insert(all.end(), intervals.begin(), intervals.end());
  }
  f.events = static_cast<int>(times.size());
  f.intervals = static_cast<int>(all.size());
  if (all.empty()) return f;
  double sum = 0;
  for (const double d : all) sum += d;
  f.seconds = times.back() - times.front();
  f.rate_hz = static_cast<double>(all.size()) / sum;
  f.cv_local = jumps > 0 ? kRootPiHalf * jump / jumps : 0;
  f.rate_mod = modulation(rate_sums);
  f.doublet_frac = static_cast<double>(doublets) / static_cast<double>(all.size());
  f.intra_rate_hz = std::exp(-median_of(logs));
  const double typical = median_of(all);
  if (all.size() >= 6) {
    f.onset_ratio = median_of({all.begin(), all.begin() + 3}) / typical;
    f.offset_ratio = median_of({all.end() - 3, all.end()}) / typical;
  }
  auto falling = logs;
  for (auto& v : falling) v = -v;
  f.ln_rate_per_s = slope_against(middles, falling);
  if (amplitudes_uv.size() == times.size()) {
    const std::vector<double> a(amplitudes_uv.begin(), amplitudes_uv.end());
    f.amp_mod = modulation(running_sums(a));
    std::vector<double> index, ln;
    for (std::size_t i = 0; i < a.size(); ++i) index.push_back(static_cast<double>(i)), ln.push_back(std::log(std::max(a[i], 1e-9)));
    const double spread = std::sqrt(variance(a) * variance(index));
    if (spread > 1e-12 * std::fabs(a.front())) f.amp_trend = slope_against(index, a) * variance(index) / spread;
    f.ln_amplitude_per_s = slope_against(times, ln);
  }
  if (logs.size() >= 4) {
    if (const auto boundary = class_boundary(logs)) burst_features(runs, amplitudes_uv.size() == times.size() ? amplitudes_uv : std::span<const double>{}, *boundary, f);
  }
  return f;
}

std::vector<TrainPattern> parse_train_patterns(std::string_view text) {
  std::vector<TrainPattern> patterns;
  std::size_t line_number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line_number == 1 || line.empty() || line.front() == '#') continue;
    std::vector<std::string_view> cells;
    for (std::size_t at = 0; at <= line.size();) {
      const auto tab = std::min(line.find('\t', at), line.size());
      cells.push_back(line.substr(at, tab - at));
      at = tab + 1;
    }
    if (cells.size() != 6) throw InvalidArgument(fmt::format("patterns line {}: {} columns, expected descriptor, feature, a, b, c, d", line_number, cells.size()));
    TrainPattern::Criterion criterion{std::string(cells[1]), {}};
    bool known = false;
    number_of_field({}, criterion.feature, known);
    if (!known) throw InvalidArgument(fmt::format("patterns line {}: unknown feature {}", line_number, criterion.feature));
    for (std::size_t k = 0; k < 4; ++k) {
      const auto cell = cells[k + 2];
      const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), criterion.trapezoid[k]);
      if (parsed.ec != std::errc() || parsed.ptr != cell.data() + cell.size() || (k > 0 && criterion.trapezoid[k] < criterion.trapezoid[k - 1])) {
        throw InvalidArgument(fmt::format("patterns line {}, column {}: {} is not a number at or above the one before", line_number, k + 3, std::string(cell)));
      }
    }
    if (patterns.empty() || patterns.back().descriptor != cells[0]) patterns.push_back({std::string(cells[0]), {}});
    patterns.back().criteria.push_back(std::move(criterion));
  }
  return patterns;
}

TrainDescription describe_train(const TrainFeatures& features, double consistency, const std::vector<TrainPattern>& patterns) {
  TrainDescription d;
  d.features = features;
  double best = -1;
  const TrainPattern* pattern = nullptr;
  for (const auto& p : patterns) {
    double m = 1;
    for (const auto& criterion : p.criteria) {
      bool known = false;
      m = std::min(m, membership(number_of_field(features, criterion.feature, known), criterion.trapezoid));
    }
    if (m > best) {
      if (pattern) d.second = pattern->descriptor, d.second_score = best;
      best = m;
      pattern = &p;
    } else if (m > d.second_score || d.second.empty()) {
      d.second = p.descriptor, d.second_score = m;
    }
  }
  if (pattern) {
    d.best = pattern->descriptor;
    d.score = best;
    d.criteria = criteria_text(*pattern, features);
  }
  if (features.intervals < kFewestIntervals) {
    d.descriptor = "indeterminate (few intervals)";
  } else if (consistency < kLeastConsistency) {
    d.descriptor = "indeterminate (unlike waveforms)";
  } else if (best < kLeastMembership) {
    d.descriptor = "indeterminate (no pattern fits)";
  } else if (best - d.second_score < kLeastLead) {
    d.descriptor = fmt::format("indeterminate ({} or {})", d.best, d.second);
  } else {
    d.descriptor = d.best;
  }
  return d;
}

TrainDescription describe_source(const TwitchSource& source, const std::vector<std::size_t>& members, const std::vector<TwitchEvent>& events,
                                 const std::vector<std::vector<float>>& waveforms, Index, const std::vector<Stretch>& usable, double rate_hz) {
  // Template of the channel where most events are largest.
  std::map<int, int> votes;
  for (const auto m : members) ++votes[events[m].peak_channel];
  const auto channel = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
  std::vector<double> times, amplitudes, wave;
  std::vector<const std::vector<float>*> shapes;
  constexpr std::size_t kMostShapes = 101;
  for (const auto m : members) {
    times.push_back(events[m].time_s);
    amplitudes.push_back(events[m].amplitude_uv);
    if (events[m].peak_channel == channel && shapes.size() < kMostShapes) shapes.push_back(&waveforms[m]);
  }
  for (std::size_t i = 0; i < shapes.front()->size(); ++i) {
    std::vector<double> values;
    for (const auto* s : shapes) {
      if (std::isfinite((*s)[i])) values.push_back((*s)[i]);
    }
    wave.push_back(median_of(values));
  }
  static const auto patterns = parse_train_patterns(shipped_train_patterns());
  const auto features = train_features(event_runs(times, usable), amplitudes, template_shape(wave, rate_hz));
  return describe_train(features, source.consistency, patterns);
}

}  // namespace emg
