#pragma once
// Exceptions of the library as exceptions of the package.

#include <pybind11/pybind11.h>

#include <exception>
#include <string>

namespace emg::python {

namespace py = pybind11;

/// Sets the Python error that belongs to `error`; the classes live in endplate/_errors.py.
void set_python_error(const std::exception_ptr& error);

/// Makes every function of the module translate with set_python_error.
void register_errors();

/// Sends `warnings` (code, message, channel) through endplate._errors.warn, once per code.
void emit_warnings(const py::list& warnings);

}  // namespace emg::python
