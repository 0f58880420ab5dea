#include "libemg/core/operation.h"

struct Options {
  double low_hz = 20;
  int order = 4;
  static constexpr auto fields() {
    return std::tuple{emg::field("low_hz", &Options::low_hz, {}, "edge"), emg::field("order", &Options::order, {}, "order")};
  }
};
static_assert(emg::fully_described<Options>());

struct Result {
  std::vector<double> frequency_hz;
  static constexpr auto fields() { return std::tuple{emg::field("frequency_hz", &Result::frequency_hz, {}, "axis")}; }
};
Result run(const emg::ChannelsView&, double, const Options&, int);
const auto entry = emg::operation("run", "", &run);
