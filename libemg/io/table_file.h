#pragma once
// Tables as text: TSV and CSV (one header row, LF, UTF-8, shortest numbers that read back equal, missing = empty cell), JSON, JSON lines.

#include <filesystem>
#include <string>

#include "libemg/core/operation.h"
#include "libemg/core/table.h"

namespace emg {

/// `table` as TSV text. Columns of waveforms (width > 1) are left out: they belong into the native container.
std::string tsv_text(const Table& table, char separator = '\t');

/// One JSON object per row and line; missing = null.
std::string jsonl_text(const Table& table);

/// One JSON object: name, columns (name, unit, description) and rows as lists of cells; missing = null.
std::string json_document(const Table& table);

/// Writes by extension (.tsv .csv .json .jsonl), atomically. Throws InvalidArgument for another extension, FileError.
void write_table(const std::filesystem::path& path, const Table& table);

/// Reads a TSV or CSV written by write_table: numbers, true/false, text; a column of only empty cells is missing numbers.
/// Throws FileError naming line and column.
Table read_table(const std::filesystem::path& path);

/// `arrays` of one operation in long form: one row per channel and position on the axes (channel, axes, values).
Table long_table(const std::string& name, const std::vector<NamedArray>& arrays);

}  // namespace emg
