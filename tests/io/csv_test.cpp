#include "libemg/io/csv.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/io/csv_internal.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/text.h"
#include "tests/io/io_support.h"

using namespace emg;
using namespace emg_test;

namespace {

Recording read_text(const std::string& text, const ReadOptions& options = {}) {
  const TempFolder folder;
  return read_recording(folder.file("a.csv", text), options);
}

std::string text_refusal(const std::string& text, const ReadOptions& options = {}) {
  return refusal([&] { read_text(text, options); });
}

const std::string kPlain = "time_s,EMG a [uV],EMG b [mV]\n0,1,0.5\n0.001,2,-0.25\n0.002,3,1e-3\n0.003,4,+2\n";

bool warned(const Recording& r, const std::string& code) {
  return std::any_of(r.warnings.begin(), r.warnings.end(), [&](const Warning& w) { return w.code == code; });
}

}  // namespace

TEST_CASE("names, units and the rate come from header and time column") {
  const auto r = read_text(kPlain);
  CHECK(r.rate_hz == 1000);
  CHECK(r.channels[1].name == "EMG b");
  CHECK(r.channels[1].unit == "uV");
  RowMatrix expected(2, 4);
  expected << 1, 2, 3, 4, 500, -250, 1, 2000;
  CHECK(r.samples == expected);
}

TEST_CASE("encodings and line ends give the same numbers") {
  const auto r = read_text(kPlain);
  const auto with_ends = [&](const std::string& end) {
    std::string out;
    for (const auto line : lines_of(kPlain)) out += std::string(line) + end;
    return out;
  };
  CHECK(read_text(with_ends("\r\n")).samples == r.samples);
  CHECK(read_text(with_ends("\r")).samples == r.samples);
  CHECK(read_text("\xEF\xBB\xBF" + kPlain).samples == r.samples);
  std::string wide = "\xFF\xFE";
  for (const char c : kPlain) wide += std::string{c, '\0'};
  CHECK(read_text(wide).samples == r.samples);
  auto latin = kPlain;
  latin.replace(latin.find("[uV]"), 4, "[\xB5V]");
  CHECK(read_text(latin).samples == r.samples);
  CHECK(read_text(kPlain.substr(0, kPlain.size() - 1)).samples == r.samples);
}

TEST_CASE("separators are found, decimal commas are asked for") {
  const auto r = read_text(kPlain);
  for (const char separator : {';', '\t', '|'}) {
    auto text = kPlain;
    std::replace(text.begin(), text.end(), ',', separator);
    CHECK(read_text(text).samples == r.samples);
  }
  CHECK(read_text("t a[uV] b[uV]\n0  1 2\n  0.5 3   4\n1 5 6 \n").samples(1, 2) == 6);
  const std::string comma = "time;EMG [uV]\n0;1,5\n0,001;2,5\n0,002;-3,5\n";
  ReadOptions options;
  options.decimal = "comma";
  CHECK(read_text(comma, options).samples(0, 2) == -3.5);
  CHECK_THAT(text_refusal(comma), ContainsSubstring("--decimal comma"));
  CHECK_THAT(text_refusal("time;EMG [uV]\n0;1\n0,001;2,5\n0,002;-3,5\n"), ContainsSubstring("--decimal comma"));
  for (const char* text : {"words\nand 1,5; 2,5 numbers\n", "2,5;3,5\n"}) {
    CHECK_THAT(text_refusal(text), ContainsSubstring("no rows of numbers"));
    CHECK_THAT(text_refusal(text), !ContainsSubstring("--decimal"));
  }
  CHECK_THAT(text_refusal("1,2\n3\n4,5\n"), !ContainsSubstring("--decimal"));  // ragged whole numbers
  options.decimal = "dot";
  CHECK_THAT(text_refusal(comma, options), ContainsSubstring("decimal \"dot\" is none of point, comma"));
}

TEST_CASE("rates from header lines and options") {
  ReadOptions uv;
  uv.units = "uV";
  for (const char* header : {"# Sampling Rate (Hz):= 2000.00", "Sampling frequency: 2000", "fs=2000", "# sample rate: 2 kHz"}) {
    CAPTURE(header);
    const auto r = read_text(std::string(header) + "\n1\n2\n3\n4\n", uv);
    CHECK(r.rate_hz == 2000);
    CHECK(r.sample_count() == 4);
    CHECK(warned(r, "rate_from_text"));
  }
  CHECK(read_text("Device,\n2000,\na,b\n5,2\n3,4\n5,6\n", uv).rate_hz == 2000);
  uv.rate_hz = 1000;
  CHECK(read_text("1\n2\n3\n", uv).rate_hz == 1000);
  CHECK(warned(read_text("fs=2000\n1\n2\n3\n", uv), "rate_conflict"));
}

TEST_CASE("a text that is silent about rate or unit says which options to give") {
  CHECK_THAT(text_refusal("1\n2\n3\n"), ContainsSubstring("no sampling rate and no unit of column ch1; give --rate-hz and --units"));
  CHECK_THAT(text_refusal("time,EMG\n0,1\n0.5,2\n1,3\n"), ContainsSubstring("no unit of column EMG; give --units"));
  CHECK_THAT(text_refusal("EMG [uV]\n1\n2\n"), ContainsSubstring("no sampling rate; give --rate-hz"));
  CHECK_THAT(text_refusal("just words\nand more\n"), ContainsSubstring("no rows of numbers"));
}

TEST_CASE("a suffix states the unit as brackets do, each column by itself") {
  const auto r = read_text("time_s,ch1_uv,EMG_mV,biceps_v,d [uV],tip_nv\n0,1,1,1,1,1\n0.001,2,2,2,2,2\n0.002,3,3,3,3,3\n");
  REQUIRE(r.channel_count() == 5);
  const char* names[] = {"ch1", "EMG", "biceps", "d", "tip"};
  const double scales[] = {1, 1e3, 1e6, 1, 1e-3};
  for (Index c = 0; c < 5; ++c) {
    CAPTURE(c);
    CHECK(r.channels[static_cast<std::size_t>(c)].name == names[c]);
    CHECK(r.samples(c, 1) == Approx(2 * scales[c]));
  }
  const std::string mixed = "time_s,a [uV],b,marker_count,temp_c\n0,1,1,0,36\n0.001,2,2,0,36\n0.002,3,3,1,36\n";
  CHECK(read_text(mixed).channel_count() == 1);
  ReadOptions mv;
  mv.units = "mV";
  const auto given = read_text("time_s,a_mv,b,temp\n0,1,1,36\n0.001,2,2,36\n0.002,3,3,36\n", mv);
  REQUIRE(given.channel_count() == 2);
  CHECK(given.samples(1, 2) == 3000);
}

TEST_CASE("names in quotes are read and written back") {
  const auto r = read_text("time_s,\"a, \"\"b\"\" [uV]\", \"c\" ,\"d [mV]\"\n0,1,1,1\n0.001,2,2,2\n0.002,3,3,3\n");
  CHECK(r.channels[0].name == "a, \"b\"");
  CHECK(read_text("time_s,\"open [uV]\n0,1\n0.001,2\n0.002,3\n").channels[0].name == "\"open");
  auto named = read_text("time_s,a [uV],b [uV],c [uV],d [uV]\n0,1,2,3,4\n0.001,2,3,4,5\n0.002,3,4,5,6\n");
  const std::string names[] = {"left, upper", "tab\there", "\"q\" EMG", "EMG_mv"};
  for (std::size_t c = 0; c < 4; ++c) named.channels[c].name = names[c];
  const TempFolder folder;
  for (const char* file : {"n.csv", "n.tsv"}) {
    CAPTURE(file);
    write_recording(folder / file, named);
    const auto back = read_recording(folder / file);
    REQUIRE(back.channel_count() == 4);
    for (std::size_t c = 0; c < 4; ++c) CHECK(back.channels[c].name == names[c]);
    CHECK(back.samples == named.samples);
  }
  CHECK_THAT(bytes_of(folder / "n.csv"), ContainsSubstring("time_s,\"left, upper [uV]\",tab\there [uV],\"\"\"q\"\" EMG [uV]\","));
}

TEST_CASE("missing cells are gaps of their channel, bridged") {
  const auto r = read_text("time,EMG a [uV],EMG b [uV]\n0,1,1\n0.001,NULL,2\n0.002,,nan\n0.003,4,n/a\n0.004,5,5\n,,\n");
  CHECK(r.sample_count() == 5);
  REQUIRE(r.gaps.size() == 2);
  CHECK(r.gaps[0].channel == 0);
  CHECK(r.gaps[0].first_sample == 1);
  CHECK(r.gaps[0].sample_count == 2);
  CHECK(r.gaps[1].first_sample == 2);
  RowMatrix expected(2, 5);
  expected << 1, 2, 3, 4, 5, 1, 2, 3, 4, 5;
  CHECK((r.samples - expected).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(warned(r, "missing_cells"));
}

TEST_CASE("a time column that jumps leaves a gap, samples keep their place") {
  const auto r = read_text("time,EMG [uV]\n0,0\n0.001,1\n0.002,2\n0.003,3\n0.006,6\n0.007,7\n0.008,8\n");
  CHECK(r.rate_hz == 1000);
  REQUIRE(r.sample_count() == 9);
  REQUIRE(r.gaps.size() == 1);
  CHECK(r.gaps[0].first_sample == 4);
  CHECK(r.gaps[0].sample_count == 2);
  for (Index i = 0; i < 9; ++i) CHECK(r.samples(0, i) == Approx(static_cast<double>(i)));
}

TEST_CASE("damaged cells name line, column and text; they may be taken as missing") {
  const std::string text = "# c\ntime,EMG [uV]\n0,1\n0.001,1+2\n0.002,3\n0.003,4\n";
  CHECK_THAT(text_refusal(text), ContainsSubstring("line 4, column 2: \"1+2\" is not a number"));
  ReadOptions options;
  options.bad_cells = true;
  CHECK(read_text(text, options).gaps.size() == 1);
  CHECK_THAT(text_refusal("time,EMG [uV]\n0,1\n0.001,2\n0.002,3,4\n"), ContainsSubstring("line 4: 3 cells, the others have 2"));
  CHECK_THAT(text_refusal("time,EMG [uV]\n0,1\n0.001,2\n0.002,1e999\n"), ContainsSubstring("\"1e999\" is not a number"));
}

TEST_CASE("rows that are channels need the layout") {
  std::string text;
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < 500; ++i) text += fmt::format("{}{}", i > 0 ? " " : "", row == 0 ? 0.001 * i : i % 7 - 3.5);
    text += "\n";
  }
  ReadOptions options;
  options.units = "uV";
  CHECK_THAT(text_refusal(text, options), ContainsSubstring("looks like channels x samples; give --layout"));
  options.layout = "channels-samples";
  const auto r = read_text(text, options);
  CHECK(r.rate_hz == 1000);
  CHECK(r.channel_count() == 1);
  CHECK(r.sample_count() == 500);
  CHECK(r.samples(0, 8) == -2.5);
  options.layout = "across";
  CHECK_THAT(text_refusal(text, options), ContainsSubstring("layout \"across\" is none of"));
}

TEST_CASE("numbers are read as the nearest doubles") {
  Random random(1);
  const auto same = [](const std::string& text) {
    double value = 0;
    const char* end = csv::parse_number(text.data(), text.data() + text.size(), text.data() + text.size(), '.', value);
    return end == text.data() + text.size() && value == std::strtod(text.c_str(), nullptr);
  };
  for (int i = 0; i < 20000; ++i) {
    const double scale = std::pow(10.0, random.uniform(-30, 30));
    CHECK(same(shortest((random.uniform() - 0.5) * scale)));
    CHECK(same(fmt::format("{:.3f}", random.uniform(-1000, 1000))));
    CHECK(same(fmt::format("{:.20f}", random.uniform(-1, 1))));
  }
  for (const char* text :
       {"0", "-0", "1e22", "1e23", "9007199254740993", "123456789012345678901234567890", "1e-400", "4.9e-324", ".5", "5.", "+3"}) {
    CAPTURE(text);
    CHECK(same(text));
  }
  double value = 0;
  for (const std::string text : {"", "-", "+", ".", "e5", "-e5", "nan", "inf", "1e999"}) {
    CAPTURE(text);
    CHECK(csv::parse_number(text.data(), text.data() + text.size(), text.data() + text.size(), '.', value) == nullptr);
  }
}

TEST_CASE("what is written reads back equal, also in windows of a file too large to keep") {
  Recording r;
  r.rate_hz = 2441.40625;
  const Index channels = 6, samples = 720000;  // above what is kept
  r.samples.resize(channels, samples);
  Random random(3);
  for (Index c = 0; c < channels; ++c) {
    r.channels.push_back({});
    r.channels.back().name = fmt::format("EMG {}", c);
    for (Index i = 0; i < samples; ++i) r.samples(c, i) = static_cast<double>(random.below(2000)) / 8 - 100;
  }
  r.gaps = {{2, 5000, 40, "lost"}, {-1, 9000, 10, "lost"}};
  bridge_gaps(r.samples, r.gaps);
  const TempFolder folder;
  write_recording(folder / "a.csv", r);
  const auto file = RecordingFile::open(folder / "a.csv");
  CHECK(file.streams()[0].rate_hz == 2441.40625);
  CHECK(file.sample_count() == samples);
  Index first = 0;
  bool equal = true;
  file.for_each_block([&](const ChannelsView& block) {
    equal = equal && (block - r.samples.middleCols(first, block.cols())).cwiseAbs().maxCoeff() < 1e-9;
    first += block.cols();
  });
  CHECK(equal);
  RowMatrix window(channels, 100);
  file.read_block(4990, window);
  CHECK((window - r.samples.middleCols(4990, 100)).cwiseAbs().maxCoeff() < 1e-9);
  auto small = r;
  small.samples = r.samples.leftCols(1000).eval();
  small.gaps.clear();
  write_recording(folder / "b.tsv", small);
  CHECK(read_recording(folder / "b.tsv").samples == small.samples);
}

TEST_CASE("texts of other people: references") {
  ReadOptions uv;
  uv.units = "uV";
  const auto kkapre = shared_data("kkapre_emg2k/EMG_example_2_fs_2k.csv");
  if (kkapre.empty()) return;
  const auto r = read_recording(kkapre, uv);
  CHECK(r.rate_hz == 2000);
  CHECK(r.sample_count() == 40500);
  const double sums[] = {2550.35644734, 2724.99512420, 2367.91016361, 199.24804666};
  for (Index c = 0; c < 4; ++c) {
    double sum = 0;
    for (const double x : r.view(c)) sum += x;
    CHECK(std::abs(sum - sums[c]) < 1e-8);
  }
  const Index missing[4][2] = {{100, 100}, {4, 4}, {300, 300}, {0, 0}};
  for (int f = 0; f < 4; ++f) {
    const auto face = read_recording(shared_data(fmt::format("emgflow/sample_data_0{}.csv", f + 1)), uv);
    CHECK(face.rate_hz == 2000);
    CHECK(face.sample_count() == 20000);
    Index counts[2] = {};
    for (const auto& gap : face.gaps) counts[gap.channel] += gap.sample_count;
    CHECK(counts[0] == missing[f][0]);
    CHECK(counts[1] == missing[f][1]);
  }
  ReadOptions counts;
  counts.units = "count:1uV";
  const auto bio = read_recording(shared_data("biosppy/emg.txt"), counts);
  CHECK(bio.samples.sum() == 205365815);
  CHECK(bio.rate_hz == 1000);
  CHECK(bio.channels[0].name == "EMG");
  const auto healthy = shared_data("physionet_emgdb/emg_healthy.txt");
  CHECK_THAT(refusal([&] { read_recording(healthy, uv); }), ContainsSubstring("line 639, column 2: \"-0.0383+"));
  uv.bad_cells = true;
  const auto repaired = read_recording(healthy, uv);
  REQUIRE(repaired.gaps.size() == 2);
  CHECK(repaired.gaps[0].first_sample == 638);
  CHECK(repaired.gaps[1].first_sample == 41463);
}
