#pragma once
// Options and result rows, written once.
//
// A plain aggregate with a static `fields()` table is all there is: command-line flags, help, Python keywords, documentation, provenance and
// table columns are read from it. `fully_described<T>()` makes a member without a description a compile error.
//
//   struct BandpassOptions {
//     double low_hz = 20.0;
//     static constexpr auto fields() {
//       using O = BandpassOptions;
//       return std::tuple{field("low_hz", &O::low_hz, {1e-3, 1e6}, "lower -3 dB edge")};
//     }
//   };
//   static_assert(fully_described<BandpassOptions>());
//
// An enumeration used as a member has a `constexpr auto enum_names(E)` beside it (found by argument-dependent lookup) that returns a
// std::array of std::pair<E, std::string_view>.

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "libemg/core/error.h"

namespace emg {

/// Allowed values, both ends included; of a list, of each element.
struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

/// One described member. The unit is the suffix of the name (`unit_of_name`).
template <class Owner, class Member>
struct Field {
  using member_type = Member;
  std::string_view name;
  Member Owner::*member;
  Range range;
  std::string_view text;
};

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member, Range range, std::string_view text) {
  return {name, member, range, text};
}

template <class T>
concept Described = requires { T::fields(); };

template <class T, class Visitor>
constexpr void for_each_field(Visitor&& visit) {
  std::apply([&](const auto&... f) { (visit(f), ...); }, T::fields());
}

namespace options_detail {

// Converts to any member type; only ever used unevaluated.
struct AnyMember {
  template <class T>
  operator T() const;
};

template <class T, std::size_t... I>
constexpr bool brace_constructible(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), AnyMember{})...}; };
}

template <class T, std::size_t Count = 0>
constexpr std::size_t member_count() {
  constexpr std::size_t kMostMembers = 64;
  if constexpr (brace_constructible<T>(std::make_index_sequence<Count + 1>{})) {
    static_assert(Count < kMostMembers);
    return member_count<T, Count + 1>();
  } else {
    return Count;
  }
}

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

}  // namespace options_detail

/// Name of an enumerator that has an `enum_names` table.
template <class E>
  requires std::is_enum_v<E> && requires { enum_names(E{}); }
std::string name_of(E value) {
  for (const auto& [candidate, name] : enum_names(E{})) {
    if (candidate == value) return std::string(name);
  }
  return {};
}

/// True if every member of the aggregate T stands in T::fields().
template <class T>
constexpr bool fully_described() {
  return options_detail::member_count<T>() == std::tuple_size_v<decltype(T::fields())>;
}

/// Any option value or table cell; monostate = not given / missing.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<double>, std::vector<std::string>>;

enum class FieldType { boolean, integer, number, text, choice, number_list, text_list };

/// "boolean", "integer", ... as written in machine-readable descriptions.
std::string_view name_of(FieldType type);

/// One member of an options or row struct, without its C++ type.
struct FieldInfo {
  std::string name;
  std::string unit;  ///< "" if the quantity has none
  std::string text;
  FieldType type = FieldType::number;
  bool optional = false;  ///< may be left open: "auto" on the command line, None in Python
  Range range;
  Value default_value;
  std::vector<std::string> choices;  ///< of a choice, and of a text list with fixed words
};

/// Unit that a field name states by its suffix: "low_hz" -> "Hz", "density_uv2_per_hz" -> "uV2/Hz", "channel" -> "".
std::string unit_of_name(std::string_view name);

/// `value` as JSON scalar or array text; numbers in shortest form that reads back equal; missing = null.
std::string json_text(const Value& value);

/// Parses what a user typed for `info` ("20", "true", "20,60,120", "auto"). Throws InvalidArgument naming the field.
Value parse_value(const FieldInfo& info, std::string_view text);

/// Brings `value` to the type of `info` (integers to numbers, one element to a list, "auto" to missing) and checks choice and range.
/// Throws InvalidArgument: `low_hz 2000 is outside [0.001, 1000] Hz`.
Value checked_value(const FieldInfo& info, const Value& value);

/// Throws InvalidArgument if `value` lies outside the range of `info`.
void check_range(const FieldInfo& info, const Value& value);

/// The name in `names` nearest to `word` within two edits, or "".
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

namespace options_detail {

template <class Member>
Value to_value(const Member& member) {
  if constexpr (is_optional<Member>::value) {
    if (!member) return std::monostate{};
    return to_value(*member);
  } else if constexpr (std::is_same_v<Member, bool>) {
    return member;
  } else if constexpr (std::is_enum_v<Member>) {
    return name_of(member);
  } else if constexpr (std::is_integral_v<Member>) {
    return static_cast<std::int64_t>(member);
  } else if constexpr (std::is_floating_point_v<Member>) {
    return static_cast<double>(member);
  } else if constexpr (std::is_same_v<Member, std::vector<std::string>> || std::is_same_v<Member, std::vector<double>>) {
    return member;
  } else {
    return std::string(member);
  }
}

template <class Member>
void from_value(Member& member, const Value& value) {
  if constexpr (is_optional<Member>::value) {
    if (std::holds_alternative<std::monostate>(value)) {
      member.reset();
    } else {
      from_value(member.emplace(), value);
    }
  } else if constexpr (std::is_same_v<Member, bool>) {
    member = std::get<bool>(value);
  } else if constexpr (std::is_enum_v<Member>) {
    for (const auto& [candidate, name] : enum_names(Member{})) {
      if (name == std::get<std::string>(value)) member = candidate;
    }
  } else if constexpr (std::is_integral_v<Member>) {
    member = static_cast<Member>(std::get<std::int64_t>(value));
  } else {
    member = std::get<Member>(value);
  }
}

template <class Member>
void describe_member(FieldInfo& info) {
  if constexpr (is_optional<Member>::value) {
    info.optional = true;
    describe_member<typename Member::value_type>(info);
  } else if constexpr (std::is_same_v<Member, bool>) {
    info.type = FieldType::boolean;
  } else if constexpr (std::is_enum_v<Member>) {
    info.type = FieldType::choice;
    for (const auto& [value, name] : enum_names(Member{})) info.choices.emplace_back(name);
  } else if constexpr (std::is_integral_v<Member>) {
    info.type = FieldType::integer;
  } else if constexpr (std::is_floating_point_v<Member>) {
    info.type = FieldType::number;
  } else if constexpr (std::is_same_v<Member, std::vector<double>>) {
    info.type = FieldType::number_list;
  } else if constexpr (std::is_same_v<Member, std::vector<std::string>>) {
    info.type = FieldType::text_list;
  } else {
    info.type = FieldType::text;
  }
}

}  // namespace options_detail

/// Description of every member of T, in the order of T::fields(), with the defaults of a default-constructed T.
template <Described T>
std::vector<FieldInfo> describe() {
  std::vector<FieldInfo> infos;
  const T defaults{};
  for_each_field<T>([&](const auto& f) {
    using Member = typename std::decay_t<decltype(f)>::member_type;
    FieldInfo info;
    info.name = f.name;
    info.unit = unit_of_name(f.name);
    info.text = f.text;
    info.range = f.range;
    options_detail::describe_member<Member>(info);
    info.default_value = options_detail::to_value(defaults.*(f.member));
    infos.push_back(std::move(info));
  });
  return infos;
}

/// The values of every member of `object`, in the order of T::fields().
template <Described T>
std::vector<Value> values_of(const T& object) {
  std::vector<Value> values;
  for_each_field<T>([&](const auto& f) { values.push_back(options_detail::to_value(object.*(f.member))); });
  return values;
}

/// T with the given values (in the order of T::fields(), already of the right type: see `checked_value`).
template <Described T>
T from_values(const std::vector<Value>& values) {
  T object{};
  std::size_t i = 0;
  for_each_field<T>([&](const auto& f) { options_detail::from_value(object.*(f.member), values.at(i++)); });
  return object;
}

/// Checks every member of `options` against its range. Throws InvalidArgument naming the option, its value and the range.
/// Costs a few comparisons: nothing is allocated unless a value is refused.
template <Described T>
void validate_options(const T& options) {
  for_each_field<T>([&](const auto& f) {
    using Member = typename std::decay_t<decltype(f)>::member_type;
    const auto refuse = [&](const Value& value) {
      FieldInfo info;
      info.name = f.name;
      info.unit = unit_of_name(f.name);
      info.range = f.range;
      check_range(info, value);
    };
    const auto inside = [&](double v) { return v >= f.range.min && v <= f.range.max; };
    const auto check = [&](const auto& member) {
      using M = std::decay_t<decltype(member)>;
      if constexpr (std::is_arithmetic_v<M> && !std::is_same_v<M, bool>) {
        if (!inside(static_cast<double>(member))) refuse(options_detail::to_value(member));
      } else if constexpr (std::is_same_v<M, std::vector<double>>) {
        for (double v : member) {
          if (!inside(v)) refuse(v);
        }
      }
    };
    if constexpr (options_detail::is_optional<Member>::value) {
      if (options.*(f.member)) check(*(options.*(f.member)));
    } else {
      check(options.*(f.member));
    }
  });
}

}  // namespace emg
