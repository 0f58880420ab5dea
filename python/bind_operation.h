#pragma once
// Running an operation on an array or a recording, from Python.

#include <pybind11/pybind11.h>

#include <optional>
#include <string>

#include "libemg/core/operation.h"
#include "python/bind_arrays.h"
#include "python/bind_recording.h"

namespace emg::python {

namespace py = pybind11;

/// What a call gives beside the signal.
struct CallOptions {
  OptionValues values;
  std::optional<double> rate_hz;
  int threads = 1;
  std::string layout;
  py::object progress;  ///< null, None, True or callable(done, total, stage)
};

/// An array for a signal, an object of endplate._results for everything else. Computes without the GIL.
py::object run_on_array(const OperationEntry& entry, const SignalInput& signal, CallOptions& call);

/// As run_on_array; a signal comes back as RecordingHandle with its provenance.
py::object run_on_handle(const OperationEntry& entry, RecordingHandle& handle, CallOptions& call);

/// Operations on the result of another one.
void bind_spectrum(py::module_& module);

}  // namespace emg::python
