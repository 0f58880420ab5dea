#include "libemg/decompose/hd/whitening.h"

#include <numeric>

#include "libemg/core/error.h"
#include "libemg/decompose/hd/extension.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {
namespace {

std::vector<Index> all_of(const Frames& frames) {
  std::vector<Index> channels(static_cast<std::size_t>(frames.channel_count()));
  std::iota(channels.begin(), channels.end(), Index{0});
  return channels;
}

RowMatrix covariance_of(const Frames& frames, Index lags) {
  return extended_covariance(lag_products(frames, lags), lags, static_cast<double>(frames.count()));
}

}  // namespace

TEST_CASE("whitened observations have unit covariance and no direction at or below the floor") {
  const Frames frames(mixture({}).recording.samples, 16);
  const auto covariance = covariance_of(frames, 6);
  const auto whitening = whiten(covariance, 6, all_of(frames));
  const Index rank = whitening.projection.rows();
  CHECK((whitening.projection * covariance * whitening.projection.transpose() - RowMatrix::Identity(rank, rank)).cwiseAbs().maxCoeff() < 1e-9);
  CHECK(whitening.variances.minCoeff() > whitening.floor_uv2);
  const auto full = whiten(covariance, 6, all_of(frames), 0.0);
  CHECK(full.projection.rows() == 6 * 16);
  const Index half = 3 * 16;
  CHECK(whitening.floor_uv2 == Approx(full.variances.tail(half).mean()));
}

TEST_CASE("a residual is white again after the Cholesky step, in the same directions") {
  auto data = mixture({});
  const Frames frames(data.recording.samples, 16);
  const auto whitening = whiten(covariance_of(frames, 6), 6, all_of(frames));
  RowMatrix changed = data.recording.samples;
  for (Index c = 0; c < 8; ++c) changed.row(c) *= 0.3;
  const auto covariance = covariance_of(Frames(changed, 16), 6);
  const auto again = rewhitened(whitening.projection, covariance);
  const Index rank = again.rows();
  CHECK(rank == whitening.projection.rows());
  CHECK((again * covariance * again.transpose() - RowMatrix::Identity(rank, rank)).cwiseAbs().maxCoeff() < 1e-8);
  CHECK(again == rewhitened(whitening.projection, covariance, 7));
}

TEST_CASE("channels left out have no taps") {
  const Frames frames(mixture({}).recording.samples, 16);
  const auto whitening = whiten(covariance_of(frames, 4), 4, {0, 2, 4, 6, 8, 10, 12, 14});
  for (Index l = 0; l < 4; ++l) CHECK(whitening.projection.col(l * 16 + 3).isZero());
}

TEST_CASE("copies of one channel are refused") {
  RowMatrix x = mixture({}).recording.samples;
  for (Index c = 1; c < x.rows(); ++c) x.row(c) = x.row(0);
  const Frames frames(x, 16);
  CHECK_THROWS_WITH(whiten(covariance_of(frames, 4), 4, all_of(frames)), ContainsSubstring("channels are copies of each other"));
}

}  // namespace emg::hd
