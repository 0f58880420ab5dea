#include "python/describe.h"

#include <cmath>

#include "libemg/core/instruction_set.h"
#include "libemg/core/version.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/recording_writer.h"
#include "libemg/measure/ncs/cmap_scan.h"
#include "libemg/measure/ncs/study.h"
#include "libemg/operations.h"
#include "libemg/simulate/recording.h"
#include "python/bind_options.h"

namespace emg::python {
namespace {

py::object bound(double value) {
  return std::isfinite(value) ? py::object(py::float_(value)) : py::object(py::none());
}

py::dict describe_function(const std::string& name, const std::string& kind, const std::string& summary, const char* table,
                           const std::vector<FieldInfo>& options) {
  py::dict tables;
  tables[table] = describe_fields(options);
  py::dict out;
  out["name"] = name;
  out["kind"] = kind;
  out["summary"] = summary;
  out["options"] = tables;
  out["results"] = py::list();
  return out;
}

py::dict description() {
  py::list commands;
  for (const auto& entry : operations()) commands.append(describe_operation(entry));
  py::list kinds;
  for (const auto& kind : simulation_kinds()) {
    kinds.append(describe_function(kind.name, "simulation", kind.summary, underscored(kind.name).c_str(), kind.options));
  }
  py::dict out;
  out["endplate"] = kVersion;
  out["commands"] = commands;
  out["simulations"] = kinds;
  out["cmap_scan"] = describe_fields(describe<CmapScanOptions>());
  out["ncs"] = describe_fields(describe<NcsOptions>());
  out["input"] = describe_fields(describe<ReadOptions>());
  out["output"] = describe_fields(describe<WriteOptions>());
  return out;
}

py::dict build_facts() {
  py::dict facts;
  facts["version"] = kVersion;
  facts["instruction_set"] = std::string(name_of(instruction_set()));
  facts["compiler"] = __VERSION__;
  facts["pybind11"] = std::to_string(PYBIND11_VERSION_MAJOR) + "." + std::to_string(PYBIND11_VERSION_MINOR);
  return facts;
}

}  // namespace

py::list describe_fields(const std::vector<FieldInfo>& infos) {
  py::list fields;
  for (const auto& info : infos) {
    py::dict out;
    out["name"] = info.name;
    out["type"] = std::string(name_of(info.type));
    out["unit"] = info.unit;
    out["description"] = info.text;
    out["optional"] = info.optional;
    out["default"] = to_python(info.default_value);
    py::list range;
    range.append(bound(info.range.min));
    range.append(bound(info.range.max));
    out["range"] = range;
    out["choices"] = to_python(info.choices);
    fields.append(out);
  }
  return fields;
}

py::dict describe_operation(const OperationEntry& entry) {
  auto out = describe_function(entry.name, std::string(name_of(entry.kind)), entry.summary, underscored(entry.name).c_str(), entry.options);
  out["results"] = describe_fields(entry.results);
  return out;
}

void bind_description(py::module_& module) {
  module.def("describe", &description);
  module.def("build_facts", &build_facts);
}

}  // namespace emg::python
