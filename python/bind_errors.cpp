#include "python/bind_errors.h"

#include "libemg/core/error.h"

namespace emg::python {
namespace {

py::object error_class(const char* name) {
  return py::module_::import("endplate._errors").attr(name);
}

void set_file_error(const FileError& error) {
  const auto type = error_class("FileError");
  const py::object object = type(error.what(), error.path(), error.where(), error.byte());
  PyErr_SetObject(type.ptr(), object.ptr());
}

void set_error(const char* name, const char* message) {
  PyErr_SetString(error_class(name).ptr(), message);
}

}  // namespace

void set_python_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (const py::builtin_exception& e) {
    e.set_error();
  } catch (const Interrupted&) {
    if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
  } catch (const FileError& e) {
    set_file_error(e);
  } catch (const InvalidArgument& e) {
    set_error("InvalidArgument", e.what());
  } catch (const NumericalError& e) {
    set_error("NumericalError", e.what());
  } catch (const Error& e) {
    set_error("Error", e.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

void register_errors() {
  py::register_exception_translator([](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const Error&) {
      set_python_error(std::current_exception());
    }
  });
}

void emit_warnings(const py::list& warnings) {
  if (!warnings.empty()) py::module_::import("endplate._errors").attr("warn")(warnings);
}

}  // namespace emg::python
