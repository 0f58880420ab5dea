#include "libemg/filter/line_subtract.h"

#include <numbers>

#include "libemg/core/random.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/notch.h"
#include "libemg/spectral/line.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

constexpr double kRate = 2048;
constexpr double kSizes[] = {1, 0.2, 0.4, 0.1, 0.25, 0.05, 0.15};

// EMG of 20-450 Hz, 50 uV RMS, in bursts of half of every 5 s over a weak floor.
RowMatrix bursts(Index samples, std::uint64_t seed) {
  Random random(seed);
  RowMatrix x(1, samples);
  for (Index i = 0; i < samples; ++i) x(0, i) = random.normal();
  x = bandpass(x, kRate, {});
  for (Index i = 0; i < samples; ++i) {
    const double phase = std::sin(2 * std::numbers::pi * static_cast<double>(i) / kRate / 5);
    x(0, i) *= 0.1 + std::max(0.0, phase);
  }
  return x * 50 / std::sqrt(x.array().square().mean());
}

// How frequency and size change: not at all, up and down by 0.05 Hz and 10 % in 10 s, or in a random walk of that SD and a memory of 10 s.
enum class Drift { none, smooth, rough };

// Line of 50.03 Hz with 6 harmonics.
RowMatrix line(Index samples, double peak_uv, Drift drift, std::uint64_t seed) {
  constexpr double kPeriodS = 10, kTurn = 2 * std::numbers::pi;
  Random random(seed, 1);
  RowMatrix x(1, samples);
  const double of_frequency = random.uniform(0, kTurn), of_size = random.uniform(0, kTurn);
  double phase = 0, away = random.normal(), larger = random.normal();
  const double kept = std::exp(-1 / (kPeriodS * kRate)), fresh = std::sqrt(1 - kept * kept);
  for (Index i = 0; i < samples; ++i) {
    if (drift == Drift::none) away = larger = 0;
    if (drift == Drift::smooth) {
      const double turns = kTurn * static_cast<double>(i) / kRate / kPeriodS;
      away = std::sin(turns + of_frequency);
      larger = std::sin(turns + of_size);
    }
    double sum = 0;
    for (int h = 1; h <= 7; ++h) sum += kSizes[h - 1] * std::cos(h * phase + h);
    x(0, i) = peak_uv * (1 + 0.1 * larger) * sum;
    phase += kTurn * (50.03 + 0.05 * away) / kRate;
    if (drift == Drift::rough) {
      away = kept * away + fresh * random.normal();
      larger = kept * larger + fresh * random.normal();
    }
  }
  return x;
}

double error_percent(const RowMatrix& y, const RowMatrix& clean) {
  return 100 * std::sqrt((y - clean).squaredNorm() / clean.squaredNorm());
}

}  // namespace

TEST_CASE("the line goes and the EMG stays: automatic windows and harmonics are nearly as good as the best window with all seven",
          "[long]") {
  const auto samples = static_cast<Index>(24 * kRate);
  struct Row {
    double peak_uv;
    Drift drift;
    double published[3];  // error in percent with windows of 4, 2, 1 s and all seven harmonics
  };
  for (const Row row : {Row{5, Drift::none, {8, 11, 14}}, Row{50, Drift::none, {7, 10, 14}}, Row{500, Drift::none, {7, 10, 14}},
                        Row{5, Drift::smooth, {8, 11, 15}}, Row{50, Drift::smooth, {10, 10, 14}}, Row{500, Drift::smooth, {68, 18, 15}},
                        Row{500, Drift::rough, {}}}) {
    std::vector<double> fixed(3, 0.0);
    double window = 0, all = 0;
    constexpr int kSeeds = 6;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const RowMatrix clean = bursts(samples, seed), x = clean + line(samples, row.peak_uv, row.drift, seed);
      const auto error = [&](const SubtractLineOptions& options) {
        return error_percent(subtract_line(x, kRate, options), clean) / kSeeds;
      };
      for (int w = 0; w < 3; ++w)
        fixed[static_cast<std::size_t>(w)] += error({.line_hz = 50.03, .harmonic_count = 7, .window_s = 4.0 / (1 << w)});
      window += error({.line_hz = 50, .harmonic_count = 7});
      all += error({});
      const auto left = subtracted_lines(x, kRate, {});
      if (row.peak_uv < 50) continue;
      REQUIRE(left.size() >= 4);
      for (const auto& l : left) CHECK(*l.residual_z <= 3);
      const bool drifts = row.drift != Drift::none;
      CHECK(left.front().amplitude_uv == Approx(row.peak_uv).epsilon(drifts ? 0.5 : 0.1));
      CHECK(left.front().frequency_hz == Approx(50.03).margin(drifts ? 0.2 : 0.005));
    }
    const double best = *std::min_element(fixed.begin(), fixed.end());
    INFO(row.peak_uv << " uV, drift " << static_cast<int>(row.drift) << ": 4, 2, 1 s " << fixed[0] << ", " << fixed[1] << ", " << fixed[2]
                     << " %; window open " << window << ", all open " << all << " %");
    CHECK(window <= 1.3 * best);
    CHECK(all <= 1.3 * best);
    if (row.drift == Drift::rough) continue;
    for (std::size_t w = 0; w < 3; ++w) CHECK(fixed[w] == Approx(row.published[w]).epsilon(0.25));
    CHECK(all <= 1.3 * *std::min_element(std::begin(row.published), std::end(row.published)));
  }
}

TEST_CASE("seven notches of quality 30 take a quarter of the EMG, seven sines a tenth; by default neither touches EMG without a line") {
  const RowMatrix emg = bursts(static_cast<Index>(24 * kRate), 5);
  const double notched = error_percent(notch(emg, kRate, {.line_hz = 50, .harmonic_count = 7, .quality = 30}), emg);
  CHECK(notched == Approx(28).margin(3));
  CHECK(error_percent(subtract_line(emg, kRate, {.line_hz = 50, .harmonic_count = 7, .window_s = 4}), emg) < 10);
  CHECK(notch(emg, kRate, {}) == emg);
  CHECK(subtract_line(emg, kRate) == emg);
}

TEST_CASE("no line in 120 records of EMG alone, which keep their bits") {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const RowMatrix x = bursts(static_cast<Index>(20 * kRate), 1000 + seed);
    found += !line_harmonics(x, kRate).empty();
    if (seed < 20) CHECK(subtract_line(x, kRate) == x);
  }
  CHECK(found == 0);
}

TEST_CASE("exact sines vanish, neighbours stay") {
  RowMatrix hum(1, 20000), tone(1, 20000);
  for (Index i = 0; i < hum.cols(); ++i) {
    const double t = static_cast<double>(i) / 1000;
    hum(0, i) = 80 * std::sin(2 * std::numbers::pi * 49.97 * t + 1) + 30 * std::sin(2 * std::numbers::pi * 3 * 49.97 * t) + 12;
    tone(0, i) = 10 * std::sin(2 * std::numbers::pi * 53 * t);
  }
  const SubtractLineOptions options{.line_hz = 50, .window_s = 2, .harmonics = {1, 3}};
  CHECK(subtract_line(hum, 1000, options).array().isApprox(RowMatrix::Constant(1, 20000, 12).array(), 1e-3));
  CHECK(error_percent(subtract_line(RowMatrix(hum + tone), 1000, options), RowMatrix(tone.array() + 12)) < 0.2);
  const RowMatrix exact = subtract_line(hum, 1000, {.line_hz = 49.97, .window_s = 2, .search_hz = 0, .harmonics = {1, 3}});
  CHECK((exact.array() - 12).abs().maxCoeff() < 1e-9);
}

TEST_CASE("short records are one window; below three periods they are refused") {
  RowMatrix x(1, 60);
  for (Index i = 0; i < 60; ++i) x(0, i) = std::cos(2 * std::numbers::pi * 0.05 * static_cast<double>(i)) + 4;
  const SubtractLineOptions options{.line_hz = 50, .harmonic_count = 1, .window_s = 4, .search_hz = 0};
  CHECK((subtract_line(x, 1000, options).array() - 4).abs().maxCoeff() < 1e-10);
  CHECK_THROWS_WITH(subtract_line(x.leftCols(59), 1000, options), ContainsSubstring("line_hz 50 Hz needs a record of at least 0.06 s"));
}

TEST_CASE("subtract-line: the same bits for any block size and thread count; alone too with its own frequency") {
  RowMatrix x(9, 9000);
  for (Index c = 0; c < x.rows(); ++c)
    x.row(c) = bursts(9000, 70 + static_cast<std::uint64_t>(c)) + line(9000, 60, Drift::rough, 70 + static_cast<std::uint64_t>(c));
  for (const bool shared : {true, false}) {
    const SubtractLineOptions options{.line_hz = 50, .harmonic_count = 5, .window_s = 1.1, .shared = shared};
    const RowMatrix whole = subtract_line(x, kRate, options, 1);
    CHECK(subtract_line(x, kRate, options, 2) == whole);
    CHECK(subtract_line(x, kRate, options, 7) == whole);
    for (const Index block : {Index{1}, Index{7}, Index{4096}, x.cols()}) {
      CHECK(run_in_blocks(*subtract_line_stage(9, kRate, options), x, block) == whole);
    }
    if (!shared) CHECK(subtract_line(x.row(4), kRate, options) == whole.row(4));
  }
  const auto source = [&](Index size) {
    return [&x, size](const BlockSink& sink) {
      for (Index i = 0; i < x.cols(); i += size) sink(x.middleCols(i, std::min(size, x.cols() - i)));
    };
  };
  const auto found = resolve_subtract_line(source(7), 9, kRate, {});
  CHECK(found.harmonics == resolve_subtract_line(source(4096), 9, kRate, {}).harmonics);
  CHECK(run_in_blocks(*subtract_line_stage(9, kRate, found), x, 333) == subtract_line(x, kRate, {}));
}

TEST_CASE("subtract-line refusals") {
  RowMatrix x = test_signal(2, 3000);
  CHECK_THROWS_WITH(subtract_line(x, 1000, {.line_hz = 500}), ContainsSubstring("line_hz 500"));
  CHECK_THROWS_WITH(subtract_line(x, 1000, {.line_hz = 50, .window_s = 0.2}), ContainsSubstring("window_s 0.2"));
  CHECK_THROWS_WITH(subtract_line(x, 1000, {.search_hz = 1.5}), ContainsSubstring("search_hz 1.5"));
  CHECK_THROWS_WITH(subtract_line(x, 1000, {.harmonic_count = 101}), ContainsSubstring("harmonic_count 101"));
  CHECK_THROWS_WITH(subtract_line(x, 1000, {.line_z = 2}), ContainsSubstring("line_z 2"));
  CHECK_THROWS_WITH(subtract_line_stage(2, 1000, {}), ContainsSubstring("is open"));
  CHECK_THROWS_WITH(subtract_line(RowMatrix(1, 0), 1000, {}), ContainsSubstring("signal is empty"));
  x(1, 17) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(subtract_line(x, 1000, {}), ContainsSubstring("channel 1, sample 17 is not finite"));
}

}  // namespace emg
