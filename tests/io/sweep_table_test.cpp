#include "libemg/io/sweep_table.h"

#include <filesystem>
#include <fstream>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

struct Row {
  std::string site;
  double distance_mm = 0, zero_ms = 0;
  static constexpr auto fields() {
    return std::tuple{field("site", &Row::site, {}, ""), field("distance_mm", &Row::distance_mm, {}, ""),
                      field("zero_ms", &Row::zero_ms, {}, "")};
  }
};

Recording two_channels() {
  Recording r;
  r.rate_hz = 1000;
  r.samples = RowMatrix::Random(2, 200);
  r.channels.resize(2);
  r.channels[0].name = "a", r.channels[1].name = "b";
  return r;
}

}  // namespace

TEST_CASE("channels become sweeps by their table") {
  const auto r = two_channels();
  const auto set = sweeps_of_channels(r, to_table("s", "", std::vector<Row>{{"wrist", 70, 10}, {"elbow", 290, 10}}));
  CHECK(set.samples == r.samples);
  CHECK(set.zero_sample == 10);
  CHECK(set.sweeps[1].site == "elbow");
  CHECK(*set.sweeps[1].distance_mm == 290);
  CHECK_THROWS_WITH(sweeps_of_channels(r, to_table("s", "", std::vector<Row>{{"wrist", 70, 10}})),
                    ContainsSubstring("1 rows, the file 2 channels"));
  CHECK_THROWS_WITH(sweeps_of_channels(r, to_table("s", "", std::vector<Row>{{"wrist", 70, 10}, {"elbow", 290, 11}})),
                    ContainsSubstring("zero_ms 11 in row 2"));
}

TEST_CASE("a continuous record is cut at its stimuli") {
  auto r = two_channels();
  r.stimuli = {{0.05, "median", "R", "wrist", 20, 0.2}, {0.19, "median", "R", "wrist", 20, 0.2}, {0.12, "median", "R", "elbow", {}, {}}};
  const auto set = sweeps_of_stimuli(r, 10, 60);
  REQUIRE(set);
  CHECK(set->samples.rows() == 4);  // the second stimulus is too near the end
  CHECK(set->samples(2, 10) == r.samples(0, 120));
  CHECK(set->sweeps[2].site == "elbow");
  CHECK(set->zero_sample == 10);
  r.stimuli.clear();
  CHECK_FALSE(sweeps_of_stimuli(r));
}

TEST_CASE("a text file with a table beside it holds sweeps") {
  const auto folder = std::filesystem::temp_directory_path() / "emg_sweep_table_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "x.csv") << "time_s,one_uv,two_uv\n0,1,2\n0.001,3,4\n0.002,5,6\n0.003,7,8\n";
  std::ofstream(folder / "x_sweeps.tsv") << "nerve\tsite\tzero_ms\nmedian\twrist\t1\nmedian\telbow\t1\n";
  const auto set = sweeps_of_file(RecordingFile::open(folder / "x.csv"));
  REQUIRE(set);
  CHECK(set->rate_hz == 1000);
  CHECK(set->zero_sample == 1);
  CHECK(set->samples(1, 2) == 6);
  CHECK(set->sweeps[1].site == "elbow");
  std::filesystem::remove(folder / "x_sweeps.tsv");
  CHECK_FALSE(sweeps_of_file(RecordingFile::open(folder / "x.csv")));
  std::filesystem::remove_all(folder);
}
