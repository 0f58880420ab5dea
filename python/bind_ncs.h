#pragma once
// Operations on sweeps and the whole nerve conduction study, from Python.

#include "python/bind_operation.h"

namespace emg::python {

/// A Table for rows, Sweeps for sweeps. Computes without the GIL.
py::object run_on_sweeps(const OperationEntry& entry, const py::handle& sweeps, const CallOptions& call);

void bind_ncs(py::module_& module);

}  // namespace emg::python
