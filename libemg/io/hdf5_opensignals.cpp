#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/hdf5_arrays_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"

namespace emg::h5 {
namespace {

constexpr int kMostResolutionBits = 32;
// Sample counters of the devices: BITalino counts to 16, biosignalsplux to 65536.
constexpr std::int64_t kShortCounter = 16, kLongCounter = 65536;

std::vector<std::string> raw_channels(const Input& file, const std::string& device) {
  std::vector<std::string> names;
  for (const auto& name : file.members(device + "/raw")) {
    if (name.starts_with("channel_")) names.push_back(name);
  }
  const auto number = [](const std::string& name) { return integer_of(name.substr(8)).value_or(0); };
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return number(a) < number(b); });
  return names;
}

// "2019-10-15" and "17:7:28.685" as ISO 8601; "" if either is no date or time.
std::string start_time_of(const Input& file, const std::string& device) {
  const auto date = file.text_attribute(device, "date"), time = file.text_attribute(device, "time");
  const auto days = split(date, '-'), clock = split(time, ':');
  if (days.size() != 3 || clock.size() != 3) return {};
  const auto year = integer_of(days[0]), month = integer_of(days[1]), day = integer_of(days[2]);
  const auto hour = integer_of(clock[0]), minute = integer_of(clock[1]);
  const auto second = number_of(clock[2]);
  if (!year || !month || !day || !hour || !minute || !second || *second < 0 || *second >= 60) return {};
  const auto whole = static_cast<int>(*second);
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", *year, *month, *day, *hour, *minute, whole);
  if (const auto milli = static_cast<int>(std::lround((*second - whole) * 1000)); milli > 0 && milli < 1000)
    text += fmt::format(".{:03}", milli);
  text += "+00:00";
  return is_timestamp(text) ? text : "";
}

// A jump of the sample counter is a gap.
void place(const Input& file, const std::string& device, Index count, ArrayStream& stream) {
  stream.segments = {{0, 0, count}};
  stream.info.sample_count = count;
  const auto where = device + "/raw/nSeq";
  if (!file.is_dataset(where) || file.info(where).size() != count || count == 0) return;
  const auto counter = file.integers(where);
  const auto period = *std::max_element(counter.begin(), counter.end()) < kShortCounter ? kShortCounter : kLongCounter;
  for (std::size_t i = 1; i < counter.size(); ++i) {
    const auto step = ((counter[i] - counter[i - 1]) % period + period) % period;
    if (step <= 1) continue;  // 0: some firmware stops counting at the largest number
    const auto missing = step - 1;
    auto& last = stream.segments.back();
    const auto at = static_cast<Index>(i);
    last.count = at - last.file_first;
    const Index end = last.grid_first + last.count;
    stream.info.gaps.push_back({-1, end, missing, "sample counter jumps"});
    if (static_cast<Index>(stream.info.gaps.size()) > limits::kMostGaps) fail(file.path(), "sample counter", where, "jumps too often");
    stream.segments.push_back({end + missing, at, count - at});
  }
  stream.info.sample_count = stream.segments.back().grid_first + stream.segments.back().count;
}

ArrayStream device_stream(const Input& file, const std::string& device, const ReadOptions& options, std::vector<Warning>& warnings) {
  ArrayStream stream;
  stream.info.name = device.substr(1);
  const auto rate_hz = options.rate_hz ? options.rate_hz : file.number_attribute(device, "sampling rate");
  if (!rate_hz || !(*rate_hz > 0)) fail(file.path(), "device", device, "it states no sampling rate; give --rate-hz");
  stream.info.rate_hz = *rate_hz;
  const auto units = units_option(options.units);
  if (!units)
    fail(file.path(), "counts of a converter", device + "/raw", "the file does not say what one count is; give --units, e.g. count:0.1uV");
  const auto bits = std::clamp(file.number_attribute(device, "resolution").value_or(0), 0.0, static_cast<double>(kMostResolutionBits));
  Index count = -1;
  for (const auto& name : raw_channels(file, device)) {
    const auto where = device + "/raw/" + name;
    auto data = std::make_shared<SignalInput>(file, where, 0);
    if (data->channel_count() != 1) fail(file.path(), "channel", where, fmt::format("{} columns, expected 1", data->channel_count()));
    if (count >= 0 && data->sample_count() != count)
      fail(file.path(), "channel", where, fmt::format("{} samples, others {}", data->sample_count(), count));
    count = data->sample_count();
    Channel channel;
    channel.name = file.text_attribute(where, "label");
    if (channel.name.empty()) channel.name = name;
    channel.kind = kind_of_name(file.text_attribute(where, "sensor")).value_or(kind_of_name(channel.name).value_or(ChannelKind::other));
    channel.count_uv = units->microvolts;
    channel.count_zero_uv = 0;
    if (bits > 0) channel.adc_min = 0, channel.adc_max = (std::int64_t{1} << static_cast<int>(bits)) - 1;
    stream.info.channels.push_back(std::move(channel));
    stream.channels.push_back({std::move(data), 0, {units->microvolts, 0, 1}});
  }
  make_names_unique(stream.info.channels, warnings);
  place(file, device, std::max<Index>(count, 0), stream);
  const bool emg =
      std::any_of(stream.info.channels.begin(), stream.info.channels.end(), [](const Channel& c) { return c.kind == ChannelKind::emg; });
  stream.info.kind = emg ? ChannelKind::emg : ChannelKind::other;
  return stream;
}

// Digital lines of a device, as triggers on the grid of its signals.
std::optional<ArrayStream> digital_stream(const Input& file, const std::string& device, const ArrayStream& signals) {
  ArrayStream stream;
  stream.info = signals.info;
  stream.info.name += "/digital";
  stream.info.kind = ChannelKind::trigger;
  stream.info.channels.clear();
  stream.segments = signals.segments;
  const Index count = signals.channels.front().data->sample_count();
  for (const auto& name : file.members(device + "/digital")) {
    const auto where = device + "/digital/" + name;
    const auto info = file.info(where);
    if (info.kind != Kind::integer || info.shape.empty() || info.shape.front() != count || info.size() != count) continue;
    Channel channel;
    channel.name = name;
    channel.kind = ChannelKind::trigger;
    channel.unit = "level";
    stream.info.channels.push_back(std::move(channel));
    stream.channels.push_back({std::make_shared<SignalInput>(file, where, 0), 0, {}});
  }
  if (stream.channels.empty()) return std::nullopt;
  return stream;
}

}  // namespace

std::vector<std::string> opensignals_devices(const Input& file) {
  std::vector<std::string> devices;
  for (const auto& name : file.members("/")) {
    const auto where = "/" + name;
    if (file.is_group(where + "/raw") && !raw_channels(file, where).empty()) devices.push_back(where);
  }
  return devices;
}

std::unique_ptr<Reader> open_opensignals(Input file, const std::vector<std::string>& devices, const ReadOptions& options) {
  FileHeader facts;
  facts.format = "opensignals";
  std::vector<ArrayStream> streams;
  for (const auto& device : devices) {
    auto stream = device_stream(file, device, options, facts.warnings);
    if (facts.start_time.empty()) facts.start_time = start_time_of(file, device);
    auto digital = digital_stream(file, device, stream);
    streams.push_back(std::move(stream));
    if (digital) streams.push_back(std::move(*digital));
  }
  return std::make_unique<ArrayReader>(std::move(file), std::move(facts), std::move(streams));
}

}  // namespace emg::h5
