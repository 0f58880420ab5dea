#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "libemg/core/error.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

namespace fs = std::filesystem;

FileKind skipped(std::string reason) {
  return {FileKind::Outcome::skipped, "", std::move(reason)};
}

struct Collected {
  std::set<fs::path> seen;
  std::vector<fs::path> files;
  std::vector<ScannedFile> unreadable;  // folders
};

// Follows folders and symbolic links, each real folder once.
void collect(const fs::path& folder, Collected& all) {
  std::error_code code;
  if (!all.seen.insert(fs::weakly_canonical(folder, code)).second) return;
  fs::directory_iterator it(folder, code), end;
  for (; !code && it != end; it.increment(code)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      collect(it->path(), all);
    } else {
      all.files.push_back(it->path());
    }
  }
  if (code) all.unreadable.push_back({folder, skipped("the folder cannot be read: " + code.message())});
}

bool is_document(const fs::path& path) {
  constexpr std::array<std::string_view, 13> kExtensions{".md",  ".pdf", ".doc", ".docx", ".rst",  ".html", ".htm",
                                                         ".rtf", ".odt", ".py",  ".m",    ".toml", ".yaml"};
  constexpr std::array<std::string_view, 6> kStems{"readme", "license", "licence", "changes", "changelog", "source"};
  const auto extension = lower(path.extension().string()), stem = lower(path.stem().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end() ||
         ((extension.empty() || extension == ".txt") && std::find(kStems.begin(), kStems.end(), stem) != kStems.end());
}

bool is_sidecar(const fs::path& path) {
  const auto name = lower(path.filename().string());
  if (name.ends_with(".json") || name.ends_with(".xml") || name == "participants.tsv") return true;
  for (const char* end : {"_channels.tsv", "_electrodes.tsv", "_events.tsv", "_scans.tsv", "_sessions.tsv", "_markers.tsv", "_nibs.tsv"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

// Text and HDF5 may hold anything: they are recordings if they open with what is known.
FileKind opened_kind(const fs::path& path, const Format& format, const ReadOptions& options) {
  FileKind kind{FileKind::Outcome::recording, std::string(format.name), ""};
  try {
    kind.format = format.open(path, options)->header().format;
  } catch (const FileError& refusal) {
    if (std::string_view(refusal.what()).find(kNoRows) != std::string_view::npos) return skipped("document");
    const auto needed = needed_options(refusal);
    if (!needed.empty()) return skipped("needs " + needed);
  }
  return kind;
}

FileKind kind_of(const fs::path& path, const ReadOptions& options) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (fs::exists(status) && !fs::is_regular_file(status)) return skipped("not a regular file");
  const auto name = path.filename().string();
  if (name.ends_with(".part")) return skipped("unfinished file of a stopped write");
  if (name.starts_with(".")) return skipped("hidden file");
  if (is_document(path)) return skipped("document");
  if (is_sidecar(path)) return skipped("sidecar");
  const auto head = head_of(path);
  if (head.size == 0) return skipped("empty file");
  const auto header = fs::path(path).replace_extension(".hea");
  if (lower(path.extension().string()) == ".atr" && fs::exists(header)) return skipped("annotations of " + header.filename().string());
  const auto* format = format_of(head);
  if (format == nullptr) return skipped("not a format endplate knows");
  if (format == &kWfdbFormat && lower(path.extension().string()) != ".hea") return skipped("data of " + header.filename().string());
  if (format == &kEdfFormat || format == &kWfdbFormat) return {FileKind::Outcome::recording, std::string(format->name), ""};
  return opened_kind(path, *format, options);
}

std::string stem_key(const fs::path& path) {
  return (path.parent_path() / path.stem()).string();
}

}  // namespace

std::string needed_options(const FileError& refusal) {
  std::string needed;
  const std::string_view message = refusal.what();
  for (const std::string_view option : {"--dataset", "--rate-hz", "--units", "--layout", "--decimal comma"}) {
    if (message.find(option) == std::string_view::npos) continue;
    if (!needed.empty()) needed += " and ";
    needed += option;
  }
  return needed;
}

std::vector<ScannedFile> scan_directory(const std::filesystem::path& directory, const ReadOptions& options) {
  if (!fs::is_directory(directory)) throw FileError(directory.string(), "is not a folder");
  Collected all;
  collect(directory, all);
  if (!all.unreadable.empty() && all.unreadable.back().path == directory) {
    throw FileError(directory.string(), all.unreadable.back().kind.reason);
  }
  auto& files = all.files;
  std::sort(files.begin(), files.end());
  std::vector<ScannedFile> scanned = std::move(all.unreadable);
  std::map<std::string, std::string> recordings;  // folder and stem -> file name
  const auto is_text = [](const fs::path& path) {
    const auto extension = lower(path.extension().string());
    return extension == ".txt" || extension == ".csv" || extension == ".tsv" || extension == ".dat" || extension == ".asc";
  };
  // Recordings in other formats first: they own the texts beside them.
  for (const bool texts : {false, true}) {
    for (const auto& path : files) {
      if (is_text(path) != texts) continue;
      FileKind kind;
      const auto owner = recordings.find(stem_key(path));
      if (texts && owner != recordings.end() && lower(path.extension().string()) != ".dat") {
        kind = skipped("companion of " + owner->second);
      } else {
        try {
          kind = kind_of(path, options);
        } catch (const FileError& refusal) {
          kind = skipped(std::string(refusal.what()).substr(path.string().size() + 2));
        }
      }
      if (!texts && kind.outcome == FileKind::Outcome::recording) recordings[stem_key(path)] = path.filename().string();
      scanned.push_back({path, std::move(kind)});
    }
  }
  std::sort(scanned.begin(), scanned.end(), [](const ScannedFile& a, const ScannedFile& b) { return a.path < b.path; });
  return scanned;
}

}  // namespace emg
