#include "libemg/decompose/hd/peel_off.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/decompose/hd/kernels_internal.h"

namespace emg::hd {
namespace {

// The frames of a window of `length` frames, first at `from`, that lie in [low, high).
struct Inside {
  Index first, count;
};
Inside inside(Index from, Index length, Index low, Index high) {
  const Index first = std::max<Index>(0, low - from);
  return {first, std::max<Index>(0, std::min(length, high - from) - first)};
}

double dot(const std::vector<FloatMatrix>& a, const std::vector<FloatMatrix>& b) {
  double sum = 0;
  for (std::size_t u = 0; u < a.size(); ++u) {
    // Rows in float, their sums in double: a row is a few hundred numbers.
    for (Index i = 0; i < a[u].rows(); ++i) sum += static_cast<double>(a[u].row(i).dot(b[u].row(i)));
  }
  return sum;
}

class NormalEquations {
 public:
  NormalEquations(const Frames& like, const std::vector<Train>& trains, const TemplateSettings& settings, int threads)
      : trains_(trains), half_(settings.half), threads_(threads), work_(like.channel_count(), like.count(), settings.half) {
    double spikes = 0;
    for (const auto& train : trains) spikes += static_cast<double>(train.size());
    ridge_ = static_cast<float>(settings.ridge * spikes / static_cast<double>(trains.size()));
  }

  // (A + ridge I) T.
  std::vector<FloatMatrix> apply(const std::vector<FloatMatrix>& templates) {
    work_.clear();
    add_units(work_, trains_, templates, 1.0f, threads_);
    auto result = window_sums(work_, trains_, half_, threads_);
    for (std::size_t u = 0; u < result.size(); ++u) result[u] += ridge_ * templates[u];
    return result;
  }

  float preconditioner(std::size_t u) const { return 1.0f / std::max(1.0f, static_cast<float>(trains_[u].size()) + ridge_); }

 private:
  const std::vector<Train>& trains_;
  Index half_;
  int threads_;
  float ridge_ = 0;
  Frames work_;
};

void conjugate_gradients(NormalEquations& equations, const std::vector<FloatMatrix>& right, std::vector<FloatMatrix>& solution, double tolerance,
                         int max_iterations) {
  const std::size_t units = right.size();
  auto residual = equations.apply(solution);
  std::vector<FloatMatrix> scaled(units), direction(units);
  for (std::size_t u = 0; u < units; ++u) {
    residual[u] = right[u] - residual[u];
    scaled[u] = equations.preconditioner(u) * residual[u];
    direction[u] = scaled[u];
  }
  const double enough = tolerance * tolerance * dot(right, right);
  double size = dot(residual, scaled);
  for (int i = 0; i < max_iterations && dot(residual, residual) > enough; ++i) {
    const auto applied = equations.apply(direction);
    const double curvature = dot(direction, applied);
    if (!(curvature > 0)) return;
    const auto step = static_cast<float>(size / curvature);
    for (std::size_t u = 0; u < units; ++u) {
      solution[u] += step * direction[u];
      residual[u] -= step * applied[u];
      scaled[u] = equations.preconditioner(u) * residual[u];
    }
    const double next = dot(residual, scaled);
    const auto keep = static_cast<float>(next / size);
    for (std::size_t u = 0; u < units; ++u) direction[u] = scaled[u] + keep * direction[u];
    size = next;
  }
}

}  // namespace

void add_units(Frames& frames, const std::vector<Train>& trains, const std::vector<FloatMatrix>& templates, float factor, int threads) {
  const auto add = hd_kernels::kernels().add_scaled;
  const Index width = frames.width();
  parallel_for(kPieces, threads, [&](Index i) {
    const auto piece = piece_of(frames.count(), i);
    for (std::size_t u = 0; u < trains.size(); ++u) {
      const Index length = templates[u].rows(), half = length / 2;
      const auto first = std::lower_bound(trains[u].begin(), trains[u].end(), piece.first - half);
      for (auto t = first; t != trains[u].end() && *t < piece.first + piece.count + half; ++t) {
        const auto part = inside(*t - half, length, piece.first, piece.first + piece.count);
        if (part.count > 0) add(factor, templates[u].data() + part.first * width, frames.at(*t - half + part.first), part.count * width);
      }
    }
  });
}

std::vector<FloatMatrix> window_sums(const Frames& frames, const std::vector<Train>& trains, Index half, int threads) {
  const auto add = hd_kernels::kernels().add_scaled;
  const Index length = 2 * half + 1, width = frames.width();
  std::vector<FloatMatrix> sums(trains.size());
  parallel_for(static_cast<Index>(trains.size()), threads, [&](Index u) {
    FloatMatrix& sum = sums[static_cast<std::size_t>(u)];
    sum = FloatMatrix::Zero(length, width);
    for (const Index t : trains[static_cast<std::size_t>(u)]) {
      const auto part = inside(t - half, length, 0, frames.count());
      if (part.count > 0) add(1.0f, frames.at(t - half + part.first), sum.data() + part.first * width, part.count * width);
    }
  });
  return sums;
}

std::vector<FloatMatrix> unit_templates(const Frames& frames, const std::vector<Train>& trains, const TemplateSettings& settings,
                                        const std::vector<FloatMatrix>& initial, int threads) {
  if (trains.empty()) return {};
  const auto right = window_sums(frames, trains, settings.half, threads);
  std::vector<FloatMatrix> templates = right;
  for (std::size_t u = 0; u < templates.size(); ++u) templates[u] /= std::max(1.0f, static_cast<float>(trains[u].size()));
  if (!settings.joint) return templates;
  for (std::size_t u = 0; u < std::min(initial.size(), templates.size()); ++u) {
    if (initial[u].rows() == templates[u].rows()) templates[u] = initial[u];
  }
  NormalEquations equations(frames, trains, settings, threads);
  conjugate_gradients(equations, right, templates, settings.tolerance, settings.max_iterations);
  return templates;
}

}  // namespace emg::hd
