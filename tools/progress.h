#pragma once
// One line on standard error while long work goes on; only on a terminal unless asked for.

#include <chrono>
#include <string>

#include "libemg/core/signal.h"
#include "tools/command.h"

namespace emg::tools {

class Progress {
 public:
  Progress(const RunOptions& run, std::string stage, Index total);
  ~Progress();
  void advance(Index done);
  /// Replaces what is being worked on.
  void item(const std::string& name) { item_ = name; }

 private:
  void show(bool last);

  enum class Mode { never, bar, json } mode_ = Mode::never;
  std::string stage_;
  std::string item_;
  Index total_;
  Index done_ = 0;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace emg::tools
