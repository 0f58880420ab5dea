#pragma once
// The composed commands, one file each.

#include <string>

#include "tools/command.h"

namespace emg::tools {

Command analyze_command();
Command batch_command();
Command bench_command();
Command collect_command();
Command config_command();
Command convert_command();
Command apply_filters_command();
Command decompose_command();
Command refit_command();
Command units_command();
Command inspect_command();
Command list_command();
Command ncs_command();
Command cmap_scan_command();
Command excitability_command();
Command report_command();
Command score_command();
Command simulate_command();
Command twitch_command();
Command version_command();

/// Version, build and licence of this program.
std::string version_text();

}  // namespace emg::tools
