#include "libemg/measure/surface/window_features.h"

#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/measure/surface/kernels_internal.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

// The oracle vector of the specification: two sines, 256 samples at 1000 Hz.
RowMatrix oracle() {
  RowMatrix x(1, 256);
  for (Index i = 0; i < 256; ++i) {
    const auto n = static_cast<double>(i);
    x(0, i) = 100 * std::sin(2 * std::numbers::pi * 0.05 * n) + 30 * std::sin(2 * std::numbers::pi * 0.17 * n + 1);
  }
  return x;
}

WindowFeaturesOptions whole_record(std::vector<std::string> features, double threshold_uv = 5) {
  WindowFeaturesOptions options;
  options.window_ms = options.hop_ms = 256;
  options.features = std::move(features);
  options.threshold_uv = threshold_uv;
  return options;
}

double value(const WindowFeatures& f, std::string_view name, Index channel = 0, Index window = 0) {
  return (*f.find(name))(channel, window);
}

// Plain formulas of one window.
struct Plain {
  double rms = 0, mav = 0, wl = 0, zc = 0, ssc = 0;

  Plain(const double* x, Index n, double t) {
    for (Index i = 0; i < n; ++i) {
      rms += x[i] * x[i] / static_cast<double>(n);
      mav += std::abs(x[i]) / static_cast<double>(n);
      if (i + 1 < n) {
        wl += std::abs(x[i + 1] - x[i]);
        zc += x[i] * x[i + 1] < 0 && std::abs(x[i + 1] - x[i]) > t;
      }
      if (i + 2 < n) {
        const double a = x[i + 1] - x[i], b = x[i + 2] - x[i + 1];
        ssc += a * b < 0 && (std::abs(a) > t || std::abs(b) > t);
      }
    }
    rms = std::sqrt(rms);
  }
};

}  // namespace

TEST_CASE("features of the oracle vector") {
  const auto f = window_features(oracle(), 1000, whole_record({"all"}));
  const std::pair<const char*, double> expected[] = {{"rms_uv", 73.63566754685652},
                                                     {"mav_uv", 64.98648630368197},
                                                     {"iav_uv", 16636.540493742585},
                                                     {"iemg_uv_s", 16.636540493742585},
                                                     {"var_uv2", 5441.940870453817},
                                                     {"wl_uv", 6363.0135437954505},
                                                     {"dasdv_uv", 30.75913119370741},
                                                     {"log_detector_uv", 49.82194106080079},
                                                     {"hjorth_activity_uv2", 5420.683288928607},
                                                     {"hjorth_mobility_hz", 66.48294829825527},
                                                     {"hjorth_complexity", 1.7907631733855636},
                                                     {"kurtosis", -1.2735118319589167},
                                                     {"sampen", 0.8853831944110784}};
  for (const auto& [name, number] : expected) {
    INFO(name);
    CHECK(value(f, name) == Approx(number).epsilon(1e-12));
  }
  CHECK(value(f, "skewness") == Approx(-0.021831376101259563).epsilon(1e-11));
  CHECK(value(f, "zc") == 25);
  CHECK(value(f, "ssc") == 61);
  CHECK(value(f, "zc_per_s") == Approx(25 / 0.256));
  CHECK(value(f, "aac_uv") == Approx(6363.0135437954505 / 255));
  CHECK(value(f, "mfl") == Approx(std::log10(30.75913119370741 * std::sqrt(255.0))));
  CHECK(value(f, "threshold_uv") == 5);
  const double burg[] = {-2.85753858, 3.81636335, -2.85732339, 0.99985689};
  for (int k = 0; k < 4; ++k) CHECK(std::abs(value(f, "ar_" + std::to_string(k + 1)) - burg[k]) < 6e-9);
  CHECK(value(f, "cc_1") == -value(f, "ar_1"));
  CHECK(value(f, "cc_2") == Approx(-value(f, "ar_2") - 0.5 * value(f, "ar_1") * value(f, "cc_1")));
  double shares = 0;
  for (int k = 1; k <= 9; ++k) shares += value(f, "hist_" + std::to_string(k));
  CHECK(shares == Approx(1));
  CHECK(value(window_features(oracle(), 1000, whole_record({"wamp"}, 20)), "wamp") == 127);
  CHECK(value(window_features(oracle(), 1000, whole_record({"myop"}, 50)), "myop") == 0.68359375);
  auto options = whole_record({"ar"});
  options.ar_method = AutoregressionMethod::yule_walker;
  const auto walker = window_features(oracle(), 1000, options);
  const double yule[] = {-2.08090008, 1.94949137, -1.07561342, 0.32317098};
  for (int k = 0; k < 4; ++k) CHECK(std::abs(value(walker, "ar_" + std::to_string(k + 1)) - yule[k]) < 6e-9);
}

TEST_CASE("sample entropy of white noise, mobility of a sine") {
  double sum = 0;
  for (std::uint64_t run = 0; run < 40; ++run) {
    RowMatrix x(1, 1000);
    Random random(run);
    for (Index i = 0; i < 1000; ++i) x(0, i) = random.normal();
    sum += value(window_features(x, 1000, {.window_ms = 1000, .features = {"sampen"}}), "sampen") / 40;
  }
  CHECK(sum == Approx(-std::log(std::erf(0.1))).epsilon(0.02));
  RowMatrix sine(1, 2000);
  for (Index i = 0; i < 2000; ++i) sine(0, i) = std::sin(2 * std::numbers::pi * 70 * static_cast<double>(i) / 2000);
  const auto f = window_features(sine, 2000, {.window_ms = 1000, .features = {"hjorth", "mnf"}});
  CHECK(value(f, "hjorth_mobility_hz") == Approx(2000 / std::numbers::pi * std::sin(std::numbers::pi * 70 / 2000)).epsilon(1e-3));
  CHECK(value(f, "mnf_hz") == Approx(70).epsilon(1e-3));
}

TEST_CASE("every window of any length and hop equals the plain formulas") {
  const auto x = test_signal(2, 1500, 0);
  for (const Index length : {3, 7, 64, 250, 251, 1500}) {
    for (const Index hop : {1, 5, 63, 64, 125, 300}) {
      WindowFeaturesOptions options;
      options.window_ms = static_cast<double>(length);
      options.hop_ms = static_cast<double>(hop);
      options.threshold_uv = 20;
      const auto f = window_features(x, 1000, options);
      REQUIRE(static_cast<Index>(f.time_s.size()) == (1500 - length) / hop + 1);
      bool same = true;
      for (Index c = 0; c < 2; ++c) {
        for (Index w = 0; w < static_cast<Index>(f.time_s.size()); ++w) {
          const Plain plain(x.row(c).data() + w * hop, length, 20);
          same = same && std::abs(value(f, "rms_uv", c, w) / plain.rms - 1) < 1e-12 &&
                 std::abs(value(f, "mav_uv", c, w) / plain.mav - 1) < 1e-12;
          same = same && std::abs(value(f, "wl_uv", c, w) / plain.wl - 1) < 1e-12 && value(f, "zc", c, w) == plain.zc;
          same = same && value(f, "ssc", c, w) == plain.ssc;
        }
      }
      INFO("window of " << length << " samples every " << hop);
      CHECK(same);
      CHECK(f.time_s.back() == Approx((static_cast<double>(length) / 2 + static_cast<double>((f.time_s.size() - 1) * hop)) / 1000));
    }
  }
}

TEST_CASE("an artefact leaves nothing behind in later windows") {
  RowMatrix x = test_signal(1, 4000, 0);
  const auto before = window_features(x, 1000, {.threshold_uv = 1});
  x(0, 1000) = 1e12;
  const auto after = window_features(x, 1000, {.threshold_uv = 1});
  for (Index w = 9; w < before.find("wl_uv")->cols(); ++w) CHECK(value(after, "wl_uv", 0, w) == value(before, "wl_uv", 0, w));
}

TEST_CASE("the threshold is twice the noise of the channel") {
  RowMatrix x(1, 20000);
  Random random(1);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = 3 * random.normal();
  const auto f = window_features(x, 2000, {});
  CHECK(value(f, "threshold_uv") == Approx(6).epsilon(0.05));
  CHECK(value(f, "threshold_uv", 0, 5) == value(f, "threshold_uv"));
}

TEST_CASE("all instruction sets give the same bits") {
  const auto x = test_signal(1, 1100, 0);
  using surface_kernels::StretchSums;
  for (const Index count : {1, 2, 7, 8, 9, 16, 63, 128, 1000}) {
    StretchSums plain;
    surface_kernels::baseline_kernels()->stretch(x.data(), count, count, count, 12, &plain);
    for (const auto* variant : {surface_kernels::v3_kernels(), &surface_kernels::kernels()}) {
      // Only what this processor runs: the chosen one, and what lies below it.
      if (!variant || (variant != &surface_kernels::kernels() && &surface_kernels::kernels() == surface_kernels::baseline_kernels()))
        continue;
      StretchSums sums;
      variant->stretch(x.data(), count, count, count, 12, &sums);
      CHECK((sums.squares == plain.squares && sums.absolutes == plain.absolutes && sums.lengths == plain.lengths));
      CHECK((sums.crossings == plain.crossings && sums.turns == plain.turns));
    }
  }
}

TEST_CASE("window features: the same bits for any thread count and company; scale and sign") {
  const auto x = test_signal(9, 2000);
  WindowFeaturesOptions options;
  options.features = {"all"};
  options.threshold_uv = 10;
  const auto whole = window_features(x, 1000, options), two = window_features(x, 1000, options, 2),
             seven = window_features(x, 1000, options, 7);
  const auto alone = window_features(x.row(4), 1000, options), negative = window_features(-x, 1000, options);
  options.threshold_uv = 20;
  const auto doubled = window_features(2 * x, 1000, options);
  for (std::size_t k = 0; k < whole.features.size(); ++k) {
    INFO(whole.features[k].name);
    CHECK(two.features[k].values == whole.features[k].values);
    CHECK(seven.features[k].values == whole.features[k].values);
    CHECK(alone.features[k].values == whole.features[k].values.row(4));
  }
  for (const auto* name : {"rms_uv", "wl_uv", "mav_uv", "log_detector_uv", "dasdv_uv"}) {
    CHECK(doubled.find(name)->isApprox(2 * *whole.find(name), 1e-13));
    CHECK(negative.find(name)->isApprox(*whole.find(name), 1e-15));
  }
  for (const auto* name : {"zc", "ssc", "wamp", "myop", "sampen"}) CHECK(doubled.find(name)->isApprox(*whole.find(name), 1e-13));
}

TEST_CASE("a constant: amplitudes are its own, shape and entropy are missing") {
  WindowFeaturesOptions options;
  options.features = {"all"};
  const auto f = window_features(RowMatrix::Constant(1, 1000, -4), 1000, options);
  CHECK(value(f, "rms_uv") == 4);
  CHECK(value(f, "mav_uv") == 4);
  CHECK(value(f, "wl_uv") == 0);
  CHECK(value(f, "var_uv2") == 0);
  CHECK(value(f, "zc") == 0);
  for (const auto* name : {"skewness", "kurtosis", "sampen", "ar_1", "hjorth_mobility_hz", "mfl"}) CHECK(std::isnan(value(f, name)));
}

TEST_CASE("window features refuse unknown names, short records and samples that are not finite") {
  RowMatrix x = test_signal(2, 1000);
  CHECK_THROWS_WITH(window_features(x, 1000, {.features = {"rsm"}}),
                    ContainsSubstring("features holds \"rsm\"") && ContainsSubstring("did you mean rms?"));
  CHECK_THROWS_WITH(window_features(x, 1000, {.features = {}}), ContainsSubstring("features is empty"));
  CHECK_THROWS_WITH(window_features(x.leftCols(200), 1000, {}), ContainsSubstring("window_ms 250 ms is longer than the record (200 ms)"));
  CHECK_THROWS_WITH(window_features(x, 1000, {.window_ms = 4, .features = {"ar"}}),
                    ContainsSubstring("window_ms 4 ms has 4 samples; ar needs 5"));
  CHECK_THROWS_WITH(window_features(x, 1000, {.ar_order = 33}), ContainsSubstring("ar_order 33"));
  x(1, 990) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(window_features(x, 1000, {}), "channel 1, sample 990 is not finite");
}

}  // namespace emg
