#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

constexpr std::array kMuscles{"biceps",     "triceps",   "deltoid",    "trapez",   "tibialis",  "gastrocnemi", "soleus",    "vastus",
                              "rectus fem", "semitend",  "semimembr",  "peroneus", "fibularis", "glute",       "adductor",  "abductor",
                              "flexor",     "extensor",  "brachiorad", "pronator", "supinator", "pectoral",    "latissim",  "erector",
                              "multifid",   "masseter",  "temporalis", "zygomat",  "corrugat",  "frontalis",   "orbicular", "mentalis",
                              "sternocl",   "interosse", "opponens",   "digiti",   "pollicis",  "hallucis",    "lumbrical", "infraspin"};

bool starts_with_word(std::string_view name, std::string_view word) {
  return name.starts_with(word) && (name.size() == word.size() || !(name[word.size()] >= 'a' && name[word.size()] <= 'z'));
}

}  // namespace

std::optional<ChannelKind> kind_of_name(std::string_view given) {
  const auto name = lower(trimmed(given));
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("emg")) return ChannelKind::emg;
  if (has("ecg") || has("ekg")) return ChannelKind::ecg;
  for (const char* word : {"eeg", "eog", "heog",  "veog",  "ecog",  "meg",   "resp",      "temp",   "spo2",    "pulse", "pleth",
                           "gsr", "eda", "event", "class", "label", "frame", "sub frame", "sample", "counter", "angle", "gonio"}) {
    if (starts_with_word(name, word)) return ChannelKind::other;
  }
  if (starts_with_word(name, "status") || has("trig") || starts_with_word(name, "stim")) return ChannelKind::trigger;
  if (has("force") || has("torque") || has("load cell")) return ChannelKind::force;
  if (has("accel") || starts_with_word(name, "acc") || has("gyro")) return ChannelKind::acceleration;
  if (std::any_of(kMuscles.begin(), kMuscles.end(), has)) return ChannelKind::emg;
  return std::nullopt;
}

void set_kinds(std::vector<Channel>& channels, const std::vector<bool>& is_voltage) {
  // Beside EEG, ECG and the like a voltage without a telling name may be anything once another channel is called EMG.
  bool named = false, mixed = false;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto kind = kind_of_name(channels[i].name);
    named = named || kind == ChannelKind::emg;
    mixed = mixed || (is_voltage[i] && (kind == ChannelKind::other || kind == ChannelKind::ecg));
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto kind = kind_of_name(channels[i].name);
    channels[i].kind = kind ? *kind : is_voltage[i] && !(named && mixed) ? ChannelKind::emg : ChannelKind::other;
  }
}

void make_names_unique(std::vector<Channel>& channels, std::vector<Warning>& warnings) {
  std::set<std::string> used;
  for (const auto& channel : channels) used.insert(channel.name);
  std::set<std::string> seen;
  for (auto& channel : channels) {
    if (seen.insert(channel.name).second) continue;
    const auto label = channel.name;
    for (int n = 2; used.contains(channel.name); ++n) channel.name = fmt::format("{}_{}", label, n);
    used.insert(channel.name);
    seen.insert(channel.name);
    warnings.push_back(
        {"duplicate_label", fmt::format("the label {} occurs again; that channel is called {}", label, channel.name), channel.name});
  }
}

}  // namespace emg
