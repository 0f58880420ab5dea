#include "libemg/core/signal.h"

#include <algorithm>
#include <cmath>

namespace emg {

Index samples_in_s(double duration_s, double rate_hz) {
  return std::max<Index>(1, static_cast<Index>(std::llround(duration_s * rate_hz)));
}

Index samples_in_ms(double duration_ms, double rate_hz) {
  return std::max<Index>(1, static_cast<Index>(std::llround(duration_ms * rate_hz / 1000.0)));
}

}  // namespace emg
