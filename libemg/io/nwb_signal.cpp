#include "libemg/io/nwb_signal_internal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/nwb_tree_internal.h"

namespace emg::nwb {
namespace {

constexpr double kSameZeroCounts = 1e-3;
// A count is exact up to the rounding of its scale: relative to the number of counts, and absolute near zero.
constexpr double kWholeCount = 1e-4, kWholeRelative = 1e-11;
constexpr Index kTileSamples = 64;

struct IntegerRange {
  double least, most;
};
constexpr IntegerRange kInt16{-32768, 32767}, kInt32{-2147483648.0, 2147483647.0};

bool fits_int16(const std::vector<Channel>& channels) {
  return std::all_of(channels.begin(), channels.end(),
                     [](const Channel& c) { return c.adc_min && c.adc_max && *c.adc_min >= kInt16.least && *c.adc_max <= kInt16.most; });
}

bool is_whole(double count) {
  return std::abs(count - std::round(count)) <= kWholeCount + kWholeRelative * std::abs(count);
}

StoredForm integer_form(std::vector<StoredScale> scales, bool is_int16) {
  StoredForm form;
  form.element = is_int16 ? h5::Element::int16 : h5::Element::int32;
  form.scales = std::move(scales);
  const auto& first = form.scales.front();
  const bool same = std::all_of(form.scales.begin(), form.scales.end(), [&](const StoredScale& s) { return s.step == first.step; });
  form.conversion = same ? first.step / kMicro : 1 / kMicro;
  if (!same) {
    for (const auto& s : form.scales) form.channel_conversion.push_back(s.step);
  }
  form.offset = first.zero / kMicro;
  for (auto& s : form.scales) {
    s.least = is_int16 ? kInt16.least : kInt32.least;
    s.most = is_int16 ? kInt16.most : kInt32.most;
  }
  return form;
}

}  // namespace

bool keeps_counts(const std::vector<Channel>& channels) {
  if (channels.empty() || !channels.front().count_uv) return false;
  const double zero = channels.front().count_zero_uv.value_or(0);
  return std::all_of(channels.begin(), channels.end(), [&](const Channel& c) {
    return c.count_uv && std::isfinite(*c.count_uv) && *c.count_uv != 0 &&
           std::abs(c.count_zero_uv.value_or(0) - zero) <= kSameZeroCounts * std::abs(*c.count_uv);
  });
}

StoredForm plain_form(std::size_t channel_count, SampleType dtype) {
  StoredForm form;
  form.element = dtype == SampleType::float64 ? h5::Element::float64 : h5::Element::float32;
  form.scales.assign(channel_count, StoredScale{});
  return form;
}

StoredForm voltage_form(const std::vector<Channel>& channels, SampleType dtype, const std::vector<double>& most_uv) {
  const bool wants_integers = dtype == SampleType::int16 || dtype == SampleType::int32;
  if (keeps_counts(channels) && (dtype == SampleType::automatic || wants_integers)) {
    std::vector<StoredScale> scales;
    for (const auto& c : channels) scales.push_back({*c.count_uv, c.count_zero_uv.value_or(0), 0, 0, true});
    return integer_form(std::move(scales), dtype == SampleType::int16 || (dtype == SampleType::automatic && fits_int16(channels)));
  }
  if (wants_integers) {
    if (most_uv.empty()) {
      throw InvalidArgument(
          fmt::format("dtype {} needs the counts of the source or the whole signal in memory; use float32", name_of(dtype)));
    }
    const double full = dtype == SampleType::int16 ? kInt16.most : kInt32.most;
    std::vector<StoredScale> scales;
    for (const double most : most_uv) scales.push_back({most > 0 ? most / full : 1, 0, 0, 0, false});
    return integer_form(std::move(scales), dtype == SampleType::int16);
  }
  auto form = plain_form(channels.size(), dtype);
  if (dtype == SampleType::float64) {
    form.conversion = 1 / kMicro;  // microvolts as they are: nothing is rounded
  } else {
    for (auto& s : form.scales) s.step = kMicro;
  }
  return form;
}

bool all_whole_counts(const Recording& recording) {
  for (Index c = 0; c < recording.channel_count(); ++c) {
    const auto& channel = recording.channels[static_cast<std::size_t>(c)];
    if (channel.unit != "uV" || !channel.count_uv) continue;
    const double zero = channel.count_zero_uv.value_or(0);
    for (const auto& span : gap_free_spans(recording.gaps, c, recording.sample_count())) {
      const auto x = recording.view(c).subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count));
      if (!std::all_of(x.begin(), x.end(), [&](double v) { return is_whole((v - zero) / *channel.count_uv); })) return false;
    }
  }
  return true;
}

SeriesOutput::SeriesOutput(h5::Output& output, const std::string& where, StoredForm form, std::vector<Index> channels,
                           const Recording& header, Index sample_count, const WriteOptions& options)
    : path_(output.path()),
      form_(std::move(form)),
      channels_(std::move(channels)),
      gaps_(header.gaps),
      clip_(options.clip),
      signal_(output, where, form_.element, sample_count, static_cast<Index>(channels_.size()), !options.fast) {
  for (const Index c : channels_) names_.push_back(header.channels[static_cast<std::size_t>(c)].name);
}

bool SeriesOutput::in_gap(Index channel, Index at) const {
  return std::any_of(gaps_.begin(), gaps_.end(), [&](const Gap& g) {
    return (g.channel == -1 || g.channel == channel) && at >= g.first_sample && at < g.first_sample + g.sample_count;
  });
}

void SeriesOutput::refuse(double sample, std::size_t i, Index at, double count) const {
  const auto& s = form_.scales[i];
  if (s.exact && !is_whole(count)) {
    throw InvalidArgument(fmt::format("channel {}, sample {}: {} uV is no whole count of {} uV; dtype float32 keeps computed signals",
                                      names_[i], at, sample, s.step));
  }
  throw FileError(path_.string(), fmt::format("channel {}, sample {}: count {:.0f} is outside [{:.0f}, {:.0f}]; clip or use a wider dtype",
                                              names_[i], at, count, s.least, s.most));
}

// The stored integer of a sample that is no plain count in range.
double SeriesOutput::stored(double sample, std::size_t i, Index at) const {
  const auto& s = form_.scales[i];
  const double count = (sample - s.zero) / s.step, whole = std::round(count);
  const bool gap = in_gap(channels_[i], at);
  if (s.exact && !is_whole(count) && !gap) refuse(sample, i, at, count);
  if ((whole < s.least || whole > s.most) && !clip_ && !gap) refuse(sample, i, at, whole);
  return std::clamp(whole, s.least, s.most);
}

template <class T>
void SeriesOutput::put(const ChannelsView& block, Index first, Index count, T* to) {
  const Index columns = static_cast<Index>(channels_.size()), start = signal_.written();
  for (Index tile = 0; tile < count; tile += kTileSamples) {
    const Index end = std::min(tile + kTileSamples, count);
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      const double* x = block.data() + channels_[i] * block.outerStride() + first;
      const auto& s = form_.scales[i];
      T* column = to + static_cast<Index>(i);
      if constexpr (std::is_floating_point_v<T>) {
        for (Index t = tile; t < end; ++t) column[t * columns] = static_cast<T>(x[t] / s.step);
      } else {
        for (Index t = tile; t < end; ++t) {
          const double value = (x[t] - s.zero) / s.step, whole = std::nearbyint(value);
          const bool plain = whole >= s.least && whole <= s.most && (!s.exact || std::abs(value - whole) <= kWholeCount);
          column[t * columns] = static_cast<T>(plain ? whole : stored(x[t], i, start + t));
        }
      }
    }
  }
}

void SeriesOutput::append(const ChannelsView& block) {
  for (Index first = 0; first < block.cols();) {
    const Index count = std::min(block.cols() - first, signal_.row_room());
    void* room = signal_.room();
    switch (form_.element) {
      case h5::Element::int16:
        put(block, first, count, static_cast<std::int16_t*>(room));
        break;
      case h5::Element::int32:
        put(block, first, count, static_cast<std::int32_t*>(room));
        break;
      case h5::Element::float64:
        put(block, first, count, static_cast<double*>(room));
        break;
      default:
        put(block, first, count, static_cast<float*>(room));
    }
    signal_.advance(count);
    first += count;
  }
}

}  // namespace emg::nwb
