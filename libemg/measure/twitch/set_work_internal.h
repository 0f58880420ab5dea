#pragma once
// One channel set from its detection to its rows: what is excluded (set_exclusion.cpp), which events are alike (set_sources.cpp), the
// numbers (set_rows.cpp).

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "libemg/measure/twitch/rest_analysis.h"

namespace emg::twitch {

/// Reasons of exclusion in the order in which they claim time.
enum Reason : std::size_t { kGap, kFlat, kAnnotation, kMovement, kEcg, kRaised, kTrain, kDense, kNoise, kReasonCount };
constexpr std::array<const char*, kReasonCount> kReasons{"gap", "flat", "annotation", "movement", "ecg", "voluntary", "voluntary", "voluntary", "noise"};
constexpr std::array<const char*, kReasonCount> kRules{"", "", "", "", "", "a", "b", "c", ""};

struct Claim {
  Stretch stretch;
  std::size_t reason = 0;
};

/// Disjoint ascending stretches, each with the first reason that holds.
std::vector<Claim> resolved(const std::vector<Claim>& claims, double record_s);
/// What is left of the record.
std::vector<Stretch> complement(const std::vector<Claim>& excluded, double record_s);
/// The claim that holds at `time_s`; nullptr if it is usable.
const Claim* claim_at(const std::vector<Claim>& claims, double time_s);

// One set of channels from detection to rows.
class SetWork {
 public:
  SetWork(const TwitchDetection& detection, std::size_t index, const Recording& header, const TwitchAnalysisOptions& options,
          const std::vector<std::vector<Stretch>>& movement, const std::optional<HeartBeats>& beats)
      : detection_(detection), found_(detection.found[index]), header_(header), options_(options), movement_(movement), beats_(beats),
        record_s_(static_cast<double>(detection.sample_count) / detection.rate_hz) {
    out_.set = detection.sets[index];
    for (std::size_t i = 0; i < found_.events.size(); ++i) add_detected(found_.events[i], found_.raw[i]);
  }

  SetAnalysis run() {
    claim_gaps();
    claim_levels();
    claim_annotations();
    if (options_.movement) claim_movement();
    if (options_.ecg) claim_beats();
    claim_voluntary();
    settle();
    return std::move(out_);
  }

 private:
  void claim(double first_s, double end_s, Reason reason) { claims_.push_back({{first_s, end_s}, reason}); }
  SlowTracks tracks(Index channel) const;
  void add_detected(const DetectedEvent& event, const std::vector<float>& wave) {
    out_.events.push_back(event.row);
    out_.waveforms.push_back(wave);
    detected_.push_back(&event);
  }
  void claim_gaps();
  void claim_levels();
  void claim_annotations();
  void claim_movement();
  void claim_beats();
  void recall_beside_beats();
  void claim_voluntary();
  std::vector<double> relative_amplitude() const;
  SourceInput source_input(std::size_t event) const;
  std::vector<double> channel_noise() const;
  void sort_events(const std::vector<std::size_t>& which);
  void take_apart();
  void add_part(std::size_t base, const OverlapPart& part, bool first);
  void order_events();
  void settle();
  void fill_rate(const std::vector<double>& times, const std::vector<Claim>& excluded);
  void fill_sources(const std::vector<double>& times);
  void fill_exclusions(const std::vector<Claim>& excluded);
  void fill_sizes();
  void fill_source(std::size_t source, double usable_s, int& multiplets);

  const TwitchDetection& detection_;
  const DetectedSet& found_;
  const Recording& header_;
  const TwitchAnalysisOptions& options_;
  const std::vector<std::vector<Stretch>>& movement_;
  const std::optional<HeartBeats>& beats_;
  double record_s_;
  std::vector<Claim> claims_;
  std::vector<const DetectedEvent*> detected_;   // of each event, until heaps are taken apart
  SourceSorting sorting_;
  std::vector<std::size_t> sorted_events_;
  std::vector<std::size_t> counted_;
  SetAnalysis out_;
};

}  // namespace emg::twitch
