#include "libemg/decompose/hd/reliability.h"

#include <numeric>

#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/peel_off.h"
#include "libemg/decompose/hd/whitening.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {

TEST_CASE("true trains agree between halves and between channels, arbitrary instants do not") {
  MixtureOptions options;
  options.units = 3;
  const auto data = mixture(options);
  const Frames frames(data.recording.samples, 64);
  auto trains = data.trains;
  Random random(9);
  trains.push_back(regular_train(random, 9.9, 2048, 3, 0.2));
  const auto shapes = unit_templates(frames, trains, {});
  Frames residual = frames;
  add_units(residual, trains, shapes, -1);
  const auto count = static_cast<double>(frames.count());
  const auto covariance = extended_covariance(lag_products(residual, 8), 8, count);
  std::vector<Index> channels(16);
  std::iota(channels.begin(), channels.end(), Index{0});
  const auto projection = whiten(covariance, 8, channels).projection;
  const std::vector<Span> runs{{0, frames.count()}};
  const ReliabilityInput input{residual, projection, covariance, 8, trains, shapes, runs, count, {}, 1};
  const auto halves = halves_agreement(input), split = channels_agreement(input);
  for (std::size_t u = 0; u < 3; ++u) {
    CHECK(halves[u].value_or(0) > 0.9);
    CHECK(split[u].value_or(0) > 0.9);
  }
  CHECK(halves[3].value_or(1) < 0.6);
  CHECK(halves_agreement(input, 7) == halves);
}

}  // namespace emg::hd
