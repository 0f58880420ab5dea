#include "libemg/core/table.h"
#include "python/bind_arrays.h"
#include "python/bind_files.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

struct TextField {
  const char* name;
  const char* text;
  std::string Sweep::*member;
};
struct NumberField {
  const char* name;
  const char* text;
  std::optional<double> Sweep::*member;
};

constexpr TextField kTexts[] = {{"channel", "recording channel", &Sweep::channel},
                                {"nerve", "stimulated nerve", &Sweep::nerve},
                                {"side", "L or R", &Sweep::side},
                                {"muscle", "recorded muscle", &Sweep::muscle},
                                {"site", "place of stimulation", &Sweep::site},
                                {"annotation", "remark", &Sweep::annotation},
                                {"test", "what the stimulus was given for", &Sweep::test},
                                {"polarity", "of the stimulus", &Sweep::polarity},
                                {"electrode", "recording electrode", &Sweep::electrode}};
constexpr NumberField kNumbers[] = {{"distance_mm", "from stimulus to recording electrode", &Sweep::distance_mm},
                                    {"intensity_ma", "stimulus current", &Sweep::intensity_ma},
                                    {"pulse_ms", "stimulus duration", &Sweep::pulse_ms},
                                    {"temperature_c", "skin temperature", &Sweep::temperature_c},
                                    {"clock_s", "time of the stimulus", &Sweep::clock_s}};

Table sweep_table(const std::vector<Sweep>& sweeps) {
  Table table{"sweeps", "what is known of each sweep", {}};
  Column index{"sweep", "", "number of the stimulus", std::vector<std::int64_t>{}, 1};
  for (const auto& sweep : sweeps) append_value(index, std::int64_t{sweep.sweep});
  table.columns.push_back(std::move(index));
  for (const auto& field : kTexts) {
    Column column{field.name, "", field.text, std::vector<std::string>{}, 1};
    for (const auto& sweep : sweeps) append_value(column, sweep.*field.member);
    table.columns.push_back(std::move(column));
  }
  for (const auto& field : kNumbers) {
    Column column{field.name, unit_of_name(field.name), field.text, std::vector<double>{}, 1};
    for (const auto& sweep : sweeps) append_value(column, sweep.*field.member ? Value{*(sweep.*field.member)} : Value{});
    table.columns.push_back(std::move(column));
  }
  return table;
}

Sweep sweep_of(const Table& table, std::size_t row) {
  Sweep sweep;
  const auto cell = [&](const char* name) { return table.find(name) ? table.find(name)->cell(row) : Value{}; };
  if (const Value value = cell("sweep"); std::holds_alternative<std::int64_t>(value))
    sweep.sweep = static_cast<int>(std::get<std::int64_t>(value));
  for (const auto& field : kTexts) {
    if (const Value value = cell(field.name); std::holds_alternative<std::string>(value))
      sweep.*field.member = std::get<std::string>(value);
  }
  for (const auto& field : kNumbers) {
    if (const Value value = cell(field.name); std::holds_alternative<double>(value)) sweep.*field.member = std::get<double>(value);
  }
  return sweep;
}

}  // namespace

py::dict sweeps_payload(SweepSet&& set) {
  const auto samples = std::make_shared<RowMatrix>(std::move(set.samples));
  py::dict payload;
  payload["rate_hz"] = set.rate_hz;
  payload["zero_sample"] = set.zero_sample;
  payload["data"] = read_only_view(samples, samples->data(), {samples->rows(), samples->cols()});
  payload["metadata"] = table_payload(sweep_table(set.sweeps));
  return payload;
}

SweepSet sweeps_from(const py::dict& payload) {
  const auto data = signal_from_array(payload["data"], "channels_samples");
  const auto table = table_from_payload(py::cast<py::dict>(payload["metadata"]));
  SweepSet set;
  set.rate_hz = py::cast<double>(payload["rate_hz"]);
  set.zero_sample = py::cast<Index>(payload["zero_sample"]);
  set.samples = data.matrix();
  for (std::size_t row = 0; row < table.row_count(); ++row) set.sweeps.push_back(sweep_of(table, row));
  return set;
}

}  // namespace emg::python
