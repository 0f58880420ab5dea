#include "libemg/core/operation.h"

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

struct GainOptions {
  double gain = 2;
  bool minus_mean = false;
  static constexpr auto fields() {
    using O = GainOptions;
    return std::tuple{field("gain", &O::gain, {-10, 10}, "factor"), field("minus_mean", &O::minus_mean, {}, "take the mean off first")};
  }
};
static_assert(fully_described<GainOptions>());

// Shows what it was given: a piece without its mean cannot be mistaken for a piece of the whole without its mean.
RowMatrix gain(const ChannelsView& x, double, const GainOptions& options, int) {
  if (x.cols() < 2) throw InvalidArgument("signal is too short");
  RowMatrix y = x;
  if (options.minus_mean) y.colwise() -= RowMatrix(x).rowwise().mean();
  return options.gain * y;
}

RowMatrix halve(const ChannelsView& x, double, const GainOptions&, int) {
  RowMatrix y(x.rows(), (x.cols() + 1) / 2);
  for (Index i = 0; i < y.cols(); ++i) y.col(i) = x.col(2 * i);
  return y;
}

double half_rate(double rate_hz, const GainOptions&) {
  return rate_hz / 2;
}

struct Peak {
  int channel = 0;
  std::int64_t sample = 0;
  double time_s = 0;
  double peak_uv = 0;
  static constexpr auto fields() {
    using R = Peak;
    return std::tuple{field("channel", &R::channel, {}, "channel"), field("sample", &R::sample, {}, "sample"),
                      field("time_s", &R::time_s, {}, "time"), field("peak_uv", &R::peak_uv, {}, "peak")};
  }
};
static_assert(fully_described<Peak>());

// The largest sample of each channel, with itself and its follower as waveform.
Events<Peak> peaks(const ChannelsView& x, double rate_hz, const GainOptions&, int) {
  Events<Peak> found;
  found.waveforms.resize(x.rows(), 2);
  for (Index c = 0; c < x.rows(); ++c) {
    Index at = 0;
    const double peak = x.row(c).maxCoeff(&at);
    found.rows.push_back({static_cast<int>(c), at, static_cast<double>(at) / rate_hz, peak});
    found.waveforms.row(c) << x(c, at), at + 1 < x.cols() ? x(c, at + 1) : 0;
  }
  return found;
}

struct Mean {
  int channel = 0;
  double mean_uv = 0;
  static constexpr auto fields() {
    return std::tuple{field("channel", &Mean::channel, {}, "channel"), field("mean_uv", &Mean::mean_uv, {}, "mean")};
  }
};
static_assert(fully_described<Mean>());

std::vector<Mean> means(const ChannelsView& x, double, const GainOptions&, int) {
  std::vector<Mean> rows;
  for (Index c = 0; c < x.rows(); ++c) rows.push_back({static_cast<int>(c), x.row(c).mean()});
  return rows;
}

struct Spectrum {
  std::vector<double> frequency_hz;
  RowMatrix power_uv2;
  int segment_count = 0;
  static constexpr auto fields() {
    using R = Spectrum;
    return std::tuple{field("frequency_hz", &R::frequency_hz, {}, "axis"), field("power_uv2", &R::power_uv2, {}, "power"),
                      field("segment_count", &R::segment_count, {}, "segments")};
  }
};
static_assert(fully_described<Spectrum>());

Spectrum spectrum(const ChannelsView& x, double, const GainOptions&, int) {
  return {{0, 1}, x.leftCols(2), static_cast<int>(x.cols())};
}

Recording recording_with(std::vector<Gap> gaps) {
  Recording recording;
  recording.rate_hz = 10;
  recording.samples.resize(2, 20);
  for (Index i = 0; i < 20; ++i) recording.samples.col(i) << static_cast<double>(i), static_cast<double>(100 - i);
  recording.channels = {{.name = "a"}, {.name = "b"}};
  recording.gaps = std::move(gaps);
  bridge_gaps(recording.samples, recording.gaps);
  return recording;
}

OptionValues with(const OperationEntry& entry, std::string_view name, Value value) {
  auto values = entry.defaults();
  values[entry.option_index(name)] = std::move(value);
  return values;
}

const auto kGain = operation("gain", "a factor", &gain);
const auto kPeaks = operation("peaks", "largest sample", &peaks);

}  // namespace

TEST_CASE("the kind of an operation follows from its signature") {
  CHECK(kGain.kind == OperationKind::channels);
  CHECK(kPeaks.kind == OperationKind::events);
  CHECK(operation("means", "", &means).kind == OperationKind::rows);
  CHECK(operation("spectrum", "", &spectrum).kind == OperationKind::arrays);
  CHECK(name_of(OperationKind::arrays) == "arrays");
}

TEST_CASE("options are found by name, others are refused with the nearest one") {
  CHECK(kGain.option_index("minus_mean") == 1);
  CHECK_THROWS_WITH(kGain.option_index("gian"), "gain has no option gian; did you mean gain?");
  CHECK_THROWS_WITH(kGain.option_index("frequency"), "gain has no option frequency");
  CHECK(std::get<double>(kGain.defaults()[0]) == 2);
}

TEST_CASE("option values reach the function") {
  const auto x = recording_with({}).samples;
  const auto result = kGain.run(x, 10, with(kGain, "gain", -3.0), 1);
  CHECK(result.signal == -3 * x);
  CHECK(result.rate_hz == 10);
  CHECK(operation("halve", "", &halve, nullptr, nullptr, &half_rate).run(x, 10, kGain.defaults(), 1).rate_hz == 5);
}

TEST_CASE("array results keep names, units, shapes and numbers") {
  const auto x = recording_with({}).samples;
  const auto result = operation("spectrum", "", &spectrum).run(x, 10, kGain.defaults(), 1);
  REQUIRE(result.arrays.size() == 3);
  CHECK(result.arrays[0].name == "frequency_hz");
  CHECK(result.arrays[0].unit == "Hz");
  CHECK(result.arrays[0].shape == std::vector<Index>{2});
  CHECK(result.arrays[1].shape == std::vector<Index>{2, 2});
  CHECK(result.arrays[1].size() == 4);
  CHECK(result.arrays[1].data[3] == x(1, 1));
  CHECK(result.arrays[2].shape.empty());
  CHECK(result.arrays[2].integer);
  CHECK(result.arrays[2].data[0] == 20);
}

TEST_CASE("without gaps a recording is the signal itself") {
  const auto recording = recording_with({});
  CHECK(run_on_recording(kGain, recording, kGain.defaults(), 1).signal == 2 * recording.samples);
  const auto table = run_on_recording(kPeaks, recording, kPeaks.defaults(), 1).table;
  REQUIRE(table.row_count() == 2);
  CHECK(table.columns.back().name == "waveform_uv");
  CHECK(table.columns.back().width == 2);
}

TEST_CASE("signals: each gap-free piece is a record of its own, the gap stays a straight line") {
  const auto recording = recording_with({{-1, 8, 4, "dropout"}});
  const auto values = with(kGain, "minus_mean", true);
  const auto y = run_on_recording(kGain, recording, values, 1).signal;
  const RowMatrix left = recording.samples.leftCols(8), right = recording.samples.rightCols(8);
  CHECK(y.leftCols(8) == kGain.run(left, 10, values, 1).signal);
  CHECK(y.rightCols(8) == kGain.run(right, 10, values, 1).signal);
  for (Index i = 8; i < 12; ++i) CHECK(y(0, i) == Approx(y(0, 7) + (y(0, 12) - y(0, 7)) * static_cast<double>(i - 7) / 5));
}

TEST_CASE("signals: a gap of one channel leaves the others whole") {
  const auto recording = recording_with({{1, 8, 4, "off"}});
  const auto values = with(kGain, "minus_mean", true);
  const auto y = run_on_recording(kGain, recording, values, 1).signal;
  CHECK(y.row(0) == kGain.run(recording.samples, 10, values, 1).signal.row(0));
  CHECK(y.row(1).head(8) == kGain.run(recording.samples.leftCols(8), 10, values, 1).signal.row(1));
}

TEST_CASE("signals: pieces that change the rate land at their new place") {
  const auto entry = operation("halve", "", &halve, nullptr, nullptr, &half_rate);
  const auto recording = recording_with({{-1, 8, 4, "dropout"}});
  const auto result = run_on_recording(entry, recording, entry.defaults(), 1);
  CHECK(result.rate_hz == 5);
  REQUIRE(result.signal.cols() == 10);
  for (const Index i : {0, 3, 6, 9}) CHECK(result.signal(0, i) == recording.samples(0, 2 * i));
}

TEST_CASE("signals: a piece that is too short is bridged like the gap beside it, with a warning") {
  const auto recording = recording_with({{-1, 8, 4, "dropout"}, {-1, 13, 1, "dropout"}});
  const auto result = run_on_recording(kGain, recording, kGain.defaults(), 1);
  REQUIRE(result.warnings.size() == 1);
  CHECK(result.warnings[0].code == "piece_skipped");
  CHECK_THAT(result.warnings[0].message, ContainsSubstring("samples 12 to 13") && ContainsSubstring("too short"));
  CHECK(result.signal(0, 7) == 14);
  CHECK(result.signal(0, 14) == 28);
  CHECK(result.signal(0, 12) == Approx(24));
  const auto nothing = recording_with({{-1, 1, 18, "dropout"}});
  CHECK_THROWS_WITH(run_on_recording(kGain, nothing, kGain.defaults(), 1), ContainsSubstring("no gap-free piece"));
}

TEST_CASE("events of pieces carry channel, sample and time of the recording, sorted by channel and sample") {
  const auto recording = recording_with({{-1, 8, 2, "dropout"}, {1, 15, 1, "off"}});
  const auto result = run_on_recording(kPeaks, recording, kPeaks.defaults(), 1);
  const auto& channel = std::get<std::vector<std::int64_t>>(result.table.find("channel")->values);
  const auto& sample = std::get<std::vector<std::int64_t>>(result.table.find("sample")->values);
  const auto& time_s = std::get<std::vector<double>>(result.table.find("time_s")->values);
  const auto& waveform = std::get<std::vector<double>>(result.table.find("waveform_uv")->values);
  CHECK(channel == std::vector<std::int64_t>{0, 0, 1, 1, 1});
  CHECK(sample == std::vector<std::int64_t>{7, 19, 0, 10, 16});
  for (std::size_t i = 0; i < sample.size(); ++i) {
    CHECK(time_s[i] == Approx(static_cast<double>(sample[i]) / 10));
    CHECK(waveform[2 * i] == recording.samples(channel[i], sample[i]));
  }
}

TEST_CASE("arrays come from the longest piece that no channel misses, with a warning") {
  const auto entry = operation("spectrum", "", &spectrum);
  const auto recording = recording_with({{0, 2, 1, "off"}, {1, 9, 1, "off"}});
  const auto result = run_on_recording(entry, recording, entry.defaults(), 1);
  REQUIRE(result.warnings.size() == 1);
  CHECK(result.warnings[0].code == "longest_piece");
  CHECK(result.arrays[1].data[0] == recording.samples(0, 10));
  CHECK(result.arrays[2].data[0] == 10);
  CHECK_THROWS_AS(run_on_recording(entry, recording_with({{-1, 0, 20, "all"}}), entry.defaults(), 1), InvalidArgument);
}

TEST_CASE("provenance holds name, version and every option, defaults included") {
  const auto entries = operation_provenance(3, kGain, with(kGain, "gain", 0.1));
  REQUIRE(entries.size() == 4);
  CHECK((entries[0].run == 3 && entries[0].key == "operation" && entries[0].value == "gain"));
  CHECK((entries[1].key == "endplate_version" && entries[1].value == kVersion));
  CHECK((entries[2].key == "option.gain" && entries[2].value == "0.1"));
  CHECK((entries[3].key == "option.minus_mean" && entries[3].value == "false"));
}

}  // namespace emg
