#include "libemg/detect/quality.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/filter/butterworth.h"
#include "tests/detect/scenes.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace emg;

namespace {

bool has(const QualityRow& row, const std::string& flag) {
  return std::find(row.flags.begin(), row.flags.end(), flag) != row.flags.end();
}

// Gaussian signal in 20-450 Hz at 2048 Hz with RMS 1 there.
RowMatrix band_noise(std::uint64_t seed, Index channels = 1, double seconds = 20) {
  const auto n = static_cast<std::size_t>(seconds * 2048);
  RowMatrix x(channels, static_cast<Index>(n));
  for (Index c = 0; c < channels; ++c) x.row(c) = scenes::matrix(scenes::white(n, seed + static_cast<std::uint64_t>(c)));
  RowMatrix y = bandpass(x, 2048, {});
  for (Index c = 0; c < channels; ++c) y.row(c) /= std::sqrt(y.row(c).squaredNorm() / static_cast<double>(n));
  return y;
}

// Samples of a WFDB record of one channel in format 16.
RowMatrix counts_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<unsigned char> bytes((std::istreambuf_iterator<char>(file)), {});
  RowMatrix x(1, static_cast<Index>(bytes.size() / 2));
  for (Index i = 0; i < x.cols(); ++i) {
    const auto k = static_cast<std::size_t>(2 * i);
    x(0, i) = static_cast<std::int16_t>(bytes[k] | bytes[k + 1] << 8);
  }
  return x;
}

}  // namespace

TEST_CASE("quality of a clean channel raises no flag") {
  const auto row = quality(50 * band_noise(1), 2048).at(0);
  CHECK(row.flags.empty());
  CHECK(row.rms_uv == Approx(50));
  CHECK(row.dc_uv == Approx(0).margin(0.5));
  CHECK(*row.kurtosis == Approx(3).margin(0.1));
  CHECK(*row.noise_uv == Approx(50).epsilon(0.06));
  CHECK(*row.snr_db < 3);
  CHECK(*row.motion_ratio < 0.1);
  CHECK_FALSE(row.line_base_hz);
}

TEST_CASE("mains: ratio within 1 dB") {
  for (const double db : {-20.0, 0.0, 20.0}) {
    RowMatrix x = band_noise(2, 1, 60);
    const double amplitude = std::sqrt(2.0) * std::pow(10, db / 20);
    for (Index i = 0; i < x.cols(); ++i) x(0, i) += amplitude * std::sin(2 * std::numbers::pi * 50 * static_cast<double>(i) / 2048);
    const auto row = quality(x, 2048).at(0);
    CAPTURE(db);
    CHECK(has(row, "line"));
    REQUIRE(row.line_ratio_db);
    CHECK(*row.line_base_hz == 50);
    CHECK(*row.line_ratio_db == Approx(db).margin(1));
  }
}

TEST_CASE("clipped, constant, flat, moving and slow channels are flagged") {
  RowMatrix x = 100 * band_noise(3, 4);
  x.row(0) = x.row(0).cwiseMin(120).cwiseMax(-120).eval();
  x.row(1).setConstant(7);
  x.row(2).segment(5000, 2000).setConstant(3);
  for (Index i = 0; i < x.cols(); ++i) x(3, i) += 300 * std::sin(2 * std::numbers::pi * 2 * static_cast<double>(i) / 2048);
  const auto rows = quality(x, 2048);
  CHECK(has(rows[0], "clipped"));
  CHECK(*rows[0].clip_high_uv == 120);
  CHECK(*rows[0].clip_low_uv == -120);
  CHECK(rows[0].clipped_fraction == Approx(0.23).margin(0.02));
  CHECK(has(rows[1], "no_signal"));
  CHECK(has(rows[1], "flat"));
  CHECK_FALSE(has(rows[1], "clipped"));
  CHECK(rows[1].rms_uv == Approx(7));
  CHECK_FALSE(rows[1].kurtosis);
  CHECK(has(rows[2], "flat"));
  CHECK(rows[2].flat_fraction == Approx(2000.0 / static_cast<double>(x.cols())).epsilon(0.01));
  CHECK(has(rows[3], "motion"));
  CHECK(*rows[3].motion_ratio > 0.7);
  CHECK(has(quality(band_noise(4), 1000).at(0), "rate_low"));
}

TEST_CASE("twins and outliers") {
  RowMatrix x = 50 * band_noise(5, 8);
  x.row(5) = -2 * x.row(2);
  x.row(6) *= 30;
  const auto rows = quality(x, 2048);
  CHECK(rows[5].duplicate_of == 2);
  CHECK(has(rows[5], "duplicate"));
  CHECK_FALSE(rows[2].duplicate_of);
  CHECK(has(rows[6], "outlier"));
  CHECK_FALSE(has(rows[0], "outlier"));
}

TEST_CASE("a recording: gaps are counted, declared limits used, other kinds spared") {
  Recording recording;
  recording.rate_hz = 2048;
  recording.samples = 50 * band_noise(6, 3);
  recording.channels.resize(3);
  recording.channels[2].kind = ChannelKind::force;
  recording.gaps = {{0, 10000, 4000, "test"}};
  recording.samples.row(0).segment(10000, 4000).setConstant(1e6);
  auto& channel = recording.channels[1];
  channel.count_uv = 0.5;
  channel.adc_min = -1000;
  channel.adc_max = 1000;
  for (Index i = 0; i < 12; ++i) recording.samples(1, 3000 * i) = 500;
  const auto rows = recording_quality(recording, {}, 2);
  CHECK(rows[0].missing_fraction == Approx(4000.0 / static_cast<double>(recording.sample_count())));
  CHECK(has(rows[0], "missing"));
  CHECK(rows[0].peak_uv < 1000);
  CHECK_FALSE(has(rows[0], "flat"));
  CHECK(has(rows[1], "clipped"));
  CHECK(rows[1].lsb_uv == 0.5);
  CHECK_FALSE(rows[2].motion_ratio);
}

TEST_CASE("real needle records are not clipped") {
  const auto folder = emg_test::shared_data("physionet_emgdb");
  if (folder.empty()) return;
  for (const char* name : {"emg_healthy.dat", "emg_myopathy.dat", "emg_neuropathy.dat"}) {
    CAPTURE(name);
    Recording recording;
    recording.rate_hz = 4000;
    recording.samples = 0.1 * counts_of(folder / name);
    recording.channels.resize(1);
    recording.channels[0].count_uv = 0.1;
    recording.channels[0].adc_min = -32768;
    recording.channels[0].adc_max = 32767;
    CHECK_FALSE(has(recording_quality(recording).at(0), "clipped"));
    CHECK_FALSE(has(quality(recording.samples, 4000).at(0), "clipped"));
  }
}

TEST_CASE("quality of short and wrong input, threads") {
  CHECK(quality(scenes::matrix({3.0}), 1000).at(0).rms_uv == 3);
  CHECK_FALSE(quality(scenes::matrix(scenes::white(100, 1)), 2000).at(0).motion_ratio);
  CHECK_THROWS_AS(quality(RowMatrix(0, 0), 1000), InvalidArgument);
  CHECK_THROWS_WITH(quality(scenes::matrix({1, INFINITY}), 1000), ContainsSubstring("sample 1 is not finite"));
  QualityOptions options;
  options.line_z = 1;
  CHECK_THROWS_WITH(quality(scenes::matrix({1, 2}), 1000, options), ContainsSubstring("line_z 1"));
  const RowMatrix x = band_noise(9, 5, 5);
  const auto one = quality(x, 2048, {}, 1), seven = quality(x, 2048, {}, 7);
  for (std::size_t c = 0; c < one.size(); ++c) {
    CHECK(*one[c].noise_uv == *seven[c].noise_uv);
    CHECK(*one[c].motion_ratio == *seven[c].motion_ratio);
    CHECK(one[c].flags == seven[c].flags);
  }
}
