// Sliding window, runs above a level, and the shape of one event.

#include <algorithm>
#include <cmath>

#include "libemg/measure/twitch/event_detector.h"
#include "libemg/measure/twitch/event_internal.h"

namespace emg {
namespace twitch {

void SlidingRows::append(const ChannelsView& block) {
  const Index kept = end() - keep_from_, needed = kept + block.cols();
  if (count_ + block.cols() > data_.cols()) {
    if (needed > data_.cols()) {
      RowMatrix larger(rows_, std::max(needed + needed / 2, Index{4096}));
      for (Index r = 0; r < rows_; ++r) {
        if (kept > 0) std::copy_n(data_.data() + r * data_.cols() + (keep_from_ - first_), kept, larger.data() + r * larger.cols());
      }
      data_.swap(larger);
    } else {
      for (Index r = 0; r < rows_; ++r) {
        double* row = data_.data() + r * data_.cols();
        std::copy(row + (keep_from_ - first_), row + count_, row);
      }
    }
    first_ = keep_from_;
    count_ = kept;
  }
  data_.middleCols(count_, block.cols()) = block;
  count_ += block.cols();
}

void RunFinder::close_run(Index end, std::vector<Span>& found) {
  in_run_ = false;
  if (!hit_) return;
  hit_ = false;
  if (waiting_ && run_first_ - (waiting_->first + waiting_->count) < gap_ && end - waiting_->first <= longest_) {
    waiting_->count = end - waiting_->first;
    return;
  }
  if (waiting_) found.push_back(*waiting_);
  waiting_ = Span{run_first_, end - run_first_};
}

void RunFinder::push(std::span<const double> trace, std::vector<Span>& found) {
  for (const double y : trace) {
    if (y > low_) {
      if (!in_run_) {
        in_run_ = true;
        run_first_ = position_;
      }
      hit_ = hit_ || y > high_;
      if (position_ - run_first_ >= longest_) close_run(position_, found);
    } else if (in_run_) {
      close_run(position_, found);
    }
    const Index from = in_run_ ? run_first_ : position_;
    if (waiting_ && from - (waiting_->first + waiting_->count) >= gap_) {
      found.push_back(*waiting_);
      waiting_.reset();
    }
    ++position_;
  }
}

void RunFinder::finish(std::vector<Span>& found) {
  if (in_run_) close_run(position_, found);
  if (waiting_) found.push_back(*waiting_);
  waiting_.reset();
}

double refined_peak(std::span<const double> y, Index peak, Index reach) {
  const auto count = static_cast<Index>(y.size());
  reach = std::min({reach, peak, count - 1 - peak});
  if (reach < 1) return 0;
  // Least squares over x = -reach .. reach: slope = sum(x y) / S2, curvature from the centred squares.
  double s0 = 0, s1 = 0, s2 = 0, q2 = 0, q4 = 0;
  for (Index x = -reach; x <= reach; ++x) {
    const double v = y[static_cast<std::size_t>(peak + x)], d = static_cast<double>(x);
    s0 += v;
    s1 += d * v;
    s2 += d * d * v;
    q2 += d * d;
    q4 += d * d * d * d;
  }
  const double n = static_cast<double>(2 * reach + 1);
  const double curvature = (s2 - q2 / n * s0) / (q4 - q2 * q2 / n);
  if (!(std::fabs(curvature) > 0)) return 0;
  return std::clamp(-(s1 / q2) / (2 * curvature), -static_cast<double>(reach), static_cast<double>(reach));
}

Shape shape_of(std::span<const double> wave, double rate_hz) {
  Shape shape;
  if (wave.empty()) return shape;
  const auto [low, high] = std::minmax_element(wave.begin(), wave.end());
  shape.amplitude_uv = *high - *low;
  for (const double v : wave) shape.area_uvms += std::fabs(v) * 1000 / rate_hz;
  const auto a = std::min(low - wave.begin(), high - wave.begin()), b = std::max(low - wave.begin(), high - wave.begin());
  if (b <= a) return shape;
  // 10 and 90 % of the way between the two extremes, by straight lines between samples.
  const double from = wave[static_cast<std::size_t>(a)], way = wave[static_cast<std::size_t>(b)] - from;
  const auto crossing = [&](double share) {
    for (auto i = a + 1; i <= b; ++i) {
      const double u = (wave[static_cast<std::size_t>(i) - 1] - from) / way, v = (wave[static_cast<std::size_t>(i)] - from) / way;
      if (u <= share && v > share) return static_cast<double>(i - 1) + (share - u) / (v - u);
    }
    return static_cast<double>(b);
  };
  shape.rise_ms = (crossing(0.9) - crossing(0.1)) * 1000 / rate_hz;
  if (*shape.rise_ms < 0) shape.rise_ms.reset();
  return shape;
}

}  // namespace twitch

ShapeCounts shape_counts(std::span<const double> wave, double least_uv) {
  ShapeCounts counts;
  int sign = 0;
  for (const double v : wave) {
    const int now = v > least_uv ? 1 : v < -least_uv ? -1 : 0;
    if (now != 0 && now != sign) {
      sign = now;
      ++counts.phases;
    }
  }
  // A turn: the trace comes back from an extreme by at least `least_uv`.
  int direction = 0;
  double extreme = wave.empty() ? 0 : wave.front(), other = extreme;
  for (const double v : wave) {
    if (direction == 0) {
      extreme = std::max(extreme, v);
      other = std::min(other, v);
      if (v - other >= least_uv) direction = 1, extreme = v;
      else if (extreme - v >= least_uv) direction = -1, extreme = v;
    } else if ((v - extreme) * direction > 0) {
      extreme = v;
    } else if ((extreme - v) * direction >= least_uv) {
      ++counts.turns;
      direction = -direction;
      extreme = v;
    }
  }
  return counts;
}

}  // namespace emg
