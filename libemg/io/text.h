#pragma once
// Text as people send it: UTF-8 with or without mark, UTF-16 with mark, Latin-1; and small helpers for header fields.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace emg {

/// `bytes` as UTF-8 without mark: UTF-16 (either order) with mark; UTF-8 if valid; else Latin-1. Lone surrogates become U+FFFD.
std::string decoded_text(std::string_view bytes);

/// True if `bytes` is valid UTF-8 (shortest forms, no surrogates).
bool is_utf8(std::string_view bytes);

/// `text` without blanks, tabs, line ends and NULs at both ends.
std::string_view trimmed(std::string_view text);

/// `text` with A-Z in lower case; other bytes stay.
std::string lower(std::string_view text);

/// Parts between `separator`, also empty ones: at least one.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Lines ended by LF, CRLF or bare CR, without their ends; no empty line after the last end.
std::vector<std::string_view> lines_of(std::string_view text);

/// The number that `text` (trimmed) is as a whole: "+5", "1e3", "0,5" if `decimal_comma`. Empty if it is no finite number.
std::optional<double> number_of(std::string_view text, bool decimal_comma = false);

/// The whole number that `text` (trimmed) is, also written "12.0".
std::optional<std::int64_t> integer_of(std::string_view text);

/// Shortest text that reads back as the same number.
std::string shortest(double value);

/// `text` in quotes for a message: control and high bytes as \xNN, at most 40 bytes.
std::string in_quotes(std::string_view text);

/// `text` as a cell of a text table: in quotes if it holds the separator, a quote or a line end (RFC 4180).
std::string table_cell(std::string_view text, char separator);

/// True if `text` is ISO 8601 with zone: 2026-01-31T12:00:00+00:00, also with a fraction of the second, or Z as zone.
bool is_timestamp(std::string_view text);

/// True if `text` matches `pattern`, where `*` stands for any text, also none.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace emg
