#include "libemg/decompose/hd/filter_bank.h"

#include "libemg/core/error.h"
#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/decompose.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

const Decomposition& found() {
  static const Decomposition result = decompose(hd::mixture({}).recording);
  return result;
}

}  // namespace

TEST_CASE("stored filters find the units of their own recording again, and those of a scaled one") {
  auto recording = hd::mixture({}).recording;
  const auto bank = filter_bank_from(filter_table(found().filters));
  REQUIRE(found().units.size() >= 4);
  const auto again = apply_filters(recording, bank);
  for (std::size_t u = 0; u < again.units.size(); ++u) {
    CHECK(pair_agreement(found().units[u].discharges.sample, again.units[u].discharges.sample, 2, 1).roa > 0.95);
  }
  recording.samples *= 3;
  ApplyFiltersOptions options;
  options.rescale = true;
  CHECK(apply_filters(recording, bank, options).units[0].discharges.sample == again.units[0].discharges.sample);
}

TEST_CASE("sources block by block have the bits of the whole") {
  const auto& bank = found().filters;
  const RowMatrix x = hd::mixture({}).recording.samples.leftCols(5000);
  const auto run = [&](Index block) {
    RowMatrix all(static_cast<Index>(bank.units.size()), x.cols());
    const auto stage = filter_bank_stage(bank);
    Index at = 0;
    const auto take = [&](const ChannelsView& out) {
      all.middleCols(at, out.cols()) = out;
      at += out.cols();
    };
    for (Index t = 0; t < x.cols(); t += block) stage->push(x.middleCols(t, std::min(block, x.cols() - t)), take);
    stage->finish(take);
    CHECK(at == x.cols());
    return all;
  };
  const auto whole = run(5000);
  CHECK(whole == run(1));
  CHECK(whole == run(205));
}

TEST_CASE("filters of another rate or of absent channels are refused, by name") {
  auto recording = hd::mixture({}).recording;
  recording.rate_hz = 2000;
  CHECK_THROWS_WITH(apply_filters(recording, found().filters), ContainsSubstring("rate_hz is 2000, the filters were made at 2048 Hz"));
  recording.rate_hz = 2048;
  recording.channels[3].name = "X";
  CHECK_THROWS_WITH(apply_filters(recording, found().filters), ContainsSubstring("channel E4 of the filters is not in the recording"));
  ApplyFiltersOptions options;
  options.allow_missing = true;
  CHECK(apply_filters(recording, found().filters, options).warnings.size() == 1);
  CHECK_THROWS_WITH(filter_bank_from(Table{}), ContainsSubstring("not a table of separation filters"));
}

}  // namespace emg
