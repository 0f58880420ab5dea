#include "tools/batch_engine.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "libemg/core/version.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/sha256.h"
#include "tools/file_options.h"
#include "tools/manifest.h"
#include "tools/progress.h"
#include "tools/worker_pool.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Shard {
  unsigned index = 0, count = 1;
};

Shard parse_shard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  const auto slash = text.find('/');
  const char* begin = text.data();
  const char* end = begin + text.size();
  bool good = slash != std::string::npos;
  good = good && std::from_chars(begin, begin + slash, shard.index).ptr == begin + slash;
  good = good && std::from_chars(begin + slash + 1, end, shard.count).ptr == end;
  if (!good || shard.count == 0 || shard.index >= shard.count) {
    throw InvalidArgument(fmt::format("shard is \"{}\", expected i/n with 0 <= i < n", text));
  }
  return shard;
}

// First 8 bytes of the digest of the path relative to the given root: independent of what other files exist.
bool in_shard(const std::string& relative, const Shard& shard) {
  const auto digest = sha256_hex(relative).substr(0, 16);
  std::uint64_t number = 0;
  std::from_chars(digest.data(), digest.data() + digest.size(), number, 16);
  return number % shard.count == shard.index;
}

Json output_sizes(const fs::path& out, const Json& outputs) {
  auto sizes = Json::array();
  for (const auto& output : outputs) {
    std::error_code error;
    const auto size = fs::file_size(out / output.get<std::string>(), error);
    sizes.push_back(error ? Json() : Json(size));
  }
  return sizes;
}

// A result that was removed, cut or replaced is computed again.
bool outputs_whole(const fs::path& out, const Json& entry) {
  return output_sizes(out, entry.value("outputs", Json::array())) == entry.value("output_bytes", Json::array());
}

std::vector<fs::path> stamped_files(const Json& entry) {
  std::vector<fs::path> files;
  for (const auto& file : entry.value("files", Json::array())) files.emplace_back(file.value("path", ""));
  return files;
}

enum class State { current, refreshed, stale };

// Same key and same stamp: current. Same key and same bytes under a new stamp: refreshed.
State state_of(const Json* entry, const BatchInput& input, const std::string& key, const fs::path& out, const BatchOptions& options) {
  if (!entry || options.force || entry->value("key", "") != key) return State::stale;
  if (entry->value("status", "") == "failed" && options.retry_failed) return State::stale;
  if (!outputs_whole(out, *entry)) return State::stale;
  const auto files = stamped_files(*entry);
  if (files.empty() || fs::absolute(input.path).lexically_normal() != files.front()) return State::stale;
  const auto stamp = stamp_of(files);
  if (stamp.is_null()) return State::stale;
  if (stamp == (*entry)["files"]) return State::current;
  return sha256_of_files(files) == entry->value("sha256", "") ? State::refreshed : State::stale;
}

std::string encode(const JobReport& report) {
  Json json{{"status", report.status}, {"reason", report.reason}, {"type", report.error_type}, {"where", report.error_where}, {"byte", report.error_byte}};
  json["files"] = Json::array();
  for (const auto& file : report.input_files) json["files"].push_back(file.string());
  json["outputs"] = report.outputs;
  json["rows"] = report.rows;
  json["warnings"] = Json::array();
  json["messages"] = Json::array();
  for (const auto& warning : report.warnings) {
    json["warnings"].push_back(warning.code);
    json["messages"].push_back({warning.code, warning.message, warning.channel});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The job never throws out of a worker: whatever happens is a row.
JobReport guarded(const BatchJob& job, const BatchInput& input) {
  JobReport report;
  const auto failed = [&](const char* type, const std::string& reason) {
    report.status = "failed";
    report.error_type = type;
    report.reason = reason;
  };
  try {
    report = job(input);
  } catch (const Interrupted&) {
    failed("interrupted", "interrupted");
  } catch (const FileError& error) {
    failed("file", error.what());
    report.error_where = error.where();
    report.error_byte = error.byte();
  } catch (const OutputError& error) {
    failed("output", error.what());
  } catch (const InvalidArgument& error) {
    failed("usage", error.what());
  } catch (const NumericalError& error) {
    failed("numerical", error.what());
  } catch (const std::bad_alloc&) {
    failed("memory", "not enough memory");
  } catch (const std::exception& error) {
    failed("failed", error.what());
  }
  if (report.input_files.empty()) report.input_files = {input.path};
  return report;
}

std::string now_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00", fmt::gmtime(std::time(nullptr))); }

Json manifest_entry(const fs::path& out, const BatchInput& input, const std::string& key, const std::string& command, const Json& report, const WorkerAnswer& answer) {
  std::vector<fs::path> files;
  for (const auto& file : report.value("files", Json::array())) files.emplace_back(file.get<std::string>());
  if (files.empty()) files = {input.path};
  const auto stamp = stamp_of(files);
  Json entry{{"id", input.id}, {"input", input.path.string()}};
  entry["size"] = stamp.is_null() ? Json() : stamp.front()["size"];
  entry["mtime_ns"] = stamp.is_null() ? Json() : stamp.front()["mtime_ns"];
  entry["sha256"] = "";
  try {
    if (!stamp.is_null()) entry["sha256"] = sha256_of_files(files);
  } catch (const FileError&) {
    // A file that cannot be read has no digest; the reason of the failure says so already.
  }
  entry["files"] = stamp.is_null() ? Json::array() : stamp;
  entry["key"] = key;
  entry["status"] = report.value("status", "failed");
  entry["reason"] = report.value("reason", "");
  if (entry["status"] == "failed") {
    entry["error"] = {{"type", report.value("type", "crash")}, {"where", report.value("where", "")}, {"byte", report.value("byte", -1)}};
  }
  entry["outputs"] = report.value("outputs", Json::array());
  entry["output_bytes"] = output_sizes(out, entry["outputs"]);
  entry["rows"] = report.value("rows", Json::object());
  entry["warnings"] = report.value("warnings", Json::array());
  entry["version"] = kVersion;
  entry["command"] = command;
  entry["wall_s"] = answer.wall_s;
  entry["cpu_s"] = answer.cpu_s;
  entry["peak_mb"] = answer.peak_mb;
  entry["finished"] = now_text();
  return entry;
}

void count_entry(const Json& entry, BatchTotals& totals) {
  const auto status = entry.value("status", "");
  if (status == "done") ++totals.done;
  if (status == "skipped") ++totals.skipped;
  if (status == "failed") {
    ++totals.failed;
    const auto type = entry.value("error", Json::object()).value("type", "");
    if (type == "file") ++totals.unreadable;
  }
}

Json skipped_entry(const BatchInput& input, const std::string& key, const std::string& command) {
  return Json{{"id", input.id}, {"input", input.path.string()}, {"key", key}, {"status", "skipped"}, {"reason", input.skip_reason},
              {"outputs", Json::array()}, {"version", kVersion}, {"command", command}};
}

// Two runs over different folders may give two recordings the same id.
void warn_if_replaced(Invocation& invocation, const Json& former, const BatchInput& input) {
  const auto files = stamped_files(former);
  if (files.empty() || files.front() == fs::absolute(input.path).lexically_normal() || !fs::exists(files.front())) return;
  invocation.warn({"id_reused", fmt::format("the result takes the place of that of {}", files.front().string()), ""}, input.path.string());
}

fs::path manifest_path(const fs::path& out, const Shard& shard) {
  return out / (shard.count == 1 ? "manifest.jsonl" : fmt::format("manifest-{}-of-{}.jsonl", shard.index, shard.count));
}

}  // namespace

BatchTotals run_batch(Invocation& invocation, const BatchOptions& options, const std::vector<BatchInput>& all_inputs, const std::string& key,
                      const BatchJob& job) {
  const fs::path out = options.out;
  const Shard shard = parse_shard(options.shard);
  std::error_code error;
  fs::create_directories(out / "recordings", error);
  if (error) throw OutputError(fmt::format("{}: the folder cannot be made: {}", out.string(), error.message()));
  remove_stale_parts(out);
  remove_stale_parts(out / "recordings");
  remove_stale_parts(out / "tables");
  std::vector<BatchInput> inputs;
  for (const auto& input : all_inputs) {
    if (in_shard(input.relative, shard)) inputs.push_back(input);
  }
  Manifest manifest(manifest_path(out, shard));
  const std::string command = invocation.command().name;
  BatchTotals totals;
  std::vector<std::size_t> todo;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto* entry = manifest.find(inputs[i].id);
    if (!inputs[i].skip_reason.empty()) {
      const auto skipped = skipped_entry(inputs[i], key, command);
      if (!entry || *entry != skipped) manifest.append(skipped);
      ++totals.skipped;
      continue;
    }
    const State state = state_of(entry, inputs[i], key, out, options);
    if (state == State::stale) {
      todo.push_back(i);
      continue;
    }
    if (state == State::refreshed) {
      Json refreshed = *entry;
      refreshed["files"] = stamp_of(stamped_files(*entry));
      manifest.append(refreshed);
    }
    ++totals.unchanged;
    count_entry(*entry, totals);
  }
  Progress progress(invocation.run(), command, static_cast<Index>(todo.size()));
  const int workers = options.jobs > 0 ? options.jobs : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  bool interrupted = false;
  run_workers(
      todo, workers, options.timeout_s, [&](std::size_t i) { return encode(guarded(job, inputs[i])); },
      [&](const WorkerAnswer& answer) {
        Json report = answer.death.empty() ? Json::parse(answer.answer, nullptr, false) : Json{{"status", "failed"}, {"reason", answer.death}};
        if (report.value("type", "") == "interrupted") {
          interrupted = true;
          return false;
        }
        const auto& input = inputs[answer.item];
        for (const auto& message : report.value("messages", Json::array())) invocation.warn({message[0], message[1], message[2]}, input.path.string());
        if (const auto* former = manifest.find(input.id)) warn_if_replaced(invocation, *former, input);
        const auto entry = manifest_entry(out, input, key, command, report, answer);
        manifest.append(entry);
        count_entry(entry, totals);
        progress.item(input.id);
        progress.advance(1);
        return !(options.fail_fast && entry["status"] == "failed");
      });
  check_interrupt();
  if (interrupted) throw Interrupted();
  return totals;
}

std::map<std::string, Json> read_manifests(const fs::path& out, const std::string& key) {
  std::map<std::string, Json> entries;
  if (!fs::is_directory(out)) return entries;
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(out)) {
    const auto name = file.path().filename().string();
    if (name.starts_with("manifest") && name.ends_with(".jsonl")) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const Manifest manifest(file);
    for (const auto& [id, entry] : manifest.entries()) {
      if (key.empty() || entry.value("key", "") == key) entries[id] = entry;
    }
  }
  return entries;
}

int exit_code(const BatchTotals& totals) {
  if (totals.failed == 0) return totals.done > 0 ? kDone : kUnreadable;
  if (totals.done > 0) return kPartial;
  return totals.unreadable == totals.failed ? kUnreadable : kFailed;
}

std::string batch_key(const Invocation& invocation, const std::vector<std::string>& tables) {
  std::string lines = fmt::format("{} {}\n", invocation.command().name, kVersion);
  for (const auto& table : invocation.command().tables) {
    if (std::find(tables.begin(), tables.end(), table.name) == tables.end()) continue;
    const auto& values = invocation.values(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      if (table.fields[i].name != "created") lines += fmt::format("{}={}\n", table.fields[i].name, json_text(values[i]));
    }
  }
  return sha256_hex(lines);
}

}  // namespace emg::tools
