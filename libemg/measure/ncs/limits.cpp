#include "libemg/measure/ncs/limits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "libemg/core/error.h"

namespace emg {
namespace {

constexpr double kBandFactor = 2;
constexpr int kFirstLine = 2;  // line 1 of the file is the header

// Measures and the tables that hold them.
struct Source {
  const char* measure;
  const char* table;
  const char* column;
  const char* sd;
};
constexpr Source kSources[] = {
    {"motor_latency_ms", "ncs_motor", "onset_ms", "onset_sd_ms"},
    {"motor_amplitude_mv", "ncs_motor", "amplitude_mv", ""},
    {"motor_area_mvms", "ncs_motor", "negative_area_mvms", ""},
    {"motor_duration_ms", "ncs_motor", "negative_duration_ms", ""},
    {"motor_total_duration_ms", "ncs_motor", "total_duration_ms", ""},
    {"motor_velocity_mps", "ncs_velocity", "velocity_mps", "velocity_sd_mps"},
    {"residual_latency_ms", "ncs_velocity", "residual_latency_ms", ""},
    {"terminal_latency_index", "ncs_velocity", "terminal_latency_index", ""},
    {"amplitude_ratio", "ncs_segments", "amplitude_ratio", ""},
    {"amplitude_drop_pct", "ncs_segments", "amplitude_change_pct", "amplitude_change_se_pct"},
    {"area_ratio", "ncs_segments", "area_ratio", ""},
    {"area_drop_pct", "ncs_segments", "area_change_pct", "area_change_se_pct"},
    {"duration_increase_pct", "ncs_segments", "duration_change_pct", "duration_change_se_pct"},
    {"f_min_ms", "ncs_f_waves", "f_min_ms", ""},
    {"f_mean_ms", "ncs_f_waves", "f_mean_ms", ""},
    {"f_persistence_pct", "ncs_f_waves", "persistence_pct", ""},
    {"chronodispersion_ms", "ncs_f_waves", "chronodispersion_ms", ""},
    {"sensory_latency_ms", "ncs_sensory", "onset_ms", "onset_sd_ms"},
    {"sensory_peak_ms", "ncs_sensory", "peak_ms", ""},
    {"sensory_amplitude_uv", "ncs_sensory", "amplitude_uv", ""},
    {"sensory_velocity_mps", "ncs_velocity", "velocity_mps", "velocity_sd_mps"},
    {"decrement_pct", "ncs_repetitive", "amplitude_decrement_largest_pct", "decrement_se_pct"},
};

std::optional<double> number(const Table& t, const std::string& column, std::size_t row) {
  const auto* found = t.find(column);
  if (!found) return std::nullopt;
  const auto cell = found->cell(row);
  if (const auto* d = std::get_if<double>(&cell)) return std::isfinite(*d) ? std::optional(*d) : std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*i);
  return std::nullopt;
}

std::string text(const Table& t, const std::string& column, std::size_t row) {
  const auto* found = t.find(column);
  if (!found) return "";
  const auto cell = found->cell(row);
  if (const auto* s = std::get_if<std::string>(&cell)) return *s;
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *i);
  return "";
}

// Line of the file that a row stands in: as a column `line` says, else rows follow a header.
int line_of(const Table& t, std::size_t row) {
  return static_cast<int>(number(t, "line", row).value_or(static_cast<double>(row) + kFirstLine));
}

[[noreturn]] void refuse(const Table& t, std::size_t row, const std::string& message) {
  throw InvalidArgument(fmt::format("line {}: {}", line_of(t, row), message));
}

void require_measure(const Table& t, const char* column, std::size_t row) {
  const auto name = text(t, column, row);
  const auto& names = measure_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  const auto nearest = nearest_name(name, names);
  refuse(t, row, fmt::format("unknown measure \"{}\"{}", name,
                          nearest.empty() ? "; known: " + fmt::format("{}", fmt::join(names, ", ")) : "; did you mean " + nearest + "?"));
}

// Lower and upper limit of a line for a person; reason if the person's facts are missing.
struct Bounds {
  std::optional<double> lower, upper;
  std::string reason;
};

Bounds bounds_of(const Table& t, std::size_t r, const Person& p) {
  Bounds b{number(t, "lower", r), number(t, "upper", r), ""};
  const auto intercept = number(t, "intercept", r);
  if (!intercept) {
    if (!b.lower && !b.upper) refuse(t, r, "a limit needs lower, upper or intercept");
    return b;
  }
  double center = *intercept;
  for (const auto& [column, value, name] :
       {std::tuple{"age_coefficient", p.age_years, "age"}, std::tuple{"height_coefficient", p.height_cm, "height"}}) {
    const auto factor = number(t, column, r);
    if (!factor || *factor == 0) continue;
    if (!value) {
      b.reason = fmt::format("{} missing", name);
      return b;
    }
    center += *factor * *value;
  }
  const double spread = number(t, "sd", r).value_or(0) * number(t, "k", r).value_or(0);
  if (!b.lower) b.lower = center - spread;
  if (!b.upper) b.upper = center + spread;
  return b;
}

bool same(const std::string& asked, const std::string& given) {
  return asked.empty() || asked == given;
}

// Whether a line speaks of the value at all: by names.
bool names_fit(const Table& t, std::size_t r, const StudyValue& v) {
  return text(t, "measure", r) == v.measure && same(text(t, "nerve", r), v.nerve) && same(text(t, "muscle", r), v.muscle) &&
         same(text(t, "site", r), v.site) && same(text(t, "side", r), v.side);
}

// Age, height and sex select a line; a fact that is missing is a reason.
enum class Fit { no, yes, unknown };
Fit person_fits(const Table& t, std::size_t r, const Person& p, std::string& reason) {
  const auto inside = [&](const char* low, const char* high, const std::optional<double>& value, const char* name) {
    const auto from = number(t, low, r), to = number(t, high, r);
    if (!from && !to) return Fit::yes;
    if (!value) {
      reason = fmt::format("{} missing", name);
      return Fit::unknown;
    }
    return (from && *value < *from) || (to && *value > *to) ? Fit::no : Fit::yes;
  };
  Fit all = inside("age_min", "age_max", p.age_years, "age");
  if (all == Fit::no) return all;
  const Fit height = inside("height_min_cm", "height_max_cm", p.height_cm, "height");
  if (height == Fit::no) return height;
  if (height == Fit::unknown) all = height;
  const auto sex = text(t, "sex", r);
  if (!sex.empty() && p.sex.empty()) reason = "sex missing", all = Fit::unknown;
  if (!sex.empty() && !p.sex.empty() && sex != p.sex) return Fit::no;
  return all;
}

// Why the recording cannot be compared with a line: filter, onset method, temperature. "" if it can.
std::string technical_reason(const Table& t, std::size_t r, const StudyValue& v) {
  for (const auto& [column, band] : {std::pair{"band_low_hz", v.band_low_hz}, std::pair{"band_high_hz", v.band_high_hz}}) {
    const auto asked = number(t, column, r);
    if (!asked) continue;
    if (!band || *band > kBandFactor * *asked || *band < *asked / kBandFactor) return "filter";
  }
  const auto method = text(t, "onset_method", r);
  if (!method.empty() && !v.onset_method.empty() && method != v.onset_method) return "onset method";
  if (const auto warmest = number(t, "temperature_min_c", r)) {
    if (!v.temperature_c || *v.temperature_c < *warmest) return "temperature";
  }
  return "";
}

struct Match {
  std::optional<std::size_t> line;
  Bounds bounds;
  std::string reason;  ///< why there is none
};

Match match_limit(const StudyValue& v, const Table& t, const Person& p) {
  Match match;
  match.reason = "no limit";
  for (std::size_t r = 0; r < t.row_count(); ++r) {
    if (!names_fit(t, r, v)) continue;
    std::string reason;
    const Fit fit = person_fits(t, r, p, reason);
    if (fit == Fit::no) continue;
    if (fit == Fit::unknown) {
      if (!match.line) match.reason = reason;
      continue;
    }
    if (match.line)
      throw InvalidArgument(
          fmt::format("lines {} and {} are both limits of {} {} {}", line_of(t, *match.line), line_of(t, r), v.measure, v.nerve, v.site));
    match.line = r;
    match.bounds = bounds_of(t, r, p);
    match.reason = match.bounds.reason.empty() ? technical_reason(t, r, v) : match.bounds.reason;
  }
  return match;
}

bool holds(double value, const std::string& relation, double threshold) {
  if (relation == "<") return value < threshold;
  if (relation == "<=") return value <= threshold;
  if (relation == ">") return value > threshold;
  return value >= threshold;
}

void require_words(const Table& t, std::size_t r) {
  static const std::set<std::string> relations{"<", "<=", ">", ">="},
      references{"ULN", "LLN", "absolute", "previous", "other_side", "distal"}, scopes{"nerve", "segment", "side", "study"};
  const auto check = [&](const char* column, const std::set<std::string>& known, const std::string& word) {
    if (known.count(word) == 0) refuse(t, r, fmt::format("unknown {} \"{}\", expected one of {}", column, word, fmt::join(known, ", ")));
  };
  check("relation", relations, text(t, "relation", r));
  check("reference", references, text(t, "reference", r));
  if (!text(t, "scope", r).empty()) check("scope", scopes, text(t, "scope", r));
  if (!number(t, "factor", r)) refuse(t, r, "factor is missing");
  require_measure(t, "measure", r);
  if (text(t, "guard_measure", r).empty()) return;
  require_measure(t, "guard_measure", r);
  check("guard_relation", relations, text(t, "guard_relation", r));
  check("guard_reference", references, text(t, "guard_reference", r));
  if (!number(t, "guard_factor", r)) refuse(t, r, "guard_factor is missing");
}

class Criteria {
 public:
  Criteria(const std::vector<StudyValue>& values, const Table& criteria, const Table* limits, const Person& person,
           const std::vector<StudyValue>& previous)
      : values_(values), t_(criteria), limits_(limits), person_(person), previous_(previous) {}

  std::vector<CriterionRow> run() {
    for (std::size_t r = 0; r < t_.row_count(); ++r) {
      if (text(t_, "combine", r).empty()) {
        require_words(t_, r);
        simple(r);
      }
    }
    for (std::size_t r = 0; r < t_.row_count(); ++r) {
      if (!text(t_, "combine", r).empty()) combine(r);
    }
    return std::move(rows_);
  }

 private:
  struct Threshold {
    std::optional<double> value;
    std::string reason;
  };

  // Factors of ULN and LLN are percent of the limit; of other values percent of that value; `absolute` stands for itself.
  Threshold threshold(const StudyValue& v, double factor, const std::string& reference) const {
    if (reference == "absolute") return {factor, ""};
    if (reference == "ULN" || reference == "LLN") {
      if (!limits_) return {std::nullopt, "no limits supplied"};
      const auto match = match_limit(v, *limits_, person_);
      if (!match.reason.empty()) return {std::nullopt, match.reason};
      const auto& bound = reference == "ULN" ? match.bounds.upper : match.bounds.lower;
      if (!bound)
        return {std::nullopt,
                fmt::format("no {} in line {}", reference == "ULN" ? "upper limit" : "lower limit", line_of(*limits_, *match.line))};
      return {factor / 100 * *bound, ""};
    }
    const auto* other = find_other(v, reference);
    if (!other || !other->value) return {std::nullopt, reference + " missing"};
    return {factor / 100 * *other->value, ""};
  }

  const StudyValue* find_other(const StudyValue& v, const std::string& reference) const {
    const auto& pool = reference == "previous" ? previous_ : values_;
    for (const auto& w : pool) {
      if (w.measure != v.measure || w.nerve != v.nerve || w.muscle != v.muscle) continue;
      if (reference == "previous" && w.side == v.side && w.site == v.site) return &w;
      if (reference == "other_side" && w.side != v.side && w.site == v.site) return &w;
      // The first site of a nerve is its distal one.
      if (reference == "distal" && w.side == v.side) return w.site == v.site ? nullptr : &w;
    }
    return nullptr;
  }

  // Reason why the guard keeps the rule from counting, "" if it does not; "?" in front: not assessable.
  std::string guard(std::size_t r, const StudyValue& v) const {
    const auto measure = text(t_, "guard_measure", r);
    if (measure.empty()) return "";
    for (const auto& w : values_) {
      if (w.measure != measure || w.nerve != v.nerve || w.side != v.side || w.muscle != v.muscle) continue;
      if (!w.value) return "?guard " + measure + " missing";
      const auto limit = threshold(w, *number(t_, "guard_factor", r), text(t_, "guard_reference", r));
      if (!limit.value) return "?guard: " + limit.reason;
      return holds(*w.value, text(t_, "guard_relation", r), *limit.value)
                 ? ""
                 : fmt::format("guard: {} {:.4g} is not {} {:.4g}", measure, *w.value, text(t_, "guard_relation", r), *limit.value);
    }
    return "?guard " + measure + " missing";
  }

  bool excluded(std::size_t r, const std::string& nerve) const {
    const auto list = "," + text(t_, "exclude", r) + ",";
    return !nerve.empty() && list.find("," + nerve + ",") != std::string::npos;
  }

  void simple(std::size_t r) {
    const auto measure = text(t_, "measure", r);
    std::set<std::string> met_nerves;
    bool any = false, assessable = false;
    for (const auto& v : values_) {
      if (v.measure != measure || excluded(r, v.nerve)) continue;
      any = true;
      CriterionRow row{text(t_, "set", r),
                       text(t_, "rule", r),
                       v.nerve,
                       v.side,
                       v.site,
                       measure,
                       v.value,
                       {},
                       {},
                       "",
                       "",
                       line_of(t_, r)};
      const auto limit = v.value ? threshold(v, *number(t_, "factor", r), text(t_, "reference", r))
                                 : Threshold{std::nullopt, v.reason.empty() ? "not measured" : v.reason};
      if (!limit.value) {
        row.result = limit.reason.starts_with("not_assessable") ? limit.reason : "not_assessable (" + limit.reason + ")",
        row.reason = limit.reason;
      } else {
        row.threshold = limit.value, row.margin = *v.value - *limit.value;
        const auto why = guard(r, v);
        if (!why.empty() && why[0] == '?') {
          row.result = "not_assessable (" + why.substr(1) + ")", row.reason = why.substr(1);
        } else {
          const bool met = holds(*v.value, text(t_, "relation", r), *limit.value) && why.empty();
          row.result = met ? "met" : "not_met", row.reason = why;
          assessable = true;
          if (met) met_nerves.insert(v.nerve + " " + v.side);
        }
      }
      rows_.push_back(std::move(row));
    }
    const double needed = number(t_, "count_min", r).value_or(1);
    CriterionRow total{text(t_, "set", r),
                       text(t_, "rule", r),
                       "",
                       "",
                       "",
                       measure,
                       static_cast<double>(met_nerves.size()),
                       needed,
                       static_cast<double>(met_nerves.size()) - needed,
                       "",
                       "",
                       line_of(t_, r)};
    total.result = static_cast<double>(met_nerves.size()) >= needed ? "met"
                   : assessable                                     ? "not_met"
                   : any                                            ? "not_assessable (no value could be compared)"
                                                                    : "not_assessable (" + measure + " not measured)";
    if (total.result.starts_with("not_assessable")) total.value.reset(), total.margin.reset();
    outcome_[total.set + "\n" + total.rule] = total.result;
    rows_.push_back(std::move(total));
  }

  void combine(std::size_t r) {
    const auto how = text(t_, "combine", r), set = text(t_, "set", r);
    int met = 0, open = 0, all = 0;
    std::string list = text(t_, "measure", r) + ",", name;
    for (const char c : list) {
      if (c == ' ') continue;
      if (c != ',') {
        name += c;
        continue;
      }
      if (name.empty()) continue;
      const auto found = outcome_.find(set + "\n" + name);
      if (found == outcome_.end()) refuse(t_, r, fmt::format("combine names the rule \"{}\", which the set {} does not have", name, set));
      ++all, met += found->second == "met" ? 1 : 0, open += found->second.starts_with("not_assessable") ? 1 : 0;
      name.clear();
    }
    int needed = 0;
    if (how == "AND") {
      needed = all;
    } else if (how == "OR") {
      needed = 1;
    } else if (how.starts_with("ATLEAST ")) {
      needed = std::atoi(how.c_str() + 8);
    }
    if (needed < 1 || all == 0) refuse(t_, r, fmt::format("combine \"{}\", expected AND, OR or ATLEAST n and rules in measure", how));
    CriterionRow row{set,
                     text(t_, "rule", r),
                     "",
                     "",
                     "",
                     "",
                     static_cast<double>(met),
                     static_cast<double>(needed),
                     static_cast<double>(met - needed),
                     "",
                     "",
                     line_of(t_, r)};
    row.result = met >= needed ? "met" : met + open >= needed ? fmt::format("not_assessable ({} of {} rules)", open, all) : "not_met";
    outcome_[set + "\n" + row.rule] = row.result;
    rows_.push_back(std::move(row));
  }

  const std::vector<StudyValue>& values_;
  const Table& t_;
  const Table* limits_;
  const Person& person_;
  const std::vector<StudyValue>& previous_;
  std::vector<CriterionRow> rows_;
  std::map<std::string, std::string> outcome_;
};

}  // namespace

const std::vector<std::string>& measure_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& s : kSources) list.emplace_back(s.measure);
    return list;
  }();
  return names;
}

std::vector<StudyValue> study_values(const std::vector<Table>& tables) {
  std::vector<StudyValue> values;
  for (const auto& s : kSources) {
    for (const auto& t : tables) {
      if (t.name != s.table) continue;
      for (std::size_t r = 0; r < t.row_count(); ++r) {
        StudyValue v;
        v.measure = s.measure, v.nerve = text(t, "nerve", r), v.side = text(t, "side", r), v.muscle = text(t, "muscle", r),
        v.onset_method = text(t, "onset_method", r);
        const bool velocity = std::string_view(s.table) == "ncs_velocity";
        if (velocity && (v.muscle.empty() != (std::string_view(s.measure) == "sensory_velocity_mps"))) continue;
        v.site = t.find("site") ? text(t, "site", r) : text(t, "distal_site", r) + " - " + text(t, "proximal_site", r);
        v.value = number(t, s.column, r), v.reason = text(t, "reason", r);
        if (*s.sd) v.sd = number(t, s.sd, r);
        // A drop is a positive number, the change of the table a negative one.
        if (std::string_view(s.measure).find("_drop_") != std::string_view::npos && v.value) v.value = -*v.value;
        v.temperature_c = number(t, "temperature_c", r), v.band_low_hz = number(t, "band_low_hz", r),
        v.band_high_hz = number(t, "band_high_hz", r);
        values.push_back(std::move(v));
      }
    }
  }
  return values;
}

std::vector<LimitRow> apply_limits(const std::vector<StudyValue>& values, const Table& limits, const Person& person) {
  if (!limits.find("measure")) throw InvalidArgument("the table of limits has no column measure");
  std::set<std::string> asked;
  for (std::size_t r = 0; r < limits.row_count(); ++r)
    require_measure(limits, "measure", r), asked.insert(text(limits, "measure", r));
  std::vector<LimitRow> rows;
  for (const auto& v : values) {
    if (asked.count(v.measure) == 0) continue;
    LimitRow row;
    row.measure = v.measure, row.nerve = v.nerve, row.side = v.side, row.site = v.site, row.value = v.value;
    const auto match = match_limit(v, limits, person);
    if (match.line) row.line = line_of(limits, *match.line), row.source = text(limits, "source", *match.line);
    if (!match.reason.empty() || !v.value) {
      const auto why = v.value ? match.reason : v.reason.empty() ? "not measured" : v.reason;
      row.result = why.starts_with("not_assessable") ? why : fmt::format("not_assessable ({})", why);
    } else {
      row.lower = match.bounds.lower, row.upper = match.bounds.upper;
      const double over_low = row.lower ? *v.value - *row.lower : INFINITY, under_high = row.upper ? *row.upper - *v.value : INFINITY;
      row.result = over_low < 0 ? "below" : under_high < 0 ? "above" : "inside";
      const bool low_nearer = over_low < under_high;
      row.margin = std::min(over_low, under_high);
      const double bound = low_nearer ? *row.lower : *row.upper;
      if (bound != 0) row.margin_pct = 100 * *row.margin / std::abs(bound);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<CriterionRow> evaluate_criteria(const std::vector<StudyValue>& values, const Table& criteria, const Table* limits,
                                            const Person& person, const std::vector<StudyValue>& previous) {
  for (const char* column : {"set", "rule", "measure"}) {
    if (!criteria.find(column)) throw InvalidArgument(fmt::format("the table of criteria has no column {}", column));
  }
  return Criteria(values, criteria, limits, person, previous).run();
}

}  // namespace emg
