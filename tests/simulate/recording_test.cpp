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
      for (const auto& text : {sweep.nerve, sweep.muscle, sweep.side, sweep.site, sweep.channel}) add_text(text);
      for (const double v : {sweep.intensity_ma.value_or(0), sweep.clock_s.value_or(0), sweep.temperature_c.value_or(0)})
        hash = mixed(hash, &v, sizeof v);
    }
  }
  for (const auto& channel : s.recording.channels) {
    for (const auto& text : {channel.name, channel.group, channel.reference, channel.status}) add_text(text);
  }
  hash = (hash ^ s.recording.gaps.size()) * 1099511628211u;
  return (hash ^ static_cast<std::uint64_t>(samples.rows())) * 1099511628211u;
}

using Settings = std::vector<std::pair<std::string, Value>>;

void set(std::vector<Value>& values, const SimulationKind& kind, const Settings& settings) {
  for (const auto& [name, value] : settings) {
    for (std::size_t i = 0; i < kind.options.size(); ++i) {
      if (kind.options[i].name == name) values[i] = checked_value(kind.options[i], value);
    }
  }
}

// A kind with something going on, small enough for a test.
std::vector<Value> rich(const SimulationKind& kind) {
  auto values = kind.defaults();
  set(values, kind,
      {{"duration_s", kind.name == "rest"           ? 12.0
                      : kind.name == "single-fibre" ? 2.5
                                                    : 4.0},
       {"unit_count", std::int64_t{4}},
       {"source_count", std::int64_t{2}},
       {"fibre_samples", std::int64_t{2}},
       {"fibre_half_length_mm", 30.0},
       {"muscle_depth_mm", 4.0},
       {"fat_mm", 15.0},  // far fibres: small tables
       {"effort", 0.5},
       {"ramp_s", 0.5},
       {"layout", std::string("custom")},
       {"rows", std::int64_t{3}},
       {"columns", std::int64_t{2}},
       {"line_uv", 10.0},
       {"noise_uv", 2.0},
       {"doublet_probability", 0.3},
       {"intensity_ma", 10.0},
       {"sweeps_per_site", std::int64_t{1}},
       {"first_burst_s", 0.2},
       {"antagonist_delay_s", 0.5},
       {"pause_s", 0.5},
       {"lesion_block", 0.3},
       {"twitch_rate_per_min", 120.0},
       {"bout_start_s", std::vector<double>{1, 4}},
       {"bout_s", 2.0},
       {"contacts", std::int64_t{2}},
       {"burst_rate_per_min", 60.0},
       {"antagonist_share", 0.5},
       {"stimulus_count", std::int64_t{kind.name == "cmap-scan" ? 100 : 8}},
       {"sweep_count", std::int64_t{8}},
       {"step_ma", 1.0},
       {"epoch_count", std::int64_t{2}},
       {"end_plate_count", std::int64_t{50}},
       {"f_probability", 0.05}});
  return values;
}

// What must be on for an option to act.
Settings needed_by(const std::string& kind, const std::string& option) {
  const auto starts = [&](const char* prefix) { return option.starts_with(prefix); };
  if (starts("hermite_")) return {{"generator", std::string("hermite")}};
  if (starts("activity") || starts("run_"))
    return {{"activity", std::vector<std::string>{"fibrillation"}}, {"run_s", 1.0}, {"run_pause_s", 0.1}};
  if (starts("sine_")) return {{"profile", std::string("sine")}};
  if (starts("bout_s") || starts("bout_pause")) return {{"profile", std::string("bouts")}, {"bout_s", 1.2}, {"bout_pause_s", 0.2}};
  if (starts("point_"))
    return {{"profile", std::string("points")}, {"point_s", std::vector<double>{1, 3}}, {"point_effort", std::vector<double>{0.2, 0.6}}};
  if (starts("noise_period")) return {{"noise_modulation", 0.5}};
  if (starts("noise_step")) return {{"noise_step_s", std::vector<double>{1}}, {"noise_step_uv", std::vector<double>{9}}};
  if (starts("motion_")) return {{"motion_uv", 50.0}, {"motion_rate_per_min", 60.0}};
  if (starts("cable_")) return {{"cable_uv", 50.0}, {"cable_rate_per_min", 60.0}};
  if (starts("ecg_")) return {{"ecg_uv", 50.0}};
  if (starts("bad_")) return {{"bad_channels", std::vector<double>{0}}};
  if (starts("adc_")) return {{"adc_bits", std::int64_t{10}}};
  if (starts("dropout_") || starts("mark_")) return {{"dropout_rate_per_min", 60.0}};
  if (kind == "bursts" && (option == "burst_cv" || option == "shortest_interval_ms")) return {{"burst_ms", 400.0}};
  if (kind == "bursts" && option == "antagonist_share") return {{"burst_rate_per_min", 600.0}};
  if (option == "facilitation" && kind == "rns") return {{"safety_factor", 1.5}, {"train_hz", 30.0}};
  if (option == "artefact_alternates" && kind == "sensory-ncs") return {{"sweeps_per_site", std::int64_t{2}}};
  if (kind == "rns" && (starts("safety_") || starts("quantal_") || starts("release_") || starts("facil") || starts("end_plate_") ||
                        starts("train_") || starts("exercise_")))
    return {{"safety_factor", 1.5}};
  if (kind == "cmap-scan" && option == "first_ma") return {{"first_ma", 20.0}};
  if (kind == "cmap-scan" && option == "last_ma") return {{"last_ma", 2.0}};
  if (starts("safety_")) return {{"jitter", std::string("transmission")}};
  if (starts("jitter_") || starts("block_")) return {{"jitter", std::string("fixed")}};
  if (option == "reinnervation") return {{"unit_loss", 0.3}};
  if (option == "bare_mm" || starts("wire_")) return {{"electrode", std::string("fine_wire")}};
  if (starts("lesion_") && option != "lesion_block") return {{"lesion_delay_ms", 1.0}};
  if (starts("a_wave_")) return {{"a_wave_axons", std::int64_t{2}}, {"sweep_count", std::int64_t{20}}};
  if (starts("f_") || starts("path_")) return {{"f_probability", 0.1}};
  if (starts("fault_")) return {{"fault", std::string("movement")}};
  if (starts("spread_ms")) return {{"spread_uv", 100.0}};
  if (starts("silence_")) return {{"background_uv", 50.0}};
  if (starts("suppression_")) return {{"background_effort", 0.3}};
  if (kind == "cmap-scan" && starts("unit_") && option != "unit_count" && option != "unit_size_ratio")
    return {{"unit_threshold_ma", std::vector<double>{6, 8}},
            {"unit_amplitude_uv", std::vector<double>{100, 300}},
            {"unit_spread", std::vector<double>{0.02, 0.02}}};
  if (option == "interval_cv" && kind == "single-fibre") return {{"stimulated", false}};
  if (option == "filter_phase") return {{"amplifier_high_hz", 10.0}};
  if (option == "interval_cv") return {{"spread_model", std::string("constant")}};
  if (option == "first_doublet_probability") return {{"doublet_probability", 0.0}};
  if (option == "velocity_decline_pct_per_min") return {{"duration_s", 8.0}};
  if (starts("exercise_")) return {{"exercise_factor", 3.0}};
  if (starts("event_")) return {{"event_shape", std::string("tri")}};
  if (kind == "rest" && (option == "pitch_mm" || option == "missing" || option == "rows" || option == "columns" || starts("grid_") ||
                         option == "montage" || option == "layout"))
    return {{"electrode", std::string("grid")}};
  if (option == "shared_probability") return {{"muscle", std::vector<std::string>{"a", "b"}}};
  return {};
}

// Another allowed value.
Value changed(const FieldInfo& info, const Value& value) {
  if (info.type == FieldType::boolean) return !std::get<bool>(value);
  if (info.type == FieldType::choice) return info.choices.at(std::get<std::string>(value) == info.choices[0] ? 1 : 0);
  if (info.type == FieldType::text) return std::get<std::string>(value) + "x";
  if (info.type == FieldType::integer) return std::get<std::int64_t>(value) + 1;
  if (std::holds_alternative<std::monostate>(value)) return info.type == FieldType::text ? Value{std::string("x")} : Value{6.0};
  if (info.name == "activity") return std::vector<std::string>{"complex_repetitive"};
  if (info.name == "train_s") return std::vector<double>{30};
  if (info.name == "missing") return std::vector<double>{1};
  if (info.name == "bad_channels") return std::vector<double>{};
  if (info.name == "point_s" || info.name == "noise_step_s")
    return std::vector<double>(std::get<std::vector<double>>(value).size() == 2 ? std::vector<double>{0.5, 2} : std::vector<double>{2});
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
  if (number < 0) return 0.0;
  return number == 0 ? 0.5 : number * 1.2 <= info.range.max ? number * 1.2 : number / 1.2;
}

}  // namespace

TEST_CASE("the kinds are there and found by either spelling") {
  REQUIRE(simulation_kinds().size() == 18);
  CHECK(find_simulation_kind("motor_ncs") == find_simulation_kind("motor-ncs"));
  CHECK(find_simulation_kind("motor-ncs") != nullptr);
  CHECK(find_simulation_kind("hx") == nullptr);
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

TEST_CASE("every option changes the output", "[long]") {
  for (const auto& kind : simulation_kinds()) {
    const auto plain = rich(kind);
    const auto plain_print = fingerprint(kind.run(plain, 0));
    for (std::size_t i = 0; i < kind.options.size(); ++i) {
      CAPTURE(kind.name, kind.options[i].name);
      const auto needed = needed_by(kind.name, kind.options[i].name);
      auto values = plain;
      set(values, kind, needed);
      auto other = values;
      other[i] = checked_value(kind.options[i], changed(kind.options[i], values[i]));
      // Options that act only beyond what the small record has by itself.
      if (kind.options[i].name == "pulse_ms") other[i] = 0.4;
      if (kind.options[i].name == "min_rate_hz") other[i] = 30.0;
      if (kind.options[i].name == "antagonist_delay_ms") other[i] = 20.0;
      if (kind.options[i].name == "amplifier_low_hz") other[i] = 900.0;
      // Still below the mean interval of the fastest unit of each kind.
      if (kind.options[i].name == "shortest_interval_ms") {
        other[i] = kind.name == "tremor" || kind.name == "voluntary-epochs" ? 30.0 : kind.name == "bursts" ? 35.0 : 42.0;
      }
      CHECK(fingerprint(kind.run(other, 0)) != (needed.empty() ? plain_print : fingerprint(kind.run(values, 0))));
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
