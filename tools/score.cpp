// endplate score REFERENCE PREDICTION: how far two decompositions, or two lists of events, agree.

#include <fmt/format.h>

#include "libemg/io/unit_file.h"
#include "libemg/score/score.h"
#include "tools/composed.h"

namespace emg::tools {
namespace {

enum class ScoreKind { automatic, units, events };
constexpr auto enum_names(ScoreKind) {
  using K = ScoreKind;
  return std::array<std::pair<K, std::string_view>, 3>{{{K::automatic, "auto"}, {K::units, "units"}, {K::events, "events"}}};
}

struct ScoreInputOptions {
  ScoreKind kind = ScoreKind::automatic;
  bool munitquest = false;
  std::optional<double> rate_hz = std::nullopt;
  std::optional<double> duration_s = std::nullopt;

  static constexpr auto fields() {
    using O = ScoreInputOptions;
    return std::tuple{
        field("kind", &O::kind, {}, "what to compare; auto: units if both files have them, else events"),
        field("munitquest", &O::munitquest, {}, "units: the label score of the MUnitQuest challenge"),
        field("rate_hz", &O::rate_hz, {1, 1e7}, "sampling rate of tables that do not say"),
        field("duration_s", &O::duration_s, {0, 1e9}, "events: time searched, for the rate of false ones; auto: of the recording"),
    };
  }
};
static_assert(fully_described<ScoreInputOptions>());

void score_as_units(Invocation& invocation, const std::vector<MotorUnit>& reference, const std::vector<MotorUnit>& predicted) {
  const auto score = score_units(reference, predicted, unit_score_options(invocation.options<ScoreOptions>("score")));
  invocation.add_table(to_table("score_units", "every reference unit, then predictions without partner", score.units));
  invocation.print("\n");
  invocation.add_table(to_table("score_summary", "the comparison as a whole", std::vector{score.summary}));
}

void score_as_labels(Invocation& invocation, const std::vector<MotorUnit>& reference, const std::vector<MotorUnit>& predicted) {
  const auto score = label_score(reference, predicted, label_score_options(invocation.options<ScoreOptions>("score")));
  invocation.print(fmt::format("{}\n\n", score.score));
  invocation.document()["score"] = score.score;
  invocation.document()["kept"] = score.kept;
  invocation.add_table(to_table("label_pairs", "pairs that count", score.pairs));
}

void score_as_events(Invocation& invocation, const EventTimes& reference, const EventTimes& predicted) {
  auto duration = invocation.options<ScoreInputOptions>("input").duration_s;
  if (!duration) duration = reference.duration_s ? reference.duration_s : predicted.duration_s;
  const auto score = score_detections(reference.time_s, predicted.time_s, duration,
                                      detection_score_options(invocation.options<ScoreOptions>("score")));
  invocation.add_table(to_table("score_events", "events found, missed and false", std::vector{score}));
}

ScoreKind kind_of(const ScoreInputOptions& input, const std::string& reference, const std::string& predicted) {
  if (input.munitquest) return ScoreKind::units;
  if (input.kind != ScoreKind::automatic) return input.kind;
  const bool units = read_event_times(reference, UnitSide::truth).with_units && read_event_times(predicted, UnitSide::result).with_units;
  return units ? ScoreKind::units : ScoreKind::events;
}

int run_score(Invocation& invocation) {
  const auto& reference = invocation.arguments()[0];
  const auto& predicted = invocation.arguments()[1];
  const auto input = invocation.options<ScoreInputOptions>("input");
  invocation.add_input({{"path", reference}, {"role", "reference"}});
  invocation.add_input({{"path", predicted}, {"role", "prediction"}});
  const auto kind = kind_of(input, reference, predicted);
  if (invocation.run().dry_run) {
    invocation.print(fmt::format("{} against {}\n", predicted, reference));
    return kDone;
  }
  if (kind == ScoreKind::events) {
    score_as_events(invocation, read_event_times(reference, UnitSide::truth), read_event_times(predicted, UnitSide::result));
    return kDone;
  }
  const auto truth = read_units(reference, UnitSide::truth, input.rate_hz), found = read_units(predicted, UnitSide::result, input.rate_hz);
  input.munitquest ? score_as_labels(invocation, truth, found) : score_as_units(invocation, truth, found);
  return kDone;
}

}  // namespace

Command score_command() {
  Command command;
  command.name = "score";
  command.group = "Truth";
  command.summary = "how far a decomposition agrees with another or with the truth, or a detector with the true events";
  command.arguments = "REFERENCE PREDICTION";
  command.fewest_arguments = command.most_arguments = 2;
  command.kind = "composed";
  command.tables = {option_table<ScoreInputOptions>("input", "what is compared"), option_table<ScoreOptions>("score", "how"),
                    option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate score needle.nwb needle_truth_events.tsv";
  command.run = run_score;
  return command;
}

}  // namespace emg::tools
