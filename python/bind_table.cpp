#include "python/bind_table.h"

#include <algorithm>
#include <cmath>

#include "python/bind_arrays.h"

namespace emg::python {
namespace {

void make_read_only(const py::array& array) {
  py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
}

// Objects in place: a call of numpy.array costs more than a short operation. Words that follow each other unchanged are one object.
py::object text_array(const std::vector<std::string>& words) {
  py::array array(py::dtype("O"), std::vector<py::ssize_t>{static_cast<py::ssize_t>(words.size())});
  auto** const items = static_cast<PyObject**>(array.mutable_data());
  py::str last;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == 0 || words[i] != words[i - 1]) last = py::str(words[i]);
    Py_XDECREF(items[i]);
    items[i] = py::object(last).release().ptr();
  }
  make_read_only(array);
  return array;
}

py::object flag_array(const std::vector<std::uint8_t>& flags) {
  py::array_t<bool> array(static_cast<py::ssize_t>(flags.size()));
  std::copy(flags.begin(), flags.end(), array.mutable_data());
  make_read_only(array);
  return array;
}

py::object column_array(Column& column) {
  const auto rows = static_cast<py::ssize_t>(column.row_count());
  if (auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
    if (column.width > 1) return array_from(std::move(*numbers), {rows, static_cast<py::ssize_t>(column.width)});
    return array_from(std::move(*numbers), {rows});
  }
  if (auto* integers = std::get_if<std::vector<std::int64_t>>(&column.values)) return array_from(std::move(*integers), {rows});
  if (auto* flags = std::get_if<std::vector<std::uint8_t>>(&column.values)) return flag_array(*flags);
  return text_array(std::get<std::vector<std::string>>(column.values));
}

template <class T>
std::vector<T> vector_of(py::handle object) {
  const auto array = py::array_t<T, py::array::c_style | py::array::forcecast>::ensure(object);
  if (!array) throw py::error_already_set();
  return {array.data(), array.data() + array.size()};
}

std::vector<std::string> words_of(const py::array& array) {
  std::vector<std::string> words;
  for (const auto item : py::cast<py::list>(array.attr("tolist")()))
    words.push_back(item.is_none() ? "" : py::cast<std::string>(py::str(item)));
  return words;
}

Column column_from(const py::tuple& fields) {
  Column column;
  column.name = py::cast<std::string>(fields[0]);
  column.unit = py::cast<std::string>(fields[1]);
  column.text = py::cast<std::string>(fields[2]);
  const auto array = py::cast<py::array>(fields[3]);
  if (array.ndim() == 2) column.width = array.shape(1);
  switch (array.dtype().kind()) {
    case 'b':
      column.values = vector_of<std::uint8_t>(array);
      break;
    case 'i':
    case 'u':
      column.values = vector_of<std::int64_t>(array);
      break;
    case 'f':
      column.values = vector_of<double>(array);
      break;
    default:
      column.values = words_of(array);
  }
  return column;
}

}  // namespace

py::dict table_payload(Table&& table) {
  py::list columns;
  for (auto& column : table.columns) columns.append(py::make_tuple(column.name, column.unit, column.text, column_array(column)));
  py::dict payload;
  payload["name"] = table.name;
  payload["text"] = table.text;
  payload["columns"] = columns;
  return payload;
}

Table table_from_payload(const py::dict& payload) {
  Table table{py::cast<std::string>(payload["name"]), py::cast<std::string>(payload["text"]), {}};
  for (const auto item : py::cast<py::list>(payload["columns"])) table.columns.push_back(column_from(py::cast<py::tuple>(item)));
  return table;
}

py::list arrays_payload(const std::vector<NamedArray>& arrays, bool as_trace) {
  py::list list;
  for (const auto& array : arrays) {
    py::object value;
    if (array.shape.empty()) {
      if (array.integer) {
        value = py::int_(std::llround(*array.data));
      } else {
        value = py::float_(*array.data);
      }
    } else {
      auto shape = array.shape;
      if (as_trace && shape.size() > 1 && shape.front() == 1) shape.erase(shape.begin());
      value = read_only_view(array.owner, array.data, shape);
    }
    list.append(py::make_tuple(array.name, array.unit, array.text, value));
  }
  return list;
}

std::vector<NamedArray> arrays_from_payload(const py::list& payload) {
  std::vector<NamedArray> arrays;
  for (const auto item : payload) {
    const auto fields = py::cast<py::tuple>(item);
    NamedArray array;
    array.name = py::cast<std::string>(fields[0]);
    array.unit = py::cast<std::string>(fields[1]);
    array.text = py::cast<std::string>(fields[2]);
    array.integer = py::isinstance<py::int_>(fields[3]);
    const auto owner = std::make_shared<std::vector<double>>(vector_of<double>(fields[3]));
    array.data = owner->data();
    array.owner = owner;
    if (py::isinstance<py::array>(fields[3])) {
      const auto values = py::cast<py::array>(fields[3]);
      array.shape.assign(values.shape(), values.shape() + values.ndim());
    }
    arrays.push_back(std::move(array));
  }
  return arrays;
}

py::list warnings_payload(const std::vector<Warning>& warnings) {
  py::list list;
  for (const auto& warning : warnings) list.append(py::make_tuple(warning.code, warning.message, warning.channel));
  return list;
}

py::list provenance_payload(const std::vector<ProvenanceEntry>& provenance) {
  py::list list;
  for (const auto& entry : provenance) list.append(py::make_tuple(entry.run, entry.key, entry.value));
  return list;
}

}  // namespace emg::python
