#include "libemg/io/recording_file.h"

#include <sys/stat.h>

#include <cmath>

#include "libemg/core/error.h"
#include "tests/io/io_support.h"

using namespace emg;
using emg_test::edf_bytes;
using emg_test::EdfText;
using emg_test::little;
using emg_test::refusal;
using emg_test::TempFolder;

namespace {

// Two EMG channels and a force channel, 4 Hz, five records of 1 s; the record at 2 s is missing.
std::string three_channels() {
  EdfText e;
  e.reserved = "EDF+D";
  e.records = "4";
  e.signals = {{.label = "EMG a"}, {.label = "EMG b"}, {.label = "force", .dimension = "N"}, {.label = "EDF Annotations", .samples = "12"}};
  for (const int r : {0, 1, 3, 4}) {
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < 4; ++i) e.data += little({100 * c + 4 * r + i});
    }
    auto list = "+" + std::to_string(r) + "\x14\x14" + std::string(1, '\0');
    if (r == 3)
      list +=
          "+3.5\x15"
          "0.25\x14"
          "bang\x14" +
          std::string(1, '\0');
    list.resize(24, '\0');
    e.data += list;
  }
  return edf_bytes(e);
}

}  // namespace

TEST_CASE("streams, channels and kinds of a file") {
  const TempFolder folder;
  const auto path = folder.file("a.edf", three_channels());
  const auto file = RecordingFile::open(path);
  CHECK(file.format() == "edf+");
  REQUIRE(file.streams().size() == 2);
  CHECK(file.streams()[0].name == "emg");
  CHECK(file.streams()[1].name == "force");
  CHECK(file.streams()[1].channels[0].unit == "N");
  CHECK(file.selected_stream() == 0);
  CHECK(file.input_files() == std::vector{path});
  const auto recording = file.read();
  CHECK(recording.channel_count() == 2);
  CHECK(recording.sample_count() == 20);
  CHECK(recording.rate_hz == 4);
  CHECK(recording.start_time == "2021-03-02T04:05:06+00:00");
}

TEST_CASE("a gap is a straight line between its neighbours, in every window and block") {
  const TempFolder folder;
  const auto path = folder.file("a.edf", three_channels());
  const auto whole = read_recording(path);
  REQUIRE(whole.gaps.size() == 1);
  CHECK(whole.gaps[0].channel == -1);
  CHECK(whole.gaps[0].first_sample == 8);
  CHECK(whole.gaps[0].sample_count == 4);
  // Neighbours are counts 7 and 12: the line between them meets the missing counts.
  for (int i = 0; i < 20; ++i) CHECK(whole.samples(0, i) == Approx(0.1 * i).margin(1e-9));
  for (Index length : {1, 3, 7}) {
    const auto file = RecordingFile::open(path);
    RowMatrix block;
    for (Index first = 0; first < 20; first += length) {
      block.resize(2, std::min<Index>(length, 20 - first));
      file.read_block(first, block);
      CHECK(block == whole.samples.middleCols(first, block.cols()));
    }
  }
  ReadOptions window;
  window.start_s = 2.25;
  window.stop_s = 4;
  const auto part = read_recording(path, window);
  CHECK(part.samples == whole.samples.middleCols(9, 7));
  CHECK(part.start_s == 2.25);
  REQUIRE(part.gaps.size() == 1);
  CHECK(part.gaps[0].first_sample == 0);
  CHECK(part.gaps[0].sample_count == 3);
  REQUIRE(part.annotations.size() == 1);
  CHECK(part.annotations[0].onset_s == 1.25);
  window.missing = MissingPolicy::error;
  CHECK_THAT(refusal([&] { read_recording(path, window); }), ContainsSubstring("missing at sample 9"));
}

TEST_CASE("blocks put together are the whole") {
  const TempFolder folder;
  const auto file = RecordingFile::open(folder.file("a.edf", three_channels()));
  Index seen = 0;
  file.for_each_block([&](const ChannelsView& block) { seen += block.cols(); });
  CHECK(seen == file.sample_count());
  CHECK(file.block_samples() == 524288);
}

TEST_CASE("channels are chosen by name, number, range and pattern") {
  const TempFolder folder;
  const auto path = folder.file("a.edf", three_channels());
  const auto names = [&](std::vector<std::string> words) {
    ReadOptions options;
    options.channels = std::move(words);
    std::string out;
    for (const auto& channel : RecordingFile::open(path, options).header().channels) out += channel.name + ";";
    return out;
  };
  CHECK(names({"EMG b"}) == "EMG b;");
  CHECK(names({"2", "1"}) == "EMG b;EMG a;");
  CHECK(names({"1-2", "EMG a"}) == "EMG a;EMG b;");
  CHECK(names({"EMG*"}) == "EMG a;EMG b;");
  CHECK_THAT(refusal([&] { names({"EMG c"}); }), ContainsSubstring("no channel \"EMG c\""));
  CHECK_THAT(refusal([&] { names({"3"}); }), ContainsSubstring("channels 3 is outside [1, 2]"));
  CHECK_THAT(refusal([&] { names({"x*"}); }), ContainsSubstring("no channel"));
  ReadOptions force;
  force.stream = "force";
  CHECK(read_recording(path, force).samples(0, 1) == Approx(20.1));
  force.stream = "torque";
  CHECK_THAT(refusal([&] { read_recording(path, force); }), ContainsSubstring("stream \"torque\" is none of emg"));
}

TEST_CASE("windows and sizes out of range are refused") {
  const TempFolder folder;
  const auto path = folder.file("a.edf", three_channels());
  ReadOptions options;
  options.start_s = 6;
  CHECK_THAT(refusal([&] { read_recording(path, options); }), ContainsSubstring("start_s 6 is outside [0, 5] s"));
  options.start_s = 3;
  options.stop_s = 2;
  CHECK_THAT(refusal([&] { read_recording(path, options); }), ContainsSubstring("stop_s 2 is before start_s 3"));
  const auto file = RecordingFile::open(path);
  RowMatrix wrong(1, 3), beyond(2, 21);
  CHECK_THROWS_AS(file.read_block(0, wrong), InvalidArgument);
  CHECK_THROWS_AS(file.read_block(0, beyond), InvalidArgument);
  ReadOptions bad;
  bad.max_memory_gb = 0;
  CHECK_THROWS_AS(RecordingFile::open(path, bad), InvalidArgument);
}

TEST_CASE("a rate below 200 Hz is warned") {
  const TempFolder folder;
  const auto recording = read_recording(folder.file("a.edf", three_channels()));
  CHECK(std::any_of(recording.warnings.begin(), recording.warnings.end(), [](const Warning& w) { return w.code == "rate_low"; }));
}

TEST_CASE("what is no recording is refused with its first bytes") {
  const TempFolder folder;
  CHECK_THAT(refusal([&] { RecordingFile::open(folder / "none"); }), ContainsSubstring("does not exist"));
  CHECK_THAT(refusal([&] { RecordingFile::open(folder.path()); }), ContainsSubstring("is a folder"));
  CHECK_THAT(refusal([&] { RecordingFile::open(folder.file("empty", "")); }), ContainsSubstring("is empty"));
  REQUIRE(::mkfifo((folder / "pipe.edf").c_str(), 0600) == 0);
  CHECK_THAT(refusal([&] { RecordingFile::open(folder / "pipe.edf"); }), ContainsSubstring("is not a regular file"));
  CHECK_THAT(refusal([&] { RecordingFile::open("/dev/null"); }), ContainsSubstring("is not a regular file"));
  REQUIRE(::mkfifo((folder / "n.dat").c_str(), 0600) == 0);
  const auto header = folder.file("n.hea", "n 1 1000 2\nn.dat 16 1000/mV 16 0 1 3 0 EMG\n");
  CHECK_THAT(refusal([&] { read_recording(header); }), ContainsSubstring("n.dat: is not a regular file"));
  CHECK_THAT(refusal([&] { RecordingFile::open(folder.file("x.smr", std::string("\1\0\2", 3))); }),
             ContainsSubstring("first bytes 01 00 02); read it with the Neo package"));
}
