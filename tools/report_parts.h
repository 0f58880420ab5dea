#pragma once
// The parts of the report: what is shown (data) and the functions that turn it into HTML. Loading is separate (report_load.cpp).

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"

namespace emg::tools::report {

/// Smallest and largest sample of each of up to kTraceColumns stretches of equal length; NaN where the channel has only a gap.
struct Trace {
  Index channel = 0;
  std::vector<double> low, high;
};

struct ReportRecording {
  std::string id;  ///< stem of the result file
  std::string input;
  std::string anchor;   ///< HTML id of its section
  std::string page;     ///< link to its own page, percent-encoded; "": shown in report.html
  std::string problem;  ///< why the result file cannot be read
  Recording header;     ///< without samples
  Index sample_count = 0;
  std::vector<Trace> traces;
  std::vector<Table> tables;
  std::optional<SweepSet> sweeps;
};

struct NotAnalysed {
  std::string id, input, status, reason, where;
};

struct ReportRun {
  std::string version, command;
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> inputs;
  std::vector<NotAnalysed> not_analysed;
};

/// One row of the table of all recordings; what a cell does not know is "" or empty.
struct SummaryRow {
  std::string id, link, kind, input, digest, format, version;
  std::vector<std::string> flags;
  double duration_s = 0, rate_hz = 0;
  Index channel_count = 0;
  std::optional<double> rms_uv, noise_uv, mnf_hz, mdf_hz;
  std::vector<std::pair<std::string, double>> counts;  ///< "spikes", 812
};

inline constexpr Index kTraceColumns = 860;                     // two points each: below 2000
inline constexpr Index kNarrowColumns = 560, kFewChannels = 8;  // more channels share the size of the page
inline constexpr std::size_t kTraceChannels = 16;

// report_text.cpp: text and numbers.
/// `text` from a file, as HTML text or attribute value: markup escaped, invalid UTF-8 and control characters replaced.
std::string escaped(std::string_view text);
/// At most four significant digits, no exponent below a million.
std::string number_text(double value);
std::string duration_text(double seconds);
/// "uV" with the sign for micro, squares raised, as HTML.
std::string unit_html(std::string_view unit);
/// The first `most` characters of `text`, "..." if there are more; escaped.
std::string shortened(std::string_view text, std::size_t most);
/// A name of files and tables as words: blanks for underscores.
std::string words(std::string name);
/// Relative link to `path`, percent-encoded.
std::string link_to(std::string_view path);

// report_data.cpp: looking into tables.
const Table* find_table(const ReportRecording& recording, std::string_view name);
/// Number in a cell; empty if the column or the number is missing.
std::optional<double> number_in(const Table& table, std::string_view column, std::size_t row);
std::string text_in(const Table& table, std::string_view column, std::size_t row);
/// Index of the channel that a row is about; -1 if it names none.
Index channel_in(const ReportRecording& recording, const Table& table, std::size_t row);
std::string channel_name(const ReportRecording& recording, Index channel);
/// Words of a list of flags, whatever separates them.
std::vector<std::string> flag_codes(std::string_view text);
std::vector<Warning> warnings_of(const ReportRecording& recording);
/// Last value of a provenance key; "" if absent.
std::string provenance_of(const ReportRecording& recording, std::string_view key);
SummaryRow summary_of(const ReportRecording& recording);

/// Events of one table: [start, end] in seconds for each channel; end = start for instants.
struct EventLanes {
  std::string name;
  bool spans = false;
  std::size_t count = 0;
  std::vector<std::vector<std::pair<double, double>>> lanes;
};
std::vector<EventLanes> event_lanes(const ReportRecording& recording);

// Figures; "" if there is nothing to draw.
std::string traces_figure(const ReportRecording& recording);
std::string raster_figure(const ReportRecording& recording, const EventLanes& events);
std::string spectra_figure(const ReportRecording& recording);
std::string track_figure(const ReportRecording& recording);
std::string sweep_figures(const ReportRecording& recording);
std::string template_figure(const ReportRecording& recording);
std::string unit_figures(const ReportRecording& recording);
std::string needle_figures(const ReportRecording& recording);

// Tables and sections.
std::string flag_html(std::string_view code);
std::string channel_table(const ReportRecording& recording);
std::string result_tables(const ReportRecording& recording);
std::string recording_section(const ReportRecording& recording);
std::string page_head(std::string_view title);
std::string page_end();
std::string summary_section(const ReportRun& run, const std::vector<SummaryRow>& rows);
std::string closing_sections(const ReportRun& run, const std::vector<SummaryRow>& rows);

std::string_view style_text();
std::string_view script_text();

// report_load.cpp
ReportRun load_run(const std::filesystem::path& directory, std::vector<ReportRecording>& recordings);
/// Fills `recording` (id given) from its result file.
void load_recording(const std::filesystem::path& directory, ReportRecording& recording);

}  // namespace emg::tools::report
