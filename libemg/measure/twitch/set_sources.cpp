// Which events of a set are alike, and what lies on top of each other.

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/detect/noise.h"
#include "libemg/measure/twitch/set_work_internal.h"

namespace emg::twitch {

SourceInput SetWork::source_input(std::size_t i) const {
  const double reach = 0.003 * detection_.rate_hz;
  const auto& event = *detected_[i];
  SourceInput input;
  if (event.waveform >= 0) input.waveform = found_.waveforms[static_cast<std::size_t>(event.waveform)];
  const double at = static_cast<double>(event.row.sample - detection_.before);
  input.first = std::clamp<Index>(static_cast<Index>(static_cast<double>(event.span.first) - at - reach), 0, detection_.window - 1);
  input.end = std::clamp<Index>(static_cast<Index>(static_cast<double>(event.span.first + event.span.count) - at + reach), input.first + 1, detection_.window);
  input.amplitude_uv = event.row.peak_uv;
  return input;
}

std::vector<double> SetWork::channel_noise() const {
  std::vector<double> noise;
  for (const Index c : out_.set.channels) {
    const auto& envelope = detection_.envelope_uv2[static_cast<std::size_t>(c)];
    noise.push_back(std::sqrt(median_of({envelope.begin(), envelope.end()})));
  }
  return noise;
}

void SetWork::sort_events(const std::vector<std::size_t>& which) {
  std::vector<SourceInput> inputs;
  for (const auto i : which) inputs.push_back(source_input(i));
  sorting_ = sort_sources(inputs, channel_noise(), detection_.rate_hz);
  sorted_events_ = which;
  for (std::size_t k = 0; k < which.size(); ++k) {
    if (sorting_.label[k] >= 0) out_.events[which[k]].source_id = sorting_.label[k];
  }
}

// One potential of a heap as an event of its own, after the typical member of its source.
void SetWork::add_part(std::size_t base, const OverlapPart& part, bool first) {
  auto& source = sorting_.sources[static_cast<std::size_t>(part.source)];
  const auto typical = out_.events[sorted_events_[source.members[source.members.size() / 2]]];
  TwitchEvent event = out_.events[base];
  const auto heap_sample = event.sample;
  const auto lag = static_cast<std::int64_t>(part.lag);
  event.sample = heap_sample + lag;
  event.time_s = static_cast<double>(event.sample) / detection_.rate_hz;
  const double height = part.scale * source.waveform.cwiseAbs().maxCoeff(), gain = typical.peak_uv > 0 ? height / typical.peak_uv : 1;
  event.peak_uv = height;
  event.amplitude_uv = gain * typical.amplitude_uv;
  event.area_uvms = gain * typical.area_uvms;
  event.duration_ms = typical.duration_ms;
  event.rise_ms = typical.rise_ms;
  event.phases = typical.phases;
  event.turns = typical.turns;
  event.snr = event.threshold_uv > 0 ? height / event.threshold_uv * threshold_factor(out_.set, options_) : event.snr;
  event.source_id = part.source;
  event.overlapped = !first;
  std::vector<float> wave(out_.waveforms[base].size(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < wave.size(); ++i) {
    const auto from = static_cast<std::int64_t>(i) + lag;
    if (from >= 0 && from < static_cast<std::int64_t>(wave.size())) wave[i] = out_.waveforms[base][static_cast<std::size_t>(from)];
  }
  out_.events.push_back(std::move(event));
  out_.waveforms.push_back(std::move(wave));
  detected_.push_back(detected_[base]);
  source.members.push_back(sorted_events_.size());
  sorted_events_.push_back(out_.events.size() - 1);
}

// Events that resemble no other may be two known ones on top of each other.
void SetWork::take_apart() {
  constexpr std::size_t kRare = 3;
  const auto noise = channel_noise();
  const std::size_t count = sorted_events_.size();
  std::vector<std::size_t> gone;
  for (std::size_t k = 0; k < count; ++k) {
    const auto i = sorted_events_[k];
    const int label = sorting_.label[k];
    if (label >= 0 && sorting_.sources[static_cast<std::size_t>(label)].members.size() > kRare) continue;
    const auto parts = overlap_parts(source_input(i), sorting_, noise, detection_.rate_hz, out_.events[i].threshold_uv);
    if (parts.empty()) continue;
    if (label >= 0) std::erase(sorting_.sources[static_cast<std::size_t>(label)].members, k);
    for (const auto& part : parts) add_part(i, part, &part == &parts.front());
    gone.push_back(i);
  }
  for (const auto i : gone) out_.events[i].sample = -1;
  order_events();
}

// Ascending in time, heaps that were taken apart left out; positions kept elsewhere follow.
void SetWork::order_events() {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < out_.events.size(); ++i) {
    if (out_.events[i].sample >= 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return out_.events[a].time_s < out_.events[b].time_s; });
  std::vector<std::size_t> place(out_.events.size(), 0);
  std::vector<TwitchEvent> events;
  std::vector<std::vector<float>> waveforms;
  std::vector<const DetectedEvent*> detected;
  for (const auto i : order) {
    place[i] = events.size();
    events.push_back(std::move(out_.events[i]));
    waveforms.push_back(std::move(out_.waveforms[i]));
    detected.push_back(detected_[i]);
  }
  detected_ = std::move(detected);
  out_.events = std::move(events);
  out_.waveforms = std::move(waveforms);
  for (auto& i : sorted_events_) i = place[i];
  for (auto& source : sorting_.sources) {
    std::stable_sort(source.members.begin(), source.members.end(), [&](std::size_t a, std::size_t b) { return sorted_events_[a] < sorted_events_[b]; });
  }
}

}  // namespace emg::twitch
