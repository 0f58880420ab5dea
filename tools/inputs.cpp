// Which files a run works on, and under which names.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "libemg/io/atomic_file.h"
#include "tools/batch_engine.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;

// Names of results are UTF-8; other bytes of a file name are spelt out.
std::string utf8_id(const std::string& id) {
  std::string out;
  for (std::size_t i = 0; i < id.size();) {
    const auto lead = static_cast<unsigned char>(id[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
    bool whole = length > 0 && i + length <= id.size();
    for (std::size_t k = 1; whole && k < length; ++k) whole = (static_cast<unsigned char>(id[i + k]) & 0xC0) == 0x80;
    out += whole ? id.substr(i, length) : fmt::format("_x{:02X}", lead);
    i += whole ? length : 1;
  }
  return out;
}

// The folder of an earlier run, at or above `file` and below `root`.
bool is_result(const fs::path& file, const fs::path& root) {
  for (auto folder = file.parent_path(); folder.native().size() >= root.native().size(); folder = folder.parent_path()) {
    if (fs::exists(folder / "run.json") && fs::exists(folder / "recordings")) return true;
    if (folder == folder.parent_path()) break;
  }
  return false;
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto inner = fs::weakly_canonical(path), outer = fs::weakly_canonical(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

std::string joined_id(const fs::path& relative) {
  std::string id;
  for (const auto& part : relative) id += (id.empty() ? "" : "__") + part.string();
  return id;
}

struct Found {
  fs::path path;
  fs::path relative;
  std::string skip_reason;
};

void add_path(const std::string& argument, const ReadOptions& options, const fs::path& out, std::vector<Found>& found);

void add_list(const fs::path& list, const ReadOptions& options, const fs::path& out, std::vector<Found>& found) {
  const std::string text = read_file(list);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && line[0] != '#') add_path(line, options, out, found);
  }
}

void add_path(const std::string& argument, const ReadOptions& options, const fs::path& out, std::vector<Found>& found) {
  if (argument.starts_with('@')) return add_list(argument.substr(1), options, out, found);
  const fs::path path(argument);
  if (!fs::is_directory(path)) {
    found.push_back({path, path.filename(), ""});
    return;
  }
  for (const auto& file : scan_directory(path, options)) {
    if (is_inside(file.path, out) || is_result(file.path, path)) continue;
    const bool recording = file.kind.outcome == FileKind::Outcome::recording;
    found.push_back({file.path, fs::relative(file.path, path), recording ? "" : file.kind.reason});
  }
}

}  // namespace

std::vector<BatchInput> collect_inputs(const std::vector<std::string>& arguments, const ReadOptions& options, const fs::path& out) {
  std::vector<Found> found;
  for (const auto& argument : arguments) add_path(argument, options, out, found);
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.path < b.path; });
  // Overlapping arguments name a file once.
  std::set<fs::path> seen;
  std::erase_if(found, [&](const Found& f) { return !seen.insert(fs::weakly_canonical(f.path)).second; });
  std::map<std::string, int> short_uses, long_uses;
  const auto short_id = [](const Found& f) { return joined_id(fs::path(f.relative).replace_extension()); };
  for (const auto& f : found) {
    if (f.skip_reason.empty()) ++short_uses[short_id(f)];
    ++long_uses[joined_id(f.relative)];
  }
  std::vector<BatchInput> inputs;
  for (const auto& f : found) {
    std::string id = f.skip_reason.empty() && short_uses[short_id(f)] == 1 ? short_id(f) : joined_id(f.relative);
    if (long_uses[joined_id(f.relative)] > 1) id = joined_id(f.path.lexically_normal().relative_path());
    inputs.push_back({utf8_id(id), f.path, f.relative.generic_string(), f.skip_reason});
  }
  return inputs;
}

std::string id_of_part(const std::string& id, std::string part) {
  for (char& c : part) {
    if (c == '/' || c == '\\' || c == ':' || c == ' ' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return part.empty() ? id : id + "__" + part;
}

}  // namespace emg::tools
