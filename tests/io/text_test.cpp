#include "libemg/io/text.h"

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("text is decoded by mark, then as UTF-8, then as Latin-1") {
  const std::string mu = "\xC2\xB5V";
  CHECK(decoded_text("\xB5V") == mu);
  CHECK(decoded_text(mu) == mu);
  CHECK(decoded_text("\xEF\xBB\xBF" + mu) == mu);
  CHECK(decoded_text(std::string("\xFF\xFE\xB5\0V\0", 6)) == mu);
  CHECK(decoded_text(std::string("\xFE\xFF\0\xB5\0V", 6)) == mu);
  CHECK(decoded_text(std::string("\xFF\xFE\x3D\xD8\x00\xDE", 6)) == "\xF0\x9F\x98\x80");
  CHECK(decoded_text(std::string("\xFF\xFE\x3D\xD8", 4)) == "\xEF\xBF\xBD");
  CHECK(decoded_text("") == "");
}

TEST_CASE("invalid UTF-8 is told from valid") {
  CHECK(is_utf8("abc\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad : {"\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80", "a\xFF"})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("lines end with LF, CRLF or CR") {
  CHECK(lines_of("a\nb\r\nc\rd") == std::vector<std::string_view>{"a", "b", "c", "d"});
  CHECK(lines_of("a\n\nb\n") == std::vector<std::string_view>{"a", "", "b"});
  CHECK(lines_of("").empty());
}

TEST_CASE("numbers as headers hold them") {
  CHECK(number_of(" +5 ") == 5.0);
  CHECK(number_of("1e3") == 1000.0);
  CHECK(number_of("0,5", true) == 0.5);
  for (const char* bad : {"", " ", "0,5", "1 2", "nan", "inf", "1x", "+-1", "--1", "+"}) CHECK_FALSE(number_of(bad).has_value());
  CHECK(integer_of("12.0") == 12);
  CHECK_FALSE(integer_of("12.5").has_value());
  CHECK_FALSE(integer_of("1e300").has_value());
  CHECK(shortest(0.1) == "0.1");
  CHECK(number_of(shortest(1.0 / 3)) == 1.0 / 3);
}

TEST_CASE("parts, quotes and patterns") {
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(trimmed(std::string_view(" a b\0\r\n", 7)) == "a b");
  CHECK(lower("EmG 1") == "emg 1");
  CHECK(in_quotes("a\xFF\n") == "\"a\\xFF\\x0A\"");
  CHECK(in_quotes(std::string(50, 'a')) == "\"" + std::string(40, 'a') + "...\"");
  CHECK(matches("grid1:*", "grid1:12"));
  CHECK_FALSE(matches("grid1:*", "grid2:12"));
  CHECK(matches("*a*b", "xxaxab"));
  CHECK_FALSE(matches("*a*b", "xxaxabc"));
  CHECK(matches("*", ""));
  CHECK_FALSE(matches("", "a"));
}

TEST_CASE("cells are quoted only where needed") {
  CHECK(table_cell("a b", ',') == "a b");
  CHECK(table_cell("a,b", ',') == "\"a,b\"");
  CHECK(table_cell("a,b", '\t') == "a,b");
  CHECK(table_cell("say \"x\"", '\t') == "\"say \"\"x\"\"\"");
  CHECK(table_cell("two\nlines", ',') == "\"two\nlines\"");
}

TEST_CASE("timestamps are ISO 8601 with zone") {
  for (const char* good : {"2026-01-31T12:00:00+00:00", "2024-02-29T23:59:59Z", "1985-01-01T00:00:00.123456-05:30"}) {
    CAPTURE(good);
    CHECK(is_timestamp(good));
  }
  for (const char* bad : {"", "garbage", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z",
                          "2026-02-29T12:00:00Z", "2026-01-32T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
                          "2026-01-31T12:00:60Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00+0000", "2026-01-31T12:00:00+24:00",
                          "2026-01-31T12:00:00+00:60", "2026-01-31T12:00:00Zx", "2026-01-31 12:00:00Z", "26-01-31T12:00:00Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_timestamp(bad));
  }
}
