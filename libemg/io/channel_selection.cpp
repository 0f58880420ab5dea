#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/io/channel_selection_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

std::string listing(const std::vector<StreamInfo>& streams) {
  std::string out;
  for (const auto& s : streams) {
    out += fmt::format("{}{} ({}, {} channels, {} Hz)", out.empty() ? "" : ", ", s.name, name_of(s.kind), s.channels.size(), s.rate_hz);
  }
  return out;
}

std::string listing(const StreamInfo& stream) {
  constexpr std::size_t kMost = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(kMost, stream.channels.size()); ++i) out += (i > 0 ? ", " : "") + stream.channels[i].name;
  return out + (stream.channels.size() > kMost ? ", ..." : "");
}

// "3" or "1-64", from 1; empty if `word` is neither.
std::optional<Span> number_span(std::string_view word, std::size_t channel_count) {
  const auto is_number = [](std::string_view t) { return !t.empty() && t.size() < 10 && t.find_first_not_of("0123456789") == t.npos; };
  const auto dash = word.find('-');
  const auto from = word.substr(0, dash), to = dash == word.npos ? from : word.substr(dash + 1);
  if (!is_number(from) || !is_number(to)) return std::nullopt;
  const auto first = *integer_of(from), last = *integer_of(to);
  if (first < 1 || last < first || last > static_cast<std::int64_t>(channel_count)) {
    throw InvalidArgument(fmt::format("channels {} is outside [1, {}]", word, channel_count));
  }
  return Span{first - 1, last - first + 1};
}

[[noreturn]] void refuse_channel(const StreamInfo& stream, const std::string& word) {
  std::vector<std::string> names;
  for (const auto& channel : stream.channels) names.push_back(channel.name);
  const auto near = nearest_name(word, names);
  throw InvalidArgument(fmt::format("channels: no channel {} in stream {}{}; there are {}", in_quotes(word), stream.name,
                                    near.empty() ? "" : fmt::format(", did you mean {}", near), listing(stream)));
}

}  // namespace

std::size_t selected_stream_of(const std::vector<StreamInfo>& streams, const ReadOptions& options) {
  if (!options.stream.empty()) {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].name == options.stream) return i;
    }
    const auto number = integer_of(options.stream);
    if (number && *number >= 1 && *number <= static_cast<std::int64_t>(streams.size())) return static_cast<std::size_t>(*number - 1);
    throw InvalidArgument(fmt::format("stream {} is none of {}", in_quotes(options.stream), listing(streams)));
  }
  std::vector<std::size_t> emg;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (streams[i].kind == ChannelKind::emg) emg.push_back(i);
  }
  if (emg.size() == 1) return emg.front();
  if (emg.empty() && streams.size() == 1 && !options.channels.empty()) return 0;
  throw InvalidArgument(
      fmt::format("{} EMG streams in the file; choose one with stream: {}", emg.empty() ? "no" : "several", listing(streams)));
}

std::vector<Index> selected_channels_of(const StreamInfo& stream, const ReadOptions& options) {
  std::vector<Index> chosen;
  const auto add = [&](Index c) {
    if (std::find(chosen.begin(), chosen.end(), c) == chosen.end()) chosen.push_back(c);
  };
  const auto count = static_cast<Index>(stream.channels.size());
  const auto name = [&](Index c) -> const std::string& { return stream.channels[static_cast<std::size_t>(c)].name; };
  if (options.channels.empty()) {
    for (Index c = 0; c < count; ++c) {
      if (stream.kind != ChannelKind::emg || stream.channels[static_cast<std::size_t>(c)].kind == ChannelKind::emg) chosen.push_back(c);
    }
    return chosen;
  }
  for (const auto& word : options.channels) {
    const auto before = chosen.size();
    bool known = false;
    // A channel may be named "3" or "1-2": names go before numbers.
    for (Index c = 0; c < count; ++c) {
      if (name(c) == word) add(c), known = true;
    }
    if (known) continue;
    if (const auto span = number_span(word, stream.channels.size())) {
      for (Index c = span->first; c < span->first + span->count; ++c) add(c);
      continue;
    }
    for (Index c = 0; c < count; ++c) {
      if (word.find('*') != word.npos && matches(word, name(c))) add(c), known = true;
    }
    if (!known && chosen.size() == before) refuse_channel(stream, word);
  }
  return chosen;
}

}  // namespace emg
