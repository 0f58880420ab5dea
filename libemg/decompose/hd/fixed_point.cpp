#include "libemg/decompose/hd/fixed_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/decompose/hd/kernels_internal.h"
#include "libemg/decompose/hd/product_internal.h"
#include "libemg/decompose/hd/sources.h"

namespace emg::hd {
namespace {

using hd_kernels::kFloatColumns;

constexpr Index kTile = 256;
// Columns nearer than this after the trial are on their way to the same direction.
constexpr double kSameDirection = 0.95;
// A column may not stop before its start sample counts again.
constexpr int kFewestIterations = 2;

hd_kernels::Shape shape_of(Contrast contrast) {
  switch (contrast) {
    case Contrast::even: return hd_kernels::Shape::even;
    case Contrast::odd: return hd_kernels::Shape::odd;
    default: return hd_kernels::Shape::positive;
  }
}

void set_power(hd_kernels::Powers& powers, Index lane, double exponent) {
  const double halves = 2 * (exponent - 2);
  const auto bits = static_cast<int>(std::lround(halves));
  if (std::abs(halves - bits) > 1e-9 || bits < 1 || bits > 15) {
    throw InvalidArgument(fmt::format("exponents has {}, expected multiples of 0.5 in [2.5, 9]", exponent));
  }
  powers.half[lane] = static_cast<float>(bits & 1);
  powers.one[lane] = static_cast<float>(bits >> 1 & 1);
  powers.two[lane] = static_cast<float>(bits >> 2 & 1);
  powers.four[lane] = static_cast<float>(bits >> 3 & 1);
  powers.factor[lane] = static_cast<float>(exponent - 1);
}

// One of the columns that run together.
struct Lane {
  Index start = 0;  // position in the list of starts
  int iteration = 0;
};

class Batch {
 public:
  Batch(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Start>& starts, const FixedPointSettings& settings, int threads)
      : frames_(frames), projection_(projection), lags_(lags), starts_(starts), settings_(settings), threads_(threads), lanes_(kFloatColumns),
        directions_(RowMatrix::Zero(projection.rows(), kFloatColumns)) {
    for (auto& piece : gradients_) piece.resize(lags * frames.width(), kFloatColumns);
  }

  FixedPointResult run() {
    const auto count = static_cast<Index>(starts_.size());
    FixedPointResult result{RowMatrix::Zero(projection_.rows(), count), std::vector<int>(starts_.size(), 0), std::vector<bool>(starts_.size(), false),
                            std::vector<bool>(starts_.size(), false)};
    std::vector<Index> order;
    for (Index first = 0; first < count; first += kFloatColumns) trial(first, std::min(count, first + kFloatColumns), result);
    drop(result);
    for (Index k = 0; k < count; ++k) {
      if (!result.dropped[static_cast<std::size_t>(k)]) order.push_back(k);
    }
    std::size_t next = 0;
    while (next < order.size() || active_ > 0) {
      if (settings_.check) settings_.check();
      while (active_ < kFloatColumns && next < order.size()) enter(order[next++], result);
      const RowMatrix before = directions_;
      advance(kAll);
      // From the last: what leaves is replaced by a lane that has been looked at.
      for (Index k = active_ - 1; k >= 0; --k) {
        const auto& lane = lanes_[static_cast<std::size_t>(k)];
        const bool settled = 1 - std::abs(directions_.col(k).dot(before.col(k))) < settings_.tolerance && lane.iteration > kFewestIterations;
        if (settled || lane.iteration >= settings_.max_iterations) leave(k, settled, result);
      }
    }
    return result;
  }

 private:
  // Part of the time that a step sums over: all of it, or the tiles of one iteration of the trial.
  static constexpr Index kAll = -1;

  void trial(Index first, Index last, FixedPointResult& result) {
    for (Index k = first; k < last; ++k) enter(k, result);
    for (int i = 0; i < settings_.trial_iterations; ++i) {
      if (settings_.check) settings_.check();
      advance(i);
    }
    while (active_ > 0) leave(active_ - 1, false, result);
  }

  void drop(FixedPointResult& result) const {
    for (Index k = 1; k < result.directions.cols(); ++k) {
      for (Index j = 0; j < k && !result.dropped[static_cast<std::size_t>(k)]; ++j) {
        const bool same = std::abs(result.directions.col(j).dot(result.directions.col(k))) > kSameDirection;
        if (!same || result.dropped[static_cast<std::size_t>(j)]) continue;
        result.dropped[static_cast<std::size_t>(k)] = true;
        result.directions.col(k).setZero();
      }
    }
    if (!settings_.select || settings_.trial_iterations == 0) return;
    const auto kept = settings_.select(result.directions);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (kept[k]) continue;
      result.dropped[k] = true;
      result.directions.col(static_cast<Index>(k)).setZero();
    }
  }

  // Puts a start into the next lane: where it stood, or at the whitened observation of its sample.
  void enter(Index start, const FixedPointResult& result) {
    const auto place = static_cast<std::size_t>(start);
    const Index k = active_++;
    lanes_[static_cast<std::size_t>(k)] = {start, result.iterations[place]};
    const auto& from = starts_[place];
    set_power(powers_, k, from.exponent);
    if (result.iterations[place] > 0) {
      directions_.col(k) = result.directions.col(start);
      return;
    }
    const RowMatrix z = product(projection_, mean_observations(frames_, {{from.sample}}, lags_));
    const double norm = z.norm();
    directions_.col(k) = norm > 0 ? Eigen::VectorXd(z.col(0) / norm) : Eigen::VectorXd::Unit(z.rows(), 0);
  }

  // Takes the result of lane `k`; the last lane moves there, so that those at work are the first.
  void leave(Index k, bool settled, FixedPointResult& result) {
    const auto lane = lanes_[static_cast<std::size_t>(k)];
    const auto place = static_cast<std::size_t>(lane.start);
    result.directions.col(lane.start) = directions_.col(k);
    result.iterations[place] = lane.iteration;
    result.settled[place] = settled;
    const Index last = --active_;
    if (k < last) {
      lanes_[static_cast<std::size_t>(k)] = lanes_[static_cast<std::size_t>(last)];
      set_power(powers_, k, starts_[static_cast<std::size_t>(lanes_[static_cast<std::size_t>(last)].start)].exponent);
      directions_.col(k) = directions_.col(last);
    }
    directions_.col(last).setZero();
  }

  // One iteration of every lane.
  void advance(Index part) {
    const RowMatrix stepped = step(part);
    for (Index k = 0; k < active_; ++k) {
      const double norm = stepped.col(k).norm();
      if (norm > 0) directions_.col(k) = stepped.col(k) / norm;
      ++lanes_[static_cast<std::size_t>(k)].iteration;
    }
  }

  // E[z g(s)] - w E[g'(s)] of every lane.
  RowMatrix step(Index part) {
    FloatMatrix filters = transposed_product(projection_, directions_, threads_).cast<float>();
    parallel_for(kPieces, threads_, [&](Index i) { piece_sums(i, filters, part); });
    RowMatrix gradient = RowMatrix::Zero(filters.rows(), kFloatColumns);
    Eigen::RowVectorXd slope = Eigen::RowVectorXd::Zero(kFloatColumns);
    for (std::size_t i = 0; i < kPieces; ++i) {
      gradient += gradients_[i].cast<double>();
      slope += slopes_[i];
    }
    RowMatrix stepped = product(projection_, gradient, threads_);
    stepped -= directions_ * slope.asDiagonal();
    return stepped;
  }

  void piece_sums(Index i, const FloatMatrix& filters, Index part) {
    const auto& kernels = hd_kernels::kernels();
    const Index width = frames_.width(), depth = filters.rows(), columns = padded_columns(active_);
    auto& gradient = gradients_[static_cast<std::size_t>(i)];
    auto& slope = slopes_[static_cast<std::size_t>(i)];
    gradient.setZero();
    slope.setZero();
    FloatMatrix s(kTile, kFloatColumns);
    const auto piece = piece_of(frames_.count(), i);
    for (Index t = 0; t < piece.count; t += kTile) {
      const Index here = std::min(kTile, piece.count - t), first = piece.first + t;
      if (part != kAll && (t / kTile + i + part) % settings_.trial_share != 0) continue;
      s.setZero();
      kernels.multiply_float(frames_.extended(first, lags_), width, 1, filters.data(), kFloatColumns, s.data(), kFloatColumns, (here + 7) / 8 * 8, depth,
                             columns);
      exclude_starts(s, first, here);
      Eigen::Matrix<float, 1, kFloatColumns> sum = Eigen::Matrix<float, 1, kFloatColumns>::Zero();
      kernels.contrast(s.data(), kFloatColumns, here, shape_of(settings_.contrast), static_cast<float>(part == kAll ? settings_.limit : settings_.trial_limit), powers_, sum.data());
      slope += sum.cast<double>();
      kernels.multiply_float(frames_.extended(first, lags_), 1, width, s.data(), kFloatColumns, gradient.data(), kFloatColumns, depth, here, columns);
    }
  }

  // Newton's step converges in two iterations on the single start sample if it counts from the beginning.
  void exclude_starts(FloatMatrix& s, Index first, Index count) const {
    for (Index k = 0; k < active_; ++k) {
      const auto& lane = lanes_[static_cast<std::size_t>(k)];
      if (lane.iteration >= settings_.exclusion_iterations) continue;
      const Index at = starts_[static_cast<std::size_t>(lane.start)].sample - first;
      const Index from = std::max<Index>(0, at - settings_.exclusion_samples), to = std::min(count - 1, at + settings_.exclusion_samples);
      for (Index t = from; t <= to; ++t) s(t, k) = 0;
    }
  }

  const Frames& frames_;
  const RowMatrix& projection_;
  Index lags_;
  const std::vector<Start>& starts_;
  const FixedPointSettings& settings_;
  int threads_;
  std::vector<Lane> lanes_;  // the first `active_` are at work
  Index active_ = 0;
  RowMatrix directions_;
  hd_kernels::Powers powers_{};
  std::array<FloatMatrix, kPieces> gradients_;
  std::array<Eigen::RowVectorXd, kPieces> slopes_ = filled();

  static std::array<Eigen::RowVectorXd, kPieces> filled() {
    std::array<Eigen::RowVectorXd, kPieces> sums;
    sums.fill(Eigen::RowVectorXd::Zero(kFloatColumns));
    return sums;
  }
};

}  // namespace

FixedPointResult fixed_point(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Start>& starts,
                             const FixedPointSettings& settings, int threads) {
  return Batch(frames, projection, lags, starts, settings, threads).run();
}

}  // namespace emg::hd
