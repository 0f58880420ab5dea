#pragma once
// Work over independent items, on as many threads as asked for, with the same bits for any number of them.

#include <functional>

#include "libemg/core/signal.h"

namespace emg {

/// Number of threads that `threads` means: itself, or all processors if 0. Throws InvalidArgument if negative or above 1024.
int thread_count(int threads);

/// Calls `task(i)` once for every i in [0, count), each writing to its own place only.
/// Threads live for the call alone, so a process may fork between calls. The first exception (lowest i) is rethrown after all have stopped.
void parallel_for(Index count, int threads, const std::function<void(Index)>& task);

}  // namespace emg
