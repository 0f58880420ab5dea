#include "libemg/io/unit_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "libemg/core/error.h"
#include "libemg/io/nwb.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::filesystem::path text_file(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() / ("endplate_unit_file_" + name);
  std::ofstream(path) << text;
  return path;
}

}  // namespace

TEST_CASE("an events table: interleaved units, ids with gaps, the rate from sample and onset") {
  const auto path = text_file("a.tsv",
                              "onset\tduration\tsample\tunit_id\tdescription\n"
                              "4.3720703125\t0\t8954\t12\tmotor-unit-spike\n"
                              "4.5830078125\t0\t9386\t3\tmotor-unit-spike\n"
                              "4.66455078125\t0\t9553\t12\tmotor-unit-spike\n");
  const auto units = read_units(path, UnitSide::truth);
  REQUIRE(units.size() == 2);
  CHECK(units[0].unit_id == 3);
  CHECK(units[1].discharges.sample == std::vector<std::int64_t>{8954, 9553});
  CHECK(units[1].discharges.rate_hz == 2048);
  CHECK(units[1].discharges.offset_samples == std::vector<double>{0, 0});
}

TEST_CASE("onsets with sub-sample offsets still tell the rate") {
  for (const double rate : {10000.0, 23437.5, 4000.0}) {
    std::string text = "onset\tduration\tsample\tunit_id\tevent_type\n";
    for (int i = 1; i <= 60; ++i) {
      const std::int64_t sample = 8111 * i;
      text += fmt::format("{}\t0\t{}\t1\tmotor-unit-spike\n", (static_cast<double>(sample) + 0.49 * ((i % 3) - 1)) / rate, sample);
    }
    const auto units = read_units(text_file("b.tsv", text), UnitSide::truth);
    CHECK(units[0].discharges.rate_hz == rate);
    CHECK(units[0].discharges.offset_samples[2] == Approx(-0.49).margin(1e-6));
  }
}

TEST_CASE("a table of seconds alone needs a rate; without unit_id it holds no units") {
  const auto seconds = text_file("c.tsv", "time_s\tunit_id\n0.5\t1\n0.25\t1\n");
  CHECK_THROWS_WITH(read_units(seconds, UnitSide::result), ContainsSubstring("--rate-hz"));
  CHECK(read_units(seconds, UnitSide::result, 1000.0)[0].discharges.sample == std::vector<std::int64_t>{500, 250});
  const auto events = text_file("d.tsv", "channel\tsample\ttime_s\n0\t10\t0.01\n");
  CHECK_THROWS_WITH(read_units(events, UnitSide::result), ContainsSubstring("unit_id"));
  CHECK(read_event_times(events, UnitSide::result).time_s == std::vector<double>{0.01});
  CHECK(!read_event_times(events, UnitSide::result).with_units);
  CHECK_THROWS_AS(read_units("a.mat", UnitSide::truth), InvalidArgument);
}

TEST_CASE("a header alone is a decomposition without units") {
  const auto path = text_file("e.tsv", "onset\tduration\tsample\tunit_id\tevent_type\n");
  CHECK(read_units(path, UnitSide::result).empty());
}

TEST_CASE("a native file gives truth or results, whichever is asked for first") {
  const auto path = std::filesystem::temp_directory_path() / "endplate_unit_file.nwb";
  Recording recording;
  recording.rate_hz = 1000;
  recording.samples = RowMatrix::Ones(1, 5000);
  recording.channels.resize(1);
  recording.channels[0].name = "needle";
  MotorUnit unit;
  unit.unit_id = 5;
  unit.discharges.rate_hz = 1000;
  unit.discharges.sample = {100, 900};
  NwbContents contents;
  contents.truth_units = {unit};
  WriteOptions options;
  options.created = "2020-01-01T00:00:00+00:00";
  write_nwb(path, recording, contents, options);
  CHECK(read_units(path, UnitSide::result)[0].unit_id == 5);
  const auto events = read_event_times(path, UnitSide::truth);
  CHECK(events.with_units);
  CHECK(*events.duration_s == 5);
  CHECK(events.time_s == std::vector<double>{0.1, 0.9});
}

TEST_CASE("a decomposition is scored by its units, whatever other tables it has") {
  const auto path = std::filesystem::temp_directory_path() / "endplate_unit_file_decomposed.nwb";
  Recording recording;
  recording.rate_hz = 1000;
  recording.samples = RowMatrix::Ones(1, 3000);
  recording.channels.resize(1);
  recording.channels[0].name = "needle";
  NwbContents contents;
  Column start{"start_s", "s", "", std::vector<double>{0.5, 1.5}, 1};
  contents.tables = {Table{"unassigned_activity", "", {start}}, Table{"decomposition", "", {start}}};
  WriteOptions options;
  options.created = "2020-01-01T00:00:00+00:00";
  write_nwb(path, recording, contents, options);
  const auto none = read_event_times(path, UnitSide::result);
  CHECK(none.with_units);
  CHECK(none.time_s.empty());
  MotorUnit unit;
  unit.unit_id = 2;
  unit.discharges.rate_hz = 1000;
  unit.discharges.sample = {700};
  contents.units = {unit};
  write_nwb(path, recording, contents, options);
  CHECK(read_event_times(path, UnitSide::result).with_units);
  CHECK(read_event_times(path, UnitSide::result).time_s == std::vector<double>{0.7});
}
