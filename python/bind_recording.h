#pragma once
// A recording shared with Python: C++ owns the samples, NumPy sees them.

#include <pybind11/pybind11.h>

#include <memory>

#include "libemg/core/recording.h"

namespace emg::python {

namespace py = pybind11;

struct RecordingHandle {
  std::shared_ptr<const Recording> recording;
};

/// Everything of `recording` but its samples.
Recording without_samples(const Recording& recording);

/// Facts of `recording` as plain Python values, in the order and under the names of the fields.
py::dict facts_of(const Recording& recording);

void bind_recording(py::module_& module);

}  // namespace emg::python
