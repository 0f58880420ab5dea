// The module endplate._core: every operation of the registry as a callable, recordings, files, simulations.

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdlib>
#include <string>

#include "libemg/operations.h"
#include "python/bind_errors.h"
#include "python/bind_files.h"
#include "python/bind_ncs.h"
#include "python/bind_operation.h"
#include "python/bind_options.h"
#include "python/bind_recording.h"
#include "python/bind_score.h"
#include "python/describe.h"
#include "python/operation_type.h"

namespace emg::python {
namespace {

// pybind11 before 2.12 compiles against NumPy 2, imports, and returns arrays full of zeros without any error.
std::string layer_problem(int pybind_major, int pybind_minor, const std::string& numpy_version) {
  const bool old_layer = pybind_major < 2 || (pybind_major == 2 && pybind_minor < 12);
  if (!old_layer || std::atoi(numpy_version.c_str()) < 2) return "";
  return fmt::format("endplate was built with pybind11 {}.{}, which gives wrong arrays with NumPy {}; build it with pybind11 2.12 or newer",
                     pybind_major, pybind_minor, numpy_version);
}

void refuse_wrong_layer() {
  const auto numpy_version = py::cast<std::string>(py::module_::import("numpy").attr("__version__"));
  const auto problem = layer_problem(PYBIND11_VERSION_MAJOR, PYBIND11_VERSION_MINOR, numpy_version);
  if (!problem.empty()) throw py::import_error(problem);
}

void bind_operations(py::module_& module) {
  const auto type = make_operation_type();
  module.attr("Operation") = type;
  py::list names;
  for (const auto& entry : operations()) {
    const auto name = underscored(entry.name);
    module.attr(name.c_str()) = make_operation(type, entry);
    names.append(name);
  }
  module.attr("operation_names") = py::tuple(names);
  module.attr("__all__") = names;
}

}  // namespace
}  // namespace emg::python

PYBIND11_MODULE(_core, module) {
  using namespace emg::python;
  refuse_wrong_layer();
  module.def("layer_problem", &layer_problem);
  register_errors();
  bind_recording(module);
  bind_operations(module);
  bind_spectrum(module);
  bind_files(module);
  bind_score(module);
  bind_simulate(module);
  bind_decompose(module);
  bind_ncs(module);
  bind_description(module);
}
