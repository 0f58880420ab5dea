#pragma once
// Words for units of voltage.

#include <optional>
#include <string>
#include <string_view>

namespace emg {

/// What a unit word says.
struct VoltageUnit {
  double microvolts = 1;  ///< in one unit
  bool folded = false;    ///< "UV", "MV": not written as usual, read as microvolt and millivolt
};

/// V, mV, uV, nV with the micro sign in Latin-1, UTF-8 or Greek; microV, microvolt(s), millivolt(s), volt(s), nanovolt(s); exact case
/// first, then any case. Empty if `word` is no voltage.
std::optional<VoltageUnit> voltage_unit(std::string_view word);

/// What the option `units` says: a voltage word, or `count:0.195uV` for integers of a known step.
struct UnitsOption {
  double microvolts = 1;  ///< in one unit or count
  bool counts = false;
};

/// Empty for "". Throws InvalidArgument naming `units`, its value and the allowed forms.
std::optional<UnitsOption> units_option(std::string_view text);

}  // namespace emg
