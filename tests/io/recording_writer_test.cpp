#include "libemg/io/recording_writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"
#include "tests/io/io_support.h"

using namespace emg;
using namespace emg_test;

namespace {

Recording ramp(Index samples) {
  Recording r;
  r.rate_hz = 1000;
  r.channels.resize(2);
  r.channels[0].name = "EMG a";
  r.channels[1].name = "EMG b";
  r.samples.resize(2, samples);
  for (Index i = 0; i < samples; ++i) r.samples(0, i) = static_cast<double>(i), r.samples(1, i) = -0.5 * static_cast<double>(i);
  return r;
}

}  // namespace

TEST_CASE("the extension chooses the format; blocks of any size give the same bytes") {
  const TempFolder folder;
  const auto r = ramp(1234);
  for (const std::string extension : {".edf", ".bdf", ".csv", ".tsv"}) {
    CAPTURE(extension);
    write_recording(folder / ("whole" + extension), r);
    for (const Index length : {1, 7, 1000}) {
      const auto writer = open_writer(folder / ("blocks" + extension), r, 1234);
      for (Index first = 0; first < 1234; first += length) writer->append(r.samples.middleCols(first, std::min(length, 1234 - first)));
      writer->finish();
      CHECK(bytes_of(folder / ("blocks" + extension)) == bytes_of(folder / ("whole" + extension)));
    }
    CHECK((read_recording(folder / ("whole" + extension)).samples - r.samples).cwiseAbs().maxCoeff() < 0.02);
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) CHECK(entry.path().extension() != ".part");
}

TEST_CASE("an unfinished writer leaves nothing") {
  const TempFolder folder;
  for (const char* name : {"a.edf", "a.csv"}) {
    const auto r = ramp(100);
    {
      const auto writer = open_writer(folder / name, r, 100);
      writer->append(r.samples.leftCols(60));
      CHECK_THROWS_AS(writer->finish(), InvalidArgument);
      CHECK_THROWS_AS(writer->append(r.samples), InvalidArgument);
    }
    CHECK(fs::is_empty(folder.path()));
  }
}

TEST_CASE("wrong targets and headers are refused") {
  const TempFolder folder;
  const auto r = ramp(10);
  CHECK_THAT(refusal([&] { write_recording(folder / "a.wav", r); }), ContainsSubstring("the extension \".wav\" is none of .nwb, .edf"));
  auto none = r;
  none.channels.clear();
  CHECK_THROWS_AS(write_recording(folder / "a.edf", none), InvalidArgument);
  auto still = r;
  still.rate_hz = 0;
  CHECK_THROWS_AS(write_recording(folder / "a.edf", still), InvalidArgument);
  write_recording(folder / "a.csv", r);
  WriteOptions keep;
  keep.overwrite = false;
  CHECK_THAT(refusal([&] { write_recording(folder / "a.csv", r, keep); }), ContainsSubstring("exists already"));
}

TEST_CASE("times that are none are refused before anything is written") {
  const TempFolder folder;
  auto r = ramp(1000);
  WriteOptions options;
  options.created = "garbage";
  for (const char* name : {"a.nwb", "a.edf", "a.csv"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(write_recording(folder / name, r, options), InvalidArgument);
    CHECK_THAT(refusal([&] { write_recording(folder / name, r, options); }),
               ContainsSubstring("created is \"garbage\", expected ISO 8601 with zone like 2026-01-31T12:00:00+00:00"));
  }
  options.created = "2026-01-31T12:00:00Z";
  r.start_time = "2026-02-30T12:00:00Z";
  CHECK_THAT(refusal([&] { write_recording(folder / "a.nwb", r, options); }), ContainsSubstring("start_time is \"2026-02-30T12:00:00Z\""));
  CHECK(fs::is_empty(folder.path()));
  r.start_time = "2025-02-28T12:00:00.5+01:00";
  write_recording(folder / "a.nwb", r, options);
  CHECK(read_recording(folder / "a.nwb").start_time == r.start_time);
}

TEST_CASE("a folder of mixed files: recordings, and the reason for everything else") {
  const TempFolder folder;
  const auto r = ramp(100);
  write_recording(folder / "a.edf", r);
  write_recording(folder / "b.csv", r);
  folder.file("a.txt", "1\n2\n");
  folder.file("sub/n.hea", "n 1 1000 2\nn.dat 16 1000/mV 16 0 1 3 0 EMG\n");
  folder.file("sub/n.dat", little({1, 2}));
  folder.file("silent.csv", "1,2\n3,4\n");
  folder.file("README.md", "# words\n");
  folder.file("notes.txt", "some words\n");
  folder.file("a_info.json", "{}");
  folder.file("x.bin", std::string("\0\1\2", 3));
  folder.file("empty.edf", "");
  fs::create_directory_symlink(folder.path(), folder / "sub/loop");
  std::string found;
  for (const auto& file : scan_directory(folder.path())) {
    found += fs::relative(file.path, folder.path()).string() + ": ";
    found += file.kind.outcome == FileKind::Outcome::recording ? file.kind.format : file.kind.reason;
    found += "\n";
  }
  CHECK(found ==
        "README.md: document\na.edf: edf\na.txt: companion of a.edf\na_info.json: sidecar\nb.csv: csv\nempty.edf: empty file\nnotes.txt: "
        "document\n"
        "silent.csv: needs --rate-hz and --units\nsub/n.dat: data of n.hea\nsub/n.hea: wfdb\nx.bin: not a format endplate knows\n");
  ReadOptions options;
  options.rate_hz = 1000;
  options.units = "uV";
  std::size_t recordings = 0;
  for (const auto& file : scan_directory(folder.path(), options)) recordings += file.kind.outcome == FileKind::Outcome::recording;
  CHECK(recordings == 4);
  CHECK_THROWS_AS(scan_directory(folder / "none"), FileError);
}

TEST_CASE("what a scan cannot read or use says why, and the rest is scanned") {
  const TempFolder folder;
  folder.file("comma.csv", "time;EMG [uV]\n0;1,5\n0,001;2,5\n0,002;-3,5\n");
  folder.file("rate.hea", "n 1 4zz0 2\nn.dat 16 1000/mV 16 0 1 3 0 EMG\n");
  folder.file("prose.hea", "a header of something else\n");
  REQUIRE(::mkfifo((folder / "pipe.edf").c_str(), 0600) == 0);
  const auto kind = [&](const std::string& name) {
    for (const auto& file : scan_directory(folder.path())) {
      if (file.path == folder / name) return file.kind;
    }
    FAIL(name << " is not listed");
    return FileKind{};
  };
  CHECK(kind("comma.csv").reason == "needs --decimal comma");
  CHECK(kind("rate.hea").outcome == FileKind::Outcome::recording);
  CHECK_THAT(refusal([&] { RecordingFile::open(folder / "rate.hea"); }), ContainsSubstring("rate \"4zz0\" is no positive number"));
  CHECK(kind("prose.hea").reason == "document");
  CHECK(kind("pipe.edf").reason == "not a regular file");
}

TEST_CASE("a sub-folder that cannot be read is listed; the folder itself is an error") {
  const TempFolder folder;
  folder.file("closed/in.csv", "1\n");
  folder.file("open/out.csv", "1\n");
  fs::permissions(folder / "closed", fs::perms::none);
  // Root reads every folder: the test looks as somebody else.
  constexpr uid_t kNobody = 65534;
  const bool root = ::geteuid() == 0;
  if (root && ::seteuid(kNobody) != 0) {
    WARN("skipped, the user cannot be changed: error " << errno);
    return;
  }
  const auto files = scan_directory(folder.path());
  const auto top = refusal([&] { scan_directory(folder / "closed"); });
  if (root) REQUIRE(::seteuid(0) == 0);
  fs::permissions(folder / "closed", fs::perms::owner_all);
  REQUIRE(files.size() == 2);
  CHECK(files[0].path == folder / "closed");
  CHECK(files[0].kind.outcome == FileKind::Outcome::skipped);
  CHECK(files[0].kind.reason == "the folder cannot be read: Permission denied");
  CHECK(files[1].path == folder / "open/out.csv");
  CHECK_THAT(top, ContainsSubstring("closed: the folder cannot be read: Permission denied"));
}

TEST_CASE("folders of other people") {
  const auto needle = shared_data("physionet_emgdb");
  if (needle.empty()) return;
  const auto reason = [](const fs::path& path) {
    for (const auto& file : scan_directory(path.parent_path())) {
      if (file.path == path) return file.kind.outcome == FileKind::Outcome::recording ? "recording" : file.kind.reason;
    }
    return std::string("absent");
  };
  CHECK(reason(needle / "emg_healthy.hea") == "recording");
  CHECK(reason(needle / "emg_healthy.dat") == "data of emg_healthy.hea");
  CHECK(reason(needle / "emg_healthy.txt") == "companion of emg_healthy.hea");
  CHECK(reason(needle / "SOURCE.md") == "document");
  CHECK(reason(shared_data("emgflow/sample_data_01.csv")) == "needs --units");
  CHECK(reason(shared_data("biosppy/emg.txt")) == "needs --units");
  CHECK(reason(shared_data("bsnb_opensignals/emg_fatigue_info.json")) == "sidecar");
  CHECK(reason(shared_data("format_edfio/SC4001EC-Hypnogram.edf")) == "recording");
}
