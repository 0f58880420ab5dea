#include "libemg/io/sweep_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/table_file.h"

namespace emg {
namespace {

std::string text(const Table& t, const char* column, std::size_t row) {
  const auto* found = t.find(column);
  if (!found) return "";
  const auto cell = found->cell(row);
  if (const auto* s = std::get_if<std::string>(&cell)) return *s;
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *i);
  if (const auto* d = std::get_if<double>(&cell)) return std::isfinite(*d) ? fmt::format("{}", *d) : "";
  return "";
}

std::optional<double> number(const Table& t, const char* column, std::size_t row) {
  const auto* found = t.find(column);
  if (!found) return std::nullopt;
  const auto cell = found->cell(row);
  if (const auto* d = std::get_if<double>(&cell)) return std::isfinite(*d) ? std::optional(*d) : std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*i);
  return std::nullopt;
}

Sweep sweep_of(const Table& t, std::size_t row) {
  Sweep s;
  s.sweep = static_cast<int>(number(t, "sweep", row).value_or(static_cast<double>(row)));
  s.channel = text(t, "channel", row), s.nerve = text(t, "nerve", row), s.side = text(t, "side", row), s.muscle = text(t, "muscle", row);
  s.site = text(t, "site", row), s.annotation = text(t, "annotation", row), s.test = text(t, "test", row),
  s.polarity = text(t, "polarity", row);
  s.electrode = text(t, "electrode", row);
  s.distance_mm = number(t, "distance_mm", row), s.intensity_ma = number(t, "intensity_ma", row), s.pulse_ms = number(t, "pulse_ms", row);
  s.temperature_c = number(t, "temperature_c", row), s.clock_s = number(t, "clock_s", row);
  return s;
}

Index channel_of(const Recording& recording, const std::string& name) {
  for (Index c = 0; c < recording.channel_count(); ++c) {
    if (recording.channels[static_cast<std::size_t>(c)].name == name) return c;
  }
  throw InvalidArgument(fmt::format("the table of sweeps names channel \"{}\", which the file does not have", name));
}

}  // namespace

SweepSet sweeps_of_channels(const Recording& recording, const Table& table) {
  const bool named = table.find("channel_name") != nullptr;
  if (!named && static_cast<Index>(table.row_count()) != recording.channel_count())
    throw InvalidArgument(
        fmt::format("the table of sweeps has {} rows, the file {} channels", table.row_count(), recording.channel_count()));
  std::optional<double> zero_ms;
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    const auto here = number(table, "zero_ms", r);
    if (!here)
      throw InvalidArgument(fmt::format("zero_ms is missing in row {} of the table of sweeps: the stimulus after the first sample", r + 1));
    if (zero_ms && *zero_ms != *here)
      throw InvalidArgument(fmt::format("zero_ms {} in row {} of the table of sweeps differs from {}", *here, r + 1, *zero_ms));
    zero_ms = here;
  }
  SweepSet set;
  set.rate_hz = recording.rate_hz;
  set.zero_sample = static_cast<Index>(std::llround(zero_ms.value_or(0) * recording.rate_hz / 1000));
  set.samples.resize(static_cast<Index>(table.row_count()), recording.sample_count());
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    const Index channel = named ? channel_of(recording, text(table, "channel_name", r)) : static_cast<Index>(r);
    set.samples.row(static_cast<Index>(r)) = recording.samples.row(channel);
    set.sweeps.push_back(sweep_of(table, r));
    const auto& facts = recording.channels[static_cast<std::size_t>(channel)];
    if (r == 0) set.band_low_hz = facts.band_low_hz, set.band_high_hz = facts.band_high_hz;
  }
  return set;
}

std::optional<SweepSet> sweeps_of_stimuli(const Recording& recording, double before_ms, double after_ms) {
  const auto samples = [&](double ms) { return static_cast<Index>(std::llround(ms * recording.rate_hz / 1000)); };
  const Index before = samples(before_ms), after = samples(after_ms);
  SweepSet set;
  set.rate_hz = recording.rate_hz, set.zero_sample = before;
  std::vector<std::pair<Index, Index>> cuts;  // channel, first sample
  int number = 0;
  for (const auto& stimulus : recording.stimuli) {
    const Index first = static_cast<Index>(std::llround(stimulus.onset_s * recording.rate_hz)) - before;
    ++number;
    if (first < 0 || first + before + after > recording.sample_count()) continue;
    for (Index c = 0; c < recording.channel_count(); ++c) {
      const auto& channel = recording.channels[static_cast<std::size_t>(c)];
      if (channel.kind != ChannelKind::emg) continue;
      Sweep s;
      s.sweep = number - 1, s.channel = channel.name, s.muscle = channel.muscle,
      s.side = stimulus.side.empty() ? channel.side : stimulus.side;
      s.nerve = stimulus.nerve, s.site = stimulus.site, s.intensity_ma = stimulus.intensity_ma, s.pulse_ms = stimulus.pulse_ms,
      s.clock_s = stimulus.onset_s;
      set.sweeps.push_back(std::move(s));
      cuts.emplace_back(c, first);
    }
  }
  if (cuts.empty()) return std::nullopt;
  set.samples.resize(static_cast<Index>(cuts.size()), before + after);
  for (std::size_t i = 0; i < cuts.size(); ++i)
    set.samples.row(static_cast<Index>(i)) = recording.samples.row(cuts[i].first).segment(cuts[i].second, before + after);
  const auto& facts = recording.channels[static_cast<std::size_t>(cuts.front().first)];
  set.band_low_hz = facts.band_low_hz, set.band_high_hz = facts.band_high_hz;
  return set;
}

std::optional<SweepSet> sweeps_of_file(const RecordingFile& file) {
  if (auto own = file.sweeps()) return own;
  auto beside = file.path();
  beside.replace_extension();
  beside += "_sweeps.tsv";
  const bool described = std::filesystem::exists(beside);
  if (file.streams().empty() || (!described && file.facts().stimuli.empty())) return std::nullopt;
  if (!described) return sweeps_of_stimuli(file.read());
  try {
    return sweeps_of_channels(file.read(), read_table(beside));
  } catch (const InvalidArgument& error) {
    throw FileError(beside.string(), error.what());
  }
}

}  // namespace emg
