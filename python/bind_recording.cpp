#include "python/bind_recording.h"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include <cmath>
#include <type_traits>

#include "libemg/core/validate.h"
#include "libemg/io/unit_text.h"
#include "python/bind_arrays.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

// The fields of every struct, once, for both directions.
template <class C, class Visit>
requires std::is_same_v<std::remove_const_t<C>, Channel>
void each_field(C& c, Visit&& visit) {
  visit("name", c.name), visit("kind", c.kind), visit("unit", c.unit), visit("muscle", c.muscle), visit("side", c.side);
  visit("electrode_kind", c.electrode_kind), visit("group", c.group), visit("reference", c.reference);
  visit("x_mm", c.x_mm), visit("y_mm", c.y_mm), visit("z_mm", c.z_mm), visit("interelectrode_mm", c.interelectrode_mm);
  visit("band_low_hz", c.band_low_hz), visit("band_high_hz", c.band_high_hz), visit("status", c.status);
  visit("count_uv", c.count_uv), visit("count_zero_uv", c.count_zero_uv), visit("adc_min", c.adc_min), visit("adc_max", c.adc_max);
}

template <class G, class Visit>
requires std::is_same_v<std::remove_const_t<G>, Gap>
void each_field(G& g, Visit&& visit) {
  visit("channel", g.channel), visit("first_sample", g.first_sample), visit("sample_count", g.sample_count), visit("reason", g.reason);
}

template <class A, class Visit>
requires std::is_same_v<std::remove_const_t<A>, Annotation>
void each_field(A& a, Visit&& visit) {
  visit("onset_s", a.onset_s), visit("duration_s", a.duration_s), visit("label", a.label);
}

template <class S, class Visit>
requires std::is_same_v<std::remove_const_t<S>, Stimulus>
void each_field(S& s, Visit&& visit) {
  visit("onset_s", s.onset_s), visit("nerve", s.nerve), visit("side", s.side), visit("site", s.site);
  visit("intensity_ma", s.intensity_ma), visit("pulse_ms", s.pulse_ms);
}

template <class S, class Visit>
requires std::is_same_v<std::remove_const_t<S>, Subject>
void each_field(S& s, Visit&& visit) {
  visit("subject_id", s.subject_id), visit("sex", s.sex), visit("age_years", s.age_years), visit("description", s.description);
}

template <class W, class Visit>
requires std::is_same_v<std::remove_const_t<W>, Warning>
void each_field(W& w, Visit&& visit) {
  visit("code", w.code), visit("message", w.message), visit("channel", w.channel);
}

template <class P, class Visit>
requires std::is_same_v<std::remove_const_t<P>, ProvenanceEntry>
void each_field(P& p, Visit&& visit) {
  visit("run", p.run), visit("key", p.key), visit("value", p.value);
}

template <class T>
py::dict dict_of(const T& object) {
  py::dict out;
  each_field(object, [&](const char* name, const auto& value) {
    using V = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<V, ChannelKind>) {
      out[name] = std::string(name_of(value));
    } else if constexpr (std::is_same_v<V, double>) {
      out[name] = std::isnan(value) ? py::object(py::none()) : py::object(py::float_(value));
    } else {
      out[name] = value;
    }
  });
  return out;
}

ChannelKind kind_from(const std::string& name) {
  for (const auto kind :
       {ChannelKind::emg, ChannelKind::force, ChannelKind::trigger, ChannelKind::acceleration, ChannelKind::ecg, ChannelKind::other}) {
    if (name_of(kind) == name) return kind;
  }
  throw InvalidArgument(fmt::format("kind is \"{}\", expected one of emg, force, trigger, acceleration, ecg, other", name));
}

template <class V>
void set_field(V& value, const char* name, const py::object& given) {
  try {
    if constexpr (std::is_same_v<V, ChannelKind>) {
      value = kind_from(py::cast<std::string>(given));
    } else if constexpr (std::is_same_v<V, double>) {
      if (!given.is_none()) value = py::cast<double>(given);
    } else {
      value = py::cast<V>(given);
    }
  } catch (const py::cast_error&) {
    throw py::type_error(fmt::format("{} must not be of type {}", name, Py_TYPE(given.ptr())->tp_name));
  }
}

template <class T>
T object_from(py::handle item) {
  const auto dict = py::cast<py::dict>(item);
  T object;
  each_field(object, [&](const char* name, auto& value) {
    if (dict.contains(name)) set_field(value, name, dict[name]);
  });
  return object;
}

template <class T>
py::list list_of(const std::vector<T>& items) {
  py::list out;
  for (const auto& item : items) out.append(dict_of(item));
  return out;
}

template <class T>
std::vector<T> vector_from(const py::dict& facts, const char* name) {
  std::vector<T> items;
  if (!facts.contains(name)) return items;
  for (const auto item : py::cast<py::list>(facts[name])) items.push_back(object_from<T>(item));
  return items;
}

void check_channels(Recording& recording) {
  const auto count = static_cast<std::size_t>(recording.channel_count());
  if (recording.channels.empty()) {
    for (std::size_t i = 0; i < count; ++i) recording.channels.emplace_back().name = fmt::format("EMG{}", i + 1);
  }
  if (recording.channels.size() != count) {
    throw InvalidArgument(fmt::format("channels has {} entries, the signal {} channels", recording.channels.size(), count));
  }
  for (const auto& gap : recording.gaps) {
    if (gap.channel < -1 || gap.channel >= recording.channel_count() || gap.first_sample < 0 || gap.sample_count < 0 ||
        gap.first_sample + gap.sample_count > recording.sample_count()) {
      throw InvalidArgument(fmt::format("gap of {} samples from sample {} lies outside the recording", gap.sample_count, gap.first_sample));
    }
  }
}

RecordingHandle make_recording(const py::object& samples, double rate_hz, double factor, const std::string& layout, const py::dict& facts) {
  const auto input = signal_from_array(samples, layout);
  auto recording = std::make_shared<Recording>();
  recording->rate_hz = rate_hz;
  require_rate(rate_hz);
  if (facts.contains("start_time")) set_field(recording->start_time, "start_time", facts["start_time"]);
  if (facts.contains("start_s")) set_field(recording->start_s, "start_s", facts["start_s"]);
  if (facts.contains("description")) set_field(recording->description, "description", facts["description"]);
  recording->channels = vector_from<Channel>(facts, "channels");
  recording->gaps = vector_from<Gap>(facts, "gaps");
  recording->annotations = vector_from<Annotation>(facts, "annotations");
  recording->stimuli = vector_from<Stimulus>(facts, "stimuli");
  recording->warnings = vector_from<Warning>(facts, "warnings");
  recording->provenance = vector_from<ProvenanceEntry>(facts, "provenance");
  if (facts.contains("subject")) recording->subject = object_from<Subject>(facts["subject"]);
  {
    const py::gil_scoped_release released;
    require_signal(input.matrix(), rate_hz);
    recording->samples = unset_matrix(input.channel_count, input.sample_count);
    if (factor == 1) {
      recording->samples = input.matrix();
    } else {
      recording->samples = input.matrix() * factor;
    }
  }
  check_channels(*recording);
  return {std::move(recording)};
}

RecordingHandle select(const RecordingHandle& handle, const std::vector<Index>& channels, Index first, Index count) {
  const Recording& all = *handle.recording;
  const bool whole = first == 0 && count == all.sample_count();
  if (first < 0 || count < 1 || first + count > all.sample_count()) {
    throw InvalidArgument(
        fmt::format("the window of {} samples from sample {} lies outside the recording of {} samples", count, first, all.sample_count()));
  }
  auto part = select_channels(all, channels);
  if (!whole) part = window_of(part, first, count);
  return {std::make_shared<Recording>(std::move(part)), handle.source};
}

py::array data_of(const RecordingHandle& handle) {
  const auto& samples = handle.recording->samples;
  return read_only_view(handle.recording, samples.data(), {samples.rows(), samples.cols()});
}

}  // namespace

const std::vector<ProvenanceEntry>& provenance_of(RecordingHandle& handle) {
  if (const auto source = std::exchange(handle.source, nullptr)) source->describe(handle.recording->provenance);
  return handle.recording->provenance;
}

std::shared_ptr<Recording> shared_recording(Recording&& recording) {
  return {new Recording(std::move(recording)), [](Recording* given_up) {
            recycle(std::move(given_up->samples));
            delete given_up;
          }};
}

Recording without_samples(const Recording& recording) {
  Recording header;
  header.rate_hz = recording.rate_hz;
  header.start_time = recording.start_time;
  header.start_s = recording.start_s;
  header.channels = recording.channels;
  header.gaps = recording.gaps;
  header.annotations = recording.annotations;
  header.stimuli = recording.stimuli;
  header.subject = recording.subject;
  header.description = recording.description;
  header.warnings = recording.warnings;
  header.provenance = recording.provenance;
  return header;
}

py::dict facts_of(const Recording& recording) {
  py::dict facts;
  facts["rate_hz"] = recording.rate_hz;
  facts["start_time"] = recording.start_time;
  facts["start_s"] = recording.start_s;
  facts["description"] = recording.description;
  facts["channels"] = list_of(recording.channels);
  facts["gaps"] = list_of(recording.gaps);
  facts["annotations"] = list_of(recording.annotations);
  facts["stimuli"] = list_of(recording.stimuli);
  facts["subject"] = dict_of(recording.subject);
  facts["warnings"] = list_of(recording.warnings);
  return facts;
}

void bind_recording(py::module_& module) {
  py::class_<RecordingHandle>(module, "RecordingHandle")
      .def_property_readonly("data", &data_of)
      .def_property_readonly(
          "shape", [](const RecordingHandle& h) { return py::make_tuple(h.recording->channel_count(), h.recording->sample_count()); })
      .def_property_readonly("rate_hz", [](const RecordingHandle& h) { return h.recording->rate_hz; })
      .def("facts", [](const RecordingHandle& h) { return facts_of(*h.recording); })
      .def("provenance", [](RecordingHandle& h) { return list_of(provenance_of(h)); })
      .def("select", &select);
  module.def("make_recording", &make_recording);
}

}  // namespace emg::python
