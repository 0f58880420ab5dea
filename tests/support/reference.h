#pragma once
// Lines `operation key=value ... : value value ...` of the files in tests/reference.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

struct ReferenceCase {
  std::map<std::string, std::string> keys;
  std::vector<double> values;

  const std::string& text(const std::string& key) const { return keys.at(key); }
  double number(const std::string& key) const { return std::stod(keys.at(key)); }
  Index count(const std::string& key = "count") const { return static_cast<Index>(number(key)); }
};

/// The cases of `operation` in tests/reference/`file`; throws if there are none.
inline std::vector<ReferenceCase> reference_cases(const std::string& file, const std::string& operation) {
  std::ifstream in(std::string(EMG_SOURCE_DIR) + "/tests/reference/" + file);
  std::vector<ReferenceCase> cases;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word != operation) continue;
    ReferenceCase c;
    while (words >> word && word != ":") c.keys[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    while (words >> word) c.values.push_back(std::stod(word));
    cases.push_back(std::move(c));
  }
  if (cases.empty()) throw std::runtime_error("no reference for " + operation + " in " + file);
  return cases;
}

/// Where the reference files hold values of an array of `n`.
inline std::vector<Index> reference_places(Index n) {
  std::vector<Index> places{0, 1, 2, 5, n / 7, n / 3, n / 2, 2 * n / 3, n - 6, n - 3, n - 2, n - 1};
  for (auto& place : places) place = std::clamp<Index>(place, 0, n - 1);
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

/// Largest difference between `ours` at the places of the reference and the reference.
inline double reference_error(const double* ours, Index count, const ReferenceCase& reference) {
  const auto places = reference_places(count);
  if (places.size() != reference.values.size()) return std::numeric_limits<double>::infinity();
  double error = 0;
  for (std::size_t i = 0; i < places.size(); ++i) error = std::max(error, std::abs(ours[places[i]] - reference.values[i]));
  return error;
}

}  // namespace emg
