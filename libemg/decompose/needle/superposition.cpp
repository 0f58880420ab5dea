#include "libemg/decompose/needle/superposition.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <array>
#include <limits>
#include <set>

namespace emg::needle {
namespace {

constexpr int kMinimaPerUnit = 3;
constexpr double kReoptimise_ms = 1.5;
constexpr int kLagSweeps = 2;
constexpr double kAmplitudeReach = 5;  // SD

struct Placed {
  int unit;
  double lag;
};

struct State {
  std::vector<Placed> spikes;
  double cost = 0;
};

struct Candidate {
  std::size_t parent;
  Placed spike;
  double cost;
};

// What the search keeps of a set.
struct Seen {
  std::vector<Placed> spikes;
  std::vector<double> amplitude;
  double cost = 0, shape_cost = 0;
};

class Search {
 public:
  Search(const std::vector<Template>& templates, const GramTables& gram, const SolverOptions& o, const RowMatrix& x, Index first, Index count,
         const RowMatrix& prior, double noise_power)
      : templates_(templates), gram_(gram), o_(o), count_(count), units_(static_cast<int>(templates.size())), prior_(prior),
        scale_(1 / noise_power) {
    // What noise alone leaves, priors of the discharges included.
    const double degrees = static_cast<double>(x.size()) * o.energy_scale;
    energy_ = x.squaredNorm() * o.energy_scale * scale_;
    enough_ = degrees + 2 * std::sqrt(2 * degrees);
    base_.resize(static_cast<std::size_t>(units_ * count_));
    occam_.resize(templates.size());
    for (int u = 0; u < units_; ++u) {
      const auto& t = templates[static_cast<std::size_t>(u)];
      occam_[static_cast<std::size_t>(u)] = -std::log(2 * std::numbers::pi / std::max(t.slope_energy * scale_, 1.0));
      const auto c = correlate(x, t, first, count, o.energy_scale);
      for (Index l = 0; l < count; ++l)
        base_[at(u, l)] = scale_ * (t.energy - 2 * c[static_cast<std::size_t>(l)]);
    }
  }

  void run() {
    std::vector<State> beam(1);
    seen_.push_back({{}, {}, 0, 0});
    double best = 0;
    int idle = 0;
    for (int depth = 0; depth < o_.beam_depth && idle < 2 && !explained_; ++depth) {
      auto next = grow(beam);
      if (next.empty()) break;
      double least = next[0].cost;
      for (const auto& s : next) least = std::min(least, s.cost);
      idle = least < best - 1e-9 ? 0 : idle + 1;
      best = std::min(best, least);
      explained_ = energy_ + least < enough_;  // more discharges than that would explain noise
      for (const auto& s : next) seen_.push_back(judged(s));
      beam = std::move(next);
    }
  }

  const std::vector<Seen>& seen() const { return seen_; }

 private:
  std::size_t at(int u, Index l) const { return static_cast<std::size_t>(u * count_ + l); }

  // What a discharge there costs before it explains anything.
  double weight(int u, double lag) const {
    return prior_(u, std::clamp<Index>(static_cast<Index>(std::llround(lag)), 0, count_ - 1)) + occam_[static_cast<std::size_t>(u)];
  }

  bool taken(const State& s, int u, double lag) const {
    const double closest = o_.closest_ms * o_.rate_hz / 1000;
    return std::any_of(s.spikes.begin(), s.spikes.end(), [&](const Placed& p) { return p.unit == u && std::abs(p.lag - lag) < closest; });
  }

  // Parabola through three samples: offset and depth of the minimum near l.
  static std::pair<double, double> refined(const double* curve, Index l, Index count) {
    if (l == 0 || l + 1 >= count) return {static_cast<double>(l), curve[l]};
    const double a = curve[l - 1], b = curve[l], c = curve[l + 1], bend = a - 2 * b + c;
    if (!(bend > 0)) return {static_cast<double>(l), b};
    const double shift = std::clamp((a - c) / (2 * bend), -0.5, 0.5);
    return {static_cast<double>(l) + shift, b + shift * (c - a) / 2 + shift * shift * bend / 2};
  }

  // Adds to `out`, lags from `first` on, what discharges of `unit` cost more or less beside `p`.
  void add_beside(const Placed& p, int unit, Index first, std::span<double> out) const {
    gram_.add(p.unit, unit, p.lag - static_cast<double>(first), 2 * scale_, out);
  }

  void propose(const State& s, std::size_t parent, std::vector<Candidate>& out) {
    for (int u = 0; u < units_; ++u) {
      // Cost of one more discharge without its prior, which jumps and is not interpolated. Only sets that grow need it for every unit and lag.
      curve_.assign(base_.begin() + static_cast<std::ptrdiff_t>(at(u, 0)), base_.begin() + static_cast<std::ptrdiff_t>(at(u, 0) + static_cast<std::size_t>(count_)));
      for (const auto& p : s.spikes) add_beside(p, u, 0, curve_);
      const double* curve = curve_.data();
      std::array<std::pair<double, Index>, kMinimaPerUnit> best;
      best.fill({std::numeric_limits<double>::infinity(), -1});
      for (Index l = 0; l < count_; ++l) {
        const double v = curve[l] + prior_(u, l);
        if (v >= best.back().first) continue;
        if ((l > 0 && curve[l - 1] + prior_(u, l - 1) < v) || (l + 1 < count_ && curve[l + 1] + prior_(u, l + 1) <= v)) continue;
        if (taken(s, u, static_cast<double>(l))) continue;
        best.back() = {v, l};
        std::sort(best.begin(), best.end());
      }
      for (const auto& [v, l] : best) {
        if (l < 0) continue;
        const auto [lag, value] = refined(curve, l, count_);
        out.push_back({parent, {u, lag}, s.cost + value + weight(u, lag)});
      }
    }
  }

  // Moves every discharge to its best lag with the others fixed.
  void reoptimise(State& s) const {
    const auto reach = static_cast<Index>(kReoptimise_ms * o_.rate_hz / 1000);
    std::vector<double> own;
    for (int sweep = 0; sweep < kLagSweeps; ++sweep) {
      bool moved = false;
      for (auto& p : s.spikes) {
        const auto centre = std::clamp<Index>(static_cast<Index>(std::llround(p.lag)), 0, count_ - 1);
        const Index low = std::max<Index>(0, centre - reach - 1), high = std::min(count_, centre + reach + 2);
        own.assign(base_.begin() + static_cast<std::ptrdiff_t>(at(p.unit, low)), base_.begin() + static_cast<std::ptrdiff_t>(at(p.unit, high)));
        for (const auto& q : s.spikes) {
          if (&q != &p) add_beside(q, p.unit, low, own);
        }
        const auto total = [&](Index l) { return own[static_cast<std::size_t>(l)] + prior_(p.unit, low + l); };
        Index best = centre - low;
        for (Index l = 0; l < high - low; ++l) {
          if (total(l) < total(best)) best = l;
        }
        const auto [offset, value] = refined(own.data(), best, high - low);
        const double lag = static_cast<double>(low) + offset;
        if (std::abs(lag - p.lag) < 0.1) continue;
        const double before = value_at(own, p.lag - static_cast<double>(low)) + weight(p.unit, p.lag), after = value + weight(p.unit, lag);
        if (after > before - 1e-3) continue;
        s.cost += after - before;
        p.lag = lag;
        moved = true;
      }
      if (!moved) break;
    }
  }

  static double value_at(std::span<const double> curve, double lag) {
    const auto n = static_cast<Index>(curve.size());
    const Index l = std::clamp<Index>(static_cast<Index>(std::llround(lag)), 1, std::max<Index>(1, n - 2));
    if (n < 3) return curve[0];
    const double a = curve[static_cast<std::size_t>(l - 1)], b = curve[static_cast<std::size_t>(l)], c = curve[static_cast<std::size_t>(l + 1)];
    const double d = lag - static_cast<double>(l);
    return b + d * (c - a) / 2 + d * d * (a - 2 * b + c) / 2;
  }

  static std::vector<std::pair<int, long>> key(std::vector<Placed> spikes) {
    std::vector<std::pair<int, long>> k;
    for (const auto& p : spikes) k.emplace_back(p.unit, std::lround(p.lag));
    std::sort(k.begin(), k.end());
    return k;
  }

  std::vector<State> grow(const std::vector<State>& beam) {
    std::vector<Candidate> candidates;
    for (std::size_t b = 0; b < beam.size(); ++b) propose(beam[b], b, candidates);
    std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
    std::set<std::vector<std::pair<int, long>>> known;
    std::vector<State> next;
    for (const auto& c : candidates) {
      if (static_cast<int>(next.size()) >= o_.beam_width) break;
      State s = beam[c.parent];
      s.spikes.push_back(c.spike);
      if (!known.insert(key(s.spikes)).second) continue;
      s.cost = c.cost;
      reoptimise(s);
      next.push_back(std::move(s));
    }
    return next;
  }

  // The set with its amplitudes solved, a ~ N(1, amplitude_sd).
  Seen judged(const State& s) const {
    const auto n = static_cast<Index>(s.spikes.size());
    Eigen::MatrixXd a(n, n);
    Eigen::VectorXd b(n), precision(n), most(n);
    double prior = 0, constant = 0;
    for (Index i = 0; i < n; ++i) {
      const auto& p = s.spikes[static_cast<std::size_t>(i)];
      const auto& t = templates_[static_cast<std::size_t>(p.unit)];
      const double value = value_at({base_.data() + at(p.unit, 0), static_cast<std::size_t>(count_)}, p.lag);
      precision[i] = 1 / (t.amplitude_sd * t.amplitude_sd);
      most[i] = kAmplitudeReach * t.amplitude_sd;
      b[i] = (scale_ * t.energy - value) / 2 + precision[i];
      for (Index j = 0; j < n; ++j) {
        const auto& q = s.spikes[static_cast<std::size_t>(j)];
        a(i, j) = i == j ? scale_ * t.energy + precision[i] : scale_ * gram_(p.unit, q.unit, q.lag - p.lag);
      }
      prior += weight(p.unit, p.lag);
      constant += o_.constant_prior + occam_[static_cast<std::size_t>(p.unit)];
    }
    // A potential of half the size is another potential, not this one.
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(n), solved = Eigen::VectorXd(a.ldlt().solve(b)).cwiseMax(ones - most).cwiseMin(ones + most);
    Seen seen{s.spikes, {solved.data(), solved.data() + n}, 0, 0};
    const double fit = precision.sum() + solved.dot(a * solved) - 2 * b.dot(solved);
    seen.cost = fit + prior;
    seen.shape_cost = fit + constant;
    return seen;
  }

  const std::vector<Template>& templates_;
  const GramTables& gram_;
  const SolverOptions& o_;
  Index count_;
  int units_;
  const RowMatrix& prior_;
  double scale_;
  std::vector<double> base_, occam_, curve_;
  double energy_ = 0, enough_ = 0;
  bool explained_ = false;
  std::vector<Seen> seen_;
};

bool holds(const Seen& s, const Placed& p, double same) {
  return std::any_of(s.spikes.begin(), s.spikes.end(), [&](const Placed& q) { return q.unit == p.unit && std::abs(q.lag - p.lag) <= same; });
}

std::vector<int> units_of(const Seen& s) {
  std::vector<int> units;
  for (const auto& p : s.spikes) units.push_back(p.unit);
  std::sort(units.begin(), units.end());
  return units;
}

}  // namespace

SuperpositionSolver::SuperpositionSolver(const std::vector<Template>& templates, const GramTables& gram, const SolverOptions& options)
    : templates_(templates), gram_(gram), options_(options) {}

Resolution SuperpositionSolver::solve(const RowMatrix& x, Index first, Index count, const RowMatrix& prior, double noise_power) const {
  Resolution result;
  if (templates_.empty() || count <= 0) return result;
  Search search(templates_, gram_, options_, x, first, count, prior, noise_power);
  search.run();
  const auto& seen = search.seen();
  std::size_t best = 0, best_shape = 0;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    if (seen[i].cost < seen[best].cost) best = i;
    if (seen[i].shape_cost < seen[best_shape].shape_cost) best_shape = i;
  }
  const auto units = units_of(seen[best]);
  result.gain = -seen[best].cost;
  result.runner_up = std::numeric_limits<double>::infinity();
  std::vector<double> weight(seen.size()), shape_weight(seen.size());
  double total = 0, shape_total = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    weight[i] = std::exp(-(seen[i].cost - seen[best].cost) / (2 * options_.temperature));
    shape_weight[i] = std::exp(-(seen[i].shape_cost - seen[best_shape].shape_cost) / (2 * options_.temperature));
    total += weight[i];
    shape_total += shape_weight[i];
    if (units_of(seen[i]) != units) result.runner_up = std::min(result.runner_up, seen[i].cost - seen[best].cost);
  }
  const double same = options_.same_ms * options_.rate_hz / 1000;
  for (std::size_t k = 0; k < seen[best].spikes.size(); ++k) {
    const auto& p = seen[best].spikes[k];
    Discharge d;
    d.unit = p.unit;
    d.position = static_cast<double>(first) + p.lag;
    d.amplitude = seen[best].amplitude[k];
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!holds(seen[i], p, same)) continue;
      d.posterior += weight[i] / total;
      d.shape_only += shape_weight[i] / shape_total;
    }
    d.posterior = std::min(d.posterior, 1.0);
    d.shape_only = std::min(d.shape_only, 1.0);
    result.discharges.push_back(d);
  }
  std::sort(result.discharges.begin(), result.discharges.end(), [](const Discharge& a, const Discharge& b) { return a.position < b.position; });
  return result;
}

}  // namespace emg::needle
