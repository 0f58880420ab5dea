#include "libemg/io/edf.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/text.h"
#include "tests/io/io_support.h"

using namespace emg;
using namespace emg_test;

namespace {

EdfText two_records() {
  EdfText e;
  e.reserved = "";
  e.data = little({-32768, -1, 0, 32767, 1, 2, 3, 4});
  return e;
}

std::string open_refusal(const EdfText& e) {
  const TempFolder folder;
  return refusal([&] { read_recording(folder.file("a.edf", edf_bytes(e))); });
}

Recording opened(const EdfText& e) {
  const TempFolder folder;
  return read_recording(folder.file("a.edf", edf_bytes(e)));
}

bool warned(const std::vector<Warning>& warnings, const std::string& code) {
  return std::any_of(warnings.begin(), warnings.end(), [&](const Warning& w) { return w.code == code; });
}

Recording sine(Index channels, Index samples, double rate_hz) {
  Recording r;
  r.rate_hz = rate_hz;
  r.samples.resize(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    r.channels.emplace_back();
    r.channels.back().name = fmt::format("EMG {}", c + 1);
    for (Index i = 0; i < samples; ++i)
      r.samples(c, i) = 123.456 * std::sin(0.1 * static_cast<double>(i * (c + 1))) / static_cast<double>(c + 1);
  }
  return r;
}

Recording round_trip(const Recording& recording, const std::string& name, const WriteOptions& options = {}) {
  const TempFolder folder;
  write_recording(folder / name, recording, options);
  return read_recording(folder / name);
}

}  // namespace

TEST_CASE("counts become samples by the header's ranges, 16 and 24 bit") {
  auto e = two_records();
  auto r = opened(e);
  CHECK(r.samples(0, 0) == Approx(-3276.8));
  CHECK(r.samples(0, 3) == Approx(3276.7));
  CHECK(r.samples(0, 4) == Approx(0.1));
  CHECK(r.channels[0].adc_min == -32768);
  e.version = "bdf";
  e.signals[0] = {.label = "EMG 1", .pmin = "-8388608", .pmax = "8388607", .dmin = "-8388608", .dmax = "8388607"};
  e.data = little({-8388608, -1, 0, 8388607, 1, 2, 3, 4}, 3);
  r = opened(e);
  for (const auto& [i, v] : {std::pair{0, -8388608.0}, {1, -1.0}, {2, 0.0}, {3, 8388607.0}, {7, 4.0}}) CHECK(r.samples(0, i) == Approx(v));
}

TEST_CASE("units of voltage become microvolts; others stay; EMG without a voltage is refused unless a unit is given") {
  auto e = two_records();
  for (const auto& [unit, factor] : {std::pair{"mV", 1e3}, {"V", 1e6}, {"nV", 1e-3}, {"\xB5V", 1.0}, {"microV", 1.0}, {"UV", 1.0}}) {
    CAPTURE(unit);
    e.signals[0].dimension = unit;
    CHECK(opened(e).samples(0, 4) == Approx(0.1 * factor));
  }
  CHECK(warned(opened(e).warnings, "header_repaired"));
  e.signals[0].dimension = "";
  CHECK_THAT(open_refusal(e), ContainsSubstring("its unit \"\" is no voltage; give --units"));
  const TempFolder folder;
  const auto path = folder.file("a.edf", edf_bytes(e));
  ReadOptions options;
  options.units = "mV";
  CHECK(read_recording(path, options).samples(0, 4) == Approx(100));
  options.units = "count:0.5uV";
  CHECK(read_recording(path, options).samples(0, 4) == Approx(0.5));
  e.signals[0].dimension = "uV";
  options.units = "mV";
  CHECK(warned(read_recording(folder.file("b.edf", edf_bytes(e)), options).warnings, "unit_conflict"));
}

TEST_CASE("number fields as devices write them") {
  auto e = two_records();
  e.signals[0].pmin = "-3,2768";
  e.signals[0].pmax = "+3.2767";
  e.duration = "1e0";
  CHECK(opened(e).samples(0, 4) == Approx(1e-4));
  CHECK(warned(opened(e).warnings, "header_repaired"));
  e = two_records();
  e.records = std::string("2\0\0\0", 4);
  CHECK(opened(e).sample_count() == 8);
  e.header_bytes = "999";
  CHECK(warned(opened(e).warnings, "header_repaired"));
  e.records = "-1";
  CHECK(opened(e).sample_count() == 8);
}

TEST_CASE("short and long files: whole records, a warning, an error if strict") {
  auto e = two_records();
  e.records = "3";
  e.data += "ab";
  auto r = opened(e);
  CHECK(r.sample_count() == 8);
  CHECK(warned(r.warnings, "truncated"));
  const TempFolder folder;
  ReadOptions strict;
  strict.strict = true;
  CHECK_THAT(refusal([&] { read_recording(folder.file("a.edf", edf_bytes(e)), strict); }), ContainsSubstring("2 of 3 records, 2 bytes"));
  e.records = "1";
  r = opened(e);
  CHECK(r.sample_count() == 4);
  CHECK(warned(r.warnings, "trailing_bytes"));
}

TEST_CASE("ranges: reversed polarity is kept, an empty range is refused for that channel only") {
  auto e = two_records();
  std::swap(e.signals[0].pmin, e.signals[0].pmax);
  CHECK(opened(e).samples(0, 0) == Approx(3276.7));
  e = two_records();
  e.signals = {{.label = "EMG 1", .pmin = "5", .pmax = "5"}, {.label = "EMG 2"}};
  e.data += e.data;
  const TempFolder folder;
  const auto path = folder.file("a.edf", edf_bytes(e));
  CHECK_THAT(refusal([&] { read_recording(path); }), ContainsSubstring("channel EMG 1 at byte 464: physical range 5 to 5"));
  ReadOptions second;
  second.channels = {"EMG 2"};
  CHECK(read_recording(path, second).sample_count() == 8);
}

TEST_CASE("hostile headers are refused with the byte, before anything is allocated") {
  auto e = two_records();
  e.duration = "0";
  CHECK_THAT(open_refusal(e), ContainsSubstring("byte 244"));
  e = two_records();
  e.count = "-1";
  CHECK_THAT(open_refusal(e), ContainsSubstring("byte 252"));
  e.count = "9999";
  CHECK_THAT(open_refusal(e), ContainsSubstring("need a header of 2560000 bytes, the file has"));
  e = two_records();
  e.signals[0].samples = "-4";
  CHECK_THAT(open_refusal(e), ContainsSubstring("byte 472: -4 of channel EMG 1"));
  e.signals[0].samples = "99999999";
  CHECK(opened(e).sample_count() == 0);
  e.signals.assign(30, EdfSignalText{.samples = "99999999"});
  CHECK_THAT(open_refusal(e), ContainsSubstring("a record would have more than"));
  e = two_records();
  e.signals[0].samples = "0";
  CHECK_THAT(open_refusal(e), ContainsSubstring("a record has no bytes"));
  const TempFolder folder;
  CHECK_THAT(refusal([&] { read_recording(folder.file("a.edf", "0       x")); }), ContainsSubstring("the fixed header has 256"));
}

TEST_CASE("a shifted header is refused with the place of its date") {
  auto bytes = edf_bytes(two_records());
  bytes.erase(100, 2);
  const TempFolder folder;
  const auto message = refusal([&] { read_recording(folder.file("a.edf", bytes)); });
  CHECK_THAT(message, ContainsSubstring("at byte 252"));
  CHECK_THAT(message, ContainsSubstring("a date \"02.03.21\" stands at byte 166 instead of 168, the header is shifted"));
}

TEST_CASE("labels: duplicates are numbered, names tell kinds") {
  auto e = two_records();
  e.signals = {{.label = "EMG"}, {.label = "EMG"}, {.label = "ECG"}, {.label = "Status"}, {.label = "EEG Cz"}};
  e.data = little(std::vector<int>(40));
  const TempFolder folder;
  const auto file = RecordingFile::open(folder.file("a.edf", edf_bytes(e)));
  REQUIRE(file.streams().size() == 2);
  CHECK(file.streams()[0].channels[1].name == "EMG_2");
  CHECK(file.streams()[0].channels[2].kind == ChannelKind::ecg);
  CHECK(file.streams()[0].channels[3].kind == ChannelKind::other);
  CHECK(file.streams()[1].kind == ChannelKind::trigger);
  CHECK(warned(file.warnings(), "duplicate_label"));
}

TEST_CASE("time-stamped annotation lists: start below a second, durations, malformed lists skipped") {
  auto e = two_records();
  e.reserved = "EDF+C";
  e.signals.push_back({.label = "EDF Annotations", .samples = "30"});
  std::string first = std::string("+0.25\x14\x14\0", 8) +
                      std::string(
                          "+1.5\x15"
                          "0.5\x14go\x14stop\x14\0",
                          18) +
                      std::string("nonsense\0", 9);
  std::string second = std::string("+1.25\x14\x14\0", 8);
  first.resize(60, '\0');
  second.resize(60, '\0');
  e.data = little({1, 2, 3, 4}) + first + little({5, 6, 7, 8}) + second;
  const auto r = opened(e);
  CHECK(r.start_time == "2021-03-02T04:05:06.25+00:00");
  REQUIRE(r.annotations.size() == 2);
  CHECK(r.annotations[0].onset_s == 1.25);
  CHECK(r.annotations[0].duration_s == 0.5);
  CHECK(r.annotations[1].label == "stop");
  CHECK(warned(r.warnings, "annotation_malformed"));
  CHECK(r.samples(0, 5) == Approx(0.6));
}

TEST_CASE("records that overlap are refused") {
  EdfText e;
  e.reserved = "EDF+D";
  e.signals.push_back({.label = "EDF Annotations", .samples = "6"});
  for (const char* onset : {"+0", "+0.5"}) {
    auto list = std::string(onset) + "\x14\x14";
    list.resize(12, '\0');
    e.data += little({1, 2, 3, 4}) + list;
  }
  CHECK_THAT(open_refusal(e), ContainsSubstring("records overlap at record 1"));
}

TEST_CASE("computed signals come back within half a count, symmetric, zero stays zero") {
  auto r = sine(3, 5000, 2000);
  r.samples(1, 17) = 0;
  for (const char* name : {"a.edf", "a.bdf"}) {
    CAPTURE(name);
    const auto back = round_trip(r, name);
    REQUIRE(back.sample_count() == 5000);
    for (Index c = 0; c < 3; ++c) {
      const double count_uv = *back.channels[static_cast<std::size_t>(c)].count_uv;
      CHECK((back.samples.row(c) - r.samples.row(c)).cwiseAbs().maxCoeff() <= 0.5000001 * count_uv);
      CHECK(back.channels[static_cast<std::size_t>(c)].count_zero_uv == 0.0);
    }
    CHECK(back.samples(1, 17) == 0.0);
    CHECK(back.rate_hz == 2000);
  }
}

TEST_CASE("integer sources keep their counts") {
  const TempFolder folder;
  auto e = two_records();
  e.signals[0] = {.label = "EMG 1", .pmin = "-192", .pmax = "187.3", .dmin = "-2048", .dmax = "2047"};
  e.data = little({-2048, -1, 0, 2047, 1, 2, 3, 2100});
  const auto r = read_recording(folder.file("source.edf", edf_bytes(e)));
  for (const char* name : {"a.edf", "a.bdf"}) {
    CAPTURE(name);
    write_recording(folder / name, r);
    const auto back = read_recording(folder / name);
    CHECK(back.samples == r.samples);
    CHECK(back.channels[0].adc_min == -2048);
    CHECK(back.channels[0].adc_max == 2047);
  }
}

TEST_CASE("what does not fit the counts is refused unless clipped") {
  const TempFolder folder;
  auto r = read_recording(folder.file("source.edf", edf_bytes(two_records())));
  r.samples(0, 2) = 4000;
  CHECK_THAT(refusal([&] { write_recording(folder / "a.edf", r); }), ContainsSubstring("sample 2: 4000 lies outside"));
  CHECK_FALSE(fs::exists(folder / "a.edf"));
  WriteOptions clip;
  clip.clip = true;
  CHECK(round_trip(r, "a.edf", clip).samples(0, 2) == Approx(3276.7));
}

TEST_CASE("record lengths state the rate exactly; a padded end is removed again") {
  for (const double rate : {1000.0, 2048.0, 2441.40625, 24414.0625, 58000.0 / 27, 4000.0 / 3, 512.5}) {
    CAPTURE(rate);
    const auto r = sine(1, 5003, rate);
    const auto back = round_trip(r, "a.bdf");
    CHECK(back.rate_hz == Approx(rate).epsilon(1e-9));
    CHECK(back.sample_count() == 5003);
    CHECK(back.annotations.empty());
  }
  CHECK_THAT(refusal([&] { round_trip(sine(1, 10, 1.0000001234), "a.edf"); }), ContainsSubstring("rate_hz 1.0000001234"));
}

TEST_CASE("a rate that only a longer record states exactly gets one") {
  for (const double rate : {999.9, 1000.0, 2048.0, 2441.40625, 4000.0 / 30, 512.02}) {
    CAPTURE(rate);
    CHECK(round_trip(sine(1, 30011, rate), "a.edf").rate_hz == rate);
  }
  const TempFolder folder;
  write_recording(folder / "a.edf", sine(1, 30011, 999.9));
  const auto bytes = bytes_of(folder / "a.edf");
  CHECK(trimmed(bytes.substr(244, 8)) == "10");
  write_recording(folder / "b.edf", sine(1, 30011, 1000));
  CHECK(trimmed(bytes_of(folder / "b.edf").substr(244, 8)) == "1");
}

TEST_CASE("labels that the header cannot hold are told") {
  auto r = sine(3, 1000, 1000);
  r.channels[0].name = "EMG of a very long name";
  r.channels[1].name = "EMG \xC3\xA4";
  const TempFolder folder;
  const auto writer = open_writer(folder / "a.edf", r, 1000);
  writer->append(r.samples);
  writer->finish();
  const auto warnings = writer->warnings();
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].code == "label_changed");
  CHECK(warnings[0].channel == "EMG of a very long name");
  CHECK_THAT(warnings[0].message, ContainsSubstring("\"EMG of a very lo\""));
  CHECK_THAT(warnings[1].message, ContainsSubstring("\"EMG ?\""));
}

TEST_CASE("voltages that are left out beside EMG are named once") {
  const auto left_out = [](const Recording& r) {
    std::vector<std::string> messages;
    for (const auto& warning : r.warnings) {
      if (warning.code == "channels_left_out") messages.push_back(warning.message);
    }
    return messages;
  };
  EdfText e;
  e.signals = {{.label = "EMG 1"}, {.label = "ECG"}, {.label = "pulse"}, {.label = "force", .dimension = "N"}};
  e.records = "1";
  e.data = little(std::vector<int>(16, 1));
  const TempFolder folder;
  const auto path = folder.file("a.edf", edf_bytes(e));
  const std::vector<std::string> two{"voltages that are not EMG are left out: ECG, pulse; choose with --channels"};
  CHECK(left_out(read_recording(path)) == two);
  CHECK(left_out(RecordingFile::open(path).header()) == two);
  ReadOptions chosen;
  chosen.channels = {"EMG 1"};
  CHECK(left_out(read_recording(path, chosen)).empty());
  for (int i = 0; i < 9; ++i) e.signals.push_back({.label = fmt::format("EEG {}", i)});
  e.data = little(std::vector<int>(52, 1));
  const auto many = left_out(read_recording(folder.file("b.edf", edf_bytes(e))));
  REQUIRE(many.size() == 1);
  CHECK_THAT(many[0], ContainsSubstring("ECG, pulse, EEG 0, EEG 1, EEG 2, EEG 3, EEG 4, EEG 5 and 3 more"));
}

TEST_CASE("start, subject, filters, annotations and stimuli are kept") {
  auto r = sine(2, 4000, 2000);
  r.start_time = "2021-03-02T23:59:59.75+00:00";
  r.start_s = 0.5;
  r.subject.subject_id = "S 01";
  r.subject.sex = "F";
  r.channels[0].band_low_hz = 20;
  r.channels[0].band_high_hz = 450;
  r.annotations = {{0.25, 0.5, "hold \xC3\xA4"}, {1.0, std::nan(""), "rest"}};
  r.stimuli = {{1.5, "median", "L", "wrist", 12.5, std::nullopt}};
  const auto back = round_trip(r, "a.edf");
  CHECK(back.start_time == "2021-03-03T00:00:00.25+00:00");
  CHECK(back.subject.subject_id == "S_01");
  CHECK(back.subject.sex == "F");
  CHECK(back.channels[0].band_low_hz == 20.0);
  CHECK(back.channels[0].band_high_hz == 450.0);
  REQUIRE(back.annotations.size() == 3);
  CHECK(back.annotations[0].onset_s == Approx(0.25));
  CHECK(back.annotations[0].duration_s == 0.5);
  CHECK(back.annotations[0].label == "hold \xC3\xA4");
  CHECK(back.annotations[2].label == "stimulus median L wrist 12.5 mA");
  WriteOptions plain;
  plain.deidentify = true;
  const auto bare = round_trip(r, "a.edf", plain);
  CHECK(bare.start_time.empty());
  CHECK(bare.subject.subject_id.empty());
  CHECK(bare.annotations.size() == 1);
}

TEST_CASE("gaps of whole records are left out, others bridged and said") {
  auto r = sine(2, 6000, 1000);
  r.gaps = {{-1, 2000, 1000, "lost"}, {1, 4100, 50, "loose"}};
  bridge_gaps(r.samples, r.gaps);
  const TempFolder folder;
  write_recording(folder / "a.bdf", r);
  CHECK(bytes_of(folder / "a.bdf").substr(192, 5) == "BDF+D");
  const auto back = read_recording(folder / "a.bdf");
  REQUIRE(back.sample_count() == 6000);
  REQUIRE(back.gaps.size() == 2);
  CHECK(back.gaps[0].first_sample == 2000);
  CHECK(back.gaps[0].sample_count == 1000);
  CHECK(back.gaps[1].channel == 1);
  CHECK(back.gaps[1].first_sample == 4100);
  CHECK(back.gaps[1].sample_count == 50);
  CHECK((back.samples - r.samples).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("many annotations, long labels and many channels") {
  auto r = sine(3, 3000, 1000);
  r.channels[0].name = "a very long name of a channel";
  r.channels[1].name = "a very long name of another";
  for (int i = 0; i < 500; ++i) r.annotations.push_back({0.001 * i, std::nan(""), fmt::format("event {}", i)});
  const auto back = round_trip(r, "a.edf");
  REQUIRE(back.annotations.size() == 500);
  CHECK(back.annotations[499].label == "event 499");
  REQUIRE(back.channels.size() == 3);
  CHECK(back.channels[0].name != back.channels[1].name);
}

TEST_CASE("EDF and BDF of other programs: references") {
  struct Reference {
    const char* file;
    std::size_t streams;
    double sum;
  };
  for (const auto& [name, streams, sum] : {Reference{"format_edf_bdf/test_generator.edf", 1, 200546594},
                                           {"format_edf_bdf/test_generator.bdf", 5, -43085249394},
                                           {"format_edf_bdf/test_generator_datarec_generator_0_5.bdf", 5, -91432253018},
                                           {"format_edf_bdf/test_generator_datarec_generator_2.bdf", 5, -25343396537},
                                           {"format_edf_bdf/test_legacy.edf", 1, 200546594},
                                           {"format_edfio/mne_test.edf", 2, -6143260},
                                           {"format_edfio/mne_test.bdf", 2, -6143260},
                                           {"format_edfio/short_psg.edf", 2, 1035277},
                                           {"format_edfio/short_psg.bdf", 2, 1035277},
                                           {"format_edfio/test_subsecond.edf", 1, 56106},
                                           {"format_edf_bdf/test_utf8.edf", 1, 56106}}) {
    const auto path = shared_data(name);
    if (path.empty()) return;
    CAPTURE(name);
    const auto file = RecordingFile::open(path);
    CHECK(file.streams().size() == streams);
    double total = 0;
    for (std::size_t s = 0; s < file.streams().size(); ++s) {
      ReadOptions options;
      options.stream = std::to_string(s + 1);
      options.channels = {"*"};
      const auto r = read_recording(path, options);
      for (Index c = 0; c < r.channel_count(); ++c) {
        const auto& channel = r.channels[static_cast<std::size_t>(c)];
        for (const double x : r.view(c)) total += std::round((x - *channel.count_zero_uv) / *channel.count_uv);
      }
    }
    CHECK(total == sum);
  }
}

TEST_CASE("start below a second, annotations alone, shifted headers: real files") {
  const auto subsecond = shared_data("format_edf_bdf/test_subsecond.edf");
  if (subsecond.empty()) return;
  const auto r = read_recording(subsecond);
  CHECK(r.start_time == "2020-01-24T04:05:56.3945312+00:00");
  CHECK(r.annotations[0].onset_s == Approx(1.9511719).epsilon(1e-9));
  const auto hypnogram = RecordingFile::open(shared_data("format_edfio/SC4001EC-Hypnogram.edf"));
  CHECK(hypnogram.annotations().size() == 154);
  CHECK(hypnogram.streams().empty());
  CHECK_THROWS_AS(hypnogram.selected_stream(), FileError);
  const auto shifted = shared_data("bids_emg_examples/emg_Multimodal/sub-01/emg/sub-01_task-pullstand_emg.edf");
  try {
    RecordingFile::open(shifted);
    FAIL("a shifted header was read");
  } catch (const FileError& error) {
    CHECK(error.byte() == 252);
    CHECK_THAT(error.what(), ContainsSubstring("\"23.09.25\" stands at byte"));
  }
  CHECK(read_recording(shared_data("format_edf_bdf/test_generator.edf")).samples(0, 0) == Approx(99.99237048905165).epsilon(1e-15));
}
