#include "libemg/core/options.h"

struct Options {
  double low_hz = 20;
  int order = 4;
  static constexpr auto fields() { return std::tuple{emg::field("low_hz", &Options::low_hz, {}, "edge")}; }
};
static_assert(emg::fully_described<Options>());
