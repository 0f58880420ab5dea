#include "libemg/io/unit_text.h"

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("unit words of voltage") {
  for (const char* micro : {"uV", "\xB5V", "\xC2\xB5V", "\xCE\xBCV", "microV", "microvolt", "Microvolts", " uV "}) {
    CAPTURE(micro);
    REQUIRE(voltage_unit(micro).has_value());
    CHECK(voltage_unit(micro)->microvolts == 1);
    CHECK_FALSE(voltage_unit(micro)->folded);
  }
  CHECK(voltage_unit("V")->microvolts == 1e6);
  CHECK(voltage_unit("volts")->microvolts == 1e6);
  CHECK(voltage_unit("mV")->microvolts == 1e3);
  CHECK(voltage_unit("millivolt")->microvolts == 1e3);
  CHECK(voltage_unit("nV")->microvolts == 1e-3);
  CHECK(voltage_unit("mv")->microvolts == 1e3);
  for (const char* folded : {"UV", "MV"}) CHECK(voltage_unit(folded)->folded);
  CHECK(voltage_unit("UV")->microvolts == 1);
  CHECK(voltage_unit("MV")->microvolts == 1e3);
  for (const char* other : {"", "N", "degC", "Boolean", "m", "mVs2", "pV"}) CHECK_FALSE(voltage_unit(other).has_value());
}

TEST_CASE("the units option") {
  CHECK_FALSE(units_option("").has_value());
  CHECK(units_option("mV")->microvolts == 1e3);
  CHECK_FALSE(units_option("mV")->counts);
  const auto counts = units_option("count:0.195uV");
  REQUIRE(counts.has_value());
  CHECK(counts->counts);
  CHECK(counts->microvolts == 0.195);
  CHECK(units_option("count:2mV")->microvolts == 2000);
  for (const char* bad : {"N", "count:", "count:uV", "count:1", "count:0uV", "count:1N"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(units_option(bad), InvalidArgument);
  }
}
