#include "python/bind_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace emg::python {
namespace {

std::string type_name(py::handle object) {
  return Py_TYPE(object.ptr())->tp_name;
}

[[noreturn]] void refuse_type(const FieldInfo& info, py::handle object, const char* accepted) {
  throw py::type_error(fmt::format("{} must be {}{}, not {}", info.name, accepted, info.optional ? " or None" : "", type_name(object)));
}

bool is_bool(py::handle object) {
  return PyBool_Check(object.ptr()) || type_name(object) == "numpy.bool_" || type_name(object) == "numpy.bool";
}

bool is_text(py::handle object) {
  return PyUnicode_Check(object.ptr());
}

std::string text_of(py::handle object) {
  return py::cast<std::string>(object);
}

// Numbers only: __float__ of a string does not exist, an array of one element is a list.
bool number_of(py::handle object, double& number) {
  if (PyFloat_CheckExact(object.ptr())) {
    number = PyFloat_AS_DOUBLE(object.ptr());
    return true;
  }
  if (is_bool(object) || is_text(object) || PySequence_Check(object.ptr())) return false;
  number = PyFloat_AsDouble(object.ptr());
  if (number == -1 && PyErr_Occurred()) {
    PyErr_Clear();
    return false;
  }
  return true;
}

Value integer_value(const FieldInfo& info, py::handle object) {
  if (!is_bool(object) && PyIndex_Check(object.ptr()) && !PySequence_Check(object.ptr())) {
    const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
    if (!index) throw py::error_already_set();
    int overflow = 0;
    const long long integer = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
    if (overflow != 0) throw InvalidArgument(fmt::format("{} does not fit into 64 bits", info.name));
    return static_cast<std::int64_t>(integer);
  }
  double number = 0;
  if (!number_of(object, number)) refuse_type(info, object, "an integer");
  return number;
}

Value number_list_value(const FieldInfo& info, py::handle object) {
  constexpr const char* kAccepted = "a number or a list of numbers";
  double number = 0;
  if (number_of(object, number)) return std::vector<double>{number};
  if (is_text(object) || is_bool(object)) refuse_type(info, object, kAccepted);
  const auto iterator = py::reinterpret_steal<py::object>(PyObject_GetIter(object.ptr()));
  if (!iterator) {
    PyErr_Clear();
    refuse_type(info, object, kAccepted);
  }
  std::vector<double> numbers;
  for (const auto item : py::reinterpret_borrow<py::iterable>(object)) {
    if (!number_of(item, number)) refuse_type(info, item, kAccepted);
    numbers.push_back(number);
  }
  return numbers;
}

Value text_list_value(const FieldInfo& info, py::handle object) {
  constexpr const char* kAccepted = "text or a list of texts";
  const auto word = [&](py::handle item) -> std::string {
    if (is_text(item)) return text_of(item);
    refuse_type(info, item, kAccepted);
  };
  if (is_text(object)) return std::vector<std::string>{text_of(object)};
  if (!PySequence_Check(object.ptr())) refuse_type(info, object, kAccepted);
  std::vector<std::string> words;
  for (const auto item : py::reinterpret_borrow<py::iterable>(object)) words.push_back(word(item));
  return words;
}

Value raw_value(const FieldInfo& info, py::handle object) {
  double number = 0;
  switch (info.type) {
    case FieldType::boolean:
      if (!is_bool(object)) refuse_type(info, object, "True or False");
      return PyObject_IsTrue(object.ptr()) == 1;
    case FieldType::integer:
      return integer_value(info, object);
    case FieldType::number:
      if (!number_of(object, number)) refuse_type(info, object, "a number");
      return number;
    case FieldType::text:
    case FieldType::choice:
      if (!is_text(object)) refuse_type(info, object, "text");
      return text_of(object);
    case FieldType::number_list:
      return number_list_value(info, object);
    case FieldType::text_list:
      return text_list_value(info, object);
  }
  return std::monostate{};
}

template <class T>
py::list list_of(const std::vector<T>& items) {
  py::list out;
  for (const auto& item : items) out.append(item);
  return out;
}

}  // namespace

Value value_from_python(const FieldInfo& info, py::handle object) {
  if (object.is_none()) {
    if (!info.optional) throw py::type_error(fmt::format("{} must not be None", info.name));
    return std::monostate{};
  }
  if (info.optional && is_text(object) && text_of(object) == "auto") return std::monostate{};
  return checked_value(info, raw_value(info, object));
}

py::object to_python(const Value& value) {
  struct Converter {
    py::object operator()(std::monostate) const { return py::none(); }
    py::object operator()(bool v) const { return py::bool_(v); }
    py::object operator()(std::int64_t v) const { return py::int_(v); }
    py::object operator()(double v) const { return py::float_(v); }
    py::object operator()(const std::string& v) const { return py::str(v); }
    py::object operator()(const std::vector<double>& v) const { return list_of(v); }
    py::object operator()(const std::vector<std::string>& v) const { return list_of(v); }
  };
  return std::visit(Converter{}, value);
}

void refuse_keyword(const std::string& function, const std::string& keyword, const std::vector<FieldInfo>& infos,
                    const std::vector<std::string>& more_names) {
  constexpr std::array kOtherNamesOfRate{"fs", "sfreq", "sampling_rate", "sampling_frequency", "sample_rate", "srate", "rate"};
  std::vector<std::string> names = more_names;
  for (const auto& info : infos) names.push_back(info.name);
  std::string nearest = nearest_name(keyword, names);
  const bool has_rate = std::find(names.begin(), names.end(), "rate_hz") != names.end();
  if (has_rate && std::find(kOtherNamesOfRate.begin(), kOtherNamesOfRate.end(), keyword) != kOtherNamesOfRate.end()) nearest = "rate_hz";
  throw py::type_error(
      fmt::format("{}() got an unexpected keyword '{}'{}", function, keyword, nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

OptionValues values_from_keywords(const std::string& function, const std::vector<FieldInfo>& infos, const py::dict& keywords) {
  OptionValues values;
  for (const auto& info : infos) values.push_back(info.default_value);
  for (const auto& [key, object] : keywords) {
    const auto name = py::cast<std::string>(key);
    const auto info = std::find_if(infos.begin(), infos.end(), [&](const FieldInfo& i) { return i.name == name; });
    if (info == infos.end()) refuse_keyword(function, name, infos, {});
    values[static_cast<std::size_t>(info - infos.begin())] = value_from_python(*info, object);
  }
  return values;
}

int threads_from_python(py::handle object) {
  static const FieldInfo info{"threads", "", "", FieldType::integer, false, {0, 1024}, std::int64_t{1}, {}};
  return static_cast<int>(std::get<std::int64_t>(value_from_python(info, object)));
}

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace emg::python
