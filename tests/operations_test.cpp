// What holds for every operation of the list: refusals at the border, and the same bits for any number of threads and any company.

#include "libemg/operations.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

constexpr double kRate = 2048;

RowMatrix noise(Index channels, Index samples) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    Random random(7, static_cast<std::uint64_t>(c));
    for (Index i = 0; i < samples; ++i) x(c, i) = 20 * random.normal() * (i % 1500 < 400 ? 5 : 1);
  }
  return x;
}

SweepSet noise_sweeps() {
  SweepSet set{.rate_hz = 20000, .zero_sample = 200, .samples = noise(4, 1200), .sweeps = {}, .band_low_hz = {}, .band_high_hz = {},
               .highpass_hz = {}};
  set.sweeps.resize(4);
  for (int i = 0; i < 4; ++i) set.sweeps[static_cast<std::size_t>(i)].sweep = i;
  return set;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "no refusal";
}

// The next value outside of the range beyond one of its ends.
Value beyond(const FieldInfo& info, double end, double direction) {
  if (info.type == FieldType::integer) {
    constexpr double kExact = 9007199254740992;  // from 2^53 on the numbers of a range are even
    return static_cast<std::int64_t>(end) + static_cast<std::int64_t>(std::abs(end) < kExact ? direction : 2 * direction);
  }
  const double outside = std::nextafter(end, direction * std::numeric_limits<double>::infinity());
  if (info.type == FieldType::number_list) return std::vector<double>{outside};
  return outside;
}

Value at(const FieldInfo& info, double end) {
  if (info.type == FieldType::integer) return static_cast<std::int64_t>(end);
  if (info.type == FieldType::number_list) return std::vector<double>{end};
  return end;
}

bool same_numbers(const double* a, const double* b, std::size_t count) {
  return std::equal(a, a + count, b, [](double v, double w) { return v == w || (std::isnan(v) && std::isnan(w)); });
}

bool same(const OperationResult& a, const OperationResult& b) {
  if (a.signal.rows() != b.signal.rows() || a.signal.cols() != b.signal.cols() || a.arrays.size() != b.arrays.size()) return false;
  if (!same_numbers(a.signal.data(), b.signal.data(), static_cast<std::size_t>(a.signal.size()))) return false;
  for (std::size_t i = 0; i < a.arrays.size(); ++i) {
    if (a.arrays[i].shape != b.arrays[i].shape) return false;
    if (!same_numbers(a.arrays[i].data, b.arrays[i].data, static_cast<std::size_t>(a.arrays[i].size()))) return false;
  }
  if (a.table.columns.size() != b.table.columns.size()) return false;
  for (std::size_t i = 0; i < a.table.columns.size(); ++i) {
    const auto &v = a.table.columns[i].values, &w = b.table.columns[i].values;
    if (const auto* numbers = std::get_if<std::vector<double>>(&v)) {
      const auto& others = std::get<std::vector<double>>(w);
      if (numbers->size() != others.size() || !same_numbers(numbers->data(), others.data(), others.size())) return false;
    } else if (v != w) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("every number of every operation is refused just outside its range and accepted at its ends") {
  const RowMatrix x = noise(2, 3 * 2048);
  const SweepSet sweeps = noise_sweeps();
  int tried = 0;
  for (const auto& entry : operations()) {
    for (std::size_t i = 0; i < entry.options.size(); ++i) {
      const auto& info = entry.options[i];
      if (info.type != FieldType::integer && info.type != FieldType::number && info.type != FieldType::number_list) continue;
      for (const double direction : {-1.0, 1.0}) {
        const double end = direction < 0 ? info.range.min : info.range.max;
        if (!std::isfinite(end)) continue;
        CAPTURE(entry.name, info.name, end);
        auto values = entry.defaults();
        values[i] = beyond(info, end, direction);
        // The whole text: option, value, range.
        const auto expected = refusal([&] { checked_value(info, values[i]); });
        CHECK_THAT(expected, ContainsSubstring(info.name + " "));
        CHECK_THAT(expected, ContainsSubstring(" is outside the allowed range: "));
        CHECK(refusal([&] { entry.takes_sweeps() ? entry.run_sweeps(sweeps, values, 1) : entry.run(x, kRate, values, 1); }) == expected);
        if (entry.stage) CHECK(refusal([&] { entry.stage(2, kRate, values); }) == expected);
        CHECK_NOTHROW(checked_value(info, at(info, end)));
        ++tried;
      }
    }
  }
  CHECK(tried > 500);
}

TEST_CASE("every operation refuses empty signals, impossible rates and samples that are not finite, naming channel and sample") {
  RowMatrix broken = noise(3, 3 * 2048);
  broken(1, 1024) = std::numeric_limits<double>::quiet_NaN();
  for (const auto& entry : operations()) {
    if (entry.takes_sweeps()) continue;
    CAPTURE(entry.name);
    const auto run = [&](const RowMatrix& x, double rate_hz) { return refusal([&] { entry.run(x, rate_hz, entry.defaults(), 1); }); };
    CHECK_THAT(run(broken, kRate), ContainsSubstring("channel 1, sample 1024 is not finite"));
    CHECK_THAT(run(RowMatrix(0, 0), kRate), ContainsSubstring("signal is empty"));
    CHECK_THAT(run(RowMatrix(2, 0), kRate), ContainsSubstring("signal is empty"));
    for (const double rate_hz : {0.0, 0.5, 1e8, std::numeric_limits<double>::quiet_NaN()}) {
      CHECK_THAT(run(noise(3, 100), rate_hz), ContainsSubstring("rate_hz"));
    }
  }
}

TEST_CASE("every operation that works block by block gives the bits of the whole record, for blocks of 1, 7 and 4096 samples") {
  const RowMatrix x = noise(3, 3 * 2048);
  int compared = 0;
  for (const auto& entry : operations()) {
    if (!entry.run_streamed && !entry.stage) continue;
    CAPTURE(entry.name);
    std::optional<OperationResult> whole;
    const auto refused = refusal([&] { whole = entry.run(x, kRate, entry.defaults(), 1); });
    for (const Index block : {Index{1}, Index{7}, Index{4096}, x.cols()}) {
      CAPTURE(block);
      const BlockSource source = [&](const BlockSink& sink) {
        for (Index i = 0; i < x.cols(); i += block) sink(x.middleCols(i, std::min(block, x.cols() - i)));
      };
      OperationResult parts;
      const auto run = [&] {
        if (entry.run_streamed) {
          parts = entry.run_streamed({source, x.rows(), x.cols(), kRate}, entry.defaults(), 2);
          return;
        }
        auto values = entry.defaults();
        const auto stage = make_stage(entry, source, x.rows(), kRate, values, 2);
        REQUIRE(stage);
        parts.signal = RowMatrix::Constant(x.rows(), stage->output_count(x.cols()), -1);
        Index written = 0;
        const BlockSink sink = [&](const ChannelsView& out) {
          parts.signal.middleCols(written, out.cols()) = out;
          written += out.cols();
        };
        source([&](const ChannelsView& in) { stage->push(in, sink); });
        stage->finish(sink);
        REQUIRE(written == parts.signal.cols());
      };
      if (whole) {
        run();
        CHECK(same(*whole, parts));
        ++compared;
      } else {
        CHECK(refusal(run) == refused);
      }
    }
  }
  CHECK(compared > 60);
}

TEST_CASE("every operation gives the same bits for 1, 2 and 7 threads, and a channel alone those it has among others") {
  const RowMatrix x = noise(9, 4 * 2048);
  // These compare channels or take them together: one alone is another question.
  const std::set<std::string> together{"subtract-line", "whiten"};
  int compared = 0;
  for (const auto& entry : operations()) {
    if (entry.takes_sweeps()) continue;
    CAPTURE(entry.name);
    std::optional<OperationResult> one;
    const auto refused = refusal([&] { one = entry.run(x, kRate, entry.defaults(), 1); });
    if (!one) {
      CHECK_THAT(refused, ContainsSubstring(" "));
      continue;
    }
    ++compared;
    for (const int threads : {2, 7}) CHECK(same(*one, entry.run(x, kRate, entry.defaults(), threads)));
    if (entry.kind != OperationKind::channels || together.count(entry.name)) continue;
    for (const Index c : {0, 4, 8}) CHECK(entry.run(x.row(c), kRate, entry.defaults(), 1).signal == one->signal.row(c));
  }
  CHECK(compared > 40);
}

}  // namespace emg
