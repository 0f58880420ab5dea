#include "libemg/decompose/needle/superposition.h"

#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {

constexpr double kRate = 20000;

std::vector<TestUnit> six_units(double peak) {
  std::vector<TestUnit> units;
  for (int i = 0; i < 6; ++i) units.push_back({peak * (1 + 0.2 * i), 0.22 + 0.06 * i, 1 + i % 3, i % 2 ? 1.3 + 0.3 * i : 0});
  return units;
}

std::vector<Template> templates_of(const std::vector<TestUnit>& units) {
  std::vector<Template> templates;
  for (const auto& u : units) {
    Template t;
    t.zero = samples_in_ms(5, kRate);
    t.shape = RowMatrix::Zero(1, t.zero + samples_in_ms(12, kRate));
    for (Index i = 0; i < t.length(); ++i) t.shape(0, i) = test_shape(u, static_cast<double>(i - t.zero) / kRate * 1000);
    t.count = 1e9;
    finish_template(t, kRate, 1);
    templates.push_back(std::move(t));
  }
  return templates;
}

SolverOptions solver_options() {
  SolverOptions o;
  o.rate_hz = kRate;
  o.constant_prior = -2 * std::log(10.0);
  return o;
}

struct Trial {
  RowMatrix x;
  std::vector<std::pair<int, double>> truth;
};

Trial trial(const std::vector<TestUnit>& units, int count, std::uint64_t seed) {
  Random random(seed, 7);
  Trial t;
  t.x = RowMatrix(1, 700);
  for (Index i = 0; i < t.x.cols(); ++i) t.x(0, i) = random.normal();
  std::vector<int> order{0, 1, 2, 3, 4, 5};
  for (int k = 0; k < count; ++k) {
    std::swap(order[static_cast<std::size_t>(k)], order[static_cast<std::size_t>(k) + random.below(6 - static_cast<std::uint64_t>(k))]);
    const double position = 300 + 60 * random.uniform();  // within 3 ms
    t.truth.emplace_back(order[static_cast<std::size_t>(k)], position);
    add_potential(t.x, kRate, units[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])], position / kRate);
  }
  return t;
}

bool exact(const Resolution& found, const Trial& t) {
  if (found.discharges.size() != t.truth.size()) return false;
  return std::all_of(t.truth.begin(), t.truth.end(), [&](const auto& truth) {
    return std::any_of(found.discharges.begin(), found.discharges.end(),
                       [&](const Discharge& d) { return d.unit == truth.first && std::abs(d.position - truth.second) < 0.5e-3 * kRate; });
  });
}

Resolution solve(const std::vector<Template>& templates, const RowMatrix& x, SolverOptions o = solver_options()) {
  const GramTables gram(templates, 1);
  const RowMatrix prior = RowMatrix::Constant(static_cast<Index>(templates.size()), 160, o.constant_prior);
  return SuperpositionSolver(templates, gram, o).solve(x, 250, 160, prior);
}

}  // namespace

TEST_CASE("superposition: collisions of 2 to 4 units of 6 are solved exactly, a greedy search solves fewer") {
  const auto units = six_units(10);
  const auto templates = templates_of(units);
  auto greedy = solver_options();
  greedy.beam_width = 1;
  for (const auto& [count, must] : {std::pair{2, 46}, std::pair{3, 45}, std::pair{4, 39}}) {
    int solved = 0, solved_greedily = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      const auto t = trial(units, count, seed);
      solved += exact(solve(templates, t.x), t);
      solved_greedily += exact(solve(templates, t.x, greedy), t);
    }
    INFO(count << " units: " << solved << " of 50 exact, greedy " << solved_greedily);
    CHECK(solved >= must);
    if (count > 2) CHECK(solved > solved_greedily);
  }
}

TEST_CASE("superposition: nothing there gives nothing") {
  const auto units = six_units(6);
  const auto templates = templates_of(units);
  int invented = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) invented += static_cast<int>(solve(templates, trial(units, 0, seed).x).discharges.size());
  CHECK(invented == 0);
}

TEST_CASE("superposition: two potentials that nearly cancel are found") {
  std::vector<TestUnit> units{{30, 0.3, 1}, {-27, 0.3, 1}};
  const auto templates = templates_of(units);
  RowMatrix x = RowMatrix::Zero(1, 700);
  Random random(2);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = random.normal();
  add_potential(x, kRate, units[0], 320 / kRate);
  add_potential(x, kRate, units[1], 324 / kRate);
  const auto found = solve(templates, x);
  REQUIRE(found.discharges.size() == 2);
  CHECK(found.discharges[0].position == Approx(320).margin(1.5));
  CHECK(found.discharges[1].position == Approx(324).margin(1.5));
}

TEST_CASE("superposition: every lag of two units is solved") {
  std::vector<TestUnit> units{{20, 0.3, 1}, {24, 0.4, 2}};
  const auto templates = templates_of(units);
  for (int k = -30; k <= 30; k += 2) {
    RowMatrix x = RowMatrix::Zero(1, 700);
    Random random(static_cast<std::uint64_t>(k + 100));
    for (Index i = 0; i < x.cols(); ++i) x(0, i) = random.normal();
    add_potential(x, kRate, units[0], 330 / kRate);
    add_potential(x, kRate, units[1], (330 + k) / kRate);
    Trial t{x, {{0, 330.0}, {1, 330.0 + k}}};
    INFO("lag " << k);
    CHECK(exact(solve(templates, x), t));
  }
}

TEST_CASE("superposition: times are exact to a fraction of a sample and posteriors follow the evidence") {
  std::vector<TestUnit> units{{40, 0.3, 1}};
  const auto templates = templates_of(units);
  double squares = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RowMatrix x = RowMatrix::Zero(1, 700);
    Random random(seed);
    for (Index i = 0; i < x.cols(); ++i) x(0, i) = random.normal();
    const double position = 320 + random.uniform();
    add_potential(x, kRate, units[0], position / kRate);
    const auto found = solve(templates, x);
    REQUIRE(found.discharges.size() == 1);
    CHECK(found.discharges[0].posterior > 0.99);
    squares += (found.discharges[0].position - position) * (found.discharges[0].position - position) / 40;
  }
  CHECK(std::sqrt(squares) < 0.25);
  CHECK(solve({}, RowMatrix::Zero(1, 700)).discharges.empty());
}
