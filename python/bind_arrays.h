#pragma once
// NumPy arrays in and out without a copy where their form allows it.

#include <pybind11/numpy.h>

#include <memory>
#include <string>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/signal.h"

namespace emg::python {

namespace py = pybind11;

/// A signal that came as array; `owner` keeps the samples alive.
struct SignalInput {
  py::object owner;
  const double* data = nullptr;
  Index channel_count = 0;
  Index sample_count = 0;
  bool is_trace = false;  ///< one-dimensional

  Eigen::Map<const RowMatrix> matrix() const { return {data, channel_count, sample_count}; }
};

/// `object` (1-D or 2-D, real numbers) as float64 channels x samples in C order; not copied if it is that already.
/// `layout` is "", "channels_samples" or "samples_channels". Throws TypeError for masked, complex, object and text arrays, InvalidArgument
/// for a wrong number of dimensions, an unknown layout, or more rows than columns without a layout.
SignalInput signal_from_array(py::handle object, const std::string& layout);

/// `matrix` moved into an array; `as_trace`: the first row, one-dimensional.
py::array array_from(RowMatrix&& matrix, bool as_trace = false);

/// A read-only view of what `owner` keeps alive.
py::array read_only_view(std::shared_ptr<const void> owner, const double* data, const std::vector<Index>& shape);

/// `values` moved into a read-only array.
template <class T>
py::array array_from(std::vector<T>&& values, const std::vector<py::ssize_t>& shape) {
  auto owner = std::make_unique<std::vector<T>>(std::move(values));
  const T* data = owner->data();
  const py::capsule capsule(owner.release(), [](void* p) { delete static_cast<std::vector<T>*>(p); });
  py::array_t<T> array(shape, data, capsule);
  py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return array;
}

}  // namespace emg::python
