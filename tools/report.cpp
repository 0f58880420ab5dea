#include "tools/report.h"

#include <algorithm>
#include <set>

#include "libemg/io/atomic_file.h"
#include "tools/report_parts.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;

std::string own_page(const report::ReportRecording& recording) {
  return report::page_head(recording.id + " - EMG report") + "<p><a href=\"../report.html\">All recordings</a></p>\n<h1>EMG report</h1>\n" +
         report::recording_section(recording) + report::page_end();
}

// Pages of recordings that now stand in report.html, or are gone.
void remove_old_pages(const fs::path& folder, const std::set<std::string>& kept) {
  if (!fs::is_directory(folder)) return;
  std::vector<fs::path> old;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() == ".html" && kept.count(file.path().filename().string()) == 0) old.push_back(file.path());
  }
  for (const auto& path : old) fs::remove(path);
}

}  // namespace

void write_report(const fs::path& directory, int details) {
  std::vector<report::ReportRecording> recordings;
  const auto run = report::load_run(directory, recordings);
  std::vector<report::SummaryRow> rows;
  std::set<std::string> pages;
  std::string sections;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    auto& recording = recordings[i];
    const bool inside = static_cast<int>(i) < details;
    if (!inside) recording.page = report::link_to("recordings/" + recording.id + ".html");
    report::load_recording(directory, recording);
    rows.push_back(report::summary_of(recording));
    if (inside) {
      sections += report::recording_section(recording);
    } else {
      write_file(directory / "recordings" / (recording.id + ".html"), own_page(recording));
      pages.insert(recording.id + ".html");
    }
    // Signals and tables of one recording at a time.
    recording = {};
  }
  remove_old_pages(directory / "recordings", pages);
  write_file(directory / "report.html", report::page_head("EMG report") + report::summary_section(run, rows) + sections +
                                            report::closing_sections(run, rows) + report::page_end());
}

}  // namespace emg::tools
