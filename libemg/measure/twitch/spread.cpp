#include "libemg/measure/twitch/spread.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "libemg/detect/noise.h"

namespace emg {
namespace {

constexpr double kWindowS = 0.02, kShortestS = 60, kSynchronousP = 0.001, kSameLagSdMs = 2, kSameRatioCv = 0.3, kIqrOfNormal = 1.3489795;
constexpr int kFewestForLag = 5;

std::vector<Stretch> common(const std::vector<Stretch>& a, const std::vector<Stretch>& b) {
  std::vector<Stretch> both;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double first = std::max(a[i].first_s, b[j].first_s), end = std::min(a[i].end_s, b[j].end_s);
    if (end > first) both.push_back({first, end});
    (a[i].end_s < b[j].end_s ? i : j)++;
  }
  return both;
}

// Positions of the times inside `usable`.
std::vector<std::size_t> inside(const std::vector<double>& times, const std::vector<Stretch>& usable) {
  std::vector<std::size_t> kept;
  std::size_t s = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (s < usable.size() && usable[s].end_s <= times[i]) ++s;
    if (s < usable.size() && times[i] >= usable[s].first_s) kept.push_back(i);
  }
  return kept;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

// Totals over muscles of one region and side.
void fill_rates(BodyRow& row, const SpreadOptions& options) {
  const auto rate = poisson_rate(row.events, 60 * row.usable_min);
  if (!rate) return;
  row.rate_per_min = rate->per_min;
  row.rate_low_per_min = rate->low_per_min;
  row.rate_high_per_min = rate->high_per_min;
  row.detectable_rate_per_min = detectable_rate_per_min(60 * row.usable_min, options.probability, options.sensitivity);
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> paired_events(std::span<const double> a, std::span<const double> b, double window_s) {
  struct Candidate {
    double distance;
    std::size_t i, j;
  };
  std::vector<Candidate> candidates;
  std::size_t first = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    while (first < b.size() && b[first] < a[i] - window_s) ++first;
    for (auto j = first; j < b.size() && b[j] <= a[i] + window_s; ++j) candidates.push_back({std::fabs(a[i] - b[j]), i, j});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& x, const auto& y) { return x.distance < y.distance; });
  std::set<std::size_t> used_a, used_b;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const auto& c : candidates) {
    if (used_a.count(c.i) || used_b.count(c.j)) continue;
    used_a.insert(c.i);
    used_b.insert(c.j);
    pairs.emplace_back(c.i, c.j);
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

CoincidenceRow muscle_coincidence(const MuscleEvents& a, const MuscleEvents& b) {
  CoincidenceRow row;
  row.recording_id = a.recording_id;
  row.first = a.name;
  row.second = b.name;
  const auto both = common(a.usable, b.usable);
  const double seconds = total_s(both);
  const auto in_a = inside(a.times_s, both), in_b = inside(b.times_s, both);
  std::vector<double> ta, tb;
  for (const auto i : in_a) ta.push_back(a.times_s[i]);
  for (const auto i : in_b) tb.push_back(b.times_s[i]);
  row.first_events = static_cast<int>(ta.size());
  row.second_events = static_cast<int>(tb.size());
  const auto pairs = paired_events(ta, tb, kWindowS);
  row.pairs = static_cast<int>(pairs.size());
  if (!(seconds > 0)) return row;
  row.expected = 2 * kWindowS * static_cast<double>(ta.size()) * static_cast<double>(tb.size()) / seconds;
  row.p = poisson_upper_tail(row.pairs, row.expected);
  if (row.expected > 0) {
    const auto limits = poisson_limits(row.pairs, 0.95);
    row.ratio = row.pairs / row.expected;
    row.ratio_low = limits.low / row.expected;
    row.ratio_high = limits.high / row.expected;
  }
  if (row.pairs < kFewestForLag) {
    if (row.p < kSynchronousP) row.finding = Coincidence::synchronous;
    return row;
  }
  std::vector<double> lags, ratios;
  for (const auto& [i, j] : pairs) {
    lags.push_back(1000 * (tb[j] - ta[i]));
    const double u = a.amplitudes_uv[in_a[i]], v = b.amplitudes_uv[in_b[j]];
    if (u > 0 && v > 0) ratios.push_back(std::log(v / u));
  }
  row.lag_median_ms = median_of(lags);
  // Chance pairs lie anywhere in the window: spread by quartiles, which a third of them does not move far.
  row.lag_sd_ms = (quantile_of(lags, 0.75) - quantile_of(lags, 0.25)) / kIqrOfNormal;
  if (!ratios.empty()) row.amplitude_ratio_cv = (quantile_of(ratios, 0.75) - quantile_of(ratios, 0.25)) / kIqrOfNormal;
  const bool steady = *row.lag_sd_ms < kSameLagSdMs && row.amplitude_ratio_cv && *row.amplitude_ratio_cv < kSameRatioCv;
  if (row.p < kSynchronousP) row.finding = steady ? Coincidence::same_source_suspected : Coincidence::synchronous;
  return row;
}

TwitchSpread twitch_spread(const std::vector<MuscleEvents>& muscles, const SpreadOptions& options) {
  TwitchSpread spread;
  // Events that another channel of the recording saw larger do not count again.
  std::vector<std::set<std::size_t>> doubled(muscles.size());
  for (std::size_t a = 0; a < muscles.size(); ++a) {
    for (std::size_t b = a + 1; b < muscles.size(); ++b) {
      if (muscles[a].recording_id != muscles[b].recording_id) continue;
      spread.coincidences.push_back(muscle_coincidence(muscles[a], muscles[b]));
      if (spread.coincidences.back().finding != Coincidence::same_source_suspected) continue;
      const double lag_s = *spread.coincidences.back().lag_median_ms / 1000;
      for (const auto& [i, j] : paired_events(muscles[a].times_s, muscles[b].times_s, kWindowS)) {
        if (std::fabs(muscles[b].times_s[j] - muscles[a].times_s[i] - lag_s) > 3 * kSameLagSdMs / 1000) continue;
        if (muscles[a].amplitudes_uv[i] >= muscles[b].amplitudes_uv[j]) {
          doubled[b].insert(j);
        } else {
          doubled[a].insert(i);
        }
      }
    }
  }
  struct Muscle {
    std::string name, side, region;
    double usable_s = 0;
    std::int64_t events = 0, seen = 0;
  };
  // Recordings of one muscle and side count as one muscle.
  std::map<std::pair<std::string, std::string>, Muscle> by_name;
  std::set<std::string> unnamed;
  for (std::size_t m = 0; m < muscles.size(); ++m) {
    const auto& in = muscles[m];
    const auto distinct = static_cast<std::int64_t>(in.times_s.size() - doubled[m].size());
    spread.distinct_events += distinct;
    if (in.muscle.empty()) {
      unnamed.insert(in.name);
      continue;
    }
    auto& muscle = by_name[{in.muscle, in.side}];
    muscle.name = in.muscle;
    muscle.side = in.side;
    muscle.region = in.region;
    muscle.usable_s += total_s(in.usable);
    muscle.events += distinct;
    muscle.seen += static_cast<std::int64_t>(in.times_s.size());
  }
  std::map<std::pair<std::string, std::string>, BodyRow> rows;
  std::set<std::string> regions, active_regions;
  std::vector<std::int64_t> counts;
  for (const auto& [key, muscle] : by_name) {
    auto& row = rows[{muscle.region, muscle.side}];
    row.region = muscle.region;
    row.side = muscle.side;
    if (muscle.usable_s < kShortestS) {
      ++spread.not_assessable;
      row.reason += fmt::format("{}{}: {:.0f} s usable", row.reason.empty() ? "not assessable: " : "; ", muscle.name, muscle.usable_s);
      continue;
    }
    const auto rate = poisson_rate(muscle.seen, muscle.usable_s);
    const bool active = rate->low_per_min > options.active_above_per_min;
    ++spread.recorded_muscles;
    spread.active_muscles += active;
    ++row.recorded_muscles;
    row.active_muscles += active;
    row.events += static_cast<int>(muscle.events);
    row.usable_min += muscle.usable_s / 60;
    row.muscles += fmt::format("{}{} {:.3g}/min", row.muscles.empty() ? "" : ", ", muscle.name, rate->per_min);
    spread.usable_s += muscle.usable_s;
    if (!muscle.region.empty()) {
      regions.insert(muscle.region);
      if (active) active_regions.insert(muscle.region);
    }
    counts.push_back(muscle.events);
    if (spread.busiest.empty() || muscle.events > *std::max_element(counts.begin(), counts.end() - 1)) {
      spread.busiest = muscle.name + (muscle.side.empty() ? "" : " " + muscle.side);
    }
  }
  for (auto& [key, row] : rows) {
    fill_rates(row, options);
    spread.rows.push_back(std::move(row));
  }
  if (!unnamed.empty()) {
    BodyRow row;
    row.reason = fmt::format("not_assessable (no muscle): {} without a muscle name", unnamed.size());
    spread.rows.push_back(std::move(row));
  }
  spread.recorded_regions = static_cast<int>(regions.size());
  spread.active_regions = static_cast<int>(active_regions.size());
  double total = 0, entropy = 0;
  for (const auto n : counts) total += static_cast<double>(n);
  if (total > 0) {
    spread.busiest_share = static_cast<double>(*std::max_element(counts.begin(), counts.end())) / total;
    for (const auto n : counts) {
      if (n > 0) entropy -= static_cast<double>(n) / total * std::log(static_cast<double>(n) / total);
    }
    if (counts.size() > 1) spread.evenness = entropy / std::log(static_cast<double>(counts.size()));
  } else {
    spread.busiest.clear();
  }
  return spread;
}

bool looks_like_heart(double cv_local, double rate_per_min, int muscles) {
  return cv_local < 0.1 && rate_per_min >= 40 && rate_per_min <= 180 && muscles >= 3;
}

std::string region_of(std::string_view muscle, const RegionTable& table) {
  const auto words = words_of(muscle);
  const auto holds = [&](const std::string& entry) {
    const auto wanted = words_of(entry);
    return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return std::find(words.begin(), words.end(), w) != words.end(); });
  };
  // The entry of most words wins: "biceps femoris" before "biceps".
  const std::pair<std::string, std::string>* best = nullptr;
  for (const auto& entry : table) {
    if (holds(entry.first) && (!best || words_of(entry.first).size() > words_of(best->first).size())) best = &entry;
  }
  return best ? best->second : "";
}

const RegionTable& shipped_regions() {
  static const RegionTable table{
      {"tongue", "bulbar"}, {"genioglossus", "bulbar"}, {"masseter", "bulbar"}, {"temporalis", "bulbar"}, {"orbicularis", "bulbar"},
      {"mentalis", "bulbar"}, {"frontalis", "bulbar"}, {"nasalis", "bulbar"}, {"zygomaticus", "bulbar"}, {"digastric", "bulbar"},
      {"submental", "bulbar"}, {"platysma", "bulbar"}, {"sternocleidomastoid", "bulbar"}, {"trapezius", "cervical"}, {"deltoid", "cervical"},
      {"supraspinatus", "cervical"}, {"infraspinatus", "cervical"}, {"pectoralis", "cervical"}, {"biceps", "cervical"}, {"biceps brachii", "cervical"},
      {"triceps", "cervical"}, {"triceps brachii", "cervical"}, {"brachialis", "cervical"}, {"brachioradialis", "cervical"},
      {"pronator teres", "cervical"}, {"flexor carpi", "cervical"}, {"extensor carpi", "cervical"}, {"flexor digitorum superficialis", "cervical"},
      {"flexor digitorum profundus", "cervical"}, {"extensor digitorum", "cervical"}, {"extensor indicis", "cervical"}, {"flexor pollicis", "cervical"},
      {"abductor pollicis", "cervical"}, {"opponens pollicis", "cervical"}, {"abductor digiti minimi", "cervical"}, {"first dorsal interosseous", "cervical"},
      {"fdi", "cervical"}, {"apb", "cervical"}, {"adm", "cervical"}, {"edc", "cervical"}, {"thenar", "cervical"}, {"hypothenar", "cervical"},
      {"forearm", "cervical"}, {"cervical paraspinal", "cervical"}, {"paraspinal", "thoracic"}, {"thoracic paraspinal", "thoracic"},
      {"erector spinae", "thoracic"}, {"rectus abdominis", "thoracic"}, {"external oblique", "thoracic"}, {"intercostal", "thoracic"},
      {"abdominal", "thoracic"}, {"lumbar paraspinal", "lumbosacral"}, {"iliopsoas", "lumbosacral"}, {"gluteus", "lumbosacral"},
      {"tensor fasciae", "lumbosacral"}, {"adductor", "lumbosacral"}, {"quadriceps", "lumbosacral"}, {"rectus femoris", "lumbosacral"},
      {"vastus", "lumbosacral"}, {"biceps femoris", "lumbosacral"}, {"semitendinosus", "lumbosacral"}, {"semimembranosus", "lumbosacral"},
      {"hamstring", "lumbosacral"}, {"tibialis", "lumbosacral"}, {"ta", "lumbosacral"}, {"gastrocnemius", "lumbosacral"}, {"soleus", "lumbosacral"},
      {"calf", "lumbosacral"}, {"peroneus", "lumbosacral"}, {"fibularis", "lumbosacral"}, {"extensor digitorum brevis", "lumbosacral"},
      {"extensor hallucis", "lumbosacral"}, {"abductor hallucis", "lumbosacral"}, {"flexor hallucis", "lumbosacral"}};
  return table;
}

std::optional<GridPosition> grid_position(std::span<const double> square_uv2, std::span<const double> x_mm, std::span<const double> y_mm,
                                          std::span<const double> noise_uv) {
  constexpr double kAboveNoise = 3;
  GridPosition position;
  double sum = 0;
  std::vector<double> weights(x_mm.size(), 0.0);
  for (std::size_t c = 0; c < weights.size(); ++c) {
    if (square_uv2[c] < kAboveNoise * kAboveNoise * noise_uv[c] * noise_uv[c]) continue;
    weights[c] = square_uv2[c];
    sum += weights[c];
    position.x_mm += weights[c] * x_mm[c];
    position.y_mm += weights[c] * y_mm[c];
    ++position.electrodes;
  }
  if (!(sum > 0)) return std::nullopt;
  position.x_mm /= sum;
  position.y_mm /= sum;
  double square = 0;
  for (std::size_t c = 0; c < weights.size(); ++c) {
    square += weights[c] * (std::pow(x_mm[c] - position.x_mm, 2) + std::pow(y_mm[c] - position.y_mm, 2)) / sum;
  }
  position.radius_mm = std::sqrt(square);
  return position;
}

}  // namespace emg
