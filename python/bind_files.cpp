#include "python/bind_files.h"

#include <fmt/format.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>

#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/recording_writer.h"
#include "libemg/io/table_file.h"
#include "libemg/io/unit_text.h"
#include "python/bind_arrays.h"
#include "python/bind_options.h"
#include "python/bind_recording.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

constexpr const char* kUnitTable = "truth_units";
constexpr const char* kStoredUnitTable = "truth_unit_properties";

// Where a recording came from stands in its provenance: the same file and options give the same result file.
RecordingHandle handle_of(Recording&& recording, const RecordingFile& file) {
  const bool has_history = !recording.provenance.empty();
  auto shared = shared_recording(std::move(recording));
  if (has_history) return {std::move(shared)};
  return {std::move(shared), std::make_shared<RecordingSource>(file.path(), file.input_files())};
}

py::dict stream_facts(const StreamInfo& stream) {
  py::list names;
  for (const auto& channel : stream.channels) names.append(channel.name);
  py::dict facts;
  facts["name"] = stream.name;
  facts["kind"] = std::string(name_of(stream.kind));
  facts["rate_hz"] = stream.rate_hz;
  facts["sample_count"] = stream.sample_count;
  facts["start_s"] = stream.start_s;
  facts["channels"] = names;
  return facts;
}

py::list streams_of(const RecordingFile& file) {
  py::list streams;
  for (const auto& stream : file.streams()) streams.append(stream_facts(stream));
  return streams;
}

RecordingHandle read_window(const RecordingFile& file, Index first, Index count) {
  RowMatrix block = unset_matrix(static_cast<Index>(file.header().channels.size()), count);
  file.read_block(first, block);
  auto whole = file.header();
  Recording empty = without_samples(whole);
  empty.samples.resize(0, file.sample_count());
  auto part = window_of(empty, first, count);
  part.samples = std::move(block);
  return handle_of(std::move(part), file);
}

py::list tables_of(const RecordingFile& file) {
  py::list tables;
  for (auto& table : file.tables()) tables.append(table_payload(std::move(table)));
  return tables;
}

NwbContents contents_from(const py::dict& payload) {
  NwbContents contents;
  contents.signal = py::cast<bool>(payload["signal"]);
  for (const auto table : py::cast<py::list>(payload["tables"])) contents.tables.push_back(table_from_payload(py::cast<py::dict>(table)));
  for (const auto item : py::cast<py::list>(payload["arrays"])) {
    const auto pair = py::cast<py::tuple>(item);
    contents.arrays.emplace_back(py::cast<std::string>(pair[0]), arrays_from_payload(py::cast<py::list>(pair[1])));
  }
  for (const auto unit : py::cast<py::list>(payload["truth_units"])) contents.truth_units.push_back(unit_from(py::cast<py::dict>(unit)));
  // The container keeps discharges and templates under truth_units; the table of the units' properties stands beside it.
  for (auto& table : contents.tables) {
    if (table.name == kUnitTable && !contents.truth_units.empty()) table.name = kStoredUnitTable;
  }
  if (!payload["sweeps"].is_none()) contents.sweeps = sweeps_from(py::cast<py::dict>(payload["sweeps"]));
  return contents;
}

// Units and tables of a simulation stored in a native file; empty lists if it holds none.
py::tuple stored_truth(const RecordingFile& file) {
  py::list units, tables;
  for (auto& table : file.tables()) {
    if (!table.name.starts_with("truth_")) continue;
    if (table.name == kStoredUnitTable) table.name = kUnitTable;
    tables.append(table_payload(std::move(table)));
  }
  if (!tables.empty() && file.format() == "nwb") {
    for (const auto& unit : read_nwb_contents(file.path()).truth_units) units.append(unit_payload(unit));
  }
  return py::make_tuple(units, tables);
}

void write_file(const std::filesystem::path& path, RecordingHandle& handle, const py::dict& contents, const py::dict& keywords) {
  const auto options = options_from_keywords<WriteOptions>("write", keywords);
  provenance_of(handle);
  const auto& recording = *handle.recording;
  if (path.extension() == ".nwb") {
    write_nwb(path, recording, contents_from(contents), options, result_identifier(recording));
  } else {
    write_recording(path, recording, options);
  }
}

void write_result(const std::filesystem::path& path, double rate_hz, const py::list& provenance, const py::dict& contents,
                  const py::dict& keywords) {
  const auto options = options_from_keywords<WriteOptions>("write", keywords);
  Recording header;
  header.rate_hz = rate_hz;
  for (const auto item : provenance) {
    const auto line = py::cast<py::tuple>(item);
    header.provenance.push_back({py::cast<int>(line[0]), py::cast<std::string>(line[1]), py::cast<std::string>(line[2])});
  }
  write_nwb(path, header, contents_from(contents), options, result_identifier(header));
}

double microvolts_per_unit(const std::string& word) {
  const auto unit = voltage_unit(word);
  if (!unit) throw InvalidArgument(fmt::format("units is \"{}\", expected one of V, mV, uV, nV", word));
  return unit->microvolts;
}

py::list scan(const std::filesystem::path& directory, const py::dict& keywords) {
  py::list files;
  for (const auto& file : scan_directory(directory, options_from_keywords<ReadOptions>("scan", keywords))) {
    const bool recording = file.kind.outcome == FileKind::Outcome::recording;
    files.append(py::make_tuple(file.path.string(), recording ? "recording" : "skipped", file.kind.format, file.kind.reason));
  }
  return files;
}

void bind_file_class(py::module_& module) {
  py::class_<RecordingFile>(module, "FileHandle")
      .def(py::init([](const std::filesystem::path& path, const py::dict& keywords, const std::string& function) {
        return RecordingFile::open(path, from_values<ReadOptions>(values_from_keywords(function, describe<ReadOptions>(), keywords)));
      }))
      .def_property_readonly("path", [](const RecordingFile& f) { return f.path().string(); })
      .def_property_readonly("format", &RecordingFile::format)
      .def_property_readonly("streams", &streams_of)
      .def_property_readonly("sample_count", &RecordingFile::sample_count)
      .def_property_readonly("block_samples", &RecordingFile::block_samples)
      .def("facts", [](const RecordingFile& f) { return facts_of(f.header()); })
      .def("read",
           [](const RecordingFile& f) { return handle_of(f.read(), f); })
      .def("read_window", &read_window)
      .def("tables", &tables_of)
      .def("truth", &stored_truth)
      .def("sweeps", [](const RecordingFile& f) -> py::object {
        auto set = f.sweeps();
        if (!set) return py::none();
        return sweeps_payload(std::move(*set));
      });
}

}  // namespace

py::dict unit_payload(const MotorUnit& unit) {
  auto samples = unit.discharges.sample;
  auto offsets = unit.discharges.offset_samples;
  const auto count = static_cast<py::ssize_t>(samples.size());
  const auto offset_count = static_cast<py::ssize_t>(offsets.size());
  const auto waveform = std::make_shared<RowMatrix>(unit.waveform);
  py::dict payload;
  payload["unit_id"] = unit.unit_id;
  payload["rate_hz"] = unit.discharges.rate_hz;
  payload["sample"] = array_from(std::move(samples), {count});
  payload["offset_samples"] = array_from(std::move(offsets), {offset_count});
  payload["waveform_uv"] = read_only_view(waveform, waveform->data(), {waveform->rows(), waveform->cols()});
  payload["waveform_zero"] = unit.waveform_zero;
  payload["status"] = unit.status;
  return payload;
}

MotorUnit unit_from(const py::dict& payload) {
  MotorUnit unit;
  unit.unit_id = py::cast<int>(payload["unit_id"]);
  unit.discharges.rate_hz = py::cast<double>(payload["rate_hz"]);
  unit.discharges.sample = py::cast<std::vector<std::int64_t>>(payload["sample"]);
  unit.discharges.offset_samples = py::cast<std::vector<double>>(payload["offset_samples"]);
  const auto waveform = signal_from_array(payload["waveform_uv"], "channels_samples");
  unit.waveform = waveform.matrix();
  unit.waveform_zero = py::cast<Index>(payload["waveform_zero"]);
  unit.status = py::cast<std::string>(payload["status"]);
  return unit;
}

void bind_files(py::module_& module) {
  bind_file_class(module);
  module.def("write_file", &write_file);
  module.def("write_result", &write_result);
  module.def("write_table",
             [](const std::filesystem::path& path, const py::dict& payload) { write_table(path, table_from_payload(payload)); });
  module.def("write_long_table", [](const std::filesystem::path& path, const std::string& name, const py::list& arrays) {
    write_table(path, long_table(name, arrays_from_payload(arrays)));
  });
  module.def("long_table",
             [](const std::string& name, const py::list& arrays) { return table_payload(long_table(name, arrays_from_payload(arrays))); });
  module.def("read_table", [](const std::filesystem::path& path) { return table_payload(read_table(path)); });
  module.def("microvolts_per_unit", &microvolts_per_unit);
  module.def("scan", &scan);
}

}  // namespace emg::python
