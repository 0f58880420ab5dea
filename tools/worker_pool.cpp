#include "tools/worker_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>

#include "tools/command.h"

namespace emg::tools {
namespace {

using Clock = std::chrono::steady_clock;

bool write_all(int file, const void* data, std::size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(file, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool read_all(int file, void* data, std::size_t size) {
  char* bytes = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t n = ::read(file, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

// Answer frame: CPU seconds, peak megabytes, length, text.
struct FrameHead {
  double cpu_s;
  double peak_mb;
  std::uint64_t length;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void serve(int requests, int answers, const std::function<std::string(std::size_t)>& work) {
  remove_crash_handler();
  std::size_t item = 0;
  while (read_all(requests, &item, sizeof item)) {
    const double begin = cpu_seconds();
    const std::string answer = work(item);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const FrameHead head{cpu_seconds() - begin, static_cast<double>(usage.ru_maxrss) / 1024.0, answer.size()};
    if (!write_all(answers, &head, sizeof head) || !write_all(answers, answer.data(), answer.size())) break;
  }
  std::_Exit(0);
}

struct Worker {
  pid_t pid = -1;
  int requests = -1;
  int answers = -1;
  std::optional<std::size_t> item;
  Clock::time_point since;
};

class Pool {
 public:
  Pool(std::size_t count, const std::function<std::string(std::size_t)>& work) : work_(work), workers_(count) {}
  ~Pool() {
    for (auto& worker : workers_) stop(worker);
  }

  std::vector<Worker>& workers() { return workers_; }

  void give(Worker& worker, std::size_t item) {
    if (worker.pid < 0) start(worker);
    worker.item = item;
    worker.since = Clock::now();
    if (!write_all(worker.requests, &item, sizeof item)) ::kill(worker.pid, SIGKILL);
  }

  // Reads the answer of a worker that has something to say, or learns how it died.
  WorkerAnswer take(Worker& worker) {
    WorkerAnswer answer;
    answer.item = *worker.item;
    answer.wall_s = std::chrono::duration<double>(Clock::now() - worker.since).count();
    FrameHead head{};
    bool whole = read_all(worker.answers, &head, sizeof head);
    if (whole) {
      answer.answer.resize(head.length);
      whole = read_all(worker.answers, answer.answer.data(), head.length);
      answer.cpu_s = head.cpu_s;
      answer.peak_mb = head.peak_mb;
    }
    worker.item.reset();
    if (!whole) answer.death = bury(worker);
    return answer;
  }

  std::string kill_slow(Worker& worker, double timeout_s) {
    ::kill(worker.pid, SIGKILL);
    worker.item.reset();
    bury(worker);
    return fmt::format("timeout after {} s", timeout_s);
  }

 private:
  void start(Worker& worker) {
    int to[2], from[2];
    if (::pipe(to) != 0 || ::pipe(from) != 0) throw OutputError(std::string("cannot make a pipe: ") + std::strerror(errno));
    worker.pid = ::fork();
    if (worker.pid < 0) throw OutputError(std::string("cannot start a worker process: ") + std::strerror(errno));
    if (worker.pid == 0) {
      for (const auto& other : workers_) {
        if (other.requests >= 0) ::close(other.requests);
        if (other.answers >= 0) ::close(other.answers);
      }
      ::close(to[1]);
      ::close(from[0]);
      serve(to[0], from[1], work_);
    }
    ::close(to[0]);
    ::close(from[1]);
    worker.requests = to[1];
    worker.answers = from[0];
  }

  std::string bury(Worker& worker) {
    close_pipes(worker);
    int status = 0;
    ::waitpid(worker.pid, &status, 0);
    worker.pid = -1;
    return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status)) : fmt::format("exit code {}", WEXITSTATUS(status));
  }

  static void close_pipes(Worker& worker) {
    if (worker.requests >= 0) ::close(worker.requests);
    if (worker.answers >= 0) ::close(worker.answers);
    worker.requests = worker.answers = -1;
  }

  void stop(Worker& worker) {
    if (worker.pid < 0) return;
    close_pipes(worker);
    int status = 0;
    ::waitpid(worker.pid, &status, 0);
    worker.pid = -1;
  }

  const std::function<std::string(std::size_t)>& work_;
  std::vector<Worker> workers_;
};

void wait_for_answers(std::vector<Worker>& workers) {
  std::vector<pollfd> polled;
  for (const auto& worker : workers) {
    if (worker.item) polled.push_back({worker.answers, POLLIN, 0});
  }
  constexpr int kPollMs = 100;
  ::poll(polled.data(), polled.size(), kPollMs);
}

bool has_answer(const Worker& worker) {
  pollfd one{worker.answers, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace

void run_workers(const std::vector<std::size_t>& items, int worker_count, double timeout_s, const std::function<std::string(std::size_t)>& work,
                 const std::function<bool(const WorkerAnswer&)>& done) {
  Pool pool(std::min<std::size_t>(static_cast<std::size_t>(worker_count), items.size()), work);
  std::size_t next = 0, open = 0;
  bool more = true;
  while (true) {
    check_interrupt();
    for (auto& worker : pool.workers()) {
      if (more && !worker.item && next < items.size()) {
        pool.give(worker, items[next++]);
        ++open;
      }
    }
    if (open == 0) return;
    wait_for_answers(pool.workers());
    check_interrupt();
    for (auto& worker : pool.workers()) {
      if (!worker.item) continue;
      const double spent_s = std::chrono::duration<double>(Clock::now() - worker.since).count();
      if (has_answer(worker)) {
        more = done(pool.take(worker)) && more;
        --open;
      } else if (timeout_s > 0 && spent_s > timeout_s) {
        WorkerAnswer answer{*worker.item, {}, {}, spent_s, 0, 0};
        answer.death = pool.kill_slow(worker, timeout_s);
        more = done(answer) && more;
        --open;
      }
    }
  }
}

}  // namespace emg::tools
