#include "libemg/io/nwb.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/io/io_support.h"
#include "tests/io/nwb_sample.h"

using namespace emg;
using emg_test::bytes_of;
using emg_test::refusal;
using emg_test::sample_contents;
using emg_test::sample_recording;
using emg_test::TempFolder;

TEST_CASE("the same contents, identifier and creation time give the same bytes") {
  const TempFolder folder;
  WriteOptions options;
  options.created = "2021-03-02T04:05:06+00:00";
  const auto recording = sample_recording(20, 5000);
  write_nwb(folder / "a.nwb", recording, sample_contents(recording), options, "abc");
  write_nwb(folder / "b.nwb", recording, sample_contents(recording), options, "abc");
  CHECK(bytes_of(folder / "a.nwb") == bytes_of(folder / "b.nwb"));
  write_nwb(folder / "c.nwb", recording, sample_contents(recording), options, "abd");
  CHECK(bytes_of(folder / "a.nwb") != bytes_of(folder / "c.nwb"));
}

TEST_CASE("blocks of any length give the bytes of the whole") {
  const TempFolder folder;
  auto recording = sample_recording(3, 9000);
  write_nwb(folder / "whole.nwb", recording, {}, {}, "abc");
  for (const Index length : {1, 7, 4096}) {
    NwbWriter writer(folder / "blocks.nwb", recording, recording.sample_count(), {}, "abc");
    for (Index first = 0; first < recording.sample_count(); first += length) {
      writer.append(recording.samples.middleCols(first, std::min(length, recording.sample_count() - first)));
    }
    writer.finish();
    CHECK(bytes_of(folder / "blocks.nwb") == bytes_of(folder / "whole.nwb"));
  }
}

TEST_CASE("an unfinished or refused file leaves nothing behind") {
  const TempFolder folder;
  const auto recording = sample_recording(2, 100);
  {
    NwbWriter writer(folder / "a.nwb", recording, 100);
    writer.append(recording.samples.leftCols(50));
    CHECK_THAT(refusal([&] { writer.finish(); }), ContainsSubstring("50 samples appended, 100 announced"));
    CHECK_THAT(refusal([&] { writer.append(recording.samples); }), ContainsSubstring("150 samples appended, 100 announced"));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  auto broken = recording;
  broken.samples(1, 7) = std::nan("");
  CHECK_THAT(refusal([&] { write_nwb(folder / "a.nwb", broken, {}); }), ContainsSubstring("channel 1, sample 7 is not finite"));
  auto silent = recording;
  silent.rate_hz = 0;
  CHECK_THAT(refusal([&] { write_nwb(folder / "a.nwb", silent, {}); }), ContainsSubstring("rate_hz 0"));
  CHECK(std::filesystem::is_empty(folder.path()));
}
