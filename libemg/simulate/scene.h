#pragma once
// Options of a kind of simulation as groups that kinds share: a muscle, a pool, an effort, noise, an instrument.
//
//   struct HdScene {
//     HdSimulation hd;
//     ContaminantOptions noise{.noise_uv = 5};
//     static constexpr auto groups() { return std::tuple{&HdScene::hd, &HdScene::noise}; }
//   };
//
// A group is a described struct (options.h); names are unique over the groups of a scene; the defaults of a scene are those of its members,
// so a kind may start a group from other values. Command line, Python, documentation and provenance read the one list that results.

#include <string>
#include <tuple>
#include <vector>

#include "libemg/core/options.h"

namespace emg {

template <class T>
concept Scene = requires {
  T::groups();
};

/// visit(group) for every group of `scene`, in order.
template <Scene S, class Visitor>
constexpr void for_each_group(S& scene, Visitor&& visit) {
  std::apply([&](const auto... member) { (visit(scene.*member), ...); }, std::decay_t<S>::groups());
}

/// The values of every option of `scene`.
template <Scene S>
std::vector<Value> scene_values(const S& scene) {
  std::vector<Value> values;
  for_each_group(scene, [&](const auto& group) {
    for (auto& value : values_of(group)) values.push_back(std::move(value));
  });
  return values;
}

/// Every option of the scene with the defaults of a default-constructed scene.
template <Scene S>
std::vector<FieldInfo> describe_scene() {
  std::vector<FieldInfo> infos;
  const S defaults{};
  for_each_group(defaults, [&](const auto& group) {
    auto own = describe<std::decay_t<decltype(group)>>();
    const auto values = values_of(group);
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i].default_value = values[i];
      infos.push_back(std::move(own[i]));
    }
  });
  return infos;
}

/// The scene with the given values, in the order of `describe_scene`, already of the right type.
template <Scene S>
S scene_from_values(const std::vector<Value>& values) {
  S scene{};
  std::size_t first = 0;
  for_each_group(scene, [&](auto& group) {
    using Group = std::decay_t<decltype(group)>;
    const std::size_t count = std::tuple_size_v<decltype(Group::fields())>;
    group = from_values<Group>(
        {values.begin() + static_cast<std::ptrdiff_t>(first), values.begin() + static_cast<std::ptrdiff_t>(first + count)});
    first += count;
  });
  return scene;
}

/// Checks every option against its range.
template <Scene S>
void validate_scene(const S& scene) {
  for_each_group(scene, [](const auto& group) { validate_options(group); });
}

}  // namespace emg
