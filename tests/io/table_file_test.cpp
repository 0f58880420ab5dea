#include "libemg/io/table_file.h"

#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "tests/io/io_support.h"

using namespace emg;
using emg_test::bytes_of;
using emg_test::refusal;
using emg_test::TempFolder;

namespace {

const double kMissing = std::numeric_limits<double>::quiet_NaN();

Table example() {
  Table table{"rows", "", {}};
  table.columns.push_back({"channel_name", "", "", std::vector<std::string>{"a\tb", "say \"hi\"", "two\nlines"}, 1});
  table.columns.push_back({"sample", "", "", std::vector<std::int64_t>{1, -2, 9007199254740993}, 1});
  table.columns.push_back({"peak_uv", "uV", "", std::vector<double>{0.1, kMissing, 1e300}, 1});
  table.columns.push_back({"good", "", "", std::vector<std::uint8_t>{1, 0, 1}, 1});
  table.columns.push_back({"waveform_uv", "uV", "", std::vector<double>(6, 1.0), 2});
  return table;
}

}  // namespace

TEST_CASE("TSV has one header row, shortest numbers, true and false, empty cells for what is missing") {
  CHECK(tsv_text(example()) ==
        "channel_name\tsample\tpeak_uv\tgood\n\"a\tb\"\t1\t0.1\ttrue\n\"say \"\"hi\"\"\"\t-2\t\tfalse\n"
        "\"two\nlines\"\t9007199254740993\t1e+300\ttrue\n");
  Table none{"rows", "", {{"a", "", "", std::vector<double>{}, 1}}};
  CHECK(tsv_text(none) == "a\n");
}

TEST_CASE("a written table reads back equal") {
  const TempFolder folder;
  for (const char* name : {"t.tsv", "t.csv"}) {
    CAPTURE(name);
    write_table(folder / name, example());
    const auto back = read_table(folder / name);
    REQUIRE(back.columns.size() == 4);
    CHECK(std::get<std::vector<std::string>>(back.columns[0].values) == std::get<3>(example().columns[0].values));
    CHECK(std::get<std::vector<std::int64_t>>(back.columns[1].values) == std::vector<std::int64_t>{1, -2, 9007199254740993});
    const auto& peak = std::get<std::vector<double>>(back.columns[2].values);
    CHECK(peak[0] == 0.1);
    CHECK(std::isnan(peak[1]));
    CHECK(peak[2] == 1e300);
    CHECK(back.columns[2].unit == "uV");
    CHECK(std::get<std::vector<std::uint8_t>>(back.columns[3].values) == std::vector<std::uint8_t>{1, 0, 1});
  }
}

TEST_CASE("cells that look like numbers but are names stay text; empty columns are missing numbers") {
  const TempFolder folder;
  folder.file("t.tsv", "id\tempty\tmixed\r\n007\t\t1\r\n08\t\tx\r\n");
  const auto table = read_table(folder / "t.tsv");
  CHECK(std::get<std::vector<std::string>>(table.columns[0].values) == std::vector<std::string>{"007", "08"});
  CHECK(std::isnan(std::get<std::vector<double>>(table.columns[1].values)[1]));
  CHECK(std::get<std::vector<std::string>>(table.columns[2].values) == std::vector<std::string>{"1", "x"});
}

TEST_CASE("broken tables are refused by line") {
  const TempFolder folder;
  folder.file("short.tsv", "a\tb\n1\t2\n3\n");
  CHECK_THAT(refusal([&] { read_table(folder / "short.tsv"); }), ContainsSubstring("line 3, column 2: 1 cells, the header has 2"));
  folder.file("open.tsv", "a\n\"x\n");
  CHECK_THAT(refusal([&] { read_table(folder / "open.tsv"); }), ContainsSubstring("line 2, column 1: the quote is not closed"));
  folder.file("empty.tsv", "");
  CHECK_THAT(refusal([&] { read_table(folder / "empty.tsv"); }), ContainsSubstring("the header row is missing"));
  CHECK_THAT(refusal([&] { write_table(folder / "t.xls", example()); }),
             ContainsSubstring("the extension \".xls\" is none of .tsv, .csv, .json, .jsonl"));
  CHECK_THROWS_AS(write_table(folder / "t", example()), InvalidArgument);
}

TEST_CASE("JSON is one document of columns and rows, missing as null") {
  const TempFolder folder;
  Table table{"r", "", {}};
  table.columns.push_back({"name", "", "of the \"row\"", std::vector<std::string>{"a\tb", ""}, 1});
  table.columns.push_back({"peak_uv", "uV", "", std::vector<double>{0.5, kMissing}, 1});
  table.columns.push_back({"waveform_uv", "uV", "", std::vector<double>{1, kMissing, 3, 4}, 2});
  table.columns.push_back({"good", "", "", std::vector<std::uint8_t>{1, 0}, 1});
  write_table(folder / "t.JSON", table);
  CHECK(bytes_of(folder / "t.JSON") ==
        "{\n  \"name\": \"r\",\n  \"columns\": [\n    {\"name\": \"name\", \"unit\": \"\", \"description\": \"of the \\\"row\\\"\"},\n"
        "    {\"name\": \"peak_uv\", \"unit\": \"uV\", \"description\": \"\"},\n"
        "    {\"name\": \"waveform_uv\", \"unit\": \"uV\", \"description\": \"\"},\n"
        "    {\"name\": \"good\", \"unit\": \"\", \"description\": \"\"}\n  ],\n  \"rows\": [\n"
        "    [\"a\\u0009b\", 0.5, [1,null], true],\n    [null, null, [3,4], false]\n  ]\n}\n");
  CHECK_THAT(json_document(Table{"none", "", {}}), ContainsSubstring("\"rows\": [\n  ]"));
}

TEST_CASE("JSON lines hold null for what is missing and lists for waveforms") {
  Table table{"rows", "", {}};
  table.columns.push_back({"peak_uv", "uV", "", std::vector<double>{0.5, kMissing}, 1});
  table.columns.push_back({"waveform_uv", "uV", "", std::vector<double>{1, 2, 3, 4}, 2});
  const auto text = jsonl_text(table);
  CHECK_THAT(text, ContainsSubstring("\"peak_uv\": 0.5"));
  CHECK_THAT(text, ContainsSubstring("\"peak_uv\": null"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("arrays in long form: one row per channel and position on the axes") {
  const std::vector<double> frequency{0, 10, 20}, time{0, 1}, density{1, 2, 3, 4, 5, 6}, cube{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const double step = 0.25;
  const auto array = [](std::string name, std::vector<Index> shape, const double* data) {
    NamedArray a;
    a.name = std::move(name);
    a.shape = std::move(shape);
    a.data = data;
    return a;
  };
  const auto spectra = long_table(
      "welch", {array("frequency_hz", {3}, frequency.data()), array("density", {2, 3}, density.data()), array("step", {}, &step)});
  CHECK(tsv_text(spectra) ==
        "channel\tfrequency_hz\tdensity\tstep\n0\t0\t1\t0.25\n0\t10\t2\t0.25\n0\t20\t3\t0.25\n1\t0\t4\t0.25\n1\t10\t5\t0.25\n1\t20\t6\t0."
        "25\n");
  const auto track = long_table(
      "stft", {array("frequency_hz", {3}, frequency.data()), array("time_s", {2}, time.data()), array("power", {2, 3, 2}, cube.data())});
  CHECK(track.row_count() == 12);
  CHECK(std::get<std::vector<double>>(track.find("power")->values) == cube);
  CHECK(std::get<std::vector<double>>(track.find("time_s")->values)[3] == 1);
  CHECK(std::get<std::vector<double>>(track.find("frequency_hz")->values)[3] == 10);
  // With one axis only, a cube holds pairs: axis x channels x channels.
  const auto pairs = long_table("coherence_matrix", {array("frequency_hz", {3}, frequency.data()), array("coherence", {3, 2, 2}, cube.data())});
  CHECK(pairs.row_count() == 12);
  CHECK(!pairs.find("channel"));
  CHECK(std::get<std::vector<double>>(pairs.find("coherence")->values) == cube);
  CHECK(std::get<std::vector<std::int64_t>>(pairs.find("first_channel")->values)[6] == 1);
  CHECK(std::get<std::vector<std::int64_t>>(pairs.find("second_channel")->values)[6] == 0);
  CHECK(std::get<std::vector<double>>(pairs.find("frequency_hz")->values)[6] == 10);
}
