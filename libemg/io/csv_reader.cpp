#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/csv_internal.h"
#include "libemg/io/csv_time_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"

namespace emg {
namespace {

constexpr Index kIndexRows = 4096;                 // rows between two known positions
constexpr Index kTileRows = 64;                    // rows parsed before they are turned into channels
constexpr Index kMostKeptValues = Index{1} << 22;  // 32 MiB
constexpr std::int64_t kMostWholeBytes = std::int64_t{1} << 28;

[[noreturn]] void refuse_line(const std::filesystem::path& path, std::int64_t line, std::int64_t byte, const std::string& why) {
  throw FileError(path.string(), fmt::format("line {}{}", line, why), fmt::format("line {}", line), byte);
}

class CsvReader final : public Reader {
 public:
  CsvReader(const std::filesystem::path& path, const ReadOptions& options)
      : source_(path), layout_(csv::find_layout(source_, options)), bad_cells_(options.bad_cells) {
    header_.format = "csv";
    header_.input_files = {path};
    if (options.layout == "channels-samples") {
      read_whole(options);
    } else if (options.layout.empty() || options.layout == "samples-channels") {
      read_rows(options);
    } else {
      throw InvalidArgument(fmt::format("layout {} is none of channels-samples, samples-channels", in_quotes(options.layout)));
    }
  }

  void read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const override;

 private:
  struct Position {
    Index row = 0;
    std::int64_t byte = 0, line = 1;
  };

  void read_rows(const ReadOptions& options);
  void read_whole(const ReadOptions& options);
  void scan_rows(csv::TimeAxis& time, std::vector<std::vector<Gap>>& missing);
  void keep(const std::vector<double>& values);
  void copy_kept(std::span<const Index> channels, Index row, Index count, Index column, RowMatrix& out) const;
  void describe(const std::vector<std::size_t>& columns, const ReadOptions& options);
  void set_rate(std::optional<double> measured_hz, const ReadOptions& options);
  void parse(csv::LineReader& lines, std::string_view line, double* values) const;

  csv::Source source_;
  csv::Layout layout_;
  bool bad_cells_ = false;
  std::vector<std::size_t> columns_;  // of each channel
  std::vector<double> scales_;        // of each channel
  Index row_count_ = 0;
  std::vector<Position> index_;
  std::vector<csv::Jump> jumps_;
  mutable Position next_;  // where the last block ended
  RowMatrix whole_;        // rows that are channels
  bool keeps_ = true;
  std::vector<std::vector<double>> kept_;  // rows of the channels, kIndexRows in each part, while they are few
};

void CsvReader::parse(csv::LineReader& lines, std::string_view line, double* values) const {
  try {
    const auto cells = csv::parse_row(line, layout_, bad_cells_, values, csv::LineReader::kSpareBytes);
    if (cells > layout_.column_count && !bad_cells_) {
      refuse_line(source_.path(), lines.line_number(), lines.byte(),
                  fmt::format(": {} cells, the others have {}", cells, layout_.column_count));
    }
  } catch (const csv::BadCell& bad) {
    refuse_line(
        source_.path(), lines.line_number(), lines.byte() + static_cast<std::int64_t>(bad.character),
        fmt::format(", column {}: {} is not a number; --bad-cells takes such cells as missing", bad.column + 1, in_quotes(bad.text)));
  }
}

// One pass over the file: every cell is checked, missing cells become gaps, positions are kept for windows.
void CsvReader::scan_rows(csv::TimeAxis& time, std::vector<std::vector<Gap>>& missing) {
  std::vector<double> values(layout_.column_count);
  std::vector<Index> since(columns_.size(), -1);
  std::int64_t gap_count = 0;
  const auto close = [&](std::size_t c, Index end) {
    if (since[c] < 0) return;
    missing[c].push_back({static_cast<Index>(c), since[c], end - since[c], "missing cells"});
    since[c] = -1;
    if (++gap_count > limits::kMostGaps) throw FileError(source_.path().string(), fmt::format("more than {} gaps", limits::kMostGaps));
  };
  csv::LineReader lines(source_, layout_.line_end, layout_.data_byte, layout_.data_line);
  std::string_view line;
  Index filled = 0;
  while (lines.next(line)) {
    if (!csv::is_row(line)) continue;
    parse(lines, line, values.data());
    if (row_count_ % kIndexRows == 0) index_.push_back({row_count_, lines.byte(), lines.line_number()});
    bool any = false;
    if (time.column() >= 0) {
      const double at = values[static_cast<std::size_t>(time.column())];
      any = !std::isnan(at);
      time.add(row_count_, at, [&](const std::string& why) { refuse_line(source_.path(), lines.line_number(), lines.byte(), why); });
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (std::isnan(values[columns_[c]])) {
        if (since[c] < 0) since[c] = row_count_;
      } else {
        any = true;
        close(c, row_count_);
      }
    }
    keep(values);
    ++row_count_;
    if (any) filled = row_count_;  // files end with rows of empty cells
  }
  row_count_ = filled;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (since[c] >= filled) since[c] = -1;
    close(c, filled);
  }
}

// Files that fit are parsed once; of larger ones only positions are kept.
void CsvReader::keep(const std::vector<double>& values) {
  if (!keeps_) return;
  if (row_count_ * static_cast<Index>(columns_.size()) > kMostKeptValues) {
    keeps_ = false;
    kept_ = {};
    return;
  }
  if (row_count_ % kIndexRows == 0) {
    kept_.emplace_back();
    kept_.back().reserve(columns_.size() * (row_count_ == 0 ? 1 : static_cast<std::size_t>(kIndexRows)));
  }
  for (const auto column : columns_) kept_.back().push_back(values[column]);
}

void CsvReader::copy_kept(std::span<const Index> channels, Index row, Index count, Index column, RowMatrix& out) const {
  const auto width = columns_.size();
  while (count > 0) {
    const auto& part = kept_[static_cast<std::size_t>(row / kIndexRows)];
    const Index inside = row % kIndexRows;
    const Index length = std::min({count, kIndexRows - inside, kTileRows});
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const auto channel = static_cast<std::size_t>(channels[c]);
      const double* from = part.data() + static_cast<std::size_t>(inside) * width + channel;
      double* x = out.data() + static_cast<Index>(c) * out.cols() + column;
      for (Index i = 0; i < length; ++i) x[i] = from[static_cast<std::size_t>(i) * width] * scales_[channel];
    }
    row += length;
    column += length;
    count -= length;
  }
}

void CsvReader::read_rows(const ReadOptions& options) {
  auto time = csv::TimeAxis(layout_, options.rate_hz.has_value());
  for (std::size_t c = 0; c < layout_.column_count; ++c) {
    if (static_cast<std::ptrdiff_t>(c) == time.column() || static_cast<std::ptrdiff_t>(c) == time.counter_column()) continue;
    const bool named = c < layout_.names.size() && !layout_.names[c].empty();
    const bool empty = std::all_of(layout_.rows.begin(), layout_.rows.end(), [&](const auto& row) { return std::isnan(row[c]); });
    if (named || !empty) columns_.push_back(c);
  }
  if (columns_.empty()) throw FileError(source_.path().string(), "there is no column of samples beside the time");
  constexpr std::size_t kManyColumns = 64;
  if (options.layout.empty() && layout_.column_count > kManyColumns && layout_.column_count > 2 * layout_.rows.size() &&
      layout_.rows.size() < kManyColumns) {
    throw FileError(source_.path().string(),
                    fmt::format("{} rows x {} columns looks like channels x samples; give --layout channels-samples or "
                                "samples-channels",
                                layout_.rows.size(), layout_.column_count));
  }
  if (layout_.column_count > static_cast<std::size_t>(limits::kMostColumns)) {
    throw FileError(source_.path().string(), fmt::format("{} columns, at most {} are read", layout_.column_count, limits::kMostColumns));
  }
  header_.streams.emplace_back();
  describe(columns_, options);
  if (!time.measures() && !options.rate_hz && !layout_.rate_hz) set_rate(std::nullopt, options);  // refused before the long pass
  std::vector<std::vector<Gap>> missing(columns_.size());
  scan_rows(time, missing);
  auto& info = header_.streams[0];
  set_rate(time.rate_hz(), options);
  if (!options.rate_hz) jumps_ = time.jumps();
  info.sample_count = row_count_ + (jumps_.empty() ? 0 : jumps_.back().shift);
  if (info.sample_count > limits::kMostSamples) throw FileError(source_.path().string(), "the time column has a gap that is too long");
  if (time.irregular() && !options.rate_hz) {
    header_.warnings.push_back({"irregular", "the time column has unequal steps; the rate is its mean", ""});
  }
  for (const auto& gap : csv::gaps_of(jumps_)) info.gaps.push_back(gap);
  Index cells = 0;
  for (auto& gaps : missing) {
    for (auto& gap : gaps) {
      cells += gap.sample_count;
      const Index end = csv::sample_of(jumps_, gap.first_sample + gap.sample_count - 1) + 1;
      gap.first_sample = csv::sample_of(jumps_, gap.first_sample);
      gap.sample_count = end - gap.first_sample;
      info.gaps.push_back(gap);
    }
  }
  if (cells > 0) header_.warnings.push_back({"missing_cells", fmt::format("{} cells are missing", cells), ""});
}

// Rows that are channels: read whole, since a window would have to cut through every line.
void CsvReader::read_whole(const ReadOptions& options) {
  if (source_.size() > kMostWholeBytes) {
    throw FileError(source_.path().string(),
                    fmt::format("{} bytes with layout channels-samples, at most {} are read", source_.size(), kMostWholeBytes));
  }
  csv::LineReader lines(source_, layout_.line_end, layout_.data_byte, layout_.data_line);
  std::string_view line;
  std::vector<std::vector<double>> rows;
  while (lines.next(line)) {
    if (!csv::is_row(line)) continue;
    // The head may have ended within the first line: its cells are counted here.
    if (rows.empty()) {
      csv::Layout probe = layout_;
      probe.column_count = 0;
      layout_.column_count = csv::parse_row(line, probe, true, nullptr);
    }
    rows.emplace_back(layout_.column_count);
    parse(lines, line, rows.back().data());
    if (rows.size() > static_cast<std::size_t>(limits::kMostChannels))
      throw FileError(source_.path().string(), "too many rows for channels");
  }
  layout_.names.clear();
  layout_.units.clear();
  std::optional<double> measured;
  std::size_t first = 0;
  if (rows.size() > 1) {
    csv::Layout time_layout;
    time_layout.column_count = 2;
    for (std::size_t i = 0; i < std::min<std::size_t>(rows[0].size(), 200); ++i) time_layout.rows.push_back({rows[0][i], 0});
    csv::TimeAxis time(time_layout, false);
    if (time.column() == 0) {
      first = 1;
      for (std::size_t i = 0; i < rows[0].size(); ++i) time.add(static_cast<Index>(i), rows[0][i], [](const std::string&) {});
      measured = time.rate_hz();
    }
  }
  std::vector<std::size_t> all;
  for (std::size_t r = first; r < rows.size(); ++r) all.push_back(r);
  columns_ = all;
  header_.streams.emplace_back();
  layout_.column_count = rows.size();
  describe(all, options);
  set_rate(measured, options);
  auto& info = header_.streams[0];
  info.sample_count = static_cast<Index>(rows[0].size());
  whole_.resize(static_cast<Index>(all.size()), info.sample_count);
  for (std::size_t c = 0; c < all.size(); ++c) {
    const auto& row = rows[all[c]];
    for (Index i = 0; i < info.sample_count; ++i) {
      const double value = row[static_cast<std::size_t>(i)];
      whole_(static_cast<Index>(c), i) = std::isnan(value) ? 0 : value * scales_[c];
      if (!std::isnan(value)) continue;
      auto& gaps = info.gaps;
      if (!gaps.empty() && gaps.back().channel == static_cast<Index>(c) && gaps.back().first_sample + gaps.back().sample_count == i) {
        ++gaps.back().sample_count;
      } else {
        gaps.push_back({static_cast<Index>(c), i, 1, "missing cells"});
      }
    }
  }
}

void CsvReader::describe(const std::vector<std::size_t>& columns, const ReadOptions& options) {
  const auto option = units_option(options.units);
  auto& info = header_.streams[0];
  std::vector<bool> voltages;
  const auto unit_text = [&](std::size_t c) { return c < layout_.units.size() ? layout_.units[c] : std::string(); };
  const bool any_voltage =
      std::any_of(columns.begin(), columns.end(), [&](std::size_t c) { return voltage_unit(unit_text(c)).has_value(); });
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto c = columns[i];
    Channel channel;
    channel.name = c < layout_.names.size() && !layout_.names[c].empty() ? layout_.names[c] : fmt::format("ch{}", i + 1);
    const auto unit = voltage_unit(unit_text(c));
    const auto kind = kind_of_name(channel.name);
    // A column without unit may be EMG if no other states a voltage, if its name says so, or if the option says what such columns are.
    const bool candidate = unit || (unit_text(c).empty() && (kind ? *kind == ChannelKind::emg : !any_voltage || option));
    const bool known = unit || (candidate && option);
    channel.unit = known ? "uV" : unit_text(c);
    double scale = 1;
    if (candidate && option) {
      scale = option->microvolts;
      if (unit && unit->microvolts != option->microvolts) {
        header_.warnings.push_back(
            {"unit_conflict", fmt::format("the file says {}, the option units is used", unit_text(c)), channel.name});
      }
      if (option->counts) channel.count_uv = scale, channel.count_zero_uv = 0;
    } else if (unit) {
      scale = unit->microvolts;
    }
    scales_.push_back(scale);
    voltages.push_back(candidate);
    info.channels.push_back(std::move(channel));
  }
  make_names_unique(info.channels, header_.warnings);
  set_kinds(info.channels, voltages);
  const bool emg = std::any_of(info.channels.begin(), info.channels.end(), [](const Channel& ch) { return ch.kind == ChannelKind::emg; });
  info.kind = emg ? ChannelKind::emg : info.channels[0].kind;
  info.name = std::string(name_of(info.kind));
}

// Option, then time column, then header. Says everything that is missing in one refusal.
void CsvReader::set_rate(std::optional<double> measured_hz, const ReadOptions& options) {
  auto& info = header_.streams[0];
  const bool has_rate = options.rate_hz || measured_hz || layout_.rate_hz;
  const auto silent = std::find_if(info.channels.begin(), info.channels.end(),
                                   [](const Channel& ch) { return ch.kind == ChannelKind::emg && ch.unit != "uV"; });
  std::string missing;
  if (!has_rate) missing = "no sampling rate";
  if (silent != info.channels.end()) missing += fmt::format("{}no unit of column {}", missing.empty() ? "" : " and ", silent->name);
  if (!missing.empty()) {
    throw FileError(source_.path().string(),
                    fmt::format("{}; give {}{}{}", missing, has_rate ? "" : "--rate-hz",
                                !has_rate && silent != info.channels.end() ? " and " : "", silent != info.channels.end() ? "--units" : ""));
  }
  const auto stated = measured_hz ? measured_hz : layout_.rate_hz;
  info.rate_hz = options.rate_hz ? *options.rate_hz : *stated;
  constexpr double kSame = 1e-3;
  if (options.rate_hz && stated && std::abs(*options.rate_hz / *stated - 1) > kSame) {
    header_.warnings.push_back({"rate_conflict", fmt::format("the file says {} Hz, the option rate_hz is used", *stated), ""});
  }
  if (!options.rate_hz && !measured_hz) {
    header_.warnings.push_back(
        {"rate_from_text", fmt::format("{} Hz from the header line {}", info.rate_hz, in_quotes(layout_.rate_line)), ""});
  }
}

void CsvReader::read_block(std::size_t, std::span<const Index> channels, Index first, RowMatrix& out) const {
  if (whole_.size() > 0) {
    for (Index c = 0; c < out.rows(); ++c) out.row(c) = whole_.row(channels[static_cast<std::size_t>(c)]).segment(first, out.cols());
    return;
  }
  if (!jumps_.empty()) out.setZero();
  const Index last = first + out.cols();
  const Index begin = csv::row_from(jumps_, first), end = std::min(csv::row_from(jumps_, last), row_count_);
  if (begin >= end) return;
  if (keeps_) {
    for (Index row = begin; row < end;) {
      const Index count = std::min(end, csv::next_jump(jumps_, row)) - row;
      copy_kept(channels, row, count, csv::sample_of(jumps_, row) - first, out);
      row += count;
    }
    return;
  }
  const auto& known = index_[static_cast<std::size_t>(begin / kIndexRows)];
  const auto& start = next_.row > known.row && next_.row <= begin ? next_ : known;
  csv::LineReader lines(source_, layout_.line_end, start.byte, start.line);
  std::string_view line;
  Index row = start.row;
  while (row < begin && lines.next(line)) row += csv::is_row(line);
  std::vector<double> tile(static_cast<std::size_t>(kTileRows) * layout_.column_count);
  while (row < end) {
    Index count = 0;
    const Index to = csv::sample_of(jumps_, row);
    // A tile ends where the time jumps, so its samples are consecutive.
    const Index most = std::min({kTileRows, end - row, csv::next_jump(jumps_, row) - row});
    while (count < most && lines.next(line)) {
      if (!csv::is_row(line)) continue;
      parse(lines, line, tile.data() + static_cast<std::size_t>(count) * layout_.column_count);
      ++count;
    }
    if (count == 0) throw FileError(source_.path().string(), "became shorter while it was read");
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const auto channel = static_cast<std::size_t>(channels[c]);
      const double* from = tile.data() + columns_[channel];
      const double scale = scales_[channel];
      double* x = out.data() + static_cast<Index>(c) * out.cols() + (to - first);
      for (Index i = 0; i < count; ++i) x[i] = from[static_cast<std::size_t>(i) * layout_.column_count] * scale;
    }
    row += count;
  }
  next_ = {row, lines.next_byte(), lines.line_number() + 1};
}

bool recognises_csv(const FileHead& head) {
  if (head.bytes.starts_with("\xFF\xFE") || head.bytes.starts_with("\xFE\xFF")) return true;
  return !head.bytes.empty() && std::none_of(head.bytes.begin(), head.bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 9 || (byte > 13 && byte < 32 && byte != 26 && byte != 27);
  });
}

std::unique_ptr<Reader> open_csv(const std::filesystem::path& path, const ReadOptions& options) {
  return std::make_unique<CsvReader>(path, options);
}

}  // namespace

const Format kCsvFormat{"csv", &recognises_csv, &open_csv};

}  // namespace emg
