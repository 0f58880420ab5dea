#include "libemg/decompose/hd/fixed_point.h"

#include <numeric>

#include "libemg/core/error.h"
#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/sources.h"
#include "libemg/decompose/hd/whitening.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {
namespace {

struct White {
  Frames frames;
  RowMatrix projection;
  double count;
};

White white(Index lags) {
  White w{Frames(mixture({}).recording.samples, 16), {}, 0};
  w.count = static_cast<double>(w.frames.count());
  std::vector<Index> channels(16);
  std::iota(channels.begin(), channels.end(), Index{0});
  w.projection = whiten(extended_covariance(lag_products(w.frames, lags), lags, w.count), lags, channels).projection;
  return w;
}

// One Newton step on stored whitened observations, written down as in the paper.
Eigen::VectorXd newton_step(const White& w, Index lags, const Eigen::VectorXd& from, double e, Contrast shape, double limit, Index start, Index excluded) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(from.size());
  double slope = 0;
  for (Index t = 0; t < w.frames.count(); ++t) {
    const Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXf>(w.frames.extended(t, lags), lags * w.frames.width()).cast<double>();
    const Eigen::VectorXd z = w.projection * x;
    double s = from.dot(z);
    if (std::abs(t - start) <= excluded) s = 0;
    const double u = std::min(limit, shape == Contrast::positive ? std::max(0.0, s) : std::abs(s)), sign = s < 0 ? -1 : 1;
    sum += z * std::pow(u, e - 1) * (shape == Contrast::odd ? sign : 1);
    if (shape != Contrast::positive || s > 0) slope += (e - 1) * std::pow(u, e - 2) * (shape == Contrast::even ? sign : 1);
  }
  const Eigen::VectorXd stepped = (sum - slope * from) / w.count;
  return stepped / stepped.norm();
}

}  // namespace

TEST_CASE("iterates equal Newton steps on stored whitened observations") {
  const Index lags = 4;
  const auto w = white(lags);
  for (const auto shape : {Contrast::positive, Contrast::even, Contrast::odd}) {
    for (const double e : {2.5, 3.0, 4.0, 5.0}) {
      const Index start = 4321;
      FixedPointSettings settings;
      settings.contrast = shape;
      settings.max_iterations = 2;
      settings.exclusion_iterations = 1;
      const auto found = fixed_point(w.frames, w.projection, lags, {{start, e}}, settings);
      Eigen::VectorXd expected =
          w.projection * Eigen::Map<const Eigen::VectorXf>(w.frames.extended(start, lags), lags * w.frames.width()).cast<double>();
      expected /= expected.norm();
      expected = newton_step(w, lags, expected, e, shape, settings.limit, start, settings.exclusion_samples);
      expected = newton_step(w, lags, expected, e, shape, settings.limit, start, -1);
      CHECK((found.directions.col(0) - expected).norm() < 5e-5);  // two steps in float
    }
  }
}

TEST_CASE("a few large samples do not catch the starts") {
  Random random(3, 1);
  RowMatrix samples(16, 6000);
  for (Index i = 0; i < samples.size(); ++i) samples.data()[i] = random.normal();
  White w{Frames(samples, 16), {}, 6000};
  std::vector<Index> channels(16);
  std::iota(channels.begin(), channels.end(), Index{0});
  w.projection = whiten(extended_covariance(lag_products(w.frames, 8), 8, w.count), 8, channels).projection;
  std::vector<Start> starts;
  for (Index i = 0; i < 16; ++i) starts.push_back({300 * i + 200, 5});
  // Largest value of each source; at a single sample a unit vector reaches the length of the whitened observation.
  const auto caught = [&](double limit) {
    FixedPointSettings settings;
    settings.limit = limit;
    const auto found = fixed_point(w.frames, w.projection, 8, starts, settings);
    const FloatMatrix s = sources(w.frames, raw_filters(w.projection, found.directions), 8);
    return (s.rowwise().maxCoeff().array() > 0.8f * std::sqrt(static_cast<float>(w.projection.rows()))).count();
  };
  CHECK(caught(1000) >= 12);
  CHECK(caught(5) == 0);
}

TEST_CASE("after the trial only chosen starts go on") {
  const auto w = white(4);
  FixedPointSettings settings;
  settings.trial_iterations = 2;
  settings.select = [](const RowMatrix& directions) {
    std::vector<bool> kept(static_cast<std::size_t>(directions.cols()), false);
    kept[1] = true;
    return kept;
  };
  const auto found = fixed_point(w.frames, w.projection, 4, {{100, 3}, {2100, 3}, {7300, 4}}, settings);
  CHECK(found.dropped == std::vector<bool>{true, false, true});
  CHECK(found.directions.col(0).isZero());
  CHECK(std::abs(found.directions.col(1).norm() - 1) < 1e-9);
  CHECK(found.iterations[1] > 2);
}

TEST_CASE("starts do not depend on their company nor on threads") {
  const auto w = white(4);
  FixedPointSettings settings;
  std::vector<Start> many;
  for (Index i = 0; i < 40; ++i) many.push_back({500 * i + 100, 3});
  const auto all = fixed_point(w.frames, w.projection, 4, many, settings, 1);
  CHECK(all.directions == fixed_point(w.frames, w.projection, 4, many, settings, 7).directions);
  const auto alone = fixed_point(w.frames, w.projection, 4, {many[35]}, settings);
  CHECK(alone.directions.col(0) == all.directions.col(35));
  CHECK(alone.iterations[0] == all.iterations[35]);
}

TEST_CASE("an exponent that is no multiple of 0.5 is refused, no starts give nothing") {
  const auto w = white(4);
  FixedPointSettings settings;
  CHECK_THROWS_WITH(fixed_point(w.frames, w.projection, 4, {{100, 3.3}}, settings), ContainsSubstring("exponents has 3.3"));
  CHECK(fixed_point(w.frames, w.projection, 4, {}, settings).directions.cols() == 0);
}

}  // namespace emg::hd
