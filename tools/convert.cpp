// endplate convert IN OUT: from one format to another, in bounded memory.

#include <fmt/format.h>

#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/recording_writer.h"
#include "tools/composed.h"
#include "tools/file_options.h"
#include "tools/progress.h"

namespace emg::tools {
namespace {

// Result tables, truth and sweeps travel from container to container.
void convert_signal(const RecordingFile& file, const std::filesystem::path& target, Invocation& invocation) {
  const bool with_signal = !file.streams().empty();
  Recording header = with_signal ? file.header() : file.facts();
  for (const auto& warning : header.warnings) invocation.warn(warning, file.path().string());
  if (target.extension() == ".nwb" && header.provenance.empty()) add_input_provenance(header, 0, file);
  const Index sample_count = with_signal ? file.sample_count() : 0;
  Progress progress(invocation.run(), "convert", sample_count);
  std::unique_ptr<RecordingWriter> writer;
  if (target.extension() == ".nwb") {
    auto native = std::make_unique<NwbWriter>(target, header, sample_count, write_options(invocation), result_identifier(header));
    if (file.format() == "nwb") native->add(read_nwb_contents(file.path()));
    writer = std::move(native);
  } else {
    writer = open_writer(target, header, sample_count, write_options(invocation));
  }
  if (with_signal) file.for_each_block([&](const ChannelsView& block) {
    check_interrupt();
    writer->append(block);
    progress.advance(block.cols());
  });
  writer->finish();
  for (const auto& warning : writer->warnings()) invocation.warn(warning, target.string());
}

int run_convert(Invocation& invocation) {
  const auto& from = invocation.arguments()[0];
  const std::filesystem::path target = invocation.arguments()[1];
  const auto file = RecordingFile::open(from, invocation.options<ReadOptions>("input"));
  refuse_input_as_output(target, file);
  invocation.add_input({{"path", from}, {"format", file.format()}});
  if (invocation.run().dry_run) {
    invocation.print(fmt::format("{} -> {}\n", from, target.string()));
    return kDone;
  }
  writing(target, [&] { convert_signal(file, target, invocation); });
  invocation.add_output(target.string(), "recording");
  return kDone;
}

}  // namespace

Command convert_command() {
  Command command;
  command.name = "convert";
  command.group = "Files";
  command.summary = "a recording in another format (.nwb .edf .bdf .csv .tsv), whole or a window of some channels";
  command.arguments = "IN OUT";
  command.fewest_arguments = command.most_arguments = 2;
  command.kind = "composed";
  command.tables = {option_table<ReadOptions>("input", "what to read"), option_table<WriteOptions>("output", "how the file is written"),
                    option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate convert recording.edf recording.nwb --channels 1-8 --start-s 10 --stop-s 20";
  command.run = run_convert;
  return command;
}

}  // namespace emg::tools
