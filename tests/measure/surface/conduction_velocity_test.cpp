#include "libemg/measure/surface/conduction_velocity.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/spectral/fft.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

constexpr double kRate = 2048;

// Noise with the spectrum of surface EMG (Shwedyk et al. 1977: corners 60 and 120 Hz) in 20-450 Hz, each channel `delay_s` after the one
// before (delayed in the frequency domain), and white noise `snr_db` below it.
RowMatrix travelling(Index channels, Index samples, double delay_s, double snr_db, std::uint64_t seed) {
  Random random(seed);
  RealFft fft(samples);
  std::vector<std::complex<double>> source(fft.bins().size());
  double power = 0;
  for (std::size_t k = 1; k < source.size(); ++k) {
    const double f = static_cast<double>(k) * kRate / static_cast<double>(samples);
    if (f < 20 || f > 450) continue;
    const double shape = f / (std::sqrt(f * f + 60 * 60) * (f * f + 120 * 120));
    source[k] = {shape * random.normal(), shape * random.normal()};
    power += 2 * std::norm(source[k]) / static_cast<double>(samples * samples);
  }
  RowMatrix x(channels, samples);
  const double noise = std::sqrt(power * std::pow(10, -snr_db / 10));
  for (Index c = 0; c < channels; ++c) {
    for (std::size_t k = 0; k < source.size(); ++k) {
      const double f = static_cast<double>(k) * kRate / static_cast<double>(samples);
      fft.bins()[k] = source[k] * std::polar(1.0, -2 * std::numbers::pi * f * delay_s * static_cast<double>(c));
    }
    fft.inverse();
    for (Index i = 0; i < samples; ++i) x(c, i) = fft.trace()[static_cast<std::size_t>(i)] + noise * random.normal();
  }
  return x * (50 / std::sqrt(power));
}

ConductionVelocityOptions one_second(VelocityMethod method = VelocityMethod::ml) {
  ConductionVelocityOptions options;
  options.distance_mm = 8;
  options.method = method;
  options.window_s = 1;
  return options;
}

struct Spread {
  double median = 0, sd = 0, printed_sd = 0;
};

Spread spread_of(Index channels, double speed_mps, double snr_db, VelocityMethod method = VelocityMethod::ml) {
  std::vector<double> found;
  double printed = 0, mean = 0, square = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto row = conduction_velocity(travelling(channels, 2048, 0.008 / speed_mps, snr_db, seed), kRate, one_second(method)).front();
    REQUIRE(row.cv_mps);
    found.push_back(*row.cv_mps);
    printed += *row.cv_sd_mps / 40;
  }
  for (const double v : found) mean += v / 40;
  for (const double v : found) square += (v - mean) * (v - mean) / 39;
  std::sort(found.begin(), found.end());
  return {(found[19] + found[20]) / 2, std::sqrt(square), printed};
}

}  // namespace

TEST_CASE("velocities of 3 to 6 m/s: bias below 1 %, spread of the table", "[long]") {
  struct Row {
    Index channels;
    double sd_10, sd_20, sd_30;
  };
  for (const auto& row : {Row{2, 0.036, 0.013, 0.007}, {4, 0.011, 0.006, 0.005}, {8, 0.005, 0.003, 0.003}}) {
    for (double speed = 3; speed <= 6; speed += 0.5) {
      const auto s = spread_of(row.channels, speed, 20);
      INFO(row.channels << " channels, " << speed << " m/s: " << s.median << " sd " << s.sd);
      CHECK(std::abs(s.median / speed - 1) < 0.01);
    }
    for (const auto& [snr_db, sd] : {std::pair{10.0, row.sd_10}, {20.0, row.sd_20}, {30.0, row.sd_30}}) {
      const auto s = spread_of(row.channels, 4, snr_db);
      INFO(row.channels << " channels, " << snr_db << " dB: sd " << s.sd << ", printed " << s.printed_sd);
      CHECK(std::abs(s.median / 4 - 1) < 0.01);
      CHECK(s.sd <= 1.3 * sd);
      CHECK(s.printed_sd / s.sd > 0.5);
      CHECK(s.printed_sd / s.sd < 2);
    }
  }
}

TEST_CASE("correlation and phase of a pair") {
  for (const auto method : {VelocityMethod::correlation, VelocityMethod::phase}) {
    const auto s = spread_of(2, 4, 20, method);
    INFO(name_of(method) << ": " << s.median << " sd " << s.sd);
    CHECK(std::abs(s.median / 4 - 1) <= 0.003);
    CHECK(s.sd <= 1.3 * 0.013);
  }
  CHECK_THROWS_WITH(conduction_velocity(travelling(3, 2048, 0.002, 20, 1), kRate, one_second(VelocityMethod::phase)),
                    ContainsSubstring("method phase takes 2 channels, not 3"));
}

TEST_CASE("reversed channels have the opposite direction, and scale does not matter") {
  const auto x = travelling(5, 4096, 0.002, 20, 3);
  const auto ahead = conduction_velocity(x, kRate, one_second());
  const auto back = conduction_velocity(x.colwise().reverse(), kRate, one_second());
  REQUIRE(ahead.size() == 5);
  for (std::size_t w = 0; w < ahead.size(); ++w) {
    CHECK(*ahead[w].cv_mps == Approx(4).epsilon(0.02));
    CHECK(*back[w].cv_mps == Approx(-*ahead[w].cv_mps).epsilon(1e-6));
    CHECK(ahead[w].direction == 1);
    CHECK(back[w].direction == -1);
    CHECK(ahead[w].quality == VelocityQuality::ok);
  }
  CHECK(*conduction_velocity(1e-3 * x, kRate, one_second())[1].cv_mps == Approx(*ahead[1].cv_mps).epsilon(1e-9));
  CHECK(ahead[1].time_s == Approx(0.75));
}

TEST_CASE("an innervation zone is flagged with its pair; split takes the longer side") {
  const auto right = travelling(8, 2048, 0.002, 25, 5), left = travelling(4, 2048, 0.002, 25, 5);
  RowMatrix x(11, 2048);
  for (Index c = 0; c < 4; ++c) x.row(c) = -left.row(3 - c);
  x.bottomRows(7) = right.bottomRows(7);
  auto options = one_second();
  const auto row = conduction_velocity(x, kRate, options).front();
  REQUIRE(row.zone_pair);
  CHECK(std::find(row.flags.begin(), row.flags.end(), "innervation_zone") != row.flags.end());
  CHECK(*row.zone_pair >= 3);
  CHECK(*row.zone_pair <= 4);
  options.split = true;
  const auto longer = conduction_velocity(x, kRate, options).front();
  CHECK(longer.first_channel >= 3);
  CHECK(longer.direction == 1);
  CHECK(*longer.cv_mps == Approx(4).epsilon(0.02));
  CHECK(!conduction_velocity(travelling(9, 2048, 0.002, 25, 5), kRate, options).front().zone_pair);
}

TEST_CASE("what cannot be trusted is marked: noise, fast and slow signals, two channels") {
  const RowMatrix noise = travelling(1, 2048, 0, 60, 1);
  RowMatrix apart(3, 2048);
  for (Index c = 0; c < 3; ++c) apart.row(c) = travelling(1, 2048, 0, 60, 10 + static_cast<std::uint64_t>(c));
  CHECK(conduction_velocity(apart, kRate, one_second()).front().quality != VelocityQuality::ok);
  CHECK(conduction_velocity(travelling(4, 2048, 0.0008, 30, 1), kRate, one_second()).front().quality == VelocityQuality::implausible);
  const auto common = conduction_velocity(noise.replicate(4, 1), kRate, one_second()).front();
  CHECK(common.quality == VelocityQuality::edge);
  CHECK(!common.cv_mps);
  CHECK(conduction_velocity(travelling(2, 2048, 0.002, 20, 1), kRate, one_second()).front().flags ==
        std::vector<std::string>{"few_channels"});
  CHECK(conduction_velocity(RowMatrix::Constant(3, 2048, 5), kRate, one_second()).front().quality == VelocityQuality::edge);
}

TEST_CASE("derivations: single and double differences along the line") {
  const auto x = travelling(6, 2048, 0.002, 40, 2);
  CHECK(derived(x, Derivation::single) == x.bottomRows(5) - x.topRows(5));
  CHECK(derived(x, Derivation::double_differential).rows() == 4);
  auto options = one_second();
  options.derivation = Derivation::single;
  const auto row = conduction_velocity(x, kRate, options).front();
  CHECK(row.channel_count == 5);
  CHECK(*row.cv_mps == Approx(4).epsilon(0.02));
}

TEST_CASE("the distance of the electrodes comes from the recording; windows do not span gaps") {
  Recording r;
  r.rate_hz = kRate;
  r.samples = travelling(4, 8192, 0.002, 30, 2);
  r.channels.resize(4);
  for (auto& c : r.channels) c.interelectrode_mm = 8;
  ConductionVelocityOptions options;
  CHECK(*recording_conduction_velocity(r, options).front().cv_mps == Approx(4).epsilon(0.02));
  CHECK(recording_conduction_velocity(r, options).size() == 15);
  r.gaps.push_back({2, 3000, 1000, ""});
  const auto rows = recording_conduction_velocity(r, options);
  CHECK(rows.size() == 4 + 7);
  CHECK(rows[4].time_s == Approx((4000 + 512) / kRate));
  r.channels[1].interelectrode_mm = 5;
  CHECK_THROWS_WITH(recording_conduction_velocity(r, options), ContainsSubstring("distance_mm is missing"));
}

TEST_CASE("conduction velocity refuses one channel, short records and reversed limits; any thread count gives the same bits") {
  const auto x = travelling(4, 8192, 0.002, 10, 4);
  CHECK_THROWS_WITH(conduction_velocity(x.row(0), kRate, one_second()), ContainsSubstring("needs 2 or more"));
  CHECK_THROWS_WITH(conduction_velocity(x.leftCols(100), kRate, one_second()), ContainsSubstring("window_s 1 s is longer than the record"));
  auto options = one_second();
  options.min_mps = 20;
  CHECK_THROWS_WITH(conduction_velocity(x, kRate, options), ContainsSubstring("min_mps"));
  options = one_second();
  options.high_hz = 1100;
  CHECK_THROWS_WITH(conduction_velocity(x, kRate, options), ContainsSubstring("high_hz 1100"));
  options.high_hz = 450;
  const auto one = conduction_velocity(x, kRate, options), seven = conduction_velocity(x, kRate, options, 7);
  for (std::size_t w = 0; w < one.size(); ++w) CHECK((one[w].cv_mps == seven[w].cv_mps && one[w].cv_sd_mps == seven[w].cv_sd_mps));
}

}  // namespace emg
