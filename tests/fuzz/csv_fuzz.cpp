#include "tests/fuzz/read_everything.h"

// The first byte chooses options, the rest is the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto path = emg_fuzz::scratch("a.csv");
  emg_fuzz::put(path, data + 1, size - 1);
  emg::ReadOptions options;
  if (data[0] & 1) options.units = "uV";
  if (data[0] & 2) options.rate_hz = 1000;
  options.bad_cells = (data[0] & 4) != 0;
  if (data[0] & 8) options.layout = "channels-samples";
  if (data[0] & 16) options.decimal = "comma";
  emg_fuzz::read_everything(path, options);
  return 0;
}
