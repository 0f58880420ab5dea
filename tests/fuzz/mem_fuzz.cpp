#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libemg/core/error.h"
#include "libemg/io/mem.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    emg::parse_mem(bytes, "fuzz.MEM", size % 2 == 1);
  } catch (const emg::FileError&) {
  }
  emg::parse_mef(bytes);
  return 0;
}
