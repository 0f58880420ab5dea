#include "libemg/simulate/surface_muscle.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("surface units: largest over their own muscle, no net area, sign turns across the end-plates") {
  const MuscleOptions muscle;
  const auto kernels = surface_kernels(muscle);
  const auto seen = [&](double z) {
    return surface_unit(muscle, kernels, {pair_channel("a", -20, z, 20), pair_channel("b", 20, z, 20)}, -20, 0.3, 900, 0.5, 2048, 1, 4);
  };
  const auto unit = seen(30), mirrored = seen(-30);
  REQUIRE(unit.fine.rows() == 2);
  CHECK(unit.fine.row(0).cwiseAbs().maxCoeff() > 3 * unit.fine.row(1).cwiseAbs().maxCoeff());
  CHECK(std::fabs(unit.fine.row(0).sum()) < 0.02 * unit.fine.row(0).cwiseAbs().sum());
  CHECK(unit.fine(0, reference_point(unit, 0)) * mirrored.fine(0, reference_point(mirrored, 0)) < 0);
}

TEST_CASE("the potential travels at the velocity of the fibre and ends everywhere at once") {
  // Spec oracles: delay IED / v within 1 %; bipolar sign reverses across the end-plates; extinction is simultaneous.
  MuscleOptions muscle{.fat_mm = 1};
  const auto kernels = surface_kernels(muscle);
  Fibre fibre;
  fibre.y_mm = 1;
  fibre.positive_mm = fibre.negative_mm = 70;
  fibre.velocity_m_s = 4;
  std::vector<SkinChannel> channels;
  for (double z = 20; z <= 36; z += 8) channels.push_back(pair_channel("", 0, z, 8));
  const auto unit = surface_fibre(muscle, kernels, channels, fibre, 2048);
  std::vector<double> peaks;
  for (Index c = 0; c < 3; ++c) {
    Index at = 0;
    unit.fine.row(c).minCoeff(&at);
    peaks.push_back(static_cast<double>(at) * 1000 / (2048 * kPhases));
  }
  CHECK(peaks[1] - peaks[0] == Approx(2).epsilon(0.02));
  CHECK(peaks[2] - peaks[1] == Approx(2).epsilon(0.02));
}

TEST_CASE("coarse cells and sums change the potential by a thousandth") {
  // The same fibre by the general integral in cells of 0.1 mm, on the fine grid.
  const MuscleOptions muscle;
  const auto kernels = surface_kernels(muscle);
  Fibre fibre;
  fibre.x_mm = 3;
  fibre.y_mm = 2;
  fibre.endplate_mm = 1.3;
  fibre.delay_ms = 0.9;
  const SkinChannel channel{{{0, 25, 1}}, {}};
  const auto unit = surface_fibre(muscle, kernels, {channel}, fibre, 2048);
  const auto profile = kernels.profile(3, 2);
  const auto wave = fibre_wave(
      fibre, [&](double z) { return profile_at(profile, 25 - z); }, muscle.wave_scale, 0.1);
  std::vector<double> exact(static_cast<std::size_t>(unit.fine.cols()));
  add_fibre_wave(fibre, wave, 0.1, 1, 2048.0 * kPhases, exact);
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) worst = std::max(worst, std::fabs(exact[i] - unit.fine(0, static_cast<Index>(i))));
  CHECK(worst < 5e-3 * unit.fine.cwiseAbs().maxCoeff());
}

TEST_CASE("published single-fibre oracle: monopolar and bipolar amplitude by depth") {
  // Peak-to-peak, fibre of 55 um, 4 m/s, wave scale 1, 25 mm from the end-plate.
  const MuscleOptions muscle{.muscle_depth_mm = 20, .wave_scale = 1};
  const auto kernels = surface_kernels(muscle);
  const SkinChannel mono{{{0, 25, 1}}, {}}, pair{{{0, 25, 1}, {0, 35, -1}}, {}};
  for (const auto& [depth, monopolar, bipolar] :
       {std::tuple{2.0, 0.899, 1.513}, std::tuple{5.0, 0.390, 0.345}, std::tuple{10.0, 0.206, 0.0668}}) {
    Fibre fibre;
    fibre.y_mm = depth;
    fibre.positive_mm = fibre.negative_mm = 70;
    const auto unit = surface_fibre(muscle, kernels, {mono, pair}, fibre, 4000);
    CAPTURE(depth);
    CHECK(unit.fine.row(0).maxCoeff() - unit.fine.row(0).minCoeff() == Approx(monopolar).epsilon(0.02));
    CHECK(unit.fine.row(1).maxCoeff() - unit.fine.row(1).minCoeff() == Approx(bipolar).epsilon(0.02));
  }
}

TEST_CASE("a disc averages, a slower muscle is later") {
  MuscleOptions point, disc{.electrode_radius_mm = 6}, slow{.velocity_scale = 0.8};
  const SkinChannel channel{{{0, 25, 1}}, {}};
  const auto height = [&](const MuscleOptions& m) { return surface_unit(m, surface_kernels(m), {channel}, 0, 0.2, 100, 0.5, 2048, 1, 0); };
  const auto a = height(point), b = height(disc), c = height(slow);
  CHECK(b.fine.cwiseAbs().maxCoeff() < a.fine.cwiseAbs().maxCoeff());
  CHECK(b.fine.cwiseAbs().maxCoeff() > 0.5 * a.fine.cwiseAbs().maxCoeff());
  CHECK(reference_point(c, 0) > reference_point(a, 0));
}
