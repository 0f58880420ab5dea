// Runs a fuzz target over the files of a folder, and over damaged copies of each: cut short, zeroed, with changed bytes.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "libemg/core/random.h"
#include "tests/fuzz/read_everything.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  constexpr int kDamages = 200;
  if (argc != 2) return 2;
  std::vector<std::filesystem::path> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) seeds.push_back(entry.path());
  std::sort(seeds.begin(), seeds.end());
  emg::Random random(1);
  for (const auto& seed : seeds) {
    std::ifstream in(seed, std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    for (int i = 0; i < kDamages && !bytes.empty(); ++i) {
      auto damaged = bytes;
      if (i % 4 == 0) damaged.resize(random.below(bytes.size()) + 1);
      for (int k = 0; k < i % 7; ++k) damaged[random.below(damaged.size())] = static_cast<std::uint8_t>(random.below(i % 2 ? 128 : 256));
      LLVMFuzzerTestOneInput(damaged.data(), damaged.size());
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(emg_fuzz::scratch("").parent_path(), ignored);
  std::printf("%zu seeds, %d damaged copies of each\n", seeds.size(), kDamages);
  return seeds.empty() ? 1 : 0;
}
