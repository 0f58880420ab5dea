#include "libemg/measure/twitch/session.h"

#include "libemg/core/error.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

SessionRecording entry(const std::string& id, const std::string& muscle, const std::string& side, double height_uv, double per_min, const std::string& date, std::uint64_t seed) {
  const auto scene = scenes::twitching(height_uv, scenes::triphasic, seed, per_min, 90, false);
  SessionRecording e;
  e.recording_id = id;
  e.facts.date = date;
  e.header.rate_hz = scene.rate_hz;
  Channel channel;
  channel.name = "EMG1";
  channel.muscle = muscle;
  channel.side = side;
  e.header.channels = {channel};
  Recording recording = e.header;
  recording.samples = scenes::as_matrix(scene.samples);
  e.analysis = analyze_rest(recording, {});
  return e;
}

std::vector<SessionRecording> mixed() {
  std::vector<SessionRecording> all;
  all.push_back(entry("a", "biceps", "L", 100, 40, "2026-01-05", 1));
  all.push_back(entry("b", "biceps", "L", 100, 20, "2026-03-05", 2));
  all.push_back(entry("c", "tibialis anterior", "R", 0, 0, "2026-03-05", 3));
  all.push_back(entry("d", "", "", 100, 30, "", 4));
  SessionRecording broken;
  broken.recording_id = "e";
  broken.error = "e.edf: header ends early";
  broken.facts.muscle = "deltoid";
  all.push_back(broken);
  return all;
}

}  // namespace

TEST_CASE("a mixed session: one row each, the body, the change, what failed") {
  const auto recordings = mixed();
  const auto session = twitch_session(recordings, {});
  REQUIRE(session.report.size() == 5);
  CHECK(session.report[0].region == "cervical");
  CHECK(*session.report[0].events > 30);
  CHECK(*session.report[2].events == 0);
  CHECK(session.report[2].sentence.find("no event in 1.5 usable minutes") != std::string::npos);
  CHECK(session.report[2].sentence.find("would have shown with probability 0.95") != std::string::npos);
  CHECK(session.report[4].quality == "failed");
  CHECK(session.report[4].reason == "e.edf: header ends early");
  CHECK(!session.report[4].events);
  CHECK(session.person.recordings == 5);
  CHECK(session.person.failed == 1);
  CHECK(session.person.recorded_muscles == 2);
  CHECK(session.person.active_muscles == 1);
  CHECK(session.person.recorded_regions == 2);
  REQUIRE(session.trends.size() == 2);
  CHECK(session.trends[0].muscle == "biceps");
  CHECK(session.trends[0].present_in == 2);
  CHECK(*session.trends[0].days == 59);
  CHECK(*session.trends[0].change_per_month < 0);
  const auto tables = session_tables(recordings, session);
  for (const auto& table : tables) CHECK(!table.columns.empty());
  CHECK(recording_tables(recordings[0]).size() == 5);
  CHECK(recording_tables(recordings[4]).empty());
}

TEST_CASE("limits are those of the user") {
  Table table{"limits", "", {}};
  table.columns.push_back({"measure", "", "", std::vector<std::string>{"rate_per_min", "rate_per_min"}});
  table.columns.push_back({"muscle", "", "", std::vector<std::string>{"biceps", "tibialis anterior"}});
  table.columns.push_back({"upper", "", "", std::vector<double>{10, 10}});
  const auto session = twitch_session(mixed(), {}, shipped_regions(), twitch_limits(table));
  CHECK(session.report[0].outside_limit == "rate_per_min above 10");
  CHECK(session.report[2].outside_limit.empty());
  std::get<std::vector<std::string>>(table.columns[0].values)[1] = "mood";
  CHECK_THROWS_WITH(twitch_limits(table), Catch::Contains("unknown measure mood"));
  CHECK_THROWS_AS(twitch_limits(Table{}), InvalidArgument);
}

TEST_CASE("no recording is no error") {
  const auto session = twitch_session({}, {});
  CHECK(session.report.empty());
  CHECK(session.person.recordings == 0);
}
