#include "libemg/decompose/hd/extension.h"

#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {
namespace {

RowMatrix dense_covariance(const Frames& frames, Index lags) {
  const Index size = lags * frames.width();
  RowMatrix sum = RowMatrix::Zero(size, size);
  for (Index t = 0; t < frames.count() + lags - 1; ++t) {
    const Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXf>(frames.extended(t, lags), size).cast<double>();
    sum += x * x.transpose();
  }
  return sum / static_cast<double>(frames.count());
}

}  // namespace

TEST_CASE("the covariance from lag products is that of the extended observations, edges included") {
  for (const Index channels : {8, 11}) {
    MixtureOptions options;
    options.channels = channels;
    options.duration_s = 0.4;
    const Frames frames(mixture(options).recording.samples, 16);
    for (const Index lags : {1, 4, 7}) {
      const auto fast = extended_covariance(lag_products(frames, lags), lags, static_cast<double>(frames.count()));
      const auto dense = dense_covariance(frames, lags);
      CHECK((fast - dense).cwiseAbs().maxCoeff() <= 1e-12 * dense.cwiseAbs().maxCoeff());
    }
  }
}

TEST_CASE("lag products: the same bits for any number of threads") {
  const Frames frames(mixture({}).recording.samples, 16);
  CHECK(lag_products(frames, 8, 1) == lag_products(frames, 8, 7));
}

}  // namespace emg::hd
