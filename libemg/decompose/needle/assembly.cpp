#include "libemg/decompose/needle/assembly.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/chi_square.h"
#include "libemg/decompose/needle/cluster.h"
#include "libemg/decompose/needle/events.h"
#include "libemg/decompose/needle/grid.h"
#include "libemg/decompose/needle/interval_prior.h"
#include "libemg/decompose/needle/superposition.h"
#include "libemg/detect/noise.h"

namespace emg::needle {
namespace {

constexpr double kBefore_ms = 5, kAfter_ms = 15;   // template around its zero
constexpr double kPriorStep_ms = 0.5;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallestUnitSigma = 3;           // a template below is noise
constexpr double kUnexplainedFactor = 4, kUnexplainedLeast = 0.03, kUnexplainedMost = 0.3;  // of the energy of an event
constexpr double kVariabilityReach = 4;
constexpr double kAlone_ms = 4, kAloneShare = 0.4;
constexpr int kFewestMembers = 6;                  // of a cluster of large potentials; fewer may be one superposition again and again
constexpr double kLargeEnergy = 3000;
constexpr double kSure = 0.99;                     // posterior of a discharge that is not doubted again
constexpr double kLinkedShare = 0.8, kLinked_ms = 1, kLinkedReach_ms = 16, kRemainderShare = 0.6;

class Assembler {
 public:
  Assembler(const Conditioned& record, const AssemblyOptions& options)
      : record_(record), options_(options), rate_(record.work_rate_hz), residual_(record.white), zero_(samples_in_ms(kBefore_ms, rate_)),
        length_(zero_ + samples_in_ms(kAfter_ms, rate_)), duration_s_(static_cast<double>(record.white.cols()) / rate_) {
    events_ = find_events(record.white, rate_, event_options(options.detection_factor));
    fewest_ = static_cast<int>(std::clamp(std::ceil(0.5 * std::min(duration_s_, 60.0)), 8.0, 20.0));
  }

  Assembly run() {
    variability_ = potential_variability(record_.white, lone_peaks(), cluster_options());
    // What the variation of the amplitude allows for in any case is not counted twice.
    const double covered = chi_square_quantile(0.999, 1) * options_.amplitude_sd * options_.amplitude_sd / kVariabilityReach;
    if (variability_ < covered) variability_ = 0;
    discover();
    for (int sweep = 0; sweep < options_.sweeps && !units_.empty(); ++sweep) {
      const auto before = discharge_count();
      const bool last = sweep + 1 == options_.sweeps;
      resolve_all();
      if (!last) withdraw_unexplained();
      retire();
      update_templates();
      bool changed = join_units();
      if (!last) changed |= discover();
      const auto after = discharge_count();
      const double change = std::abs(static_cast<double>(after) - static_cast<double>(before)) / std::max<double>(1, static_cast<double>(before));
      if (sweep >= 1 && !changed && change < 0.005) break;
    }
    if (!units_.empty()) {
      resolve_all();
      if (options_.fill_gaps) fill_gaps();
      retire();
      update_templates();
      join_units();
    }
    return result();
  }

 private:
  EventOptions event_options(double factor) const { return {factor, options_.event_gap_ms, options_.event_pad_ms, options_.event_max_ms}; }
  double seconds(double position) const { return position / rate_; }
  double samples(double ms) const { return ms * rate_ / 1000; }

  std::size_t discharge_count() const {
    std::size_t count = 0;
    for (const auto& u : units_) count += u.discharges.size();
    return count;
  }

  bool usable(double position) const {
    const auto i = static_cast<Index>(std::llround(position));
    return i >= 0 && i < record_.white.cols() && !record_.blocked[static_cast<std::size_t>(i)];
  }

  // ---- discovery -------------------------------------------------------------------------------------------------------------------

  // The residual in units of what is expected to be left: noise, and the variation of the potentials that were taken out.
  RowMatrix even_residual() const {
    if (variability_ == 0) return residual_;
    const auto model = smoothed_energy(record_.white - residual_, rate_);
    RowMatrix evened = residual_;
    for (Index i = 0; i < evened.cols(); ++i)
      evened.col(i) /= std::sqrt(1 + kVariabilityReach * variability_ * model[static_cast<std::size_t>(i)] / static_cast<double>(evened.rows()));
    return evened;
  }

  // Noise power of an event: potentials that vary leave more than noise.
  double noise_power(const ActivityEvent& event) const {
    const auto degrees = static_cast<double>((event.last - event.first) * residual_.rows());
    return 1 + variability_ * std::max(0.0, event.energy - degrees) / degrees;
  }

  // Peaks of the energy of what is left that no larger one is near. Smaller ones may be phases of the same potential; where they are not, the
  // distance to every cluster tells.
  std::vector<double> lone_peaks() const {
    const RowMatrix evened = even_residual();
    const auto energy = smoothed_energy(evened, rate_);
    const auto found = find_events(evened, rate_, event_options(options_.detection_factor));
    const double level = activity_level(residual_.rows());
    const auto reach = static_cast<Index>(samples(options_.snippet_ms / 2 + 1)), near = std::max<Index>(1, static_cast<Index>(samples(1)));
    std::vector<std::pair<Index, double>> peaks;
    for (const auto& event : found) {
      for (Index i = event.first; i < event.last; ++i) {
        const double e = energy[static_cast<std::size_t>(i)];
        if (e < 2 * level) continue;
        const Index low = std::max<Index>(0, i - near), high = std::min<Index>(residual_.cols() - 1, i + near);
        if (std::max_element(energy.begin() + low, energy.begin() + high + 1) - energy.begin() == i) peaks.emplace_back(i, e);
      }
    }
    std::vector<double> lone;
    for (std::size_t k = 0; k < peaks.size(); ++k) {
      bool alone = usable(static_cast<double>(peaks[k].first));
      const auto disturbs = [&](std::size_t j) {
        const Index d = std::abs(peaks[j].first - peaks[k].first);
        return d <= reach && peaks[j].second > peaks[k].second;
      };
      for (std::size_t j = k; alone && j-- > 0 && peaks[k].first - peaks[j].first <= reach;) alone = !disturbs(j);
      for (std::size_t j = k + 1; alone && j < peaks.size() && peaks[j].first - peaks[k].first <= reach; ++j) alone = !disturbs(j);
      if (alone) lone.push_back(static_cast<double>(peaks[k].first));
    }
    return lone;
  }

  std::vector<double> times(const AssembledUnit& unit) const {
    std::vector<double> t;
    for (const auto& d : unit.discharges) t.push_back(d.position);
    return t;
  }

  // Share of `positions` that follow the unit's discharges at one lag within the reach: what is left of its own potential does.
  double linked(const std::vector<double>& positions, const std::vector<double>& other, double reach_ms, double* at = nullptr) const {
    const auto reach = samples(reach_ms), bin = samples(0.25);
    const auto half = static_cast<long>(reach / bin) + 1;
    std::vector<int> counts(static_cast<std::size_t>(2 * half + 1), 0);
    std::size_t first = 0;
    for (const double p : positions) {
      while (first < other.size() && other[first] < p - reach) ++first;
      for (std::size_t j = first; j < other.size() && other[j] <= p + reach; ++j)
        ++counts[static_cast<std::size_t>(std::lround((p - other[j]) / bin) + half)];
    }
    const long width = std::lround(samples(kLinked_ms) / bin);
    int most = 0;
    for (long k = width; k + width < static_cast<long>(counts.size()); ++k) {
      int sum = 0;
      for (long w = -width; w <= width; ++w) sum += counts[static_cast<std::size_t>(k + w)];
      if (sum <= most) continue;
      most = sum;
      if (at) *at = static_cast<double>(k - half) * bin;
    }
    return positions.empty() ? 0 : static_cast<double>(most) / static_cast<double>(positions.size());
  }

  ClusterOptions cluster_options() const {
    ClusterOptions options;
    options.rate_hz = rate_;
    options.energy_scale = record_.energy_scale;
    options.window_ms = options_.snippet_ms;
    options.shape_jitter_ms = options_.shape_jitter_ms;
    options.amplitude_sd = options_.amplitude_sd;
    options.dip_limit = options_.dip_limit;
    options.min_interval_ms = options_.min_interval_ms;
    options.variability = variability_;
    options.fewest = kFewestMembers;
    return options;
  }

  bool discover() {
    bool found = false;
    auto clusters = cluster_potentials(residual_, lone_peaks(), cluster_options());
    // The most frequent first: later ones are compared with them.
    std::stable_sort(clusters.begin(), clusters.end(), [](const Cluster& a, const Cluster& b) { return a.positions.size() > b.positions.size(); });
    for (auto& cluster : clusters) {
      const bool remainder = std::any_of(units_.begin(), units_.end(),
                                         [&](const AssembledUnit& u) { return linked(cluster.positions, times(u), kLinkedReach_ms) > kRemainderShare; });
      const bool few = static_cast<int>(cluster.positions.size()) < (cluster.energy < kLargeEnergy ? fewest_ : kFewestMembers);
      if (remainder || few) continue;
      AssembledUnit unit;
      unit.shape.shape = RowMatrix::Zero(residual_.rows(), length_);
      unit.shape.zero = zero_;
      for (const double p : cluster.positions) unit.discharges.push_back({0, p, 1, 1, 1, 's'});
      average(unit);
      if (unit.shape.peak < kSmallestUnitSigma) continue;
      units_.push_back(std::move(unit));
      found = true;
    }
    if (found) rebuild_residual();
    return found;
  }

  // ---- templates -------------------------------------------------------------------------------------------------------------------

  // Median (few discharges: trimmed mean) of the residual plus the unit's own contribution, aligned between samples.
  void average(AssembledUnit& unit) const {
    std::vector<const Discharge*> used;
    for (const auto& d : unit.discharges) {
      if (d.posterior > 0.5 && d.source != 'g') used.push_back(&d);
    }
    if (used.empty()) return;
    constexpr std::size_t kMost = 400;
    const std::size_t n = std::min(used.size(), kMost);
    std::vector<std::vector<float>> values(static_cast<std::size_t>(length_), std::vector<float>(n));
    std::vector<double> row(static_cast<std::size_t>(length_));
    for (Index c = 0; c < residual_.rows(); ++c) {
      const std::span<const double> trace{residual_.data() + c * residual_.cols(), static_cast<std::size_t>(residual_.cols())};
      for (std::size_t k = 0; k < n; ++k) {
        const auto& d = *used[k * used.size() / n];
        read_at(trace, d.position - static_cast<double>(zero_), row);
        const double gain = std::clamp(d.amplitude, 0.5, 2.0);
        for (std::size_t i = 0; i < row.size(); ++i)
          values[i][k] = static_cast<float>(row[i] / gain + unit.shape.shape(c, static_cast<Index>(i)));
      }
      for (std::size_t i = 0; i < row.size(); ++i) {
        auto& v = values[i];
        const std::size_t cut = n >= 20 ? n / 4 : n / 10;
        std::sort(v.begin(), v.end());
        double sum = 0;
        for (std::size_t k = cut; k < n - cut; ++k) sum += v[k];
        unit.shape.shape(c, static_cast<Index>(i)) = sum / static_cast<double>(n - 2 * cut);
      }
    }
    unit.shape.count = static_cast<double>(n);
    unit.shape.amplitude_sd = options_.amplitude_sd;
    finish_template(unit.shape, rate_, record_.energy_scale);
  }

  void update_templates() {
    for (auto& unit : units_) average(unit);
    rebuild_residual();
  }

  void rebuild_residual() {
    residual_ = record_.white;
    for (const auto& unit : units_) {
      for (const auto& d : unit.discharges) add_discharge(residual_, unit.shape, d.position, -d.amplitude);
    }
  }

  // ---- resolving -------------------------------------------------------------------------------------------------------------------

  void learn_trains() {
    models_.clear();
    for (const auto& unit : units_) {
      std::vector<double> t;
      for (const auto& d : unit.discharges) t.push_back(seconds(d.position));
      models_.push_back(learn_intervals(t));
      means_.resize(units_.size());
      means_[models_.size() - 1] = local_means(t, models_.back());
      snapshot_.resize(units_.size());
      snapshot_[models_.size() - 1] = std::move(t);
    }
  }

  IntervalPriorOptions prior_options() const {
    IntervalPriorOptions o;
    o.min_interval_s = options_.min_interval_ms / 1000;
    o.doublets = options_.doublets;
    return o;
  }

  double local_mean(std::size_t u, double t_s) const {
    const auto& t = snapshot_[u];
    if (t.empty()) return models_[u].mean_s;
    const auto i = std::upper_bound(t.begin(), t.end(), t_s) - t.begin();
    return means_[u][static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, i - 1))];
  }

  RowMatrix prior_of(Index first, Index count) const {
    RowMatrix prior(static_cast<Index>(units_.size()), count);
    const auto step = std::max<Index>(1, static_cast<Index>(samples(kPriorStep_ms)));
    const auto options = prior_options();
    for (std::size_t u = 0; u < units_.size(); ++u) {
      const auto& d = units_[u].discharges;
      const auto next = std::lower_bound(d.begin(), d.end(), static_cast<double>(first), [](const Discharge& x, double p) { return x.position < p; });
      const double before = next == d.begin() ? kNaN : seconds((next - 1)->position), after = next == d.end() ? kNaN : seconds(next->position);
      const double mean = local_mean(u, seconds(static_cast<double>(first)));
      for (Index l = 0; l < count; l += step) {
        const double penalty = interval_penalty(models_[u], seconds(static_cast<double>(first + l) + static_cast<double>(step) / 2), before, after, mean, options);
        for (Index k = l; k < std::min(count, l + step); ++k) prior(static_cast<Index>(u), k) = penalty;
      }
    }
    return prior;
  }

  SolverOptions solver_options() const {
    SolverOptions o;
    o.rate_hz = rate_;
    o.energy_scale = record_.energy_scale;
    o.beam_width = options_.beam_width;
    o.beam_depth = options_.beam_depth;
    o.temperature = options_.temperature;
    o.closest_ms = options_.min_interval_ms;
    o.constant_prior = -2 * std::log(10.0);
    return o;
  }

  void resolve_all() {
    learn_trains();
    templates_.clear();
    for (const auto& unit : units_) templates_.push_back(unit.shape);
    const GramTables gram(templates_, record_.energy_scale);
    const SuperpositionSolver solver(templates_, gram, solver_options());
    settled_.resize(events_.size(), 0);
    for (std::size_t k = 0; k < events_.size(); ++k) {
      if (!settled(k)) resolve(k, solver);
    }
    for (std::size_t k = events_.size(); k-- > 0;) {
      if (!settled(k)) resolve(k, solver);
    }
  }

  // An event whose discharges are beyond doubt and leave nothing is not looked at again, unless one of its units is gone.
  bool settled(std::size_t k) const {
    if (settled_[k] == 0) return false;
    int held = 0;
    for (const auto& unit : units_) {
      const auto& d = unit.discharges;
      auto at = std::lower_bound(d.begin(), d.end(), static_cast<double>(events_[k].first), [](const Discharge& x, double p) { return x.position < p; });
      for (; at != d.end() && at->position < static_cast<double>(events_[k].last); ++at) ++held;
    }
    return held + 1 == settled_[k];
  }

  void resolve(std::size_t index, const SuperpositionSolver& solver) {
    const auto& event = events_[index];
    withdraw(event);
    const Index from = std::max<Index>(0, event.first - zero_), to = std::min<Index>(residual_.cols(), event.last + length_ - zero_);
    const RowMatrix x = residual_.middleCols(from, to - from);
    const auto prior = prior_of(event.first, event.last - event.first);
    auto found = solver.solve(x, event.first - from, event.last - event.first, prior, noise_power(event));
    for (auto& d : found.discharges) {
      d.position += static_cast<double>(from);
      if (!usable(d.position)) continue;
      auto& unit = units_[static_cast<std::size_t>(d.unit)];
      const auto at = std::lower_bound(unit.discharges.begin(), unit.discharges.end(), d.position, [](const Discharge& a, double p) { return a.position < p; });
      unit.discharges.insert(at, d);
      add_discharge(residual_, unit.shape, d.position, -d.amplitude);
    }
    const bool sure = std::all_of(found.discharges.begin(), found.discharges.end(), [](const Discharge& d) { return d.posterior > kSure; });
    const double left = residual_.middleCols(event.first, event.last - event.first).squaredNorm() * record_.energy_scale;
    const double degrees = static_cast<double>((event.last - event.first) * residual_.rows()) * record_.energy_scale;
    settled_[index] = sure && left < noise_power(event) * (degrees + 3 * std::sqrt(2 * degrees)) ? static_cast<int>(found.discharges.size()) + 1 : 0;
  }

  // What known units made of a potential that none of them has would spoil its discovery and their templates.
  // How much is too much follows from what is left of the other events: potentials vary.
  void withdraw_unexplained() {
    std::vector<double> shares;
    for (const auto& event : events_) shares.push_back(left_over(event));
    const double limit = std::clamp(kUnexplainedFactor * median_of(shares), kUnexplainedLeast, kUnexplainedMost);
    for (std::size_t k = 0; k < events_.size(); ++k) {
      if (shares[k] > limit) withdraw(events_[k]);
    }
  }

  // Share of the energy of an event that is left and is not noise.
  double left_over(const ActivityEvent& event) const {
    const double left = residual_.middleCols(event.first, event.last - event.first).squaredNorm() * record_.energy_scale;
    const double degrees = static_cast<double>((event.last - event.first) * residual_.rows()) * record_.energy_scale;
    const double whole = event.energy * record_.energy_scale - degrees, noise = degrees + 4 * std::sqrt(2 * degrees);
    return left > noise && whole > 0 ? (left - degrees) / whole : 0;
  }

  void withdraw(const ActivityEvent& event) {
    for (auto& unit : units_) {
      auto& d = unit.discharges;
      const auto low = std::lower_bound(d.begin(), d.end(), static_cast<double>(event.first), [](const Discharge& x, double p) { return x.position < p; });
      auto high = low;
      for (; high != d.end() && high->position < static_cast<double>(event.last); ++high) add_discharge(residual_, unit.shape, high->position, high->amplitude);
      d.erase(low, high);
    }
  }

  // ---- units that end, join, fill ----------------------------------------------------------------------------------------------------

  // A unit discharges without a larger neighbour as often as chance lets it; what is left over of larger potentials does not.
  bool never_alone(const AssembledUnit& unit) const {
    std::vector<double> larger;
    for (const auto& other : units_) {
      if (other.shape.energy <= unit.shape.energy) continue;
      for (const auto& d : other.discharges) larger.push_back(d.position);
    }
    std::sort(larger.begin(), larger.end());
    const double reach = samples(kAlone_ms);
    double alone = 0;
    for (const auto& d : unit.discharges) {
      const auto next = std::lower_bound(larger.begin(), larger.end(), d.position - reach);
      alone += next == larger.end() || *next > d.position + reach;
    }
    const double expected = std::exp(-static_cast<double>(larger.size()) / duration_s_ * 2 * kAlone_ms / 1000) * static_cast<double>(unit.discharges.size());
    return expected >= 4 && alone < kAloneShare * expected;
  }

  void retire() {
    const auto dead = [&](const AssembledUnit& unit) {
      const auto sure = std::count_if(unit.discharges.begin(), unit.discharges.end(), [](const Discharge& d) { return d.posterior > 0.5; });
      return sure < kFewestMembers / 2 + 1 || unit.shape.peak < kSmallestUnitSigma || never_alone(unit);
    };
    const auto count = units_.size();
    units_.erase(std::remove_if(units_.begin(), units_.end(), dead), units_.end());
    if (units_.size() != count) rebuild_residual();
  }

  // Best lag and squared distance of two templates.
  std::pair<double, double> shape_distance(const GramTables& gram, int a, int b) const {
    double best = -std::numeric_limits<double>::infinity(), lag = 0;
    for (double l = -samples(8); l <= samples(8); l += 1.0 / GramTables::kPhases) {
      const double g = gram(a, b, l);
      if (g > best) {
        best = g;
        lag = l;
      }
    }
    const double ea = gram(a, a, 0), eb = gram(b, b, 0);
    return {lag, ea + eb - 2 * best};
  }

  // What two averages of one unit differ by. Pieces of a unit that varies may differ by as much as its single potentials do.
  double shape_allowance(const Template& a, const Template& b, bool pieces) const {
    const double degrees = std::max(2.0, static_cast<double>(a.shape.size()) * record_.energy_scale);
    const double jitter_s = options_.shape_jitter_ms / 1000, spread = 2 * options_.amplitude_sd;
    const auto& larger = a.energy > b.energy ? a : b;
    const double varied = variability_ * larger.energy * (pieces ? kVariabilityReach : kVariabilityReach * (1 / a.count + 1 / b.count));
    return chi_square_quantile(0.999, degrees) * (1 / a.count + 1 / b.count) + jitter_s * jitter_s * larger.slope_energy + spread * spread * larger.energy + varied;
  }

  bool join_units() {
    bool changed = false;
    for (bool again = true; again;) {
      again = false;
      std::vector<Template> templates;
      for (auto& unit : units_) {
        templates.push_back(unit.shape);
        unit.shares_shape = false;
      }
      const GramTables gram(templates, record_.energy_scale);
      for (std::size_t a = 0; a < units_.size() && !again; ++a) {
        for (std::size_t b = a + 1; b < units_.size() && !again; ++b) again = join(a, b, gram);
      }
      changed |= again;
    }
    if (changed) update_templates();
    return changed;
  }

  bool join(std::size_t a, std::size_t b, const GramTables& gram) {
    const bool a_smaller = units_[a].discharges.size() < units_[b].discharges.size();
    const std::size_t small = a_smaller ? a : b, large = a_smaller ? b : a;
    if (linked(times(units_[small]), times(units_[large]), kLinkedReach_ms) > kLinkedShare) {
      units_.erase(units_.begin() + static_cast<std::ptrdiff_t>(small));
      return true;
    }
    const auto [lag, distance2] = shape_distance(gram, static_cast<int>(large), static_cast<int>(small));
    if (distance2 > shape_allowance(units_[a].shape, units_[b].shape, true)) return false;
    auto moved = times(units_[small]);
    for (auto& p : moved) p -= lag;
    if (!fire_as_one(times(units_[large]), moved, rate_, duration_s_, options_.min_interval_ms)) {
      if (distance2 < shape_allowance(units_[a].shape, units_[b].shape, false)) units_[a].shares_shape = units_[b].shares_shape = true;
      return false;
    }
    auto& into = units_[large].discharges;
    for (auto d : units_[small].discharges) {
      d.position -= lag;
      into.push_back(d);
    }
    std::sort(into.begin(), into.end(), [](const Discharge& x, const Discharge& y) { return x.position < y.position; });
    units_.erase(units_.begin() + static_cast<std::ptrdiff_t>(small));
    return true;
  }

  void fill_gaps() {
    learn_trains();
    for (std::size_t u = 0; u < units_.size(); ++u) {
      if (!models_[u].learned) continue;
      const auto before = times(units_[u]);
      for (std::size_t i = 0; i + 1 < before.size(); ++i) fill_gap(u, before[i], before[i + 1]);
    }
  }

  void fill_gap(std::size_t u, double from, double to) {
    const double mean = samples(1000 * local_mean(u, seconds(from)));
    const double gap = (to - from) / mean;
    const double parts = std::round(gap);
    if (parts < 2 || parts > 3 || std::abs(gap - parts) > 0.25 * parts) return;
    auto& unit = units_[u];
    const auto options = prior_options();
    double before = from;
    for (int k = 1; k < static_cast<int>(parts); ++k) {
      const double expected = from + (to - from) * k / parts, spread = 2.5 * std::max(models_[u].cv, 0.1) * mean;
      const auto low = static_cast<Index>(std::max(expected - spread, before + 0.4 * mean)), high = static_cast<Index>(std::min(expected + spread, to - 0.4 * mean));
      if (high - low < 3) continue;
      const Index start = std::max<Index>(0, low - zero_), end = std::min<Index>(residual_.cols(), high + length_ - zero_);
      const RowMatrix x = residual_.middleCols(start, end - start);
      const auto c = correlate(x, unit.shape, low - start, high - low, record_.energy_scale);
      const double occam = -std::log(2 * 3.141592653589793 / std::max(unit.shape.slope_energy, 1.0));
      double best = 0, total = 1;  // "nothing there" has cost 0
      Index at = -1;
      for (Index l = 0; l < high - low; ++l) {
        const double cost = unit.shape.energy - 2 * c[static_cast<std::size_t>(l)] + occam +
                            interval_penalty(models_[u], seconds(static_cast<double>(low + l)), seconds(before), seconds(to), seconds(mean), options);
        if (cost < best) {
          best = cost;
          at = l;
        }
      }
      if (at < 0) continue;
      const double weight = std::exp(-best / (2 * options_.temperature));
      total += weight;
      const double position = static_cast<double>(low + at);
      if (!usable(position) || weight / total < 0.5) continue;
      Discharge d{static_cast<int>(u), position, 1, weight / total, 0.5, 'g'};
      const auto where = std::lower_bound(unit.discharges.begin(), unit.discharges.end(), position, [](const Discharge& a, double p) { return a.position < p; });
      unit.discharges.insert(where, d);
      add_discharge(residual_, unit.shape, position, -1);
      before = position;
    }
  }

  Assembly result() {
    Assembly assembly;
    double before = 0, after = 0;
    for (const auto& event : events_) {
      const double noise = static_cast<double>((event.last - event.first) * residual_.rows());
      before += std::max(0.0, event.energy - noise);
      after += std::max(0.0, residual_.middleCols(event.first, event.last - event.first).squaredNorm() - noise);
    }
    assembly.event_energy = before * record_.energy_scale;
    assembly.explained = before > 0 ? 1 - after / before : 0;
    assembly.event_count = static_cast<int>(events_.size());
    std::stable_sort(units_.begin(), units_.end(), [](const AssembledUnit& a, const AssembledUnit& b) { return a.shape.energy > b.shape.energy; });
    for (std::size_t u = 0; u < units_.size(); ++u) {
      for (auto& d : units_[u].discharges) d.unit = static_cast<int>(u);
    }
    assembly.units = std::move(units_);
    assembly.residual = std::move(residual_);
    return assembly;
  }

  const Conditioned& record_;
  AssemblyOptions options_;
  double rate_;
  RowMatrix residual_;
  Index zero_, length_;
  double duration_s_;
  int fewest_ = 8;
  double variability_ = 0;  // of potentials of one unit, share of their energy
  std::vector<ActivityEvent> events_;
  std::vector<int> settled_;  // by event: its discharges + 1 if it is settled
  std::vector<AssembledUnit> units_;
  std::vector<Template> templates_;
  std::vector<IntervalModel> models_;
  std::vector<std::vector<double>> means_, snapshot_;
};

}  // namespace

Assembly assemble(const Conditioned& record, const AssemblyOptions& options) { return Assembler(record, options).run(); }

}  // namespace emg::needle
