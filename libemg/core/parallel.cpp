#include "libemg/core/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "libemg/core/error.h"

namespace emg {

int thread_count(int threads) {
  constexpr int kMost = 1024;
  if (threads < 0 || threads > kMost) {
    throw InvalidArgument(fmt::format("threads {} is outside the allowed range: [0, {}]", threads, kMost));
  }
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallel_for(Index count, int threads, const std::function<void(Index)>& task) {
  const Index workers = std::min<Index>(thread_count(threads), count);
  if (workers <= 1) {
    for (Index i = 0; i < count; ++i) task(i);
    return;
  }
  std::atomic<Index> next{0};
  std::mutex mutex;
  Index failed_at = count;
  std::exception_ptr failure;
  const auto work = [&] {
    for (Index i = next++; i < count; i = next++) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < failed_at) {
          failed_at = i;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (Index w = 1; w < workers; ++w) pool.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace emg
