#include "libemg/measure/twitch/fasciculation.h"

#include "libemg/core/error.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> counted(const Events<TwitchEvent>& events) {
  std::vector<double> times;
  for (const auto& row : events.rows) {
    if (row.excluded.empty()) times.push_back(row.time_s);
  }
  return times;
}

}  // namespace

TEST_CASE("twitches under drifting noise: sensitivity and share of true events", "[long]") {
  struct Cell {
    double (*shape)(double);
    double height_uv, least;
  };
  // Lower limits of the reference figures for a single band; two bands find more.
  const Cell cells[] = {{scenes::biphasic, 40, 0.72}, {scenes::biphasic, 60, 0.91}, {scenes::biphasic, 100, 0.96},
                        {scenes::triphasic, 40, 0.60}, {scenes::triphasic, 60, 0.87}, {scenes::triphasic, 100, 0.95}};
  for (const auto& cell : cells) {
    double sensitivity = 0, ppv = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto scene = scenes::twitching(cell.height_uv, cell.shape, seed);
      const auto result = scenes::matched(scene.times_s, counted(twitch_events(scenes::as_matrix(scene.samples), scene.rate_hz, {})));
      sensitivity += result.sensitivity / 3;
      ppv += result.ppv / 3;
    }
    INFO("height " << cell.height_uv << " uV: sensitivity " << sensitivity << ", ppv " << ppv);
    CHECK(sensitivity >= cell.least);
    CHECK(ppv >= 0.995);
  }
}
