#pragma once
// Scores: units, labels and events against the truth.

#include <pybind11/pybind11.h>

namespace emg::python {

void bind_score(pybind11::module_& module);

}  // namespace emg::python
