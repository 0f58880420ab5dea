#include <algorithm>

#include "tests/fuzz/read_everything.h"

// Header, a NUL, data, which also serve as annotations.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const end = std::find(data, data + size, std::uint8_t{0});
  const auto path = emg_fuzz::scratch("r.hea");
  emg_fuzz::put(path, data, static_cast<std::size_t>(end - data));
  const auto* const rest = std::min(end + 1, data + size);
  emg_fuzz::put(emg_fuzz::scratch("r.dat"), rest, static_cast<std::size_t>(data + size - rest));
  emg_fuzz::put(emg_fuzz::scratch("r.atr"), rest, static_cast<std::size_t>(data + size - rest));
  emg::ReadOptions options;
  options.units = "count:1uV";
  emg_fuzz::read_everything(path, options);
  return 0;
}
