#include "python/operation_type.h"

#include <fmt/format.h>
#include <structmember.h>

#include <cstddef>
#include <string>
#include <vector>

#include "python/bind_errors.h"
#include "python/bind_ncs.h"
#include "python/bind_operation.h"
#include "python/bind_options.h"
#include "python/describe.h"

namespace emg::python {
namespace {

// Keywords that every operation takes, before its own.
enum CommonKeyword : std::size_t { kRateHz, kThreads, kLayout, kProgress, kCommonCount };
constexpr const char* kCommonNames[] = {"rate_hz", "threads", "layout", "progress"};

struct OperationObject {
  PyObject ob_base;
  vectorcallfunc vectorcall;
  const OperationEntry* entry;
  const OptionValues* defaults;
  std::vector<PyObject*>* keywords;  ///< interned, common ones first
  PyObject* name;
  PyObject* doc;
  PyObject* signature;
};

OperationObject* self_of(PyObject* object) {
  return reinterpret_cast<OperationObject*>(object);
}

std::size_t keyword_index(const OperationObject& self, PyObject* keyword) {
  for (std::size_t i = 0; i < self.keywords->size(); ++i) {
    if ((*self.keywords)[i] == keyword) return i;
  }
  for (std::size_t i = 0; i < self.keywords->size(); ++i) {
    if (PyUnicode_Compare((*self.keywords)[i], keyword) == 0) return i;
  }
  refuse_keyword(underscored(self.entry->name), py::cast<std::string>(py::handle(keyword)), self.entry->options,
                 {std::begin(kCommonNames), std::end(kCommonNames)});
}

void set_common(CallOptions& call, std::size_t index, py::handle value) {
  static const FieldInfo rate{"rate_hz", "Hz", "", FieldType::number, true, {1, 1e7}, {}, {}};
  if (index == kProgress) {
    call.progress = py::reinterpret_borrow<py::object>(value);
  } else if (index == kThreads) {
    call.threads = threads_from_python(value);
  } else if (index == kRateHz) {
    const Value checked = value_from_python(rate, value);
    if (const auto* number = std::get_if<double>(&checked)) call.rate_hz = *number;
  } else if (!value.is_none()) {
    if (!PyUnicode_Check(value.ptr())) throw py::type_error("layout must be text or None");
    call.layout = py::cast<std::string>(value);
  }
}

CallOptions call_options(const OperationObject& self, PyObject* const* values, PyObject* names) {
  CallOptions call;
  call.values = *self.defaults;
  const auto count = names ? PyTuple_GET_SIZE(names) : 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    const std::size_t index = keyword_index(self, PyTuple_GET_ITEM(names, i));
    if (index < kCommonCount) {
      set_common(call, index, values[i]);
    } else {
      call.values[index - kCommonCount] = value_from_python(self.entry->options[index - kCommonCount], values[i]);
    }
  }
  return call;
}

py::object call_operation(PyObject* object, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  const auto& self = *self_of(object);
  if (count != 1) {
    throw py::type_error(fmt::format("{}() takes the signal as its only positional argument ({} given); everything else by keyword",
                                     underscored(self.entry->name), count));
  }
  const py::handle signal = arguments[0];
  if (self.entry->takes_sweeps()) {
    const auto call = call_options(self, arguments + count, names);
    return run_on_sweeps(*self.entry, signal, call);
  }
  const PyObject* array_type =
      py::detail::npy_api::get().PyArray_Type_ ? reinterpret_cast<PyObject*>(py::detail::npy_api::get().PyArray_Type_) : nullptr;
  if (reinterpret_cast<const PyObject*>(Py_TYPE(signal.ptr())) == array_type) {
    auto call = call_options(self, arguments + count, names);
    return run_on_array(*self.entry, signal_from_array(signal, call.layout), call);
  }
  if (py::isinstance<RecordingHandle>(signal)) {
    auto call = call_options(self, arguments + count, names);
    return run_on_handle(*self.entry, py::cast<RecordingHandle&>(signal), call);
  }
  py::dict keywords;
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i)
    keywords[py::handle(PyTuple_GET_ITEM(names, i))] = py::handle(arguments[count + i]);
  return py::module_::import("endplate._adapt").attr("call")(py::handle(object), signal, keywords);
}

PyObject* vectorcall(PyObject* object, PyObject* const* arguments, std::size_t flags, PyObject* names) {
  try {
    return call_operation(object, arguments, PyVectorcall_NARGS(flags), names).release().ptr();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

// Documentation is made when somebody reads it: importing the package stays cheap.
PyObject* described(PyObject* object, const char* function, PyObject*& cache) {
  if (!cache) {
    try {
      const auto made = py::module_::import("endplate._describe").attr(function)(describe_operation(*self_of(object)->entry));
      cache = py::object(made).release().ptr();
    } catch (...) {
      set_python_error(std::current_exception());
      return nullptr;
    }
  }
  Py_INCREF(cache);
  return cache;
}

PyObject* get_name(PyObject* object, void*) {
  return Py_NewRef(self_of(object)->name);
}
PyObject* get_doc(PyObject* object, void*) {
  return described(object, "operation_doc", self_of(object)->doc);
}
PyObject* get_signature(PyObject* object, void*) {
  return described(object, "operation_signature", self_of(object)->signature);
}
PyObject* reduce(PyObject* object, PyObject*) {
  return Py_NewRef(self_of(object)->name);
}

PyObject* repr(PyObject* object) {
  return PyUnicode_FromFormat("<operation endplate.%U>", self_of(object)->name);
}

void deallocate(PyObject* object) {
  auto* self = self_of(object);
  PyTypeObject* type = Py_TYPE(object);
  for (PyObject* keyword : *self->keywords) Py_DECREF(keyword);
  delete self->keywords;
  delete self->defaults;
  Py_XDECREF(self->name);
  Py_XDECREF(self->doc);
  Py_XDECREF(self->signature);
  type->tp_free(object);
  Py_DECREF(type);
}

PyGetSetDef getters[] = {{"__name__", get_name, nullptr, nullptr, nullptr},
                         {"__qualname__", get_name, nullptr, nullptr, nullptr},
                         {"__doc__", get_doc, nullptr, nullptr, nullptr},
                         {"__signature__", get_signature, nullptr, nullptr, nullptr},
                         {}};
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};
PyMemberDef members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(OperationObject, vectorcall), READONLY, nullptr}, {}};

}  // namespace

py::object make_operation_type() {
  PyType_Slot slots[] = {{Py_tp_getset, getters},
                         {Py_tp_methods, methods},
                         {Py_tp_members, members},
                         {Py_tp_repr, reinterpret_cast<void*>(repr)},
                         {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                         {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
                         {0, nullptr}};
  PyType_Spec spec{"endplate.Operation", sizeof(OperationObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, slots};
#ifdef Py_TPFLAGS_DISALLOW_INSTANTIATION
  spec.flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
#endif
  auto type = py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
  if (!type) throw py::error_already_set();
  return type;
}

py::object make_operation(const py::object& type, const OperationEntry& entry) {
  auto* type_object = reinterpret_cast<PyTypeObject*>(type.ptr());
  auto object = py::reinterpret_steal<py::object>(PyType_GenericAlloc(type_object, 0));
  if (!object) throw py::error_already_set();
  auto* self = self_of(object.ptr());
  self->vectorcall = vectorcall;
  self->entry = &entry;
  self->defaults = new OptionValues(entry.defaults());
  self->keywords = new std::vector<PyObject*>();
  for (const char* name : kCommonNames) self->keywords->push_back(PyUnicode_InternFromString(name));
  for (const auto& info : entry.options) self->keywords->push_back(PyUnicode_InternFromString(info.name.c_str()));
  self->name = PyUnicode_InternFromString(underscored(entry.name).c_str());
  return object;
}

}  // namespace emg::python
