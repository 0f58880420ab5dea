#include "libemg/measure/twitch/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"

namespace emg {
namespace {

constexpr double kShortestS = 60;

std::string number(double value) { return fmt::format("{:.3g}", value); }

std::string set_name(const SessionRecording& recording, const ChannelSet& set) {
  if (!set.muscle.empty()) return set.muscle + (set.side.empty() ? "" : " " + set.side);
  const auto& channel = recording.header.channels[static_cast<std::size_t>(set.channels.front())];
  return recording.recording_id + (channel.name.empty() ? fmt::format(" channel {}", set.channels.front() + 1) : " " + channel.name);
}

std::string length_text(double seconds) { return seconds < 60 ? number(seconds) + " s" : number(seconds / 60) + " min"; }

std::string channel_list(const SessionRecording& recording, const ChannelSet& set) {
  std::string text;
  for (std::size_t i = 0; i < set.channels.size() && i < 3; ++i) {
    const auto& name = recording.header.channels[static_cast<std::size_t>(set.channels[i])].name;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", name.empty() ? fmt::format("channel {}", set.channels[i] + 1) : name);
  }
  return set.channels.size() > 3 ? fmt::format("{} ... ({})", text, set.channels.size()) : text;
}

// Why time was lost, as words for the sentence.
std::string exclusion_text(const TwitchRate& rate) {
  std::string text;
  const auto add = [&](double seconds, const char* what) {
    if (seconds >= 0.5) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, length_text(seconds));
  };
  add(rate.excluded_voluntary_s, "voluntary");
  add(rate.excluded_annotation_s, "marked in the recording");
  add(rate.excluded_noise_s, "noise");
  add(rate.excluded_ecg_s, "heart beats");
  add(rate.excluded_movement_s, "movement");
  add(rate.excluded_gap_s + rate.excluded_flat_s, "no signal");
  return text.empty() ? "" : fmt::format("; excluded: {}", text);
}

std::string sentence_of(const SessionRecording& recording, const SetAnalysis& set, const TwitchAnalysisOptions& options) {
  const auto& rate = set.rate;
  const double usable_min = (rate.seconds_total - rate.seconds_excluded) / 60;
  std::string text = set_name(recording, set.set) + (recording.facts.date.empty() ? "" : ", " + recording.facts.date.substr(0, 10)) + ": ";
  if (!rate.rate_per_min) return text + fmt::format("not assessable, {} in {}{}.", rate.reason, length_text(rate.seconds_total), exclusion_text(rate));
  if (rate.events == 0) {
    text += fmt::format("no event in {} usable minutes; a rate of {}/min or more of potentials above {} uV (median threshold) would have shown with probability {}",
                        number(usable_min), number(*rate.detectable_rate_per_min), number(rate.detectable_amplitude_uv.value_or(0)), options.probability);
  } else {
    text += fmt::format("{} event{} in {} usable minutes, {}/min (95 % interval {} to {}), median {} uV", rate.events, rate.events == 1 ? "" : "s", number(usable_min), number(*rate.rate_per_min),
                        number(*rate.rate_low_per_min), number(*rate.rate_high_per_min), number(rate.amplitude_median_uv.value_or(0)));
    if (rate.clustered) text += ", clustered";
  }
  return text + exclusion_text(rate) + ".";
}

std::string quality_of(const SetAnalysis& set) {
  const double usable_s = set.rate.seconds_total - set.rate.seconds_excluded;
  std::string text;
  const auto add = [&](const char* what) { text += (text.empty() ? "" : ", ") + std::string(what); };
  if (usable_s < kShortestS) add("short");
  if (set.rate.seconds_excluded > 0.5 * set.rate.seconds_total) add("mostly excluded");
  if (set.rate.noise_high_uv && *set.rate.noise_high_uv > 3 * *set.rate.noise_uv) add("noise varies");
  if (std::any_of(set.events.begin(), set.events.end(), [](const TwitchEvent& e) { return e.clipped && e.excluded.empty(); })) add("clipped events");
  if (!set.rate.corrected_rate_per_min && set.rate.rate_per_min) add("events overlap");
  return text.empty() ? "ok" : text;
}

std::optional<double> value_of(const TwitchReportRow& row, std::string_view measure, bool& known) {
  std::optional<double> value;
  known = false;
  for_each_field<TwitchReportRow>([&](const auto& f) {
    using Member = std::decay_t<decltype(row.*(f.member))>;
    if (f.name != measure) return;
    if constexpr (std::is_same_v<Member, std::optional<double>> || std::is_same_v<Member, std::optional<int>>) {
      known = true;
      if (row.*(f.member)) value = static_cast<double>(*(row.*(f.member)));
    }
  });
  return value;
}

std::string outside(const TwitchReportRow& row, const std::vector<TwitchLimit>& limits) {
  std::string text;
  for (const auto& limit : limits) {
    if ((!limit.muscle.empty() && limit.muscle != row.muscle) || (!limit.side.empty() && limit.side != row.side)) continue;
    bool known = false;
    const auto value = value_of(row, limit.measure, known);
    if (!value) continue;
    const bool low = limit.lower && *value < *limit.lower, high = limit.upper && *value > *limit.upper;
    if (low || high) text += fmt::format("{}{} {} {}", text.empty() ? "" : "; ", limit.measure, low ? "below" : "above", number(low ? *limit.lower : *limit.upper));
  }
  return text;
}

TwitchReportRow report_row(const SessionRecording& recording, const SetAnalysis& set, const TwitchAnalysisOptions& options, const std::string& region) {
  TwitchReportRow row;
  const auto& rate = set.rate;
  row.recording_id = recording.recording_id;
  row.subject = recording.facts.subject;
  row.muscle = set.set.muscle;
  row.side = set.set.side;
  row.region = region;
  row.electrode = recording.facts.electrode.empty() ? recording.header.channels[static_cast<std::size_t>(set.set.channels.front())].electrode_kind : recording.facts.electrode;
  row.date = recording.facts.date;
  row.channels = channel_list(recording, set.set);
  row.minutes = rate.seconds_total / 60;
  row.minutes_excluded = rate.seconds_excluded / 60;
  row.excluded_noise_min = rate.excluded_noise_s / 60;
  row.excluded_voluntary_min = (rate.excluded_voluntary_s + rate.excluded_annotation_s) / 60;
  row.excluded_ecg_min = rate.excluded_ecg_s / 60;
  row.excluded_movement_min = rate.excluded_movement_s / 60;
  row.excluded_other_min = (rate.excluded_gap_s + rate.excluded_flat_s) / 60;
  row.detectable_amplitude_uv = rate.detectable_amplitude_uv;
  row.sentence = sentence_of(recording, set, options);
  row.quality = quality_of(set);
  row.reason = rate.reason;
  if (!rate.rate_per_min) return row;
  row.events = rate.events;
  row.rate_per_min = rate.rate_per_min;
  row.rate_low = rate.rate_low_per_min;
  row.rate_high = rate.rate_high_per_min;
  row.clustered = rate.clustered;
  row.detectable_rate_per_min = rate.detectable_rate_per_min;
  row.active_fraction = rate.active_fraction;
  row.longest_gap_s = rate.longest_gap_s;
  row.time_to_first_s = rate.time_to_first_s;
  row.amplitude_median_uv = rate.amplitude_median_uv;
  row.amplitude_iqr_uv = rate.amplitude_iqr_uv;
  row.duration_median_ms = rate.duration_median_ms;
  row.sources = static_cast<int>(set.sources.size());
  if (set.intervals.empty() || rate.events == 0) return row;
  int polyphasic = 0;
  for (const auto& e : set.events) polyphasic += e.excluded.empty() && e.phases > 4;
  row.polyphasic_share = static_cast<double>(polyphasic) / rate.events;
  const auto& all = set.intervals.front();
  row.interval_median_s = all.median_s;
  row.cv = all.cv;
  row.cv_local = all.cv_local;
  row.fano_10s = rate.fano;
  row.doublets = 0;
  row.late_pairs = 0;
  for (std::size_t i = 1; i < set.intervals.size(); ++i) {
    *row.doublets += set.intervals[i].doublets + set.intervals[i].triplets + set.intervals[i].multiplets;
    *row.late_pairs += set.intervals[i].late_pairs;
  }
  const auto top = std::max_element(set.sources.begin(), set.sources.end(), [](const SourceRow& a, const SourceRow& b) { return a.events < b.events; });
  if (top != set.sources.end()) {
    row.top_source_share = static_cast<double>(top->events) / rate.events;
    row.descriptor = top->descriptor;
    row.descriptor_score = top->descriptor_score;
  }
  return row;
}

MuscleEvents muscle_events(const SessionRecording& recording, const SetAnalysis& set, const std::string& region) {
  MuscleEvents muscle{recording.recording_id, set_name(recording, set.set), set.set.muscle, set.set.side, region, {}, {}, set.usable};
  for (const auto& e : set.events) {
    if (!e.excluded.empty()) continue;
    muscle.times_s.push_back(e.time_s);
    muscle.amplitudes_uv.push_back(e.peak_uv);
  }
  return muscle;
}

std::string person_sentence(const PersonRow& person, double probability) {
  std::string text = person.not_assessable > 0 ? "no named muscle had 60 s of usable time" : "no muscle was named";
  if (person.recorded_muscles > 0) {
    text = fmt::format("{} of {} recorded muscles", person.active_muscles, person.recorded_muscles);
    if (person.recorded_regions > 0) text += fmt::format(" and {} of {} recorded body regions", person.active_regions, person.recorded_regions);
    text += " twitched";
  }
  if (person.usable_min > 0) {
    text += fmt::format("{} {} usable minutes of muscle", person.recorded_muscles > 0 ? " in" : ";", number(person.usable_min));
    if (person.distinct_events == 0) {
      text += fmt::format("; {}/min or more in one muscle would have shown with probability {}", number(*person.detectable_rate_per_min), probability);
    } else {
      text += fmt::format(": {} distinct events, {}/min in one muscle", person.distinct_events, number(*person.distinct_per_min));
    }
  }
  if (person.not_assessable > 0) text += fmt::format("; {} muscle{} had less than 60 s of usable time", person.not_assessable, person.not_assessable == 1 ? "" : "s");
  if (person.failed > 0) text += fmt::format("; {} recording{} could not be analysed", person.failed, person.failed == 1 ? "" : "s");
  return text + ".";
}

template <Described Row>
void add_rows(std::map<std::string, Table>& tables, const std::string& name, const std::string& text, const std::vector<Row>& rows, const std::string& id) {
  auto table = to_table(name, text, rows);
  prepend_constant(table, "recording_id", "recording", id);
  if (const auto found = tables.find(name); found != tables.end()) {
    append_rows(found->second, table);
  } else {
    tables.emplace(name, std::move(table));
  }
}

template <Described Row>
std::vector<Row> joined(const RestAnalysis& analysis, std::vector<Row> SetAnalysis::*member) {
  std::vector<Row> rows;
  for (const auto& set : analysis.sets) rows.insert(rows.end(), (set.*member).begin(), (set.*member).end());
  return rows;
}

std::vector<TwitchRate> rates_of(const RestAnalysis& analysis) {
  std::vector<TwitchRate> rows;
  for (const auto& set : analysis.sets) rows.push_back(set.rate);
  return rows;
}

// A recording by itself.
TwitchSession session_of(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  SessionRecording one;
  one.analysis = analyze_rest(recording, options, threads);
  one.header.channels = recording.channels;
  return twitch_session({one}, options);
}

// Bare channels: each by itself.
TwitchSession session_of(const ChannelsView& signal, double rate_hz, TwitchAnalysisOptions options, int threads) {
  Recording recording;
  recording.samples = signal;
  recording.rate_hz = rate_hz;
  recording.channels.resize(static_cast<std::size_t>(signal.rows()));
  if (options.combination == TwitchSignal::automatic) options.combination = TwitchSignal::single;
  return session_of(recording, options, threads);
}

constexpr const char* kEventsText = "twitches, also those in excluded time";
constexpr const char* kRatesText = "rate of each channel set with its uncertainty and what was excluded";
constexpr const char* kExcludedText = "stretches that do not count, and why";
constexpr const char* kSourcesText = "events of one shape, place and size";
constexpr const char* kIntervalsText = "intervals of each channel set and of each source";

}  // namespace

std::vector<TwitchLimit> twitch_limits(const Table& table) {
  std::vector<TwitchLimit> limits;
  const auto* measure = table.find("measure");
  if (!measure) throw InvalidArgument("limits have no column measure");
  const auto text = [&](const char* name, std::size_t row) {
    const auto* column = table.find(name);
    if (!column) return std::string();
    const auto cell = column->cell(row);
    const auto* value = std::get_if<std::string>(&cell);
    return value ? *value : std::string();
  };
  const auto value = [&](const char* name, std::size_t row) -> std::optional<double> {
    const auto* column = table.find(name);
    if (!column) return std::nullopt;
    const auto cell = column->cell(row);
    if (const auto* v = std::get_if<double>(&cell)) return *v;
    if (const auto* v = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*v);
    return std::nullopt;
  };
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    TwitchLimit limit{text("measure", r), text("muscle", r), text("side", r), value("lower", r), value("upper", r)};
    bool known = false;
    value_of({}, limit.measure, known);
    if (!known) throw InvalidArgument(fmt::format("limits row {}: unknown measure {}", r + 1, limit.measure));
    limits.push_back(std::move(limit));
  }
  return limits;
}

TwitchSession twitch_session(const std::vector<SessionRecording>& recordings, const TwitchAnalysisOptions& options, const RegionTable& regions, const std::vector<TwitchLimit>& limits) {
  TwitchSession session;
  std::vector<MuscleEvents> muscles;
  std::map<std::pair<std::string, std::string>, std::vector<RatePoint>> over_time;
  struct Regular {
    double cv_local, rate;
    std::string muscle;
  };
  std::vector<Regular> regular;
  for (const auto& recording : recordings) {
    ++session.person.recordings;
    if (!recording.facts.subject.empty()) session.person.subject = recording.facts.subject;
    if (!recording.analysis) {
      ++session.person.failed;
      TwitchReportRow row;
      row.recording_id = recording.recording_id;
      row.subject = recording.facts.subject;
      row.muscle = recording.facts.muscle;
      row.side = recording.facts.side;
      row.region = recording.facts.region;
      row.date = recording.facts.date;
      row.quality = "failed";
      row.reason = recording.error;
      row.sentence = fmt::format("{}: not analysed, {}.", recording.recording_id, recording.error);
      session.report.push_back(std::move(row));
      continue;
    }
    for (const auto& set : recording.analysis->sets) {
      const auto region = recording.facts.region.empty() ? region_of(set.set.muscle, regions) : recording.facts.region;
      session.report.push_back(report_row(recording, set, options, region));
      session.report.back().outside_limit = outside(session.report.back(), limits);
      muscles.push_back(muscle_events(recording, set, region));
      session.person.excluded_min += set.rate.seconds_excluded / 60;
      if (set.set.muscle.empty()) continue;
      for (const auto& source : set.sources) {
        if (source.cv_local) regular.push_back({*source.cv_local, source.rate_per_min, muscles.back().name});
      }
      const auto day = day_of(recording.facts.date);
      const std::pair key{set.set.muscle, set.set.side};
      if (day) over_time[key].push_back({*day, set.rate.events, set.rate.seconds_total - set.rate.seconds_excluded});
    }
  }
  auto spread = twitch_spread(muscles, {0, options.probability, options.sensitivity});
  for (const auto& pair : spread.coincidences) {
    if (pair.finding != Coincidence::same_source_suspected) continue;
    for (std::size_t m = 0, r = 0; r < session.report.size(); ++r) {
      if (session.report[r].quality == "failed") continue;
      const auto& muscle = muscles[m++];
      if (muscle.recording_id != pair.recording_id) continue;
      const auto& other = muscle.name == pair.first ? pair.second : muscle.name == pair.second ? pair.first : std::string();
      if (!other.empty()) session.report[r].same_source_with += (session.report[r].same_source_with.empty() ? "" : ", ") + other;
    }
  }
  for (const auto& r : regular) {
    std::vector<std::string> seen;
    for (const auto& other : regular) {
      if (std::fabs(other.rate / r.rate - 1) < 0.1 && other.cv_local < 0.1 && std::find(seen.begin(), seen.end(), other.muscle) == seen.end()) seen.push_back(other.muscle);
    }
    session.person.ecg_suspected = session.person.ecg_suspected || looks_like_heart(r.cv_local, r.rate, static_cast<int>(seen.size()));
  }
  for (const auto& [key, points] : over_time) session.trends.push_back(rate_trend(points, key.first, key.second));
  auto& person = session.person;
  person.recorded_muscles = spread.recorded_muscles;
  person.active_muscles = spread.active_muscles;
  person.recorded_regions = spread.recorded_regions;
  person.active_regions = spread.active_regions;
  person.not_assessable = spread.not_assessable;
  person.distinct_events = static_cast<int>(spread.distinct_events);
  double usable_s = 0;
  for (const auto& m : muscles) usable_s += total_s(m.usable);
  person.usable_min = usable_s / 60;
  if (usable_s > 0) {
    person.distinct_per_min = static_cast<double>(spread.distinct_events) / person.usable_min;
    person.detectable_rate_per_min = detectable_rate_per_min(usable_s, options.probability, options.sensitivity);
  }
  person.busiest = spread.busiest;
  person.busiest_share = spread.busiest_share;
  person.evenness = spread.evenness;
  person.sentence = person_sentence(person, options.probability);
  session.body = std::move(spread.rows);
  session.coincidences = std::move(spread.coincidences);
  return session;
}

std::vector<BodyRow> recording_body_rows(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return session_of(recording, options, threads).body;
}
std::vector<BodyRow> body_rows(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return session_of(signal, rate_hz, options, threads).body;
}
std::vector<CoincidenceRow> recording_muscle_coincidences(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return session_of(recording, options, threads).coincidences;
}
std::vector<CoincidenceRow> muscle_coincidences(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return session_of(signal, rate_hz, options, threads).coincidences;
}

std::vector<Table> recording_tables(const SessionRecording& recording) {
  if (!recording.analysis) return {};
  const auto& a = *recording.analysis;
  return {to_table("twitch_events", kEventsText, joined(a, &SetAnalysis::events)), to_table("twitch_rates", kRatesText, rates_of(a)),
          to_table("twitch_excluded", kExcludedText, joined(a, &SetAnalysis::excluded)), to_table("twitch_sources", kSourcesText, joined(a, &SetAnalysis::sources)),
          to_table("twitch_intervals", kIntervalsText, joined(a, &SetAnalysis::intervals))};
}

std::vector<Table> session_tables(const std::vector<SessionRecording>& recordings, const TwitchSession& session) {
  std::map<std::string, Table> by_name;
  for (const auto& recording : recordings) {
    static const RestAnalysis kNothing;
    const auto& a = recording.analysis ? *recording.analysis : kNothing;
    const auto& id = recording.recording_id;
    add_rows(by_name, "twitch_events", kEventsText, joined(a, &SetAnalysis::events), id);
    add_rows(by_name, "twitch_rates", kRatesText, rates_of(a), id);
    add_rows(by_name, "twitch_excluded", kExcludedText, joined(a, &SetAnalysis::excluded), id);
    add_rows(by_name, "twitch_sources", kSourcesText, joined(a, &SetAnalysis::sources), id);
    add_rows(by_name, "twitch_intervals", kIntervalsText, joined(a, &SetAnalysis::intervals), id);
  }
  std::vector<Table> tables;
  for (auto& [name, table] : by_name) tables.push_back(std::move(table));
  tables.push_back(to_table("twitch_report", "one row for each recording and muscle", session.report));
  tables.push_back(to_table("twitch_person", "the person", std::vector<PersonRow>{session.person}));
  tables.push_back(to_table("twitch_body", "body regions and sides", session.body));
  tables.push_back(to_table("twitch_coincidence", "pairs of muscles of one recording", session.coincidences));
  tables.push_back(to_table("twitch_trend", "change over recordings of one muscle", session.trends));
  return tables;
}

}  // namespace emg
