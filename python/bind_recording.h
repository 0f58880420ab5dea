#pragma once
// A recording shared with Python: C++ owns the samples, NumPy sees them.

#include <pybind11/pybind11.h>

#include <memory>

#include "libemg/core/recording.h"
#include "python/recording_source.h"

namespace emg::python {

namespace py = pybind11;

struct RecordingHandle {
  std::shared_ptr<Recording> recording;
  std::shared_ptr<const RecordingSource> source = nullptr;  // the files it was read from, until their sum stands in the provenance
};

/// Provenance of the recording; the first call after reading takes the sum of its files. Holds the interpreter's lock.
const std::vector<ProvenanceEntry>& provenance_of(RecordingHandle& handle);

/// A recording for Python; when it is given up, the next one of its size takes its memory (`recycle`).
std::shared_ptr<Recording> shared_recording(Recording&& recording);

/// Everything of `recording` but its samples.
Recording without_samples(const Recording& recording);

/// Facts of `recording` but its provenance, as plain Python values in the order and under the names of the fields.
py::dict facts_of(const Recording& recording);

void bind_recording(py::module_& module);

}  // namespace emg::python
