#include "python/bind_operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/validate.h"
#include "libemg/spectral/frequency.h"
#include "python/bind_errors.h"
#include "python/bind_options.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

// From here on a signal is worked through in blocks, so that Ctrl-C is seen after about a tenth of a second.
constexpr Index kInterruptibleSamples = Index{1} << 26;
constexpr Index kBlockSamples = Index{1} << 20;

bool wants_progress(const CallOptions& call) {
  return call.progress && !call.progress.is_none() && !call.progress.is(py::bool_(false));
}

py::object progress_function(const CallOptions& call, const std::string& name) {
  if (!wants_progress(call)) return py::none();
  return py::module_::import("endplate._progress").attr("function")(call.progress, name);
}

void report(const py::object& progress, Index done, Index total, const std::string& stage) {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (!progress.is_none()) progress(done, total, stage);
}

// The same bits as OperationEntry::run: a stage does not depend on its blocks.
OperationResult run_in_blocks(const OperationEntry& entry, const ChannelsView& signal, double rate_hz, OptionValues values,
                              const CallOptions& call, const std::string& name) {
  std::unique_ptr<Stage> stage;
  OperationResult result;
  RowMatrix& output = result.signal;
  {
    const py::gil_scoped_release released;
    require_signal(signal, rate_hz);
    stage = make_stage(entry, [&](const BlockSink& sink) { sink(signal); }, signal.rows(), rate_hz, values, call.threads);
    if (!stage) return entry.run(signal, rate_hz, values, call.threads);
    output = unset_matrix(signal.rows(), stage->output_count(signal.cols()));
  }
  result.rate_hz = stage->output_rate_hz();
  const auto progress = progress_function(call, name);
  Index written = 0;
  const bool direct = stage->write_into(output);
  const BlockSink sink = [&](const ChannelsView& block) {
    if (!direct) output.middleCols(written, block.cols()) = block;
    written += block.cols();
  };
  const Index step = std::max<Index>(1, kBlockSamples / signal.rows());
  report(progress, 0, signal.cols(), name);
  for (Index first = 0; first < signal.cols(); first += step) {
    const Index count = std::min(step, signal.cols() - first);
    {
      const py::gil_scoped_release released;
      stage->push(signal.middleCols(first, count), sink);
      if (first + count == signal.cols()) stage->finish(sink);
    }
    report(progress, first + count, signal.cols(), name);
  }
  return result;
}

OperationResult run_plain(const OperationEntry& entry, const ChannelsView& signal, double rate_hz, const CallOptions& call) {
  const bool in_blocks = entry.kind == OperationKind::channels && entry.stage && signal.size() > 0;
  if (in_blocks && (wants_progress(call) || signal.size() >= kInterruptibleSamples)) {
    return run_in_blocks(entry, signal, rate_hz, call.values, call, underscored(entry.name));
  }
  if (!wants_progress(call)) {
    const py::gil_scoped_release released;
    return entry.run(signal, rate_hz, call.values, call.threads);
  }
  const auto name = underscored(entry.name);
  const auto progress = progress_function(call, name);
  report(progress, 0, signal.cols(), name);
  OperationResult result;
  {
    const py::gil_scoped_release released;
    result = entry.run(signal, rate_hz, call.values, call.threads);
  }
  report(progress, signal.cols(), signal.cols(), name);
  return result;
}

// Facts about the input that results carry along.
py::dict result_payload(const OperationEntry& entry, OperationResult& result, double rate_hz, Index channels, Index samples,
                        bool as_trace) {
  py::dict payload;
  if (entry.kind == OperationKind::arrays) {
    payload["name"] = underscored(entry.name);
    payload["text"] = entry.summary;
    payload["columns"] = arrays_payload(result.arrays, as_trace);
    py::list without_channel;
    for (const auto& array : result.arrays) {
      if (as_trace && array.shape.size() > 1) without_channel.append(array.name);
    }
    payload["without_channel"] = without_channel;
  } else {
    result.table.name = underscored(entry.name);
    payload = table_payload(std::move(result.table));
  }
  payload["rate_hz"] = rate_hz;
  payload["channel_count"] = channels;
  payload["sample_count"] = samples;
  return payload;
}

py::object make_result(const OperationEntry& entry, const py::dict& payload) {
  // Looked up once, and kept as long as the process lives: an import costs more than a short operation.
  static PyObject* const make = py::object(py::module_::import("endplate._results").attr("make")).release().ptr();
  return py::reinterpret_borrow<py::object>(make)(name_of(entry.kind).data(), payload);
}

// What made a result, put into words when somebody asks.
struct ProvenanceSource {
  const OperationEntry* entry;
  OptionValues values;

  py::list lines() const { return provenance_payload(operation_provenance(0, *entry, values)); }
};

int next_run(const std::vector<ProvenanceEntry>& provenance) {
  int run = -1;
  for (const auto& line : provenance) run = std::max(run, line.run);
  return run + 1;
}

// frequency_measures() of a spectrum at hand.
py::dict measures_of_spectrum(const py::array& frequency_hz, const py::array& density, const py::dict& keywords) {
  const auto options = options_from_keywords<FrequencyMeasuresOptions>("frequency_measures", keywords);
  const auto frequency = signal_from_array(frequency_hz, "");
  const auto spectrum = signal_from_array(density, "channels_samples");
  const std::vector<double> bins(frequency.data, frequency.data + frequency.sample_count);
  std::vector<FrequencyRow> rows;
  {
    const py::gil_scoped_release released;
    rows = spectrum_measures(bins, spectrum.matrix(), options);
  }
  return table_payload(to_table("frequency_measures", "", rows));
}

}  // namespace

void bind_spectrum(py::module_& module) {
  module.def("spectrum_measures", &measures_of_spectrum);
  py::class_<ProvenanceSource>(module, "ProvenanceSource").def("lines", &ProvenanceSource::lines);
}

py::object run_on_array(const OperationEntry& entry, const SignalInput& signal, CallOptions& call) {
  if (!call.rate_hz) throw py::type_error(fmt::format("{}() needs rate_hz", underscored(entry.name)));
  auto result = run_plain(entry, signal.matrix(), *call.rate_hz, call);
  if (!result.warnings.empty()) emit_warnings(warnings_payload(result.warnings));
  if (entry.kind == OperationKind::channels) return array_from(std::move(result.signal), signal.is_trace);
  auto payload = result_payload(entry, result, *call.rate_hz, signal.channel_count, signal.sample_count, signal.is_trace);
  payload["provenance"] = ProvenanceSource{&entry, call.values};
  return make_result(entry, payload);
}

py::object run_on_handle(const OperationEntry& entry, RecordingHandle& handle, CallOptions& call) {
  const Recording& recording = *handle.recording;
  if (call.rate_hz && *call.rate_hz != recording.rate_hz) {
    throw InvalidArgument(fmt::format("rate_hz {} contradicts the recording, which has {} Hz", *call.rate_hz, recording.rate_hz));
  }
  OperationResult result;
  if (recording.gaps.empty() && entry.kind == OperationKind::channels) {
    result = run_plain(entry, recording.samples, recording.rate_hz, call);
  } else {
    const py::gil_scoped_release released;
    result = run_on_recording(entry, recording, call.values, call.threads);
  }
  if (!result.warnings.empty()) emit_warnings(warnings_payload(result.warnings));
  auto provenance = provenance_of(handle);
  for (auto& line : operation_provenance(next_run(provenance), entry, call.values)) provenance.push_back(std::move(line));
  if (entry.kind != OperationKind::channels) {
    auto payload = result_payload(entry, result, recording.rate_hz, recording.channel_count(), recording.sample_count(), false);
    payload["provenance"] = provenance_payload(provenance);
    return make_result(entry, payload);
  }
  auto computed = shared_recording(without_samples(recording));
  computed->samples = std::move(result.signal);
  computed->provenance = std::move(provenance);
  mark_computed(*computed, result.rate_hz, entry, call.values);
  for (auto& warning : result.warnings) computed->warnings.push_back(std::move(warning));
  return py::cast(RecordingHandle{std::move(computed)});
}

}  // namespace emg::python
