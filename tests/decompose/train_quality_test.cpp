#include "libemg/decompose/train_quality.h"

#include "tests/support/catch.h"

namespace emg {

TEST_CASE("silhouettes of a small example") {
  const std::vector<double> spikes{10, 11, 9}, noise{1, 2, 1, 0};
  CHECK(sil_peaks(spikes, noise) == Approx(0.991837).epsilon(1e-6));
  CHECK(sil_centroid_both(spikes, noise) == Approx(0.935714).epsilon(1e-6));
}

TEST_CASE("pulse-to-noise ratios of a small example differ by definition") {
  const std::vector<double> s{0, 1, -1, 5, 1, 0, -1, 0, 4, 1, 0, -1};
  const std::vector<std::int64_t> spikes{3, 8};
  CHECK(pnr_holobar_db(s, spikes) == Approx(15.336026).epsilon(1e-7));
  CHECK(pnr_fourth_power_db(s, spikes) == Approx(24.693310).epsilon(1e-7));
}

TEST_CASE("variability of intervals, with and without the pause") {
  const auto q = interval_statistics(std::vector<double>{.1, .11, .09, .1, .1, .5}, 1.0);
  CHECK(q.cov_isi == Approx(0.980530).epsilon(1e-6));
  CHECK(q.cov_isi_robust == Approx(0.070711).epsilon(1e-5));
  CHECK(q.cod_isi == Approx(0.05).epsilon(1e-9));
  CHECK(q.short_fraction == 0);
}

TEST_CASE("fewer than two spikes, or nothing but spikes, have no quality") {
  const std::vector<double> s{1, 2, 3}, none, one{4};
  CHECK(std::isnan(sil_peaks(one, s)));
  CHECK(std::isnan(sil_peaks(s, none)));
  CHECK(std::isnan(pnr_holobar_db(s, std::vector<std::int64_t>{0, 1, 2})));
  CHECK(std::isnan(pnr_holobar_db(s, std::vector<std::int64_t>{1})));
  CHECK(std::isnan(interval_statistics(std::vector<std::int64_t>{5}, 1000).rate_mean_hz));
  CHECK(std::isnan(interval_statistics(std::vector<std::int64_t>{5, 105}, 1000).cov_isi));
}

TEST_CASE("the rate leaves pauses out") {
  const auto q = interval_statistics(std::vector<std::int64_t>{0, 100, 200, 300, 2300, 2400}, 1000);
  CHECK(q.rate_mean_hz == Approx(10));
}

}  // namespace emg
