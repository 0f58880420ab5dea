#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <system_error>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/csv.h"
#include "libemg/io/output_file_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{1} << 20;

class CsvWriter final : public RecordingWriter {
 public:
  CsvWriter(const std::filesystem::path& path, const Recording& header, Index sample_count, const WriteOptions& options)
      : rate_hz_(header.rate_hz),
        channel_count_(static_cast<Index>(header.channels.size())),
        sample_count_(sample_count),
        separator_(lower(path.extension().string()) == ".tsv" ? '\t' : ','),
        out_(path, options.overwrite) {
    text_ = "time_s";
    for (std::size_t c = 0; c < header.channels.size(); ++c) {
      const auto& channel = header.channels[c];
      text_ += separator_;
      auto name = channel.name;
      for (char& ch : name) {
        if (ch == '\n' || ch == '\r') ch = ' ';  // one row is one line
      }
      text_ += table_cell(channel.unit.empty() ? name : fmt::format("{} [{}]", name, channel.unit), separator_);
      present_.push_back(gap_free_spans(header.gaps, static_cast<Index>(c), sample_count));
    }
    text_ += '\n';
    next_span_.resize(header.channels.size());
  }

  void append(const ChannelsView& block) override {
    if (block.rows() != channel_count_ || written_ + block.cols() > sample_count_) {
      throw InvalidArgument(fmt::format("block of {} x {} does not fit {} channels x {} samples after {}", block.rows(), block.cols(),
                                        channel_count_, sample_count_, written_));
    }
    for (Index i = 0; i < block.cols(); ++i, ++written_) {
      add_number(static_cast<double>(written_) / rate_hz_);
      for (Index c = 0; c < channel_count_; ++c) {
        text_ += separator_;
        if (is_there(static_cast<std::size_t>(c))) add_number(block(c, i));
      }
      text_ += '\n';
      if (text_.size() >= kFlushBytes) flush();
    }
  }

  void finish() override {
    if (written_ != sample_count_) throw InvalidArgument(fmt::format("{} samples were given, {} announced", written_, sample_count_));
    flush();
    out_.commit();
  }

 private:
  void add_number(double value) {
    char buffer[32];
    const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, value);
    text_.append(buffer, end);
  }

  // Samples come in order, so one position per channel follows the gap-free spans.
  bool is_there(std::size_t c) {
    const auto& spans = present_[c];
    auto& at = next_span_[c];
    while (at < spans.size() && spans[at].first + spans[at].count <= written_) ++at;
    return at < spans.size() && spans[at].first <= written_;
  }

  void flush() {
    out_.write(text_);
    text_.clear();
  }

  double rate_hz_;
  Index channel_count_, sample_count_, written_ = 0;
  char separator_;
  OutputFile out_;
  std::string text_;
  std::vector<std::vector<Span>> present_;  // gap-free spans of each channel
  std::vector<std::size_t> next_span_;
};

}  // namespace

std::unique_ptr<RecordingWriter> open_csv_writer(const std::filesystem::path& path, const Recording& header, Index sample_count,
                                                 const WriteOptions& options) {
  return std::make_unique<CsvWriter>(path, header, sample_count, options);
}

}  // namespace emg
