#pragma once
// The machine description: every function with its options and results, in the form of `endplate list --json`.

#include <pybind11/pybind11.h>

#include "libemg/core/operation.h"

namespace emg::python {

namespace py = pybind11;

/// [{"name", "type", "unit", "description", "optional", "default", "range", "choices"}].
py::list describe_fields(const std::vector<FieldInfo>& infos);

/// {"name", "kind", "summary", "options": {NAME: fields}, "results": fields}.
py::dict describe_operation(const OperationEntry& entry);

void bind_description(py::module_& module);

}  // namespace emg::python
