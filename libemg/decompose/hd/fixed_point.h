#pragma once
// Directions of whitened observations whose source is as far from normal as possible: fixed point steps for many starts at once.
//
// frames, projection (rank x (R width), rows of unit variance on the frames), starts. Result: unit columns (rank x starts), in the order
// of the starts, iterations and whether each settled; a start that did not go on after the trial has a zero column and `dropped`.
// w+ = E[z g(s)] - w E[g'(s)], s = w^T z, g(u) = u^(e - 1) of the source clipped at `limit`: a direction that only few samples share reaches
// sqrt(rank) there, more than a train that fires on, and under a wide limit many starts end at such samples. Neither x~ nor z is stored: with F = P^T w both sums
// are products with shifted samples. After the trial, iterations over a changing part of the time, columns that point the same way go on as
// one, and `select` may drop more. 32 columns run together; one that has settled makes room for the next.
// No starts give no columns. Throws InvalidArgument for an exponent that is no multiple of 0.5 in [2.5, 9].
// Cost: 4 R width count operations for each column and iteration, in float; sums over pieces of time in double.
// Method: FastICA with a skewness-like power (Hyvarinen & Oja 1997; Negro et al. 2016), exponent per column (Grison et al. 2024).

#include <array>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/decompose/hd/frames.h"

namespace emg {

enum class Contrast { positive, even, odd };
constexpr auto enum_names(Contrast) {
  return std::array{std::pair{Contrast::positive, std::string_view("positive")}, std::pair{Contrast::even, std::string_view("even")},
                    std::pair{Contrast::odd, std::string_view("odd")}};
}

namespace hd {

struct Start {
  Index sample = 0;
  double exponent = 3;
};

struct FixedPointSettings {
  Contrast contrast = Contrast::positive;
  double limit = 5;               ///< of the source, standard deviations
  int max_iterations = 20;
  double tolerance = 1e-3;        ///< a column has settled when 1 - |w^T w+| is below
  Index exclusion_samples = 2;    ///< in the first iterations samples this near the start add nothing
  int exclusion_iterations = 2;
  int trial_iterations = 0;
  double trial_limit = 5;         ///< `limit` of the trial
  Index trial_share = 4;          ///< an iteration of the trial sums over one of so many parts of the time, another one each time
  /// Given the directions after the trial (rank x starts), those dropped already zero: which starts go on. Open: all.
  std::function<std::vector<bool>(const RowMatrix& directions)> select;
  std::function<void()> check;    ///< called between iterations; may throw
};

struct FixedPointResult {
  RowMatrix directions;  ///< rank x starts
  std::vector<int> iterations;
  std::vector<bool> settled, dropped;
};

FixedPointResult fixed_point(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Start>& starts,
                             const FixedPointSettings& settings, int threads = 1);

}  // namespace hd
}  // namespace emg
