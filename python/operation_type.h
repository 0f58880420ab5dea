#pragma once
// The Python type of an operation: called through vectorcall, so that a short signal costs microseconds, not a wrapper in Python.

#include <pybind11/pybind11.h>

#include "libemg/core/operation.h"

namespace emg::python {

namespace py = pybind11;

/// The type endplate.Operation; its instances have __name__, __doc__, __signature__ (made when asked for) and pickle by name.
py::object make_operation_type();

/// A callable for `entry`, which must outlive it.
py::object make_operation(const py::object& type, const OperationEntry& entry);

}  // namespace emg::python
