#include "python/bind_arrays.h"

#include <fmt/format.h>

namespace emg::python {
namespace {

using Npy = py::detail::npy_api;

bool is_masked(py::handle object) {
  const auto masked = py::module_::import("numpy").attr("ma").attr("MaskedArray");
  return py::isinstance(object, masked);
}

// Only real numbers of at most 64 bits become microvolts.
void require_real(const py::array& array) {
  const char kind = array.dtype().kind();
  const bool real = kind == 'b' || kind == 'i' || kind == 'u' || (kind == 'f' && array.itemsize() <= 8);
  if (real) return;
  throw py::type_error(
      fmt::format("signal must be an array of bool, integers or float16/32/64, not {}", py::cast<std::string>(py::str(array.dtype()))));
}

py::array plain_array(py::handle object) {
  if (is_masked(object)) throw py::type_error("signal must not be a masked array: fill it, or use a Recording with gaps");
  auto array = py::array::ensure(object);
  if (!array) {
    PyErr_Clear();
    throw py::type_error(fmt::format("signal must be an array, Recording, DataFrame or DataArray, not {}", Py_TYPE(object.ptr())->tp_name));
  }
  return array;
}

bool is_ready(py::handle object) {
  auto& api = Npy::get();
  if (reinterpret_cast<PyObject*>(Py_TYPE(object.ptr())) != reinterpret_cast<PyObject*>(api.PyArray_Type_)) return false;
  return py::array_t<double, py::array::c_style>::check_(object);
}

void require_layout(const std::string& layout) {
  if (layout.empty() || layout == "channels_samples" || layout == "samples_channels") return;
  throw InvalidArgument(fmt::format("layout is \"{}\", expected channels_samples or samples_channels", layout));
}

}  // namespace

SignalInput signal_from_array(py::handle object, const std::string& layout) {
  require_layout(layout);
  py::array array;
  if (is_ready(object)) {
    array = py::reinterpret_borrow<py::array>(object);
  } else {
    array = plain_array(object);
    require_real(array);
  }
  if (array.ndim() != 1 && array.ndim() != 2) {
    throw InvalidArgument(fmt::format("signal has {} dimensions, expected 1 (samples) or 2 (channels, samples)", array.ndim()));
  }
  SignalInput input;
  input.is_trace = array.ndim() == 1;
  if (!input.is_trace && layout == "samples_channels") array = py::array(array.attr("T"));
  input.channel_count = input.is_trace ? 1 : array.shape(0);
  input.sample_count = input.is_trace ? array.shape(0) : array.shape(1);
  if (layout.empty() && input.channel_count > input.sample_count && input.sample_count > 0) {
    throw InvalidArgument(fmt::format("shape ({}, {}) looks like samples x channels; pass layout=\"samples_channels\" or transpose",
                                      input.channel_count, input.sample_count));
  }
  using Contiguous = py::array_t<double, py::array::c_style | py::array::forcecast>;
  auto samples = Contiguous::ensure(array);
  if (!samples) throw py::error_already_set();
  input.data = samples.data();
  input.owner = std::move(samples);
  return input;
}

py::array array_from(RowMatrix&& matrix, bool as_trace) {
  auto owner = std::make_unique<RowMatrix>(std::move(matrix));
  const double* data = owner->data();
  const py::ssize_t rows = owner->rows(), columns = owner->cols();
  const py::capsule capsule(owner.release(), [](void* p) {
    const std::unique_ptr<RowMatrix> given_up(static_cast<RowMatrix*>(p));
    recycle(std::move(*given_up));
  });
  if (as_trace && rows == 1) return py::array_t<double>({columns}, data, capsule);
  return py::array_t<double>({rows, columns}, data, capsule);
}

py::array read_only_view(std::shared_ptr<const void> owner, const double* data, const std::vector<Index>& shape) {
  auto kept = std::make_unique<std::shared_ptr<const void>>(std::move(owner));
  const py::capsule capsule(kept.release(), [](void* p) { delete static_cast<std::shared_ptr<const void>*>(p); });
  py::array_t<double> array(std::vector<py::ssize_t>(shape.begin(), shape.end()), data, capsule);
  py::detail::array_proxy(array.ptr())->flags &= ~Npy::NPY_ARRAY_WRITEABLE_;
  return array;
}

}  // namespace emg::python
