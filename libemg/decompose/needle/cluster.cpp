#include "libemg/decompose/needle/cluster.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/chi_square.h"
#include "libemg/decompose/needle/grid.h"
#include "libemg/decompose/needle/unimodal.h"

namespace emg::needle {
namespace {

constexpr double kTail = 0.999;
constexpr double kTailOfOne = 10.83;  // chi-square, one degree of freedom, 0.999
constexpr std::size_t kMostForSplit = 400;
constexpr double kVisibleVariation = 10;  // energy over that of noise from which variation can be told from it
constexpr double kVariabilityReach = 4;   // of the mean variation of one unit
// The nearest of all that is compared is nearer than a usual one of the same unit, the more so the more there are: the neighbour of a fixed
// rank share is taken, which lies within the unit if it has a thirtieth of all. Mean variation over half its distance: 3 to 8, median 5, in
// simulated units of 17 to 60 us of jitter at 4 and 10 kHz with 2 and 5 uV of noise.
constexpr double kNeighbourShare = 1.0 / 30, kNeighbourBias = 5;
// That of the same units at 100 us, above which end-plates block: what differs more is not one unit but several that coincide.
constexpr double kMostVariability = 0.12;

struct Group {
  RowMatrix mean;                 // channels x window
  double energy = 0, slope = 0;   // of the mean, in independent samples; slope per sample^2
  std::vector<int> members;
};

class Clustering {
 public:
  Clustering(const RowMatrix& white, const std::vector<double>& centres, const ClusterOptions& options)
      : white_(white), options_(options), window_(samples_in_ms(options.window_ms, options.rate_hz)),
        margin_(samples_in_ms(options.margin_ms, options.rate_hz)), position_(centres), of_(centres.size(), -1) {
    degrees_ = std::max(2.0, static_cast<double>(white.rows() * window_) * options.energy_scale);
    limit_ = chi_square_quantile(kTail, degrees_);
    // Variance of the jitter in samples^2.
    const double jitter = options.shape_jitter_ms * options.rate_hz / 1000;
    jitter_ = jitter * jitter;
  }

  std::vector<Cluster> run() {
    lead();
    for (int pass = 0; pass < 2; ++pass) reassign(2);
    for (int round = 0; round < 6; ++round) {
      const bool changed = split_all() | merge_all();
      reassign(3);
      if (!changed) break;
    }
    return result();
  }

  double variability() {
    std::vector<double> large;
    for (const double p : position_) {
      if (energy_at(p) > kVisibleVariation * degrees_) large.push_back(p);
    }
    constexpr std::size_t kMost = 120, kEnough = 20;
    if (large.size() < kEnough) return 0;
    std::vector<Group> chosen;
    std::vector<double> places, shares;
    for (std::size_t k = 0; k < std::min(kMost, large.size()); ++k) {
      places.push_back(large[k * large.size() / std::min(kMost, large.size())]);
      Group g;
      g.mean = snippet(places.back());
      describe(g);
      chosen.push_back(std::move(g));
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      std::vector<double> distances;
      for (std::size_t j = 0; j < places.size(); ++j) {
        const double gap = std::sqrt(chosen[i].energy) - std::sqrt(chosen[j].energy);
        double lag = 0;
        if (i != j) distances.push_back(gap * gap > chosen[i].energy ? chosen[i].energy : distance(chosen[j], places[i], lag));
      }
      const auto near = distances.begin() + static_cast<std::ptrdiff_t>(kNeighbourShare * static_cast<double>(places.size()));
      std::nth_element(distances.begin(), near, distances.end());
      shares.push_back(std::max(0.0, std::min(*near, chosen[i].energy) / 2 - degrees_) / chosen[i].energy);
    }
    std::sort(shares.begin(), shares.end());
    return std::min(kMostVariability, kNeighbourBias * shares[shares.size() / 4]);
  }

 private:
  RowMatrix snippet(double position) const {
    RowMatrix s(white_.rows(), window_);
    for (Index c = 0; c < white_.rows(); ++c) {
      read_at({white_.data() + c * white_.cols(), static_cast<std::size_t>(white_.cols())}, position - static_cast<double>(window_ / 2),
              {s.data() + c * window_, static_cast<std::size_t>(window_)});
    }
    return s;
  }

  double allowed(const Group& g) const {
    const double a = options_.amplitude_sd;
    // The jitter common to all fibres is aligned away; what is left of it is a mean, the amplitude one number.
    return limit_ + jitter_ * g.slope + a * a * g.energy * kTailOfOne + kVariabilityReach * options_.variability * g.energy + degrees_ / std::max<double>(1, static_cast<double>(g.members.size()));
  }

  // Distance of the potential near `position` to the mean at its best lag, which is returned in `lag`.
  double distance(const Group& g, double position, double& lag) const {
    const Index first = static_cast<Index>(std::llround(position)) - window_ / 2;
    const Index count = 2 * margin_ + 1;
    std::vector<double> cost(static_cast<std::size_t>(count), 0);
    for (Index c = 0; c < white_.rows(); ++c) {
      const double* x = white_.data() + c * white_.cols();
      for (Index k = 0; k < window_; ++k) {
        const double t = g.mean(c, k);
        for (Index l = 0; l < count; ++l) {
          const Index at = first + l - margin_ + k;
          const double v = at >= 0 && at < white_.cols() ? x[at] : 0;
          cost[static_cast<std::size_t>(l)] += (v - t) * (v - t);
        }
      }
    }
    const auto best = static_cast<Index>(std::min_element(cost.begin(), cost.end()) - cost.begin());
    double shift = 0, value = cost[static_cast<std::size_t>(best)];
    if (best > 0 && best + 1 < count) {
      const double a = cost[static_cast<std::size_t>(best - 1)], b = cost[static_cast<std::size_t>(best + 1)];
      const double curve = a - 2 * value + b;
      if (curve > 0) {
        shift = std::clamp((a - b) / (2 * curve), -0.5, 0.5);
        value -= (a - b) * (a - b) / (8 * curve);
      }
    }
    lag = static_cast<double>(first + window_ / 2 + best - margin_) + shift - position;
    return value * options_.energy_scale;
  }

  void update(Group& g) {
    g.mean = RowMatrix::Zero(white_.rows(), window_);
    for (const int e : g.members) g.mean += snippet(position_[static_cast<std::size_t>(e)]);
    if (!g.members.empty()) g.mean /= static_cast<double>(g.members.size());
    describe(g);
  }

  void describe(Group& g) const {
    g.energy = g.mean.squaredNorm() * options_.energy_scale;
    g.slope = 0;
    for (Index c = 0; c < g.mean.rows(); ++c) {
      for (Index k = 1; k + 1 < window_; ++k) {
        const double d = (g.mean(c, k + 1) - g.mean(c, k - 1)) / 2;
        g.slope += d * d * options_.energy_scale;
      }
    }
  }

  // Index of the nearest group within its limit, or -1.
  int nearest(double position, double energy, double& lag) const {
    int best = -1;
    double least = 0;
    for (std::size_t k = 0; k < groups_.size(); ++k) {
      const auto& g = groups_[k];
      if (g.members.empty()) continue;
      const double bound = best < 0 ? allowed(g) : std::min(allowed(g), least);
      // |s - t| >= ||s| - |t||: most groups are excluded without a look at their samples; the lag may bring in a little energy.
      const double gap = std::sqrt(energy) - std::sqrt(g.energy);
      if (gap * gap > 1.5 * bound + 0.1 * energy) continue;
      double own = 0;
      const double d = distance(g, position, own);
      if (d > allowed(g) || (best >= 0 && d >= least)) continue;
      best = static_cast<int>(k);
      least = d;
      lag = own;
    }
    return best;
  }

  double energy_at(double position) const { return snippet(position).squaredNorm() * options_.energy_scale; }

  void lead() {
    std::vector<int> order(position_.size());
    std::vector<double> energy(position_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = static_cast<int>(i);
      energy[i] = energy_at(position_[i]);
    }
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return energy[static_cast<std::size_t>(a)] > energy[static_cast<std::size_t>(b)]; });
    for (const int e : order) {
      const auto i = static_cast<std::size_t>(e);
      double lag = 0;
      const int k = nearest(position_[i], energy[i], lag);
      if (k < 0) {
        Group g;
        g.members = {e};
        g.mean = snippet(position_[i]);
        describe(g);
        groups_.push_back(std::move(g));
        of_[i] = static_cast<int>(groups_.size()) - 1;
        continue;
      }
      auto& g = groups_[static_cast<std::size_t>(k)];
      position_[i] += lag;
      of_[i] = k;
      g.members.push_back(e);
      // A running mean is enough here.
      g.mean += (snippet(position_[i]) - g.mean) / static_cast<double>(g.members.size());
      describe(g);
    }
  }

  void reassign(std::size_t fewest) {
    groups_.erase(std::remove_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.members.size() < fewest; }), groups_.end());
    for (auto& g : groups_) update(g);
    std::vector<std::vector<int>> members(groups_.size());
    for (std::size_t i = 0; i < position_.size(); ++i) {
      double lag = 0;
      of_[i] = nearest(position_[i], energy_at(position_[i]), lag);
      if (of_[i] < 0) continue;
      position_[i] += lag;
      members[static_cast<std::size_t>(of_[i])].push_back(static_cast<int>(i));
    }
    for (std::size_t k = 0; k < groups_.size(); ++k) {
      groups_[k].members = std::move(members[k]);
      update(groups_[k]);
    }
  }

  // Deviations from the mean of up to kMostForSplit members, one row each.
  RowMatrix deviations(const Group& g) const {
    const std::size_t n = std::min(g.members.size(), kMostForSplit);
    RowMatrix all(static_cast<Index>(n), white_.rows() * window_);
    for (std::size_t i = 0; i < n; ++i) {
      const auto e = static_cast<std::size_t>(g.members[i * g.members.size() / n]);
      const RowMatrix s = snippet(position_[e]) - g.mean;
      all.row(static_cast<Index>(i)) = Eigen::Map<const Eigen::RowVectorXd>(s.data(), s.size());
    }
    return all;
  }

  bool split_all() {
    bool changed = false;
    const std::size_t count = groups_.size();
    for (std::size_t k = 0; k < count; ++k) {
      if (groups_[k].members.size() < 2 * static_cast<std::size_t>(options_.fewest)) continue;
      changed |= split(k);
    }
    return changed;
  }

  bool split(std::size_t k) {
    RowMatrix rest = deviations(groups_[k]);
    for (int component = 0; component < 3; ++component) {
      Eigen::VectorXd direction = rest.row(0).transpose();
      Index largest = 0;
      rest.rowwise().squaredNorm().maxCoeff(&largest);
      direction = rest.row(largest).transpose();
      for (int i = 0; i < 15; ++i) {
        direction = rest.transpose() * (rest * direction);
        const double norm = direction.norm();
        if (!(norm > 0)) return false;
        direction /= norm;
      }
      const Eigen::VectorXd projection = rest * direction;
      const auto test = mode_test({projection.data(), projection.data() + projection.size()});
      if (test.statistic > options_.dip_limit) return divide(k, direction, test.cut);
      rest -= projection * direction.transpose();
    }
    return false;
  }

  bool divide(std::size_t k, const Eigen::VectorXd& direction, double cut) {
    Group low, high;
    for (const int e : groups_[k].members) {
      const RowMatrix s = snippet(position_[static_cast<std::size_t>(e)]) - groups_[k].mean;
      const double p = Eigen::Map<const Eigen::RowVectorXd>(s.data(), s.size()).dot(direction.transpose());
      (p < cut ? low : high).members.push_back(e);
    }
    if (std::min(low.members.size(), high.members.size()) < static_cast<std::size_t>(options_.fewest)) return false;
    update(low);
    update(high);
    // Two heaps nearer than one unit varies are one unit that changes.
    if ((low.mean - high.mean).squaredNorm() * options_.energy_scale < kVariabilityReach * options_.variability * groups_[k].energy) return false;
    groups_[k] = std::move(low);
    groups_.push_back(std::move(high));
    return true;
  }

  bool merge_all() {
    bool changed = false;
    for (std::size_t a = 0; a < groups_.size(); ++a) {
      for (std::size_t b = a + 1; b < groups_.size(); ++b) {
        if (groups_[a].members.empty() || groups_[b].members.empty() || !one_unit(groups_[a], groups_[b])) continue;
        auto& into = groups_[a].members;
        into.insert(into.end(), groups_[b].members.begin(), groups_[b].members.end());
        std::sort(into.begin(), into.end());
        groups_[b].members.clear();
        update(groups_[a]);
        changed = true;
      }
    }
    groups_.erase(std::remove_if(groups_.begin(), groups_.end(), [](const Group& g) { return g.members.empty(); }), groups_.end());
    return changed;
  }

  std::vector<double> train(const Group& g) const {
    std::vector<double> t;
    for (const int e : g.members) t.push_back(position_[static_cast<std::size_t>(e)]);
    std::sort(t.begin(), t.end());
    return t;
  }

  bool one_unit(const Group& a, const Group& b) const {
    const double distance2 = (a.mean - b.mean).squaredNorm() * options_.energy_scale;
    if (distance2 > 4 * std::max(allowed(a), allowed(b))) return false;
    RowMatrix line = b.mean - a.mean;
    std::vector<double> projection;
    for (const auto* g : {&a, &b}) {
      for (const int e : g->members) {
        const RowMatrix s = snippet(position_[static_cast<std::size_t>(e)]);
        projection.push_back((s.array() * line.array()).sum());
      }
    }
    if (mode_test(projection).statistic > options_.dip_limit) return false;
    const double duration_s = static_cast<double>(white_.cols()) / options_.rate_hz;
    return fire_as_one(train(a), train(b), options_.rate_hz, duration_s, options_.min_interval_ms);
  }

  std::vector<Cluster> result() const {
    std::vector<Cluster> clusters;
    for (const auto& g : groups_) {
      if (g.members.size() < static_cast<std::size_t>(options_.fewest)) continue;
      Cluster cluster;
      cluster.members = g.members;
      std::sort(cluster.members.begin(), cluster.members.end(),
                [&](int x, int y) { return position_[static_cast<std::size_t>(x)] < position_[static_cast<std::size_t>(y)]; });
      for (const int e : cluster.members) cluster.positions.push_back(position_[static_cast<std::size_t>(e)]);
      cluster.energy = g.energy;
      clusters.push_back(std::move(cluster));
    }
    std::stable_sort(clusters.begin(), clusters.end(), [](const Cluster& a, const Cluster& b) { return a.energy > b.energy; });
    return clusters;
  }

  const RowMatrix& white_;
  ClusterOptions options_;
  Index window_, margin_;
  std::vector<double> position_;
  std::vector<int> of_;
  std::vector<Group> groups_;
  double degrees_ = 0, limit_ = 0, jitter_ = 0;
};

}  // namespace

std::vector<Cluster> cluster_potentials(const RowMatrix& white, const std::vector<double>& centres, const ClusterOptions& options) {
  if (centres.size() < static_cast<std::size_t>(options.fewest)) return {};
  return Clustering(white, centres, options).run();
}

double potential_variability(const RowMatrix& white, const std::vector<double>& centres, const ClusterOptions& options) {
  return Clustering(white, centres, options).variability();
}

bool fire_as_one(const std::vector<double>& a, const std::vector<double>& b, double rate_hz, double duration_s, double min_interval_ms) {
  const double reach = min_interval_ms * rate_hz / 1000;
  double close = 0;
  for (std::size_t i = 0, j = 0; i < a.size(); ++i) {
    while (j < b.size() && b[j] < a[i] - reach) ++j;
    for (std::size_t k = j; k < b.size() && b[k] <= a[i] + reach; ++k) ++close;
  }
  const double expected = 2 * static_cast<double>(a.size()) * static_cast<double>(b.size()) / duration_s * min_interval_ms / 1000;
  // Upper 99 % Poisson quantile of a tenth of what two independent trains give.
  const double mean = 0.1 * expected;
  const double most = std::max(2.0, std::ceil(mean + 2.33 * std::sqrt(mean)));
  return close <= most;
}

}  // namespace emg::needle
