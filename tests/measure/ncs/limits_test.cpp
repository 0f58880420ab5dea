#include "libemg/measure/ncs/limits.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>

#include "libemg/core/error.h"
#include "libemg/io/table_file.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

Table table(const std::vector<std::string>& names, const std::vector<std::vector<Value>>& rows) {
  Table t{"t", "", {}};
  for (std::size_t c = 0; c < names.size(); ++c) {
    bool numbers = false;
    for (const auto& r : rows) numbers = numbers || std::holds_alternative<double>(r[c]);
    Column column{names[c], "", "", {}, 1};
    if (numbers) {
      column.values = std::vector<double>{};
    } else {
      column.values = std::vector<std::string>{};
    }
    for (const auto& r : rows) append_value(column, r[c]);
    t.columns.push_back(std::move(column));
  }
  return t;
}

StudyValue value(const std::string& measure, double v, const std::string& site = "wrist", const std::string& side = "R") {
  StudyValue s;
  s.measure = measure, s.nerve = "median", s.side = side, s.site = site, s.muscle = "APB", s.onset_method = "rise";
  s.value = v, s.temperature_c = 33, s.band_low_hz = 3, s.band_high_hz = 10000;
  return s;
}

std::string cell(const Table& t, const std::string& column, std::size_t row) {
  const auto* c = t.find(column);
  if (!c) return "";
  const auto v = c->cell(row);
  if (const auto* s = std::get_if<std::string>(&v)) return *s;
  if (const auto* d = std::get_if<double>(&v)) return std::to_string(*d);
  if (const auto* i = std::get_if<std::int64_t>(&v)) return std::to_string(*i);
  return "";
}

double factor_of(const Table& t, const std::string& column, std::size_t row) {
  return std::stod(cell(t, column, row));
}

// A limit of 100 both ways for every measure.
Table limits_of_100() {
  std::vector<std::vector<Value>> rows;
  for (const auto& name : measure_names()) rows.push_back({name, 100.0, 100.0});
  return table({"measure", "lower", "upper"}, rows);
}

// A value that meets (or misses) `relation factor` where references are worth 100.
double value_for(const std::string& relation, double threshold, bool meets) {
  const double step = std::max(1e-6, std::abs(threshold) * 0.01);
  const bool upwards = relation[0] == '>';
  return threshold + (upwards == meets ? step : -step);
}

}  // namespace

TEST_CASE("every rule of the fixtures has a met, a not met and a not assessable case") {
  const auto limits = limits_of_100();
  int rules = 0;
  for (const auto& file : std::filesystem::directory_iterator(EMG_SOURCE_DIR "/tests/cases/criteria")) {
    const auto criteria = read_table(file.path());
    for (std::size_t r = 0; r < criteria.row_count(); ++r) {
      if (!cell(criteria, "combine", r).empty()) continue;
      ++rules;
      const auto measure = cell(criteria, "measure", r), relation = cell(criteria, "relation", r),
                 reference = cell(criteria, "reference", r), rule = cell(criteria, "rule", r);
      const double threshold = factor_of(criteria, "factor", r);
      const auto result = [&](bool meets, bool with_value) {
        std::vector<StudyValue> values, previous{value(measure, 100)};
        const auto guard = cell(criteria, "guard_measure", r);
        // A second nerve for rules that need two.
        for (const char* nerve : {"median", "ulnar"}) {
          auto v = value(measure, value_for(relation, threshold, meets));
          v.nerve = nerve;
          if (!with_value) v.value.reset();
          if (reference == "distal") {
            auto near = value(measure, 100, "wrist");
            near.nerve = nerve;
            if (!with_value) near.value.reset();
            values.push_back(near), v.site = "elbow";
          }
          values.push_back(v);
          if (!guard.empty() && guard != measure) {
            auto g = value(guard, value_for(cell(criteria, "guard_relation", r), factor_of(criteria, "guard_factor", r), true));
            g.nerve = nerve;
            values.push_back(g);
          }
          if (reference == "other_side") {
            auto other = value(measure, 100, v.site, "L");
            other.nerve = nerve;
            if (!with_value) other.value.reset();
            values.push_back(other);
          }
        }
        for (const auto& row : evaluate_criteria(values, criteria, &limits, {}, previous)) {
          if (row.rule == rule && row.nerve.empty()) return row.result;
        }
        return std::string("missing");
      };
      CAPTURE(file.path().filename().string(), rule);
      CHECK(result(true, true) == "met");
      CHECK(result(false, true) == "not_met");
      CHECK(result(true, false).find("not_assessable") == 0);
    }
  }
  CHECK(rules >= 50);
}

TEST_CASE("guards, exclusions and combinations") {
  const auto limits = limits_of_100();
  const auto criteria = read_table(EMG_SOURCE_DIR "/tests/cases/criteria/set_7.tsv");
  std::vector<StudyValue> values{value("motor_latency_ms", 160), value("motor_velocity_mps", 60), value("amplitude_drop_pct", 80),
                                 value("motor_amplitude_mv", 10)};
  values[2].nerve = "tibial";
  const auto rows = evaluate_criteria(values, criteria, &limits);
  const auto result = [&](const std::string& rule) {
    for (const auto& row : rows) {
      if (row.rule == rule && row.nerve.empty()) return row.result;
    }
    return std::string();
  };
  CHECK(result("dml") == "met");
  CHECK(result("cv") == "met");
  CHECK(result("block").find("not_assessable") == 0);  // the tibial nerve is left out
  CHECK(result("two") == "met");
  values[2].nerve = "median";
  for (const auto& row : evaluate_criteria(values, criteria, &limits)) {
    if (row.rule == "block" && row.nerve == "median") CHECK(row.reason.find("guard: motor_amplitude_mv") == 0);
  }
  for (const auto& row : evaluate_criteria(values, criteria, nullptr)) {
    if (row.rule == "dml" && row.nerve == "median") CHECK(row.result == "not_assessable (no limits supplied)");
  }
}

TEST_CASE("limits: inside, below, above, and why not") {
  const std::vector<std::string> columns{"measure",           "nerve",   "lower",  "upper", "band_low_hz", "onset_method",
                                         "temperature_min_c", "age_min", "age_max"};
  const auto one = [&](Value band, Value method, Value warm, Value age_min, Value age_max) {
    return table(columns, {{std::string("motor_amplitude_mv"), std::string("median"), 4.0, 20.0, band, method, warm, age_min, age_max}});
  };
  const auto none = Value{}, text = Value{std::string()};
  const auto result = [&](double v, const Table& t, const Person& p = {}) {
    return apply_limits({value("motor_amplitude_mv", v)}, t, p).at(0);
  };
  const auto plain = one(none, text, none, none, none);
  CHECK(result(8, plain).result == "inside");
  CHECK(*result(8, plain).margin == 4);
  CHECK(result(3, plain).result == "below");
  CHECK(result(30, plain).result == "above");
  CHECK(result(8, one(20.0, text, none, none, none)).result == "not_assessable (filter)");
  CHECK(result(8, one(2.0, text, none, none, none)).result == "inside");
  CHECK(result(8, one(none, std::string("hinge"), none, none, none)).result == "not_assessable (onset method)");
  CHECK(result(8, one(none, text, 34.0, none, none)).result == "not_assessable (temperature)");
  CHECK(result(8, one(none, text, none, 18.0, 40.0)).result == "not_assessable (age missing)");
  CHECK(result(8, one(none, text, none, 18.0, 40.0), {30.0, {}, ""}).result == "inside");
  CHECK(result(8, one(none, text, none, 18.0, 40.0), {70.0, {}, ""}).result == "not_assessable (no limit)");
  auto other = value("motor_amplitude_mv", 8);
  other.nerve = "peroneal";
  CHECK(apply_limits({other}, plain).at(0).result == "not_assessable (no limit)");
  other.value.reset();
  CHECK(apply_limits({other}, plain).at(0).result.find("not_assessable") == 0);
}

TEST_CASE("a limit by formula follows age and height") {
  const auto t = table({"measure", "intercept", "age_coefficient", "height_coefficient", "sd", "k"},
                       {{std::string("motor_velocity_mps"), 80.0, -0.1, -0.1, 3.0, 2.0}});
  const auto row = apply_limits({value("motor_velocity_mps", 50)}, t, {50.0, 180.0, ""}).at(0);
  CHECK(*row.lower == Approx(80 - 5 - 18 - 6));
  CHECK(row.result == "below");
  CHECK(apply_limits({value("motor_velocity_mps", 50)}, t, {50.0, {}, ""}).at(0).result == "not_assessable (height missing)");
}

TEST_CASE("bad tables are refused with the line") {
  const auto limits = table({"measure", "lower"}, {{std::string("motor_amplitude_mv"), 4.0}, {std::string("motor_amplitudes_mv"), 4.0}});
  CHECK_THROWS_WITH(apply_limits({}, limits), ContainsSubstring("line 3: unknown measure") && ContainsSubstring("motor_amplitude_mv"));
  const auto twice = table({"measure", "lower"}, {{std::string("motor_amplitude_mv"), 4.0}, {std::string("motor_amplitude_mv"), 5.0}});
  CHECK_THROWS_WITH(apply_limits({value("motor_amplitude_mv", 8)}, twice), ContainsSubstring("lines 2 and 3"));
  const auto bare = table({"measure", "nerve"}, {{std::string("motor_amplitude_mv"), std::string("median")}});
  CHECK_THROWS_WITH(apply_limits({value("motor_amplitude_mv", 8)}, bare), ContainsSubstring("line 2: a limit needs"));
  const std::vector<std::string> columns{"set", "rule", "measure", "relation", "factor", "reference"};
  const auto rule = [&](const char* measure, const char* relation, Value factor, const char* reference) {
    return table(columns,
                 {{std::string("s"), std::string("r"), std::string(measure), std::string(relation), factor, std::string(reference)}});
  };
  CHECK_THROWS_WITH(evaluate_criteria({}, rule("speed", "<", 80.0, "LLN")), ContainsSubstring("line 2: unknown measure \"speed\""));
  CHECK_THROWS_WITH(evaluate_criteria({}, rule("motor_velocity_mps", "=", 80.0, "LLN")),
                    ContainsSubstring("line 2: unknown relation \"=\""));
  CHECK_THROWS_WITH(evaluate_criteria({}, rule("motor_velocity_mps", "<", 80.0, "normal")),
                    ContainsSubstring("line 2: unknown reference \"normal\""));
}

TEST_CASE("no clinical limit stands in the sources") {
  // Numbers with a unit of measurement beside a comparison of a measured value, outside of option tables.
  const std::regex forbidden(
      R"((amplitude_mv|velocity_mps|latency_ms|decrement_pct|persistence_pct)[^;\n]*[<>]=?\s*[0-9]+\.?[0-9]*\s*[;)&|?])");
  for (const auto& file : std::filesystem::directory_iterator(EMG_SOURCE_DIR "/libemg/measure/ncs")) {
    std::ifstream in(file.path());
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      std::smatch match;
      if (!std::regex_search(line, match, forbidden)) continue;
      // Comparisons with nothing at all (0) are no limits.
      if (std::regex_search(line, std::regex(R"([<>]=?\s*0\s*[;)&|?])"))) continue;
      FAIL_CHECK(file.path().filename().string() << ":" << number << ": " << line);
    }
  }
}
