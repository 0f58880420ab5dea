#pragma once
// The NWB 2.7.0 specification as text, made at build time from nwb_spec/*.json.

#include <span>
#include <string_view>

namespace emg::nwb {

struct SpecDocument {
  std::string_view name;  ///< "core/2.7.0/nwb.base"
  std::string_view json;
};

std::span<const SpecDocument> spec_documents();

}  // namespace emg::nwb
