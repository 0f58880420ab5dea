#include "libemg/core/table.h"

#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

enum class Reason { none, too_short };
constexpr auto enum_names(Reason) {
  return std::array{std::pair{Reason::none, std::string_view("none")}, std::pair{Reason::too_short, std::string_view("too_short")}};
}

struct Row {
  int channel = 0;
  std::int64_t sample = 0;
  double peak_uv = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> onset_ms;
  std::optional<int> count;
  bool kept = false;
  Reason reason = Reason::none;
  std::string label;

  static constexpr auto fields() {
    using R = Row;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("sample", &R::sample, {}, "sample"),
        field("peak_uv", &R::peak_uv, {}, "peak"),
        field("onset_ms", &R::onset_ms, {}, "onset"),
        field("count", &R::count, {}, "count"),
        field("kept", &R::kept, {}, "kept"),
        field("reason", &R::reason, {}, "reason"),
        field("label", &R::label, {}, "label"),
    };
  }
};
static_assert(fully_described<Row>());

}  // namespace

TEST_CASE("a table has its columns also without rows") {
  const auto table = to_table("spikes", "all spikes", std::vector<Row>{});
  CHECK(table.row_count() == 0);
  REQUIRE(table.columns.size() == 8);
  CHECK(table.columns[2].name == "peak_uv");
  CHECK(table.columns[2].unit == "uV");
  CHECK(table.find("reason") == &table.columns[6]);
  CHECK(table.find("nothing") == nullptr);
}

TEST_CASE("cells come back as they went in, missing ones as missing") {
  const auto table = to_table("spikes", "", std::vector<Row>{{1, 99, 3.5, 2.0, 7, true, Reason::too_short, "x"}, {}});
  REQUIRE(table.row_count() == 2);
  CHECK(table.columns[0].cell(0) == Value{std::int64_t{1}});
  CHECK(table.columns[1].cell(0) == Value{std::int64_t{99}});
  CHECK(table.columns[2].cell(0) == Value{3.5});
  CHECK(table.columns[3].cell(0) == Value{2.0});
  CHECK(table.columns[4].cell(0) == Value{7.0});
  CHECK(table.columns[5].cell(0) == Value{true});
  CHECK(table.columns[6].cell(0) == Value{std::string("too_short")});
  CHECK(table.columns[7].cell(0) == Value{std::string("x")});
  for (const std::size_t c : {2, 3, 4, 7}) CHECK(table.columns[c].cell(1) == Value{});
  CHECK(table.columns[5].cell(1) == Value{false});
}

TEST_CASE("rows are appended to the same columns only") {
  auto table = to_table("a", "", std::vector<Row>{{1, 1}});
  append_rows(table, to_table("a", "", std::vector<Row>{{2, 2}, {3, 3}}));
  REQUIRE(table.row_count() == 3);
  CHECK(std::get<std::vector<std::int64_t>>(table.columns[1].values) == std::vector<std::int64_t>{1, 2, 3});

  auto renamed = to_table("a", "", std::vector<Row>{{4, 4}});
  renamed.columns[2].name = "peak_mv";
  CHECK_THROWS_WITH(append_rows(table, renamed), ContainsSubstring("peak_mv") && ContainsSubstring("peak_uv"));
  auto shorter = renamed;
  shorter.columns.pop_back();
  CHECK_THROWS_AS(append_rows(table, shorter), InvalidArgument);
  CHECK(table.row_count() == 3);

  Table empty;
  append_rows(empty, table);
  CHECK(empty.row_count() == 3);
}

TEST_CASE("a constant column goes before all others") {
  auto table = to_table("a", "", std::vector<Row>{{1, 1}, {2, 2}});
  prepend_constant(table, "recording_id", "recording", "r1");
  CHECK(table.columns[0].name == "recording_id");
  CHECK(table.row_count() == 2);
  CHECK(table.columns[0].cell(1) == Value{std::string("r1")});
  const auto columns = table.columns.size();
  prepend_constant(table, "recording_id", "recording", "r2");
  CHECK(table.columns.size() == columns);
  CHECK(table.columns[0].cell(0) == Value{std::string("r2")});
}

TEST_CASE("wide columns hold one list of numbers in each cell") {
  const Column column{"waveform_uv", "uV", "", std::vector<double>{1, 2, 3, 4, 5, 6}, 3};
  CHECK(column.row_count() == 2);
  CHECK(std::get<std::vector<double>>(column.cell(1)) == std::vector<double>{4, 5, 6});
}

TEST_CASE("a list of words becomes one text cell") {
  FieldInfo info;
  info.name = "flags";
  info.type = FieldType::text_list;
  auto column = column_for(info);
  append_value(column, std::vector<std::string>{"clipping", "line"});
  append_value(column, std::vector<std::string>{});
  CHECK(column.cell(0) == Value{std::string("clipping,line")});
  CHECK(column.cell(1) == Value{});
}

}  // namespace emg
