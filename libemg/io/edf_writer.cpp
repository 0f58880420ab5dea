#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/io/edf.h"
#include "libemg/io/edf_writer_internal.h"
#include "libemg/io/output_file_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

using edf::ChannelScale;
using edf::RecordPlan;

// Nearest integer, ties to even, of values below 2^51; larger ones stay outside every digital range.
double nearest(double value) {
  constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52
  return (value + kShift) - kShift;
}

class EdfWriter final : public RecordingWriter {
 public:
  EdfWriter(const std::filesystem::path& path, const Recording& header, Index sample_count, const WriteOptions& options)
      : path_(path),
        header_(header),
        sample_count_(sample_count),
        clip_(options.clip),
        bytes_(lower(path.extension().string()) == ".bdf" ? 3 : 2) {
    header_.samples.resize(0, 0);
    plan_ = edf::plan_records(header_, sample_count, bytes_);
    all_counts_ = true;
    for (const auto& channel : header_.channels) {
      scales_.push_back(edf::count_scale(channel, bytes_));
      all_counts_ = all_counts_ && scales_.back().has_value();
    }
    largest_.resize(header_.channels.size());
    block_.resize(static_cast<Index>(header_.channels.size()), plan_.samples);
    out_.emplace(path, options.overwrite);
    if (all_counts_) {
      out_->write(header_text());
    } else {
      // The range of a channel is known only at its end: samples wait beside the target until then.
      spool_.emplace(path.parent_path() / ("." + path.filename().string() + "-samples"), true);
    }
  }

  void append(const ChannelsView& block) override {
    if (block.rows() != block_.rows() || written_ + block.cols() > sample_count_) {
      throw InvalidArgument(fmt::format("block of {} x {} does not fit {} channels x {} samples after {}", block.rows(), block.cols(),
                                        block_.rows(), sample_count_, written_));
    }
    for (Index done = 0; done < block.cols();) {
      const Index count = std::min(block.cols() - done, plan_.samples - filled_);
      block_.middleCols(filled_, count) = block.middleCols(done, count);
      done += count;
      filled_ += count;
      written_ += count;
      if (filled_ == plan_.samples) end_record();
    }
  }

  void finish() override {
    if (written_ != sample_count_) throw InvalidArgument(fmt::format("{} samples were given, {} announced", written_, sample_count_));
    if (filled_ > 0) {
      for (Index i = filled_; i < plan_.samples; ++i) block_.col(i) = block_.col(filled_ - 1);
      end_record();
    }
    if (spool_) replay();
    out_->commit();
  }

  std::vector<Warning> warnings() const override {
    std::vector<Warning> warnings;
    const auto labels = edf::labels_of(header_);
    for (std::size_t c = 0; c < labels.size(); ++c) {
      const auto label = trimmed(labels[c]);
      if (label == header_.channels[c].name) continue;
      warnings.push_back({"label_changed", fmt::format("the label in the file is {}: at most 16 ASCII characters", in_quotes(label)),
                          header_.channels[c].name});
    }
    for (std::size_t c = 0; c < scales_.size(); ++c) {
      if (!scales_[c] || !scales_[c]->rounded) continue;
      warnings.push_back(
          {"scale_rounded",
           fmt::format("the scale is {} in the file instead of {} per count", scales_[c]->gain(), header_.channels[c].count_uv.value_or(0)),
           header_.channels[c].name});
    }
    return warnings;
  }

 private:
  void end_record() {
    if (spool_) {
      for (Index c = 0; c < block_.rows(); ++c) {
        auto& largest = largest_[static_cast<std::size_t>(c)];
        for (Index i = 0; i < plan_.samples; ++i) largest = std::max(largest, std::abs(block_(c, i)));
        if (!block_.row(c).allFinite())
          throw InvalidArgument(fmt::format("channel {}: a sample is not finite", header_.channels[static_cast<std::size_t>(c)].name));
      }
      spool_->write({reinterpret_cast<const char*>(block_.data()), static_cast<std::size_t>(block_.size()) * sizeof(double)});
    } else {
      write_record();
    }
    ++record_;
    filled_ = 0;
  }

  void replay() {
    for (std::size_t c = 0; c < scales_.size(); ++c) {
      if (!scales_[c]) scales_[c] = edf::range_scale(header_.channels[c], largest_[c], bytes_);
    }
    out_->write(header_text());
    const auto record_bytes = static_cast<std::int64_t>(block_.size() * static_cast<Index>(sizeof(double)));
    const auto count = record_;
    for (record_ = 0; record_ < count; ++record_) {
      spool_->read(record_ * record_bytes, block_.data(), record_bytes);
      write_record();
    }
  }

  void write_record() {
    if (plan_.is_gap(record_)) return;
    record_bytes_.clear();
    for (Index c = 0; c < block_.rows(); ++c) encode(static_cast<std::size_t>(c));
    record_bytes_ += plan_.lists[static_cast<std::size_t>(record_)];
    record_bytes_.resize(record_bytes_.size() + plan_.list_bytes - plan_.lists[static_cast<std::size_t>(record_)].size(), '\0');
    out_->write(record_bytes_);
  }

  void encode(std::size_t c) {
    const auto& scale = *scales_[c];
    const double* x = block_.data() + static_cast<Index>(c) * plan_.samples;
    const double gain = scale.source_gain, zero = scale.source_zero;
    // Sources hold counts beyond the range they state; what the format holds is kept.
    const double most = std::ldexp(1.0, 8 * bytes_ - 1) - 1, least = -most - 1;
    const auto start = record_bytes_.size();
    record_bytes_.resize(start + static_cast<std::size_t>(plan_.samples * bytes_));
    char* to = record_bytes_.data() + start;
    for (Index i = 0; i < plan_.samples; ++i) {
      double count = nearest((x[i] - zero) / gain) + scale.shift;
      if (!(count >= least && count <= most)) {
        if (!clip_ || std::isnan(count)) refuse(c, record_ * plan_.samples + i, x[i], scale, least, most);
        count = std::clamp(count, least, most);
      }
      const auto d = static_cast<std::uint32_t>(static_cast<std::int32_t>(count));
      for (int b = 0; b < bytes_; ++b) *to++ = static_cast<char>(d >> (8 * b) & 0xFF);
    }
  }

  [[noreturn]] void refuse(std::size_t c, Index sample, double value, const ChannelScale& scale, double least, double most) const {
    throw FileError(path_.string(),
                    fmt::format("channel {}, sample {}: {} lies outside {} to {}; clip it with --clip", header_.channels[c].name, sample,
                                value, scale.source_gain * (least - scale.shift) + scale.source_zero,
                                scale.source_gain * (most - scale.shift) + scale.source_zero));
  }

  std::string header_text() const { return edf::header_text(header_, scales_, plan_, bytes_); }

  std::filesystem::path path_;
  Recording header_;
  Index sample_count_;
  bool clip_;
  int bytes_;
  RecordPlan plan_;
  bool all_counts_ = false;
  std::vector<std::optional<ChannelScale>> scales_;
  std::vector<double> largest_;
  RowMatrix block_;  // one record
  Index filled_ = 0, written_ = 0, record_ = 0;
  std::string record_bytes_;
  std::optional<OutputFile> out_, spool_;
};

}  // namespace

std::unique_ptr<RecordingWriter> open_edf_writer(const std::filesystem::path& path, const Recording& header, Index sample_count,
                                                 const WriteOptions& options) {
  return std::make_unique<EdfWriter>(path, header, sample_count, options);
}

}  // namespace emg
