#include "libemg/core/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/version.h"

namespace emg {
namespace {

// Channels whose gaps are the same share their pieces.
struct GapGroup {
  std::vector<Index> channels;
  std::vector<Span> spans;
};

bool same_spans(const std::vector<Span>& a, const std::vector<Span>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Span& x, const Span& y) { return x.first == y.first && x.count == y.count; });
}

std::vector<GapGroup> gap_groups(const Recording& recording) {
  std::vector<GapGroup> groups;
  for (Index c = 0; c < recording.channel_count(); ++c) {
    auto spans = gap_free_spans(recording.gaps, c, recording.sample_count());
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const GapGroup& g) { return same_spans(g.spans, spans); });
    if (same == groups.end()) {
      groups.push_back({{c}, std::move(spans)});
    } else {
      same->channels.push_back(c);
    }
  }
  return groups;
}

RowMatrix rows_of(const RowMatrix& samples, const std::vector<Index>& channels, const Span& span) {
  RowMatrix piece(static_cast<Index>(channels.size()), span.count);
  for (std::size_t i = 0; i < channels.size(); ++i) piece.row(static_cast<Index>(i)) = samples.row(channels[i]).segment(span.first, span.count);
  return piece;
}

std::vector<std::int64_t>* integers(Table& table, std::string_view name) {
  for (auto& column : table.columns) {
    if (column.name == name) return std::get_if<std::vector<std::int64_t>>(&column.values);
  }
  return nullptr;
}

// Rows of a piece speak of its own channels and samples; put them on those of the recording.
void relocate(Table& table, const std::vector<Index>& channels, Index first_sample, double rate_hz) {
  if (auto* values = integers(table, "channel")) {
    for (auto& value : *values) value = channels[static_cast<std::size_t>(value)];
  }
  for (auto& column : table.columns) {
    if (column.unit == "sample" && (column.name == "sample" || column.name.ends_with("_sample"))) {
      if (auto* values = std::get_if<std::vector<std::int64_t>>(&column.values)) {
        for (auto& value : *values) value += first_sample;
      }
    } else if (column.name == "time_s" || column.name == "start_s" || column.name == "end_s") {
      if (auto* values = std::get_if<std::vector<double>>(&column.values)) {
        for (auto& value : *values) value += static_cast<double>(first_sample) / rate_hz;
      }
    }
  }
}

// Order of the in-memory call on gap-free data: by channel, then by sample.
void sort_rows(Table& table) {
  const auto* channel = integers(table, "channel");
  const auto* sample = integers(table, "sample");
  if (!channel) return;
  std::vector<std::size_t> order(table.row_count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::pair{(*channel)[i], sample ? (*sample)[i] : std::int64_t{0}}; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  for (auto& column : table.columns) {
    const auto width = static_cast<std::size_t>(column.width);
    std::visit(
        [&](auto& values) {
          auto sorted = values;
          for (std::size_t i = 0; i < order.size(); ++i) std::copy_n(values.begin() + order[i] * width, width, sorted.begin() + i * width);
          values = std::move(sorted);
        },
        column.values);
  }
}

OperationResult run_in_pieces(const OperationEntry& entry, const Recording& recording, const OptionValues& values, int threads) {
  OperationResult all;
  auto gaps = recording.gaps;
  for (const auto& group : gap_groups(recording)) {
    for (const auto& span : group.spans) {
      const RowMatrix piece = rows_of(recording.samples, group.channels, span);
      OperationResult result;
      try {
        result = entry.run(piece, recording.rate_hz, values, threads);
      } catch (const InvalidArgument& error) {
        all.warnings.push_back({"piece_skipped", fmt::format("samples {} to {}: {}", span.first, span.first + span.count, error.what()), ""});
        for (const Index channel : group.channels) gaps.push_back({channel, span.first, span.count, "piece skipped"});
        continue;
      }
      if (entry.kind == OperationKind::channels) {
        const double ratio = result.rate_hz / recording.rate_hz;
        if (all.signal.size() == 0) {
          all.rate_hz = result.rate_hz;
          all.signal = RowMatrix::Zero(recording.channel_count(), static_cast<Index>(std::ceil(static_cast<double>(recording.sample_count()) * ratio)));
        }
        const Index first = static_cast<Index>(std::llround(static_cast<double>(span.first) * ratio));
        const Index count = std::min(result.signal.cols(), all.signal.cols() - first);
        for (std::size_t i = 0; i < group.channels.size(); ++i) {
          all.signal.row(group.channels[i]).segment(first, count) = result.signal.row(static_cast<Index>(i)).head(count);
        }
      } else {
        relocate(result.table, group.channels, span.first, recording.rate_hz);
        if (all.table.columns.empty()) {
          all.table = std::move(result.table);
        } else {
          append_rows(all.table, result.table);
        }
      }
    }
  }
  if (entry.kind == OperationKind::channels) {
    if (all.signal.size() == 0) throw InvalidArgument(entry.name + ": no gap-free piece of the recording is long enough");
    bridge_gaps(all.signal, gaps_at_rate(std::move(gaps), all.rate_hz / recording.rate_hz));
  } else {
    if (all.table.columns.empty()) throw InvalidArgument(entry.name + ": no gap-free piece of the recording is long enough");
    sort_rows(all.table);
  }
  return all;
}

OperationResult run_on_longest_piece(const OperationEntry& entry, const Recording& recording, const OptionValues& values, int threads) {
  auto gaps = recording.gaps;
  for (auto& gap : gaps) gap.channel = -1;
  const auto spans = gap_free_spans(gaps, 0, recording.sample_count());
  if (spans.empty()) throw InvalidArgument(entry.name + ": the recording has no gap-free piece");
  const auto longest = *std::max_element(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.count < b.count; });
  auto result = entry.run(recording.samples.middleCols(longest.first, longest.count), recording.rate_hz, values, threads);
  result.warnings.push_back({"longest_piece", fmt::format("computed on the longest gap-free piece: {:.6g} s of {:.6g} s from {:.6g} s",
                                                          static_cast<double>(longest.count) / recording.rate_hz, recording.duration_s(),
                                                          static_cast<double>(longest.first) / recording.rate_hz),
                             ""});
  return result;
}

// `values` as channels [first, first + count) of `channel_count` see them.
OptionValues values_for(const OperationEntry& entry, const OptionValues& values, Index first, Index count, Index channel_count) {
  auto own = values;
  for (const auto& name : entry.per_channel) {
    auto* const list = std::get_if<std::vector<double>>(&own[entry.option_index(name)]);
    if (!list || list->empty()) continue;
    const auto size = static_cast<Index>(list->size());
    if (size % channel_count != 0) {
      throw InvalidArgument(fmt::format("{} has {} values, which do not belong to {} channels", name, size, channel_count));
    }
    const Index each = size / channel_count;
    *list = {list->begin() + first * each, list->begin() + (first + count) * each};
  }
  return own;
}

}  // namespace

std::string_view name_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::channels: return "channels";
    case OperationKind::arrays: return "arrays";
    case OperationKind::events: return "events";
    case OperationKind::rows: return "rows";
    case OperationKind::sweeps: return "sweeps";
    case OperationKind::sweep_rows: return "sweep_rows";
  }
  return "";
}

Index NamedArray::size() const {
  return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies<>{});
}

OptionValues OperationEntry::defaults() const {
  OptionValues values;
  for (const auto& info : options) values.push_back(info.default_value);
  return values;
}

std::size_t OperationEntry::option_index(std::string_view option_name) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].name == option_name) return i;
    names.push_back(options[i].name);
  }
  const auto nearest = nearest_name(option_name, names);
  throw InvalidArgument(fmt::format("{} has no option {}{}", name, option_name, nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

namespace operation_detail {

NamedArray named_array(std::string_view name, std::string_view text, std::vector<Index> shape, std::shared_ptr<const void> owner,
                       const double* data) {
  return {std::string(name), unit_of_name(name), std::string(text), std::move(shape), std::move(owner), data, false};
}

FieldInfo array_info(std::string_view name, std::string_view text, FieldType type) {
  FieldInfo info;
  info.name = name;
  info.unit = unit_of_name(name);
  info.text = text;
  info.type = type;
  return info;
}

void add_waveforms(Table& table, RowMatrix&& waveforms) {
  if (waveforms.cols() == 0) return;
  Column column{"waveform_uv", "uV", "samples around the event", std::vector<double>(waveforms.data(), waveforms.data() + waveforms.size()),
                waveforms.cols()};
  table.columns.push_back(std::move(column));
}

}  // namespace operation_detail

void mark_computed(Recording& recording, double rate_hz, const OperationEntry& entry, const OptionValues& values) {
  mark_computed(recording, rate_hz);
  const auto unit = entry.output_unit ? entry.output_unit(values) : std::string();
  if (unit.empty()) return;
  for (auto& channel : recording.channels) channel.unit = unit;
}

std::unique_ptr<Stage> make_stage(const OperationEntry& entry, const BlockSource& source, Index channel_count, double rate_hz, OptionValues& values,
                                  int threads) {
  if (!entry.stage) return nullptr;
  if (entry.resolve) values = entry.resolve(source, channel_count, rate_hz, values);
  if (entry.joint) return entry.stage(channel_count, rate_hz, values);
  if (!entry.stage(1, rate_hz, values_for(entry, values, 0, 1, channel_count))) return nullptr;
  Index first = 0;
  const auto make_group = [&](Index count) {
    auto stage = entry.stage(count, rate_hz, values_for(entry, values, first, count, channel_count));
    first += count;
    return stage;
  };
  return grouped_stage(make_group, channel_count, threads);
}

OperationResult run_on_recording(const OperationEntry& entry, const Recording& recording, const OptionValues& values, int threads) {
  if (entry.takes_sweeps()) throw InvalidArgument(entry.name + " works on sweeps; the file or object has a continuous signal");
  if (entry.run_recording) return entry.run_recording(recording, values, threads);
  if (recording.gaps.empty()) return entry.run(recording.samples, recording.rate_hz, values, threads);
  if (entry.kind == OperationKind::arrays || entry.kind == OperationKind::rows) return run_on_longest_piece(entry, recording, values, threads);
  return run_in_pieces(entry, recording, values, threads);
}

std::vector<ProvenanceEntry> operation_provenance(int run, const OperationEntry& entry, const OptionValues& values) {
  std::vector<ProvenanceEntry> entries{{run, "operation", entry.name}, {run, "endplate_version", kVersion}};
  for (std::size_t i = 0; i < entry.options.size(); ++i) {
    entries.push_back({run, "option." + entry.options[i].name, json_text(values[i])});
  }
  return entries;
}

}  // namespace emg
