#pragma once
// Comparison of a study with limits and criteria that the user supplies as tables. No limit and no rule is built in.
//
// A value is what was measured once: measure, nerve, side, site, muscle, number, SD. `study_values` takes them from the tables of a study.
// limits: columns measure, nerve, muscle, site, side, electrode, onset_method, band_low_hz, band_high_hz, temperature_min_c, age_min,
// age_max, height_min_cm, height_max_cm, sex, lower, upper, centile, intercept, age_coefficient, height_coefficient, sd, k, source,
// quality_notes; an empty cell asks for nothing. With intercept (and coefficients, sd, k) the limit is intercept + age_coefficient age +
// height_coefficient height -+ k sd. criteria: columns set, rule, scope (nerve, segment, side, study), measure, relation (< <= > >=),
// factor, reference (ULN, LLN, absolute, previous, other_side, distal), guard_measure, guard_relation, guard_factor, guard_reference,
// exclude, count_min, combine. A combine line has a rule name, `combine` AND, OR or ATLEAST n and in `measure` the rules it joins,
// separated by commas. A column line says where a row stands in its file; without one the rows follow a header. Results: one row for each
// value and limit, or each rule and nerve: inside, below, above, or not_assessable (reason); met, not_met, or not_assessable (reason).
// Throws InvalidArgument naming the line of the table: an unknown measure, relation, reference or scope, a limit without bounds, two limits
// that fit one value (both lines). Cost: values x rows. Method: comparisons only.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/table.h"

namespace emg {

struct StudyValue {
  std::string measure, nerve, side, site, muscle, onset_method;
  std::optional<double> value, sd, temperature_c, band_low_hz, band_high_hz;
  std::string reason;
};

/// Who was examined, for limits that depend on it.
struct Person {
  std::optional<double> age_years, height_cm;
  std::string sex;
};

/// Every measure of a study that limits and criteria may name. `site` of a segment: "distal - proximal".
std::vector<StudyValue> study_values(const std::vector<Table>& tables);
/// Their names.
const std::vector<std::string>& measure_names();

struct LimitRow {
  std::string measure, nerve, side, site;
  std::optional<double> value, lower, upper, margin, margin_pct;
  std::string result, source;
  int line = 0;

  static constexpr auto fields() {
    using R = LimitRow;
    return std::tuple{
        field("measure", &R::measure, {}, "what was compared"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("site", &R::site, {}, "site or segment"),
        field("value", &R::value, {}, "measured"),
        field("lower", &R::lower, {}, "lower limit supplied"),
        field("upper", &R::upper, {}, "upper limit supplied"),
        field("margin", &R::margin, {}, "distance to the nearer limit, positive inside, in units of the measure"),
        field("margin_pct", &R::margin_pct, {}, "the same in percent of the limit"),
        field("result", &R::result, {}, "inside, below, above, or not_assessable (reason)"),
        field("source", &R::source, {}, "as the table states it"),
        field("line", &R::line, {}, "line of the table"),
    };
  }
};
static_assert(fully_described<LimitRow>());

struct CriterionRow {
  std::string set, rule, nerve, side, site, measure;
  std::optional<double> value, threshold, margin;
  std::string result, reason;
  int line = 0;

  static constexpr auto fields() {
    using R = CriterionRow;
    return std::tuple{
        field("set", &R::set, {}, "criteria set, as its author named it"),
        field("rule", &R::rule, {}, "rule"),
        field("nerve", &R::nerve, {}, "stimulated nerve; empty: the study"),
        field("side", &R::side, {}, "L or R"),
        field("site", &R::site, {}, "site or segment"),
        field("measure", &R::measure, {}, "what was compared"),
        field("value", &R::value, {}, "measured; for a study the number of nerves that meet the rule"),
        field("threshold", &R::threshold, {}, "what it was compared with"),
        field("margin", &R::margin, {}, "value less threshold"),
        field("result", &R::result, {}, "met, not_met, or not_assessable (reason)"),
        field("reason", &R::reason, {}, "guard that kept the rule from counting, or what is missing"),
        field("line", &R::line, {}, "line of the table"),
    };
  }
};
static_assert(fully_described<CriterionRow>());

std::vector<LimitRow> apply_limits(const std::vector<StudyValue>& values, const Table& limits, const Person& person = {});
std::vector<CriterionRow> evaluate_criteria(const std::vector<StudyValue>& values, const Table& criteria, const Table* limits = nullptr,
                                            const Person& person = {}, const std::vector<StudyValue>& previous = {});

}  // namespace emg
