// Nerve conduction: operations on sweeps, and the whole study.

#include "python/bind_ncs.h"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "libemg/io/mem.h"
#include "libemg/measure/ncs/cmap_scan.h"
#include "libemg/measure/ncs/study.h"
#include "python/bind_errors.h"
#include "python/bind_files.h"
#include "python/bind_options.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

py::list ncs(const py::list& sweeps, const py::object& manual, const py::object& thread_count, const py::dict& keywords) {
  const auto options = options_from_keywords<NcsOptions>("ncs", keywords);
  const int threads = threads_from_python(thread_count);
  std::vector<SweepSet> sets;
  for (const auto& payload : sweeps) sets.push_back(sweeps_from(py::cast<py::dict>(payload)));
  std::vector<MarkerRow> markers;
  if (!manual.is_none()) markers = markers_of(table_from_payload(py::cast<py::dict>(manual)));
  NcsStudy study;
  {
    const py::gil_scoped_release released;
    study = ncs_study(sets, options, markers, threads);
  }
  py::list tables;
  for (auto& table : study.tables) tables.append(table_payload(std::move(table)));
  return tables;
}

py::dict scan(const std::vector<double>& stimulus_ma, const std::vector<double>& amplitude_mv, std::size_t plateau_end,
              std::size_t scan_end, std::size_t after_end, const py::dict& keywords) {
  const auto options = options_from_keywords<CmapScanOptions>("cmap_scan", keywords);
  CmapScanRow row;
  {
    const py::gil_scoped_release released;
    row = cmap_scan({stimulus_ma, amplitude_mv, plateau_end, scan_end, after_end}, options);
  }
  return table_payload(to_table("cmap_scan", "numbers of a CMAP scan; none is a count of motor units", std::vector<CmapScanRow>{row}));
}

py::dict scan_file(const std::string& path) {
  const auto m = read_mem(path);
  if (!m.scan) throw FileError(path, "holds no CMAP scan");
  py::dict out;
  out["stimulus_ma"] = m.scan->stimulus_ma;
  out["amplitude_mv"] = m.scan->amplitude_mv;
  out["plateau_end"] = m.scan->plateau_end;
  out["scan_end"] = m.scan->scan_end;
  out["after_end"] = m.scan->after_end;
  return out;
}

}  // namespace

py::object run_on_sweeps(const OperationEntry& entry, const py::handle& sweeps, const CallOptions& call) {
  const auto type = py::module_::import("endplate._recording").attr("Sweeps");
  if (!py::isinstance(sweeps, type)) {
    throw py::type_error(fmt::format("{}() takes Sweeps, not {}; endplate.open(path).sweeps and endplate.Sweeps.from_numpy make them",
                                     underscored(entry.name), py::cast<std::string>(py::type::of(sweeps).attr("__name__"))));
  }
  const auto set = sweeps_from(py::cast<py::dict>(sweeps.attr("payload")()));
  OperationResult result;
  {
    const py::gil_scoped_release released;
    result = entry.run_sweeps(set, call.values, call.threads);
  }
  const auto provenance = provenance_payload(operation_provenance(0, entry, call.values));
  if (entry.kind == OperationKind::sweeps) return type(sweeps_payload(std::move(result.sweeps)), py::none(), provenance);
  result.table.name = underscored(entry.name);
  auto payload = table_payload(std::move(result.table));
  payload["rate_hz"] = set.rate_hz;
  payload["provenance"] = provenance;
  return py::module_::import("endplate._results").attr("make")("rows", payload);
}

void bind_ncs(py::module_& module) {
  module.def("ncs", &ncs);
  module.def("cmap_scan", &scan);
  module.def("read_scan", &scan_file);
}

}  // namespace emg::python
