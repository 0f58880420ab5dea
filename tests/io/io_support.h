#pragma once
// Temporary folders and hand-made files for the tests of io.

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace emg_test {

namespace fs = std::filesystem;

/// A folder that goes away with the object.
class TempFolder {
 public:
  TempFolder() {
    static std::atomic<int> count{0};
    path_ = fs::temp_directory_path() / fmt::format("emg-io-test-{}-{}", ::getpid(), count++);
    fs::create_directories(path_);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }
  fs::path file(const std::string& name, const std::string& bytes) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path_ / name;
  }

 private:
  fs::path path_;
};

inline std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One signal of a hand-made EDF or BDF file; text fields as they shall stand in the header.
struct EdfSignalText {
  std::string label = "EMG 1", dimension = "uV", pmin = "-3276.8", pmax = "3276.7", dmin = "-32768", dmax = "32767", prefilter = "",
              samples = "4";
};

struct EdfText {
  std::string version = "0", patient = "X X X X", recording = "Startdate 02-MAR-2021 X X X", date = "02.03.21", time = "04.05.06",
              header_bytes, reserved = "EDF+C", records = "2", duration = "1", count;
  std::vector<EdfSignalText> signals{EdfSignalText{}};
  std::string data;
};

inline std::string padded(std::string text, std::size_t size) {
  text.resize(size, ' ');
  return text;
}

inline std::string edf_bytes(const EdfText& e) {
  const auto n = e.signals.size();
  std::string out = e.version == "bdf" ? std::string(
                                             "\xFF"
                                             "BIOSEMI")
                                       : padded(e.version, 8);
  out += padded(e.patient, 80) + padded(e.recording, 80) + padded(e.date, 8) + padded(e.time, 8);
  out += padded(e.header_bytes.empty() ? std::to_string(256 * (n + 1)) : e.header_bytes, 8) + padded(e.reserved, 44);
  out += padded(e.records, 8) + padded(e.duration, 8) + padded(e.count.empty() ? std::to_string(n) : e.count, 4);
  const auto all = [&](std::size_t size, auto field) {
    for (const auto& s : e.signals) out += padded(field(s), size);
  };
  all(16, [](const auto& s) { return s.label; });
  all(80, [](const auto&) { return std::string(); });
  all(8, [](const auto& s) { return s.dimension; });
  all(8, [](const auto& s) { return s.pmin; });
  all(8, [](const auto& s) { return s.pmax; });
  all(8, [](const auto& s) { return s.dmin; });
  all(8, [](const auto& s) { return s.dmax; });
  all(80, [](const auto& s) { return s.prefilter; });
  all(8, [](const auto& s) { return s.samples; });
  all(32, [](const auto&) { return std::string(); });
  return out + e.data;
}

/// Little-endian integers of `bytes` bytes.
inline std::string little(const std::vector<int>& values, int bytes = 2) {
  std::string out;
  for (const int v : values) {
    for (int b = 0; b < bytes; ++b) out += static_cast<char>(v >> (8 * b) & 0xFF);
  }
  return out;
}

/// Message of the FileError (or other emg error) that `call` throws, "" if it throws none.
template <class Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace emg_test
