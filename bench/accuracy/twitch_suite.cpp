// Suite `twitch`: resting recordings with everything that a long one picks up - drifting and stepping noise, hearts, voluntary bouts, movement
// - and twitches of many shapes, on one channel, several muscles, or a grid. Judged in usable time.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/accuracy/suite.h"
#include "libemg/core/event_match.h"
#include "libemg/core/random.h"
#include "libemg/measure/twitch/rest_analysis.h"

namespace emg::accuracy {
namespace {

const double kPi = std::acos(-1.0);
// Potentials last up to 25 ms, and the largest of several nearly equal extremes is a matter of noise and filter.
constexpr double kToleranceS = 0.025, kLeastSnr = 6;

struct SceneKind {
  const char* name;
  int muscles = 1, grid = 0;          // a bipolar channel for each muscle, or one muscle under a grid of grid x grid
  double rate_hz = 2048, per_min = 40;
  bool drift = false, steps = false, heart = false, bouts = false, movement = false;
  int sources = 2;
};

// A potential of one source: a sum of bells with alternating signs, 4 to 25 ms long, largest value 1.
struct Shape {
  std::vector<double> at_s, width_s, height;
  double peak_s = 0;

  explicit Shape(Random& random) {
    const int humps = 2 + static_cast<int>(random.below(5));
    double t = 0;
    for (int h = 0; h < humps; ++h) {
      const double width = 0.0007 * std::exp(1.2 * random.uniform());
      t += h == 0 ? 0 : width * random.uniform(1.2, 2.5);
      at_s.push_back(t);
      width_s.push_back(width);
      height.push_back((h % 2 ? -1 : 1) * random.uniform(0.4, 1));
    }
    double largest = 0;
    for (double s = -0.01; s < t + 0.01; s += 2e-5) {
      if (std::fabs((*this)(s)) > largest) largest = std::fabs((*this)(s)), peak_s = s;
    }
    for (auto& v : height) v /= largest;
  }
  double operator()(double t) const {
    double sum = 0;
    for (std::size_t h = 0; h < at_s.size(); ++h) {
      const double u = (t - at_s[h]) / width_s[h];
      if (std::fabs(u) < 6) sum += height[h] * std::exp(-u * u / 2);
    }
    return sum;
  }
};

struct Twitch {
  double time_s = 0, snr = 0;
};

// One recording and the twitches of each muscle.
struct Scene {
  Recording recording;
  std::vector<std::vector<Twitch>> truth;

  Scene(const SceneKind& kind, std::int64_t seed, double duration_s) : kind_(kind), random_(static_cast<std::uint64_t>(seed)), duration_s_(duration_s) {
    const Index channels = kind.grid > 0 ? kind.grid * kind.grid : kind.muscles;
    recording.rate_hz = kind.rate_hz;
    recording.samples = RowMatrix::Zero(channels, static_cast<Index>(duration_s * kind.rate_hz));
    recording.channels.resize(static_cast<std::size_t>(channels));
    for (Index c = 0; c < channels; ++c) {
      auto& channel = recording.channels[static_cast<std::size_t>(c)];
      channel.muscle = kind.grid > 0 ? "muscle" : "muscle " + std::to_string(c + 1);
      if (kind.grid > 0) channel.group = "grid", channel.x_mm = 8.0 * static_cast<double>(c % kind.grid), channel.y_mm = 8.0 * static_cast<double>(c / kind.grid);
    }
    truth.resize(kind.grid > 0 ? 1 : static_cast<std::size_t>(kind.muscles));
    make_noise(seed);
    for (std::size_t m = 0; m < truth.size(); ++m) make_twitches(m);
    if (kind.bouts) make_bouts();
    if (kind.heart) make_heart();
    if (kind.movement) make_movement();
  }

 private:
  double level_at(double t) const {
    double level = base_uv_ * (kind_.drift ? 1 + 0.5 * std::sin(2 * kPi * t / drift_s_ + drift_phase_) : 1);
    for (const auto& [from, to] : steps_) level *= t >= from && t < to ? 2.2 : 1;
    return level;
  }

  // White noise of the amplifier with the 1/f part of skin and electrode, both with the drifting level.
  void make_noise(std::int64_t seed) {
    base_uv_ = random_.uniform(2, 8);
    drift_s_ = random_.uniform(60, 200);
    drift_phase_ = random_.uniform(0, 2 * kPi);
    if (kind_.steps) {
      for (double t = random_.uniform(15, 40); t < duration_s_; t += random_.uniform(30, 60)) steps_.emplace_back(t, t + random_.uniform(8, 20));
    }
    for (Index c = 0; c < recording.samples.rows(); ++c) {
      Random random(static_cast<std::uint64_t>(seed), 1000 + static_cast<std::uint64_t>(c));
      double slow = 0, wander = 0;
      for (Index i = 0; i < recording.samples.cols(); ++i) {
        slow = 0.97 * slow + 0.1 * random.normal();
        wander = 0.9999 * wander + 0.05 * random.normal();
        recording.samples(c, i) = level_at(static_cast<double>(i) / kind_.rate_hz) * (random.normal() + slow) + 3 * wander;
      }
    }
  }

  void add(Index channel, const Shape& shape, double at_s, double height) {
    const double rate = kind_.rate_hz;
    const auto first = std::max<Index>(0, static_cast<Index>((at_s - 0.02) * rate));
    const auto end = std::min(recording.samples.cols(), static_cast<Index>((at_s + shape.at_s.back() + 0.02) * rate));
    for (Index i = first; i < end; ++i) recording.samples(channel, i) += height * shape(static_cast<double>(i) / rate - at_s);
  }

  // Share and delay of a source at each channel of its muscle.
  struct Footprint {
    std::vector<std::pair<Index, std::pair<double, double>>> channels;
  };
  Footprint footprint(std::size_t muscle) {
    Footprint f;
    if (kind_.grid == 0) {
      f.channels.push_back({static_cast<Index>(muscle), {1, 0}});
      return f;
    }
    const double x = random_.uniform(0, 8.0 * (kind_.grid - 1)), y = random_.uniform(0, 8.0 * (kind_.grid - 1)), spread = random_.uniform(6, 18);
    double largest = 0;
    for (Index c = 0; c < recording.samples.rows(); ++c) {
      const auto& channel = recording.channels[static_cast<std::size_t>(c)];
      const double share = std::exp(-(std::pow(*channel.x_mm - x, 2) + std::pow(*channel.y_mm - y, 2) / 4) / (2 * spread * spread));
      if (share > 0.03) f.channels.push_back({c, {share, std::fabs(*channel.y_mm - y) / 4000}});   // 4 m/s along the fibres
      largest = std::max(largest, share);
    }
    for (auto& [c, v] : f.channels) v.first /= largest;
    return f;
  }

  void make_twitches(std::size_t muscle) {
    if (kind_.per_min <= 0) return;
    for (int s = 0; s < kind_.sources; ++s) {
      const Shape shape(random_);
      const auto where = footprint(muscle);
      const double height = base_uv_ * random_.uniform(6, 12) * std::exp(0.5 * std::fabs(random_.normal())), rate = kind_.per_min / kind_.sources / 60;
      for (double t = random_.exponential() / rate; t < duration_s_ - 0.1; t += random_.exponential() / rate) {
        if (t < 0.1) continue;
        const double h = height * std::exp(0.12 * random_.normal());
        double strongest = 0, delay = 0;
        for (const auto& [c, v] : where.channels) {
          add(c, shape, t + v.second, h * v.first);
          if (v.first > strongest) strongest = v.first, delay = v.second;
        }
        const double at = t + delay + shape.peak_s;
        // Noise RMS: white and slow part together, sqrt(1 + 0.01 / (1 - 0.97^2)).
        truth[muscle].push_back({at, h / (level_at(at) * std::sqrt(1 + 0.01 / (1 - 0.97 * 0.97)))});
      }
    }
    std::sort(truth[muscle].begin(), truth[muscle].end(), [](const Twitch& a, const Twitch& b) { return a.time_s < b.time_s; });
  }

  // Contractions of 2 to 8 s: 12 units at 8 to 15 a second with ramps.
  void make_bouts() {
    for (double t = random_.uniform(15, 40); t < duration_s_ - 10; t += random_.uniform(40, 80)) {
      const double length = random_.uniform(2, 8);
      for (std::size_t m = 0; m < truth.size(); ++m) {
        const double size = base_uv_ * random_.uniform(15, 50);
        for (int u = 0; u < 12; ++u) {
          const Shape shape(random_);
          const auto where = footprint(m);
          const double rate = random_.uniform(8, 15), height = size * random_.uniform(0.3, 1), enter = 0.05 * u * length / 2, leave = length - 0.03 * u * length / 2;
          for (double s = t + enter + random_.uniform(0, 0.1); s < t + leave; s += 1 / rate * (1 + 0.15 * random_.normal())) {
            for (const auto& [c, v] : where.channels) add(c, shape, s + v.second, height * v.first);
          }
        }
      }
    }
  }

  void make_heart() {
    const double rate = kind_.rate_hz, per_s = random_.uniform(0.9, 1.4), height = base_uv_ * std::exp(random_.uniform(std::log(4.0), std::log(60.0)));
    std::vector<double> gain;
    for (Index c = 0; c < recording.samples.rows(); ++c) gain.push_back((kind_.grid > 0 ? 1 : random_.chance(0.5) ? -1 : 1) * random_.uniform(0.5, 1));
    for (double t = 0.5; t < duration_s_ - 0.6; t += (1 + 0.06 * std::sin(2 * kPi * t / 4.3) + 0.025 * random_.normal()) / per_s) {
      const auto bump = [](double u, double at, double width, double h) { return h * std::exp(-(u - at) * (u - at) / (2 * width * width)); };
      for (Index i = static_cast<Index>((t - 0.25) * rate); i < static_cast<Index>((t + 0.45) * rate); ++i) {
        if (i < 0 || i >= recording.samples.cols()) continue;
        const double u = static_cast<double>(i) / rate - t;
        const double v = bump(u, -0.17, 0.02, 0.12) + bump(u, -0.022, 0.008, -0.2) + bump(u, 0, 0.011, 1) + bump(u, 0.026, 0.01, -0.3) + bump(u, 0.27, 0.05, 0.3);
        for (Index c = 0; c < recording.samples.rows(); ++c) recording.samples(c, i) += height * gain[static_cast<std::size_t>(c)] * v;
      }
    }
  }

  // Slow swings of the baseline with jumps in them, on all electrodes or on one.
  void make_movement() {
    const double rate = kind_.rate_hz;
    for (double t = random_.uniform(10, 30); t < duration_s_ - 3; t += random_.uniform(20, 60)) {
      const double length = random_.uniform(0.3, 1.5), height = base_uv_ * random_.uniform(60, 400), f = random_.uniform(1.5, 5), jump = random_.chance(0.5) ? random_.uniform(-1, 1) : 0;
      const double jump_at = random_.uniform(0, length), phase = random_.uniform(0, 2 * kPi);
      const bool all = random_.chance(0.5);
      const auto only = static_cast<Index>(random_.below(static_cast<std::uint64_t>(recording.samples.rows())));
      for (Index i = static_cast<Index>(t * rate); i < static_cast<Index>((t + length + 1) * rate) && i < recording.samples.cols(); ++i) {
        const double u = static_cast<double>(i) / rate - t;
        double v = u < length ? std::pow(std::sin(kPi * u / length), 2) * std::sin(2 * kPi * f * u + phase) : 0;
        if (u > jump_at) v += jump * std::exp(-(u - jump_at) / 0.2);
        for (Index c = 0; c < recording.samples.rows(); ++c) {
          if (all || c == only) recording.samples(c, i) += height * v;
        }
      }
    }
  }

  SceneKind kind_;
  Random random_;
  double duration_s_, base_uv_ = 5, drift_s_ = 100, drift_phase_ = 0;
  std::vector<std::pair<double, double>> steps_;
};

struct TwitchSceneRow {
  std::string scene;
  std::int64_t seed = 0;
  int channels = 0;
  double per_min = 0;
  int events = 0, found = 0, hits = 0, right = 0;
  std::optional<double> sensitivity, ppv;
  double false_per_min = 0, usable_share = 0, seconds = 0, times_real_time = 0;

  static constexpr auto fields() {
    using R = TwitchSceneRow;
    return std::tuple{field("scene", &R::scene, {}, "kind of recording"),
                      field("seed", &R::seed, {}, "its seed"),
                      field("channels", &R::channels, {}, "channels"),
                      field("per_min", &R::per_min, {}, "twitches a minute of each muscle"),
                      field("events", &R::events, {}, "twitches of at least 6 times the noise in usable time"),
                      field("found", &R::found, {}, "events found in usable time"),
                      field("hits", &R::hits, {}, "twitches of that size found"),
                      field("right", &R::right, {}, "events found that are twitches of any size"),
                      field("sensitivity", &R::sensitivity, {}, "hits over events"),
                      field("ppv", &R::ppv, {}, "right over found"),
                      field("false_per_min", &R::false_per_min, {}, "false events in a usable minute"),
                      field("usable_share", &R::usable_share, {}, "usable time"),
                      field("seconds", &R::seconds, {}, "computing"),
                      field("times_real_time", &R::times_real_time, {}, "length over computing")};
  }
};
static_assert(fully_described<TwitchSceneRow>());

TwitchSceneRow score(const SceneKind& kind, std::int64_t seed, double duration_s, int threads) {
  const Scene scene(kind, seed, duration_s);
  const auto [analysis, seconds] = timed([&] { return analyze_rest(scene.recording, {}, threads); });
  TwitchSceneRow row;
  row.scene = kind.name;
  row.seed = seed;
  row.channels = static_cast<int>(scene.recording.samples.rows());
  row.per_min = kind.per_min;
  row.seconds = seconds;
  row.times_real_time = duration_s / seconds;
  double usable = 0;
  for (std::size_t m = 0; m < analysis.sets.size(); ++m) {
    const auto& set = analysis.sets[m];
    std::vector<double> found, truth;
    std::vector<bool> counts;
    for (const auto& e : set.events) {
      if (e.excluded.empty()) found.push_back(e.time_s);
    }
    for (const auto& t : scene.truth[m]) {
      truth.push_back(t.time_s);
      counts.push_back(t.snr >= kLeastSnr && std::any_of(set.usable.begin(), set.usable.end(), [&](const Stretch& u) { return t.time_s >= u.first_s && t.time_s < u.end_s; }));
    }
    const auto pairs = match_events(truth, found, 0, kToleranceS);
    for (const auto& [i, j] : pairs) row.hits += counts[i];
    row.right += static_cast<int>(pairs.size());
    row.events += static_cast<int>(std::count(counts.begin(), counts.end(), true));
    row.found += static_cast<int>(found.size());
    usable += total_s(set.usable);
  }
  row.usable_share = usable / (duration_s * static_cast<double>(analysis.sets.size()));
  if (row.events > 0) row.sensitivity = static_cast<double>(row.hits) / row.events;
  if (row.found > 0) row.ppv = static_cast<double>(row.right) / row.found;
  row.false_per_min = usable > 0 ? 60 * (row.found - row.right) / usable : 0;
  return row;
}

SuiteResult run(const SuiteOptions& options, int threads, const CaseDone&) {
  const SceneKind kinds[] = {
      {.name = "quiet", .per_min = 1, .sources = 1},
      {.name = "drift", .per_min = 20, .drift = true},
      {.name = "drift, 1000 Hz", .rate_hz = 1000, .per_min = 40, .drift = true},
      {.name = "steps", .per_min = 40, .steps = true, .sources = 3},
      {.name = "many", .per_min = 200, .drift = true, .sources = 5},
      {.name = "heart", .per_min = 15, .heart = true},
      {.name = "bouts", .per_min = 30, .drift = true, .bouts = true},
      {.name = "movement", .per_min = 30, .movement = true},
      {.name = "four muscles, everything", .muscles = 4, .per_min = 25, .drift = true, .steps = true, .heart = true, .bouts = true, .movement = true},
      {.name = "eight muscles, heart", .muscles = 8, .per_min = 10, .drift = true, .heart = true},
      {.name = "grid of 16", .grid = 4, .per_min = 60, .drift = true, .sources = 4},
      {.name = "grid of 64, everything", .grid = 8, .per_min = 40, .drift = true, .heart = true, .bouts = true, .movement = true, .sources = 4},
      {.name = "nothing, drift and steps", .per_min = 0, .drift = true, .steps = true},
      {.name = "nothing, heart and movement", .per_min = 0, .heart = true, .movement = true},
      {.name = "nothing, bouts", .per_min = 0, .drift = true, .bouts = true},
      {.name = "nothing, grid of 64", .grid = 8, .per_min = 0, .drift = true},
  };
  std::vector<TwitchSceneRow> rows;
  int events = 0, hits = 0, found = 0, right = 0;
  double silent_minutes = 0, silent_false = 0, least_usable = 1;
  const double duration_s = options.full ? 600 : 240;
  for (const auto& kind : kinds) {
    for (std::int64_t seed = options.seed; seed < options.seed + (options.full ? 6 : 2); ++seed) {
      rows.push_back(score(kind, seed, duration_s, threads));
      const auto& row = rows.back();
      least_usable = std::min(least_usable, row.usable_share);
      if (kind.per_min > 0) {
        events += row.events, hits += row.hits, found += row.found, right += row.right;
      } else {
        const double minutes = duration_s / 60 * row.usable_share * (kind.grid > 0 ? 1 : kind.muscles);
        silent_minutes += minutes, silent_false += row.found;
      }
    }
  }
  SuiteResult result;
  result.tables.push_back(to_table("twitch", "twitches of resting recordings against what was put in", rows));
  result.at_least("sensitivity, peaks of 6 x noise and more", static_cast<double>(hits) / events, 0.92, 0.97);
  result.at_least("share of found events that are twitches", static_cast<double>(right) / found, 0.95, 0.99);
  result.at_most("false events in a usable minute, nothing there", silent_false / silent_minutes, 0.1);
  result.at_least("smallest usable share of a recording", least_usable, 0.3);
  return result;
}

}  // namespace

Suite twitch_suite() { return {"twitch", "twitches of resting recordings with noise, hearts, bouts and movement", run}; }

}  // namespace emg::accuracy
