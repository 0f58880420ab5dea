#include "libemg/decompose/needle/templates.h"

#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {

Template shape_of(const TestUnit& u, double rate_hz, double count = 1e9) {
  Template t;
  t.zero = samples_in_ms(5, rate_hz);
  t.shape = RowMatrix::Zero(1, t.zero + samples_in_ms(12, rate_hz));
  for (Index i = 0; i < t.length(); ++i) t.shape(0, i) = test_shape(u, static_cast<double>(i - t.zero) / rate_hz * 1000);
  t.count = count;
  finish_template(t, rate_hz, 1);
  return t;
}

}  // namespace

TEST_CASE("correlations between samples agree with shapes that are moved") {
  const auto units = three_units();
  std::vector<Template> templates;
  for (const auto& u : units) templates.push_back(shape_of(u, 20000));
  const GramTables gram(templates, 1);
  for (const double lag : {-31.3, -2.0, 0.0, 0.125, 7.6, 40.0}) {
    RowMatrix a = RowMatrix::Zero(1, 1200), b = a;
    add_discharge(a, templates[0], 500, 1);
    add_discharge(b, templates[2], 500 + lag, 1);
    CHECK(gram(0, 2, lag) == Approx((a.array() * b.array()).sum()).margin(0.01 * templates[0].energy));
    CHECK(gram(2, 0, -lag) == gram(0, 2, lag));
    std::vector<double> row(100, 0);
    gram.add(0, 2, 50 - lag, 1, row);
    CHECK(row[50] == Approx(gram(0, 2, lag)).margin(1e-6 * templates[0].energy));
  }
  CHECK(gram(0, 1, 5000) == 0);
}

TEST_CASE("a template correlated with itself in a trace peaks where it is, with its energy") {
  const auto t = shape_of(three_units()[0], 20000);
  RowMatrix x = RowMatrix::Zero(1, 1000);
  add_discharge(x, t, 412, 1);
  const auto c = correlate(x, t, 380, 80, 1);
  CHECK(std::max_element(c.begin(), c.end()) - c.begin() == 32);
  CHECK(c[32] == Approx(t.energy).epsilon(1e-6));
}

TEST_CASE("the noise of an average is taken off its energy, its ends are cleared") {
  const auto exact = shape_of(three_units()[0], 20000);
  auto noisy = exact;
  Random random(1);
  constexpr double kCount = 25;
  for (Index i = 0; i < noisy.length(); ++i) noisy.shape(0, i) += random.normal() / std::sqrt(kCount);
  noisy.count = kCount;
  finish_template(noisy, 20000, 1);
  CHECK(noisy.energy == Approx(exact.energy).epsilon(0.02));
  CHECK(noisy.shape(0, noisy.length() - 1) == 0);
  CHECK(noisy.peak == Approx(exact.peak).epsilon(0.05));
}
