#include "libemg/io/unit_text.h"

#include <fmt/format.h>

#include "libemg/core/error.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

constexpr double kVolt = 1e6, kMilli = 1e3, kMicro = 1, kNano = 1e-3;

// `word` with every spelling of the micro sign as "u".
std::string plain_micro(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto rest = word.substr(i);
    if (rest.starts_with("\xC2\xB5") || rest.starts_with("\xCE\xBC")) {
      out += 'u';
      ++i;
    } else {
      out += word[i] == '\xB5' ? 'u' : word[i];
    }
  }
  return out;
}

std::optional<double> exact_unit(std::string_view word) {
  if (word == "V") return kVolt;
  if (word == "mV") return kMilli;
  if (word == "uV") return kMicro;
  if (word == "nV") return kNano;
  return std::nullopt;
}

std::optional<double> long_unit(std::string word) {
  if (word.ends_with('s')) word.pop_back();
  if (word == "v" || word == "volt") return kVolt;
  if (word == "mv" || word == "milliv" || word == "millivolt") return kMilli;
  if (word == "uv" || word == "microv" || word == "microvolt") return kMicro;
  if (word == "nv" || word == "nanov" || word == "nanovolt") return kNano;
  return std::nullopt;
}

}  // namespace

std::optional<VoltageUnit> voltage_unit(std::string_view word) {
  const auto plain = plain_micro(trimmed(word));
  if (const auto exact = exact_unit(plain)) return VoltageUnit{*exact, false};
  if (const auto folded = long_unit(lower(plain))) return VoltageUnit{*folded, plain.size() <= 2};
  return std::nullopt;
}

std::optional<UnitsOption> units_option(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  constexpr std::string_view kCount = "count:";
  if (!text.starts_with(kCount)) {
    if (const auto unit = voltage_unit(text)) return UnitsOption{unit->microvolts, false};
  } else {
    const auto rest = text.substr(kCount.size());
    const auto end = rest.find_last_of("0123456789.");
    if (end != std::string_view::npos) {
      const auto step = number_of(rest.substr(0, end + 1));
      const auto unit = voltage_unit(rest.substr(end + 1));
      if (step && unit && *step != 0) return UnitsOption{*step * unit->microvolts, true};
    }
  }
  throw InvalidArgument(fmt::format("units {} is none of V, mV, uV, nV, count:STEP (count:0.195uV)", in_quotes(text)));
}

}  // namespace emg
