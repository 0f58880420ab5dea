// endplate bench accuracy [SUITE]: simulated recordings, algorithms, scores and times.

#include <fmt/format.h>

#include <mutex>

#include "bench/accuracy/suite.h"
#include "tools/composed.h"
#include "tools/progress.h"

namespace emg::tools {
namespace {

std::string suite_names() {
  std::string names;
  for (const auto& suite : accuracy::suites()) names += (names.empty() ? "" : ", ") + suite.name;
  return names;
}

std::vector<const accuracy::Suite*> chosen_suites(const std::vector<std::string>& arguments) {
  if (arguments[0] != "accuracy") throw InvalidArgument(fmt::format("unknown bench \"{}\", expected accuracy", arguments[0]));
  std::vector<const accuracy::Suite*> chosen;
  for (const auto& suite : accuracy::suites()) {
    if (arguments.size() == 1 || suite.name == arguments[1]) chosen.push_back(&suite);
  }
  if (chosen.empty()) throw InvalidArgument(fmt::format("unknown suite \"{}\", expected one of {}", arguments[1], suite_names()));
  return chosen;
}

int run_bench(Invocation& invocation) {
  const auto options = invocation.options<accuracy::SuiteOptions>("suite");
  const auto chosen = chosen_suites(invocation.arguments());
  std::vector<accuracy::Target> targets;
  for (const auto* suite : chosen) {
    if (invocation.run().dry_run) {
      invocation.print(fmt::format("{}: {}\n", suite->name, suite->summary));
      continue;
    }
    std::optional<Progress> progress;
    std::mutex mutex;
    const auto case_done = [&](Index cases) {
      const std::scoped_lock lock(mutex);
      if (!progress) progress.emplace(invocation.run(), suite->name, cases);
      progress->advance(1);
    };
    auto [result, seconds] = accuracy::timed([&] { return suite->run(options, invocation.run().threads, case_done); });
    progress.reset();
    invocation.print(fmt::format("# {}: {} ({:.1f} s)\n", suite->name, suite->summary, seconds));
    for (const auto& table : result.tables) invocation.add_table(table);
    invocation.print("\n");
    for (auto& target : result.targets) {
      target.suite = suite->name;
      targets.push_back(std::move(target));
    }
  }
  if (!targets.empty()) invocation.add_table(to_table("targets", "figures asked for", targets));
  return kDone;
}

}  // namespace

Command bench_command() {
  Command command;
  command.name = "bench";
  command.group = "Truth";
  command.summary = "accuracy of the algorithms on simulated recordings, with time: " + suite_names();
  command.arguments = "accuracy [SUITE]";
  command.fewest_arguments = 1;
  command.most_arguments = 2;
  command.kind = "composed";
  command.tables = {option_table<accuracy::SuiteOptions>("suite", "what runs"), option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate bench accuracy onsets";
  command.run = run_bench;
  return command;
}

}  // namespace emg::tools
