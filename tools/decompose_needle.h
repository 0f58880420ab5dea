#pragma once
// The few-channel method of `endplate decompose`.

#include <string>
#include <string_view>
#include <utility>

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

/// Units, their table, discharges, unassigned activity and the summary as contents of a result file; `warnings` is extended.
NwbContents needle_contents(const NeedleDecomposition& found, const Recording& recording);

}  // namespace emg::tools
