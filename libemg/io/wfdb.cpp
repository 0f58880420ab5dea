#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/source_file_internal.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"
#include "libemg/io/wfdb.h"

namespace emg {
namespace {

using wfdb::Signal;

constexpr Index kFramesAtOnce = 4096;  // even, so that pairs of format 212 stay together
constexpr Index kIndexFrames = 4096;   // format 8: running sums are kept this often

// Data file of one segment: the frames of the signals in it.
struct DataFile {
  SourceFile source;
  int format = 16;
  std::int64_t offset = 0;
  std::vector<std::size_t> signals;  // of the segment, in order
  Index frame_samples = 0;           // of all its signals
  Index frame_count = 0;
  std::vector<std::vector<std::int32_t>> sums;  // format 8: of each sample place of a frame, every kIndexFrames
};

// One segment: a plain record has one.
struct Part {
  Index first_frame = 0, frame_count = 0;
  wfdb::Header header;
  std::vector<DataFile> files;
  std::vector<std::ptrdiff_t> signal_of;  // signal of this segment for each signal of the record, -1 = none
};

class WfdbReader final : public Reader {
 public:
  WfdbReader(const std::filesystem::path& path, const ReadOptions& options) : path_(path), folder_(path.parent_path()), options_(options) {
    header_.format = "wfdb";
    header_.input_files = {path};
    main_ = wfdb::read_header(path);
    if (main_.segments.empty()) {
      Part part;
      part.header = main_;
      add_part(std::move(part));
    } else {
      read_segments();
    }
    check_rate();
    describe();
    for (auto& part : parts_) scan_part(part);
    find_annotations();
  }

  void read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const override;

 private:
  void read_segments();
  void add_part(Part part);
  void open_files(Part& part);
  void check_rate();
  void describe();
  void scan_part(Part& part);
  void check_sum(const Part& part, std::size_t signal, std::int32_t first, std::uint16_t sum, bool swapped_fits);
  void find_annotations();
  void decode_frames(const DataFile& file, Index first, Index count, std::vector<unsigned char>& bytes,
                     std::vector<std::int32_t>& to) const;
  void note_missing(std::size_t signal, Index first, Index count);

  std::filesystem::path path_, folder_;
  ReadOptions options_;
  wfdb::Header main_;
  std::vector<Signal> signals_;  // of the record
  std::vector<Part> parts_;
  Index frame_count_ = 0;
  std::vector<std::pair<std::size_t, Index>> place_;  // stream and channel of each signal
  std::vector<std::vector<std::size_t>> members_;     // signals of each stream
  std::vector<double> gain_, zero_;                   // microvolts of a count, of count 0; of each signal
};

void WfdbReader::open_files(Part& part) {
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < part.header.signals.size(); ++i) {
    const auto& s = part.header.signals[i];
    const auto [place, is_new] = known.try_emplace(s.file, part.files.size());
    if (is_new) {
      part.files.push_back({SourceFile(folder_ / s.file), s.format, s.byte_offset, {}, 0, 0, {}});
      header_.input_files.push_back(folder_ / s.file);
    }
    auto& file = part.files[place->second];
    if (file.format != s.format) {
      throw FileError(path_.string(), fmt::format("line {}: format {} in a file of format {}", s.line, s.format, file.format),
                      fmt::format("line {}", s.line));
    }
    file.signals.push_back(i);
    file.frame_samples += s.samples_per_frame;
  }
  Index least = limits::kMostSamples;
  for (auto& file : part.files) {
    const auto bytes = std::max<std::int64_t>(file.source.size() - file.offset, 0);
    const Index samples = file.format == 212 ? bytes / 3 * 2 + (bytes % 3 >= 2 ? 1 : 0) : bytes / wfdb::bytes_of(file.format, 1);
    file.frame_count = samples / file.frame_samples;
    least = std::min(least, file.frame_count);
  }
  const Index stated = part.header.frame_count;
  if (stated > least && !part.files.empty()) {
    const auto message = fmt::format("truncated: {} of {} samples of record {}", least, stated, part.header.record);
    if (options_.strict) throw FileError(path_.string(), message);
    header_.warnings.push_back({"truncated", message, ""});
  }
  part.frame_count = part.files.empty() ? stated : stated > 0 ? std::min(stated, least) : least;
}

void WfdbReader::add_part(Part part) {
  open_files(part);
  if (signals_.empty()) signals_ = part.header.signals;
  part.signal_of.assign(signals_.size(), -1);
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    for (std::size_t k = 0; k < part.header.signals.size(); ++k) {
      const bool same = main_.segments.empty() ? i == k : part.header.signals[k].description == signals_[i].description;
      if (same && part.header.signals[k].samples_per_frame == signals_[i].samples_per_frame)
        part.signal_of[i] = static_cast<std::ptrdiff_t>(k);
    }
  }
  part.first_frame = frame_count_;
  frame_count_ += part.frame_count;
  parts_.push_back(std::move(part));
}

void WfdbReader::read_segments() {
  for (const auto& segment : main_.segments) {
    Part part;
    if (segment.record == "~") {
      part.frame_count = segment.frame_count;
      part.first_frame = frame_count_;
      part.signal_of.assign(signals_.size(), -1);
      frame_count_ += segment.frame_count;
      if (frame_count_ > limits::kMostSamples) throw FileError(path_.string(), fmt::format("more than {} samples", limits::kMostSamples));
      parts_.push_back(std::move(part));
      continue;
    }
    if (segment.record.find('/') != std::string::npos)
      throw FileError(path_.string(), fmt::format("segment {} is not in the same folder", in_quotes(segment.record)));
    const auto file = folder_ / (segment.record + ".hea");
    part.header = wfdb::read_header(file);
    if (!part.header.segments.empty()) throw FileError(file.string(), "a segment must not have segments");
    header_.input_files.push_back(file);
    // The layout header of a record with variable layout has no samples: it names the signals.
    const bool is_layout = segment.frame_count == 0;
    if (is_layout) {
      signals_ = part.header.signals;
      continue;
    }
    part.header.frame_count = segment.frame_count;
    add_part(std::move(part));
  }
}

void WfdbReader::check_rate() {
  if (options_.rate_hz) {
    constexpr double kSame = 1e-3;
    if (main_.rate_hz > 0 && std::abs(*options_.rate_hz / main_.rate_hz - 1) > kSame) {
      header_.warnings.push_back({"rate_conflict", fmt::format("the file says {} Hz, the option rate_hz is used", main_.rate_hz), ""});
    }
    main_.rate_hz = *options_.rate_hz;
  }
  if (!(main_.rate_hz > 0)) throw FileError(path_.string(), "line 1: no sampling rate; give --rate-hz", "line 1");
}

void WfdbReader::describe() {
  header_.start_time = main_.start_time;
  for (const auto& comment : main_.comments) header_.description += (header_.description.empty() ? "" : "\n") + comment;
  const auto option = units_option(options_.units);
  std::vector<Channel> channels;
  std::vector<bool> voltages;
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    const auto& s = signals_[i];
    Channel channel;
    channel.name = s.description.empty() ? fmt::format("signal {}", i + 1) : s.description;
    const auto unit = voltage_unit(s.units);
    double microvolts = unit ? unit->microvolts : 1;
    if (option && !option->counts) microvolts = option->microvolts;
    const bool counts = option && option->counts;
    if (!s.gain && !counts) {
      throw FileError(path_.string(), fmt::format("line {}: signal {} has no gain; give --units count:STEP", s.line, channel.name),
                      fmt::format("line {}", s.line));
    }
    if (option && unit && s.gain && (counts || option->microvolts != unit->microvolts)) {
      header_.warnings.push_back({"unit_conflict", fmt::format("the file says {}, the option units is used", s.units), channel.name});
    }
    const double zero = static_cast<double>(s.baseline.value_or(s.adc_zero));
    gain_.push_back(counts ? option->microvolts : microvolts / *s.gain);
    zero_.push_back(-zero * gain_.back());
    voltages.push_back(unit.has_value() || option.has_value());
    channel.unit = voltages.back() ? "uV" : s.units;
    channel.count_uv = gain_.back();
    channel.count_zero_uv = zero_.back();
    const int bits = s.format == 8 || s.format == 80 ? 8 : s.format == 212 ? 12 : s.format == 24 ? 24 : s.format == 32 ? 32 : 16;
    if (s.format != 8) {  // sums of differences have no own range
      channel.adc_max = (std::int64_t{1} << (bits - 1)) - 1;
      channel.adc_min = -*channel.adc_max - 1;
    }
    channels.push_back(std::move(channel));
  }
  make_names_unique(channels, header_.warnings);
  set_kinds(channels, voltages);
  std::map<std::pair<int, bool>, std::size_t> streams;
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    const int n = signals_[i].samples_per_frame;
    const bool apart =
        channels[i].kind == ChannelKind::force || channels[i].kind == ChannelKind::trigger || channels[i].kind == ChannelKind::acceleration;
    const auto [place, is_new] = streams.try_emplace({n, apart}, header_.streams.size());
    if (is_new) {
      StreamInfo info;
      info.rate_hz = main_.rate_hz * n;
      info.sample_count = frame_count_ * n;
      info.kind = channels[i].kind;
      header_.streams.push_back(std::move(info));
      members_.emplace_back();
    }
    auto& info = header_.streams[place->second];
    if (channels[i].kind == ChannelKind::emg) info.kind = ChannelKind::emg;
    place_.emplace_back(place->second, static_cast<Index>(info.channels.size()));
    info.channels.push_back(channels[i]);
    members_[place->second].push_back(i);
  }
  for (auto& info : header_.streams) {
    info.name = std::string(name_of(info.kind));
    const auto same = std::count_if(header_.streams.begin(), header_.streams.end(), [&](const auto& s) { return s.kind == info.kind; });
    if (same > 1) info.name += fmt::format("_{}Hz", shortest(info.rate_hz));
  }
}

// Frames [first, first + count) of a file as integers, sample by sample.
void WfdbReader::decode_frames(const DataFile& file, Index first, Index count, std::vector<unsigned char>& bytes,
                               std::vector<std::int32_t>& to) const {
  Index from = first * file.frame_samples;
  const Index lead = file.format == 212 ? from % 2 : 0;  // pairs
  from -= lead;
  const Index samples = count * file.frame_samples + lead;
  const auto start = wfdb::bytes_of(file.format, from), size = wfdb::bytes_of(file.format, from + samples) - start;
  bytes.resize(static_cast<std::size_t>(size) + 2);
  file.source.read(file.offset + start, bytes.data(), size);
  to.resize(static_cast<std::size_t>(samples));
  wfdb::decode(file.format, bytes.data(), samples, to.data());
  if (lead > 0) to.erase(to.begin());
}

void WfdbReader::note_missing(std::size_t signal, Index first, Index count) {
  auto& gaps = header_.streams[place_[signal].first].gaps;
  const Index channel = place_[signal].second;
  const Index skew = signals_[signal].skew * signals_[signal].samples_per_frame;
  first -= skew;
  if (first < 0) count += first, first = 0;
  if (count <= 0) return;
  if (!gaps.empty() && gaps.back().channel == channel && gaps.back().first_sample + gaps.back().sample_count == first) {
    gaps.back().sample_count += count;
    return;
  }
  if (static_cast<std::int64_t>(gaps.size()) > limits::kMostGaps)
    throw FileError(path_.string(), fmt::format("more than {} gaps", limits::kMostGaps));
  gaps.push_back({channel, first, count, "missing samples"});
}

// One pass: first value and sum against the header, missing samples, running sums of format 8.
void WfdbReader::scan_part(Part& part) {
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    const int n = signals_[i].samples_per_frame;
    if (part.signal_of[i] < 0) note_missing(i, part.first_frame * n, part.frame_count * n);
    const Index end = (part.first_frame + part.frame_count) * n;
    if (signals_[i].skew > 0 && end == frame_count_ * n) note_missing(i, end, signals_[i].skew * n);
  }
  std::vector<unsigned char> bytes;
  std::vector<std::int32_t> values;
  for (auto& file : part.files) {
    const auto code = wfdb::missing_code(file.format);
    std::vector<std::uint16_t> sums(file.signals.size()), swapped(file.signals.size());
    std::vector<std::int32_t> firsts(file.signals.size());
    std::vector<std::int32_t> state(static_cast<std::size_t>(file.signals.size()));
    for (std::size_t s = 0; s < file.signals.size() && file.format == 8; ++s) {
      state[s] = static_cast<std::int32_t>(part.header.signals[file.signals[s]].first_value.value_or(0));
    }
    for (Index frame = 0; frame < part.frame_count; frame += kFramesAtOnce) {
      const Index count = std::min(kFramesAtOnce, part.frame_count - frame);
      decode_frames(file, frame, count, bytes, values);
      if (file.format == 8) file.sums.push_back(state);
      std::size_t at = 0;
      for (Index f = 0; f < count; ++f) {
        for (std::size_t s = 0; s < file.signals.size(); ++s) {
          const auto signal = file.signals[s];
          const int n = part.header.signals[signal].samples_per_frame;
          for (int k = 0; k < n; ++k, ++at) {
            std::int32_t v = values[at];
            if (file.format == 8)
              v = state[s] = static_cast<std::int32_t>(static_cast<std::uint32_t>(state[s]) + static_cast<std::uint32_t>(v));
            if (frame + f == 0 && k == 0) firsts[s] = v;
            const auto word = static_cast<std::uint16_t>(v);
            sums[s] = static_cast<std::uint16_t>(sums[s] + word);
            swapped[s] = static_cast<std::uint16_t>(swapped[s] + static_cast<std::uint16_t>(word << 8 | word >> 8));
            if (!code || v != *code) continue;
            for (std::size_t i = 0; i < signals_.size(); ++i) {
              if (part.signal_of[i] == static_cast<std::ptrdiff_t>(signal)) note_missing(i, (part.first_frame + frame + f) * n + k, 1);
            }
          }
        }
      }
    }
    if (part.frame_count == 0 || (part.header.frame_count > 0 && part.frame_count != part.header.frame_count)) continue;
    for (std::size_t s = 0; s < file.signals.size(); ++s) {
      const auto& signal = part.header.signals[file.signals[s]];
      check_sum(part, file.signals[s], firsts[s], sums[s], signal.checksum && swapped[s] == static_cast<std::uint16_t>(*signal.checksum));
    }
  }
}

// Big-endian data read as little-endian are full-scale white noise with no other sign of error.
void WfdbReader::check_sum(const Part& part, std::size_t index, std::int32_t first, std::uint16_t sum, bool swapped_fits) {
  const auto& s = part.header.signals[index];
  const bool sum_wrong = s.checksum && *s.checksum != 0 && static_cast<std::uint16_t>(*s.checksum) != sum;
  const bool first_wrong = s.first_value && s.format != 8 && *s.first_value != first;
  if (!sum_wrong && !(first_wrong && s.checksum)) return;
  const auto numbers = fmt::format("signal {}: first value {} and sum {}, the header says {} and {}", s.description, first,
                                   static_cast<std::int16_t>(sum), s.first_value.value_or(0), *s.checksum);
  if (sum_wrong && first_wrong) {
    const bool bytes = s.format == 16 || s.format == 61;
    throw FileError(path_.string(),
                    fmt::format("line {}: {}{}", s.line, numbers,
                                bytes ? fmt::format("; {} format {} instead of {}", swapped_fits ? "the data are" : "try",
                                                    s.format == 16 ? 61 : 16, s.format)
                                      : ""),
                    fmt::format("line {}", s.line));
  }
  header_.warnings.push_back({"checksum_mismatch", numbers, s.description});
}

void WfdbReader::find_annotations() {
  const auto path = std::filesystem::path(path_).replace_extension(".atr");
  if (!std::filesystem::exists(path)) return;
  header_.input_files.push_back(path);
  for (auto& mark : wfdb::read_annotations(path, header_.warnings)) {
    header_.annotations.push_back(
        {static_cast<double>(mark.sample) / main_.rate_hz, std::numeric_limits<double>::quiet_NaN(), std::move(mark.label)});
  }
}

void WfdbReader::read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const {
  out.setZero();
  const Index last = first + out.cols();
  std::vector<unsigned char> bytes;
  std::vector<std::int32_t> values;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto signal = members_[stream][static_cast<std::size_t>(channels[c])];
    const int n = signals_[signal].samples_per_frame;
    const Index skew = signals_[signal].skew;
    double* row = out.data() + static_cast<Index>(c) * out.cols();
    for (const auto& part : parts_) {
      if (part.signal_of[signal] < 0) continue;
      // Frames of this part that hold the wanted samples; a skewed signal lies `skew` frames later in the file.
      const Index begin = std::max(first / n + skew - part.first_frame, Index{0});
      const Index end = std::min((last + n - 1) / n + skew - part.first_frame, part.frame_count);
      const auto own = static_cast<std::size_t>(part.signal_of[signal]);
      for (const auto& file : part.files) {
        const auto at = std::find(file.signals.begin(), file.signals.end(), own);
        if (at == file.signals.end()) continue;
        Index before = 0;
        for (auto it = file.signals.begin(); it != at; ++it) before += part.header.signals[*it].samples_per_frame;
        const auto slot = static_cast<std::size_t>(at - file.signals.begin());
        const Index grid = file.format == 8 ? begin / kIndexFrames * kIndexFrames : begin;
        std::int32_t state = 0;
        for (Index frame = grid; frame < end; frame += kFramesAtOnce) {
          const Index count = std::min(kFramesAtOnce, end - frame);
          decode_frames(file, frame, count, bytes, values);
          if (file.format == 8) state = file.sums[static_cast<std::size_t>(frame / kIndexFrames)][slot];
          for (Index f = 0; f < count; ++f) {
            for (int k = 0; k < n; ++k) {
              std::int32_t v = values[static_cast<std::size_t>(f * file.frame_samples + before + k)];
              if (file.format == 8)
                v = state = static_cast<std::int32_t>(static_cast<std::uint32_t>(state) + static_cast<std::uint32_t>(v));
              const Index sample = (part.first_frame + frame + f - skew) * n + k;
              if (sample >= first && sample < last) row[sample - first] = static_cast<double>(v) * gain_[signal] + zero_[signal];
            }
          }
        }
      }
    }
  }
}

// A header has its own name as first word, or at least a word and a whole number; a data file is known by the header beside it.
bool is_header(const FileHead& head) {
  if (lower(head.path.extension().string()) != ".hea") return false;
  for (const auto line : lines_of(head.bytes)) {
    const auto text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    if (text.starts_with(head.path.stem().string())) return true;
    const auto second = trimmed(text.substr(std::min(text.find_first_of(" \t"), text.size())));
    return integer_of(second.substr(0, second.find_first_of(" \t"))).has_value();
  }
  return false;
}

std::filesystem::path header_beside(const std::filesystem::path& path) {
  auto header = path;
  header.replace_extension(".hea");
  return lower(path.extension().string()) == ".dat" && std::filesystem::is_regular_file(header) ? header : std::filesystem::path();
}

bool recognises_wfdb(const FileHead& head) {
  return is_header(head) || !header_beside(head.path).empty();
}

std::unique_ptr<Reader> open_wfdb(const std::filesystem::path& path, const ReadOptions& options) {
  const auto header = header_beside(path);
  return std::make_unique<WfdbReader>(header.empty() ? path : header, options);
}

}  // namespace

const Format kWfdbFormat{"wfdb", &recognises_wfdb, &open_wfdb};

}  // namespace emg
