// The rows of a set: rate, sources, intervals.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "libemg/core/version.h"
#include "libemg/detect/noise.h"
#include "libemg/measure/twitch/set_work_internal.h"
#include "libemg/measure/twitch/train_description.h"

namespace emg::twitch {
namespace {

constexpr double kShortestUsableS = 1, kClusteredFano = 1.5;
constexpr int kManyPhases = 4, kManyTurns = 5;

}  // namespace

void SetWork::settle() {
  const auto excluded = resolved(claims_, record_s_);
  out_.usable = complement(excluded, record_s_);
  for (const auto& c : excluded) {
    out_.excluded.push_back({static_cast<int>(out_.set.channels.front()), c.stretch.first_s, c.stretch.end_s, kReasons[c.reason], kRules[c.reason]});
  }
  std::vector<double> times;
  for (std::size_t i = 0; i < out_.events.size(); ++i) {
    auto& event = out_.events[i];
    if (const auto* c = claim_at(excluded, event.time_s)) {
      event.excluded = kReasons[c->reason];
      event.in_voluntary = event.excluded == "voluntary";
    } else {
      counted_.push_back(i);
      times.push_back(event.time_s);
    }
  }
  fill_rate(times, excluded);
  fill_sources(times);
}

void SetWork::fill_rate(const std::vector<double>& times, const std::vector<Claim>& excluded) {
  auto& row = out_.rate;
  row.channel = static_cast<int>(out_.set.channels.front());
  row.channels = static_cast<int>(out_.set.channels.size());
  row.muscle = out_.set.muscle;
  row.side = out_.set.side;
  row.method = fmt::format("{} {:.4g} x noise", name_of(out_.set.signal), threshold_factor(out_.set, options_));
  if (detection_.line_hz) row.method += fmt::format(", {:g} Hz line removed", *detection_.line_hz);
  row.version = kVersion;
  row.events = static_cast<int>(times.size());
  row.seconds_total = record_s_;
  fill_exclusions(excluded);
  const double usable_s = total_s(out_.usable);
  row.seconds_excluded = record_s_ - usable_s;
  const auto& levels = found_.levels;
  std::vector<double> noise, threshold;
  for (std::size_t w = 0; w < levels.noise_uv.size(); ++w) {
    if (levels.state[w] != 0) continue;
    noise.push_back(levels.noise_uv[w]);
    threshold.push_back(levels.threshold_uv[w]);
  }
  if (!noise.empty()) {
    row.noise_uv = median_of(noise);
    row.noise_low_uv = *std::min_element(noise.begin(), noise.end());
    row.noise_high_uv = *std::max_element(noise.begin(), noise.end());
    row.detectable_amplitude_uv = median_of(threshold);
  }
  if (usable_s < kShortestUsableS) {
    row.reason = "no usable time";
    return;
  }
  const auto rate = poisson_rate(row.events, usable_s);
  row.rate_per_min = rate->per_min;
  row.rate_low_per_min = rate->low_per_min;
  row.rate_high_per_min = rate->high_per_min;
  row.detectable_rate_per_min = detectable_rate_per_min(usable_s, options_.probability, options_.sensitivity);
  if (found_.false_per_min > 0) row.expected_false_per_min = found_.false_per_min;
  double duration_s = 0;
  int beneath = 0;
  for (const auto i : counted_) duration_s += out_.events[i].duration_ms / 1000, beneath += out_.events[i].overlapped;
  const double mean_s = counted_.empty() ? 0 : duration_s / static_cast<double>(counted_.size());
  // Heaps that were taken apart hid nothing: the correction is that of the excursions.
  row.corrected_rate_per_min = corrected_rate_per_min(rate->per_min * (row.events - beneath) / std::max(1, row.events), mean_s + options_.merge_ms / 1000);
  if (row.corrected_rate_per_min) row.corrected_rate_per_min = std::max(*row.corrected_rate_per_min, rate->per_min);
  const auto lasting = persistence(times, out_.usable, options_.bin_s);
  row.fano = lasting.fano;
  row.clustered = lasting.fano && *lasting.fano > kClusteredFano;
  row.active_fraction = lasting.active_fraction;
  row.longest_gap_s = lasting.longest_gap_s;
  row.time_to_first_s = lasting.time_to_first_s;
  const auto change = rate_ratio(lasting.second_half, lasting.half_s, lasting.first_half, lasting.half_s);
  if (change.ratio && *change.ratio > 0) row.half_change = std::log(*change.ratio);
  if (change.low && *change.low > 0) row.half_change_low = std::log(*change.low);
  if (change.high) row.half_change_high = std::log(*change.high);
  if (row.clustered) {
    if (const auto block = block_interval(times, out_.usable, static_cast<std::uint64_t>(options_.seed))) {
      row.block_low_per_min = block->low_per_min;
      row.block_high_per_min = block->high_per_min;
    }
  }
  fill_sizes();
}

void SetWork::fill_exclusions(const std::vector<Claim>& excluded) {
  auto& row = out_.rate;
  std::array<double, kReasons.size()> seconds{};
  for (const auto& c : excluded) seconds[c.reason] += c.stretch.end_s - c.stretch.first_s;
  row.excluded_gap_s = seconds[kGap];
  row.excluded_flat_s = seconds[kFlat];
  row.excluded_noise_s = seconds[kNoise];
  row.excluded_annotation_s = seconds[kAnnotation];
  row.excluded_movement_s = seconds[kMovement];
  row.excluded_ecg_s = seconds[kEcg];
  row.excluded_voluntary_a_s = seconds[kRaised];
  row.excluded_voluntary_b_s = seconds[kTrain];
  row.excluded_voluntary_c_s = seconds[kDense];
  row.excluded_voluntary_s = seconds[kRaised] + seconds[kTrain] + seconds[kDense];
}

void SetWork::fill_sizes() {
  if (counted_.empty()) return;
  std::vector<double> amplitudes, durations;
  for (const auto i : counted_) {
    amplitudes.push_back(out_.events[i].amplitude_uv);
    durations.push_back(out_.events[i].duration_ms);
  }
  auto& row = out_.rate;
  row.amplitude_median_uv = median_of(amplitudes);
  row.amplitude_iqr_uv = quantile_of(amplitudes, 0.75) - quantile_of(amplitudes, 0.25);
  row.duration_median_ms = median_of(durations);
  row.duration_iqr_ms = quantile_of(durations, 0.75) - quantile_of(durations, 0.25);
}

void SetWork::fill_sources(const std::vector<double>& times) {
  const int channel = static_cast<int>(out_.set.channels.front());
  const double usable_s = total_s(out_.usable);
  const auto seed = static_cast<std::uint64_t>(options_.seed);
  auto all = interval_statistics(event_runs(times, out_.usable), out_.usable, seed);
  all.channel = channel;
  out_.intervals.push_back(all);
  if (!(usable_s > 0)) return;
  int multiplets = 0;
  for (std::size_t s = 0; s < sorting_.sources.size(); ++s) fill_source(s, usable_s, multiplets);
}

void SetWork::fill_source(std::size_t s, double usable_s, int& multiplets) {
  const int channel = static_cast<int>(out_.set.channels.front());
  const auto seed = static_cast<std::uint64_t>(options_.seed);
  const auto& source = sorting_.sources[s];
  std::vector<std::size_t> members;
  std::vector<double> member_times, amplitudes, durations;
  int polyphasic = 0, turning = 0;
  for (const auto m : source.members) {
    const auto i = sorted_events_[m];
    const auto& event = out_.events[i];
    if (!event.excluded.empty()) continue;
    members.push_back(i);
    member_times.push_back(event.time_s);
    amplitudes.push_back(event.amplitude_uv);
    durations.push_back(event.duration_ms);
    polyphasic += event.phases > kManyPhases;
    turning += event.turns > kManyTurns;
  }
  if (members.empty()) return;
  const auto runs = event_runs(member_times, out_.usable);
  auto row = interval_statistics(runs, out_.usable, seed);
  row.channel = channel;
  row.source_id = static_cast<int>(s);
  const auto chain = pair_intervals(runs, usable_s).chain;
  int last = -1;
  for (std::size_t k = 0; k < members.size() && k < chain.size(); ++k) {
    if (chain[k] < 0) continue;
    if (chain[k] != last) ++multiplets;
    last = chain[k];
    out_.events[members[k]].multiplet_id = multiplets - 1;
  }
  SourceRow source_row;
  source_row.channel = channel;
  source_row.source_id = static_cast<int>(s);
  source_row.events = static_cast<int>(members.size());
  source_row.rate_per_min = 60 * static_cast<double>(members.size()) / usable_s;
  double sum = 0, square = 0;
  for (const double a : amplitudes) sum += a;
  source_row.amplitude_uv = sum / static_cast<double>(amplitudes.size());
  for (const double a : amplitudes) square += std::pow(a - source_row.amplitude_uv, 2);
  if (amplitudes.size() > 1) source_row.amplitude_sd_uv = std::sqrt(square / (static_cast<double>(amplitudes.size()) - 1));
  source_row.duration_ms = median_of(durations);
  source_row.polyphasic_share = static_cast<double>(polyphasic) / static_cast<double>(members.size());
  source_row.turns_share = static_cast<double>(turning) / static_cast<double>(members.size());
  source_row.template_consistency = source.consistency;
  source_row.interval_median_s = row.median_s;
  source_row.cv_local = row.cv_local;
  auto description = describe_source(source, members, out_.events, out_.waveforms, detection_.before, out_.usable, detection_.rate_hz);
  source_row.descriptor = description.descriptor;
  source_row.descriptor_score = description.score;
  source_row.criteria = description.criteria;
  out_.sources.push_back(std::move(source_row));
  out_.trains.push_back(std::move(description));
  out_.intervals.push_back(std::move(row));
}

}  // namespace emg::twitch
