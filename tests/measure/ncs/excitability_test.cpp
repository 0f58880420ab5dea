#include "libemg/measure/ncs/excitability.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "libemg/core/error.h"
#include "libemg/io/mem.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace emg;

namespace {

ExcitabilityData data_of(const MemFile& m) {
  ExcitabilityData d;
  d.duration_ms = m.duration_ms, d.charge_ma_ms = m.charge_ma_ms, d.interval_ms = m.interval_ms, d.recovery_pct = m.recovery_pct;
  d.iv_current_pct = m.iv_current_pct, d.iv_reduction_pct = m.iv_reduction_pct, d.response_pct = m.response_pct;
  if (!m.response_ma.empty()) d.response_ma = m.response_ma.back();
  for (const auto& curve : m.electrotonus) {
    ElectrotonusCurve c;
    for (const auto& p : curve)
      c.delay_ms.push_back(p.delay_ms), c.reduction_pct.push_back(p.reduction_pct),
          c.current_pct = std::abs(p.current_pct) > std::abs(c.current_pct) ? p.current_pct : c.current_pct;
    d.electrotonus.push_back(std::move(c));
  }
  return d;
}

struct Expected {
  const char* file;
  double rheobase, sd, rrp, super, sub, iv_min, iv_rest, ted10, ted40, teh10, teh20, ted90, teh90, s50, file_s50;
};
// Values of the files' own tables (equal), and of an independent computation.
const Expected kFiles[] = {
    {"FESB70821A.MEM", 4.026, 0.287, 3.407, -23.58, 10.81, 0.250, 0.653, 61.02, 52.18, -64.20, -78.68, 42.06, -99.21, 5.310, 5.307},
    {"FESB70821B.MEM", 6.696, 0.402, 3.012, -24.36, 13.03, 0.225, 0.525, 62.73, 51.07, -69.55, -90.29, 45.52, -129.465, 10.666, 10.644},
    {"rat.MEM", NAN, NAN, 3.081, -19.89, 12.63, 0.405, 0.762, 61.16, 46.81, -63.98, -75.10, 42.41, -82.835, 2.960, 2.954},
};

}  // namespace

TEST_CASE("derived numbers of real files are those of their tables") {
  const auto folder = emg_test::shared_data("nerve_excitability_nervenorms");
  if (folder.empty()) return;
  for (const auto& e : kFiles) {
    const auto row = excitability(data_of(read_mem(folder / e.file)));
    CAPTURE(e.file, row.reason);
    if (!std::isnan(e.rheobase)) {
      CHECK(*row.rheobase_ma == Approx(e.rheobase).margin(0.0006));
      CHECK(*row.strength_duration_ms == Approx(e.sd).margin(0.0006));
    }
    CHECK(*row.relative_refractory_ms == Approx(e.rrp).margin(0.0006));
    CHECK(*row.superexcitability_pct == Approx(e.super).margin(0.0051));
    CHECK(*row.subexcitability_pct == Approx(e.sub).margin(0.0101));
    CHECK(*row.iv_slope_min == Approx(e.iv_min).margin(0.0006));
    CHECK(*row.iv_slope_resting == Approx(e.iv_rest).epsilon(0.01));
    CHECK(*row.ted_10_20_pct == Approx(e.ted10).margin(0.0101));
    CHECK(*row.ted_40_60_pct == Approx(e.ted40).margin(0.0101));
    CHECK(*row.teh_10_20_pct == Approx(e.teh10).margin(0.0101));
    CHECK(*row.teh_20_40_pct == Approx(e.teh20).margin(0.0101));
    CHECK(*row.ted_90_100_pct == Approx(e.ted90).margin(0.0051));
    CHECK(*row.teh_90_100_pct == Approx(e.teh90).margin(0.0051));
    CHECK(*row.stimulus_50_ma == Approx(e.s50).margin(0.0006));
    CHECK(*row.stimulus_50_ma == Approx(e.file_s50).epsilon(0.0025));
  }
}

TEST_CASE("194 records of another form are computed, none refused") {
  const auto path = emg_test::shared_data("nerve_excitability_nervenorms/participants.json");
  if (path.empty()) return;
  std::ifstream in(path);
  const auto records = nlohmann::json::parse(in);
  int count = 0;
  for (const auto& [id, record] : records.items()) {
    ExcitabilityData d;
    const auto& s = record["sections"];
    const auto take = [](const nlohmann::json& rows, std::vector<double>& x, std::vector<double>& y) {
      for (const auto& r : rows) {
        // A third number says that the point was imputed.
        if (r.size() > 2 && r[2].is_number() && r[2].get<double>() != 0) continue;
        if (r[0].is_number() && r[1].is_number()) x.push_back(r[0].get<double>()), y.push_back(r[1].get<double>());
      }
    };
    if (s.contains("CD")) take(s["CD"]["data"], d.duration_ms, d.charge_ma_ms);
    if (s.contains("RC")) take(s["RC"]["data"], d.interval_ms, d.recovery_pct);
    if (s.contains("IV")) take(s["IV"]["data"], d.iv_current_pct, d.iv_reduction_pct);
    if (s.contains("SR")) take(s["SR"]["data"], d.response_pct, d.response_ma);
    CHECK_NOTHROW(excitability(d));
    ++count;
  }
  CHECK(count == 194);
}

TEST_CASE("what is missing is empty and named; what is not finite is refused") {
  const auto row = excitability({});
  CHECK_FALSE(row.rheobase_ma);
  CHECK(row.quality == "incomplete");
  CHECK(row.reason.find("recovery cycle") != std::string::npos);
  ExcitabilityData d;
  d.duration_ms = {0.2, 0.5, 1}, d.charge_ma_ms = {1 + 0.2 * 3, 1 + 0.5 * 3, 1 + 3.0};
  const auto line = excitability(d);
  CHECK(*line.rheobase_ma == Approx(3).epsilon(1e-12));
  CHECK(*line.strength_duration_ms == Approx(1 / 3.0).epsilon(1e-12));
  d.charge_ma_ms[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(excitability(d), ContainsSubstring("charge and duration: point 2"));
  d.charge_ma_ms.pop_back();
  CHECK_THROWS_WITH(excitability(d), ContainsSubstring("3 and 2 values"));
}
