#pragma once
// The HTML report of a run, made from its results alone.

#include <filesystem>

namespace emg::tools {

/// Writes `directory`/report.html, and `directory`/recordings/<id>.html for recordings beyond the first `details`, from what a run left
/// there: manifest*.jsonl, run.json, recordings/*.nwb. Nothing is recomputed; equal results give equal bytes. What is missing is not drawn.
/// Throws FileError if the pages cannot be written.
void write_report(const std::filesystem::path& directory, int details = 50);

}  // namespace emg::tools
