#pragma once
// The accuracy bench: suites that simulate, run algorithms, score them, and print score and time.
//
// A suite is one file, bench/accuracy/NAME_suite.cpp, that defines `Suite NAME_suite()`, and one line in suites.cpp. It returns any tables of
// described rows (one row for each case and method, `seconds` of computing among its columns) and a row for each target.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/table.h"

namespace emg::accuracy {

struct SuiteOptions {
  bool full = false;
  std::int64_t seed = 1;

  static constexpr auto fields() {
    using O = SuiteOptions;
    return std::tuple{field("full", &O::full, {}, "all cases; without, a choice that takes minutes"),
                      field("seed", &O::seed, {0, 9007199254740992.0}, "first seed of the simulations")};
  }
};
static_assert(fully_described<SuiteOptions>());

/// A figure that a specification asks for.
struct Target {
  std::string suite, measure;
  double value = 0;
  std::string rule;
  double must = 0;
  std::optional<double> goal = std::nullopt;
  bool holds = false;

  static constexpr auto fields() {
    using R = Target;
    return std::tuple{field("suite", &R::suite, {}, "suite"),
                      field("measure", &R::measure, {}, "what was measured"),
                      field("value", &R::value, {}, "found"),
                      field("rule", &R::rule, {}, "at_least or at_most"),
                      field("must", &R::must, {}, "limit"),
                      field("goal", &R::goal, {}, "better"),
                      field("holds", &R::holds, {}, "the limit is kept")};
  }
};
static_assert(fully_described<Target>());

struct SuiteResult {
  std::vector<Table> tables;
  std::vector<Target> targets;

  void at_least(std::string measure, double value, double must, std::optional<double> goal = std::nullopt) {
    targets.push_back({"", std::move(measure), value, "at_least", must, goal, value >= must});
  }
  void at_most(std::string measure, double value, double must, std::optional<double> goal = std::nullopt) {
    targets.push_back({"", std::move(measure), value, "at_most", must, goal, value <= must});
  }
};

/// Called after each case, from any thread, with the number of all cases.
using CaseDone = std::function<void(Index cases)>;

struct Suite {
  std::string name;
  std::string summary;
  std::function<SuiteResult(const SuiteOptions&, int threads, const CaseDone&)> run;
};

/// All suites, in the order in which they run.
const std::vector<Suite>& suites();

/// What `compute` returns and the seconds it took.
template <class Compute>
auto timed(Compute&& compute) {
  const auto start = std::chrono::steady_clock::now();
  auto result = compute();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return std::pair{std::move(result), seconds.count()};
}

}  // namespace emg::accuracy
