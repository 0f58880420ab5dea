#include "libemg/filter/median.h"

#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("the moving median equals SciPy bit for bit, ties and edges included") {
  for (const auto& c : reference_cases("filters.txt", "median")) {
    RowMatrix x = test_signal(1, c.count());
    const double places = c.number("rounded") > 0 ? 1 : 1e9;
    for (Index i = 0; i < x.cols(); ++i) x(0, i) = std::nearbyint(x(0, i) * places) / places;
    INFO("count " << c.text("count") << " window " << c.text("window"));
    CHECK(reference_error(median_filter(x, 1000, {.window_ms = c.number("window")}).data(), x.cols(), c) == 0);
  }
}

TEST_CASE("the moving median is the middle of the sorted window") {
  const auto x = test_signal(1, 700);
  for (const Index window : {1, 7, 101, 699, 2001}) {
    const RowMatrix y = median_filter(x, 1000, {.window_ms = static_cast<double>(window)});
    bool same = true;
    for (Index i = 0; i < x.cols(); ++i) {
      std::vector<double> values;
      for (Index k = i - window / 2; k <= i + window / 2; ++k) values.push_back(x(0, std::clamp<Index>(k, 0, x.cols() - 1)));
      std::sort(values.begin(), values.end());
      same = same && y(0, i) == values[static_cast<std::size_t>(window / 2)];
    }
    CHECK(same);
  }
}

TEST_CASE("windows are made odd upwards, a spike goes, a constant stays") {
  RowMatrix x = test_signal(1, 500);
  CHECK(median_filter(x, 1000, {.window_ms = 50}) == median_filter(x, 1000, {.window_ms = 51}));
  CHECK(median_filter(x, 1000, {.window_ms = 0.1}) == x);
  CHECK(median_filter(x, 1000, {.window_ms = 51, .subtract = true}) == RowMatrix(x - median_filter(x, 1000, {.window_ms = 51})));
  CHECK(median_filter(RowMatrix(-x), 1000, {}) == RowMatrix(-median_filter(x, 1000, {})));
  RowMatrix flat = RowMatrix::Constant(1, 300, 7);
  flat(0, 100) = 1e9;
  CHECK(median_filter(flat, 1000, {.window_ms = 20}) == RowMatrix::Constant(1, 300, 7));
}

TEST_CASE("median-filter: the same bits for any block size, thread count and company") {
  const auto x = test_signal(10, 9000);
  for (const MedianFilterOptions& options : {MedianFilterOptions{}, MedianFilterOptions{.window_ms = 3, .subtract = true},
                                             MedianFilterOptions{.window_ms = 10000, .subtract = true}}) {
    CHECK(same_bits_everywhere(
        x, [&](const ChannelsView& v, int threads) { return median_filter(v, 1000, options, threads); },
        [&](Index n) { return median_filter_stage(n, 1000, options); }));
  }
}

TEST_CASE("median-filter refusals") {
  RowMatrix x = test_signal(10, 300);
  CHECK_THROWS_WITH(median_filter(x, 1000, {.window_ms = 0.05}), ContainsSubstring("window_ms 0.05"));
  CHECK_THROWS_WITH(median_filter(x, 1000, {.window_ms = 10001}), ContainsSubstring("window_ms 10001"));
  CHECK_THROWS_WITH(median_filter(RowMatrix(0, 0), 1000, {}), ContainsSubstring("signal is empty"));
  x(9, 290) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(median_filter(x, 1000, {}), ContainsSubstring("channel 9, sample 290 is not finite"));
}

}  // namespace emg
