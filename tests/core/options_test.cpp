#include "libemg/core/options.h"

#include <limits>

#include "tests/support/catch.h"

namespace emg {
namespace {

enum class Shape { round, square };
constexpr auto enum_names(Shape) {
  return std::array{std::pair{Shape::round, std::string_view("round")}, std::pair{Shape::square, std::string_view("square")}};
}

struct EveryKind {
  double low_hz = 20.0;
  int order = 4;
  bool zero_phase = true;
  Shape shape = Shape::square;
  std::string note = "none given";
  std::optional<double> stop_s;
  std::optional<std::int64_t> limit;
  std::vector<double> bands_hz = {50, 100};
  std::vector<std::string> words;

  static constexpr auto fields() {
    using O = EveryKind;
    return std::tuple{
        field("low_hz", &O::low_hz, {1e-3, 1000}, "lower edge"),
        field("order", &O::order, {1, 12}, "order"),
        field("zero_phase", &O::zero_phase, {}, "both ways"),
        field("shape", &O::shape, {}, "shape"),
        field("note", &O::note, {}, "text"),
        field("stop_s", &O::stop_s, {0, 10}, "end"),
        field("limit", &O::limit, {0, 100}, "at most"),
        field("bands_hz", &O::bands_hz, {1, 500}, "bands"),
        field("words", &O::words, {}, "words"),
    };
  }
};
static_assert(fully_described<EveryKind>());

struct OneForgotten {
  double low_hz = 1;
  double high_hz = 2;
  static constexpr auto fields() { return std::tuple{field("low_hz", &OneForgotten::low_hz, {}, "edge")}; }
};
static_assert(!fully_described<OneForgotten>());

FieldInfo info_of(std::string_view name) {
  for (const auto& info : describe<EveryKind>()) {
    if (info.name == name) return info;
  }
  throw std::logic_error("no such field");
}

}  // namespace

TEST_CASE("a described struct knows type, unit, default and choices of every member") {
  const auto infos = describe<EveryKind>();
  REQUIRE(infos.size() == 9);
  CHECK(infos[0].type == FieldType::number);
  CHECK(infos[0].unit == "Hz");
  CHECK(std::get<double>(infos[0].default_value) == 20.0);
  CHECK(infos[0].range.max == 1000);
  CHECK(infos[1].type == FieldType::integer);
  CHECK(std::get<std::int64_t>(infos[1].default_value) == 4);
  CHECK(infos[2].type == FieldType::boolean);
  CHECK(infos[3].type == FieldType::choice);
  CHECK(infos[3].choices == std::vector<std::string>{"round", "square"});
  CHECK(std::get<std::string>(infos[3].default_value) == "square");
  CHECK(infos[4].type == FieldType::text);
  CHECK(infos[5].optional);
  CHECK(infos[5].type == FieldType::number);
  CHECK(std::holds_alternative<std::monostate>(infos[5].default_value));
  CHECK((infos[6].optional && infos[6].type == FieldType::integer));
  CHECK(infos[7].type == FieldType::number_list);
  CHECK(infos[8].type == FieldType::text_list);
}

TEST_CASE("values of a struct make the same struct again") {
  EveryKind options;
  options.low_hz = 0.1 + 0.2;
  options.shape = Shape::round;
  options.stop_s = 3.5;
  options.bands_hz = {1, 2, 3};
  options.words = {"a", "b"};
  const auto copy = from_values<EveryKind>(values_of(options));
  CHECK(copy.low_hz == options.low_hz);
  CHECK(copy.shape == Shape::round);
  CHECK(copy.stop_s == 3.5);
  CHECK(!copy.limit);
  CHECK(copy.bands_hz == options.bands_hz);
  CHECK(copy.words == options.words);
  CHECK(values_of(copy) == values_of(options));
}

TEST_CASE("the unit is the suffix of a name") {
  CHECK(unit_of_name("low_hz") == "Hz");
  CHECK(unit_of_name("latency_ms") == "ms");
  CHECK(unit_of_name("density_uv2_per_hz") == "uV2/Hz");
  CHECK(unit_of_name("velocity_m_per_s") == "m/s");
  CHECK(unit_of_name("slope_hz_per_s") == "Hz/s");
  CHECK(unit_of_name("rate_per_min") == "1/min");
  CHECK(unit_of_name("sample") == "sample");
  CHECK(unit_of_name("channel") == "");
  CHECK(unit_of_name("bursts") == "");
}

TEST_CASE("typed text becomes a value of the field's type") {
  CHECK(std::get<double>(parse_value(info_of("low_hz"), "2e1")) == 20.0);
  CHECK(std::get<double>(parse_value(info_of("low_hz"), "+0.5")) == 0.5);
  CHECK(std::get<std::int64_t>(parse_value(info_of("order"), "4")) == 4);
  CHECK(std::get<bool>(parse_value(info_of("zero_phase"), "no")) == false);
  CHECK(std::get<std::string>(parse_value(info_of("shape"), "round")) == "round");
  CHECK(std::holds_alternative<std::monostate>(parse_value(info_of("stop_s"), "auto")));
  CHECK(std::get<double>(parse_value(info_of("stop_s"), "3")) == 3.0);
  CHECK(std::get<std::vector<double>>(parse_value(info_of("bands_hz"), "20,60,120")) == std::vector<double>{20, 60, 120});
  CHECK(std::get<std::vector<std::string>>(parse_value(info_of("words"), "a,b")) == std::vector<std::string>{"a", "b"});
  CHECK(std::get<std::string>(parse_value(info_of("note"), "a,b")) == "a,b");
}

TEST_CASE("a whole number keeps all its digits") {
  FieldInfo seed;
  seed.name = "seed";
  seed.type = FieldType::integer;
  CHECK(std::get<std::int64_t>(parse_value(seed, "9007199254740993")) == 9007199254740993);
  CHECK(std::get<std::int64_t>(parse_value(seed, "1e3")) == 1000);
  CHECK_THROWS_AS(parse_value(seed, "1e19"), InvalidArgument);
}

TEST_CASE("what is no value of the field is refused with its name, the value and what was expected") {
  CHECK_THROWS_WITH(parse_value(info_of("low_hz"), "abc"), "low_hz is \"abc\", expected a number");
  CHECK_THROWS_WITH(parse_value(info_of("low_hz"), ""), ContainsSubstring("expected a number"));
  CHECK_THROWS_WITH(parse_value(info_of("low_hz"), "20 "), ContainsSubstring("expected a number"));
  CHECK_THROWS_WITH(parse_value(info_of("low_hz"), "2000"), "low_hz 2000 is outside the allowed range: [0.001, 1000] Hz");
  CHECK_THROWS_WITH(parse_value(info_of("low_hz"), "nan"), ContainsSubstring("low_hz nan is outside"));
  CHECK_THROWS_WITH(parse_value(info_of("order"), "2.5"), ContainsSubstring("order is 2.5, expected an integer"));
  CHECK_THROWS_WITH(parse_value(info_of("order"), "13"), ContainsSubstring("[1, 12]"));
  CHECK_THROWS_WITH(parse_value(info_of("zero_phase"), "maybe"), ContainsSubstring("true or false"));
  CHECK_THROWS_WITH(parse_value(info_of("shape"), "squar"), ContainsSubstring("one of round, square; did you mean square?"));
  CHECK_THROWS_WITH(parse_value(info_of("shape"), "hexagon"), !ContainsSubstring("did you mean"));
  CHECK_THROWS_WITH(parse_value(info_of("bands_hz"), "20,,60"), ContainsSubstring("bands_hz"));
  CHECK_THROWS_WITH(parse_value(info_of("bands_hz"), "20,501"), ContainsSubstring("bands_hz 501 is outside"));
  CHECK_THROWS_WITH(parse_value(info_of("stop_s"), "soon"), ContainsSubstring("a number or auto"));
}

TEST_CASE("values from elsewhere are brought to the field's type") {
  CHECK(std::get<double>(checked_value(info_of("low_hz"), std::int64_t{20})) == 20.0);
  CHECK(std::get<std::int64_t>(checked_value(info_of("order"), 3.0)) == 3);
  CHECK(std::get<std::vector<double>>(checked_value(info_of("bands_hz"), 60.0)) == std::vector<double>{60});
  CHECK(std::get<std::vector<double>>(checked_value(info_of("bands_hz"), std::vector<std::string>{})).empty());
  CHECK(std::get<std::vector<std::string>>(checked_value(info_of("words"), std::string("a"))) == std::vector<std::string>{"a"});
  CHECK(std::get<std::vector<std::string>>(checked_value(info_of("words"), std::vector<double>{1, 2.5})) ==
        std::vector<std::string>{"1", "2.5"});
  CHECK_THROWS_WITH(checked_value(info_of("low_hz"), Value{}), ContainsSubstring("low_hz is missing"));
  CHECK_THROWS_WITH(checked_value(info_of("low_hz"), true), ContainsSubstring("low_hz is true"));
  CHECK_THROWS_WITH(checked_value(info_of("order"), std::string("4")), ContainsSubstring("order is \"4\""));
}

TEST_CASE("options set in code are checked against the same ranges") {
  EveryKind options;
  CHECK_NOTHROW(validate_options(options));
  options.order = 13;
  CHECK_THROWS_WITH(validate_options(options), "order 13 is outside the allowed range: [1, 12]");
  options = {};
  options.low_hz = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(validate_options(options), ContainsSubstring("low_hz nan"));
  options = {};
  options.stop_s = 11;
  CHECK_THROWS_WITH(validate_options(options), ContainsSubstring("stop_s 11 is outside the allowed range: [0, 10] s"));
  options = {};
  options.bands_hz = {100, 0.5};
  CHECK_THROWS_WITH(validate_options(options), ContainsSubstring("bands_hz 0.5"));
}

TEST_CASE("ranges open at one end are told as such") {
  FieldInfo info;
  info.name = "gain";
  info.range = {2, std::numeric_limits<double>::infinity()};
  CHECK_THROWS_WITH(check_range(info, 1.0), ContainsSubstring("at least 2"));
  info.range = {-std::numeric_limits<double>::infinity(), 2};
  CHECK_THROWS_WITH(check_range(info, 3.0), ContainsSubstring("at most 2"));
}

TEST_CASE("JSON text is exact and escaped") {
  CHECK(json_text(Value{}) == "null");
  CHECK(json_text(true) == "true");
  CHECK(json_text(std::int64_t{-7}) == "-7");
  CHECK(json_text(0.1) == "0.1");
  CHECK(json_text(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(json_text(std::numeric_limits<double>::infinity()) == "null");
  CHECK(json_text(std::string("a\"b\\c\n")) == "\"a\\\"b\\\\c\\u000a\"");
  CHECK(json_text(std::vector<double>{1, 2.5}) == "[1,2.5]");
  CHECK(json_text(std::vector<std::string>{"x", "y"}) == "[\"x\",\"y\"]");
}

TEST_CASE("the nearest name is at most two edits away") {
  const std::vector<std::string> names{"low_hz", "high_hz", "order"};
  CHECK(nearest_name("low_hz", names) == "low_hz");
  CHECK(nearest_name("lowhz", names) == "low_hz");
  CHECK(nearest_name("ordre", names) == "order");
  CHECK(nearest_name("zero_phase", names) == "");
  CHECK(nearest_name("", {}) == "");
}

}  // namespace emg
