#include <pybind11/stl.h>

#include <memory>

#include "libemg/decompose/hd/decompose.h"
#include "libemg/decompose/needle/needle_decomposition.h"
#include "python/bind_arrays.h"
#include "python/bind_files.h"
#include "python/bind_options.h"
#include "python/bind_recording.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

// Calls `progress(round, units)` and lets Ctrl-C through. False stops with the units so far.
bool report(const py::object& progress, const DecomposeProgress& now) {
  const py::gil_scoped_acquire held;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (progress.is_none()) return true;
  const auto answer = progress(now.round, now.units);
  return answer.is_none() || py::cast<bool>(answer);
}

py::list units_payload(const std::vector<MotorUnit>& units) {
  py::list list;
  for (const auto& unit : units) list.append(unit_payload(unit));
  return list;
}

py::dict decompose_recording(RecordingHandle& handle, const py::object& thread_count, const py::object& progress, const py::dict& keywords) {
  const auto options = options_from_keywords<DecomposeOptions>("decompose", keywords);
  const int threads = threads_from_python(thread_count);
  Decomposition found;
  {
    const py::gil_scoped_release released;
    found = decompose(*handle.recording, options, threads, [&](const DecomposeProgress& now) { return report(progress, now); });
  }
  py::dict payload;
  payload["units"] = units_payload(found.units);
  payload["table"] = table_payload(to_table("unit_quality", "how far each unit can be trusted", found.rows));
  payload["filters"] = table_payload(filter_table(found.filters));
  payload["pulse_trains"] = array_from(std::move(found.pulse_trains));
  payload["explained_variance"] = found.explained_variance;
  payload["complete"] = found.complete;
  payload["rounds"] = found.rounds;
  payload["whitening_rank"] = found.whitening_rank;
  payload["whitening_floor_uv2"] = found.whitening_floor_uv2;
  payload["channel_reasons"] = found.channel_reasons;
  payload["warnings"] = warnings_payload(found.warnings);
  return payload;
}

py::dict decompose_potentials(RecordingHandle& handle, const py::object& thread_count, const py::dict& keywords) {
  const auto options = options_from_keywords<NeedleOptions>("decompose", keywords);
  const int threads = threads_from_python(thread_count);
  NeedleDecomposition found;
  {
    const py::gil_scoped_release released;
    found = decompose_needle(*handle.recording, options, threads);
  }
  py::dict payload;
  payload["units"] = units_payload(found.units);
  payload["table"] = table_payload(to_table("unit_quality", "how far each unit can be trusted", found.unit_rows));
  payload["discharges"] = table_payload(to_table("unit_discharges", "every discharge with its confidence", found.discharges));
  payload["unassigned"] = table_payload(to_table("unassigned_activity", "stretches that no unit explains", found.unassigned));
  payload["summary"] = table_payload(to_table("decomposition", "the run as a whole", std::vector{found.summary}));
  payload["residual"] = array_from(std::move(found.residual));
  payload["residual_rate_hz"] = found.residual_rate_hz;
  payload["warnings"] = warnings_payload(found.warnings);
  return payload;
}

py::dict reuse_filters(RecordingHandle& handle, const py::dict& filters, const py::object& thread_count, const py::dict& keywords) {
  const auto options = options_from_keywords<ApplyFiltersOptions>("transform", keywords);
  const auto bank = filter_bank_from(table_from_payload(filters));
  const int threads = threads_from_python(thread_count);
  AppliedFilters found;
  {
    const py::gil_scoped_release released;
    found = apply_filters(*handle.recording, bank, options, threads);
  }
  py::dict payload;
  payload["units"] = units_payload(found.units);
  payload["table"] = table_payload(to_table("applied_filters", "units found by stored filters", found.rows));
  payload["pulse_trains"] = array_from(std::move(found.pulse_trains));
  payload["warnings"] = warnings_payload(found.warnings);
  return payload;
}

}  // namespace

void bind_decompose(py::module_& module) {
  module.def("decompose", &decompose_recording);
  module.def("decompose_potentials", &decompose_potentials);
  module.def("suits_needle", [](const RecordingHandle& handle) { return suits_needle(*handle.recording); });
  module.def("apply_filters", &reuse_filters);
}

}  // namespace emg::python
