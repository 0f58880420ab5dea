#include "libemg/filter/ecg.h"

#include "libemg/core/random.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/envelope.h"
#include "libemg/spectral/welch.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

constexpr double kRate = 2048;
constexpr Index kCount = 60 * 2048;

// Surface EMG of 20-450 Hz whose strength goes up and down between a half and one and a half.
RowMatrix surface_emg(double rms_uv, std::uint64_t seed) {
  Random random(seed);
  RowMatrix x(1, kCount);
  for (Index i = 0; i < kCount; ++i) x(0, i) = random.normal();
  x = bandpass(x, kRate, {});
  for (Index i = 0; i < kCount; ++i) x(0, i) *= 1 + 0.5 * std::sin(2 * 3.14159265358979 * 0.1 * static_cast<double>(i) / kRate);
  return x * rms_uv / std::sqrt(x.array().square().mean());
}

// Beats every 0.85 +- 0.05 s: P, Q, R, S and T as Gaussians, 5 % of jitter in size; returns the trace and the R peaks.
RowMatrix heart(std::uint64_t seed, std::vector<Index>& peaks) {
  constexpr double kUv[] = {30, -40, 300, -80, 60}, kSd[] = {0.025, 0.01, 0.01, 0.01, 0.05}, kAt[] = {-0.2, -0.025, 0, 0.025, 0.28};
  Random random(seed, 1);
  RowMatrix x = RowMatrix::Zero(1, kCount);
  for (double t = 0.4; t < 60; t += 0.85 + 0.05 * random.normal()) {
    const double size = 1 + 0.05 * random.normal();
    peaks.push_back(static_cast<Index>(std::llround(t * kRate)));
    for (Index i = std::max<Index>(0, static_cast<Index>((t - 0.5) * kRate)); i < std::min(kCount, static_cast<Index>((t + 0.6) * kRate));
         ++i) {
      for (int w = 0; w < 5; ++w) {
        const double z = (static_cast<double>(i) / kRate - t - kAt[w]) / kSd[w];
        x(0, i) += size * kUv[w] * std::exp(-0.5 * z * z);
      }
    }
  }
  return x;
}

// Mean |error| of the 100-ms RMS curve in per cent of the true one, where beats can be subtracted.
double curve_error(const RowMatrix& y, const RowMatrix& truth) {
  const Index from = static_cast<Index>(1.5 * kRate), count = kCount - 2 * from;
  const RowMatrix ours = envelope(y, kRate, {}).middleCols(from, count), clean = envelope(truth, kRate, {}).middleCols(from, count);
  return 100 * ((ours - clean).array().abs() / clean.array()).mean();
}

double band_power(const RowMatrix& x, double low_hz, double high_hz) {
  const auto spectrum = welch(x, kRate, {});
  double sum = 0;
  for (std::size_t k = 0; k < spectrum.frequency_hz.size(); ++k) {
    if (spectrum.frequency_hz[k] >= low_hz && spectrum.frequency_hz[k] <= high_hz)
      sum += spectrum.density_uv2_per_hz(0, static_cast<Index>(k));
  }
  return sum;
}

}  // namespace

TEST_CASE("the beat comes out and the EMG stays, at three strengths of EMG") {
  struct Row {
    double emg_uv, most_template, most_highpass;
  };
  for (const Row row : {Row{5, 3, 25}, Row{20, 1, 5}, Row{60, 1, 3}}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      std::vector<Index> peaks;
      const RowMatrix clean = surface_emg(row.emg_uv, seed), x = clean + heart(seed, peaks);
      const RowMatrix y = remove_ecg(x, kRate), high = remove_ecg(x, kRate, {.method = EcgMethod::highpass});
      INFO("EMG " << row.emg_uv << " uV: raw " << curve_error(x, clean) << " %, template " << curve_error(y, clean) << " %, high-pass "
                  << curve_error(high, clean) << " %");
      CHECK(curve_error(y, clean) <= row.most_template);
      CHECK(curve_error(high, clean) <= row.most_highpass);
      const auto beats = ecg_beats(x, kRate);
      CHECK(beats[0].beats == static_cast<int>(peaks.size()));
      CHECK(beats[0].note.empty());
      CHECK(*beats[0].rate_per_min == Approx(60 / 0.85).epsilon(0.03));
      CHECK(*beats[0].template_peak_uv == Approx(280).margin(40));
      CHECK(std::abs(10 * std::log10(band_power(y, 20, 30) / band_power(clean, 20, 30))) <= 1.5);
      if (row.emg_uv == 60) CHECK(10 * std::log10(band_power(high, 20, 30) / band_power(clean, 20, 30)) < -5);
    }
  }
}

TEST_CASE("no ECG found on EMG alone, and nothing changes") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RowMatrix x = surface_emg(20 + 5 * static_cast<double>(seed), 100 + seed);
    RowMatrix hum = x;
    for (Index i = 0; i < kCount; ++i)
      hum(0, i) += 40 * std::sin(2 * 3.14159265358979 * (seed % 2 ? 50.02 : 59.97) * static_cast<double>(i) / kRate);
    CHECK(ecg_beats(hum, kRate)[0].note.starts_with("no ECG found"));
    CHECK(ecg_beats(hum.leftCols(kCount / 4), kRate)[0].note.starts_with("no ECG found"));
    const auto row = ecg_beats(x, kRate)[0];
    INFO("seed " << seed << ": " << row.note);
    CHECK(row.note.starts_with("no ECG found"));
    CHECK(row.beats == 0);
    CHECK_FALSE(row.removed_rms_uv);
    CHECK(remove_ecg(x, kRate) == x);
  }
}

TEST_CASE("no ECG on flat, short and silent records; the upside-down beat is found too") {
  CHECK(remove_ecg(RowMatrix::Constant(1, 5000, 3), kRate) == RowMatrix::Constant(1, 5000, 3));
  CHECK(remove_ecg(RowMatrix::Constant(1, 1, 3), kRate) == RowMatrix::Constant(1, 1, 3));
  CHECK(remove_ecg(test_signal(1, 3000), kRate) == test_signal(1, 3000));
  std::vector<Index> peaks;
  const RowMatrix x = heart(5, peaks) + surface_emg(10, 5);
  CHECK(largest_error(remove_ecg(RowMatrix(-x), kRate), RowMatrix(-remove_ecg(x, kRate))) < 1e-9);
}

TEST_CASE("beats of another channel, a high-pass afterwards, threads and company") {
  std::vector<Index> peaks;
  const RowMatrix beats = heart(3, peaks);
  RowMatrix x(9, kCount);
  for (Index c = 0; c < x.rows(); ++c) x.row(c) = (c == 2 ? 0.02 : 0.5) * beats + surface_emg(20, 40 + static_cast<std::uint64_t>(c));
  const auto run = [&](const ChannelsView& v, int threads) { return remove_ecg(v, kRate, {}, threads); };
  CHECK(same_bits_everywhere(x, run, {}));
  const auto rows = ecg_beats(x, kRate, {.reference_channel = 0});
  CHECK(rows[5].beats == static_cast<int>(peaks.size()));
  CHECK(remove_ecg(x, kRate, {.then_highpass_hz = 20}) == highpass(remove_ecg(x, kRate), kRate, {}));
}

TEST_CASE("remove-ecg refusals") {
  RowMatrix x = test_signal(2, 3000);
  CHECK_THROWS_WITH(remove_ecg(x, kRate, {.reference_channel = 2}), ContainsSubstring("reference_channel 2"));
  CHECK_THROWS_WITH(remove_ecg(x, kRate, {.then_highpass_hz = 1024}), ContainsSubstring("then_highpass_hz 1024"));
  CHECK_THROWS_WITH(remove_ecg(x, kRate, {.method = EcgMethod::highpass, .highpass_hz = 0.5}), ContainsSubstring("highpass_hz 0.5"));
  CHECK_THROWS_WITH(remove_ecg(x, 120, {}), ContainsSubstring("rate_hz 120"));
  CHECK_THROWS_WITH(remove_ecg(RowMatrix(0, 5), kRate, {}), ContainsSubstring("signal is empty"));
  x(1, 17) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(remove_ecg(x, kRate, {}), ContainsSubstring("channel 1, sample 17 is not finite"));
}

}  // namespace emg
