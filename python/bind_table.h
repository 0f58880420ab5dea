#pragma once
// Tables and array results as plain Python payloads; endplate/_results.py makes objects of them.

#include <pybind11/pybind11.h>

#include "libemg/core/operation.h"
#include "libemg/core/table.h"

namespace emg::python {

namespace py = pybind11;

/// {"name", "text", "columns": [(name, unit, text, array)]}; number columns keep their memory.
py::dict table_payload(Table&& table);

/// The reverse of table_payload.
Table table_from_payload(const py::dict& payload);

/// [(name, unit, text, array or number)]; `as_trace`: without the axis of a single channel.
py::list arrays_payload(const std::vector<NamedArray>& arrays, bool as_trace);

/// The reverse of arrays_payload.
std::vector<NamedArray> arrays_from_payload(const py::list& payload);

/// [(code, message, channel)].
py::list warnings_payload(const std::vector<Warning>& warnings);

/// [(run, key, value)].
py::list provenance_payload(const std::vector<ProvenanceEntry>& provenance);

}  // namespace emg::python
