#include "libemg/simulate/needle_electrodes.h"

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("a needle sees units and fibres of the published sizes") {
  const auto electrodes = needle_electrodes({}, 20000, 1);
  CHECK(needle_channel().electrode_kind == "concentric needle");
  Random random(1);
  double low = 1e9, high = 0;
  for (int i = 0; i < 30; ++i) {
    const auto fibre = electrodes.fibre(random, 25, {});
    const double size = fibre.fine.maxCoeff() - fibre.fine.minCoeff();
    low = std::min(low, size);
    high = std::max(high, size);
  }
  CHECK(low > 20);
  CHECK(high < 1000);
  CHECK(electrodes.unit(3, 0.5).fine == electrodes.unit(3, 0.5).fine);
  CHECK(electrodes.unit(3, 0.5).fine.cwiseAbs().maxCoeff() != electrodes.unit(4, 0.5).fine.cwiseAbs().maxCoeff());
}
