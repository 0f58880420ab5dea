#include "libemg/core/parallel.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

namespace emg {

TEST_CASE("every index runs exactly once for any number of threads") {
  for (const int threads : {0, 1, 2, 7, 64}) {
    for (const Index count : {0, 1, 2, 5, 1000}) {
      std::vector<int> seen(static_cast<std::size_t>(count));
      parallel_for(count, threads, [&](Index i) { ++seen[static_cast<std::size_t>(i)]; });
      CAPTURE(threads, count);
      CHECK(seen == std::vector<int>(static_cast<std::size_t>(count), 1));
    }
  }
}

TEST_CASE("one thread works in the caller's thread and in order") {
  std::vector<Index> order;
  const auto caller = std::this_thread::get_id();
  parallel_for(5, 1, [&](Index i) {
    CHECK(std::this_thread::get_id() == caller);
    order.push_back(i);
  });
  CHECK(order == std::vector<Index>{0, 1, 2, 3, 4});
}

TEST_CASE("the exception of the lowest index arrives after all have stopped") {
  for (const int threads : {2, 7}) {
    std::atomic<int> running{0};
    try {
      parallel_for(200, threads, [&](Index i) {
        ++running;
        if (i == 3 || i == 150) {
          --running;
          throw InvalidArgument("task " + std::to_string(i));
        }
        --running;
      });
      FAIL("no exception");
    } catch (const InvalidArgument& error) {
      CHECK(std::string(error.what()) == "task 3");
    }
    CHECK(running == 0);
  }
}

TEST_CASE("calls may be nested") {
  std::vector<int> seen(12);
  parallel_for(3, 2, [&](Index i) { parallel_for(4, 2, [&](Index j) { ++seen[static_cast<std::size_t>(4 * i + j)]; }); });
  CHECK(seen == std::vector<int>(12, 1));
}

TEST_CASE("thread counts") {
  CHECK(thread_count(1) == 1);
  CHECK(thread_count(9) == 9);
  CHECK(thread_count(0) >= 1);
  CHECK_THROWS_WITH(thread_count(-1), "threads -1 is outside the allowed range: [0, 1024]");
  CHECK_THROWS_AS(thread_count(1025), InvalidArgument);
}

}  // namespace emg
