#include "libemg/simulate/recording.h"

#include <cstring>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::uint64_t mixed(std::uint64_t hash, const void* data, std::size_t bytes) {
  const auto* p = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ p[i]) * 1099511628211u;
  return hash;
}

// Fingerprint of signal and truth.
std::uint64_t fingerprint(const Simulation& s) {
  std::uint64_t hash = 14695981039346656037u;
  const RowMatrix& samples = s.sweeps ? s.sweeps->samples : s.recording.samples;
  hash = mixed(hash, samples.data(), static_cast<std::size_t>(samples.size()) * sizeof(double));
  const auto add_text = [&](const std::string& text) { hash = mixed(hash, text.data(), text.size()); };
  if (s.sweeps) {
    for (const auto& sweep : s.sweeps->sweeps) {
      for (const auto& text : {sweep.nerve, sweep.muscle, sweep.side, sweep.site}) add_text(text);
    }
  }
  return mixed(hash, &samples(0, 0), sizeof(double));
}

// A kind with everything on, small enough for a test.
std::vector<Value> rich(const SimulationKind& kind) {
  auto values = kind.defaults();
  const auto set = [&](const char* name, Value value) {
    for (std::size_t i = 0; i < kind.options.size(); ++i) {
      if (kind.options[i].name == name) values[i] = checked_value(kind.options[i], value);
    }
  };
  set("duration_s", kind.name == "rest" ? 20.0 : 4.0);
  set("unit_count", std::int64_t{4});
  set("fibre_samples", std::int64_t{3});
  set("line_uv", 10.0);
  set("doublet_probability", 0.3);
  set("intensity_ma", 10.0);
  set("sweeps_per_site", std::int64_t{1});
  set("first_burst_s", 0.2);
  set("antagonist_delay_s", 0.5);
  set("pause_s", 0.5);
  set("lesion_block", 0.3);
  set("twitch_rate_per_min", 120.0);
  return values;
}

// Another allowed value.
Value changed(const FieldInfo& info, const Value& value) {
  if (info.type == FieldType::boolean) return !std::get<bool>(value);
  if (info.type == FieldType::choice) return info.choices.at(std::get<std::string>(value) == info.choices[0] ? 1 : 0);
  if (info.type == FieldType::text) return std::get<std::string>(value) + "x";
  if (info.type == FieldType::integer) return std::get<std::int64_t>(value) + 1;
  if (info.type == FieldType::number_list) {
    auto list = std::get<std::vector<double>>(value);
    for (auto& v : list) v *= 1.1;
    return list;
  }
  if (info.type == FieldType::text_list) {
    auto list = std::get<std::vector<std::string>>(value);
    for (auto& v : list) v += "x";
    return list;
  }
  const double number = std::get<double>(value);
  return number == 0 ? 0.5 : number * 1.2 <= info.range.max ? number * 1.2 : number / 1.2;
}

}  // namespace

TEST_CASE("the kinds are there and found by either spelling") {
  REQUIRE(simulation_kinds().size() == 4);
  CHECK(find_simulation_kind("motor_ncs") == find_simulation_kind("motor-ncs"));
  CHECK(find_simulation_kind("motor-ncs") != nullptr);
  CHECK(find_simulation_kind("hd") == nullptr);
  for (const auto& kind : simulation_kinds()) {
    CHECK(kind.options.at(0).name == "seed");
    CHECK(kind.option_index("noise_uv") > 0);
    CHECK_THROWS_WITH(kind.option_index("noise_uw"), ContainsSubstring("did you mean noise_uv?"));
  }
}

TEST_CASE("every kind gives the same bits again, on any number of threads, and states every option") {
  for (const auto& kind : simulation_kinds()) {
    CAPTURE(kind.name);
    const auto values = rich(kind);
    const auto once = kind.run(values, 1);
    CHECK(fingerprint(kind.run(values, 2)) == fingerprint(once));
    CHECK(fingerprint(kind.run(values, 7)) == fingerprint(once));
    CHECK(once.provenance.size() == 3 + kind.options.size());
    CHECK(once.provenance[0].value.find("simulate") == 0);
    CHECK(once.recording.provenance.size() == once.provenance.size());
    CHECK_FALSE(once.truth_tables.empty());
    for (const auto& table : once.truth_tables) CHECK(table.name.starts_with("truth_"));
  }
}

TEST_CASE("every option changes the output") {
  for (const auto& kind : simulation_kinds()) {
    const auto values = rich(kind);
    const auto reference = fingerprint(kind.run(values, 0));
    for (std::size_t i = 0; i < kind.options.size(); ++i) {
      CAPTURE(kind.name, kind.options[i].name);
      auto other = values;
      other[i] = checked_value(kind.options[i], changed(kind.options[i], values[i]));
      // Options that act only beyond what the small record has by itself.
      if (kind.options[i].name == "pulse_ms") other[i] = 0.4;
      if (kind.options[i].name == "min_rate_hz") other[i] = 30.0;
      if (kind.options[i].name == "shortest_interval_ms") other[i] = 42.0;
      CHECK(fingerprint(kind.run(other, 0)) != reference);
    }
  }
}

TEST_CASE("every option just outside its range is refused by name") {
  for (const auto& kind : simulation_kinds()) {
    for (std::size_t i = 0; i < kind.options.size(); ++i) {
      const auto& info = kind.options[i];
      if (info.type != FieldType::number && info.type != FieldType::integer) continue;
      for (const double outside : {info.range.min - 1, info.range.max * 2 + 1}) {
        CAPTURE(kind.name, info.name, outside);
        auto values = kind.defaults();
        if (info.type == FieldType::integer) {
          values[i] = static_cast<std::int64_t>(outside);
        } else {
          values[i] = outside;
        }
        CHECK_THROWS_WITH(kind.run(values, 1), ContainsSubstring(info.name + " "));
      }
    }
  }
}
