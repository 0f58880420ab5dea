#include "libemg/io/hdf5_generic.h"

#include <hdf5.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <numeric>

#include "libemg/core/error.h"
#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "tests/io/io_support.h"
#include "tests/io/nwb_sample.h"

using namespace emg;
using emg_test::bytes_of;
using emg_test::refusal;
using emg_test::shared_data;
using emg_test::TempFolder;

namespace {

// A small HDF5 file made with the C library.
class Made {
 public:
  explicit Made(const std::filesystem::path& path) : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~Made() { H5Fclose(file_); }
  hid_t id() const { return file_; }

  template <class T>
  void array(const char* where, hid_t stored, hid_t memory, std::vector<hsize_t> dims, const std::vector<T>& values,
             std::vector<hsize_t> chunk = {}, int filters = 0) {
    const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
    if (!chunk.empty()) H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data());
    if (filters & 1) H5Pset_shuffle(list);
    if (filters & 2) H5Pset_deflate(list, 4);
    if (filters & 4) H5Pset_fletcher32(list);
    const hid_t dataset = H5Dcreate2(file_, where, stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (!values.empty()) H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(dataset);
    H5Pclose(list);
    H5Sclose(space);
  }
  void attribute(const char* where, const char* name, double value) {
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t id = H5Acreate_by_name(file_, where, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(id, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(id);
    H5Sclose(space);
  }

 private:
  hid_t file_;
};

ReadOptions asked(std::vector<std::string> dataset, const std::string& units = "uV", std::optional<double> rate_hz = 1000,
                  const std::string& layout = "") {
  ReadOptions options;
  options.dataset = std::move(dataset);
  options.units = units;
  options.rate_hz = rate_hz;
  options.layout = layout;
  return options;
}

// A result, or a refusal of one line.
bool ends_well(const std::filesystem::path& path) {
  try {
    const auto file = RecordingFile::open(path);
    file.tables();
    const auto back = file.read();
    return back.samples.rows() == static_cast<Index>(back.channels.size());
  } catch (const Error& error) {
    return std::string(error.what()).find('\n') == std::string::npos;
  } catch (...) {
    return false;
  }
}

double sum(const RowMatrix& x) {
  return std::accumulate(x.data(), x.data() + x.size(), 0.0);
}

}  // namespace

TEST_CASE("every number type, byte order, layout and filter gives the same samples") {
  const TempFolder folder;
  constexpr hsize_t kSamples = 300, kChannels = 5;
  std::vector<int> time_major, channel_major(kSamples * kChannels);
  for (hsize_t t = 0; t < kSamples; ++t) {
    for (hsize_t c = 0; c < kChannels; ++c) {
      const int value = static_cast<int>((t * 13 + c * 7) % 101);
      time_major.push_back(value);
      channel_major[c * kSamples + t] = value;
    }
  }
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);  // IEEE 754 half precision
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  const std::vector<hid_t> types{H5T_STD_I8LE,  H5T_STD_U8BE,  H5T_STD_I16LE,  H5T_STD_I16BE,  H5T_STD_U16LE,  H5T_STD_I32LE,
                                 H5T_STD_U32BE, H5T_STD_I64LE, H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, half};
  for (const hid_t type : types) {
    for (const int filters : {-1, 0, 2, 3, 7}) {
      const auto chunk = [&](hsize_t a, hsize_t b) { return filters < 0 ? std::vector<hsize_t>{} : std::vector<hsize_t>{a, b}; };
      {
        Made made(folder / "a.h5");
        made.array("/t", type, H5T_NATIVE_INT, {kSamples, kChannels}, time_major, chunk(64, 2), std::max(filters, 0));
        made.array("/c", type, H5T_NATIVE_INT, {kChannels, kSamples}, channel_major, chunk(2, 64), std::max(filters, 0));
      }
      const auto t = read_recording(folder / "a.h5", asked({"/t"}, "uV", 1000, "samples-channels"));
      const auto c = read_recording(folder / "a.h5", asked({"/c"}));
      REQUIRE(t.samples.rows() == 5);
      REQUIRE(t.samples.cols() == 300);
      CHECK(t.samples == c.samples);
      CHECK(t.samples(3, 299) == (299 * 13 + 21) % 101);
      CHECK(sum(t.samples) == std::accumulate(time_major.begin(), time_major.end(), 0.0));
      auto window = asked({"/t"}, "mV", 1000, "samples-channels");
      window.channels = {"5", "2"};
      window.start_s = 0.1;
      window.stop_s = 0.25;
      const auto part = read_recording(folder / "a.h5", window);
      CHECK(part.samples.row(0) == 1000 * t.samples.row(4).segment(100, 150));
      CHECK(part.samples.row(1) == 1000 * t.samples.row(1).segment(100, 150));
    }
  }
  H5Tclose(half);
}

TEST_CASE("what an HDF5 file does not say is asked for by option") {
  const TempFolder folder;
  {
    Made made(folder / "a.h5");
    made.array("/emg", H5T_STD_I16LE, H5T_NATIVE_INT, {2000, 4}, std::vector<int>(8000, 1));
    made.array("/one", H5T_IEEE_F32LE, H5T_NATIVE_INT, {2000}, std::vector<int>(2000, 1));
    made.array("/short", H5T_IEEE_F32LE, H5T_NATIVE_INT, {1999}, std::vector<int>(1999, 1));
    made.array("/fsamp", H5T_IEEE_F32LE, H5T_NATIVE_INT, {1}, std::vector<int>{2048});
    made.attribute("/one", "fs", 512);
  }
  const auto path = folder / "a.h5";
  CHECK_THAT(refusal([&] { read_recording(path); }),
             ContainsSubstring("give --dataset, --rate-hz and --units; it holds /emg (2000 x 4), /one (2000)"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/one"}, "")); }),
             ContainsSubstring("samples at /one: nothing says their unit; give --units"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/one"}, "uV", std::nullopt)); }),
             ContainsSubstring("nothing says their rate; give --rate-hz"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/emg"})); }),
             ContainsSubstring("shape 2000 x 4 looks like samples x channels; give --layout"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/one"}, "count:2uV")); }), ContainsSubstring("are no integer counts"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/none"})); }), ContainsSubstring("dataset at /none: missing or not numeric"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/one", "/short"})); }), ContainsSubstring("1999 samples, other datasets 2000"));
  CHECK_THAT(refusal([&] { read_recording(path, asked({"/emg"}, "uV", 1000, "sideways")); }),
             ContainsSubstring("layout \"sideways\" is none of"));
  try {
    read_recording(path, asked({"/none"}));
    CHECK(false);
  } catch (const FileError& error) {
    CHECK(error.where() == "/none");
    CHECK(error.path() == path.string());
  }
  auto by_path = asked({"/one", "/one"}, "uV", std::nullopt);
  by_path.rate_path = "/fsamp";
  CHECK(read_recording(path, by_path).rate_hz == 2048);
  by_path.rate_path = "@/one/fs";
  CHECK(read_recording(path, by_path).rate_hz == 512);
  CHECK(read_recording(path, by_path).channels[1].name == "one_2");
  by_path.rate_path = "/one/none";
  CHECK_THAT(refusal([&] { read_recording(path, by_path); }), ContainsSubstring("no number stands there"));
  const auto arrays = hdf5_arrays(path);
  REQUIRE(arrays.size() == 3);
  CHECK(arrays[0].path == "/emg");
  CHECK(arrays[0].type == "int16");
  CHECK(arrays[0].layout_guess == "samples-channels");
  REQUIRE(arrays[1].rate_hints.size() == 1);
  CHECK(arrays[1].rate_hints[0] == std::pair<std::string, std::string>{"/one/fs", "512"});
}

TEST_CASE("a file cannot make us open another file or load a filter") {
  const TempFolder folder;
  { Made(folder / "other.h5").array("/x", H5T_STD_I16LE, H5T_NATIVE_INT, {2000}, std::vector<int>(2000, 1)); }
  {
    Made made(folder / "a.h5");
    H5Lcreate_external((folder / "other.h5").c_str(), "/x", made.id(), "/linked", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/loop", made.id(), "/loop", H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t dims[1] = {2000};
    const hid_t space = H5Screate_simple(1, dims, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, (folder / "other.h5").c_str(), 0, 4000);
    H5Dclose(H5Dcreate2(made.id(), "/external", H5T_STD_I16LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(chunked, 1, dims);
    H5Pset_filter(chunked, 32001, H5Z_FLAG_OPTIONAL, 0, nullptr);
    H5Dclose(H5Dcreate2(made.id(), "/blosc", H5T_STD_I16LE, space, H5P_DEFAULT, chunked, H5P_DEFAULT));
    H5Pclose(list);
    H5Pclose(chunked);
    H5Sclose(space);
  }
  CHECK_THAT(refusal([&] { read_recording(folder / "a.h5", asked({"/linked"})); }), ContainsSubstring("/linked"));
  CHECK_THAT(refusal([&] { read_recording(folder / "a.h5", asked({"/loop"})); }), ContainsSubstring("/loop"));
  CHECK_THAT(refusal([&] { read_recording(folder / "a.h5", asked({"/external"})); }), ContainsSubstring("lie in another file"));
  CHECK_THAT(refusal([&] { read_recording(folder / "a.h5", asked({"/blosc"})); }),
             ContainsSubstring("filter 32001 is not available at /blosc: rewrite"));
}

TEST_CASE("a file that declares more than it holds is refused before memory is taken") {
  const TempFolder folder;
  {
    Made made(folder / "empty.h5");
    made.array("/x", H5T_STD_I16LE, H5T_NATIVE_INT, {hsize_t{1} << 40, 64}, std::vector<int>{}, {1024, 64});
  }
  CHECK(std::filesystem::file_size(folder / "empty.h5") < 4096);
  auto options = asked({"/x"}, "uV", 1000, "samples-channels");
  CHECK_THAT(refusal([&] { read_recording(folder / "empty.h5", options); }), ContainsSubstring("holds none"));
  {
    // One chunk of 128 KiB whose stored bytes inflate to 1 GiB.
    Made made(folder / "bomb.h5");
    made.array("/x", H5T_STD_I16LE, H5T_NATIVE_INT, {65536}, std::vector<int>{}, {65536}, 2);
    std::vector<unsigned char> packed, zeros(std::size_t{1} << 20), out(std::size_t{1} << 20);
    z_stream stream{};
    REQUIRE(deflateInit(&stream, 9) == Z_OK);
    for (int i = 0; i <= 1024; ++i) {
      stream.next_in = zeros.data();
      stream.avail_in = i < 1024 ? static_cast<uInt>(zeros.size()) : 0;
      do {
        stream.next_out = out.data();
        stream.avail_out = static_cast<uInt>(out.size());
        deflate(&stream, i < 1024 ? Z_NO_FLUSH : Z_FINISH);
        packed.insert(packed.end(), out.begin(), out.end() - stream.avail_out);
      } while (stream.avail_out == 0);
    }
    deflateEnd(&stream);
    const hid_t dataset = H5Dopen2(made.id(), "/x", H5P_DEFAULT);
    const hsize_t offset[1] = {0};
    REQUIRE(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, packed.size(), packed.data()) >= 0);
    H5Dclose(dataset);
  }
  CHECK_THAT(refusal([&] { read_recording(folder / "bomb.h5", asked({"/x"})); }),
             ContainsSubstring("dataset at /x: chunk (0) inflates beyond its size"));
  auto by_path = asked({"/x"}, "uV", std::nullopt);
  by_path.rate_path = "/x";
  CHECK_THAT(refusal([&] { read_recording(folder / "bomb.h5", by_path); }), ContainsSubstring("no number stands there"));
}

TEST_CASE("truncated and damaged files end in a FileError") {
  const TempFolder folder;
  const auto recording = emg_test::sample_recording(20, 9000);
  write_nwb(folder / "a.nwb", recording, emg_test::sample_contents(recording));
  const auto bytes = bytes_of(folder / "a.nwb");
  for (const std::size_t length : {bytes.size() / 3, bytes.size() - 1, std::size_t{100}, std::size_t{9}}) {
    folder.file("cut.nwb", bytes.substr(0, length));
    try {
      read_recording(folder / "cut.nwb");
      CHECK(false);
    } catch (const FileError& error) {
      CHECK(error.what() == fmt::format("{}: HDF5 file of {} bytes is truncated or damaged", (folder / "cut.nwb").string(), length));
    }
  }
  // libhdf5 1.10.8 crashes on damaged global heaps (H5HG_read): each file in a process of its own. Its end by a signal, or by the sanitizer
  // that sees the same in the library, is the library's; kNoRefusal is ours.
  constexpr int kNoRefusal = 77;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    auto mutated = bytes;
    for (unsigned i = 0; i < 40; ++i) {
      mutated[(seed * 7919u + i * 104729u * seed) % (i % 2 ? 20000 : mutated.size())] = static_cast<char>(seed * 31 + i);
    }
    folder.file("mutated.nwb", mutated);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::signal(SIGSEGV, SIG_DFL);
      ::_exit(ends_well(folder / "mutated.nwb") ? 0 : kNoRefusal);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == kNoRefusal));
  }
}

TEST_CASE("OpenSignals files: counts, streams and rails") {
  const auto fatigue = shared_data("bsnb_opensignals/emg_fatigue.h5");
  if (fatigue.empty()) return;
  CHECK_THAT(refusal([&] { read_recording(fatigue); }), ContainsSubstring("give --units, e.g. count:0.1uV"));
  ReadOptions options;
  options.units = "count:0.1uV";
  const auto file = RecordingFile::open(fatigue, options);
  CHECK(file.format() == "opensignals");
  const auto recording = file.read();
  REQUIRE(recording.sample_count() == 126900);
  CHECK(recording.rate_hz == 1000);
  CHECK(recording.gaps.empty());
  CHECK(recording.channels[0].name == "CH2");
  CHECK(recording.channels[0].adc_max == 4095);
  double total = 0, low = 0, high = 0;
  for (const double x : recording.view(0)) {
    const double count = std::round(x / 0.1);
    CHECK_FALSE(std::abs(x - 0.1 * count) > 1e-9);
    total += count;
    low += count == 0;
    high += count == 4095;
  }
  CHECK(total == 260653805);
  CHECK(low == 12);
  CHECK(high == 26);
  CHECK(std::round(recording.samples(0, 0) / 0.1) == 2068);
  CHECK(std::round(recording.samples(0, 1) / 0.1) == 2073);

  const auto counts = [&](const char* name, const std::string& stream) {
    auto wanted = options;
    wanted.units = "count:1uV";
    wanted.stream = stream;
    return read_recording(shared_data(std::string("bsnb_opensignals/") + name), wanted);
  };
  const auto bursts = counts("emg_bursts.h5", "");
  CHECK(bursts.sample_count() == 28519);
  CHECK(sum(bursts.samples) == 935553184);
  const auto two = shared_data("bsnb_opensignals/emg_1000_hz_16_bits.h5");
  CHECK_THAT(refusal([&] { read_recording(two, options); }), ContainsSubstring("00:07:80:D8:A7:F9"));
  CHECK_THAT(refusal([&] { read_recording(two, options); }), ContainsSubstring("00:07:80:D8:A8:82"));
  const auto fast = counts("emg_1000_hz_16_bits.h5", "00:07:80:D8:A7:F9");
  CHECK(fast.sample_count() == 40500);
  CHECK(sum(fast.samples) == 1328748626);
  CHECK(fast.start_time == "2019-10-15T17:07:28.685+00:00");
  const auto slow = counts("emg_1000_hz_16_bits.h5", "00:07:80:D8:A8:82");
  CHECK(slow.sample_count() == 540);
  CHECK(slow.rate_hz == 10);
  const auto digital = counts("emg_1000_hz_16_bits.h5", "00:07:80:D8:A7:F9/digital");
  CHECK(digital.channels[0].kind == ChannelKind::trigger);
  CHECK(digital.sample_count() == 40500);
}
