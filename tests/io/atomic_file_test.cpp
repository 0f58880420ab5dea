#include "libemg/io/atomic_file.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "libemg/core/error.h"
#include "tests/io/io_support.h"

using namespace emg;
using emg_test::bytes_of;
using emg_test::refusal;
using emg_test::TempFolder;

namespace {

std::size_t part_count(const TempFolder& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) count += entry.path().extension() == ".part";
  return count;
}

}  // namespace

TEST_CASE("a file appears under its name only when it is committed") {
  const TempFolder folder;
  {
    AtomicFile file(folder / "a.txt");
    std::ofstream(file.part()) << "half";
    CHECK_FALSE(std::filesystem::exists(folder / "a.txt"));
  }
  CHECK(part_count(folder) == 0);
  AtomicFile file(folder / "a.txt");
  std::ofstream(file.part()) << "whole";
  file.commit();
  CHECK(bytes_of(folder / "a.txt") == "whole");
  CHECK(part_count(folder) == 0);
}

TEST_CASE("an existing file is kept when a write fails or must not replace it") {
  const TempFolder folder;
  write_file(folder / "a.txt", "old");
  { AtomicFile abandoned(folder / "a.txt"); }
  CHECK(bytes_of(folder / "a.txt") == "old");
  CHECK_THAT(refusal([&] { write_file(folder / "a.txt", "new", false); }), ContainsSubstring("exists already"));
  CHECK(bytes_of(folder / "a.txt") == "old");
  write_file(folder / "a.txt", "new");
  CHECK(bytes_of(folder / "a.txt") == "new");
  AtomicFile late(folder / "b.txt", false);
  std::ofstream(folder / "b.txt") << "first";
  CHECK_THAT(refusal([&] { late.commit(); }), ContainsSubstring("exists already"));
  CHECK(bytes_of(folder / "b.txt") == "first");
}

TEST_CASE("a killed writer leaves no file under the final name, and the next run removes its part") {
  const TempFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    AtomicFile file(folder / "a.txt");
    std::ofstream(file.part()) << "half";
    for (;;) ::pause();
  }
  for (int i = 0; i < 2000 && part_count(folder) == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  REQUIRE(part_count(folder) == 1);
  { AtomicFile other(folder / "a.txt"); }
  CHECK(part_count(folder) == 1);  // its process still runs
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK_FALSE(std::filesystem::exists(folder / "a.txt"));
  write_file(folder / "a.txt", "whole");
  CHECK(part_count(folder) == 0);
  CHECK(bytes_of(folder / "a.txt") == "whole");
}

TEST_CASE("stale parts of any target can be removed, other files stay") {
  const TempFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
  folder.file(fmt::format(".x.nwb.{}-0badcafe.part", child), "half");
  folder.file(".y.part", "not ours");
  folder.file("z.part", "not ours");
  remove_stale_parts(folder.path());
  CHECK(part_count(folder) == 2);
}

#if defined(__linux__)
TEST_CASE("a part of a process that has ended but was not waited for is stale") {
  const TempFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  folder.file(fmt::format(".x.nwb.{}-0badcafe.part", child), "half");
  folder.file(fmt::format(".y.nwb.{}-0badcafe.part", ::getpid()), "being written");
  remove_stale_parts(folder.path());
  CHECK(part_count(folder) == 1);
  ::waitpid(child, nullptr, 0);
}
#endif

TEST_CASE("refusals name the path and the reason") {
  const TempFolder folder;
  CHECK_THAT(refusal([&] { write_file(folder / "no/a.txt", ""); }), ContainsSubstring("does not exist"));
  CHECK_THAT(refusal([&] { write_file(folder.path(), ""); }), ContainsSubstring("is a folder"));
  CHECK_THAT(refusal([&] { read_file(folder / "none"); }), ContainsSubstring("none: cannot be read"));
  CHECK_THAT(refusal([&] { read_file(folder.path()); }), ContainsSubstring("is a folder"));
  folder.file("long", "12345");
  CHECK(read_file(folder / "long", 5) == "12345");
  CHECK_THAT(refusal([&] { read_file(folder / "long", 4); }), ContainsSubstring("at most 4"));
}
