#include "libemg/detect/artefact.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "libemg/core/parallel.h"
#include "libemg/core/recording.h"
#include "libemg/core/validate.h"
#include "libemg/detect/burst.h"
#include "libemg/detect/channel_groups_internal.h"
#include "libemg/detect/flat_internal.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/noise_meter_internal.h"
#include "libemg/detect/scan_internal.h"

namespace emg {
namespace {

constexpr double kMadOfNormal = 0.6744897501960817;
constexpr double kMergeS = 0.01;
constexpr Index kFewestAtRail = 10;
constexpr double kPileUp = 3;

struct Marked {
  Span span;
  ArtefactKind kind;
};

// Level of up to 10 ms before (after) a stretch.
double level_beside(std::span<const double> x, Index from, Index to) {
  from = std::max<Index>(0, from);
  to = std::min(to, static_cast<Index>(x.size()));
  if (from >= to) return 0;
  return median_of({x.begin() + from, x.begin() + to});
}

void mark_jumps(std::span<const double> x, double rate_hz, double factor, double lsb, std::vector<Marked>& marked) {
  if (x.size() < 3) return;
  std::vector<double> difference(x.size());
  for (std::size_t i = 1; i < x.size(); ++i) difference[i] = std::fabs(x[i] - x[i - 1]);
  const std::span<const double> steps(difference.data() + 1, difference.size() - 1);
  // Coarse counts make the median 0: then one count is the measure.
  const double limit = factor * std::max(median_abs(steps) / kMadOfNormal, lsb);
  const Index merge = samples_in_s(kMergeS, rate_hz);
  for (const auto& jump : joined_spans(spans_above(difference, limit), merge, 1)) {
    const Index first = jump.first, end = jump.first + jump.count;
    const double before = level_beside(x, first - merge, first), after = level_beside(x, end, end + merge);
    double excursion = 0;
    for (Index i = first; i < end; ++i) excursion = std::max(excursion, std::fabs(x[static_cast<std::size_t>(i)] - before));
    const bool is_step = end < static_cast<Index>(x.size()) && std::fabs(after - before) > excursion / 2;
    marked.push_back({jump, is_step ? ArtefactKind::step : ArtefactKind::spike});
  }
}

void mark_rails(std::span<const double> x, double lsb, std::vector<Marked>& marked) {
  const auto clipping = find_clipping(x, lsb);
  for (Index i = 0; i < static_cast<Index>(x.size());) {
    const auto at_rail = [&](Index k) {
      const double v = x[static_cast<std::size_t>(k)];
      return (clipping.low_uv && v <= *clipping.low_uv + lsb / 2) || (clipping.high_uv && v >= *clipping.high_uv - lsb / 2);
    };
    Index end = i;
    while (end < static_cast<Index>(x.size()) && at_rail(end)) ++end;
    if (end > i) marked.push_back({{i, end - i}, ArtefactKind::rail});
    i = std::max(end, i + 1);
  }
}

// Deals the values into as many buckets as there are values, in the order of what they hold, and sorts inside: several times faster than
// sorting all, unless few values fill most of the range.
void sort_by_buckets(std::vector<double>& values) {
  const auto n = values.size();
  const auto [lowest, highest] = scan::extremes(values);
  const double scale = n > 1 ? static_cast<double>(n - 1) / (highest - lowest) : 0;
  if (!(scale > 0) || !std::isfinite(scale)) {
    std::sort(values.begin(), values.end());
    return;
  }
  const auto bucket = [&](double v) { return std::min(static_cast<std::size_t>((v - lowest) * scale), n - 1); };
  std::vector<std::uint32_t> place(n + 1);
  for (const double v : values) ++place[bucket(v) + 1];
  for (std::size_t k = 1; k <= n; ++k) place[k] += place[k - 1];
  std::vector<double> dealt(n);
  for (const double v : values) dealt[place[bucket(v)]++] = v;
  // Now place[k] is where bucket k ends.
  for (std::size_t k = 0, first = 0; k < n; first = place[k++]) {
    const auto from = dealt.begin() + static_cast<std::ptrdiff_t>(first), to = dealt.begin() + place[k];
    if (to - from > 1 && std::any_of(from + 1, to, [&](double v) { return v != *from; })) std::sort(from, to);
  }
  values = std::move(dealt);
}

}  // namespace

double smallest_difference(std::span<const double> trace) {
  constexpr std::size_t kMost = 1000000;
  const std::size_t step = std::max<std::size_t>(1, (trace.size() + kMost - 1) / kMost);
  std::vector<double> values;
  values.reserve(trace.size() / step + 1);
  for (std::size_t i = 0; i < trace.size(); i += step) values.push_back(trace[i]);
  sort_by_buckets(values);
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double difference = values[i] - values[i - 1];
    smallest = difference > 0 && difference < smallest ? difference : smallest;
  }
  return std::isfinite(smallest) ? smallest : 0;
}

Clipping find_clipping(std::span<const double> trace, double lsb_uv, const std::optional<DigitalLimits>& limits) {
  Clipping clipping;
  if (trace.empty() || !(lsb_uv > 0)) return clipping;
  const auto extremes = scan::extremes(trace);
  const auto n = static_cast<Index>(trace.size());
  Index clipped = 0;
  for (const bool upper : {false, true}) {
    const double extreme = upper ? extremes.highest : extremes.lowest, inward = upper ? -lsb_uv : lsb_uv;
    // Samples between the extreme and a level. Borders half-way between counts, so that rounding of the scale decides nothing.
    const auto beyond = [&](double level) {
      const auto above = static_cast<Index>(scan::count_above(trace, level));
      return upper ? above : n - above;
    };
    const Index at_extreme = beyond(extreme + 1.5 * inward), inwards = beyond(extreme + 3.5 * inward) - at_extreme;
    const Index at_limit = limits ? beyond(upper ? limits->high_uv - limits->count_uv / 2 : limits->low_uv + limits->count_uv / 2) : 0;
    const bool piled = at_extreme >= kFewestAtRail && static_cast<double>(at_extreme) >= kPileUp * static_cast<double>(inwards);
    if (!piled && at_limit < kFewestAtRail) continue;
    clipped += piled ? at_extreme : at_limit;
    (upper ? clipping.high_uv : clipping.low_uv) = extreme;
  }
  clipping.fraction = static_cast<double>(clipped) / static_cast<double>(trace.size());
  return clipping;
}

std::vector<Span> flat_spans(std::span<const double> x, double lsb, Index shortest) {
  std::vector<Span> spans;
  const auto n = static_cast<Index>(x.size());
  for (Index first = 0; first < n;) {
    Index end = first + 1;
    while (end < n && std::fabs(x[static_cast<std::size_t>(end)] - x[static_cast<std::size_t>(first)]) <= lsb / 2) ++end;
    if (end - first >= shortest) spans.push_back({first, end - first});
    first = end;
  }
  return spans;
}

namespace {

// `first` is the number of the first channel of `signal`.
std::vector<ArtefactRow> artefacts_of(const ChannelsView& signal, double rate_hz, const ArtefactOptions& options, int threads, Index first) {
  std::vector<std::vector<ArtefactRow>> parts(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    const auto x = channel_span(signal, c);
    const double lsb = smallest_difference(x);
    std::vector<Marked> marked;
    mark_jumps(x, rate_hz, options.factor, lsb, marked);
    mark_rails(x, lsb, marked);
    for (const auto& span : flat_spans(x, lsb, samples_in_ms(options.flat_ms, rate_hz))) marked.push_back({span, ArtefactKind::flat});
    std::stable_sort(marked.begin(), marked.end(), [](const Marked& a, const Marked& b) { return a.span.first < b.span.first; });
    for (const auto& m : marked) {
      parts[static_cast<std::size_t>(c)].push_back({static_cast<int>(first + c), m.span.first, static_cast<double>(m.span.first) / rate_hz,
                                                    static_cast<double>(m.span.first + m.span.count) / rate_hz, m.kind});
    }
  });
  std::vector<ArtefactRow> rows;
  for (const auto& part : parts) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

}  // namespace

std::vector<ArtefactRow> artefacts(const ChannelsView& signal, double rate_hz, const ArtefactOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  return artefacts_of(signal, rate_hz, options, threads, 0);
}

std::vector<ArtefactRow> artefacts_streamed(const StreamedRecord& record, const ArtefactOptions& options, int threads) {
  require_record(record);
  validate_options(options);
  constexpr Index kArrays = 3;
  return rows_by_groups<ArtefactRow>(record, kArrays, [&](const RowMatrix& held, Index first) {
    return artefacts_of(held, record.rate_hz, options, threads, first);
  });
}

}  // namespace emg
