#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/instruction_set.h"
#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/edf_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"

namespace emg {
namespace {

using edf::Signal;

// Raw bytes decoded at a time: stays in the second-level cache.
constexpr std::int64_t kSlabBytes = std::int64_t{1} << 18;
// Records longer than this are read channel by channel.
constexpr std::int64_t kLongRecordBytes = std::int64_t{4} << 20;
// Two runs of bytes nearer than this are read together.
constexpr std::int64_t kSeekBytes = 4096;

// How counts of a channel become samples.
struct Scale {
  double gain = 1, zero = 0;
};

static_assert(std::endian::native == std::endian::little, "samples are read as they lie in the file");

// Inlined into variants for several instruction sets. Products and sums are rounded one by one, so all variants give the same bits.
[[gnu::always_inline]] inline void decode16_loop(const unsigned char* from, Index count, Scale scale, double* to) {
  for (Index i = 0; i < count; ++i) {
    std::int16_t d;
    std::memcpy(&d, from + 2 * i, sizeof d);
    to[i] = static_cast<double>(d) * scale.gain + scale.zero;
  }
}

[[gnu::always_inline]] inline void decode24_loop(const unsigned char* from, Index count, Scale scale, double* to) {
  // Four bytes at a time, of which the lowest falls off; the first sample has no byte before it.
  const auto first = static_cast<std::int32_t>(static_cast<std::uint32_t>(from[0]) << 8 | static_cast<std::uint32_t>(from[1]) << 16 |
                                               static_cast<std::uint32_t>(from[2]) << 24) >>
                     8;
  to[0] = static_cast<double>(first) * scale.gain + scale.zero;
  for (Index i = 1; i < count; ++i) {
    std::int32_t d;
    std::memcpy(&d, from + 3 * i - 1, sizeof d);
    to[i] = static_cast<double>(d >> 8) * scale.gain + scale.zero;
  }
}

void decode16_baseline(const unsigned char* from, Index count, Scale scale, double* to) {
  decode16_loop(from, count, scale, to);
}
void decode24_baseline(const unsigned char* from, Index count, Scale scale, double* to) {
  decode24_loop(from, count, scale, to);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void decode16_v3(const unsigned char* from, Index count, Scale scale, double* to) {
  decode16_loop(from, count, scale, to);
}
[[gnu::target("avx2")]] void decode24_v3(const unsigned char* from, Index count, Scale scale, double* to) {
  decode24_loop(from, count, scale, to);
}
#else
constexpr auto decode16_v3 = decode16_baseline;
constexpr auto decode24_v3 = decode24_baseline;
#endif

// "HP:20Hz LP:450Hz N:50Hz"
std::optional<double> filter_edge(std::string_view prefilter, std::string_view key) {
  const auto text = lower(prefilter);
  const auto at = text.find(key);
  if (at == std::string::npos) return std::nullopt;
  const auto rest = trimmed(std::string_view(text).substr(at + key.size()));
  const auto end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  const auto unit = trimmed(rest.substr(end));
  const auto value = number_of(rest.substr(0, end));
  if (!value || *value <= 0) return std::nullopt;
  return unit.starts_with("khz") ? *value * 1e3 : *value;
}

class EdfReader final : public Reader {
 public:
  EdfReader(const std::filesystem::path& path, const ReadOptions& options) : file_(path) {
    edf_ = edf::read_header(file_, options.strict, header_.warnings);
    header_.format = edf_.format;
    header_.input_files = {path};
    read_annotations();
    describe_subject();
    describe_channels(options);
    place_records();
    apply_own_annotations();
  }

  void read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const override;

 private:
  struct Run {  // bytes of a record read together
    std::int64_t offset = 0, size = 0;
  };

  void read_annotations();
  void describe_subject();
  void describe_channels(const ReadOptions& options);
  Channel describe_channel(const Signal& s, Scale& scale, bool& is_voltage, const std::optional<UnitsOption>& units);
  void place_records();
  void apply_own_annotations();
  void refuse_scale(const Signal& s) const;
  std::vector<Run> runs_of(std::size_t stream, std::span<const Index> channels) const;
  void decode_record(const unsigned char* bytes, std::int64_t shift, std::size_t stream, std::span<const Index> channels, Index skip,
                     Index count, Index column, RowMatrix& out) const;
  void read_long_record(std::int64_t base, std::size_t stream, std::span<const Index> channels, Index skip, Index count, Index column,
                        RowMatrix& out) const;
  void decode(const unsigned char* from, std::size_t signal, Index count, double* to) const;
  Index record_first(std::size_t stream, std::int64_t record) const {
    const auto n = stream_samples_[stream];
    return edf_.discontinuous ? firsts_[stream][static_cast<std::size_t>(record)] : record * n;
  }
  const Signal& signal_of(std::size_t stream, Index channel) const {
    return edf_.signals[members_[stream][static_cast<std::size_t>(channel)]];
  }

  SourceFile file_;
  edf::Header edf_;
  std::vector<Scale> scales_;                      // of each signal
  std::vector<std::vector<std::size_t>> members_;  // signals of each stream
  std::vector<Index> stream_samples_;              // per record
  std::vector<std::vector<Index>> firsts_;         // of each record, if there are gaps between records
  std::vector<double> onsets_s_;                   // of each record, if it has a time
};

void EdfReader::read_annotations() {
  std::int64_t malformed = 0;
  std::string first_onset;
  double zero_s = 0;
  bool has_time = false;
  std::string bytes;
  for (std::int64_t record = 0; record < edf_.record_count; ++record) {
    bool first_list = true;
    for (const auto& s : edf_.signals) {
      if (!s.annotations || s.samples == 0) continue;
      bytes.resize(static_cast<std::size_t>(s.samples * edf_.sample_bytes));
      file_.read(edf_.header_bytes + record * edf_.record_bytes + s.offset, bytes.data(), static_cast<std::int64_t>(bytes.size()));
      for (const auto& tal : edf::parse_tals(bytes, malformed)) {
        const bool keeps_time = first_list && (tal.labels.empty() || tal.labels.front().empty());
        if (first_list && record == 0) {
          if (keeps_time) first_onset = tal.onset, zero_s = tal.onset_s, has_time = true;
        }
        if (first_list && edf_.discontinuous && keeps_time) onsets_s_.push_back(tal.onset_s);
        first_list = false;
        for (const auto& label : tal.labels) {
          if (!label.empty()) header_.annotations.push_back({tal.onset_s - zero_s, tal.duration_s, label});
        }
      }
    }
    if (edf_.discontinuous && static_cast<std::int64_t>(onsets_s_.size()) != record + 1) {
      const auto byte = edf_.header_bytes + record * edf_.record_bytes;
      throw FileError(file_.path().string(), fmt::format("record {} at byte {} has no time, in a file that says it has gaps", record, byte),
                      fmt::format("byte {}", byte), byte);
    }
  }
  if (malformed > 0)
    header_.warnings.push_back({"annotation_malformed", fmt::format("{} malformed annotation lists skipped", malformed), ""});
  header_.start_time = edf::start_time_of(edf_, has_time ? first_onset : std::string());
  if (header_.start_time.empty()) {
    header_.warnings.push_back(
        {"start_time_unknown", fmt::format("no start time: date {}, time {}", in_quotes(edf_.date), in_quotes(edf_.time)), ""});
  }
}

void EdfReader::describe_subject() {
  // EDF+: code, sex, birth date, name. Only code and sex are taken: the others identify.
  if (!edf_.format.ends_with('+')) return;
  const auto words = split(edf_.patient, ' ');
  if (words[0] != "X") header_.subject.subject_id = std::string(words[0]);
  if (words.size() > 1 && (words[1] == "M" || words[1] == "F")) header_.subject.sex = std::string(words[1]);
}

Channel EdfReader::describe_channel(const Signal& s, Scale& scale, bool& is_voltage, const std::optional<UnitsOption>& units) {
  Channel channel;
  channel.name = s.label;
  channel.electrode_kind = s.transducer;
  channel.band_low_hz = filter_edge(s.prefilter, "hp:");
  channel.band_high_hz = filter_edge(s.prefilter, "lp:");
  const auto unit = voltage_unit(s.dimension);
  const auto kind = kind_of_name(s.label);
  const bool asked = units && (unit || kind == ChannelKind::emg);
  is_voltage = unit.has_value() || asked;
  channel.unit = is_voltage ? "uV" : decoded_text(s.dimension);
  if (unit && unit->folded) {
    header_.warnings.push_back({"header_repaired",
                                fmt::format("the unit {} is read as {}", s.dimension, unit->microvolts == 1 ? "uV" : lower(s.dimension)),
                                s.label});
  }
  if (!s.has_scale()) return channel;
  scale = {s.gain(), s.zero()};
  if (asked && units->counts) {
    scale = {units->microvolts, 0};
  } else if (is_voltage) {
    const double microvolts = asked ? units->microvolts : unit->microvolts;
    constexpr double kSame = 1e-3;
    if (asked && unit && std::abs(microvolts / unit->microvolts - 1) > kSame) {
      header_.warnings.push_back({"unit_conflict", fmt::format("the file says {}, the option units is used", s.dimension), s.label});
    }
    scale.gain *= microvolts;
    scale.zero *= microvolts;
  }
  channel.count_uv = scale.gain;
  channel.count_zero_uv = scale.zero;
  channel.adc_min = static_cast<std::int64_t>(std::min(s.digital_min, s.digital_max));
  channel.adc_max = static_cast<std::int64_t>(std::max(s.digital_min, s.digital_max));
  return channel;
}

// Streams: one rate and one kind; channels of no telling kind go with the others of their rate.
void EdfReader::describe_channels(const ReadOptions& options) {
  const auto units = units_option(options.units);
  std::vector<Channel> channels;
  std::vector<bool> voltages;
  std::vector<std::size_t> signals;
  scales_.resize(edf_.signals.size());
  for (std::size_t i = 0; i < edf_.signals.size(); ++i) {
    if (edf_.signals[i].annotations || edf_.signals[i].samples == 0) continue;
    bool is_voltage = false;
    channels.push_back(describe_channel(edf_.signals[i], scales_[i], is_voltage, units));
    voltages.push_back(is_voltage);
    signals.push_back(i);
  }
  make_names_unique(channels, header_.warnings);
  set_kinds(channels, voltages);
  const auto plain = [](ChannelKind kind) { return kind == ChannelKind::other || kind == ChannelKind::ecg || kind == ChannelKind::emg; };
  std::map<std::pair<std::int64_t, ChannelKind>, std::size_t> streams;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto samples = edf_.signals[signals[c]].samples;
    const auto kind = channels[c].kind;
    const auto [place, is_new] = streams.try_emplace({samples, plain(kind) ? ChannelKind::emg : kind}, header_.streams.size());
    if (is_new) {
      StreamInfo info;
      info.rate_hz = static_cast<double>(samples) / edf_.duration_s;
      info.kind = kind;
      header_.streams.push_back(std::move(info));
      members_.emplace_back();
      stream_samples_.push_back(samples);
    }
    auto& info = header_.streams[place->second];
    if (kind == ChannelKind::emg) info.kind = kind;
    info.channels.push_back(channels[c]);
    members_[place->second].push_back(signals[c]);
  }
  for (auto& info : header_.streams) {
    info.name = std::string(name_of(info.kind));
    const auto same = std::count_if(header_.streams.begin(), header_.streams.end(), [&](const auto& s) { return s.kind == info.kind; });
    if (same > 1) info.name += fmt::format("_{}Hz", shortest(info.rate_hz));
  }
}

void EdfReader::place_records() {
  firsts_.resize(header_.streams.size());
  for (std::size_t i = 0; i < header_.streams.size(); ++i) {
    auto& info = header_.streams[i];
    const auto n = stream_samples_[i];
    info.sample_count = edf_.record_count * n;
    if (!edf_.discontinuous) continue;
    Index next = 0;
    for (std::int64_t r = 0; r < edf_.record_count; ++r) {
      const auto byte = edf_.header_bytes + r * edf_.record_bytes;
      const double at = (onsets_s_[static_cast<std::size_t>(r)] - onsets_s_[0]) * info.rate_hz;
      constexpr double kTolerance = 0.5;  // samples
      if (!(at < static_cast<double>(limits::kMostSamples))) {
        throw FileError(
            file_.path().string(),
            fmt::format("record {} at byte {}: its time {} s lies too far from the first", r, byte, onsets_s_[static_cast<std::size_t>(r)]),
            fmt::format("byte {}", byte), byte);
      }
      if (at < static_cast<double>(next) - kTolerance) {
        throw FileError(file_.path().string(), fmt::format("records overlap at record {} (byte {})", r, byte), fmt::format("byte {}", byte),
                        byte);
      }
      const Index first = at > static_cast<double>(next) + kTolerance ? static_cast<Index>(std::llround(at)) : next;
      if (first > next) info.gaps.push_back({-1, next, first - next, "no record"});
      firsts_[i].push_back(first);
      next = first + n;
    }
    info.sample_count = next;
  }
}

// What our own writer says in annotations: samples that only fill the last record, and gaps over bridged values.
void EdfReader::apply_own_annotations() {
  if (edf_.recording.find("endplate") == std::string::npos) return;
  std::erase_if(header_.annotations, [&](const Annotation& a) {
    if (a.label != "padding" && a.label != "gap" && !a.label.starts_with("gap ")) return false;
    if (std::isnan(a.duration_s)) return false;
    for (auto& info : header_.streams) {
      const double first = a.onset_s * info.rate_hz, count = a.duration_s * info.rate_hz;
      if (!(first >= -0.5) || !(first + count < static_cast<double>(info.sample_count) + 0.5)) return false;
      const auto at = static_cast<Index>(std::llround(first)), length = static_cast<Index>(std::llround(count));
      if (a.label == "padding") {
        info.sample_count = at;
      } else if (a.label == "gap") {
        info.gaps.push_back({-1, at, length, "gap"});
      } else {
        for (std::size_t c = 0; c < info.channels.size(); ++c) {
          if (info.channels[c].name == a.label.substr(4)) info.gaps.push_back({static_cast<Index>(c), at, length, "gap"});
        }
      }
    }
    return true;
  });
}

void EdfReader::refuse_scale(const Signal& s) const {
  throw FileError(file_.path().string(),
                  fmt::format("channel {} at byte {}: physical range {} to {} and digital range {} to {} give no scale", s.label,
                              s.range_byte, s.physical_min, s.physical_max, s.digital_min, s.digital_max),
                  s.label, s.range_byte);
}

std::vector<EdfReader::Run> EdfReader::runs_of(std::size_t stream, std::span<const Index> channels) const {
  std::vector<Run> spans;
  for (const Index c : channels) {
    const auto& s = signal_of(stream, c);
    spans.push_back({s.offset, s.samples * edf_.sample_bytes});
  }
  std::sort(spans.begin(), spans.end(), [](const Run& a, const Run& b) { return a.offset < b.offset; });
  std::vector<Run> runs;
  for (const auto& span : spans) {
    if (!runs.empty() && span.offset - (runs.back().offset + runs.back().size) <= kSeekBytes) {
      runs.back().size = std::max(runs.back().size, span.offset + span.size - runs.back().offset);
    } else {
      runs.push_back(span);
    }
  }
  return runs;
}

void EdfReader::decode(const unsigned char* from, std::size_t signal, Index count, double* to) const {
  if (count == 0) return;
  const bool v3 = instruction_set() != InstructionSet::baseline;
  const auto kernel = edf_.sample_bytes == 2 ? (v3 ? decode16_v3 : decode16_baseline) : (v3 ? decode24_v3 : decode24_baseline);
  kernel(from, count, scales_[signal], to);
}

// `bytes` + `shift` is where the record would start.
void EdfReader::decode_record(const unsigned char* bytes, std::int64_t shift, std::size_t stream, std::span<const Index> channels,
                              Index skip, Index count, Index column, RowMatrix& out) const {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto signal = members_[stream][static_cast<std::size_t>(channels[i])];
    const auto at = shift + edf_.signals[signal].offset + skip * edf_.sample_bytes;
    decode(bytes + at, signal, count, out.data() + static_cast<Index>(i) * out.cols() + column);
  }
}

// A file may be one record as long as itself: only the wanted samples of each channel are read.
void EdfReader::read_long_record(std::int64_t base, std::size_t stream, std::span<const Index> channels, Index skip, Index count,
                                 Index column, RowMatrix& out) const {
  const Index piece = kSlabBytes / edf_.sample_bytes;
  std::vector<unsigned char> bytes(static_cast<std::size_t>(kSlabBytes));
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto signal = members_[stream][static_cast<std::size_t>(channels[i])];
    for (Index done = 0; done < count; done += piece) {
      const Index length = std::min(piece, count - done);
      file_.read(base + edf_.signals[signal].offset + (skip + done) * edf_.sample_bytes, bytes.data(), length * edf_.sample_bytes);
      decode(bytes.data(), signal, length, out.data() + static_cast<Index>(i) * out.cols() + column + done);
    }
  }
}

void EdfReader::read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const {
  if (channels.empty() || out.cols() == 0) return;
  for (const Index c : channels) {
    if (!signal_of(stream, c).has_scale()) refuse_scale(signal_of(stream, c));
  }
  const Index n = stream_samples_[stream], last = first + out.cols();
  std::int64_t record = first / n;
  if (edf_.discontinuous) {
    const auto& firsts = firsts_[stream];
    record = std::max<std::int64_t>(std::upper_bound(firsts.begin(), firsts.end(), first) - firsts.begin() - 1, 0);
    out.setZero();
  }
  const auto runs = runs_of(stream, channels);
  const auto origin = runs.front().offset, end = runs.back().offset + runs.back().size;
  const bool dense = runs.size() == 1, is_long = edf_.record_bytes > kLongRecordBytes;
  const auto slab_records = dense && !is_long ? std::max<std::int64_t>(kSlabBytes / edf_.record_bytes, 1) : 1;
  std::vector<unsigned char> bytes;
  while (record < edf_.record_count && record_first(stream, record) < last) {
    auto count = std::min(slab_records, edf_.record_count - record);
    while (count > 1 && record_first(stream, record + count - 1) >= last) --count;
    const auto base = edf_.header_bytes + record * edf_.record_bytes;
    if (!is_long) {
      // One pass over adjacent records, from the first wanted byte of the first to the last wanted byte of the last.
      bytes.resize(static_cast<std::size_t>((count - 1) * edf_.record_bytes + end - origin));
      if (dense) {
        file_.read(base + origin, bytes.data(), static_cast<std::int64_t>(bytes.size()));
      } else {
        for (const auto& run : runs) file_.read(base + run.offset, bytes.data() + (run.offset - origin), run.size);
      }
    }
    for (std::int64_t r = 0; r < count; ++r, ++record) {
      const Index start = record_first(stream, record);
      const Index from = std::max(start, first), to = std::min(start + n, last);
      if (to <= from) continue;
      if (is_long) {
        read_long_record(base, stream, channels, from - start, to - from, from - first, out);
      } else {
        decode_record(bytes.data(), r * edf_.record_bytes - origin, stream, channels, from - start, to - from, from - first, out);
      }
    }
  }
}

bool recognises_edf(const FileHead& head) {
  return head.bytes.starts_with("0       ") || head.bytes.starts_with(
                                                   "\xFF"
                                                   "BIOSEMI");
}

std::unique_ptr<Reader> open_edf(const std::filesystem::path& path, const ReadOptions& options) {
  return std::make_unique<EdfReader>(path, options);
}

}  // namespace

const Format kEdfFormat{"edf", &recognises_edf, &open_edf};

}  // namespace emg
