#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/nwb.h"
#include "libemg/io/nwb_header_internal.h"
#include "libemg/io/sha256.h"
#include "libemg/io/writer_internal.h"

namespace emg {
namespace {

constexpr const char* kResults = "/processing/ecephys";
constexpr const char* kSeries = "/acquisition/EMG";

void require_channels(const Recording& header, Index sample_count) {
  validate_options(WriteOptions{});
  if (sample_count > 0 && (!(header.rate_hz > 0) || !std::isfinite(header.rate_hz)))
    throw InvalidArgument(fmt::format("rate_hz {} is not above 0", header.rate_hz));
  // A file of sweeps alone has neither channels nor samples.
  if (header.channels.empty() && sample_count > 0) throw InvalidArgument("a recording without channels cannot be written");
  if (sample_count < 0) throw InvalidArgument(fmt::format("sample_count {} is negative", sample_count));
  for (const auto& gap : header.gaps) {
    if (gap.channel >= static_cast<Index>(header.channels.size()))
      throw InvalidArgument(fmt::format("gap of channel {}, there are {}", gap.channel, header.channels.size()));
  }
}

// What makes a file the same, for callers that give no identifier.
std::string identity_of(const Recording& header, Index sample_count) {
  auto text = fmt::format("{} {} {} {}\n", header.rate_hz, header.start_time, header.start_s, sample_count);
  for (const auto& c : header.channels) text += fmt::format("{} {}\n", c.name, c.unit);
  for (const auto& p : header.provenance) text += fmt::format("{} {}={}\n", p.run, p.key, p.value);
  return sha256_hex(text);
}

Recording without_person(Recording header) {
  header.subject = {};
  header.start_time.clear();
  header.description.clear();
  for (auto& a : header.annotations) a.label = "annotation";
  return header;
}

Recording copy_of_header(const Recording& header, const WriteOptions& options) {
  Recording copy;
  copy.rate_hz = header.rate_hz;
  copy.start_time = header.start_time;
  copy.start_s = header.start_s;
  copy.channels = header.channels;
  copy.gaps = header.gaps;
  copy.annotations = header.annotations;
  copy.stimuli = header.stimuli;
  copy.subject = header.subject;
  copy.description = header.description;
  copy.provenance = header.provenance;
  return options.deidentify ? without_person(std::move(copy)) : copy;
}

std::vector<Channel> channels_at(const Recording& header, const std::vector<Index>& rows) {
  std::vector<Channel> channels;
  for (const Index row : rows) channels.push_back(header.channels[static_cast<std::size_t>(row)]);
  return channels;
}

}  // namespace

std::string result_identifier(const Recording& recording) {
  if (recording.provenance.empty()) return {};
  std::string lines;
  for (const auto& entry : recording.provenance) lines += fmt::format("{} {}={}\n", entry.run, entry.key, entry.value);
  return sha256_hex(lines);
}

struct NwbWriter::State {
  State(const std::filesystem::path& path, const Recording& given, Index count, const WriteOptions& write_options, std::string identity)
      : file(path, write_options.overwrite),
        output(file.part()),
        options(write_options),
        header(copy_of_header(given, write_options)),
        sample_count(count),
        identifier(identity.empty() ? identity_of(header, count) : std::move(identity)),
        tree(output, identifier) {
    require_times(header, options);
    if (options.created.empty()) options.created = nwb::kUnknownTime;
  }

  void begin_signal(const std::vector<double>& most_uv);
  void begin_series(const std::string& where, const char* type, const std::string& unit, nwb::StoredForm form, std::vector<Index> rows);
  void write_auxiliary(const Recording& recording);
  void results_folder();

  AtomicFile file;
  h5::Output output;
  WriteOptions options;
  Recording header;
  Index sample_count;
  std::string identifier;
  nwb::Tree tree;
  std::vector<std::string> groups;
  std::vector<nwb::SeriesOutput> series;
  Index written = 0;
  bool signal = true, has_results = false, finished = false;
};

void NwbWriter::State::begin_series(const std::string& where, const char* type, const std::string& unit, nwb::StoredForm form,
                                    std::vector<Index> rows) {
  output.group(where);
  const auto channels = channels_at(header, rows);
  series.emplace_back(output, where + "/data", std::move(form), std::move(rows), header, sample_count, options);
  nwb::write_series(tree, where, type, unit, header, channels, series.back().form());
}

void NwbWriter::State::begin_signal(const std::vector<double>& most_uv) {
  std::vector<Index> voltages;
  std::vector<double> most;
  for (std::size_t c = 0; c < header.channels.size(); ++c) {
    if (header.channels[c].unit != "uV") continue;
    voltages.push_back(static_cast<Index>(c));
    if (!most_uv.empty()) most.push_back(most_uv[c]);
  }
  for (const char* name : {"EMG", "annotations", "stimuli", "gaps", "sweeps"}) tree.free_path("/acquisition", name);
  if (!voltages.empty()) {
    const auto channels = channels_at(header, voltages);
    auto form = nwb::voltage_form(channels, options.dtype, most);
    groups = nwb::write_electrodes(tree, channels, form.scales.front().exact);
    begin_series(kSeries, "ElectricalSeries", "volts", std::move(form), std::move(voltages));
  }
  // Channels of another unit side by side: a series for each unit, so that they are read back together.
  std::map<std::string, std::vector<Index>> others;
  for (std::size_t c = 0; c < header.channels.size(); ++c) {
    if (header.channels[c].unit != "uV") others[header.channels[c].unit].push_back(static_cast<Index>(c));
  }
  for (auto& [unit, rows] : others) {
    const auto& first = header.channels[static_cast<std::size_t>(rows.front())];
    const auto where = tree.free_path("/acquisition", rows.size() == 1 ? first.name : "signal");
    auto form = nwb::plain_form(rows.size(), options.dtype);
    begin_series(where, "TimeSeries", unit.empty() ? "unknown" : unit, std::move(form), std::move(rows));
  }
}

void NwbWriter::State::results_folder() {
  if (!has_results) tree.group(kResults, "ProcessingModule", "results of endplate");
  has_results = true;
}

// A series of its own rate, whole.
void NwbWriter::State::write_auxiliary(const Recording& recording) {
  require_channels(recording, recording.sample_count());
  const auto where = tree.free_path("/acquisition", recording.channels.front().name);
  const bool volts = recording.channels.front().unit == "uV";
  std::vector<Index> rows;
  for (Index c = 0; c < recording.channel_count(); ++c) rows.push_back(c);
  auto form = nwb::plain_form(rows.size(), options.dtype == SampleType::float64 ? SampleType::float64 : SampleType::float32);
  if (volts) {
    for (auto& s : form.scales) s.step = nwb::kMicro;
  }
  output.group(where);
  nwb::SeriesOutput out(output, where + "/data", std::move(form), rows, recording, recording.sample_count(), options);
  out.append(recording.samples);
  const auto& unit = recording.channels.front().unit;
  nwb::write_series(tree, where, "TimeSeries",
                    volts          ? "volts"
                    : unit.empty() ? "unknown"
                                   : unit,
                    recording, recording.channels, out.form());
}

NwbWriter::NwbWriter(const std::filesystem::path& path, const Recording& header, Index sample_count, const WriteOptions& options,
                     std::string identifier, bool signal)
    : NwbWriter(path, header, sample_count, options, std::move(identifier), signal, {}) {}

NwbWriter::NwbWriter(const std::filesystem::path& path, const Recording& header, Index sample_count, const WriteOptions& options,
                     std::string identifier, bool signal, const std::vector<double>& most_uv) {
  const h5::Lock lock;
  require_channels(header, sample_count);
  validate_options(options);
  state_ = std::make_unique<State>(path, header, sample_count, options, std::move(identifier));
  state_->signal = signal;
  nwb::write_file_facts(state_->tree, state_->header, state_->identifier, state_->options.created);
  if (signal) state_->begin_signal(most_uv);
  nwb::write_events(state_->tree, state_->header);
}

NwbWriter::~NwbWriter() {
  const h5::Lock lock;
  state_.reset();
}

void NwbWriter::append(const ChannelsView& block) {
  const h5::Lock lock;
  auto& s = *state_;
  if (!s.signal) throw InvalidArgument("this file was begun without a signal");
  if (block.rows() != static_cast<Index>(s.header.channels.size())) {
    throw InvalidArgument(fmt::format("block has {} channels, the file {}", block.rows(), s.header.channels.size()));
  }
  if (block.cols() > s.sample_count - s.written) {
    throw InvalidArgument(fmt::format("{} samples appended, {} announced", s.written + block.cols(), s.sample_count));
  }
  require_finite(block, s.written);
  for (auto& series : s.series) series.append(block);
  s.written += block.cols();
}

void NwbWriter::add(const NwbContents& contents) {
  const h5::Lock lock;
  auto& s = *state_;
  if (contents.sweeps) nwb::write_sweeps(s.tree, "/acquisition/sweeps", *contents.sweeps);
  nwb::write_units(s.tree, "/units", contents.units, s.header.start_s, s.groups);
  for (const auto& recording : contents.auxiliary) s.write_auxiliary(recording);
  if (!contents.truth_units.empty()) {
    s.results_folder();
    nwb::write_units(s.tree, std::string(kResults) + "/truth_units", contents.truth_units, s.header.start_s, s.groups);
  }
  for (const auto& table : contents.tables) {
    if (table.row_count() == 0) continue;
    s.results_folder();
    nwb::write_table(s.tree, kResults, table);
  }
  for (const auto& [name, arrays] : contents.arrays) {
    s.results_folder();
    nwb::write_arrays(s.tree, kResults, name, arrays);
  }
}

void NwbWriter::finish() {
  const h5::Lock lock;
  auto& s = *state_;
  if (s.finished) return;
  if (s.signal && s.written != s.sample_count) {
    throw InvalidArgument(fmt::format("{} samples appended, {} announced", s.written, s.sample_count));
  }
  if (!s.header.provenance.empty()) {
    s.results_folder();
    nwb::write_provenance(s.tree, std::string(kResults) + "/provenance", s.header.provenance);
  }
  if (s.options.spec) nwb::write_specification(s.tree);
  s.series.clear();
  s.output.close();
  s.file.commit();
  s.finished = true;
}

void write_nwb(const std::filesystem::path& path, const Recording& recording, const NwbContents& contents, const WriteOptions& options,
               const std::string& identifier) {
  if (recording.channel_count() != static_cast<Index>(recording.channels.size()) && contents.signal) {
    throw InvalidArgument(fmt::format("{} rows of samples, {} channels", recording.channel_count(), recording.channels.size()));
  }
  const Recording* header = &recording;
  Recording plain;
  std::vector<double> most_uv;
  if (contents.signal) {
    require_finite(recording.samples);
    std::vector<Channel> voltages;
    std::copy_if(recording.channels.begin(), recording.channels.end(), std::back_inserter(voltages),
                 [](const Channel& c) { return c.unit == "uV"; });
    // A computed signal whose header still speaks of counts.
    if (nwb::keeps_counts(voltages) && !nwb::all_whole_counts(recording)) {
      plain = copy_of_header(recording, {});
      for (auto& c : plain.channels) c.count_uv.reset(), c.count_zero_uv.reset();
      header = &plain;
    }
    for (Index c = 0; c < recording.channel_count(); ++c) {
      most_uv.push_back(recording.sample_count() > 0 ? recording.samples.row(c).cwiseAbs().maxCoeff() : 0);
    }
  }
  auto identity = identifier;
  if (identity.empty()) {
    const std::string_view bytes(reinterpret_cast<const char*>(recording.samples.data()),
                                 static_cast<std::size_t>(recording.samples.size()) * sizeof(double));
    identity = sha256_hex(identity_of(recording, recording.sample_count()) + sha256_hex(bytes));
  }
  NwbWriter writer(path, *header, recording.sample_count(), options, identity, contents.signal, most_uv);
  if (contents.signal) writer.append(recording.samples);
  writer.add(contents);
  writer.finish();
}

}  // namespace emg
