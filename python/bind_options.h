#pragma once
// Option values from and to Python objects, guided by the option table.

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"

namespace emg::python {

namespace py = pybind11;

/// `object` as the value of option `info`. Throws TypeError naming option and accepted types, InvalidArgument for a value out of range.
Value value_from_python(const FieldInfo& info, py::handle object);

/// None, bool, int, float, str or a list.
py::object to_python(const Value& value);

/// Values of the options `infos` of `function` from keyword arguments. Throws TypeError for an unknown one, naming the nearest.
OptionValues values_from_keywords(const std::string& function, const std::vector<FieldInfo>& infos, const py::dict& keywords);

/// Raises TypeError: `bandpass() got an unexpected keyword 'fs'; did you mean rate_hz?`
[[noreturn]] void refuse_keyword(const std::string& function, const std::string& keyword, const std::vector<FieldInfo>& infos,
                                 const std::vector<std::string>& more_names);

/// A number of threads, 0 = all processors.
int threads_from_python(py::handle object);

/// `name` of an operation as Python spells it.
std::string underscored(std::string name);

template <Described T>
T options_from_keywords(const std::string& function, const py::dict& keywords) {
  static const std::vector<FieldInfo> infos = describe<T>();
  return from_values<T>(values_from_keywords(function, infos, keywords));
}

}  // namespace emg::python
