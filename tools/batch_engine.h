#pragma once
// Many inputs, worker processes, a manifest: what `analyze` and `batch` share.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libemg/io/recording_file.h"
#include "tools/command.h"

namespace emg::tools {

struct BatchOptions {
  std::string out;
  int jobs = 1;
  std::string shard;
  bool force = false;
  bool retry_failed = false;
  double timeout_s = 0;
  bool fail_fast = false;

  static constexpr auto fields() {
    using O = BatchOptions;
    return std::tuple{
        field("out", &O::out, {}, "folder for results, tables, manifest and report"),
        field("jobs", &O::jobs, {0, 1024}, "worker processes; 0: all processors"),
        field("shard", &O::shard, {}, "i/n: only the files of shard i of n (0 <= i < n), disjoint and complete over all shards"),
        field("force", &O::force, {}, "compute also what is up to date"),
        field("retry_failed", &O::retry_failed, {}, "try again what failed before and has not changed"),
        field("timeout_s", &O::timeout_s, {0, 1e7}, "give up a file after this time; 0: never"),
        field("fail_fast", &O::fail_fast, {}, "stop at the first file that fails"),
    };
  }
};
static_assert(fully_described<BatchOptions>());

/// One input of a run.
struct BatchInput {
  std::string id;                      ///< unique in the run: relative path with "__" for folders, extension only if needed
  std::filesystem::path path;
  std::string relative;                ///< path below the given folder: decides the shard
  std::string skip_reason;             ///< of a file that is no recording
};

/// What became of one input.
struct JobReport {
  std::string status = "done";         ///< done, failed, skipped
  std::string reason;
  std::string error_type, error_where;
  std::int64_t error_byte = -1;
  std::vector<std::filesystem::path> input_files;   ///< all files whose bytes went in
  std::vector<std::string> outputs;    ///< relative to the output folder
  std::map<std::string, std::size_t> rows;
  std::vector<Warning> warnings;
};

using BatchJob = std::function<JobReport(const BatchInput&)>;

/// Files of `arguments`: files, directories (scanned), @list.txt with one path per line. Sorted by path, ids unique.
/// What lies in `out` is left out.
std::vector<BatchInput> collect_inputs(const std::vector<std::string>& arguments, const ReadOptions& options, const std::filesystem::path& out);

/// Id of a part (stream, grid) of the input `id`: that of the input itself if the part has no name.
std::string id_of_part(const std::string& id, std::string part);

struct BatchTotals {
  std::size_t done = 0, failed = 0, skipped = 0, unchanged = 0, unreadable = 0;
};

/// Runs `job` over the inputs in worker processes, keeping the manifest. `key` stands for command, options and version.
/// Throws Interrupted after Ctrl-C, when all workers have cleaned up.
BatchTotals run_batch(Invocation& invocation, const BatchOptions& options, const std::vector<BatchInput>& inputs, const std::string& key,
                      const BatchJob& job);

/// Newest line per id of all manifests in `out`, in the order of ids; with a `key` only the results of that command, options and version.
std::map<std::string, nlohmann::ordered_json> read_manifests(const std::filesystem::path& out, const std::string& key = {});

/// Exit code that the totals mean (interfaces: 0 done, 3 partial, 4 all unreadable, 1 all failed).
int exit_code(const BatchTotals& totals);

/// Command, version and every option that can change a result.
std::string batch_key(const Invocation& invocation, const std::vector<std::string>& tables);

/// Joins the tables in recordings/*.nwb of all done inputs into tables/<name>.tsv with a description in tables/<name>.json.
/// A result that cannot be read is left out and named in the warnings. True if a file changed.
bool write_run_tables(const std::filesystem::path& out, const std::string& key, std::vector<Warning>& warnings);

/// Writes tables, run.json and report; what has not changed is left alone.
void finish_run(Invocation& invocation, const std::filesystem::path& out, const std::string& key, int report_details);

/// `key` of the run that last wrote run.json in `out`, or "".
std::string key_of_run(const std::filesystem::path& out);

}  // namespace emg::tools
