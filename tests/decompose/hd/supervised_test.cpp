#include "libemg/decompose/hd/supervised.h"

#include <numeric>

#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/whitening.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {

TEST_CASE("filters from known spikes find them again, also from spikes that lie late or are partly wrong") {
  const auto data = mixture({});
  const Frames frames(data.recording.samples, 64);
  std::vector<Index> channels(16);
  std::iota(channels.begin(), channels.end(), Index{0});
  const auto projection = whiten(extended_covariance(lag_products(frames, 8), 8, static_cast<double>(frames.count())), 8, channels).projection;
  auto trains = data.trains;
  for (auto& train : trains) train = moved(train, 9, frames.count());
  for (std::size_t i = 0; i < trains[0].size(); i += 6) trains[0][i] += 30;
  const auto units = refit_filters(frames, projection, 8, trains, {{0, frames.count()}}, {});
  REQUIRE(units.size() == 5);
  for (std::size_t u = 0; u < units.size(); ++u) {
    CHECK(pair_agreement(data.trains[u], units[u].source.samples, 20, 1).roa > 0.95);
    CHECK(units[u].source.sil_peaks > 0.85);
  }
  const auto again = refit_filters(frames, projection, 8, trains, {{0, frames.count()}}, {}, 7);
  CHECK(again[1].filter == units[1].filter);
}

TEST_CASE("a train that leaves the record loses the spikes outside") {
  CHECK(moved({1, 5, 99}, -2, 100) == Train{3, 97});
  CHECK(moved({1, 5, 99}, 2, 100) == Train{3, 7});
}

}  // namespace emg::hd
