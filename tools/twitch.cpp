// endplate twitch PATH... --out DIR: resting recordings of one person.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "libemg/core/version.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/nwb.h"
#include "libemg/io/table_file.h"
#include "libemg/measure/twitch/session.h"
#include "tools/batch_engine.h"
#include "tools/composed.h"
#include "tools/file_options.h"
#include "tools/report_twitch.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;

struct TwitchFiles {
  std::string out;
  std::string session;
  std::string regions;
  std::string limits;

  static constexpr auto fields() {
    using O = TwitchFiles;
    return std::tuple{
        field("out", &O::out, {}, "folder for results, tables and report"),
        field("session", &O::session, {},
              "table (TSV, CSV) that says what was recorded: file (name or stem), and any of channel, subject, muscle, side, region, electrode, date"),
        field("regions", &O::regions, {}, "table of muscle and region that replaces the shipped one"),
        field("limits", &O::limits, {}, "table of your own limits: measure, lower, upper and, if wanted, muscle and side"),
    };
  }
};
static_assert(fully_described<TwitchFiles>());

std::string text_in(const Table& table, const char* name, std::size_t row) {
  const auto* column = table.find(name);
  if (!column) return "";
  const auto cell = column->cell(row);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{:g}", *number);
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *number);
  return "";
}

// The session table, and which of its rows named a file that was found.
class SessionTable {
 public:
  explicit SessionTable(const std::string& path) {
    if (path.empty()) return;
    table_ = read_table(path);
    if (!table_.find("file")) throw InvalidArgument(fmt::format("session {} has no column file", path));
    used_.assign(table_.row_count(), false);
  }

  // Rows about `input`: by name, stem or path.
  std::vector<std::size_t> rows_of(const BatchInput& input) {
    std::vector<std::size_t> rows;
    for (std::size_t r = 0; r < table_.row_count(); ++r) {
      const auto name = text_in(table_, "file", r);
      if (name != input.path.filename().string() && name != input.path.stem().string() && name != input.relative && name != input.id) continue;
      rows.push_back(r);
      used_[r] = true;
    }
    return rows;
  }

  SessionFacts facts(std::size_t row) const {
    return {text_in(table_, "subject", row), text_in(table_, "muscle", row), text_in(table_, "side", row), text_in(table_, "region", row),
            text_in(table_, "electrode", row), text_in(table_, "date", row)};
  }

  // Names, muscles and sides of channels; muscles that a row gives a region.
  void apply(const std::vector<std::size_t>& rows, std::vector<Channel>& channels, RegionTable& regions) const {
    for (const auto row : rows) {
      const auto given = facts(row);
      const auto wanted = text_in(table_, "channel", row);
      bool found = wanted.empty();
      for (std::size_t c = 0; c < channels.size(); ++c) {
        if (!wanted.empty() && channels[c].name != wanted && fmt::format("{}", c + 1) != wanted) continue;
        found = true;
        if (!given.muscle.empty()) channels[c].muscle = given.muscle;
        if (!given.side.empty()) channels[c].side = given.side;
        if (!given.electrode.empty()) channels[c].electrode_kind = given.electrode;
      }
      if (!found) throw InvalidArgument(fmt::format("session row {}: the recording has no channel {}", row + 1, wanted));
      if (!given.muscle.empty() && !given.region.empty()) regions.insert(regions.begin(), {given.muscle, given.region});
    }
  }

  std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (std::size_t r = 0; r < used_.size(); ++r) {
      if (!used_[r]) names.push_back(text_in(table_, "file", r));
    }
    return names;
  }

 private:
  Table table_;
  std::vector<bool> used_;
};

RegionTable region_table(const std::string& path) {
  if (path.empty()) return shipped_regions();
  const auto table = read_table(path);
  if (!table.find("muscle") || !table.find("region")) throw InvalidArgument(fmt::format("regions {} needs the columns muscle and region", path));
  RegionTable regions;
  for (std::size_t r = 0; r < table.row_count(); ++r) regions.emplace_back(text_in(table, "muscle", r), text_in(table, "region", r));
  return regions;
}

class TwitchRun {
 public:
  explicit TwitchRun(Invocation& invocation)
      : invocation_(invocation), files_(invocation.options<TwitchFiles>("twitch_files")), options_(invocation.options<TwitchAnalysisOptions>("twitch")), out_(files_.out),
        session_(files_.session), regions_(region_table(files_.regions)) {
    if (!files_.limits.empty()) limits_ = twitch_limits(read_table(files_.limits));
  }

  int run() {
    const auto inputs = collect_inputs(invocation_.arguments(), invocation_.options<ReadOptions>("input"), out_);
    if (invocation_.run().dry_run) return dry_run(inputs);
    std::error_code error;
    fs::create_directories(out_ / "tables", error);
    if (error) throw OutputError(fmt::format("{}: cannot make the folder: {}", out_.string(), error.message()));
    for (const auto& input : inputs) {
      invocation_.add_input({{"path", input.path.string()}, {"id", input.id}});
      if (!input.skip_reason.empty()) {
        left_out_.push_back({input.relative, input.skip_reason});
        continue;
      }
      check_interrupt();
      analyze(input);
    }
    // One error line if nothing worked, a warning for each failure beside what did.
    for (const auto& [id, error] : errors_) {
      if (done_ > 0) invocation_.warn({"failed", error, ""}, id);
    }
    for (const auto& name : session_.unused()) invocation_.warn({"session_unused", "the session table names a file that was not given: " + name, ""}, files_.session);
    return finish();
  }

 private:
  int dry_run(const std::vector<BatchInput>& inputs) {
    for (const auto& input : inputs) invocation_.print(fmt::format("{}\t{}\n", input.path.string(), input.skip_reason.empty() ? input.id : "skipped: " + input.skip_reason));
    return kDone;
  }

  SessionFacts facts_of(const std::vector<std::size_t>& rows, const Recording* header) const {
    SessionFacts facts;
    for (const auto row : rows) {
      const auto given = session_.facts(row);
      if (facts.subject.empty()) facts.subject = given.subject;
      if (facts.date.empty()) facts.date = given.date;
      if (facts.electrode.empty()) facts.electrode = given.electrode;
      if (rows.size() == 1) facts.muscle = given.muscle, facts.side = given.side, facts.region = given.region;
    }
    if (header && facts.subject.empty()) facts.subject = header->subject.subject_id;
    if (header && facts.date.empty()) facts.date = header->start_time;
    return facts;
  }

  void analyze(const BatchInput& input) {
    const auto rows = session_.rows_of(input);
    try {
      auto read_options = invocation_.options<ReadOptions>("input");
      const auto file = RecordingFile::open(input.path, read_options);
      const auto streams = emg_streams(file, read_options);
      if (streams.empty()) throw InvalidArgument("no EMG channel");
      for (const auto& stream : streams) {
        read_options.stream = streams.size() == 1 && file.streams().size() == 1 ? "" : stream.name;
        analyze_stream(streams.size() == 1 ? input.id : input.id + "__" + stream.name, RecordingFile::open(input.path, read_options), stream, rows);
      }
      ++done_;
    } catch (const OutputError&) {
      throw;
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      std::string message = error.what();
      // The page names no folder of this machine.
      if (const auto at = message.find(input.path.string()); at != std::string::npos) message.replace(at, input.path.string().size(), input.path.filename().string());
      recordings_.push_back({input.id, message, facts_of(rows, nullptr), {}, {}});
      errors_.emplace_back(input.id, error.what());
    }
  }

  void analyze_stream(const std::string& id, const RecordingFile& file, const EmgStream& stream, const std::vector<std::size_t>& rows) {
    SessionRecording recording;
    recording.recording_id = id;
    recording.header = file.header();
    auto& header = recording.header;
    if (!stream.labelled) {
      for (auto& channel : header.channels) channel.kind = ChannelKind::emg;
    }
    session_.apply(rows, header.channels, regions_);
    recording.facts = facts_of(rows, &header);
    for (const auto& warning : header.warnings) invocation_.warn(warning, id);
    RestAnalyzer analyzer(header, options_, invocation_.run().threads);
    file.for_each_block([&](const ChannelsView& block) {
      check_interrupt();
      analyzer.push(block);
    });
    recording.analysis = analyzer.finish();
    for (const auto& warning : recording.analysis->warnings) invocation_.warn(warning, id);
    write_result(recording, file);
    header.samples.resize(0, 0);
    recordings_.push_back(std::move(recording));
  }

  void write_result(const SessionRecording& recording, const RecordingFile& file) {
    Recording header = recording.header;
    int run = 0;
    for (const auto& entry : header.provenance) run = std::max(run, entry.run + 1);
    header.provenance.push_back({run, "operation", "twitch"});
    header.provenance.push_back({run, "endplate_version", kVersion});
    add_input_provenance(header, run, file);
    for (const auto& [name, value] : option_list()) header.provenance.push_back({run, "option." + name, value});
    NwbContents contents;
    contents.signal = false;
    contents.tables = recording_tables(recording);
    const auto path = out_ / (recording.recording_id + ".nwb");
    writing(path, [&] { write_nwb(path, header, contents, write_options(invocation_), result_identifier(header)); });
    invocation_.add_output(path.string(), "result");
  }

  std::vector<std::pair<std::string, std::string>> option_list() const {
    std::vector<std::pair<std::string, std::string>> list;
    for (const auto& table : invocation_.command().tables) {
      if (table.name != "twitch" && table.name != "input") continue;
      const auto& values = invocation_.values(table.name);
      for (std::size_t i = 0; i < table.fields.size(); ++i) list.emplace_back(table.fields[i].name, json_text(values[i]));
    }
    return list;
  }

  int finish() {
    if (recordings_.empty()) throw InvalidArgument("nothing to analyse: no recording among the inputs");
    const auto session = twitch_session(recordings_, options_, regions_, limits_);
    for (const auto& table : session_tables(recordings_, session)) {
      const auto path = table.name == "twitch_report" ? out_ / "twitch_report.tsv" : out_ / "tables" / (table.name + ".tsv");
      writing(path, [&] { write_table(path, table); });
      invocation_.add_output(path.string(), "table");
      if (invocation_.run().json) invocation_.add_table(table);
    }
    const auto page = out_ / "report.html";
    writing(page, [&] { write_file(page, report::twitch_page({recordings_, session, option_list(), left_out_})); });
    invocation_.add_output(page.string(), "report");
    if (done_ == 0) {
      invocation_.fail("input", errors_.size() == 1 ? errors_[0].second : fmt::format("none of {} files could be analysed; the first: {}", errors_.size(), errors_[0].second), "");
      return kUnreadable;
    }
    for (const auto& row : session.report) invocation_.print(row.sentence + "\n");
    invocation_.print(session.person.sentence + "\nreport: " + page.string() + "\n");
    return errors_.empty() ? kDone : kPartial;
  }

  Invocation& invocation_;
  TwitchFiles files_;
  TwitchAnalysisOptions options_;
  fs::path out_;
  SessionTable session_;
  RegionTable regions_;
  std::vector<TwitchLimit> limits_;
  std::vector<SessionRecording> recordings_;
  std::vector<report::LeftOut> left_out_;
  std::vector<std::pair<std::string, std::string>> errors_;   // id, message
  std::size_t done_ = 0;
};

int run_twitch(Invocation& invocation) {
  if (invocation.options<TwitchFiles>("twitch_files").out.empty()) throw InvalidArgument("--out is missing: the folder for results, tables and report");
  if (!invocation.run().output.empty()) throw InvalidArgument("--output is not used here: results go into the folder --out");
  return TwitchRun(invocation).run();
}

}  // namespace

Command twitch_command() {
  Command command;
  command.name = "twitch";
  command.group = "Examinations";
  command.summary = "resting recordings of one person: twitches counted with their uncertainty, spread over muscles and body, a report";
  command.arguments = "PATH...";
  command.fewest_arguments = 1;
  command.most_arguments = 1000000;
  command.kind = "composed";
  command.tables = {option_table<TwitchFiles>("twitch_files", "files"), option_table<TwitchAnalysisOptions>("twitch", "detection, exclusion, rates"),
                    option_table<ReadOptions>("input", "what to read"), option_table<WriteOptions>("output", "how result files are written"),
                    option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate twitch rest/ --session session.tsv --out out";
  command.run = run_twitch;
  return command;
}

}  // namespace emg::tools
