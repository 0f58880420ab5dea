#include "libemg/io/nwb_header_internal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/version.h"
#include "libemg/io/nwb_spec_internal.h"
#include "libemg/io/text.h"

namespace emg::nwb {
namespace {

constexpr double kOldestYears = 89;  // above, an age identifies a person (HIPAA, 45 CFR 164.514)
constexpr const char* kElectrodes = "/general/extracellular_ephys/electrodes";
// Positions are kept to a picometre, so that millimetres and micrometres convert into each other and back.
constexpr double kPositionSteps = 1e6;

const double kNaN = std::numeric_limits<double>::quiet_NaN();

// A start after the file was made cannot be true.
std::string start_of(const Recording& header, const std::string& created) {
  constexpr std::size_t kDateTime = 19;
  const auto start = header.start_time.empty() ? std::string(kUnknownTime) : header.start_time;
  constexpr std::size_t kDate = 10;
  if (start.size() < kDateTime || created.size() < kDateTime) return start;
  const bool same_zone = start.substr(kDateTime).ends_with("+00:00") && created.ends_with("+00:00");
  return start.substr(0, same_zone ? kDateTime : kDate) > created.substr(0, same_zone ? kDateTime : kDate) ? kUnknownTime : start;
}

std::string age_of(const Subject& subject) {
  if (!subject.age_years || !std::isfinite(*subject.age_years) || *subject.age_years < 0) return kUnknownAge;
  if (*subject.age_years > kOldestYears) return "P90Y/";
  return fmt::format("P{}Y", *subject.age_years);
}

void write_subject(Tree& tree, const Subject& subject) {
  const std::string where = "/general/subject";
  tree.group(where, "Subject", "");
  auto& out = tree.output();
  out.text(where + "/subject_id", subject.subject_id.empty() ? "unknown" : object_name(subject.subject_id));
  out.text(where + "/species", "Homo sapiens");
  out.text(where + "/sex", subject.sex == "M" || subject.sex == "F" || subject.sex == "O" ? subject.sex : "U");
  out.text(where + "/age", age_of(subject));
  out.attribute(where + "/age", "reference", "birth");
  if (!subject.description.empty()) out.text(where + "/description", subject.description);
}

template <class Get>
std::vector<double> numbers_of(const std::vector<Channel>& channels, Get get) {
  std::vector<double> values;
  for (const auto& c : channels) {
    const auto value = get(c);
    values.push_back(value ? static_cast<double>(*value) : kNaN);
  }
  return values;
}

template <class Get>
std::vector<std::string> texts_of(const std::vector<Channel>& channels, Get get) {
  std::vector<std::string> values;
  for (const auto& c : channels) values.emplace_back(get(c));
  return values;
}

std::optional<double> micrometres(std::optional<double> mm) {
  if (!mm) return mm;
  return std::round(*mm * kMicrometresInMm * kPositionSteps) / kPositionSteps;
}

// Whole if all channels have one.
void write_adc(TableOutput& table, const std::string& name, std::string_view text, const std::vector<double>& values) {
  constexpr double kMost = 2147483647.0;
  if (std::all_of(values.begin(), values.end(), [](double v) { return std::abs(v) <= kMost; })) {
    table.integers(name, "", text, {values.begin(), values.end()}, h5::Element::int32);
  } else {
    table.numbers(name, "", text, values);
  }
}

void write_electrode_columns(TableOutput& table, const std::vector<Channel>& channels, bool keeps_counts) {
  table.texts("channel_name", "name of the recorded channel", texts_of(channels, [](const Channel& c) { return c.name; }));
  table.known_texts("muscle", "muscle", texts_of(channels, [](const Channel& c) { return c.muscle; }));
  table.known_texts("side", "L or R", texts_of(channels, [](const Channel& c) { return c.side; }));
  table.known_texts("electrode_kind", "kind of electrode", texts_of(channels, [](const Channel& c) { return c.electrode_kind; }));
  table.known_texts("reference", "reference of the channel", texts_of(channels, [](const Channel& c) { return c.reference; }));
  table.numbers("rel_x", "um", "position in the group", numbers_of(channels, [](const Channel& c) { return micrometres(c.x_mm); }));
  table.numbers("rel_y", "um", "position in the group", numbers_of(channels, [](const Channel& c) { return micrometres(c.y_mm); }));
  table.numbers("rel_z", "um", "position in the group", numbers_of(channels, [](const Channel& c) { return micrometres(c.z_mm); }));
  table.numbers("band_low_hz", "Hz", "lower edge of the amplifier's band",
                numbers_of(channels, [](const Channel& c) { return c.band_low_hz; }));
  table.numbers("band_high_hz", "Hz", "upper edge of the amplifier's band",
                numbers_of(channels, [](const Channel& c) { return c.band_high_hz; }));
  write_adc(table, "adc_min", "least count of the converter", numbers_of(channels, [](const Channel& c) { return c.adc_min; }));
  write_adc(table, "adc_max", "largest count of the converter", numbers_of(channels, [](const Channel& c) { return c.adc_max; }));
  table.texts("status", "good or bad", texts_of(channels, [](const Channel& c) { return c.status.empty() ? "good" : c.status; }));
  table.numbers("interelectrode_mm", "mm", "distance between electrodes",
                numbers_of(channels, [](const Channel& c) { return c.interelectrode_mm; }));
  if (std::any_of(channels.begin(), channels.end(), [](const Channel& c) { return c.kind != ChannelKind::emg; })) {
    table.texts("channel_kind", "what the channel records", texts_of(channels, [](const Channel& c) { return name_of(c.kind); }));
  }
  if (!keeps_counts) return;
  table.numbers("count_uv", "uV", "microvolts in one count, as the source says",
                numbers_of(channels, [](const Channel& c) { return c.count_uv; }));
  if (std::any_of(channels.begin(), channels.end(), [](const Channel& c) { return c.count_zero_uv.value_or(0) != 0; })) {
    table.numbers("count_zero_uv", "uV", "microvolts at count 0, as the source says",
                  numbers_of(channels, [](const Channel& c) { return c.count_zero_uv; }));
  }
}

}  // namespace

void write_file_facts(Tree& tree, const Recording& header, const std::string& identifier, const std::string& created) {
  auto& out = tree.output();
  tree.type("/", "NWBFile");
  out.attribute("/", "nwb_version", kVersion);
  for (const char* folder :
       {"/acquisition", "/analysis", "/processing", "/stimulus", "/stimulus/presentation", "/stimulus/templates", "/general"}) {
    out.group(folder);
  }
  out.text("/identifier", identifier);
  out.text("/session_description", header.description.empty() ? kDefaultDescription : header.description);
  const auto start = start_of(header, created);
  out.text("/session_start_time", start);
  out.text("/timestamps_reference_time", start);
  out.texts("/file_create_date", {created});
  out.texts("/general/keywords", {"electromyography"});
  const std::vector<std::string> program{"endplate", emg::kVersion};
  std::vector<const char*> pointers{program[0].c_str(), program[1].c_str()};
  out.array("/general/was_generated_by", {1, 2}, h5::Element::text, pointers.data(), h5::Element::text, false);
  write_subject(tree, header.subject);
}

std::vector<std::string> write_electrodes(Tree& tree, const std::vector<Channel>& channels, bool keeps_counts) {
  auto& out = tree.output();
  out.group("/general/devices");
  tree.group("/general/devices/device", "Device", "recording device");
  out.group("/general/extracellular_ephys");
  std::vector<std::string> names, paths, of_channel, group_names;
  for (const auto& c : channels) {
    const auto name = object_name(c.group.empty() ? kDefaultGroup : c.group);
    const auto where = "/general/extracellular_ephys/" + (name == "electrodes" ? std::string("electrodes_group") : name);
    of_channel.push_back(where);
    group_names.push_back(where.substr(where.rfind('/') + 1));
    if (std::find(paths.begin(), paths.end(), where) != paths.end()) continue;
    paths.push_back(where);
    tree.group(where, "ElectrodeGroup", c.electrode_kind.empty() ? "electrodes" : c.electrode_kind);
    out.attribute(where, "location", c.muscle.empty() ? "unknown" : c.muscle);
    out.soft_link(where + "/device", "/general/devices/device");
  }
  TableOutput table(tree, kElectrodes, "recorded channels; a bipolar pair is one", channels.size());
  table.texts("location", "place of the electrode",
              texts_of(channels, [](const Channel& c) { return c.muscle.empty() ? "unknown" : c.muscle; }));
  table.references("group", "electrode group", of_channel);
  table.texts("group_name", "name of the electrode group", group_names);
  write_electrode_columns(table, channels, keeps_counts);
  table.finish();
  return paths;
}

void write_series(Tree& tree, const std::string& where, const char* type, const std::string& unit, const Recording& header,
                  const std::vector<Channel>& channels, const StoredForm& form) {
  auto& out = tree.output();
  const auto data = where + "/data";
  const bool electrical = std::string_view(type) == "ElectricalSeries";
  tree.type(where, type);
  out.attribute(where, "description", electrical ? "electromyogram" : channels.front().name);
  out.attribute(where, "comments", "no comments");
  out.attribute(data, "unit", unit);
  out.attribute(data, "conversion", form.conversion);
  out.attribute(data, "offset", form.offset);
  out.attribute(data, "resolution", -1.0);
  out.scalar(where + "/starting_time", std::max(header.start_s, 0.0));
  out.attribute(where + "/starting_time", "rate", header.rate_hz);
  out.attribute(where + "/starting_time", "unit", "seconds");
  if (!electrical) {
    out.attribute(where, "channel_names", texts_of(channels, [](const Channel& c) { return c.name; }));
    out.attribute(where, "channel_kind", name_of(channels.front().kind));
    return;
  }
  const auto& first = channels.front();
  const bool same_band = std::all_of(channels.begin(), channels.end(), [&](const Channel& c) {
    return c.band_low_hz == first.band_low_hz && c.band_high_hz == first.band_high_hz;
  });
  if (same_band && first.band_low_hz && first.band_high_hz) {
    out.attribute(where, "filtering", fmt::format("band {} to {} Hz", *first.band_low_hz, *first.band_high_hz));
  }
  std::vector<std::int32_t> rows(channels.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int32_t>(i);
  const auto region = where + "/electrodes";
  out.column(region, rows, h5::Element::int32);
  tree.type(region, "DynamicTableRegion", "hdmf-common");
  out.attribute(region, "description", "electrodes of the channels");
  out.reference_attribute(region, "table", kElectrodes);
  if (form.channel_conversion.empty()) return;
  out.column(where + "/channel_conversion", form.channel_conversion, h5::Element::float64);
  out.attribute(where + "/channel_conversion", "axis", std::int32_t{1});
}

void write_events(Tree& tree, const Recording& header) {
  if (!header.annotations.empty()) {
    std::vector<double> onset, duration;
    std::vector<std::string> label;
    for (const auto& a : header.annotations) {
      onset.push_back(a.onset_s + header.start_s);
      duration.push_back(a.duration_s);
      label.push_back(a.label);
    }
    TableOutput table(tree, "/acquisition/annotations", "annotations", label.size());
    table.numbers("timestamp", "seconds", "onset", onset);
    table.numbers("duration_s", "s", "duration, NaN if none was given", duration);
    table.texts("label", "text", label);
    table.finish();
  }
  if (!header.stimuli.empty()) {
    std::vector<double> onset, intensity, pulse;
    std::vector<std::string> nerve, side, site;
    for (const auto& s : header.stimuli) {
      onset.push_back(s.onset_s + header.start_s);
      intensity.push_back(s.intensity_ma.value_or(kNaN));
      pulse.push_back(s.pulse_ms.value_or(kNaN));
      nerve.push_back(s.nerve);
      side.push_back(s.side);
      site.push_back(s.site);
    }
    TableOutput table(tree, "/acquisition/stimuli", "electrical stimuli", onset.size());
    table.numbers("timestamp", "seconds", "onset", onset);
    table.known_texts("nerve", "stimulated nerve", nerve);
    table.known_texts("side", "L or R", side);
    table.known_texts("site", "site of stimulation", site);
    table.numbers("intensity_ma", "mA", "current", intensity);
    table.numbers("pulse_ms", "ms", "duration of the pulse", pulse);
    table.finish();
  }
  if (header.gaps.empty()) return;
  std::vector<std::string> channel, reason;
  std::vector<std::int64_t> first, count;
  for (const auto& g : header.gaps) {
    channel.push_back(g.channel < 0 ? "" : header.channels[static_cast<std::size_t>(g.channel)].name);
    first.push_back(g.first_sample);
    count.push_back(g.sample_count);
    reason.push_back(g.reason);
  }
  TableOutput table(tree, "/acquisition/gaps", "samples that do not exist in the source; their values are straight lines", first.size());
  table.texts("channel", "name of the channel, empty for all", channel);
  table.integers("first_sample", "sample", "first missing sample", first);
  table.integers("sample_count", "sample", "how many are missing", count);
  table.texts("reason", "why", reason);
  table.finish();
}

void write_specification(Tree& tree) {
  auto& out = tree.output();
  out.group("/specifications");
  std::set<std::string> made;
  for (const auto& document : spec_documents()) {
    const std::string name(document.name);
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      if (made.insert(name.substr(0, slash)).second) out.group("/specifications/" + name.substr(0, slash));
    }
    out.text("/specifications/" + name, document.json);
  }
  out.reference_attribute("/", ".specloc", "/specifications");
}

}  // namespace emg::nwb
