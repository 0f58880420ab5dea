#pragma once
// A recording with something in every field, and results of every kind.

#include <cmath>
#include <memory>

#include "libemg/io/nwb.h"

namespace emg_test {

/// Whole counts of 0.5 uV; channels differ in everything that a channel has.
inline emg::Recording sample_recording(emg::Index channel_count, emg::Index sample_count, double rate_hz = 2048) {
  using namespace emg;
  Recording r;
  r.rate_hz = rate_hz;
  r.start_time = "2021-03-02T04:05:06.25+01:00";
  r.description = "made for a test";
  r.subject = {"S01", "F", 45.5, "healthy volunteer"};
  r.samples.resize(channel_count, sample_count);
  for (Index c = 0; c < channel_count; ++c) {
    Channel channel;
    channel.name = "EMG " + std::to_string(c + 1);
    channel.muscle = "tibialis anterior";
    channel.side = c % 2 ? "L" : "R";
    channel.electrode_kind = "grid";
    channel.group = "grid1";
    channel.reference = "ankle";
    channel.x_mm = 8.0 * static_cast<double>(c % 8);
    channel.y_mm = 10.16 * static_cast<double>(c / 8);
    channel.interelectrode_mm = 8;
    channel.band_low_hz = 10;
    channel.band_high_hz = 500;
    channel.status = c == 1 ? "bad" : "good";
    channel.count_uv = 0.5;
    channel.count_zero_uv = 0;
    channel.adc_min = -32768;
    channel.adc_max = 32767;
    r.channels.push_back(channel);
    for (Index i = 0; i < sample_count; ++i) {
      r.samples(c, i) = 0.5 * std::round(300 * std::sin(0.05 * static_cast<double>(i) + static_cast<double>(c)) +
                                         static_cast<double>((i * 7919 + c * 31) % 61));
    }
  }
  r.annotations = {{0.5, std::nan(""), "start of contraction"}, {1.25, 0.5, "artefact"}};
  r.stimuli = {{0.75, "peroneal", "R", "ankle", 12.5, 0.2}, {1.5, "peroneal", "R", "knee", std::nullopt, 0.2}};
  r.provenance = {{0, "operation", "test"}, {0, "option.low_hz", "20"}, {0, "option.names", "[\"a\",\"b\"]"}};
  return r;
}

inline emg::NamedArray named(const std::string& name, const std::string& unit, std::vector<emg::Index> shape, std::vector<double> values) {
  const auto owner = std::make_shared<std::vector<double>>(std::move(values));
  return {name, unit, "about " + name, std::move(shape), owner, owner->data(), false};
}

inline emg::NwbContents sample_contents(const emg::Recording& recording) {
  using namespace emg;
  NwbContents contents;
  Table table{"onset-detection", "onsets", {}};
  table.columns.push_back({"channel", "", "channel", std::vector<std::string>{"EMG 1", "EMG 2", ""}, 1});
  table.columns.push_back({"sample", "sample", "first sample", std::vector<std::int64_t>{5, 70, 4000000000}, 1});
  table.columns.push_back({"amplitude_uv", "uV", "peak", std::vector<double>{1.5, std::nan(""), -3}, 1});
  table.columns.push_back({"accepted", "", "kept", std::vector<std::uint8_t>{1, 0, 1}, 1});
  table.columns.push_back({"waveform_uv", "uV", "around it", std::vector<double>{1, 2, 3, 4, 5, 6}, 2});
  table.columns.push_back({"nothing", "", "all missing", std::vector<double>(3, std::nan("")), 1});
  contents.tables = {table, table, Table{"empty", "no rows", {{"sample", "", "", std::vector<std::int64_t>{}, 1}}}};
  contents.arrays.emplace_back(
      "welch", std::vector{named("frequency_hz", "Hz", {3}, {0, 1, 2}), named("psd_uv2_per_hz", "uV2/Hz", {2, 3}, {1, 2, 3, 4, 5, 6}),
                           named("window_count", "", {}, {9})});
  contents.arrays.emplace_back("spectrogram",
                               std::vector{named("frequency_hz", "Hz", {3}, {0, 1, 2}), named("time_s", "s", {2}, {0.5, 1.5}),
                                           named("psd_uv2_per_hz", "uV2/Hz", {2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})});
  SweepSet sweeps{10000, 2, RowMatrix::Zero(2, 5), {}};
  sweeps.samples << 0, 1, 100.5, -20, 3, 0, 2, 50.25, -10, 1;
  Sweep sweep;
  sweep.sweep = 1;
  sweep.channel = "EMG 1";
  sweep.nerve = "median";
  sweep.intensity_ma = 20;
  sweeps.sweeps = {sweep, sweep};
  sweeps.sweeps[1].sweep = 2;
  sweeps.sweeps[1].intensity_ma.reset();
  sweeps.sweeps[1].annotation = "last";
  contents.sweeps = sweeps;
  MotorUnit unit;
  unit.unit_id = 3;
  unit.discharges = {recording.rate_hz, {10, 200, 399, 1000}, {}};
  unit.waveform = RowMatrix::Constant(recording.channel_count(), 6, 12.5);
  unit.waveform(0, 2) = -40;
  unit.waveform_zero = 2;
  unit.status = "accepted";
  MotorUnit silent;
  silent.unit_id = 7;
  silent.discharges.rate_hz = recording.rate_hz;
  silent.status = "doubtful";
  contents.units = {unit, silent};
  contents.truth_units = {unit};
  Recording force;
  force.rate_hz = 256;
  force.channels.resize(1);
  force.channels[0].name = "force";
  force.channels[0].kind = ChannelKind::force;
  force.channels[0].unit = "N";
  force.samples = RowMatrix::Constant(1, 300, 2.5);
  contents.auxiliary = {force};
  return contents;
}

}  // namespace emg_test
