// Scales and header text of an EDF or BDF file to be written.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libemg/core/error.h"
#include "libemg/io/edf_writer_internal.h"
#include "libemg/io/text.h"

namespace emg::edf {
namespace {

// Voltages are written in the unit that gives 8 characters at least 6 digits.
std::pair<const char*, double> voltage_dimension(double largest_uv) {
  constexpr double kMost = 1e7;
  if (largest_uv < 1 && largest_uv > 0) return {"nV", 1e-3};
  if (largest_uv < kMost) return {"uV", 1};
  return largest_uv < kMost * 1e3 ? std::pair{"mV", 1e3} : std::pair{"V", 1e6};
}

std::string ascii(std::string_view text, std::size_t size) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // one ? for each character of UTF-8
    out += byte < 32 || byte > 126 ? '?' : c;
  }
  out.resize(size, ' ');
  return out;
}

std::string sub_field(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text.empty() ? "X" : text;
}

double power_of_ten(int exponent) {
  return std::pow(10.0, exponent);
}

// Smallest text of at most 7 characters that is not below `value`, so that a sign fits before it.
std::string text_at_least(double value) {
  for (int decimals = 6; decimals >= 0; --decimals) {
    const double unit = power_of_ten(decimals);
    auto text = fmt::format("{:.{}f}", std::ceil(value * unit) / unit, decimals);
    while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
      const bool point = text.back() == '.';
      text.pop_back();
      if (point) break;
    }
    if (text.size() <= 7 && *number_of(text) >= value) return text;
  }
  throw InvalidArgument(fmt::format("a sample of {} does not fit the 8 characters of an EDF header", value));
}

std::string prefilter_of(const Channel& channel) {
  std::string text;
  if (channel.band_low_hz) text += fmt::format("HP:{}Hz", shortest(*channel.band_low_hz));
  if (channel.band_high_hz) text += fmt::format("{}LP:{}Hz", text.empty() ? "" : " ", shortest(*channel.band_high_hz));
  return text;
}

}  // namespace

std::vector<std::string> labels_of(const Recording& header) {
  constexpr std::size_t kSize = 16;
  std::set<std::string> used;
  std::vector<std::string> labels;
  for (const auto& channel : header.channels) {
    auto label = ascii(channel.name, kSize);
    for (int n = 2; !used.insert(label).second; ++n) {
      const auto end = fmt::format("~{}", n);
      label = std::string(trimmed(std::string_view(ascii(channel.name, kSize)).substr(0, kSize - end.size()))) + end;
      label.resize(kSize, ' ');
    }
    labels.push_back(label);
  }
  return labels;
}

std::string eight_characters(double value) {
  const auto exact = shortest(value);
  if (exact.size() <= 8) return exact;
  for (int decimals = 6; decimals >= 0; --decimals) {
    auto text = fmt::format("{:.{}f}", value, decimals);
    if (text.size() <= 8) return text;
  }
  return fmt::format("{:.{}e}", value, value < 0 ? 1 : 2);
}

double ChannelScale::gain() const {
  return (*number_of(physical_max) - *number_of(physical_min)) / (digital_max - digital_min);
}

std::optional<ChannelScale> count_scale(const Channel& channel, int bytes) {
  if (!channel.count_uv || !channel.count_zero_uv || !(*channel.count_uv != 0)) return std::nullopt;
  const double most = std::ldexp(1.0, 8 * bytes - 1) - 1, least = -most - 1;
  if (bytes == 2 && (!channel.adc_min || !channel.adc_max)) return std::nullopt;
  ChannelScale scale;
  scale.source_gain = *channel.count_uv;
  scale.source_zero = *channel.count_zero_uv;
  scale.digital_min = channel.adc_min ? static_cast<double>(*channel.adc_min) : least;
  scale.digital_max = channel.adc_max ? static_cast<double>(*channel.adc_max) : most;
  if (scale.digital_max <= scale.digital_min || scale.digital_max - scale.digital_min > most - least) return std::nullopt;
  if (scale.digital_min < least || scale.digital_max > most) {
    scale.shift = least - scale.digital_min;
    scale.digital_max += scale.shift;
    scale.digital_min = least;
  }
  const auto value = [&](double digital) { return scale.source_gain * (digital - scale.shift) + scale.source_zero; };
  const double low = value(scale.digital_min), high = value(scale.digital_max);
  double unit = 1;
  scale.dimension = channel.unit;
  if (channel.unit == "uV") std::tie(scale.dimension, unit) = voltage_dimension(std::max(std::abs(low), std::abs(high)));
  scale.physical_min = eight_characters(low / unit);
  scale.physical_max = eight_characters(high / unit);
  const auto low_text = number_of(scale.physical_min), high_text = number_of(scale.physical_max);
  if (!low_text || !high_text || *low_text == *high_text) return std::nullopt;
  constexpr double kExact = 1e-12;
  scale.rounded = std::abs(scale.gain() * unit / scale.source_gain - 1) > kExact;
  return scale;
}

ChannelScale range_scale(const Channel& channel, double largest, int bytes) {
  ChannelScale scale;
  scale.digital_max = std::ldexp(1.0, 8 * bytes - 1) - 1;
  scale.digital_min = -scale.digital_max;
  scale.dimension = channel.unit;
  double unit = 1;
  if (channel.unit == "uV") std::tie(scale.dimension, unit) = voltage_dimension(largest);
  scale.physical_max = largest > 0 ? text_at_least(largest / unit) : "1";
  scale.physical_min = "-" + scale.physical_max;
  scale.source_gain = scale.gain() * unit;
  return scale;
}

std::string header_text(const Recording& header, const std::vector<std::optional<ChannelScale>>& scales, const RecordPlan& plan,
                        int bytes) {
  const auto count = header.channels.size() + 1;  // and the annotations
  const std::string kind = bytes == 3 ? "BDF" : "EDF";
  std::string out = bytes == 3 ? std::string("\xFF") + "BIOSEMI" : ascii("0", 8);
  out += ascii(fmt::format("{} {} X X", sub_field(header.subject.subject_id),
                           header.subject.sex == "M" || header.subject.sex == "F" ? header.subject.sex : "X"),
               80);
  out += ascii(fmt::format("Startdate {} X X endplate", plan.start_date), 80);
  out += ascii(plan.date, 8) + ascii(plan.time, 8) + ascii(fmt::format("{}", 256 * (count + 1)), 8);
  out += ascii(kind + (plan.gap_records.empty() ? "+C" : "+D"), 44) + ascii(fmt::format("{}", plan.written_count()), 8);
  out += ascii(plan.duration, 8) + ascii(fmt::format("{}", count), 4);
  const auto column = [&](std::size_t size, auto field, const std::string& last) {
    for (std::size_t c = 0; c + 1 < count; ++c) out += ascii(field(c), size);
    out += ascii(last, size);
  };
  const auto labels = labels_of(header);
  const double most = std::ldexp(1.0, 8 * bytes - 1) - 1;
  column(
      16, [&](std::size_t c) { return labels[c]; }, kind + " Annotations");
  column(
      80, [&](std::size_t c) { return header.channels[c].electrode_kind; }, "");
  column(
      8, [&](std::size_t c) { return scales[c]->dimension; }, "");
  column(
      8, [&](std::size_t c) { return scales[c]->physical_min; }, "-1");
  column(
      8, [&](std::size_t c) { return scales[c]->physical_max; }, "1");
  column(
      8, [&](std::size_t c) { return shortest(scales[c]->digital_min); }, shortest(-most - 1));
  column(
      8, [&](std::size_t c) { return shortest(scales[c]->digital_max); }, shortest(most));
  column(
      80, [&](std::size_t c) { return prefilter_of(header.channels[c]); }, "");
  column(
      8, [&](std::size_t) { return fmt::format("{}", plan.samples); },
      fmt::format("{}", plan.list_bytes / static_cast<std::size_t>(bytes)));
  column(
      32, [](std::size_t) { return std::string(); }, "");
  return out;
}

}  // namespace emg::edf
