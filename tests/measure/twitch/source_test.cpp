#include "libemg/measure/twitch/source.h"

#include <cmath>

#include "libemg/core/random.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

constexpr double kRate = 2048;
constexpr Index kWindow = 102, kBefore = 41;

// Events of sources with a footprint over channels, over band noise of 7 uV.
struct Scene {
  std::vector<std::vector<float>> waves;
  std::vector<double> peaks;
  std::vector<int> truth;
  std::vector<SourceInput> inputs;
  std::vector<double> noise;
};

Scene scene(const std::vector<double>& heights, Index channels, double spread, int count, std::uint64_t seed) {
  Scene s;
  Random random(seed);
  std::vector<std::vector<double>> noise;
  for (Index c = 0; c < channels; ++c) noise.push_back(scenes::band_noise(200000, kRate, seed + 1, static_cast<std::uint64_t>(c)));
  for (int e = 0; e < count; ++e) {
    const int source = static_cast<int>(random.below(heights.size()));
    const double factor = heights[static_cast<std::size_t>(source)] * std::exp(spread * random.normal()), jitter = 0.0004 * random.normal();
    std::vector<float> wave;
    double peak = 0;
    const auto at = static_cast<std::size_t>(e * 150);
    for (Index c = 0; c < channels; ++c) {
      const double distance = static_cast<double>(c) - (source + 0.5) * static_cast<double>(channels) / static_cast<double>(heights.size());
      const double share = channels == 1 ? 1 : std::exp(-distance * distance / 2);
      for (Index i = 0; i < kWindow; ++i) {
        const double t = static_cast<double>(i - kBefore) / kRate - jitter;
        const double v = factor * share * scenes::triphasic(t) + 7 * noise[static_cast<std::size_t>(c)][at + static_cast<std::size_t>(i)];
        wave.push_back(static_cast<float>(v));
        if (std::fabs(t) < 0.004) peak = std::max(peak, std::fabs(v));
      }
    }
    s.waves.push_back(std::move(wave));
    s.peaks.push_back(peak);
    s.truth.push_back(source);
  }
  for (std::size_t i = 0; i < s.waves.size(); ++i) s.inputs.push_back({s.waves[i], kBefore - 16, kBefore + 16, s.peaks[i]});
  s.noise.assign(static_cast<std::size_t>(channels), 7.0);
  return s;
}

// Events whose label is the commonest one of their true source.
double right_share(const Scene& s, const SourceSorting& sorting) {
  std::size_t right = 0;
  for (int source = 0; source < 3; ++source) {
    std::vector<int> votes(256, 0);
    for (std::size_t i = 0; i < s.truth.size(); ++i) {
      if (s.truth[i] == source && sorting.label[i] >= 0) ++votes[static_cast<std::size_t>(sorting.label[i])];
    }
    right += static_cast<std::size_t>(*std::max_element(votes.begin(), votes.end()));
  }
  return static_cast<double>(right) / static_cast<double>(s.truth.size());
}

}  // namespace

TEST_CASE("three sources with their footprints on a grid are told apart") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto s = scene({60, 80, 120}, 8, 0.05, 300, seed);
    const auto sorting = sort_sources(s.inputs, s.noise, kRate);
    INFO("sources " << sorting.sources.size() << ", right " << right_share(s, sorting));
    CHECK(right_share(s, sorting) >= 0.95);
    CHECK(sorting.sources.size() >= 3);
  }
}

TEST_CASE("one source whose amplitude varies does not split") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto s = scene({100}, 1, 0.3, 200, seed);
    const auto sorting = sort_sources(s.inputs, s.noise, kRate);
    const double largest = static_cast<double>(std::max_element(sorting.sources.begin(), sorting.sources.end(), [](const auto& a, const auto& b) { return a.members.size() < b.members.size(); })->members.size());
    INFO("sources " << sorting.sources.size() << ", largest " << largest);
    CHECK(largest >= 0.95 * 200);
  }
}

TEST_CASE("the template is the median of aligned members") {
  const auto s = scene({100}, 1, 0.05, 200, 9);
  const auto sorting = sort_sources(s.inputs, s.noise, kRate);
  REQUIRE(!sorting.sources.empty());
  const auto& source = sorting.sources.front();
  CHECK(source.amplitude_uv == Approx(100).epsilon(0.08));
  CHECK(source.consistency > 0.95);
  CHECK(source.waveform.row(0).maxCoeff() == Approx(100).epsilon(0.08));
}

TEST_CASE("an event without waveform belongs to no source, none gives none") {
  const std::vector<SourceInput> inputs{{{}, 0, 0, 10}};
  CHECK(sort_sources(inputs, {1.0}, kRate).label == std::vector<int>{-1});
  CHECK(sort_sources({}, {1.0}, kRate).sources.empty());
}
