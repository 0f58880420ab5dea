// write_sample_nwb FOLDER: native files of every kind, for the checks with other people's readers (tests/io/nwb_validate.py).

#include <cstdio>
#include <filesystem>

#include "libemg/core/error.h"
#include "tests/io/nwb_sample.h"

int main(int count, char** arguments) {
  using namespace emg;
  if (count != 2) {
    std::fputs("usage: write_sample_nwb FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  try {
    WriteOptions options;
    options.created = "2024-03-02T04:05:06+00:00";
    const auto many = emg_test::sample_recording(20, 9000);
    write_nwb(folder / "counts.nwb", many, emg_test::sample_contents(many), options, "counts");
    auto mixed = emg_test::sample_recording(3, 5000);
    mixed.channels[1].count_uv = 0.25;
    mixed.gaps = {{-1, 100, 50, "lost"}, {1, 3000, 10, "lost"}};
    mixed.start_s = 2.5;
    write_nwb(folder / "scales.nwb", mixed, {}, options, "scales");
    auto computed = emg_test::sample_recording(1, 3000);
    computed.samples *= 0.3;
    computed.channels[0].count_uv.reset();
    computed.subject = {};
    computed.start_time.clear();
    write_nwb(folder / "computed.nwb", computed, {}, options, "computed");
    options.spec = false;
    options.fast = true;
    write_nwb(folder / "plain.nwb", many, emg_test::sample_contents(many), options, "plain");
    auto results = emg_test::sample_contents(many);
    results.signal = false;
    write_nwb(folder / "results.nwb", many, results, options, "results");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 4;
  }
  return 0;
}
