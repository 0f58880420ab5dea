#include "libemg/simulate/preset.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

Simulation run(const std::string& kind_name, const std::string& preset, std::int64_t seed,
               const std::vector<std::pair<std::string, Value>>& settings = {}) {
  const auto& kind = *find_simulation_kind(kind_name);
  const auto options = preset_options(kind, preset);
  std::vector<Value> values;
  for (const auto& info : options) values.push_back(info.default_value);
  values[0] = seed;
  for (const auto& [name, value] : settings) values[kind.option_index(name)] = checked_value(options[kind.option_index(name)], value);
  return kind.run(values, 1);
}

double mean(const Simulation& s, const std::string& table, const std::string& column) {
  const auto& values = std::get<std::vector<double>>(s.table(table)->find(column)->values);
  double sum = 0, count = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    sum += v;
    ++count;
  }
  return sum / count;
}

}  // namespace

TEST_CASE("every setting of every preset is an option of its kind and has an allowed value") {
  CHECK(presets().size() >= 30);
  for (const auto& preset : presets()) {
    for (const auto& setting : preset.settings) {
      CAPTURE(preset.name, setting.kind, setting.option);
      const auto* kind = find_simulation_kind(setting.kind);
      REQUIRE(kind != nullptr);
      const auto changed = preset_options(*kind, preset.name)[kind->option_index(setting.option)].default_value;
      CHECK(changed != kind->options[kind->option_index(setting.option)].default_value);
    }
  }
}

TEST_CASE("directions of the presets, twenty seeds each, by the truth alone") {
  // Sign test: 20 of 20 in one direction is p = 1e-6.
  for (std::int64_t seed = 1; seed <= 20; ++seed) {
    const auto motor = [&](const std::string& preset, const std::string& column) {
      return mean(run("motor-ncs", preset, seed, {{"sweeps_per_site", std::int64_t{1}}}), "truth_sweeps", column);
    };
    CHECK(motor("neuropathy_demyelinating", "arrival_ms") > motor("normal", "arrival_ms"));
    CHECK(motor("neuropathy_axonal", "negative_peak_mv") < motor("normal", "negative_peak_mv"));
    CHECK(motor("als", "negative_peak_mv") < motor("normal", "negative_peak_mv"));
    const auto rns = [&](const std::string& preset) {
      const auto s = run("rns", preset, seed, {{"end_plate_count", std::int64_t{300}}});
      const auto& share = std::get<std::vector<double>>(s.table("truth_sweeps")->find("fired_share")->values);
      return share[3] / share[0];
    };
    CHECK(rns("myasthenia") < rns("normal") - 0.03);
    const auto mep = [&](const std::string& preset) { return mean(run("mep", preset, seed), "truth_sweeps", "arrival_ms"); };
    CHECK(mep("multiple_sclerosis") > mep("normal") + 5);
    const auto sensory = [&](const std::string& preset) {
      return mean(run("sensory-ncs", preset, seed), "truth_sweeps", "peak_to_peak_uv");
    };
    CHECK(sensory("brachial_plexus") < 0.5 * sensory("normal"));
  }
}

TEST_CASE("unknown presets and kinds that they do not cover are refused") {
  const auto& needle = *find_simulation_kind("needle");
  CHECK_THROWS_WITH(preset_options(needle, "myotonnia"), ContainsSubstring("did you mean myotonia?"));
  CHECK_THROWS_WITH(preset_options(needle, "parkinson"), ContainsSubstring("preset parkinson says nothing about needle; it is for tremor"));
  CHECK(preset_options(needle, "normal").size() == needle.options.size());
}
