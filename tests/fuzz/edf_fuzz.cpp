#include "tests/fuzz/read_everything.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = emg_fuzz::scratch("a.edf");
  emg_fuzz::put(path, data, size);
  emg_fuzz::read_everything(path, {});
  return 0;
}
