#include "libemg/measure/ncs/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/average.h"
#include "libemg/measure/ncs/blink.h"
#include "libemg/measure/ncs/h_reflex.h"
#include "libemg/measure/ncs/late_response.h"
#include "libemg/measure/ncs/repetitive.h"
#include "libemg/measure/ncs/response_internal.h"
#include "libemg/measure/ncs/segment.h"
#include "libemg/measure/ncs/stimulus_artefact.h"
#include "libemg/measure/ncs/sweep_groups_internal.h"
#include "libemg/measure/ncs/velocity.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kUvPerMv = 1000;

struct StepRow {
  std::string step, nerve, side, site, status, reason;
  static constexpr auto fields() {
    using R = StepRow;
    return std::tuple{field("step", &R::step, {}, "what was tried"),
                      field("nerve", &R::nerve, {}, "stimulated nerve"),
                      field("side", &R::side, {}, "L or R"),
                      field("site", &R::site, {}, "place of stimulation"),
                      field("status", &R::status, {}, "not_assessable or noted"),
                      field("reason", &R::reason, {}, "why")};
  }
};
static_assert(fully_described<StepRow>());

std::string marker_key(const std::string& channel, const std::string& nerve, const std::string& side, const std::string& muscle,
                       const std::string& site, const std::string& annotation, const std::string& marker) {
  return channel + "\n" + nerve + "\n" + side + "\n" + muscle + "\n" + site + "\n" + annotation + "\n" + marker;
}

// "not_assessable (distance missing)" -> "distance missing".
std::string inner_reason(const std::string& reason) {
  const std::string head = "not_assessable (";
  return reason.starts_with(head) && reason.ends_with(")") ? reason.substr(head.size(), reason.size() - head.size() - 1) : reason;
}

class Study {
 public:
  Study(const std::vector<SweepSet>& sets, const NcsOptions& options, const std::vector<MarkerRow>& manual, int threads)
      : sets_(sets), o_(options), threads_(threads), classifier_(sets, options) {
    for (const auto& m : manual) {
      if (m.source == "manual") manual_[marker_key(m.channel, m.nerve, m.side, m.muscle, m.site, m.annotation, m.marker)] = m;
    }
  }

  NcsStudy run() {
    for (std::size_t k = 0; k < sets_.size(); ++k) measure_set(k);
    finish();
    return std::move(study_);
  }

 private:
  void note(const char* step, const Sweep& s, const std::string& reason, const char* status = "not_assessable") {
    steps_.push_back({step, s.nerve, s.side, s.site, status, reason});
  }

  // Takes the artefact out, or says why it stays.
  SweepSet cleaned(const SweepSet& set) {
    if (o_.artefact == StudyArtefact::none) return set;
    StimulusArtefactOptions options;
    options.blank_ms = o_.blank_ms;
    options.method = o_.artefact == StudyArtefact::blank             ? ArtefactMethod::blank
                     : o_.artefact == StudyArtefact::two_exponential ? ArtefactMethod::two_exponential
                                                                     : ArtefactMethod::local_polynomial;
    try {
      return remove_stimulus_artefact(set, options, threads_);
    } catch (const InvalidArgument& error) {
      note("stimulus-artefact", set.sweeps.front(), error.what());
      return set;
    }
  }

  void measure_set(std::size_t k) {
    const auto& set = sets_[k];
    require_sweeps(set);
    study_.cleaned.push_back(cleaned(set));
    AverageOptions average;
    average.limit_uv = o_.limit_uv, average.r_min = o_.r_min;
    average.window_low_ms = o_.motor_low_ms, average.window_high_ms = o_.motor_high_ms;
    auto mean = averages(set, average);
    averages_.insert(averages_.end(), mean.rows.begin(), mean.rows.end());
    for (const auto& row : mean.rows) {
      if (!row.rejected.empty()) steps_.push_back({"average", row.nerve, row.side, row.site, "noted", "sweeps left out: " + row.rejected});
    }
    study_.averages.push_back(cleaned(mean.sweeps));
    const auto kinds = classifier_.groups(set, study_.averages.back());
    for (const char* test : {"motor", "sensory"}) measure_responses(k, kinds, test);
    measure_reflexes(k, kinds);
    for (std::size_t g = 0; g < kinds.size(); ++g) {
      study_.sites.push_back({k, kinds[g].rows, kinds[g].f_waves ? "f_wave" : kinds[g].test, static_cast<Index>(g), up_});
      const auto& first = set.sweeps[static_cast<std::size_t>(kinds[g].rows.front())];
      if (kinds[g].test == "f_wave" && first.test.empty()) note("motor", first, "taken for F waves: a shorter recording shows the M wave of this site", "noted");
      if (kinds[g].f_waves) measure_f(k, kinds[g], static_cast<Index>(g));
      if (kinds[g].test == "repetitive") measure_train(k, kinds[g]);
    }
  }

  std::optional<double> manual_time(const Sweep& s, const char* marker) const {
    const auto found = manual_.find(marker_key(s.channel, s.nerve, s.side, s.muscle, s.site, s.annotation, marker));
    return found == manual_.end() ? std::nullopt : std::optional(found->second.time_ms);
  }

  void add_marker(std::size_t k, Index row, const Sweep& s, const std::string& test, const char* marker,
                  const std::optional<double>& time_ms, const std::optional<double>& value_uv, const std::string& method) {
    if (!time_ms) return;
    MarkerRow m{static_cast<int>(k),
                static_cast<int>(row),
                s.channel,
                s.nerve,
                s.side,
                s.muscle,
                s.site,
                test,
                s.annotation,
                marker,
                *time_ms,
                value_uv,
                method,
                kVersion,
                "automatic",
                ""};
    const auto found = manual_.find(marker_key(s.channel, s.nerve, s.side, s.muscle, s.site, s.annotation, marker));
    if (found != manual_.end()) {
      m.time_ms = found->second.time_ms, m.method = "manual", m.source = "manual", m.edited_by = found->second.edited_by;
      used_.push_back(found->first);
    }
    study_.markers.push_back(std::move(m));
  }

  // Motor or sensory responses of all averaged sites of one set.
  void measure_responses(std::size_t k, const std::vector<SweepGroup>& groups, const std::string& test) {
    std::vector<Index> wanted;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (groups[g].test == test) wanted.push_back(static_cast<Index>(g));
    }
    if (wanted.empty()) return;
    const auto set = subset(study_.averages[k], wanted);
    const bool sensory = test == "sensory";
    auto options = sensory ? sensory_options() : motor_options();
    options.window_high_ms =
        std::min(options.window_high_ms, static_cast<double>(set.samples.cols() - 1 - set.zero_sample) * 1000 / set.rate_hz);
    require_window(set, sensory ? "sensory_low_ms" : "motor_low_ms", options.window_low_ms, "the end of the search",
                   options.window_high_ms);
    auto found = measure_all(set, options, threads_);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto& sweep = set.sweeps[i];
      auto by_hand = options;
      by_hand.onset_ms = manual_time(sweep, "onset"), by_hand.peak_ms = manual_time(sweep, "peak");
      if (by_hand.onset_ms || by_hand.peak_ms) {
        found[i] = measure_response(trace_of(set, static_cast<Index>(i)), by_hand);
        add_flag(found[i].flags, "manual_markers");
      }
      if (const auto end = manual_time(sweep, "end"); end && found[i].onset_ms) found[i].negative_duration_ms = *end - *found[i].onset_ms;
      keep(k, wanted[i], sweep, set, found[i], test);
    }
  }

  void keep(std::size_t k, Index average, const Sweep& sweep, const SweepSet& set, const Response& r, const std::string& test) {
    up_ = r.negativity_used == Negativity::negative_values ? -1 : 1;
    const SiteLatency site{sweep, r.onset_ms, r.onset_sd_ms, set.band_low_hz, set.band_high_hz};
    if (test == "sensory") {
      snaps_.push_back(snap_row(sweep, set, r, o_.onset_method));
      sensory_sites_.push_back(site);
    } else {
      m_waves_.push_back(m_wave_row(sweep, set, r, o_.onset_method));
      motor_sites_.push_back(site);
      rate_hz_ = set.rate_hz;
    }
    if (!r.present) note(test.c_str(), sweep, r.reason);
    const std::string how = "onset " + name_of(o_.onset_method);
    add_marker(k, average, sweep, test, "onset", r.onset_ms, {}, how);
    add_marker(k, average, sweep, test, "peak", r.peak_ms, r.amplitude_uv, "parabola");
    std::optional<double> end, low;
    if (r.onset_ms && r.negative_duration_ms) end = *r.onset_ms + *r.negative_duration_ms;
    if (r.amplitude_uv && r.peak_to_peak_uv) low = *r.amplitude_uv - *r.peak_to_peak_uv;
    add_marker(k, average, sweep, test, "end", end, {}, "baseline crossing");
    add_marker(k, average, sweep, test, "positive_peak", r.positive_peak_ms, low, "parabola");
  }

  ResponseOptions motor_options() const {
    MWaveOptions m;
    m.window_low_ms = o_.motor_low_ms, m.window_high_ms = o_.motor_high_ms, m.onset_method = o_.onset_method, m.negativity = o_.negativity;
    m.noise_factor = o_.noise_factor, m.floor_mv = o_.motor_floor_mv;
    return response_options(m);
  }

  ResponseOptions sensory_options() const {
    SnapOptions s;
    s.window_low_ms = o_.sensory_low_ms, s.window_high_ms = o_.sensory_high_ms, s.onset_method = o_.onset_method,
    s.negativity = o_.negativity;
    s.noise_factor = o_.noise_factor, s.floor_uv = o_.sensory_floor_uv;
    return response_options(s);
  }

  void measure_f(std::size_t k, const SweepGroup& group, Index average) {
    const auto part = subset(study_.cleaned[k], group.rows);
    const auto& sweep = part.sweeps.front();
    FWaveOptions f;
    f.window_ms = o_.f_window_ms, f.floor_uv = o_.f_floor_uv, f.noise_factor = o_.noise_factor, f.spine_mm = o_.spine_mm,
    f.m_window_low_ms = o_.motor_low_ms;
    std::string flag;
    if (f.window_ms.empty()) {
      const auto m = measure_response(trace_of(study_.averages[k], average), motor_options());
      const double end_ms = static_cast<double>(part.samples.cols() - 1 - part.zero_sample) * 1000 / part.rate_hz;
      const double low =
          m.onset_ms && m.negative_duration_ms ? *m.onset_ms + *m.negative_duration_ms + o_.f_after_ms : o_.motor_high_ms / 2;
      f.window_ms = {low, end_ms};
      flag = fmt::format("no f_window_ms given: {:.1f} to {:.1f} ms searched", low, end_ms);
      if (!(low < end_ms)) return note("f-waves", sweep, "not_assessable (the sweep ends before F waves can come)");
    }
    try {
      auto late = late_responses(part, f, threads_);
      if (sweep.test.empty() && group.test == "motor" && late.f_waves.front().f_count == 0) return;  // asked for by nobody
      if (!flag.empty()) note("f-waves", sweep, flag, "noted");
      for (const auto& row : late.sweeps) {
        add_marker(k, row.sweep, sweep, "f_wave", "f_onset", row.latency_ms, row.amplitude_uv, "onset 2 sigma, smoothed 0.7 ms");
      }
      f_waves_.insert(f_waves_.end(), late.f_waves.begin(), late.f_waves.end());
      f_sweeps_.insert(f_sweeps_.end(), late.sweeps.begin(), late.sweeps.end());
      a_waves_.insert(a_waves_.end(), late.a_waves.begin(), late.a_waves.end());
    } catch (const InvalidArgument& error) {
      note("f-waves", sweep, error.what());
    }
  }

  // Sweeps of one set that were recorded for `test`.
  SweepSet for_test(std::size_t k, const std::vector<SweepGroup>& groups, const char* test) const {
    std::vector<Index> rows;
    for (const auto& group : groups) {
      if (group.test == test) rows.insert(rows.end(), group.rows.begin(), group.rows.end());
    }
    std::sort(rows.begin(), rows.end());
    return subset(study_.cleaned[k], rows);
  }

  void measure_reflexes(std::size_t k, const std::vector<SweepGroup>& groups) {
    const auto h = for_test(k, groups, "h_reflex"), blinks = for_test(k, groups, "blink");
    const auto guarded = [&](const SweepSet& set, const char* step, const std::function<void()>& measure) {
      if (set.sweeps.empty()) return;
      try {
        measure();
      } catch (const InvalidArgument& error) {
        note(step, set.sweeps.front(), error.what());
      }
    };
    guarded(h, "h-reflex", [&] {
      HReflexOptions o;
      o.h_window_ms = o_.h_window_ms, o.noise_factor = o_.noise_factor;
      const auto rows = h_reflex(h, o, threads_);
      h_rows_.insert(h_rows_.end(), rows.begin(), rows.end());
    });
    guarded(blinks, "blink", [&] {
      for (const char* side : {"L", "R", ""}) {
        std::vector<Index> own;
        std::string ipsi;
        for (std::size_t i = 0; i < blinks.sweeps.size(); ++i) {
          const auto& s = blinks.sweeps[i];
          if (s.side != side) continue;
          own.push_back(static_cast<Index>(i));
          // A channel that begins with the letter of the side is that of the stimulated side.
          if (*side && !s.channel.empty() && std::toupper(static_cast<unsigned char>(s.channel.front())) == *side) ipsi = s.channel;
        }
        if (own.empty()) continue;
        BlinkOptions o;
        o.ipsi = ipsi;
        const auto rows = blink_reflex(subset(blinks, own), o, threads_);
        blink_rows_.insert(blink_rows_.end(), rows.begin(), rows.end());
      }
    });
    for (const auto& group : groups) {
      if (group.test == "motor" || group.test == "sensory" || group.test == "repetitive" || group.test == "h_reflex" ||
          group.test == "f_wave" || group.test == "blink")
        continue;
      note(group.test.c_str(), sets_[k].sweeps[static_cast<std::size_t>(group.rows.front())],
           "this test has an operation of its own and no place in a study");
    }
  }

  void measure_train(std::size_t k, const SweepGroup& group) {
    const auto part = subset(study_.cleaned[k], group.rows);
    RepetitiveOptions r;
    r.window_low_ms = o_.motor_low_ms, r.window_high_ms = o_.motor_high_ms, r.negativity = o_.negativity;
    trains_.push_back({part, r});
  }

  // Trains of one muscle belong together: rest before exercise.
  void finish_trains() {
    std::vector<RepetitiveRow> rows;
    std::map<std::string, std::vector<std::size_t>> muscles;
    for (std::size_t i = 0; i < trains_.size(); ++i) {
      const auto& s = trains_[i].first.sweeps.front();
      muscles[s.channel + "\n" + s.nerve + "\n" + s.side + "\n" + s.muscle + "\n" + s.site +
              fmt::format("\n{} {}", trains_[i].first.rate_hz, trains_[i].first.samples.cols())]
          .push_back(i);
    }
    for (const auto& [name, members] : muscles) {
      SweepSet all = trains_[members.front()].first;
      for (std::size_t m = 1; m < members.size(); ++m) {
        const auto& more = trains_[members[m]].first;
        RowMatrix joined(all.samples.rows() + more.samples.rows(), all.samples.cols());
        joined << all.samples, more.samples;
        all.samples = std::move(joined);
        all.sweeps.insert(all.sweeps.end(), more.sweeps.begin(), more.sweeps.end());
      }
      try {
        const auto found = repetitive_stimulation(all, trains_[members.front()].second, threads_);
        rows.insert(rows.end(), found.begin(), found.end());
      } catch (const InvalidArgument& error) {
        note("rns", all.sweeps.front(), error.what());
      }
    }
    add("ncs_repetitive", "repetitive stimulation, one row for each train", rows);
  }

  template <class Row>
  void add(const char* name, const char* text, const std::vector<Row>& rows) {
    if (!rows.empty()) study_.tables.push_back(to_table(name, text, rows));
  }

  void finish() {
    add("ncs_motor", "motor responses of averaged sweeps", m_waves_);
    add("ncs_sensory", "sensory responses of averaged sweeps", snaps_);
    ConductionOptions c;
    c.onset_method = o_.onset_method, c.distance_sd_mm = o_.distance_sd_mm, c.latency_sd_ms = o_.latency_sd_ms;
    c.reference_c = o_.reference_c, c.velocity_factor_mps = o_.velocity_factor_mps, c.latency_factor_ms = o_.latency_factor_ms;
    auto speeds = velocities(motor_sites_, c);
    c.sensory = true;
    for (auto& row : velocities(sensory_sites_, c)) speeds.push_back(std::move(row));
    add("ncs_velocity", "conduction velocities between sites, sensory ones also to the electrode", speeds);
    add("ncs_segments", "change of the motor response between neighbouring sites", segment_rows(m_waves_, rate_hz_, o_.small_factor));
    add("ncs_f_waves", "F waves of each site", f_waves_);
    add("ncs_f_sweeps", "F wave of each sweep", f_sweeps_);
    add("ncs_a_waves", "A waves", a_waves_);
    finish_trains();
    add("ncs_h_reflex", "H reflexes", h_rows_);
    add("ncs_blink", "blink reflexes", blink_rows_);
    add("ncs_averages", "what was averaged", averages_);
    // A manual marker whose place has no automatic one now is kept too.
    for (const auto& [key, marker] : manual_) {
      if (std::find(used_.begin(), used_.end(), key) == used_.end()) study_.markers.push_back(marker);
    }
    add("ncs_markers", "markers, automatic and manual", study_.markers);
    for (const auto& row : speeds) {
      if (!row.reason.empty())
        steps_.push_back({"nerve-velocity", row.nerve, row.side, row.distal_site + " - " + row.proximal_site, "not_assessable",
                          inner_reason(row.reason)});
    }
    add("ncs_steps", "what could not be assessed, and why", steps_);
  }

  const std::vector<SweepSet>& sets_;
  const NcsOptions& o_;
  int threads_;
  SweepClassifier classifier_;
  std::map<std::string, MarkerRow> manual_;
  std::vector<std::string> used_;
  NcsStudy study_;
  std::vector<StepRow> steps_;
  std::vector<AverageRow> averages_;
  std::vector<MWaveRow> m_waves_;
  std::vector<SnapRow> snaps_;
  std::vector<SiteLatency> motor_sites_, sensory_sites_;
  double rate_hz_ = 1, up_ = -1;
  std::vector<FWaveRow> f_waves_;
  std::vector<FWaveSweepRow> f_sweeps_;
  std::vector<AWaveRow> a_waves_;
  std::vector<HReflexRow> h_rows_;
  std::vector<BlinkRow> blink_rows_;
  std::vector<std::pair<SweepSet, RepetitiveOptions>> trains_;
};

// Sets that differ in nothing but their sweeps become one, so that sites of one nerve in several files are measured together.
std::vector<SweepSet> merged(const std::vector<SweepSet>& sets) {
  std::vector<SweepSet> result;
  for (const auto& set : sets) {
    const auto alike = [&](const SweepSet& other) {
      return other.rate_hz == set.rate_hz && other.zero_sample == set.zero_sample && other.samples.cols() == set.samples.cols() &&
             other.band_low_hz == set.band_low_hz && other.band_high_hz == set.band_high_hz && other.highpass_hz == set.highpass_hz &&
             other.averaged == set.averaged;
    };
    const auto home = std::find_if(result.begin(), result.end(), alike);
    if (home == result.end()) {
      result.push_back(set);
      continue;
    }
    RowMatrix joined(home->samples.rows() + set.samples.rows(), set.samples.cols());
    joined << home->samples, set.samples;
    home->samples = std::move(joined);
    home->sweeps.insert(home->sweeps.end(), set.sweeps.begin(), set.sweeps.end());
  }
  return result;
}

std::string text_cell(const Table& table, const char* name, std::size_t row) {
  const auto* column = table.find(name);
  if (!column) return "";
  const auto cell = column->cell(row);
  const auto* text = std::get_if<std::string>(&cell);
  return text ? *text : "";
}

}  // namespace

NcsStudy ncs_study(const std::vector<SweepSet>& sets, const NcsOptions& options, const std::vector<MarkerRow>& manual, int threads) {
  validate_options(options);
  if (sets.empty()) throw InvalidArgument("the study holds no sweeps");
  if (!options.f_window_ms.empty() && options.f_window_ms.size() != 2)
    throw InvalidArgument("f_window_ms needs two numbers: start and end");
  for (const auto& set : sets) require_sweeps(set);
  const auto together = merged(sets);
  auto study = Study(together, options, manual, threads).run();
  study.raw = together;
  return study;
}

std::vector<MarkerRow> markers_of(const Table& table) {
  if (!table.find("marker") || !table.find("time_ms")) throw InvalidArgument("the table of markers has no column marker or time_ms");
  std::vector<MarkerRow> rows;
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    MarkerRow m;
    m.channel = text_cell(table, "channel", r), m.nerve = text_cell(table, "nerve", r), m.side = text_cell(table, "side", r);
    m.muscle = text_cell(table, "muscle", r), m.site = text_cell(table, "site", r), m.test = text_cell(table, "test", r);
    m.annotation = text_cell(table, "annotation", r), m.marker = text_cell(table, "marker", r);
    m.method = text_cell(table, "method", r), m.version = text_cell(table, "version", r), m.source = text_cell(table, "source", r);
    m.edited_by = text_cell(table, "edited_by", r);
    const auto time = table.find("time_ms")->cell(r);
    if (const auto* number = std::get_if<double>(&time)) {
      m.time_ms = *number;
    } else if (const auto* whole = std::get_if<std::int64_t>(&time)) {
      m.time_ms = static_cast<double>(*whole);
    } else {
      throw InvalidArgument(fmt::format("marker \"{}\" in row {} has no time_ms", m.marker, r + 1));
    }
    rows.push_back(std::move(m));
  }
  return rows;
}

}  // namespace emg
