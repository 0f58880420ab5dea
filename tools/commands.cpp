// The list of all commands: composed ones by name, operations from the registry.

#include "libemg/operations.h"
#include "tools/cli_kinds.h"
#include "tools/composed.h"

namespace emg::tools {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> list{analyze_command(), decompose_command(), twitch_command(), batch_command(), collect_command(), report_command(), inspect_command(),
                              list_command(),    convert_command(), simulate_command(), ncs_command(), cmap_scan_command(), excitability_command(), score_command(), bench_command(),
                              units_command(), apply_filters_command(), refit_command()};
    for (const auto& entry : operations()) list.push_back(operation_command(entry));
    list.push_back(config_command());
    list.push_back(version_command());
    return list;
  }();
  return all;
}

}  // namespace emg::tools
