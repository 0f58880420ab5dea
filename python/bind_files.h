#pragma once
// Files in and out. All of it holds the GIL: the process may share its HDF5 library with others.

#include <pybind11/pybind11.h>

#include "libemg/core/sweeps.h"
#include "libemg/core/units.h"

namespace emg::python {

namespace py = pybind11;

/// {"data", "rate_hz", "zero_sample", "metadata": table payload}.
py::dict sweeps_payload(SweepSet&& set);

/// The reverse of sweeps_payload.
SweepSet sweeps_from(const py::dict& payload);

/// {"unit_id", "rate_hz", "sample", "offset_samples", "waveform_uv", "waveform_zero", "status"}.
py::dict unit_payload(const MotorUnit& unit);

/// The reverse of unit_payload.
MotorUnit unit_from(const py::dict& payload);

void bind_files(py::module_& module);
void bind_simulate(py::module_& module);
void bind_decompose(py::module_& module);

}  // namespace emg::python
