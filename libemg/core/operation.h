#pragma once
// An algorithm that can be called by name: what command line, Python, documentation and provenance see of it.
//
// `operation("bandpass", "...", &bandpass, &bandpass_stage)` reads the kind from the signature:
//   RowMatrix f(signal, rate_hz, options, threads)              channels -> channels
//   Result f(signal, rate_hz, options, threads)                 channels -> arrays over shared axes (spectra, tracks)
//   std::vector<Row> or Events<Row> f(...)                      channels -> events (Row has `sample`) or rows
//   SweepSet f(sweeps, options, threads)                        sweeps -> sweeps
//   std::vector<Row> f(sweeps, options, threads)                sweeps -> rows
// Options, Result and Row are described structs (options.h). Members of a Result: std::vector<double> is an axis, or values along an axis of
// the same length that stands before it; RowMatrix is channels x axis; Cube is channels x first axis x second axis or, where there is one
// axis only, axis x channels x channels (pairs); a number is a fact about the whole, NaN if missing; std::vector<NamedMatrix> holds matrices
// that depend on the options (Result::described_matrices() names them for the documentation). Empty matrices and cubes were not asked for
// and are left out.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"

namespace emg {

enum class OperationKind { channels, arrays, events, rows, sweeps, sweep_rows };
std::string_view name_of(OperationKind kind);

/// Events with one waveform for each row (rows x samples, microvolts; NaN where the window leaves the record); no columns if none were asked.
template <class Row>
struct Events {
  std::vector<Row> rows;
  RowMatrix waveforms;
};

/// One member of an array result. `data` belongs to `owner`; an empty shape is a single number.
struct NamedArray {
  std::string name, unit, text;
  std::vector<Index> shape;
  std::shared_ptr<const void> owner;
  const double* data = nullptr;
  bool integer = false;

  Index size() const;
};

/// Channels x axis under a name that depends on the options.
struct NamedMatrix {
  std::string name, text;
  RowMatrix values;
};

/// What an operation returned; which member is filled follows from its kind.
struct OperationResult {
  RowMatrix signal;
  double rate_hz = 0;                 ///< of `signal`
  std::vector<NamedArray> arrays;
  Table table;
  SweepSet sweeps;
  std::vector<Warning> warnings;
};

/// A record that is read block by block, each time from its start; the blocks hold all channels, and together `sample_count` samples.
struct StreamedRecord {
  BlockSource read;
  Index channel_count = 0;
  Index sample_count = 0;
  double rate_hz = 0;
};

/// Option values in the order of OperationEntry::options, checked (`checked_value`).
using OptionValues = std::vector<Value>;

struct OperationEntry {
  std::string name;                   ///< with dashes
  std::string summary;
  OperationKind kind = OperationKind::channels;
  std::vector<FieldInfo> options;
  std::vector<FieldInfo> results;     ///< columns of rows, members of an array result

  std::function<OperationResult(const ChannelsView&, double rate_hz, const OptionValues&, int threads)> run;
  /// For an operation that looks at gaps and declared limits as well: what run_on_recording calls. Empty otherwise.
  std::function<OperationResult(const Recording&, const OptionValues&, int threads)> run_recording;
  /// For an operation on sweeps: all it has beside its description.
  std::function<OperationResult(const SweepSet&, const OptionValues&, int threads)> run_sweeps;
  /// For an operation that gives rows or arrays: the same bits as `run` in bounded memory, by one or more passes over the blocks of a record.
  /// Empty if the record must be in memory.
  std::function<OperationResult(const StreamedRecord&, const OptionValues&, int threads)> run_streamed;
  /// Of a signal: empty if the record must be in memory; returns nullptr if the values given ask for the whole record.
  std::function<std::unique_ptr<Stage>(Index channel_count, double rate_hz, const OptionValues&)> stage;
  /// Replaces options left open ("auto") by numbers found in a first pass over the record; empty if there are none.
  std::function<OptionValues(const BlockSource&, Index channel_count, double rate_hz, const OptionValues&)> resolve;
  /// List options that hold the same count of numbers for every channel, those of channel 0 first: each stage gets those of its channels.
  std::vector<std::string> per_channel;
  /// Whether a stage must see all channels together.
  bool joint = false;

  /// True for an operation on sweeps: `run` is empty, `run_sweeps` is not.
  bool takes_sweeps() const { return kind == OperationKind::sweeps || kind == OperationKind::sweep_rows; }

  /// Unit of the signal that comes out, "" if that of the input; empty function: always that of the input.
  std::function<std::string(const OptionValues&)> output_unit;

  /// Default of every option.
  OptionValues defaults() const;
  /// Position of an option. Throws InvalidArgument naming the operation and the nearest option.
  std::size_t option_index(std::string_view option_name) const;
};

namespace operation_detail {

template <class Result>
struct is_rows : std::false_type {};
template <class Row>
struct is_rows<std::vector<Row>> : std::true_type {
  using row = Row;
};
template <class Row>
struct is_rows<Events<Row>> : std::true_type {
  using row = Row;
};

NamedArray named_array(std::string_view name, std::string_view text, std::vector<Index> shape, std::shared_ptr<const void> owner,
                       const double* data);

template <class Member>
void add_arrays(std::vector<NamedArray>& arrays, std::string_view name, std::string_view text, Member&& member) {
  using M = std::decay_t<Member>;
  if constexpr (std::is_same_v<M, std::vector<NamedMatrix>>) {
    for (auto& matrix : member) add_arrays(arrays, matrix.name, matrix.text, std::move(matrix.values));
  } else if constexpr (std::is_same_v<M, RowMatrix>) {
    if (member.size() == 0) return;
    const auto owner = std::make_shared<RowMatrix>(std::move(member));
    arrays.push_back(named_array(name, text, {owner->rows(), owner->cols()}, owner, owner->data()));
  } else if constexpr (std::is_same_v<M, Cube>) {
    if (member.values.empty()) return;
    const auto owner = std::make_shared<Cube>(std::move(member));
    arrays.push_back(named_array(name, text, {owner->channel_count, owner->row_count, owner->column_count}, owner, owner->values.data()));
  } else if constexpr (std::is_same_v<M, std::vector<double>>) {
    const auto owner = std::make_shared<std::vector<double>>(std::move(member));
    arrays.push_back(named_array(name, text, {static_cast<Index>(owner->size())}, owner, owner->data()));
  } else {
    const auto owner = std::make_shared<double>(static_cast<double>(member));
    arrays.push_back(named_array(name, text, {}, owner, owner.get()));
    arrays.back().integer = std::is_integral_v<M>;
  }
}

template <class Result>
std::vector<NamedArray> arrays_of(Result&& result) {
  std::vector<NamedArray> arrays;
  for_each_field<std::decay_t<Result>>([&](const auto& f) { add_arrays(arrays, f.name, f.text, std::move(result.*(f.member))); });
  return arrays;
}

FieldInfo array_info(std::string_view name, std::string_view text, FieldType type);

template <class Result>
std::vector<FieldInfo> describe_arrays() {
  std::vector<FieldInfo> infos;
  for_each_field<Result>([&](const auto& f) {
    using Member = typename std::decay_t<decltype(f)>::member_type;
    if constexpr (std::is_same_v<Member, std::vector<NamedMatrix>>) {
      for (const auto& [name, text] : Result::described_matrices()) infos.push_back(array_info(name, text, FieldType::number_list));
    } else {
      infos.push_back(array_info(f.name, f.text,
                                 std::is_integral_v<Member>     ? FieldType::integer
                                 : std::is_arithmetic_v<Member> ? FieldType::number
                                                                : FieldType::number_list));
    }
  });
  return infos;
}

void add_waveforms(Table& table, RowMatrix&& waveforms);

/// What a function returned (rows, events or a described struct of arrays), without its C++ type.
template <class Result>
OperationResult untyped(const std::string& name, const std::string& text, Result&& found) {
  OperationResult result;
  if constexpr (is_rows<std::decay_t<Result>>::value) {
    if constexpr (requires { found.waveforms; }) {
      result.table = to_table(name, text, found.rows);
      add_waveforms(result.table, std::move(found.waveforms));
    } else {
      result.table = to_table(name, text, found);
    }
  } else {
    result.arrays = arrays_of(std::move(found));
  }
  return result;
}

}  // namespace operation_detail

/// Entry for `run`, with its stage, its first pass and its output rate where it has them.
template <class Options, class Result>
OperationEntry operation(std::string name, std::string summary, Result (*run)(const ChannelsView&, double, const Options&, int),
                         std::unique_ptr<Stage> (*stage)(Index, double, const std::type_identity_t<Options>&) = nullptr,
                         std::type_identity_t<Options> (*resolve)(const BlockSource&, Index, double, const std::type_identity_t<Options>&) = nullptr,
                         double (*output_rate_hz)(double, const std::type_identity_t<Options>&) = nullptr) {
  OperationEntry entry;
  entry.name = name;
  entry.summary = std::move(summary);
  entry.options = describe<Options>();
  if constexpr (std::is_same_v<Result, RowMatrix>) {
    entry.kind = OperationKind::channels;
    entry.run = [run, output_rate_hz](const ChannelsView& signal, double rate_hz, const OptionValues& values, int threads) {
      const auto options = from_values<Options>(values);
      OperationResult result;
      result.signal = run(signal, rate_hz, options, threads);
      result.rate_hz = output_rate_hz ? output_rate_hz(rate_hz, options) : rate_hz;
      return result;
    };
  } else if constexpr (operation_detail::is_rows<Result>::value) {
    using Row = typename operation_detail::is_rows<Result>::row;
    entry.kind = requires(Row row) { row.sample; } ? OperationKind::events : OperationKind::rows;
    entry.results = describe<Row>();
  } else {
    static_assert(fully_described<Result>());
    entry.kind = OperationKind::arrays;
    entry.results = operation_detail::describe_arrays<Result>();
  }
  if constexpr (!std::is_same_v<Result, RowMatrix>) {
    entry.run = [run, name, text = entry.summary](const ChannelsView& signal, double rate_hz, const OptionValues& values, int threads) {
      return operation_detail::untyped(name, text, run(signal, rate_hz, from_values<Options>(values), threads));
    };
  }
  if (stage) {
    entry.stage = [stage](Index channel_count, double rate_hz, const OptionValues& values) {
      return stage(channel_count, rate_hz, from_values<Options>(values));
    };
  }
  if (resolve) {
    entry.resolve = [resolve](const BlockSource& source, Index channel_count, double rate_hz, const OptionValues& values) {
      return values_of(resolve(source, channel_count, rate_hz, from_values<Options>(values)));
    };
  }
  return entry;
}

/// Entry for an operation on sweeps that returns sweeps or rows.
template <class Options, class Result>
OperationEntry operation(std::string name, std::string summary, Result (*run)(const SweepSet&, const Options&, int)) {
  OperationEntry entry;
  entry.name = name;
  entry.summary = std::move(summary);
  entry.options = describe<Options>();
  if constexpr (std::is_same_v<Result, SweepSet>) {
    entry.kind = OperationKind::sweeps;
    entry.run_sweeps = [run](const SweepSet& sweeps, const OptionValues& values, int threads) {
      OperationResult result;
      result.sweeps = run(sweeps, from_values<Options>(values), threads);
      return result;
    };
  } else {
    entry.kind = OperationKind::sweep_rows;
    entry.results = describe<typename Result::value_type>();
    entry.run_sweeps = [run, name, text = entry.summary](const SweepSet& sweeps, const OptionValues& values, int threads) {
      OperationResult result;
      result.table = to_table(name, text, run(sweeps, from_values<Options>(values), threads));
      return result;
    };
  }
  return entry;
}

/// `entry` with the list options named holding numbers of every channel.
inline OperationEntry with_per_channel(OperationEntry entry, std::vector<std::string> options) {
  entry.per_channel = std::move(options);
  return entry;
}

/// `entry` with stages over all channels together.
inline OperationEntry with_all_channels(OperationEntry entry) {
  entry.joint = true;
  return entry;
}

/// `entry` with a form that takes the recording itself.
template <class Options, class Row>
OperationEntry with_recording(OperationEntry entry, std::vector<Row> (*run)(const Recording&, const Options&, int)) {
  entry.run_recording = [run, name = entry.name, text = entry.summary](const Recording& recording, const OptionValues& values, int threads) {
    OperationResult result;
    result.table = to_table(name, text, run(recording, from_values<Options>(values), threads));
    return result;
  };
  return entry;
}

/// `entry` with a form that reads the record block by block.
template <class Options, class Result>
OperationEntry with_stream(OperationEntry entry, Result (*run)(const StreamedRecord&, const Options&, int)) {
  entry.run_streamed = [run, name = entry.name, text = entry.summary](const StreamedRecord& record, const OptionValues& values, int threads) {
    return operation_detail::untyped(name, text, run(record, from_values<Options>(values), threads));
  };
  return entry;
}

/// `entry` whose output has another unit than its input.
template <class Options>
OperationEntry with_unit(OperationEntry entry, std::string (*unit)(const Options&)) {
  entry.output_unit = [unit](const OptionValues& values) { return unit(from_values<Options>(values)); };
  return entry;
}

/// Says that the samples of `recording` now come from `entry`: mark_computed, and the unit of what comes out.
void mark_computed(Recording& recording, double rate_hz, const OperationEntry& entry, const OptionValues& values);

/// Stage of `entry` over `channel_count` channels. Options left open are found in a first pass over `source` and put into `values`.
/// nullptr if the record must be in memory.
std::unique_ptr<Stage> make_stage(const OperationEntry& entry, const BlockSource& source, Index channel_count, double rate_hz, OptionValues& values,
                                  int threads);

/// Runs `entry` on a recording: gap-free pieces of channels are records of their own; events carry samples of the whole recording; rows and arrays
/// come from the longest gap-free piece, with a warning.
OperationResult run_on_recording(const OperationEntry& entry, const Recording& recording, const OptionValues& values, int threads);

/// Provenance of one operation: `operation`, `endplate_version`, then `option.NAME` for every option, defaults included.
std::vector<ProvenanceEntry> operation_provenance(int run, const OperationEntry& entry, const OptionValues& values);

}  // namespace emg
