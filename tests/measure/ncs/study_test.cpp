#include "libemg/measure/ncs/study.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// A motor nerve from two sites, artefact, coloured noise, `db` of one sweep.
SweepSet motor(double db, std::uint64_t seed, double rate_hz, double sign, int per_site = 5) {
  const scenes::Scene scene{rate_hz, 6, 40};
  auto set = scenes::empty_set(scene, 2 * per_site);
  for (Index r = 0; r < 2 * per_site; ++r) {
    auto& s = set.sweeps[static_cast<std::size_t>(r)];
    const bool far = r >= per_site;
    s.site = far ? "elbow" : "wrist", s.distance_mm = far ? 290 : 70, s.test = "motor";
    scenes::add(set, scene, r,
                [&](double ms) { return sign * 7000 * scenes::soft((ms - (far ? 7.5 : 3.4)) * 1.2) + scenes::artefact(ms, 400); });
    scenes::add_coloured_noise(set, r, 7000 * std::pow(10, -db / 20), seed);
  }
  return set;
}

const Table& table(const NcsStudy& study, const std::string& name) {
  for (const auto& t : study.tables) {
    if (t.name == name) return t;
  }
  throw std::runtime_error("no table " + name);
}

double number(const Table& t, const char* column, std::size_t row) {
  return std::get<double>(t.find(column)->cell(row));
}

}  // namespace

TEST_CASE("a study of two sites gives markers and the velocity") {
  for (const double sign : {-1.0, 1.0}) {
    const auto study = ncs_study({motor(40, 1, 25000, sign)});
    const auto& m = table(study, "ncs_motor");
    REQUIRE(m.row_count() == 2);
    CHECK(number(m, "onset_ms", 0) == Approx(3.4).margin(0.15));
    CHECK(number(m, "amplitude_mv", 0) == Approx(7).epsilon(0.02));
    CHECK(number(table(study, "ncs_velocity"), "velocity_mps", 0) == Approx(220 / 4.1).epsilon(0.02));
    CHECK(table(study, "ncs_segments").row_count() == 1);
    CHECK(table(study, "ncs_markers").row_count() == study.markers.size());
    for (const auto& marker : study.markers) {
      CHECK(marker.source == "automatic");
      CHECK_FALSE(marker.method.empty());
      CHECK_FALSE(marker.version.empty());
    }
  }
}

TEST_CASE("markers set by hand override and stay when the study is analysed again") {
  const auto set = motor(40, 1, 20000, -1);
  auto first = ncs_study({set});
  auto hand = first.markers;
  for (auto& m : hand) {
    if (m.marker == "onset" && m.site == "elbow") m.time_ms = 7.9, m.source = "manual", m.edited_by = "reader";
  }
  const auto second = ncs_study({set}, {}, hand);
  CHECK(number(table(second, "ncs_motor"), "onset_ms", 1) == 7.9);
  CHECK(number(table(second, "ncs_velocity"), "velocity_mps", 0) ==
        Approx(220 / (7.9 - number(table(second, "ncs_motor"), "onset_ms", 0))));
  const auto third = ncs_study({set}, {}, markers_of(table(second, "ncs_markers")));
  int manual = 0;
  for (const auto& m : third.markers) {
    if (m.source != "manual") continue;
    ++manual;
    CHECK(m.time_ms == 7.9);
    CHECK(m.edited_by == "reader");
    CHECK(m.method == "manual");
  }
  CHECK(manual == 1);
}

TEST_CASE("without metadata a study gives what needs none and says what is missing") {
  auto set = motor(40, 2, 20000, -1);
  for (auto& s : set.sweeps) {
    const auto site = s.site;
    s = {};
    s.site = site;
  }
  const auto study = ncs_study({set});
  CHECK(table(study, "ncs_motor").row_count() == 2);
  const auto& steps = table(study, "ncs_steps");
  bool said = false;
  for (std::size_t r = 0; r < steps.row_count(); ++r) {
    said = said || (std::get<std::string>(steps.find("status")->cell(r)) == "not_assessable" &&
                    std::get<std::string>(steps.find("reason")->cell(r)) == "distance missing");
  }
  CHECK(said);
}

TEST_CASE("sites of one nerve in two files belong together; files may differ in rate") {
  const auto whole = motor(40, 3, 20000, -1);
  SweepSet a = whole, b = whole;
  a.samples = whole.samples.topRows(5), b.samples = whole.samples.bottomRows(5);
  a.sweeps.resize(5), b.sweeps.erase(b.sweeps.begin(), b.sweeps.begin() + 5);
  const auto together = ncs_study({whole}), apart = ncs_study({a, b});
  CHECK(number(table(together, "ncs_velocity"), "velocity_mps", 0) == number(table(apart, "ncs_velocity"), "velocity_mps", 0));
  auto c = motor(40, 3, 30000, -1);
  c.samples = RowMatrix(c.samples.bottomRows(5));
  c.sweeps.erase(c.sweeps.begin(), c.sweeps.begin() + 5);
  CHECK(number(table(ncs_study({a, c}), "ncs_velocity"), "velocity_mps", 0) == Approx(220 / 4.1).epsilon(0.03));
}

TEST_CASE("without a named test, long single sweeps are F waves; the M wave of their site comes from the shorter recording") {
  auto short_set = motor(40, 3, 20000, -1, 4);
  for (auto& s : short_set.sweeps) s.test.clear();
  const scenes::Scene scene{20000, 6, 80};
  auto long_set = scenes::empty_set(scene, 8);
  for (Index r = 0; r < 8; ++r) {
    long_set.sweeps[static_cast<std::size_t>(r)] = short_set.sweeps.front();
    scenes::add(long_set, scene, r, [&](double ms) { return -7000 * scenes::soft((ms - 3.4) * 1.2) - 300 * scenes::soft((ms - 28 - 2.0 * static_cast<double>(r)) * 1.2); });
    scenes::add_coloured_noise(long_set, r, 5, 9);
  }
  const auto both = ncs_study({short_set, long_set});
  CHECK(table(both, "ncs_motor").row_count() == 2);
  REQUIRE(table(both, "ncs_f_waves").row_count() == 1);
  CHECK(std::get<std::int64_t>(table(both, "ncs_f_waves").find("f_count")->cell(0)) >= 7);
  CHECK(table(ncs_study({long_set}), "ncs_motor").row_count() == 1);
}

TEST_CASE("an empty study and bad marker tables are refused") {
  CHECK_THROWS_WITH(ncs_study({}), ContainsSubstring("no sweeps"));
  CHECK_THROWS_WITH(markers_of(Table{"x", "", {}}), ContainsSubstring("marker"));
  NcsOptions o;
  o.f_window_ms = {20};
  CHECK_THROWS_WITH(ncs_study({motor(40, 1, 20000, -1)}, o), ContainsSubstring("f_window_ms"));
}
