#include "libemg/io/recording_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>

#include "libemg/core/error.h"
#include "libemg/io/channel_selection_internal.h"
#include "libemg/io/gap_bridge_internal.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kBlockBytes = std::size_t{8} << 20;
constexpr Index kLeastBlock = 1024;
constexpr double kBytesInGigabyte = 1e9;
// Below twice the band that surface EMG needs (Merletti and Di Torino 1999: 5 to 500 Hz) hardly anything can be measured.
constexpr double kLowRateHz = 200;

// In the order of asking: what has a signature first, text last.
const Format* const kFormats[] = {&kEdfFormat, &kNwbFormat, &kHdf5Format, &kWfdbFormat, &kCsvFormat};

const char* bridge_hint(const FileHead& head) {
  const auto extension = lower(head.path.extension().string());
  for (const char* known : {".smr", ".smrx", ".abf", ".acq", ".cfs", ".adicht"}) {
    if (extension == known) return "; read it with the Neo package and endplate.from_neo";
  }
  return "";
}

}  // namespace

FileHead head_of(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) throw FileError(path.string(), "does not exist");
  if (std::filesystem::is_directory(status)) throw FileError(path.string(), "is a folder, not a recording");
  // Opening a pipe would wait for its writer.
  if (!std::filesystem::is_regular_file(status)) throw FileError(path.string(), "is not a regular file");
  FileHead head{path, std::string(kHeadBytes, '\0'), std::filesystem::file_size(path, code)};
  std::ifstream in(path, std::ios::binary);
  if (!in) throw FileError(path.string(), "cannot be read");
  in.read(head.bytes.data(), static_cast<std::streamsize>(kHeadBytes));
  head.bytes.resize(static_cast<std::size_t>(in.gcount()));
  return head;
}

const Format* format_of(const FileHead& head) {
  for (const auto* format : kFormats) {
    if (format->recognises(head)) return format;
  }
  return nullptr;
}

// What the options of `open` mean for this file, found when first needed: a file without signals can still be inspected.
struct RecordingFile::Selection {
  std::filesystem::path path;
  ReadOptions options;
  std::string format;
  bool resolved = false;
  std::size_t stream = 0;
  std::vector<Index> channels;
  Index first = 0;
  Index count = 0;
  GapBridge bridge;
  std::string left_out;  // voltages that are not EMG, as a list

  void resolve(const Reader& reader);
};

// Voltages beside the EMG channels, which nobody chose: at most 8 names, then their number.
std::string left_out_of(const StreamInfo& info, const ReadOptions& options) {
  constexpr std::size_t kMostNames = 8;
  std::string names;
  std::size_t count = 0;
  if (!options.channels.empty() || info.kind != ChannelKind::emg) return names;
  for (const auto& channel : info.channels) {
    if (channel.kind == ChannelKind::emg || channel.unit != "uV" || ++count > kMostNames) continue;
    names += (names.empty() ? "" : ", ") + channel.name;
  }
  return count > kMostNames ? fmt::format("{} and {} more", names, count - kMostNames) : names;
}

void RecordingFile::Selection::resolve(const Reader& reader) {
  if (resolved) return;
  const auto& streams = reader.header().streams;
  if (streams.empty()) {
    const auto& sweeps = reader.header().sweeps;
    throw FileError(path.string(), sweeps ? fmt::format("holds {} sweeps, no continuous signal", sweeps->samples.rows())
                                          : "holds no signals, only annotations or tables");
  }
  stream = selected_stream_of(streams, options);
  const auto& info = streams[stream];
  channels = selected_channels_of(info, options);
  for (const Index c : channels) {
    const auto& channel = info.channels[static_cast<std::size_t>(c)];
    // A normalised envelope in percent of its reference says what it is.
    if (channel.kind == ChannelKind::emg && channel.unit != "uV" && channel.unit != "%") {
      throw FileError(path.string(),
                      fmt::format("channel {}: its unit {} is no voltage; give --units", channel.name, in_quotes(channel.unit)));
    }
  }
  const double most_s = static_cast<double>(info.sample_count) / info.rate_hz;
  const auto sample_at = [&](double time_s) { return static_cast<Index>(std::llround(std::min(time_s, most_s) * info.rate_hz)); };
  if (options.start_s > most_s) throw InvalidArgument(fmt::format("start_s {} is outside [0, {}] s", options.start_s, most_s));
  if (options.stop_s && *options.stop_s < options.start_s) {
    throw InvalidArgument(fmt::format("stop_s {} is before start_s {}", *options.stop_s, options.start_s));
  }
  first = sample_at(options.start_s);
  count = (options.stop_s ? sample_at(*options.stop_s) : info.sample_count) - first;
  bridge = GapBridge(info, channels);
  left_out = left_out_of(info, options);
  resolved = true;
}

RecordingFile::RecordingFile(std::unique_ptr<Reader> reader, std::filesystem::path path, ReadOptions options)
    : reader_(std::move(reader)), selection_(std::make_unique<Selection>()) {
  selection_->path = std::move(path);
  selection_->options = std::move(options);
  selection_->format = reader_->header().format;
}

RecordingFile::RecordingFile(RecordingFile&&) noexcept = default;
RecordingFile& RecordingFile::operator=(RecordingFile&&) noexcept = default;
RecordingFile::~RecordingFile() = default;

RecordingFile RecordingFile::open(const std::filesystem::path& path, const ReadOptions& options) {
  validate_options(options);
  const auto head = head_of(path);
  const auto* format = format_of(head);
  if (format == nullptr) {
    if (head.size == 0) throw FileError(path.string(), "is empty");
    std::string bytes;
    for (const char c : head.bytes.substr(0, 8)) bytes += fmt::format(" {:02X}", static_cast<unsigned char>(c));
    throw FileError(path.string(), fmt::format("not a format endplate knows (first bytes{}){}", bytes, bridge_hint(head)), "", 0);
  }
  return RecordingFile(format->open(path, options), path, options);
}

const std::filesystem::path& RecordingFile::path() const {
  return selection_->path;
}
const std::string& RecordingFile::format() const {
  return selection_->format;
}
std::span<const StreamInfo> RecordingFile::streams() const {
  return reader_->header().streams;
}

std::size_t RecordingFile::selected_stream() const {
  selection_->resolve(*reader_);
  return selection_->stream;
}

Recording RecordingFile::facts() const {
  const auto& file = reader_->header();
  Recording recording;
  recording.start_time = file.start_time;
  recording.annotations = file.annotations;
  recording.stimuli = file.stimuli;
  recording.subject = file.subject;
  recording.description = file.description;
  recording.provenance = file.provenance;
  recording.warnings = file.warnings;
  return recording;
}

Recording RecordingFile::header() const {
  selection_->resolve(*reader_);
  const auto& info = reader_->header().streams[selection_->stream];
  const auto first = selection_->first, count = selection_->count;
  Recording recording = facts();
  recording.rate_hz = info.rate_hz;
  recording.start_s = info.start_s + static_cast<double>(first) / info.rate_hz;
  recording.samples.resize(static_cast<Index>(selection_->channels.size()), 0);
  for (const Index c : selection_->channels) recording.channels.push_back(info.channels[static_cast<std::size_t>(c)]);
  recording.gaps = selection_->bridge.gaps_in(first, count);
  const bool whole = first == 0 && count == info.sample_count;
  const auto move_to_window = [&](auto& items) {
    for (auto& item : items) item.onset_s -= recording.start_s;
    const double duration_s = static_cast<double>(count) / info.rate_hz;
    if (!whole) std::erase_if(items, [&](const auto& item) { return item.onset_s < 0 || item.onset_s >= duration_s; });
  };
  move_to_window(recording.annotations);
  move_to_window(recording.stimuli);
  if (info.kind == ChannelKind::emg && info.rate_hz < kLowRateHz) {
    recording.warnings.push_back({"rate_low", fmt::format("{} Hz is too low for EMG: below {} Hz", info.rate_hz, kLowRateHz), ""});
  }
  if (!selection_->left_out.empty()) {
    recording.warnings.push_back(
        {"channels_left_out", fmt::format("voltages that are not EMG are left out: {}; choose with --channels", selection_->left_out), ""});
  }
  if (selection_->options.missing == MissingPolicy::error && !recording.gaps.empty()) {
    const auto& gap = recording.gaps.front();
    throw FileError(path().string(), fmt::format("{} samples are missing at sample {} ({}), and missing is error", gap.sample_count,
                                                 gap.first_sample + first, gap.reason));
  }
  return recording;
}

Index RecordingFile::sample_count() const {
  selection_->resolve(*reader_);
  return selection_->count;
}

void RecordingFile::read_block(Index first, RowMatrix& out) const {
  selection_->resolve(*reader_);
  const auto& s = *selection_;
  if (out.rows() != static_cast<Index>(s.channels.size()) || first < 0 || out.cols() > s.count - first) {
    throw InvalidArgument(fmt::format("block of {} x {} samples from sample {} does not lie in {} x {}", out.rows(), out.cols(), first,
                                      s.channels.size(), s.count));
  }
  if (out.size() == 0) return;
  reader_->read_block(s.stream, s.channels, s.first + first, out);
  selection_->bridge.fill(*reader_, s.stream, s.channels, s.first + first, out);
  require_finite_block(s.path, reader_->header().streams[s.stream], s.channels, s.first + first, out);
}

Recording RecordingFile::read() const {
  auto recording = header();
  const auto rows = recording.samples.rows();
  const double gigabytes = static_cast<double>(rows) * static_cast<double>(selection_->count) * sizeof(double) / kBytesInGigabyte;
  if (gigabytes > selection_->options.max_memory_gb) {
    throw InvalidArgument(fmt::format("reading {} channels x {} samples needs {:.3g} GB, more than max_memory_gb {}; read a window", rows,
                                      selection_->count, gigabytes, selection_->options.max_memory_gb));
  }
  recording.samples = unset_matrix(rows, selection_->count);
  read_block(0, recording.samples);
  return recording;
}

Index RecordingFile::block_samples() const {
  selection_->resolve(*reader_);
  const auto channels = std::max<std::size_t>(selection_->channels.size(), 1);
  return std::max<Index>(static_cast<Index>(std::bit_floor(kBlockBytes / sizeof(double) / channels)), kLeastBlock);
}

void RecordingFile::for_each_block(const BlockSink& sink) const {
  const Index length = block_samples();
  RowMatrix block;
  for (Index first = 0; first < selection_->count; first += length) {
    block.resize(static_cast<Index>(selection_->channels.size()), std::min(length, selection_->count - first));
    read_block(first, block);
    sink(block);
  }
}

std::vector<Annotation> RecordingFile::annotations() const {
  return reader_->header().annotations;
}
std::vector<Warning> RecordingFile::warnings() const {
  return reader_->header().warnings;
}
std::optional<SweepSet> RecordingFile::sweeps() const {
  return reader_->header().sweeps;
}
std::vector<Table> RecordingFile::tables() const {
  return reader_->tables();
}

std::vector<std::filesystem::path> RecordingFile::input_files() const {
  const auto& files = reader_->header().input_files;
  return files.empty() ? std::vector{selection_->path} : files;
}

Recording read_recording(const std::filesystem::path& path, const ReadOptions& options) {
  return RecordingFile::open(path, options).read();
}

}  // namespace emg
