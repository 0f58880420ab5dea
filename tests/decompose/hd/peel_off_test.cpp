#include "libemg/decompose/hd/peel_off.h"

#include <algorithm>

#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {
namespace {

constexpr double kRate_hz = 2048;

struct Two {
  Frames frames;
  std::vector<Train> trains;
  std::vector<RowMatrix> waveforms;
};

Two two_units(double shared, double noise_uv, double first_hz = 12) {
  Random random(11, 3);
  RowMatrix samples = RowMatrix::Zero(8, 40000);
  Two two;
  for (int u = 0; u < 2; ++u) {
    two.waveforms.push_back(waveform_of(random, 8, kRate_hz));
    two.trains.push_back(regular_train(random, 19, kRate_hz, u == 0 ? first_hz : 11, 0.12));
  }
  for (auto& t : two.trains[1]) {
    if (!random.chance(shared)) continue;
    const auto near = std::lower_bound(two.trains[0].begin(), two.trains[0].end(), t);
    if (near != two.trains[0].end()) t = *near + std::lround(random.uniform(-0.002, 0.002) * kRate_hz);
  }
  std::sort(two.trains[1].begin(), two.trains[1].end());
  two.trains[1].erase(std::unique(two.trains[1].begin(), two.trains[1].end()), two.trains[1].end());
  for (int u = 0; u < 2; ++u) add_train(samples, two.trains[static_cast<std::size_t>(u)], two.waveforms[static_cast<std::size_t>(u)]);
  for (Index i = 0; i < samples.size(); ++i) samples.data()[i] += noise_uv * random.normal();
  two.frames = Frames(samples, 64);
  return two;
}

double error_of(const std::vector<FloatMatrix>& found, const Two& two) {
  double error = 0;
  for (std::size_t u = 0; u < 2; ++u) {
    FloatMatrix truth = FloatMatrix::Zero(found[u].rows(), found[u].cols());
    const Index first = found[u].rows() / 2 - two.waveforms[u].cols() / 2;
    truth.block(first, 0, two.waveforms[u].cols(), 8) = two.waveforms[u].transpose().cast<float>();
    error += static_cast<double>((found[u] - truth).squaredNorm());
  }
  return std::sqrt(error);
}

}  // namespace

TEST_CASE("joint templates of partly synchronous units are not biased, averages are") {
  const auto two = two_units(0.3, 1);
  TemplateSettings joint, plain;
  plain.joint = false;
  CHECK(error_of(unit_templates(two.frames, two.trains, joint), two) <= 0.25 * error_of(unit_templates(two.frames, two.trains, plain), two));
}

TEST_CASE("peel-off adds up overlapping windows: a unit at 25 per s leaves no residue") {
  const auto two = two_units(0, 0, 25);
  TemplateSettings settings;
  settings.tolerance = 1e-6;
  const auto shapes = unit_templates(two.frames, two.trains, settings);
  Frames residual = two.frames;
  add_units(residual, two.trains, shapes, -1);
  CHECK(residual.energy() <= 0.02 * two.frames.energy());
  // What was subtracted is what is added back.
  add_units(residual, two.trains, shapes, 1);
  double worst = 0;
  for (Index t = 0; t < residual.count(); ++t) worst = std::max(worst, static_cast<double>(std::abs(residual.at(t)[0] - two.frames.at(t)[0])));
  CHECK(worst < 1e-3);
}

TEST_CASE("templates and residual: the same bits for any number of threads") {
  const auto two = two_units(0.3, 1);
  const auto one = unit_templates(two.frames, two.trains, {}, {}, 1), seven = unit_templates(two.frames, two.trains, {}, {}, 7);
  CHECK(one[0] == seven[0]);
  CHECK(one[1] == seven[1]);
  CHECK(unit_templates(two.frames, {}, {}).empty());
}

TEST_CASE("windows that leave the record count with their inside part") {
  const Frames frames(RowMatrix::Constant(8, 100, 2.0), 64);
  const auto sums = window_sums(frames, {{3, 98}}, 10);
  CHECK(sums[0](0, 0) == 2);   // only the window of the second spike reaches 10 frames back
  CHECK(sums[0](10, 0) == 4);
  CHECK(sums[0](20, 0) == 2);
}

}  // namespace emg::hd
