#include "libemg/simulate/spontaneous.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

// Streams of the sources: those of twitches lie below.
constexpr std::uint64_t kTrainStream = std::uint64_t{1} << 28, kPotentialStream = std::uint64_t{2} << 28,
                        kDropStream = std::uint64_t{3} << 28, kGroupStream = std::uint64_t{4} << 28;
constexpr double kLeastS = 1e-9;  // so that runs without a pause end

struct Run {
  double start_s, end_s;
};

// Runs of a mean length separated by pauses, from a random place of the first on.
std::vector<Run> runs_of(Random& random, const SpontaneousOptions& o, double low_s, double high_s, double duration_s) {
  std::vector<Run> runs;
  for (double t = o.run_pause_s * random.exponential() * 0.5; t < duration_s;) {
    const double drawn = random.uniform(low_s, high_s), length = o.run_s.value_or(drawn);
    runs.push_back({t, std::min(t + length, duration_s)});
    t += length + o.run_pause_s * random.exponential() + kLeastS;
  }
  return runs;
}

class Writer {
 public:
  Writer(const SpontaneousOptions& options, double duration_s, Random shared, Random own)
      : o_(options), duration_s_(duration_s), shared_(shared), random_(own) {}

  ActivityTrain write(Activity activity);

 private:
  void add(double t, double factor = 1, bool doublet = false) {
    if (t < 0 || t >= duration_s_) return;
    out_.train.time_s.push_back(t);
    out_.train.doublet.push_back(doublet);
    out_.factor.push_back(factor);
  }
  double rate(double low_hz, double high_hz) {
    const double drawn = random_.uniform(low_hz, high_hz);
    return o_.activity_rate_hz.value_or(drawn);
  }
  // Intervals of gamma law whose mean follows rate(t since start); amplitude(t).
  template <class Rate, class Size>
  void regular(const Run& run, double cv, double shortest_s, Rate&& rate_hz, Size&& size) {
    for (double t = run.start_s; t < run.end_s;) {
      add(t, size(t - run.start_s));
      t += std::max(shortest_s, draw_interval(random_, IntervalModel::gamma, cv) / rate_hz(t - run.start_s));
    }
    out_.episodes.push_back({run.start_s, run.end_s});
  }
  void fibrillation(bool irregular);
  void end_plate_spike();
  void end_plate_noise();
  void complex_repetitive();
  void myotonic(bool waning);
  void myokymic();
  void neuromyotonic();
  void cramp();
  void tetanic_doublets();
  void continuous_unit();
  void hemifacial();

  const SpontaneousOptions& o_;
  double duration_s_;
  Random shared_;  ///< the same for all units of a group: runs and bursts
  Random random_;
  ActivityTrain out_;
};

void Writer::fibrillation(bool irregular) {
  const double hz = rate(0.6, 15), cv = irregular ? 0.6 : random_.uniform(0.01, 0.1);
  for (const auto& run : runs_of(shared_, o_, 10, 60, duration_s_)) {
    const double drift = random_.uniform(-0.4, 0), length = run.end_s - run.start_s;
    regular(
        run, cv, 0.005, [&](double t) { return hz * std::exp(drift * t / length); }, [](double) { return 1.0; });
  }
}

void Writer::end_plate_spike() {
  const double hz = rate(6, 50);
  for (const auto& run : runs_of(shared_, o_, 2, 10, duration_s_)) {
    // 4 ms dead time and exponential intervals whose mean grows to twice over the run.
    for (double t = run.start_s; t < run.end_s;) {
      add(t);
      t += 0.004 + random_.exponential() / hz * (1 + (t - run.start_s) / (run.end_s - run.start_s));
    }
    out_.episodes.push_back({run.start_s, run.end_s});
  }
}

void Writer::end_plate_noise() {
  const double hz = rate(200, 1500);
  for (const auto& run : runs_of(shared_, o_, 2, 10, duration_s_)) {
    for (double t = run.start_s; t < run.end_s; t += random_.exponential() / hz) add(t, random_.uniform(0.2, 1));
    out_.episodes.push_back({run.start_s, run.end_s});
  }
}

void Writer::complex_repetitive() {
  const double hz = rate(6, 95), cv = random_.uniform(0.002, 0.012);
  for (const auto& run : runs_of(shared_, o_, 2, 15, duration_s_))
    regular(
        run, cv, 0.001, [&](double) { return hz; }, [](double) { return 1.0; });
}

void Writer::myotonic(bool waning) {
  const double low = random_.uniform(20, 30), high = rate(60, 110);
  for (const auto& run : runs_of(shared_, o_, 1, 10, duration_s_)) {
    const double length = run.end_s - run.start_s;
    const auto wave = [&](double t) { return waning ? 1 - t / length : std::pow(std::sin(std::numbers::pi * t / length), 2); };
    regular(
        run, 0.03, 0.004, [&](double t) { return low + (high - low) * wave(t); }, [&](double t) { return 0.4 + 0.6 * wave(t); });
  }
}

void Writer::myokymic() {
  const double hz = rate(5, 60), mean_s = std::max(0.5, shared_.log_normal(1.5, 0.8));
  const auto count = 2 + random_.below(9);
  for (double t = mean_s * shared_.uniform(); t < duration_s_; t += std::max(0.5, shared_.log_normal(mean_s, 0.15))) {
    const double start = t;
    double at = t;
    for (std::uint64_t k = 0; k < count; ++k) {
      add(at);
      at += draw_interval(random_, IntervalModel::gamma, 0.1) / hz;
    }
    out_.episodes.push_back({start, std::min(duration_s_, at)});
  }
}

void Writer::neuromyotonic() {
  for (const auto& run : runs_of(shared_, o_, 0.1, 3, duration_s_)) {
    const double hz = rate(150, 300), growth = random_.uniform(1.05, 1.4), end = random_.uniform(0.2, 0.6),
                 length = run.end_s - run.start_s;
    regular(
        run, 0.02, 0.002, [&](double t) { return hz / std::pow(growth, t / length); },
        [&](double t) { return 1 - (1 - end) * t / length; });
  }
}

void Writer::cramp() {
  const double hz = rate(20, 60);
  for (const auto& run : runs_of(shared_, o_, 5, 60, duration_s_)) {
    const double length = run.end_s - run.start_s, recruited = run.start_s + random_.uniform(0, std::min(10.0, 0.4 * length));
    const double leaves = run.end_s - 0.3 * length * random_.uniform();
    regular(
        {recruited, leaves}, 0.3, 0.006, [&](double t) { return hz * (1 - 0.5 * t / length); }, [](double) { return 1.0; });
  }
}

void Writer::tetanic_doublets() {
  const double hz = rate(4, 15);
  for (const auto& run : runs_of(shared_, o_, 5, 30, duration_s_)) {
    for (double t = run.start_s; t < run.end_s; t += draw_interval(random_, IntervalModel::gamma, 0.1) / hz) {
      const auto more = 1 + random_.below(2);
      add(t);
      double at = t;
      for (std::uint64_t k = 0; k < more; ++k) add(at += random_.uniform(0.004, 0.02), 1, true);
    }
    out_.episodes.push_back({run.start_s, run.end_s});
  }
}

void Writer::continuous_unit() {
  const double hz = rate(1.5, 16), cv = random_.uniform(0.015, 0.045);
  regular(
      {random_.uniform() / hz, duration_s_}, cv, 0.01, [&](double) { return hz; }, [](double) { return 1.0; });
}

void Writer::hemifacial() {
  // Everything is shared but the lag of this muscle: one nerve fires them all.
  constexpr double kLagSdS = 0.001;
  const double drawn = shared_.uniform(150, 400), hz = o_.activity_rate_hz.value_or(drawn), lag = kLagSdS * random_.normal();
  for (double t = shared_.uniform(0.2, 2); t < duration_s_; t += shared_.uniform(0.2, 2)) {
    const double start = t;
    const auto count = 5 + shared_.below(16);
    for (std::uint64_t k = 0; k < count; ++k) {
      add(t + lag);
      t += draw_interval(shared_, IntervalModel::gamma, 0.1) / hz;
    }
    out_.episodes.push_back({std::max(0.0, start + lag), std::min(duration_s_, t + lag)});
  }
}

ActivityTrain Writer::write(Activity activity) {
  switch (activity) {
    case Activity::fibrillation:
    case Activity::positive_sharp_wave:
      fibrillation(false);
      break;
    case Activity::irregular_fibrillation:
      fibrillation(true);
      break;
    case Activity::end_plate_spike:
      end_plate_spike();
      break;
    case Activity::end_plate_noise:
      end_plate_noise();
      break;
    case Activity::complex_repetitive:
      complex_repetitive();
      break;
    case Activity::myotonic:
      myotonic(false);
      break;
    case Activity::waning_myotonic:
      myotonic(true);
      break;
    case Activity::myokymic:
      myokymic();
      break;
    case Activity::neuromyotonic:
      neuromyotonic();
      break;
    case Activity::cramp:
      cramp();
      break;
    case Activity::tetanic_doublets:
      tetanic_doublets();
      break;
    case Activity::continuous_unit:
      continuous_unit();
      break;
    case Activity::hemifacial:
      hemifacial();
      break;
  }
  // Second discharges of pairs may overtake the next first one.
  std::vector<std::size_t> order(out_.train.time_s.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return out_.train.time_s[a] < out_.train.time_s[b]; });
  ActivityTrain sorted;
  sorted.episodes = out_.episodes;
  for (const auto i : order) {
    sorted.train.time_s.push_back(out_.train.time_s[i]);
    sorted.train.doublet.push_back(out_.train.doublet[i]);
    sorted.factor.push_back(out_.factor[i]);
  }
  return sorted;
}

// Shifted copy added to `sum`, which grows as needed.
void add_shifted(UnitPotential& sum, const UnitPotential& part, double shift_ms, double rate_hz) {
  const auto shift = static_cast<Index>(std::lround(shift_ms * rate_hz / 1000 * kPhases));
  if (sum.fine.rows() == 0) sum.fine = RowMatrix::Zero(part.fine.rows(), 0);
  const Index columns = std::max(sum.fine.cols(), part.fine.cols() + shift);
  RowMatrix grown = RowMatrix::Zero(part.fine.rows(), columns);
  grown.leftCols(sum.fine.cols()) = sum.fine;
  grown.middleCols(shift, part.fine.cols()) += part.fine;
  sum.fine = std::move(grown);
  ++sum.fibre_count;
  sum.velocity_m_s = part.velocity_m_s;
}

// The long negative phase of a positive sharp wave.
void add_slow_phase(UnitPotential& unit, double rate_hz) {
  constexpr double kShare = 0.25, kSlowMs = 8, kFastMs = 1, kLengthMs = 40;
  Index channel = 0, peak = 0;
  unit.fine.maxCoeff(&channel, &peak);
  const auto more = static_cast<Index>(std::ceil(kLengthMs * rate_hz / 1000)) * kPhases;
  RowMatrix grown = RowMatrix::Zero(unit.fine.rows(), std::max(unit.fine.cols(), peak + more));
  grown.leftCols(unit.fine.cols()) = unit.fine;
  for (Index c = 0; c < grown.rows(); ++c) {
    const double height = unit.fine.row(c).maxCoeff();
    for (Index i = peak; i < grown.cols(); ++i) {
      const double t = static_cast<double>(i - peak) * 1000 / (rate_hz * kPhases);
      grown(c, i) -= kShare * height * (std::exp(-t / kSlowMs) - std::exp(-t / kFastMs));
    }
  }
  unit.fine = std::move(grown);
}

UnitPotential end_plate_noise_wave(Random& random, const Electrodes& e) {
  const double length_ms = random.uniform(0.5, 2), peak_uv = random.uniform(10, 50);
  UnitPotential unit;
  const auto points = static_cast<Index>(std::ceil(length_ms * e.rate_hz / 1000) + 1) * kPhases;
  unit.fine = RowMatrix::Zero(e.channel_count, points);
  for (Index i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) * 1000 / (e.rate_hz * kPhases) / length_ms;
    if (t < 1) unit.fine(0, i) = -peak_uv * std::sin(std::numbers::pi * t);
  }
  return unit;
}

// The template of a source, and of a complex repetitive discharge also that without one of its components.
std::vector<UnitPotential> potentials_of(Activity activity, const Electrodes& e, std::int64_t seed, std::uint64_t source) {
  constexpr double kFarMm = 25;
  Random random = random_of(seed, RandomDomain::spontaneous, kPotentialStream + source);
  switch (activity) {
    case Activity::fibrillation:
    case Activity::irregular_fibrillation:
      return {e.fibre(random, kFarMm, {})};
    case Activity::positive_sharp_wave:
    case Activity::myotonic:
    case Activity::waning_myotonic: {
      const bool sharp = activity == Activity::positive_sharp_wave || random.chance(0.5);
      if (!sharp) return {e.fibre(random, kFarMm, {})};
      const double beyond = random.uniform(0, 0.2);
      auto unit = e.fibre(random, kFarMm, beyond);
      add_slow_phase(unit, e.rate_hz);
      return {unit};
    }
    case Activity::end_plate_spike:
      return {e.fibre(random, 0, {})};
    case Activity::end_plate_noise:
      return {end_plate_noise_wave(random, e)};
    case Activity::complex_repetitive: {
      const auto count = 5 + random.below(16);
      const double span_ms = random.uniform(5, 50);
      UnitPotential whole, reduced;
      for (std::uint64_t k = 0; k < count; ++k) {
        const auto part = e.fibre(random, kFarMm, {});
        const double shift = k == 0 ? 0 : span_ms * random.uniform();
        add_shifted(whole, part, shift, e.rate_hz);
        if (k != count / 2) add_shifted(reduced, part, shift, e.rate_hz);
      }
      return {whole, reduced};
    }
    default:
      return {e.unit(std::uint64_t{1} << 20 | source, random.uniform(0.2, 1))};
  }
}

// Stretches of seconds in which one component of a complex repetitive discharge is missing.
void drop_component(SimulatedUnit& unit, UnitPotential reduced, Random random) {
  constexpr double kMeanS = 3;
  unit.parts.resize(2);
  unit.parts[0].potential = unit.potential;
  unit.parts[1].potential = std::move(reduced);
  double until = kMeanS * random.exponential();
  std::size_t now = 0;
  for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
    while (unit.train.time_s[e] > until) {
      until += kMeanS * random.exponential();
      now = 1 - now;
    }
    unit.parts[now].time_s.push_back(unit.train.time_s[e]);
    unit.parts[now].factor.push_back(unit.factor[e]);
  }
}

int members_of(Activity activity, Random& random) {
  if (activity == Activity::cramp) return 10 + static_cast<int>(random.below(51));
  if (activity == Activity::myokymic) return 1 + static_cast<int>(random.below(3));
  return 1;
}

struct Source {
  Activity activity;
  std::uint64_t group, own;  ///< streams
  bool first;                ///< of its group
};

std::vector<Source> sources_of(const SpontaneousOptions& o, std::int64_t seed, std::uint64_t muscle) {
  std::vector<Source> sources;
  std::uint64_t group = 0, own = muscle << 16;
  for (const auto& name : o.activity) {
    const auto activity = activity_named(name);
    for (int k = 0; k < o.activity_count; ++k, ++group) {
      const std::uint64_t here = activity == Activity::hemifacial ? group : muscle << 16 | group;
      Random random = random_of(seed, RandomDomain::spontaneous, kGroupStream + here, 1);
      const int members = members_of(activity, random);
      for (int m = 0; m < members; ++m, ++own) sources.push_back({activity, kGroupStream + here, own, m == 0});
    }
  }
  return sources;
}

}  // namespace

Activity activity_named(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [activity, word] : enum_names(Activity{})) {
    if (word == name) return activity;
    names.emplace_back(word);
  }
  const auto nearest = nearest_name(name, names);
  throw InvalidArgument(fmt::format("activity \"{}\" is not one of {}{}", name, fmt::join(names, ", "),
                                    nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

ActivityTrain activity_train(Activity activity, const SpontaneousOptions& options, double duration_s, std::int64_t seed,
                             std::uint64_t group, std::uint64_t source) {
  return Writer(options, duration_s, random_of(seed, RandomDomain::spontaneous, group),
                random_of(seed, RandomDomain::spontaneous, kTrainStream + source))
      .write(activity);
}

std::vector<SimulatedUnit> spontaneous_units(const SpontaneousOptions& options, const Electrodes& electrodes, double duration_s,
                                             std::int64_t seed, std::uint64_t muscle, int first_id, std::vector<TruthEvent>& events,
                                             int threads) {
  const auto sources = sources_of(options, seed, muscle);
  std::vector<SimulatedUnit> units(sources.size());
  std::vector<std::vector<std::pair<double, double>>> episodes(sources.size());
  parallel_for(static_cast<Index>(sources.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    const auto& source = sources[k];
    auto& unit = units[k];
    auto made = potentials_of(source.activity, electrodes, seed, source.own);
    unit.unit_id = first_id + static_cast<int>(k);
    unit.kind = name_of(source.activity);
    unit.potential = made.front();
    unit.channel = largest_channel(unit.potential);
    auto train = activity_train(source.activity, options, duration_s, seed, source.group, source.own);
    unit.train = std::move(train.train);
    unit.factor = std::move(train.factor);
    episodes[k] = std::move(train.episodes);
    if (made.size() > 1) drop_component(unit, std::move(made[1]), random_of(seed, RandomDomain::spontaneous, kDropStream + source.own));
  });
  for (std::size_t k = 0; k < units.size(); ++k) {
    if (!sources[k].first) continue;
    for (const auto& [start, end] : episodes[k]) {
      TruthEvent event;
      event.kind = units[k].kind;
      event.source = units[k].unit_id;
      event.channel_peak = static_cast<int>(units[k].channel);
      event.time_s = event.start_s = start;
      event.sample = std::llround(start * electrodes.rate_hz);
      event.duration_s = end - start;
      int count = 0;
      for (std::size_t m = k; m < units.size() && (m == k || !sources[m].first); ++m) {
        const auto& times = units[m].train.time_s;
        count += static_cast<int>(std::upper_bound(times.begin(), times.end(), end) - std::lower_bound(times.begin(), times.end(), start));
      }
      event.discharge_count = count;
      events.push_back(std::move(event));
    }
  }
  return units;
}

}  // namespace emg
