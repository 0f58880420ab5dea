#pragma once
// Motor units found in a recording, as contents of a result file: what `decompose` and `analyze` write.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/decompose/hd/decompose.h"
#include "libemg/decompose/needle/needle_decomposition.h"
#include "libemg/io/nwb.h"

namespace emg::tools {

enum class DecomposeMethod { automatic, sources, potentials };
constexpr auto enum_names(DecomposeMethod) {
  using M = DecomposeMethod;
  return std::array<std::pair<M, std::string_view>, 3>{{{M::automatic, "auto"}, {M::sources, "sources"}, {M::potentials, "template"}}};
}

struct DecomposeMethodOptions {
  DecomposeMethod method = DecomposeMethod::automatic;
  static constexpr auto fields() {
    using O = DecomposeMethodOptions;
    return std::tuple{field("method", &O::method, {},
                            "sources: filters over many channels; template: potentials of a needle or a few wires; auto: template below 8 EMG channels "
                            "and for needles and wires up to 8")};
  }
};
static_assert(fully_described<DecomposeMethodOptions>());

/// Recordings of one grid or array each, with the name of its group; "" where channels stay together for want of company.
std::vector<std::pair<std::string, Recording>> grids_of(const Recording& recording);

/// Units, how far each can be trusted, use of the channels, filters and, if asked for, the sources.
NwbContents source_contents(const Decomposition& found, const Recording& recording, bool pulse_trains);

/// Units, their table, discharges, unassigned activity and the summary; potentials and residual for figures if the residual was kept, and
/// the residual as a signal if it is asked for.
NwbContents needle_contents(const NeedleDecomposition& found, const Recording& recording, bool residual_signal);

}  // namespace emg::tools
