#include "libemg/io/wfdb.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"
#include "tests/io/io_support.h"

using namespace emg;
using namespace emg_test;

namespace {

// `values` in a format; one signal.
std::string encoded(int format, const std::vector<int>& values) {
  std::string out;
  int before = 0;
  const auto byte = [&](int v) { out += static_cast<char>(v & 0xFF); };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int v = values[i];
    switch (format) {
      case 8:
        byte(v - before), before = v;
        break;
      case 80:
        byte(v + 128);
        break;
      case 16:
        byte(v), byte(v >> 8);
        break;
      case 61:
        byte(v >> 8), byte(v);
        break;
      case 160:
        byte(v + 32768), byte((v + 32768) >> 8);
        break;
      case 24:
        byte(v), byte(v >> 8), byte(v >> 16);
        break;
      case 32:
        byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24);
        break;
      default:
        if (i % 2 == 1) break;
        const int next = i + 1 < values.size() ? values[i + 1] : 0;
        byte(v), byte((v >> 8 & 0x0F) | (next >> 4 & 0xF0)), byte(next);
    }
  }
  return out;
}

int sum16(const std::vector<int>& values) {
  unsigned sum = 0;
  for (const int v : values) sum += static_cast<unsigned>(v);
  return static_cast<std::int16_t>(sum);
}

std::vector<int> some_values(int largest) {
  std::vector<int> values;
  for (int i = 0; i < 9001; ++i) values.push_back(static_cast<int>(std::lround(largest * std::sin(0.01 * i))));
  return values;
}

}  // namespace

TEST_CASE("every sample format reads back equal, whole and in windows") {
  const TempFolder folder;
  for (const int format : {8, 16, 61, 24, 32, 80, 160, 212}) {
    CAPTURE(format);
    const auto values = some_values(format == 8 || format == 80 ? 90 : 2000);
    folder.file("r.dat", encoded(format, values));
    folder.file("r.hea", fmt::format("r 1 4000 {}\r\n# a comment\r\n\r\nr.dat {} 1000(5)/mV 16 0 {} {} 0 EMG ta\r\n", values.size(), format,
                                     values[0], sum16(values)));
    const auto r = read_recording(folder / "r.hea");
    REQUIRE(r.sample_count() == 9001);
    CHECK(r.rate_hz == 4000);
    CHECK(r.channels[0].name == "EMG ta");
    bool equal = true;
    for (int i = 0; i < 9001; ++i) equal = equal && std::abs(r.samples(0, i) - (values[static_cast<std::size_t>(i)] - 5)) < 1e-9;
    CHECK(equal);
    CHECK(r.warnings.empty());
    ReadOptions window;
    window.start_s = 4097 / 4000.0;
    window.stop_s = 8200 / 4000.0;
    CHECK(read_recording(folder / "r.hea", window).samples == r.samples.middleCols(4097, 8200 - 4097));
    CHECK(read_recording(folder / "r.dat").samples == r.samples);
  }
}

TEST_CASE("data in the other byte order are refused by their sum, one wrong number is warned") {
  const TempFolder folder;
  const auto values = some_values(2000);
  folder.file("r.dat", encoded(61, {500, 1000, -20, 7}));
  folder.file("r.hea", "r 1 4000 4\nr.dat 16 1000/mV 16 0 500 1487 0 EMG\n");
  const auto message = refusal([&] { read_recording(folder / "r.hea"); });
  CHECK_THAT(message, ContainsSubstring("first value -3071 and sum"));
  CHECK_THAT(message, ContainsSubstring("the header says 500 and 1487; the data are format 61 instead of 16"));
  folder.file("r.hea", "r 1 4000 4\nr.dat 61 1000/mV 16 0 500 1488 0 EMG\n");
  CHECK(read_recording(folder / "r.hea").warnings.at(0).code == "checksum_mismatch");
  folder.file("r.hea", "r 1 4000 4\nr.dat 61 1000/mV 16 0 500 0 0 EMG\n");
  CHECK(read_recording(folder / "r.hea").warnings.empty());
}

TEST_CASE("missing samples, skew, several signals, frames of several samples") {
  const TempFolder folder;
  folder.file("r.dat", encoded(16, {1, 10, 11, 2, 20, 21, -32768, 30, 31, 4, 40, 41}));
  folder.file("r.hea", "r 2 1000 4\nr.dat 16 1000/mV 16 0 1 0 0 EMG a\nr.dat 16x2 1000/mV 16 0 10 0 0 EMG b\n");
  const auto file = RecordingFile::open(folder / "r.hea");
  REQUIRE(file.streams().size() == 2);
  CHECK(file.streams()[1].rate_hz == 2000);
  CHECK(file.streams()[1].sample_count == 8);
  ReadOptions first;
  first.stream = "1";
  const auto r = read_recording(folder / "r.hea", first);
  REQUIRE(r.gaps.size() == 1);
  CHECK(r.gaps[0].first_sample == 2);
  CHECK(r.samples(0, 2) == Approx(3));
  folder.file("r.hea", "r 2 1000 4\nr.dat 16:1 1000/mV 16 0 1 0 0 EMG a\nr.dat 16x2 1000/mV 16 0 10 0 0 EMG b\n");
  const auto skewed = read_recording(folder / "r.hea", first);
  CHECK(skewed.samples(0, 0) == Approx(2));
  CHECK(std::any_of(skewed.gaps.begin(), skewed.gaps.end(), [](const Gap& g) { return g.first_sample == 3 && g.sample_count == 1; }));
}

TEST_CASE("segments are joined, segments without data are gaps") {
  const TempFolder folder;
  folder.file("s1.dat", encoded(16, {1, 2, 3}));
  folder.file("s1.hea", "s1 1 1000 3\ns1.dat 16 1000/mV 16 0 1 6 0 EMG\n");
  folder.file("s2.dat", encoded(16, {7, 8}));
  folder.file("s2.hea", "s2 1 1000 2\ns2.dat 16 1000/mV 16 0 7 15 0 EMG\n");
  folder.file("r.hea", "r/3 1 1000 8\ns1 3\n~ 3\ns2 2\n");
  const auto r = read_recording(folder / "r.hea");
  REQUIRE(r.sample_count() == 8);
  for (int i = 0; i < 8; ++i) CHECK(r.samples(0, i) == Approx(i + 1));
  REQUIRE(r.gaps.size() == 1);
  CHECK(r.gaps[0].first_sample == 3);
  CHECK(r.gaps[0].sample_count == 3);
}

TEST_CASE("annotations in MIT form") {
  const TempFolder folder;
  folder.file("r.dat", encoded(16, {1, 2, 3, 4}));
  folder.file("r.hea", "r 1 1000 4 10:20:30.5 02/03/2021\nr.dat 16 1000/mV 16 0 1 10 0 EMG\n");
  const auto word = [](int code, int value) { return little({code << 10 | value}); };
  folder.file("r.atr", word(1, 100) + word(22, 50) + word(63, 5) + std::string("start\0", 6) + word(59, 0) + little({1, 0}) + word(5, 10) +
                           little({0}));
  const auto r = read_recording(folder / "r.hea");
  CHECK(r.start_time == "2021-03-02T10:20:30.5+00:00");
  REQUIRE(r.annotations.size() == 3);
  CHECK(r.annotations[0].label == "N");
  CHECK(r.annotations[0].onset_s == 0.1);
  CHECK(r.annotations[1].label == "start");
  CHECK(r.annotations[1].onset_s == 0.15);
  CHECK(r.annotations[2].onset_s == Approx((150 + 65536 + 10) / 1000.0));
}

TEST_CASE("silent and hostile headers are refused by line") {
  const TempFolder folder;
  folder.file("r.dat", encoded(16, {1, 2, 3, 4}));
  const auto refused = [&](const std::string& header, const ReadOptions& options = {}) {
    folder.file("r.hea", header);
    return refusal([&] { read_recording(folder / "r.hea", options); });
  };
  CHECK_THAT(refused("r 1\nr.dat 16 1000/mV\n"), ContainsSubstring("no sampling rate; give --rate-hz"));
  CHECK_THAT(refused("r 1 1000\nr.dat 16 0/mV\n"), ContainsSubstring("line 2: signal signal 1 has no gain; give --units count:STEP"));
  ReadOptions counts;
  counts.units = "count:2uV";
  folder.file("r.hea", "r 1 1000\nr.dat 16\n");
  CHECK(read_recording(folder / "r.hea", counts).samples(0, 1) == 4);
  CHECK_THAT(refused("r 1 1000\nr.dat 516 1000\n"), ContainsSubstring("format 516 (FLAC) is not read"));
  CHECK_THAT(refused("r 1 1000\nr.dat 17 1000\n"), ContainsSubstring("format 17 is none of"));
  CHECK_THAT(refused("r 99999999 1000\n"), ContainsSubstring("number of signals \"99999999\""));
  CHECK_THAT(refused("r 2 1000\nr.dat 16 1000\n"), ContainsSubstring("1 of 2 signal lines"));
  CHECK_THAT(refused("r 1 1000\n../r.dat 16 1000\n"), ContainsSubstring("not a name in the same folder"));
  CHECK_THAT(refused("r 1 -5\nr.dat 16 1000\n"), ContainsSubstring("line 1: rate"));
  CHECK_THAT(refused("r 1 1000 99999999999999999999\nr.dat 16 1000\n"), ContainsSubstring("number of samples"));
  CHECK_THAT(refused("r 1 1000\nnone.dat 16 1000\n"), ContainsSubstring("cannot be read"));
  folder.file("r.hea", "r 1 1000 50\nr.dat 16 1000/mV\n");
  const auto r = read_recording(folder / "r.hea");
  CHECK(r.sample_count() == 4);
  CHECK(r.warnings.at(0).code == "truncated");
}

TEST_CASE("needle recordings: references") {
  struct Reference {
    const char* name;
    double first_uv;
    Index count;
  };
  for (const auto& [name, first_uv, count] : {Reference{"healthy", -33.3, 50860}, {"myopathy", -5, 110337}, {"neuropathy", 90, 147858}}) {
    const auto path = shared_data(fmt::format("physionet_emgdb/emg_{}.hea", name));
    if (path.empty()) return;
    CAPTURE(name);
    const auto r = read_recording(path);
    CHECK(r.rate_hz == 4000);
    CHECK(r.sample_count() == count);
    CHECK(r.samples(0, 0) == Approx(first_uv));
    CHECK(r.channels[0].kind == ChannelKind::emg);
    CHECK(std::none_of(r.warnings.begin(), r.warnings.end(), [](const Warning& w) { return w.code == "checksum_mismatch"; }));
  }
}
