#include "libemg/spectral/coherence.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/spectral/pairs.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

// Share of bins (0 and half the rate left out) above the limit, over independent runs.
template <class Options, class Run>
double exceedance(const Options& options, Index channels, Index samples, int runs, Run run) {
  Index above = 0, all = 0;
  for (int k = 0; k < runs; ++k) {
    const Coherence c = run(independent_noise(channels, samples, k), options);
    for (std::size_t bin = 2; bin + 2 < c.coherence.size(); ++bin) {
      above += c.coherence[bin] > c.limit;
      ++all;
    }
  }
  return static_cast<double>(above) / static_cast<double>(all);
}

// Noise, and the same 10 ms later with as much noise as leaves 6 dB.
RowMatrix delayed_pair(int run) {
  const RowMatrix noise = independent_noise(3, 512 * 60 + 10, run);
  RowMatrix x(2, 512 * 60);
  x.row(0) = noise.row(0).tail(x.cols());
  x.row(1) = noise.row(0).head(x.cols()) + std::pow(10, -6 / 20.0) * noise.row(1).head(x.cols());
  return x;
}

bool same_numbers(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

TEST_CASE("coherence and phase equal SciPy: overlaps, detrending, odd and even segments") {
  for (const auto* name : {"coherence", "phase"}) {
    for (const auto& c : reference_cases("spectral.txt", name)) {
      CoherenceOptions options;
      options.segment_s = c.number("segment");
      options.overlap = c.number("overlap");
      options.detrend = static_cast<Trend>(c.count("trend"));
      const auto result = coherence(reference_pair(c.count()), c.number("rate"), options);
      const auto& ours = std::string(name) == "phase" ? result.phase_rad : result.coherence;
      CHECK(reference_error(ours.data(), static_cast<Index>(ours.size()), c) <= 1e-9);
    }
  }
}

TEST_CASE("the matrix has the bits of every pair, 1 on its diagonal and is symmetric") {
  for (const Index channels : {2, 5, 9}) {
    const auto x = test_signal(channels, 4100);
    const auto all = coherence_matrix(x, 1000, {.phase = true});
    CHECK(coherence_matrix(x, 1000, {.phase = true}, 2).coherence.values == all.coherence.values);
    CHECK(coherence_matrix(x, 1000, {.phase = true}, 7).phase_rad.values == all.phase_rad.values);
    for (Index i = 0; i < channels; ++i) {
      for (Index j = 0; j < channels; ++j) {
        if (i == j) continue;
        const auto one = coherence(x, 1000, {.first_channel = static_cast<int>(i), .second_channel = static_cast<int>(j)});
        bool same = true;
        for (Index bin = 0; bin < 501; ++bin) {
          const auto k = static_cast<std::size_t>(bin);
          same = same && all.coherence(bin, i, j) == one.coherence[k] && all.coherence(bin, i, i) == 1;
          same = same && std::abs(std::remainder(all.phase_rad(bin, i, j) - one.phase_rad[k], 6.283185307179586)) < 1e-12;
        }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("long records are taken in batches with the same bits") {
  // 12 channels of 2048 bins and 100 segments are more than one batch.
  const auto x = test_signal(12, 4096 * 100);
  const auto all = coherence_matrix(x, 4096, {.overlap = 0});
  RowMatrix two(2, x.cols());
  two << x.row(3), x.row(10);
  const auto pair = coherence(two, 4096, {.overlap = 0});
  bool same = true;
  for (Index bin = 0; bin < 2049; ++bin) same = same && all.coherence(bin, 3, 10) == pair.coherence[static_cast<std::size_t>(bin)];
  CHECK(same);
}

TEST_CASE("limits: the table, and 5 % of the bins of independent channels") {
  for (const auto& [l, limit] : {std::pair{10, 0.2831}, {20, 0.1459}, {40, 0.0739}, {60, 0.0495}, {100, 0.0298}}) {
    CHECK(coherence_limit(0.95, l) == Approx(limit).margin(6e-5));
  }
  const auto pair = [](const RowMatrix& x, const CoherenceOptions& o) { return coherence(x, 1000, o); };
  struct Design {
    Index segments;
    double overlap;
  };
  for (const auto& [segments, overlap] : {Design{20, 0}, {20, 0.5}, {20, 0.75}, {60, 0.5}}) {
    const CoherenceOptions options{.segment_s = 0.128, .overlap = overlap};
    const Index hop = 128 - static_cast<Index>(128 * overlap);
    const double share = exceedance(options, 2, 128 + (segments - 1) * hop, 400, pair);
    INFO(segments << " segments at overlap " << overlap << ": " << share);
    CHECK(share >= 0.04);
    CHECK(share <= 0.06);
  }
  const CoherenceOptions tapered{.segment_s = 0.128, .estimator = SpectralEstimator::multitaper};
  const double share = exceedance(tapered, 2, 128 * 6, 400, pair);
  CHECK(share >= 0.04);
  CHECK(share <= 0.06);
}

TEST_CASE("overlapped segments counted as independent would exceed the limit at 75 % in a fifth of the bins") {
  Index above = 0, all = 0;
  for (int run = 0; run < 100; ++run) {
    const auto c = coherence(independent_noise(2, 128 + 19 * 32, run), 1000, {.segment_s = 0.128, .overlap = 0.75});
    CHECK(c.effective_segment_count == Approx(10.66).margin(0.05));
    for (std::size_t bin = 2; bin + 2 < c.coherence.size(); ++bin) {
      above += c.coherence[bin] > coherence_limit(0.95, 20);
      ++all;
    }
  }
  CHECK(static_cast<double>(above) / static_cast<double>(all) > 0.17);
}

TEST_CASE("a delay of 10 ms: bias at most 0.1 ms, and the printed error is the true one") {
  double sum = 0, squares = 0, errors = 0;
  constexpr int kRuns = 200;
  for (int run = 0; run < kRuns; ++run) {
    const auto c = coherence(delayed_pair(run), 1000, {.low_hz = 8, .high_hz = 50, .segment_s = 0.512, .overlap = 0});
    sum += c.delay_ms;
    squares += c.delay_ms * c.delay_ms;
    errors += c.delay_error_ms;
    if (run == 0) CHECK(c.delay_bin_count >= 15);
  }
  const double mean = sum / kRuns, sd = std::sqrt(squares / kRuns - mean * mean);
  CHECK(std::abs(mean - 10) <= 0.1);
  INFO("sd " << sd << " ms, printed " << errors / kRuns);
  CHECK(sd / (errors / kRuns) >= 0.8);
  CHECK(sd / (errors / kRuns) <= 1.25);
}

TEST_CASE("an inverted copy has the delay of the copy and an intercept of half a turn; noise alone has none") {
  RowMatrix x = delayed_pair(3);
  const auto copy = coherence(x, 1000, {.segment_s = 0.512});
  x.row(1) *= -1;
  const auto inverted = coherence(x, 1000, {.segment_s = 0.512});
  CHECK(inverted.delay_ms == Approx(copy.delay_ms).epsilon(1e-6));
  CHECK(std::abs(std::abs(std::remainder(inverted.intercept_rad - copy.intercept_rad, 6.283185307179586)) - 3.141592653589793) < 1e-6);
  const auto none = coherence(independent_noise(2, 5120, 1), 1000, {.low_hz = 10, .high_hz = 14, .segment_s = 0.512});
  CHECK(std::isnan(none.delay_ms));
}

TEST_CASE("partial coherence equals NumPy and vanishes where a third channel explains the link") {
  const auto c = reference_cases("spectral.txt", "partial").front();
  RowMatrix x(3, c.count());
  x.topRows(2) = reference_pair(c.count());
  x.row(2) = test_signal(1, c.count(), 20, 3) + 0.3 * x.row(0) + 0.2 * x.row(1);
  const auto ours = partial_coherence(x, 1000, {});
  // The reference starts at bin 1.
  CHECK(reference_error(ours.coherence.data() + 1, static_cast<Index>(ours.coherence.size()) - 1, c) <= 1e-9);
  const auto driven = [](const RowMatrix& noise, const PartialCoherenceOptions& o) {
    RowMatrix y = noise;
    y.topRows(2).rowwise() += 2 * noise.row(2);
    return partial_coherence(y, 1000, o);
  };
  const double share = exceedance(PartialCoherenceOptions{.segment_s = 0.128}, 3, 128 + 29 * 64, 400, driven);
  CHECK(share >= 0.04);
  CHECK(share <= 0.06);
}

TEST_CASE("pooled coherence of equal parts is theirs with a lower limit; difference of a coherence from itself is 0") {
  const auto x = reference_pair(8000);
  const auto part = coherence(x, 1000, {});
  const std::vector<Coherence> parts{part, part, part};
  const auto pooled = pooled_coherence(parts);
  for (std::size_t k = 0; k < part.coherence.size(); ++k) CHECK(pooled.coherence[k] == Approx(part.coherence[k]).epsilon(1e-9));
  CHECK(pooled.effective_segment_count == Approx(3 * part.effective_segment_count));
  CHECK(pooled.limit < part.limit);
  for (const double z : coherence_difference(part, part)) CHECK(z == 0);
  CHECK_THROWS_AS(pooled_coherence({}), InvalidArgument);
}

TEST_CASE("one segment, missing channels and mixtures are refused; a constant channel is missing") {
  RowMatrix x = test_signal(3, 5000);
  CHECK_THROWS_WITH(coherence(x.leftCols(1400), 1000, {}), ContainsSubstring("segment_s 1 s leaves 1 segments, worth 1 independent ones"));
  CHECK_THROWS_WITH(coherence(x, 1000, {.second_channel = 3}),
                    ContainsSubstring("second_channel 3 does not exist: the signal has 3 channels"));
  CHECK_THROWS_WITH(coherence(x, 1000, {.second_channel = 0}), ContainsSubstring("two channels are needed"));
  CHECK_THROWS_WITH(coherence_matrix(x.row(0), 1000, {}), ContainsSubstring("the signal has 1 channel"));
  CHECK_THROWS_WITH(partial_coherence(x.topRows(2), 1000, {}), ContainsSubstring("needs a third channel"));
  CHECK_THROWS_WITH(partial_coherence(x, 1000, {.given_channels = {1}}), ContainsSubstring("given_channels 1 is used twice"));
  RowMatrix mixed = x;
  mixed.row(2) = x.row(0) - 3 * x.row(1);
  CHECK_THROWS_WITH(partial_coherence(mixed, 1000, {}), ContainsSubstring("channels 0, 1, 2 are linear mixtures of each other"));
  x.row(1).setConstant(7.3);
  const auto missing = coherence(x, 1000, {});
  CHECK(missing.constant_count == 1);
  CHECK(std::isnan(missing.coherence[40]));
  const auto all = coherence_matrix(x, 1000, {});
  CHECK(std::isnan(all.coherence(40, 0, 1)));
  CHECK(std::isnan(all.coherence(40, 1, 1)));
  CHECK(same_numbers({all.coherence(40, 0, 2)}, {coherence(x, 1000, {.second_channel = 2}).coherence[40]}));
  x(2, 77) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(coherence_matrix(x, 1000, {}), "channel 2, sample 77 is not finite");
}

}  // namespace emg
