#include "libemg/measure/units/unit_firing.h"

#include "libemg/core/error.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

MotorUnit unit_of(std::vector<std::int64_t> samples, int id = 0) {
  MotorUnit unit;
  unit.unit_id = id;
  unit.discharges = {1000, std::move(samples), {}};
  return unit;
}

}  // namespace

TEST_CASE("rates of a train: all, first and last intervals, steady phase") {
  const auto unit = unit_of({100, 300, 400, 500, 600, 700, 900});
  UnitFiringOptions options;
  options.steady_start_s = 0.35;
  options.steady_stop_s = 0.65;
  const auto row = unit_firing({unit}, 1000, 1000, {}, options).front();
  CHECK(*row.rate_all_hz == Approx((5 + 10 + 10 + 10 + 10 + 5) / 6.0));
  CHECK(*row.rate_mean_isi_hz == Approx(6 / 0.8));
  CHECK(*row.rate_recruitment_hz == Approx(25.0 / 3));
  CHECK(*row.rate_derecruitment_hz == Approx(25.0 / 3));
  CHECK(*row.rate_steady_hz == Approx(10));
  CHECK(*row.cov_isi_steady == Approx(0));
  CHECK_FALSE(row.recruitment_force);
}

TEST_CASE("a limit of the rate drops intervals, it does not reach for others") {
  UnitFiringOptions options;
  options.lowest_rate_hz = 6;
  const auto row = unit_firing({unit_of({100, 300, 400, 500, 600, 700, 900})}, 1000, 1000, {}, options).front();
  CHECK(*row.rate_recruitment_hz == Approx(10));
  CHECK(*row.rate_derecruitment_hz == Approx(10));
}

TEST_CASE("the force at which a unit comes and goes, and the steady phase of a trapezoid") {
  std::vector<double> force(10000);
  for (std::size_t i = 0; i < force.size(); ++i) {
    const double t = static_cast<double>(i);
    force[i] = t < 3000 ? t / 100 : t < 7000 ? 30 : (10000 - t) / 100;
  }
  const auto [first, last] = steady_phase(force, 0.05);
  CHECK(first == Approx(2850).margin(2));
  CHECK(last == Approx(7151).margin(2));
  const auto row = unit_firing({unit_of({1000, 2500, 2600, 2700, 9000})}, 10000, 1000, force).front();
  CHECK(*row.recruitment_force == Approx(10));
  CHECK(*row.derecruitment_force == Approx(10));
  CHECK(*row.recruitment_force_mean == Approx((10 + 25 + 26 + 27) / 4.0));
  CHECK(row.isolated_first);
}

TEST_CASE("too few discharges leave cells empty, impossible input is refused by name") {
  const auto rows = unit_firing({unit_of({}, 3), unit_of({50}, 4), unit_of({50, 150}, 5)}, 1000, 1000);
  CHECK_FALSE(rows[0].first_s);
  CHECK_FALSE(rows[1].rate_all_hz);
  CHECK_FALSE(rows[2].rate_recruitment_hz);
  CHECK(*rows[2].rate_all_hz == Approx(10));
  CHECK_THROWS_WITH(unit_firing({unit_of({1000}, 7)}, 1000, 1000), ContainsSubstring("unit 7 has a discharge at sample 1000"));
  CHECK_THROWS_WITH(unit_firing({}, 10, 1000, std::vector<double>(9)), ContainsSubstring("force has 9 samples"));
  UnitFiringOptions options;
  options.steady_stop_s = 5;
  CHECK_THROWS_WITH(unit_firing({}, 1000, 1000, {}, options), ContainsSubstring("steady phase"));
}

}  // namespace emg
