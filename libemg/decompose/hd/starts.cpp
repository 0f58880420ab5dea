#include "libemg/decompose/hd/starts.h"

#include <algorithm>
#include <cmath>

#include "libemg/decompose/hd/sources.h"

namespace emg::hd {
namespace {

constexpr Index kDirections = 32, kStretches = 8;

struct Candidate {
  double key;
  Index sample;
};

std::vector<float> activity_of(const Frames& frames, const RowMatrix& projection, Index lags, Random& random, int threads) {
  RowMatrix directions(projection.rows(), kDirections);
  for (Index i = 0; i < directions.size(); ++i) directions.data()[i] = random.normal();
  const FloatMatrix s = sources(frames, raw_filters(projection, directions, threads), lags, threads);
  std::vector<float> activity(static_cast<std::size_t>(frames.count()), 0.0f);
  for (Index k = 0; k < s.rows(); ++k) {
    const float* from = s.data() + k * s.cols();
    for (Index t = 0; t < s.cols(); ++t) activity[static_cast<std::size_t>(t)] += from[t] * from[t];
  }
  return activity;
}

}  // namespace

std::vector<Index> draw_starts(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Span>& runs, Index separation, Index count,
                               Random random, int threads) {
  const auto activity = activity_of(frames, projection, lags, random, threads);
  std::vector<std::vector<Candidate>> stretches(kStretches);
  for (const auto& run : runs) {
    for (Index from = run.first; from < run.first + run.count; from += separation) {
      const Index to = std::min(from + separation, run.first + run.count);
      Index best = from;
      for (Index t = from; t < to; ++t) {
        if (activity[static_cast<std::size_t>(t)] > activity[static_cast<std::size_t>(best)]) best = t;
      }
      const double gumbel = -std::log(random.exponential());
      const double a = static_cast<double>(activity[static_cast<std::size_t>(best)]);
      if (a <= 0) continue;
      const Index stretch = std::min(kStretches - 1, best * kStretches / std::max<Index>(1, frames.count()));
      stretches[static_cast<std::size_t>(stretch)].push_back({0.5 * std::log(a) + gumbel, best});
    }
  }
  for (auto& list : stretches) {
    std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) { return a.key > b.key; });
  }
  std::vector<Index> starts;
  for (std::size_t rank = 0; static_cast<Index>(starts.size()) < count; ++rank) {
    const auto before = starts.size();
    for (const auto& list : stretches) {
      if (rank < list.size() && static_cast<Index>(starts.size()) < count) starts.push_back(list[rank].sample);
    }
    if (starts.size() == before) break;
  }
  return starts;
}

}  // namespace emg::hd
