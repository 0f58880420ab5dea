#include "libemg/detect/threshold.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/filter/butterworth.h"
#include "tests/detect/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// The rule of the header, one sample at a time.
std::vector<std::int64_t> plain_rule(const std::vector<double>& g, double threshold, std::size_t search, std::size_t refractory) {
  std::vector<std::int64_t> peaks;
  std::size_t allowed = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (i < allowed || g[i] < threshold || (i > 0 && g[i - 1] >= threshold)) continue;
    std::size_t peak = i;
    for (std::size_t k = i; k < std::min(i + search, g.size()); ++k) {
      if (g[k] > g[peak]) peak = k;
    }
    peaks.push_back(static_cast<std::int64_t>(peak));
    allowed = peak + refractory;
  }
  return peaks;
}

std::vector<std::int64_t> samples_of(const Events<SpikeEvent>& events) {
  std::vector<std::int64_t> samples;
  for (const auto& row : events.rows) samples.push_back(row.sample);
  return samples;
}

std::vector<double> spiky(std::uint64_t seed, std::size_t count = 5000) {
  auto x = scenes::white(count, seed);
  Random random(seed, 1);
  for (int i = 0; i < 30; ++i)
    scenes::add_biphasic(x, 10000, random.uniform(0, static_cast<double>(count) / 1e4), 0.3e-3, 20 * random.uniform());
  return x;
}

}  // namespace

TEST_CASE("events are those of the plain loop, on 100 random signals") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto x = spiky(seed);
    for (const auto polarity : {SpikePolarity::both, SpikePolarity::negative, SpikePolarity::positive}) {
      auto g = x;
      for (auto& v : g) v = polarity == SpikePolarity::both ? std::fabs(v) : polarity == SpikePolarity::negative ? -v : v;
      for (const double refractory_ms : {0.0, 0.3, 3.0}) {
        const SpikeOptions options{.threshold_uv = 2.0, .polarity = polarity, .refractory_ms = refractory_ms, .search_ms = 0.8};
        CHECK(samples_of(detect_spikes(scenes::matrix(x), 10000, options)) ==
              plain_rule(g, 2.0, 8, static_cast<std::size_t>(std::lround(refractory_ms * 10))));
      }
    }
  }
}

TEST_CASE("sample 0 counts if it is above") {
  const auto events = detect_spikes(scenes::matrix({9, 1, 0, 0, 0, 0}), 1000, {.threshold_uv = 5.0});
  REQUIRE(events.rows.size() == 1);
  CHECK(events.rows[0].sample == 0);
  CHECK(events.rows[0].offset_samples == 0);
}

TEST_CASE("scaling scales amplitudes and moves nothing; negation swaps polarity") {
  const auto x = spiky(3, 20000);
  auto scaled = x, negated = x;
  for (auto& v : scaled) v *= 8;
  for (auto& v : negated) v = -v;
  const auto a = detect_spikes(scenes::matrix(x), 10000, {});
  const auto b = detect_spikes(scenes::matrix(scaled), 10000, {});
  const auto c = detect_spikes(scenes::matrix(negated), 10000, {});
  REQUIRE(a.rows.size() > 5);
  REQUIRE(b.rows.size() == a.rows.size());
  REQUIRE(c.rows.size() == a.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    CHECK(b.rows[i].time_s == a.rows[i].time_s);
    CHECK(b.rows[i].amplitude_uv == Approx(8 * a.rows[i].amplitude_uv).epsilon(1e-12));
    CHECK(c.rows[i].time_s == a.rows[i].time_s);
    CHECK(c.rows[i].amplitude_uv == -a.rows[i].amplitude_uv);
    CHECK(c.rows[i].polarity != a.rows[i].polarity);
    CHECK(*a.rows[i].snr >= 5);
  }
}

TEST_CASE("instants of an isolated potential: parabola against nearest sample") {
  // Potential -(t/s) exp(-t^2/(2 s^2)), s 0.35 ms; white noise; largest of the 7 samples around the positive peak. SD in microseconds of the
  // nearest sample and of the parabola.
  struct Case {
    double rate_hz, snr, nearest_us, parabola_us;
  };
  const double width_s = 0.35e-3;
  for (const auto& c : {Case{10000, 10, 68, 53}, Case{10000, 20, 49, 31}, Case{10000, 50, 34, 13}, Case{20000, 10, 62, 58}, Case{20000, 20, 45, 40},
                        Case{20000, 50, 29, 21}, Case{48000, 10, 38, 40}, Case{48000, 20, 34, 33}, Case{48000, 50, 27, 25}}) {
    double nearest = 0, refined = 0;
    int used = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
      auto x = scenes::white(static_cast<std::size_t>(0.01 * c.rate_hz), seed);
      const double centre_s = 0.005 + Random(seed, 9).uniform(-0.5, 0.5) / c.rate_hz;
      scenes::add_biphasic(x, c.rate_hz, centre_s, width_s, c.snr);
      const double truth_s = centre_s - width_s;
      // The search starts three samples before the peak.
      std::fill(x.begin(), x.begin() + std::lround(truth_s * c.rate_hz) - 3, 0.0);
      const auto events =
          detect_spikes(scenes::matrix(x), c.rate_hz,
                        {.threshold_uv = 0.4 * c.snr, .polarity = SpikePolarity::positive, .refractory_ms = 8, .search_ms = 7000 / c.rate_hz});
      if (events.rows.empty()) continue;
      const auto& row = events.rows[0];
      nearest += std::pow(static_cast<double>(row.sample) / c.rate_hz - truth_s, 2);
      refined += std::pow(row.time_s - truth_s, 2);
      ++used;
    }
    CAPTURE(c.rate_hz, c.snr);
    CHECK(used > 1990);
    CHECK(1e6 * std::sqrt(nearest / used) == Approx(c.nearest_us).epsilon(0.1));
    CHECK(1e6 * std::sqrt(refined / used) == Approx(c.parabola_us).epsilon(0.1));
  }
}

TEST_CASE("at high rates noise, not sampling, limits the instants: low-passed first, the free search beats the table") {
  // The table above looks at seven samples only, 0.15 ms at 48 kHz: that hides what a search of a millisecond finds in white noise.
  struct Case {
    double rate_hz, snr, parabola_us;
  };
  const double width_s = 0.35e-3;
  for (const auto& c : {Case{20000, 10, 58}, Case{20000, 20, 40}, Case{20000, 50, 21}, Case{48000, 10, 40}, Case{48000, 20, 33}, Case{48000, 50, 25}}) {
    double squares = 0;
    constexpr int kSeeds = 500;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      auto x = scenes::white(static_cast<std::size_t>(0.02 * c.rate_hz), seed);
      const double centre_s = 0.01 + Random(seed, 9).uniform(-0.5, 0.5) / c.rate_hz;
      scenes::add_biphasic(x, c.rate_hz, centre_s, width_s, c.snr);
      const RowMatrix smooth = lowpass(scenes::matrix(x), c.rate_hz, {.cut_hz = 3000, .order = 2});
      const auto events =
          detect_spikes(smooth, c.rate_hz, {.threshold_uv = 0.4 * c.snr, .polarity = SpikePolarity::positive, .refractory_ms = 15});
      REQUIRE(events.rows.size() == 1);
      squares += std::pow(events.rows[0].time_s - (centre_s - width_s), 2);
    }
    CAPTURE(c.rate_hz, c.snr);
    CHECK(1e6 * std::sqrt(squares / kSeeds) <= c.parabola_us);
  }
}

TEST_CASE("detect-spikes from blocks has the bits of the whole record") {
  RowMatrix x(3, 20000);
  for (Index c = 0; c < x.rows(); ++c) x.row(c) = scenes::matrix(spiky(60 + static_cast<std::uint64_t>(c), 20000));
  x.row(2) = x.row(2).cwiseMin(8).cwiseMax(-8).eval();
  x(0, 0) = x(1, 19999) = 40;
  for (const auto polarity : {SpikePolarity::both, SpikePolarity::negative, SpikePolarity::positive}) {
    for (const auto align : {SpikeAlignment::extremum, SpikeAlignment::slope, SpikeAlignment::crossing, SpikeAlignment::negative}) {
      for (const double refractory_ms : {0.0, 3.0}) {
        const SpikeOptions options{
            .factor = 2, .polarity = polarity, .refractory_ms = refractory_ms, .align = align, .before_ms = 1, .after_ms = align == SpikeAlignment::slope ? 0.0 : 2.5};
        const auto whole = detect_spikes(x, 10000, options);
        for (const Index block : {1, 7, 4096, 20000}) {
          if (block == 1 && align != SpikeAlignment::extremum) continue;
          const auto events = detect_spikes_streamed(scenes::streamed(x, 10000, block), options, block < 100 ? 1 : 2);
          REQUIRE(events.rows.size() == whole.rows.size());
          bool same = true;
          for (std::size_t i = 0; i < whole.rows.size(); ++i) {
            const auto &a = whole.rows[i], &b = events.rows[i];
            same = same && a.channel == b.channel && a.sample == b.sample && a.time_s == b.time_s && a.amplitude_uv == b.amplitude_uv &&
                   a.snr == b.snr && a.clipped == b.clipped && a.complete == b.complete;
          }
          CHECK(same);
          CHECK(events.waveforms.cwiseNotEqual(whole.waveforms).count() == whole.waveforms.array().isNaN().count());
        }
      }
    }
  }
  const auto clipped = detect_spikes(x, 10000, {.factor = 2}).rows;
  CHECK(std::any_of(clipped.begin(), clipped.end(), [](const SpikeEvent& row) { return row.clipped && row.channel == 2; }));
  x(1, 777) = INFINITY;
  CHECK_THROWS_WITH(detect_spikes_streamed(scenes::streamed(x, 10000, 100), {}), ContainsSubstring("channel 1, sample 777 is not finite"));
}

TEST_CASE("the same potentials at other rates") {
  const std::vector<double> at_s{0.1003, 0.2499, 0.4127, 0.7351};
  constexpr double kWidthS = 3e-3;
  for (const double rate_hz : {1000.0, 2000.0, 10000.0}) {
    std::vector<double> x(static_cast<std::size_t>(rate_hz));
    for (const double t : at_s) scenes::add_biphasic(x, rate_hz, t, kWidthS, 100);
    const auto rows =
        detect_spikes(scenes::matrix(x), rate_hz, {.threshold_uv = 50.0, .polarity = SpikePolarity::positive, .refractory_ms = 20, .search_ms = 5}).rows;
    CAPTURE(rate_hz);
    REQUIRE(rows.size() == at_s.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(rows[i].time_s == Approx(at_s[i] - kWidthS).margin(1e-4));
      CHECK(rows[i].amplitude_uv == Approx(100).epsilon(0.02));
    }
  }
}

TEST_CASE("alignments") {
  const RowMatrix x = scenes::matrix({0, 0, 2, 6, 9, 4, -7, -12, -3, 0, 0, 0, 0, 0});
  const auto at = [&](SpikeAlignment align) {
    return detect_spikes(x, 1000, {.threshold_uv = 5.0, .search_ms = 6, .align = align, .interpolate = false}).rows.at(0);
  };
  CHECK(at(SpikeAlignment::extremum).sample == 7);
  CHECK(at(SpikeAlignment::negative).sample == 7);
  CHECK(at(SpikeAlignment::positive).sample == 4);
  CHECK(at(SpikeAlignment::positive).amplitude_uv == 9);
  CHECK(at(SpikeAlignment::slope).sample == 6);
  CHECK(at(SpikeAlignment::slope).amplitude_uv == -12);
  CHECK(at(SpikeAlignment::crossing).sample == 3);
  const auto crossing = detect_spikes(x, 1000, {.threshold_uv = 5.0, .search_ms = 6, .align = SpikeAlignment::crossing}).rows.at(0);
  CHECK(crossing.offset_samples == Approx(-0.25));
}

TEST_CASE("waveforms lie around the event, incomplete ones are missing") {
  std::vector<double> x(100);
  for (const std::size_t i : {2u, 50u, 98u}) x[i] = 10 + static_cast<double>(i);
  const auto events = detect_spikes(scenes::matrix(x), 1000, {.threshold_uv = 5.0, .before_ms = 3, .after_ms = 4});
  REQUIRE(events.rows.size() == 3);
  CHECK(events.waveforms.rows() == 3);
  CHECK(events.waveforms.cols() == 7);
  CHECK_FALSE(events.rows[0].complete);
  CHECK(events.rows[1].complete);
  CHECK_FALSE(events.rows[2].complete);
  CHECK(std::isnan(events.waveforms(0, 0)));
  CHECK(events.waveforms(1, 3) == 60);
  CHECK(events.waveforms(1, 2) == 0);
  CHECK(detect_spikes(scenes::matrix(x), 1000, {.threshold_uv = 5.0}).waveforms.cols() == 0);
}

TEST_CASE("clipped peaks are plateaus at the rail, not crests") {
  std::vector<double> clipped(20000), free(20000);
  for (int i = 0; i < 19; ++i) {
    scenes::add_biphasic(clipped, 10000, 0.1 * (i + 1), 0.5e-3, 100);
    scenes::add_biphasic(free, 10000, 0.1 * (i + 1), 0.5e-3, 100);
  }
  for (auto& v : clipped) v = std::min(v, 80.0);
  const SpikeOptions options{.threshold_uv = 40.0, .polarity = SpikePolarity::positive};
  for (const auto& row : detect_spikes(scenes::matrix(clipped), 10000, options).rows) CHECK(row.clipped);
  for (const auto& row : detect_spikes(scenes::matrix(free), 10000, options).rows) CHECK_FALSE(row.clipped);
}

TEST_CASE("detect-spikes refuses flat channels and wrong options") {
  RowMatrix x(3, 2000);
  for (Index c = 0; c < 3; ++c) x.row(c) = scenes::matrix(scenes::white(2000, static_cast<std::uint64_t>(c)));
  x.row(2).setConstant(4);
  CHECK_THROWS_WITH(detect_spikes(x, 1000, {}), ContainsSubstring("channel 2 is flat"));
  CHECK(detect_spikes(x, 1000, {.threshold_uv = 100.0}).rows.empty());
  CHECK_THROWS_WITH(detect_spikes(x, 1000, {.factor = 0.5}), ContainsSubstring("factor 0.5"));
  CHECK_THROWS_WITH(detect_spikes(x, 1000, {.search_ms = 60}), ContainsSubstring("search_ms 60"));
  CHECK_THROWS_WITH(detect_spikes(x, 1000, {.refractory_ms = -1}), ContainsSubstring("refractory_ms -1"));
  CHECK_THROWS_AS(detect_spikes(RowMatrix(0, 0), 1000, {}), InvalidArgument);
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(detect_spikes(scenes::matrix({0, infinite}), 1000, {.threshold_uv = 1.0}), ContainsSubstring("sample 1 is not finite"));
}

TEST_CASE("detect-spikes gives the same bits for any threads, and alone or among others") {
  RowMatrix many(9, 20000);
  for (Index c = 0; c < many.rows(); ++c) many.row(c) = scenes::matrix(spiky(40 + static_cast<std::uint64_t>(c), 20000));
  const SpikeOptions options{.factor = 3, .before_ms = 1, .after_ms = 1};
  const auto one = detect_spikes(many, 10000, options, 1);
  for (const int threads : {2, 7}) {
    const auto more = detect_spikes(many, 10000, options, threads);
    CHECK(samples_of(more) == samples_of(one));
    CHECK(more.waveforms.cwiseNotEqual(one.waveforms).count() == one.waveforms.array().isNaN().count());
  }
  std::vector<double> times, alone;
  for (const auto& row : one.rows) {
    if (row.channel == 6) times.push_back(row.time_s);
  }
  for (const auto& row : detect_spikes(many.row(6), 10000, options).rows) alone.push_back(row.time_s);
  CHECK(times == alone);
}
