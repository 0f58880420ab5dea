#include "libemg/io/mem.h"

#include <cstdlib>
#include <filesystem>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace emg;

namespace {

const std::string kText =
    "File:              \tC:\\data\\x.QZD\n Name:              \tA.Subject\n Age:\t43\n Sex:\tM\n Temperature:\t30.7\n S/R sites:\tMedian "
    "Wr-APB\n"
    "Operator:\tKJ\nComments:\ttemp\xe9rature\n\n STIMULUS-RESPONSE DATA (2.4-1.9m)\n\n Max CMAP  .2 ms =  61.36306 uV\n Max CMAP  1 ms =  "
    "1.161296 mV\n\n"
    "\t% Max\tStimulus(2)\nSR.2\t 2\t 3.5\t 1.5\nSR.50\t 50\t 4.5\t 2.5\n CHARGE DURATION DATA (x)\nQT.1\t .2\t 9.790961\t 1.958192\n"
    "QT.2\t .4\t 6.905862\t 2.762345\n THRESHOLD ELECTROTONUS DATA (y)\nTE1.1\t 0\t0\t0.00\nTE2.1\t 9\t-40\t-1.5\n RECOVERY CYCLE "
    "DATA\nRC1.2\t 3.2\t4.99\n"
    " THRESHOLD I/V DATA\nIV1.1\t 50\t49.28\n DERIVED EXCITABILITY VARIABLES\n 3.\t0.287\tStrength-duration\\time constant\nEXTRA "
    "VARIABLES\n\nTEd40(Accom) = 19.6\n"
    "M-SCAN DATA (7)\nScanpts: 1, 2, 4, 5\nMS.1\t14\t6.7\nMS.2\t14\t6.6\nMS.3\t13\t3.1\nMS.4\t12\t.5\nMS.5\t5\t0\n!MScan "
    "Model\n!2\n\t1\t5.12\t0.4\t2\n\t2\t5.41\t0.43\t2\n";

std::string with_ends(std::string text, const std::string& end) {
  std::string out;
  for (const char c : text) out += c == '\n' ? end : std::string(1, c);
  return out;
}

}  // namespace

TEST_CASE("every section of a threshold-tracking file is read, whatever its line ends") {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const auto m = parse_mem(with_ends(kText, end), "x.MEM");
    CHECK(*m.age_years == 43);
    CHECK(*m.temperature_c == 30.7);
    CHECK(m.muscle == "APB");
    CHECK(m.max_cmap.at(0).second == Approx(0.06136306));
    CHECK(m.max_cmap.at(1).first == 1);
    CHECK(m.response_ma.size() == 2);
    CHECK(m.response_ma[1] == std::vector<double>{1.5, 2.5});
    CHECK(m.duration_ms == std::vector<double>{0.2, 0.4});
    CHECK(m.electrotonus.size() == 2);
    CHECK(m.electrotonus[1].at(0).reduction_pct == -1.5);
    CHECK(m.interval_ms == std::vector<double>{3.2});
    CHECK(m.iv_reduction_pct == std::vector<double>{49.28});
    CHECK(m.derived.at(0).first == "Strength-duration time constant");
    CHECK(m.extra.at(0).second == 19.6);
    REQUIRE(m.scan);
    CHECK(m.scan->plateau_end == 2);
    CHECK(m.scan->amplitude_mv == std::vector<double>{6.7, 6.6, 3.1, 0.5, 0});
    CHECK(m.model.size() == 2);
    CHECK(m.model[1].threshold_ma == 5.41);
  }
}

TEST_CASE("who was examined stays out unless asked for") {
  const auto m = parse_mem(kText, "x.MEM");
  CHECK(m.name.empty());
  CHECK(m.file.empty());
  CHECK(m.operator_name.empty());
  CHECK(m.comments.empty());
  const auto kept = parse_mem(kText, "x.MEM", true);
  CHECK(kept.name == "A.Subject");
  CHECK(kept.comments == "temp\xc3\xa9rature");
}

TEST_CASE("damaged files are refused with the line") {
  const auto broken = [](const std::string& from, const std::string& to) {
    auto text = kText;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  CHECK_THROWS_WITH(parse_mem(broken("QT.1\t .2\t 9.790961\t 1.958192", "QT.1\t .2\t 9.790961"), "x.MEM"),
                    ContainsSubstring("line 19") && ContainsSubstring("expected 3"));
  CHECK_THROWS_WITH(parse_mem(broken("!2", "!3"), "x.MEM"), ContainsSubstring("announces 3 units and holds 2"));
  CHECK_THROWS_WITH(parse_mem(broken("Scanpts: 1, 2, 4, 5", "Scanpts: 1, 2, 4, 9"), "x.MEM"), ContainsSubstring("row 9"));
  CHECK_THROWS_WITH(parse_mem(broken("49.28", "nan"), "x.MEM"), ContainsSubstring("no finite number"));
  CHECK_THROWS_AS(parse_mem("hello\nworld\n", "x.MEM"), FileError);
  // Any truncation gives numbers or a FileError, never anything else.
  for (std::size_t n = 0; n < kText.size(); ++n) {
    try {
      parse_mem(std::string_view(kText).substr(0, n), "x.MEM");
    } catch (const FileError&) {
    }
  }
}

TEST_CASE("lists hold one base name on each line") {
  CHECK(parse_mef("A_1\r\n\r\n B_2 \r\n") == std::vector<std::string>{"A_1", "B_2"});
}

TEST_CASE("the real files are read") {
  const auto folder = emg_test::shared_data("cmapscan_caedm");
  if (folder.empty()) return;
  int scans = 0, other = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder / "scans")) {
    const auto m = read_mem(file.path());
    REQUIRE(m.scan);
    CHECK(m.model.size() > 50);
    ++scans;
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.parent_path() / "nerve_excitability_nervenorms")) {
    if (file.path().extension() != ".MEM") continue;
    CHECK(read_mem(file.path()).response_pct.size() >= 10);
    ++other;
  }
  CHECK(scans == 30);
  CHECK(other == 4);
  std::size_t named = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder / "lists"))
    named += read_mef(file.path()).size();
  CHECK(named == 30);
}
