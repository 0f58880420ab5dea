#pragma once
// Presets: named sets of option values, a starting point for work on methods, not a clinical statement.
//
// Throws InvalidArgument for an unknown preset, naming the nearest, and for one that says nothing about the kind.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/simulate/recording.h"

namespace emg {

/// Value of one option for one kind, as it would be typed.
struct PresetSetting {
  std::string_view kind, option, value;
};

struct Preset {
  std::string_view name, summary;
  std::vector<PresetSetting> settings;

  /// True if it sets anything for `kind`, or changes nothing at all (`normal`).
  bool covers(std::string_view kind) const;
};

std::span<const Preset> presets();

/// Options of `kind` with the values of the preset as defaults; "" and "normal" change nothing.
std::vector<FieldInfo> preset_options(const SimulationKind& kind, std::string_view preset);

}  // namespace emg
