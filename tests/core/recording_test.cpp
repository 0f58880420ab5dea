#include "libemg/core/recording.h"

#include "tests/support/catch.h"

namespace emg {
namespace {

Recording ramp(Index channels, Index samples) {
  Recording recording;
  recording.rate_hz = 100;
  recording.samples.resize(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    for (Index i = 0; i < samples; ++i) recording.samples(c, i) = static_cast<double>(1000 * c + i);
    recording.channels.push_back({.name = "c" + std::to_string(c)});
  }
  return recording;
}

std::vector<std::pair<Index, Index>> spans(const std::vector<Gap>& gaps, Index channel, Index count) {
  std::vector<std::pair<Index, Index>> found;
  for (const auto& span : gap_free_spans(gaps, channel, count)) found.emplace_back(span.first, span.count);
  return found;
}

using Spans = std::vector<std::pair<Index, Index>>;

}  // namespace

TEST_CASE("gap-free spans: none, inside, at the ends, overlapping, unordered, outside") {
  CHECK(spans({}, 0, 10) == Spans{{0, 10}});
  CHECK(spans({{-1, 3, 2, ""}}, 0, 10) == Spans{{0, 3}, {5, 5}});
  CHECK(spans({{-1, 0, 2, ""}, {-1, 8, 2, ""}}, 0, 10) == Spans{{2, 6}});
  CHECK(spans({{0, 6, 2, ""}, {-1, 2, 3, ""}, {0, 4, 1, ""}}, 0, 10) == Spans{{0, 2}, {5, 1}, {8, 2}});
  CHECK(spans({{-1, 2, 6, ""}, {-1, 3, 1, ""}}, 0, 10) == Spans{{0, 2}, {8, 2}});
  CHECK(spans({{1, 3, 2, ""}}, 0, 10) == Spans{{0, 10}});
  CHECK(spans({{-1, -5, 7, ""}, {-1, 9, 100, ""}}, 0, 10) == Spans{{2, 7}});
  CHECK(spans({{-1, 0, 10, ""}}, 0, 10).empty());
  CHECK(spans({}, 0, 0).empty());
}

TEST_CASE("bridged gaps are straight lines between their neighbours") {
  auto x = ramp(2, 10).samples;
  const RowMatrix before = x;
  x.row(0).segment(3, 4).setConstant(-1);
  x.row(1).head(2).setConstant(-1);
  x.row(1).tail(3).setConstant(-1);
  bridge_gaps(x, {{0, 3, 4, ""}, {1, 0, 2, ""}, {1, 7, 3, ""}});
  CHECK(x.row(0) == before.row(0));
  CHECK(x.row(1).head(3) == RowMatrix::Constant(1, 3, 1002));
  CHECK(x.row(1).tail(4) == RowMatrix::Constant(1, 4, 1006));

  RowMatrix all = RowMatrix::Constant(1, 5, 7);
  bridge_gaps(all, {{-1, 0, 5, ""}});
  CHECK(all == RowMatrix::Zero(1, 5));
}

TEST_CASE("a window moves start, gaps, annotations and stimuli") {
  auto recording = ramp(2, 100);
  recording.start_s = 5;
  recording.gaps = {{-1, 10, 20, "dropout"}, {1, 60, 20, "off"}, {0, 90, 5, "late"}};
  recording.annotations = {{0.10, 1.0, "before"}, {0.25, 1.0, "inside"}, {0.70, 1.0, "at the end"}};
  recording.stimuli = {{0.20, "median", "L", "wrist", 12.0, 0.2}};
  const auto part = window_of(recording, 20, 50);
  CHECK(part.samples == recording.samples.middleCols(20, 50));
  CHECK(part.start_s == Approx(5.2));
  REQUIRE(part.gaps.size() == 2);
  CHECK((part.gaps[0].first_sample == 0 && part.gaps[0].sample_count == 10));
  CHECK((part.gaps[1].first_sample == 40 && part.gaps[1].sample_count == 10));
  REQUIRE(part.annotations.size() == 1);
  CHECK(part.annotations[0].label == "inside");
  CHECK(part.annotations[0].onset_s == Approx(0.05));
  REQUIRE(part.stimuli.size() == 1);
  CHECK(part.stimuli[0].onset_s == Approx(0.0).margin(1e-12));
}

TEST_CASE("channels are picked in the given order with their gaps") {
  auto recording = ramp(3, 20);
  recording.gaps = {{-1, 0, 2, "all"}, {2, 5, 1, "two"}, {1, 7, 1, "one"}};
  const auto part = select_channels(recording, {2, 0});
  CHECK(part.samples.row(0) == recording.samples.row(2));
  CHECK(part.samples.row(1) == recording.samples.row(0));
  CHECK(part.channels[0].name == "c2");
  REQUIRE(part.gaps.size() == 2);
  CHECK(part.gaps[0].channel == -1);
  CHECK((part.gaps[1].channel == 0 && part.gaps[1].reason == "two"));
}

TEST_CASE("duration, view and kind names") {
  const auto recording = ramp(2, 50);
  CHECK(recording.duration_s() == 0.5);
  CHECK(Recording{}.duration_s() == 0);
  CHECK(recording.view(1).size() == 50);
  CHECK(recording.view(1)[3] == 1003);
  CHECK(channel_span(recording.samples.rightCols(10), 1)[0] == 1040);
  CHECK(name_of(ChannelKind::emg) == "emg");
  CHECK(name_of(ChannelKind::acceleration) == "acceleration");
}

TEST_CASE("a computed recording has no counts, and its gaps lie at its rate") {
  Recording recording;
  recording.rate_hz = 1000;
  Channel channel;
  channel.count_uv = 0.5;
  channel.adc_max = 4095;
  recording.channels = {channel};
  recording.gaps = {{-1, 100, 51, "lost"}};
  mark_computed(recording, 500);
  CHECK(recording.rate_hz == 500);
  CHECK_FALSE(recording.channels[0].count_uv.has_value());
  CHECK_FALSE(recording.channels[0].adc_max.has_value());
  CHECK(recording.gaps[0].first_sample == 50);
  CHECK(recording.gaps[0].sample_count == 26);
}

}  // namespace emg
