#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/io/nwb.h"
#include "libemg/io/nwb_input_internal.h"
#include "libemg/io/nwb_tree_internal.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

class NwbReader final : public Reader {
 public:
  NwbReader(const std::filesystem::path& path, const ReadOptions& options) : file_(path) {
    const h5::Lock lock;
    header_.format = "nwb";
    header_.input_files = {path};
    header_.start_time = file_.text("/session_start_time");
    if (header_.start_time == nwb::kUnknownTime) header_.start_time.clear();
    require_start();
    header_.description = file_.text("/session_description");
    if (header_.description == nwb::kDefaultDescription) header_.description.clear();
    header_.subject = nwb::read_subject(file_);
    header_.annotations = nwb::read_annotations(file_);
    header_.stimuli = nwb::read_stimuli(file_);
    header_.sweeps = nwb::read_sweeps(file_, "/acquisition/sweeps");
    header_.provenance = nwb::read_provenance(file_, "/processing/ecephys/provenance");
    find_streams(options);
  }
  ~NwbReader() override {
    const h5::Lock lock;
    series_.clear();
    file_ = {};
  }

  void read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const override;
  std::vector<Table> tables() const override {
    const h5::Lock lock;
    return nwb::read_result_tables(file_);
  }
  const h5::Input& file() const { return file_; }

 private:
  void require_start();
  void find_streams(const ReadOptions& options);

  h5::Input file_;
  std::vector<nwb::Series> series_;
};

// Some files state no zone: UTC, as for every format without one.
void NwbReader::require_start() {
  auto& start = header_.start_time;
  if (start.empty() || is_timestamp(start)) return;
  const auto with_zone = start + "+00:00";
  if (!is_timestamp(with_zone)) {
    header_.warnings.push_back({"start_time_unknown", fmt::format("no start time: {}", in_quotes(start)), ""});
  }
  start = is_timestamp(with_zone) ? with_zone : "";
}

void NwbReader::find_streams(const ReadOptions& options) {
  const bool chosen = !options.dataset.empty();
  bool found_emg = false;
  for (const auto& path : chosen ? options.dataset : nwb::series_paths(file_)) {
    auto series = nwb::read_series(file_, path, options, header_.warnings);
    // Copies of the recording (filtered, rectified) do not compete with it.
    if (!chosen && found_emg && !series.where.starts_with("/acquisition/") && series.info.kind == ChannelKind::emg)
      series.info.kind = ChannelKind::other;
    found_emg = found_emg || series.info.kind == ChannelKind::emg;
    header_.streams.push_back(series.info);
    series_.push_back(std::move(series));
  }
}

void NwbReader::read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const {
  const h5::Lock lock;
  const auto& series = series_[stream];
  std::vector<h5::SampleScale> scales;
  for (const Index c : channels) scales.push_back(series.scales[static_cast<std::size_t>(c)]);
  if (series.segments.size() != 1) out.setZero();
  for (const auto& segment : series.segments) {
    const Index begin = std::max(first, segment.grid_first), end = std::min(first + out.cols(), segment.grid_first + segment.count);
    if (end <= begin) continue;
    series.data->read(segment.file_first + begin - segment.grid_first, end - begin, channels, scales, out.data() + (begin - first),
                      out.cols());
  }
}

bool recognises_nwb(const FileHead& head) {
  if (!h5::has_signature(head.bytes)) return false;
  const h5::Lock lock;
  try {
    return h5::Input(head.path).has_attribute("/", "nwb_version");
  } catch (const FileError&) {
    return false;  // the reader of any HDF5 says why
  }
}

std::unique_ptr<Reader> open_nwb(const std::filesystem::path& path, const ReadOptions& options) {
  const h5::Lock lock;
  return std::make_unique<NwbReader>(path, options);
}

}  // namespace

const Format kNwbFormat{"nwb", &recognises_nwb, &open_nwb};

NwbContents read_nwb_contents(const std::filesystem::path& path) {
  const h5::Lock lock;
  ReadOptions options;
  const NwbReader reader(path, options);
  const auto& header = reader.header();
  NwbContents contents;
  for (auto& table : reader.tables()) {
    if (table.name != "provenance") contents.tables.push_back(std::move(table));
  }
  contents.sweeps = header.sweeps;
  double start_s = 0, rate_hz = 0;
  contents.signal = false;
  for (std::size_t i = 0; i < header.streams.size(); ++i) {
    const auto& stream = header.streams[i];
    if (stream.kind == ChannelKind::emg && rate_hz == 0) {
      start_s = stream.start_s;
      rate_hz = stream.rate_hz;
      contents.signal = true;
    } else if (reader.file().is_group("/acquisition/" + stream.name) && stream.kind != ChannelKind::emg) {
      Recording recording;
      recording.rate_hz = stream.rate_hz;
      recording.start_s = stream.start_s;
      recording.start_time = header.start_time;
      recording.channels = stream.channels;
      recording.gaps = stream.gaps;
      std::vector<Index> all;
      for (std::size_t c = 0; c < stream.channels.size(); ++c) all.push_back(static_cast<Index>(c));
      recording.samples.resize(static_cast<Index>(all.size()), stream.sample_count);
      reader.read_block(i, all, 0, recording.samples);
      bridge_gaps(recording.samples, recording.gaps);
      contents.auxiliary.push_back(std::move(recording));
    }
  }
  contents.units = nwb::read_units(reader.file(), "/units", start_s, rate_hz);
  contents.truth_units = nwb::read_units(reader.file(), "/processing/ecephys/truth_units", start_s, rate_hz);
  return contents;
}

}  // namespace emg
