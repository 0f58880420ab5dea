#include "python/bind_score.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "libemg/io/unit_file.h"
#include "libemg/score/score.h"
#include "python/bind_files.h"
#include "python/bind_options.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

std::vector<MotorUnit> units_from(const py::list& payloads) {
  std::vector<MotorUnit> units;
  for (const auto payload : payloads) units.push_back(unit_from(py::cast<py::dict>(payload)));
  return units;
}

ScoreOptions options_from(const py::dict& keywords) { return options_from_keywords<ScoreOptions>("score", keywords); }

struct LabelSummary {
  double score = 0;
  int kept_count = 0;
  static constexpr auto fields() {
    using R = LabelSummary;
    return std::tuple{field("score", &R::score, {}, "sum of the F1 of the pairs that count"),
                      field("kept_count", &R::kept_count, {}, "predictions that repeat no other")};
  }
};

py::tuple units_score(const py::list& reference, const py::list& predicted, const py::dict& keywords) {
  const auto options = unit_score_options(options_from(keywords));
  const auto truth = units_from(reference), found = units_from(predicted);
  DecompositionScore score;
  {
    const py::gil_scoped_release released;
    score = score_units(truth, found, options);
  }
  return py::make_tuple(table_payload(to_table("score_units", "every reference unit, then predictions without partner", score.units)),
                        table_payload(to_table("score_summary", "the comparison as a whole", std::vector{score.summary})));
}

py::tuple labels_score(const py::list& reference, const py::list& predicted, const py::dict& keywords) {
  const auto score = label_score(units_from(reference), units_from(predicted), label_score_options(options_from(keywords)));
  const LabelSummary summary{score.score, static_cast<int>(score.kept.size())};
  return py::make_tuple(table_payload(to_table("label_pairs", "pairs that count", score.pairs)),
                        table_payload(to_table("label_score", "the label score", std::vector{summary})));
}

py::dict events_score(const std::vector<double>& reference_s, const std::vector<double>& predicted_s, std::optional<double> duration_s,
                      const py::dict& keywords) {
  const auto score = score_detections(reference_s, predicted_s, duration_s, detection_score_options(options_from(keywords)));
  return table_payload(to_table("score_events", "events found, missed and false", std::vector{score}));
}

UnitSide side_of(bool truth) { return truth ? UnitSide::truth : UnitSide::result; }

py::list stored_units(const std::filesystem::path& path, bool truth, std::optional<double> rate_hz) {
  py::list units;
  for (const auto& unit : read_units(path, side_of(truth), rate_hz)) units.append(unit_payload(unit));
  return units;
}

py::tuple stored_events(const std::filesystem::path& path, bool truth) {
  const auto events = read_event_times(path, side_of(truth));
  return py::make_tuple(events.time_s, events.duration_s, events.with_units);
}

}  // namespace

void bind_score(py::module_& module) {
  module.def("score_units", &units_score);
  module.def("score_labels", &labels_score);
  module.def("score_events", &events_score);
  module.def("read_units", &stored_units);
  module.def("read_event_times", &stored_events);
}

}  // namespace emg::python
