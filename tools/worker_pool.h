#pragma once
// Worker processes that take one item after the other. Processes, not threads: HDF5 serialises, and a crash costs one item.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace emg::tools {

/// What a worker said of one item: its answer, or how it died.
struct WorkerAnswer {
  std::size_t item = 0;
  std::string answer;
  std::string death;                   ///< "signal 11", "timeout after 60 s", "exit code 1"; empty if it answered
  double wall_s = 0, cpu_s = 0, peak_mb = 0;
};

/// Calls `work(item)` for every item of `items` in `worker_count` forked processes and hands each answer to `done` in the calling process, in order
/// of completion. `done` returns false to stop giving out items. Throws Interrupted after Ctrl-C, when all workers are gone.
void run_workers(const std::vector<std::size_t>& items, int worker_count, double timeout_s, const std::function<std::string(std::size_t)>& work,
                 const std::function<bool(const WorkerAnswer&)>& done);

}  // namespace emg::tools
