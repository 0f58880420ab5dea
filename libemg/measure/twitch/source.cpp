#include "libemg/measure/twitch/source.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "libemg/detect/noise.h"

namespace emg {
namespace {

constexpr std::size_t kMostSources = 256, kMembersAveraged = 40, kMembersOfMedian = 101;
constexpr Index kChannelsCompared = 8;
constexpr double kMostSlack = 0.15, kMergeCorrelation = 0.93, kJoinRatio = 1.15, kLeastEnergyShare = 0.3;

struct Draft {
  std::vector<double> sum, mean;     // of aligned members
  std::size_t averaged = 0;
  Index first = 0, end = 0;
  std::vector<Index> channels;       // strongest of the template
  double amplitude = 0;              // mean of the averaged members
  std::vector<std::size_t> members;
  std::vector<Index> lags;           // of each member against the template
};

struct Match {
  double correlation = -1;
  double uncertainty = 0;            // SD of the correlation that noise alone makes
  Index lag = 0;
};

class Sorter {
 public:
  Sorter(const std::vector<SourceInput>& events, const std::vector<double>& noise_uv, double rate_hz, const SourceOptions& options)
      : events_(events), noise_(noise_uv), options_(options), channels_(static_cast<Index>(noise_uv.size())),
        search_(samples_in_ms(options.search_ms, rate_hz)) {
    for (const auto& e : events) {
      if (!e.waveform.empty()) width_ = static_cast<Index>(e.waveform.size()) / channels_;
    }
  }

  SourceSorting run();

 private:
  Match match(const Draft& draft, const SourceInput& event) const;
  void add(Draft& draft, std::size_t event, Index lag);
  void choose_channels(Draft& draft) const;
  void merge();
  bool joinable(const Draft& a, const Draft& b) const;
  TwitchSource finished(const Draft& draft) const;

  const std::vector<SourceInput>& events_;
  const std::vector<double>& noise_;
  SourceOptions options_;
  Index channels_, search_, width_ = 0;
  std::vector<Draft> drafts_;
};

// Correlation of `event`, moved by the best lag, with the template over the limits of both.
Match Sorter::match(const Draft& draft, const SourceInput& event) const {
  const Index first = std::max<Index>(0, std::min(draft.first, event.first)), end = std::min(width_, std::max(draft.end, event.end));
  Match best;
  double template_energy = 0, noise_energy = 0;
  const double samples = static_cast<double>((end - first) * static_cast<Index>(draft.channels.size()));
  for (const Index c : draft.channels) {
    for (Index i = first; i < end; ++i) {
      const double t = draft.mean[static_cast<std::size_t>(c * width_ + i)];
      template_energy += t * t;
    }
    const double n = noise_[static_cast<std::size_t>(c)];
    noise_energy += n * n * static_cast<double>(end - first);
  }
  template_energy -= noise_energy / static_cast<double>(draft.averaged);
  for (Index lag = -search_; lag <= search_; ++lag) {
    double product = 0, energy = 0;
    for (const Index c : draft.channels) {
      const float* wave = event.waveform.data() + c * width_;
      const double* reference = draft.mean.data() + c * width_;
      for (Index i = std::max<Index>(first, -lag); i < std::min(end, width_ - lag); ++i) {
        const double x = wave[i + lag], t = reference[i];
        product += x * t;
        energy += x * x;
      }
    }
    const double clean = std::max(energy - noise_energy, kLeastEnergyShare * energy), reference = std::max(template_energy, 1e-30);
    const double r = std::min(1.0, product / std::sqrt(clean * reference));
    if (r > best.correlation) best = {r, std::sqrt(noise_energy / samples / clean), lag};
  }
  return best;
}

void Sorter::choose_channels(Draft& draft) const {
  std::vector<std::pair<double, Index>> energy;
  for (Index c = 0; c < channels_; ++c) {
    double e = 0;
    for (Index i = draft.first; i < draft.end; ++i) {
      const double t = draft.mean[static_cast<std::size_t>(c * width_ + i)];
      e += t * t;
    }
    energy.emplace_back(-e, c);
  }
  std::sort(energy.begin(), energy.end());
  draft.channels.clear();
  for (std::size_t i = 0; i < energy.size() && i < static_cast<std::size_t>(kChannelsCompared); ++i) draft.channels.push_back(energy[i].second);
}

void Sorter::add(Draft& draft, std::size_t index, Index lag) {
  const auto& event = events_[index];
  draft.members.push_back(index);
  draft.lags.push_back(lag);
  if (draft.averaged >= kMembersAveraged) return;
  if (draft.sum.empty()) {
    draft.sum.assign(static_cast<std::size_t>(channels_ * width_), 0.0);
    draft.first = event.first;
    draft.end = event.end;
  }
  for (Index c = 0; c < channels_; ++c) {
    for (Index i = std::max<Index>(0, -lag); i < std::min(width_, width_ - lag); ++i) {
      draft.sum[static_cast<std::size_t>(c * width_ + i)] += event.waveform[static_cast<std::size_t>(c * width_ + i + lag)];
    }
  }
  draft.amplitude = (draft.amplitude * static_cast<double>(draft.averaged) + event.amplitude_uv) / static_cast<double>(draft.averaged + 1);
  ++draft.averaged;
  draft.mean.resize(draft.sum.size());
  for (std::size_t i = 0; i < draft.sum.size(); ++i) draft.mean[i] = draft.sum[i] / static_cast<double>(draft.averaged);
  choose_channels(draft);
}

// Same shape, and amplitudes that join without a gap.
bool Sorter::joinable(const Draft& a, const Draft& b) const {
  const Draft &large = a.amplitude >= b.amplitude ? a : b, &small = a.amplitude >= b.amplitude ? b : a;
  double least = events_[large.members.front()].amplitude_uv, most = 0;
  for (const auto m : large.members) least = std::min(least, events_[m].amplitude_uv);
  for (const auto m : small.members) most = std::max(most, events_[m].amplitude_uv);
  if (least > most * kJoinRatio) return false;
  std::vector<float> wave(static_cast<std::size_t>(channels_ * width_));
  for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = static_cast<float>(small.mean[i]);
  SourceInput as_event{wave, small.first, small.end, small.amplitude};
  return match(large, as_event).correlation >= kMergeCorrelation;
}

void Sorter::merge() {
  for (std::size_t i = 0; i < drafts_.size(); ++i) {
    for (std::size_t j = i + 1; j < drafts_.size();) {
      if (!joinable(drafts_[i], drafts_[j])) {
        ++j;
        continue;
      }
      Draft& into = drafts_[i];
      for (const auto m : drafts_[j].members) {
        into.members.push_back(m);
        into.lags.push_back(match(into, events_[m]).lag);
      }
      drafts_.erase(drafts_.begin() + static_cast<std::ptrdiff_t>(j));
      j = i + 1;   // the range of amplitudes has grown
    }
  }
}

TwitchSource Sorter::finished(const Draft& draft) const {
  TwitchSource source;
  source.waveform.resize(channels_, width_);
  const std::size_t step = std::max<std::size_t>(1, draft.members.size() / kMembersOfMedian);
  std::vector<double> values;
  for (Index c = 0; c < channels_; ++c) {
    for (Index i = 0; i < width_; ++i) {
      values.clear();
      for (std::size_t m = 0; m < draft.members.size(); m += step) {
        const Index at = i + draft.lags[m];
        if (at >= 0 && at < width_) values.push_back(events_[draft.members[m]].waveform[static_cast<std::size_t>(c * width_ + at)]);
      }
      source.waveform(c, i) = median_of(values);
    }
  }
  double sum = 0, square = 0, correlation = 0;
  for (const auto m : draft.members) {
    sum += events_[m].amplitude_uv;
    correlation += std::max(0.0, match(draft, events_[m]).correlation);
  }
  const double n = static_cast<double>(draft.members.size());
  source.amplitude_uv = sum / n;
  for (const auto m : draft.members) square += std::pow(events_[m].amplitude_uv - source.amplitude_uv, 2);
  source.amplitude_sd_uv = n > 1 ? std::sqrt(square / (n - 1)) : 0;
  source.consistency = correlation / n;
  source.first = draft.first;
  source.end = draft.end;
  source.members = draft.members;
  std::sort(source.members.begin(), source.members.end());
  return source;
}

SourceSorting Sorter::run() {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    if (!events_[i].waveform.empty()) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return events_[a].amplitude_uv > events_[b].amplitude_uv; });
  for (const auto index : order) {
    const auto& event = events_[index];
    Match best;
    std::size_t place = drafts_.size();
    for (std::size_t d = 0; d < drafts_.size(); ++d) {
      const double ratio = event.amplitude_uv / drafts_[d].amplitude;
      if (ratio < options_.ratio_low || ratio > options_.ratio_high) continue;
      const auto found = match(drafts_[d], event);
      if (found.correlation > best.correlation) best = found, place = d;
    }
    if (place == drafts_.size() || best.correlation < options_.correlation - std::min(kMostSlack, 2 * best.uncertainty)) {
      if (drafts_.size() >= kMostSources) continue;
      place = drafts_.size();
      drafts_.emplace_back();
      best.lag = 0;
    }
    add(drafts_[place], index, best.lag);
  }
  merge();
  SourceSorting result;
  result.label.assign(events_.size(), -1);
  for (const auto& draft : drafts_) result.sources.push_back(finished(draft));
  std::stable_sort(result.sources.begin(), result.sources.end(), [](const auto& a, const auto& b) { return a.amplitude_uv > b.amplitude_uv; });
  for (std::size_t s = 0; s < result.sources.size(); ++s) {
    for (const auto m : result.sources[s].members) result.label[m] = static_cast<int>(s);
  }
  return result;
}

// Fit of `source` to the residual `x` of one event: the lag and scale that take away most energy.
struct Fit {
  double gain = 0, scale = 0;
  Index lag = 0;
};

class OverlapFit {
 public:
  OverlapFit(const SourceInput& event, const SourceSorting& sorting, const std::vector<double>& noise_uv, double rate_hz)
      : sorting_(sorting), noise_(noise_uv), channels_(static_cast<Index>(noise_uv.size())), width_(static_cast<Index>(event.waveform.size()) / channels_),
        dead_(samples_in_ms(kApartMs, rate_hz)), x_(event.waveform.begin(), event.waveform.end()) {}

  std::vector<OverlapPart> run(const SourceInput& event, double threshold_uv) {
    const double clean = clean_energy(event.first, event.end);
    if (!(clean > 0)) return {};
    while (parts_.size() < kMostParts) {
      const auto part = best(threshold_uv, kLeastGain * clean);
      if (!part) break;
      apply(*part, -1);
      parts_.push_back(*part);
      refine(threshold_uv);
      if (clean_energy(event.first, event.end) < kLeftOver * clean) break;
    }
    if (parts_.size() < 2 || clean_energy(event.first, event.end) > kLeftOver * clean) return {};
    std::sort(parts_.begin(), parts_.end(), [](const OverlapPart& a, const OverlapPart& b) { return a.lag < b.lag; });
    return parts_;
  }

 private:
  static constexpr std::size_t kMostParts = 2, kMostCandidates = 12, kFewestMembers = 5;
  static constexpr double kApartMs = 4, kLeftOver = 0.2, kLeastGain = 0.1, kLeastScale = 0.6, kMostScale = 1.7;

  double clean_energy(Index first, Index end) const {
    double energy = 0;
    for (Index c = 0; c < channels_; ++c) {
      const double n = noise_[static_cast<std::size_t>(c)];
      for (Index i = first; i < end; ++i) {
        const double v = x_[static_cast<std::size_t>(c * width_ + i)];
        energy += v * v - n * n;
      }
    }
    return energy;
  }

  Fit fit(const TwitchSource& source) const {
    Fit result;
    double energy = 0;
    for (Index c = 0; c < channels_; ++c) energy += source.waveform.row(c).segment(source.first, source.end - source.first).squaredNorm();
    if (!(energy > 0)) return result;
    for (Index lag = -source.first; lag + source.end <= width_; ++lag) {
      const bool near = std::any_of(parts_.begin(), parts_.end(), [&](const OverlapPart& p) { return std::abs(static_cast<Index>(p.lag) - lag) < dead_; });
      if (near) continue;
      double product = 0;
      for (Index c = 0; c < channels_; ++c) {
        const double* t = source.waveform.data() + c * width_;
        const double* x = x_.data() + c * width_ + lag;
        for (Index i = source.first; i < source.end; ++i) product += x[i] * t[i];
      }
      const double scale = std::clamp(product / energy, kLeastScale, kMostScale), gain = 2 * scale * product - scale * scale * energy;
      if (gain > result.gain) result = {gain, scale, lag};
    }
    return result;
  }

  std::optional<OverlapPart> best(double threshold_uv, double most = 0) const {
    std::optional<OverlapPart> part;
    std::size_t tried = 0;
    for (std::size_t s = 0; s < sorting_.sources.size() && tried < kMostCandidates; ++s) {
      const auto& source = sorting_.sources[s];
      if (source.members.size() < kFewestMembers) continue;
      ++tried;
      const auto f = fit(source);
      const double height = f.scale * source.waveform.cwiseAbs().maxCoeff();
      if (f.gain > most && height >= threshold_uv) most = f.gain, part = OverlapPart{static_cast<int>(s), static_cast<double>(f.lag), f.scale};
    }
    return part;
  }

  void apply(const OverlapPart& part, double sign) {
    const auto& source = sorting_.sources[static_cast<std::size_t>(part.source)];
    const auto lag = static_cast<Index>(part.lag);
    for (Index c = 0; c < channels_; ++c) {
      for (Index i = std::max<Index>(0, -lag); i < std::min(width_, width_ - lag); ++i) x_[static_cast<std::size_t>(c * width_ + i + lag)] += sign * part.scale * source.waveform(c, i);
    }
  }

  // Each part once more, the others taken away.
  void refine(double threshold_uv) {
    for (std::size_t p = 0; parts_.size() > 1 && p < parts_.size(); ++p) {
      const auto old = parts_[p];
      apply(old, 1);
      parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(p));
      const auto again = best(threshold_uv).value_or(old);
      apply(again, -1);
      parts_.insert(parts_.begin() + static_cast<std::ptrdiff_t>(p), again);
    }
  }

  const SourceSorting& sorting_;
  const std::vector<double>& noise_;
  Index channels_, width_, dead_;
  std::vector<double> x_;
  std::vector<OverlapPart> parts_;
};

}  // namespace

std::vector<OverlapPart> overlap_parts(const SourceInput& event, const SourceSorting& sorting, const std::vector<double>& noise_uv, double rate_hz, double threshold_uv) {
  if (event.waveform.empty()) return {};
  return OverlapFit(event, sorting, noise_uv, rate_hz).run(event, threshold_uv);
}

SourceSorting sort_sources(const std::vector<SourceInput>& events, const std::vector<double>& noise_uv, double rate_hz, const SourceOptions& options) {
  return Sorter(events, noise_uv, rate_hz, options).run();
}

}  // namespace emg
