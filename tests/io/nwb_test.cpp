#include "libemg/io/nwb.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"
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

TEST_CASE("our own files give back everything, and writing it again gives the same bytes") {
  const TempFolder folder;
  WriteOptions options;
  options.created = "2024-03-02T04:05:06+00:00";
  auto recording = sample_recording(20, 5000);
  recording.start_s = 1.5;
  recording.gaps = {{-1, 100, 50, "lost"}, {1, 3000, 10, "lost"}};
  bridge_gaps(recording.samples, recording.gaps);
  recording.channels[2].count_uv = 0.195;  // no round number in volts
  recording.samples.row(2) *= 0.195 / 0.5;
  for (Index i = 0; i < 5000; ++i) recording.samples(2, i) = std::round(recording.samples(2, i) / 0.195) * 0.195;
  bridge_gaps(recording.samples, recording.gaps);
  const auto contents = sample_contents(recording);
  write_nwb(folder / "a.nwb", recording, contents, options, "abc");

  const auto file = RecordingFile::open(folder / "a.nwb");
  CHECK(file.format() == "nwb");
  REQUIRE(file.streams().size() == 2);
  const auto back = file.read();
  CHECK(back.samples == recording.samples);
  CHECK(back.rate_hz == recording.rate_hz);
  CHECK(back.start_time == recording.start_time);
  CHECK(back.start_s == recording.start_s);
  CHECK(back.description == recording.description);
  CHECK(back.subject.subject_id == "S01");
  CHECK(back.subject.sex == "F");
  CHECK(back.subject.age_years == 45.5);
  CHECK(back.subject.description == recording.subject.description);
  REQUIRE(back.channels.size() == recording.channels.size());
  for (std::size_t c = 0; c < back.channels.size(); ++c) {
    const auto &a = back.channels[c], &b = recording.channels[c];
    CHECK(a.name == b.name);
    CHECK(a.muscle == b.muscle);
    CHECK(a.side == b.side);
    CHECK(a.electrode_kind == b.electrode_kind);
    CHECK(a.group == b.group);
    CHECK(a.reference == b.reference);
    CHECK(a.status == b.status);
    CHECK(a.x_mm == b.x_mm);
    CHECK(a.y_mm == b.y_mm);
    CHECK_FALSE(a.z_mm.has_value());
    CHECK(a.interelectrode_mm == b.interelectrode_mm);
    CHECK(a.band_low_hz == b.band_low_hz);
    CHECK(a.band_high_hz == b.band_high_hz);
    CHECK(a.count_uv == b.count_uv);
    CHECK(a.count_zero_uv == b.count_zero_uv);
    CHECK(a.adc_min == b.adc_min);
    CHECK(a.adc_max == b.adc_max);
    CHECK(a.kind == ChannelKind::emg);
  }
  REQUIRE(back.gaps.size() == 2);
  const auto own = std::find_if(back.gaps.begin(), back.gaps.end(), [](const Gap& g) { return g.channel == 1; });
  REQUIRE(own != back.gaps.end());
  CHECK(own->first_sample == 3000);
  CHECK(own->sample_count == 10);
  CHECK(own->reason == "lost");
  REQUIRE(back.annotations.size() == 2);
  CHECK(back.annotations[1].onset_s == Approx(1.25));
  CHECK(back.annotations[1].duration_s == 0.5);
  CHECK(std::isnan(back.annotations[0].duration_s));
  CHECK(back.annotations[0].label == "start of contraction");
  REQUIRE(back.stimuli.size() == 2);
  CHECK(back.stimuli[0].nerve == "peroneal");
  CHECK(back.stimuli[0].intensity_ma == 12.5);
  CHECK_FALSE(back.stimuli[1].intensity_ma.has_value());
  REQUIRE(back.provenance.size() == 3);
  CHECK(back.provenance[2].value == "[\"a\",\"b\"]");

  const auto results = read_nwb_contents(folder / "a.nwb");
  REQUIRE(results.sweeps);
  CHECK(results.sweeps->samples.isApprox(contents.sweeps->samples, 1e-7));
  CHECK(results.sweeps->zero_sample == 2);
  CHECK(results.sweeps->sweeps[1].annotation == "last");
  REQUIRE(results.units.size() == 2);
  CHECK(results.units[0].unit_id == 3);
  CHECK(results.units[0].discharges.sample == contents.units[0].discharges.sample);
  CHECK(results.units[0].discharges.offset_samples.empty());
  CHECK(results.units[0].waveform.isApprox(contents.units[0].waveform, 1e-7));
  CHECK(results.units[0].waveform_zero == 2);
  CHECK(results.units[1].discharges.sample.empty());
  CHECK(results.units[1].waveform.size() == 0);
  CHECK(results.units[1].status == "doubtful");
  CHECK(results.truth_units.size() == 1);
  REQUIRE(results.auxiliary.size() == 1);
  CHECK(results.auxiliary[0].channels[0].kind == ChannelKind::force);
  CHECK(results.auxiliary[0].channels[0].unit == "N");
  CHECK(results.auxiliary[0].samples == contents.auxiliary[0].samples);

  auto again = contents;
  again.sweeps = results.sweeps;
  again.units = results.units;
  again.truth_units = results.truth_units;
  again.auxiliary = results.auxiliary;
  write_nwb(folder / "b.nwb", back, again, options, "abc");
  CHECK(bytes_of(folder / "a.nwb") == bytes_of(folder / "b.nwb"));
}

TEST_CASE("a file of sweeps alone says so when its signal is asked for") {
  const TempFolder folder;
  const auto recording = sample_recording(2, 100);
  NwbContents contents;
  contents.sweeps = sample_contents(recording).sweeps;
  contents.signal = false;
  write_nwb(folder / "a.nwb", recording, contents);
  const auto file = RecordingFile::open(folder / "a.nwb");
  REQUIRE(file.sweeps());
  CHECK_THROWS_AS(file.selected_stream(), FileError);
  const std::string why = "a.nwb: holds 2 sweeps, no continuous signal";
  CHECK_THAT(refusal([&] { file.read(); }), ContainsSubstring(why));
  CHECK_THAT(refusal([&] { file.header(); }), ContainsSubstring(why));
  CHECK_THAT(refusal([&] { file.sample_count(); }), ContainsSubstring(why));
  CHECK_THAT(refusal([&] { file.for_each_block([](const ChannelsView&) {}); }), ContainsSubstring(why));
}

TEST_CASE("tables and arrays come back as tables") {
  const TempFolder folder;
  const auto recording = sample_recording(2, 100);
  write_nwb(folder / "a.nwb", recording, sample_contents(recording));
  const auto tables = RecordingFile::open(folder / "a.nwb").tables();
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.name == name; });
    REQUIRE(found != tables.end());
    return *found;
  };
  const auto table = find("onset_detection");
  CHECK(table.text == "onsets");
  REQUIRE(table.columns.size() == 5);  // the column without a number is left out
  CHECK(std::get<std::vector<std::string>>(table.find("channel")->values) == std::vector<std::string>{"EMG 1", "EMG 2", ""});
  CHECK(std::get<std::vector<std::int64_t>>(table.find("sample")->values)[2] == 4000000000);
  CHECK(std::get<std::vector<double>>(table.find("amplitude_uv")->values)[2] == -3);
  CHECK(table.find("amplitude_uv")->unit == "uV");
  CHECK(std::get<std::vector<std::uint8_t>>(table.find("accepted")->values) == std::vector<std::uint8_t>{1, 0, 1});
  CHECK(table.find("waveform_uv")->width == 2);
  CHECK(find("onset_detection_2").row_count() == 3);
  const auto welch = find("welch");
  CHECK(welch.row_count() == 3);
  CHECK(std::get<std::vector<double>>(welch.find("psd_uv2_per_hz")->values) == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(find("welch_facts").row_count() == 1);
  const auto spectrogram = find("spectrogram");
  CHECK(spectrogram.row_count() == 2);
  CHECK(spectrogram.find("psd_uv2_per_hz")->width == 6);
  // [channel, frequency, time] becomes [time, frequency, channel].
  CHECK(std::get<std::vector<double>>(spectrogram.find("psd_uv2_per_hz")->values) ==
        std::vector<double>{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11});
  CHECK(find("spectrogram_frequency_hz").row_count() == 3);
  CHECK(find("provenance").row_count() == 3);
  CHECK(std::none_of(tables.begin(), tables.end(), [](const Table& t) { return t.name == "empty"; }));
}

TEST_CASE("windows, channel choices and single samples equal the whole") {
  const TempFolder folder;
  const auto recording = sample_recording(20, 9000);
  for (const bool fast : {false, true}) {
    WriteOptions write;
    write.fast = fast;
    write_nwb(folder / "a.nwb", recording, {}, write);
    ReadOptions options;
    options.channels = {"18", "2", "EMG 17"};
    options.start_s = 4000.0 / 2048;
    const auto file = RecordingFile::open(folder / "a.nwb", options);
    const auto part = file.read();
    REQUIRE(part.samples.cols() == 5000);
    CHECK(part.samples.row(0) == recording.samples.row(17).tail(5000));
    CHECK(part.samples.row(1) == recording.samples.row(1).tail(5000));
    CHECK(part.samples.row(2) == recording.samples.row(16).tail(5000));
    RowMatrix one(3, 1);
    file.read_block(4096 - 4000 + 4095, one);
    CHECK(one(0, 0) == recording.samples(17, 4096 + 4095));
  }
}

TEST_CASE("computed signals are float volts, whatever the header says") {
  const TempFolder folder;
  auto recording = sample_recording(2, 3000);
  recording.samples *= 1.0 / 3;  // no whole counts any more
  write_nwb(folder / "a.nwb", recording, {});
  const auto back = read_recording(folder / "a.nwb");
  CHECK((back.samples - recording.samples).cwiseAbs().maxCoeff() <= 6e-8 * recording.samples.cwiseAbs().maxCoeff());
  CHECK_FALSE(back.channels[0].count_uv.has_value());
  WriteOptions options;
  options.dtype = SampleType::float64;
  write_nwb(folder / "a.nwb", recording, {}, options);
  CHECK(read_recording(folder / "a.nwb").samples == recording.samples);
  options.dtype = SampleType::int16;
  write_nwb(folder / "a.nwb", recording, {}, options);
  const double step = recording.samples.cwiseAbs().maxCoeff() / 32767;
  CHECK((read_recording(folder / "a.nwb").samples - recording.samples).cwiseAbs().maxCoeff() <= 0.5001 * step);
  // Block by block nobody knows the largest sample, and nothing may be rounded without a word.
  NwbWriter writer(folder / "b.nwb", recording, recording.sample_count());
  CHECK_THAT(refusal([&] { writer.append(recording.samples); }), ContainsSubstring("is no whole count of 0.5 uV"));
}

TEST_CASE("counts outside the type are refused or clipped") {
  const TempFolder folder;
  auto recording = sample_recording(1, 100);
  recording.samples(0, 7) = 40000 * 0.5;
  CHECK_THAT(refusal([&] { write_nwb(folder / "a.nwb", recording, {}); }),
             ContainsSubstring("channel EMG 1, sample 7: count 40000 is outside [-32768, 32767]"));
  WriteOptions options;
  options.clip = true;
  write_nwb(folder / "a.nwb", recording, {}, options);
  CHECK(read_recording(folder / "a.nwb").samples(0, 7) == 32767 * 0.5);
}

TEST_CASE("a person can be left out, and an unknown start stays unknown") {
  const TempFolder folder;
  const auto recording = sample_recording(1, 100);
  WriteOptions options;
  options.deidentify = true;
  write_nwb(folder / "a.nwb", recording, {}, options);
  const auto back = read_recording(folder / "a.nwb");
  CHECK(back.subject.subject_id.empty());
  CHECK(back.subject.sex.empty());
  CHECK_FALSE(back.subject.age_years.value_or(0) > 0);
  CHECK(back.start_time.empty());
  CHECK(back.description.empty());
  CHECK(bytes_of(folder / "a.nwb").find("S01") == std::string::npos);
  auto old = recording;
  old.subject.age_years = 95;
  write_nwb(folder / "a.nwb", old, {});
  CHECK(read_recording(folder / "a.nwb").subject.age_years == 90);
}

TEST_CASE("channels that are no voltage become series of their own") {
  const TempFolder folder;
  auto recording = sample_recording(2, 100);
  recording.channels[1].unit = "N";
  recording.channels[1].kind = ChannelKind::force;
  recording.channels[1].name = "EMG";  // the name of the electrical series
  write_nwb(folder / "a.nwb", recording, {});
  const auto file = RecordingFile::open(folder / "a.nwb");
  REQUIRE(file.streams().size() == 2);
  CHECK(file.read().channel_count() == 1);
  ReadOptions options;
  options.stream = "EMG_2";
  const auto force = read_recording(folder / "a.nwb", options);
  CHECK(force.channels[0].name == "EMG");
  CHECK(force.channels[0].unit == "N");
  CHECK((force.samples - recording.samples.row(1)).cwiseAbs().maxCoeff() < 1e-4);
}
