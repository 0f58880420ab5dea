#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace emg::tools {

using Clock = std::chrono::steady_clock;

Progress::Progress(const RunOptions& run, std::string stage, Index total)
    : stage_(std::move(stage)), total_(std::max<Index>(1, total)), begin_(Clock::now()), shown_() {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (run.progress == "json") {
    mode_ = Mode::json;
  } else if (run.progress == "bar" || (run.progress == "auto" && terminal && !run.quiet)) {
    mode_ = Mode::bar;
  } else if (run.progress != "auto" && run.progress != "never") {
    throw InvalidArgument(fmt::format("progress is \"{}\", expected auto, bar, json or never", run.progress));
  }
  if (mode_ == Mode::json) fmt::print(stderr, "{}\n", nlohmann::ordered_json{{"event", "start"}, {"stage", stage_}, {"total", total_}}.dump());
}

Progress::~Progress() {
  if (mode_ == Mode::bar && shown_ != Clock::time_point{}) fmt::print(stderr, "\r\033[K");
  if (mode_ == Mode::json) fmt::print(stderr, "{}\n", nlohmann::ordered_json{{"event", "done"}, {"stage", stage_}, {"done", done_}}.dump());
}

void Progress::advance(Index done) {
  done_ += done;
  if (mode_ == Mode::never) return;
  constexpr auto kInterval = std::chrono::milliseconds(200);
  if (Clock::now() - shown_ >= kInterval) show(done_ >= total_);
}

void Progress::show(bool) {
  shown_ = Clock::now();
  const double fraction = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  const double spent_s = std::chrono::duration<double>(shown_ - begin_).count();
  const double eta_s = fraction > 0 ? spent_s * (1 - fraction) / fraction : 0;
  if (mode_ == Mode::json) {
    fmt::print(stderr, "{}\n", nlohmann::ordered_json{{"event", "progress"}, {"path", item_}, {"stage", stage_}, {"done", done_}, {"total", total_},
                                                       {"eta_s", eta_s}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  constexpr int kWidth = 30;
  const int filled = static_cast<int>(fraction * kWidth);
  fmt::print(stderr, "\r\033[K{} [{:#<{}}{:.<{}}] {:3.0f} % {:.0f} s left {}", stage_, "", filled, "", kWidth - filled, 100 * fraction, eta_s, item_);
}

}  // namespace emg::tools
