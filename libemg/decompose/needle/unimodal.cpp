#include "libemg/decompose/needle/unimodal.h"

#include <algorithm>
#include <cmath>

namespace emg::needle {
namespace {

struct Block {
  double mass, length;
  std::size_t count;
};

// Grenander estimate: pools neighbours until densities rise.
std::vector<Block> rising(const std::vector<double>& gaps) {
  std::vector<Block> blocks;
  for (const double gap : gaps) {
    blocks.push_back({1, gap, 1});
    while (blocks.size() > 1) {
      const auto& b = blocks[blocks.size() - 1];
      const auto& a = blocks[blocks.size() - 2];
      if (a.mass * b.length <= b.mass * a.length) break;
      const Block merged{a.mass + b.mass, a.length + b.length, a.count + b.count};
      blocks.pop_back();
      blocks.back() = merged;
    }
  }
  return blocks;
}

// Fitted mass of every gap when the density rises over the first `mode` gaps and falls over the others.
std::vector<double> fitted_mass(const std::vector<double>& gaps, std::size_t mode) {
  std::vector<double> left(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(mode));
  std::vector<double> right(gaps.rbegin(), gaps.rend() - static_cast<std::ptrdiff_t>(mode));
  std::vector<double> mass(gaps.size());
  std::size_t i = 0;
  for (const auto& block : rising(left)) {
    for (std::size_t k = 0; k < block.count; ++k, ++i) mass[i] = block.mass / block.length * gaps[i];
  }
  i = gaps.size();
  for (const auto& block : rising(right)) {
    for (std::size_t k = 0; k < block.count; ++k) {
      --i;
      mass[i] = block.mass / block.length * gaps[i];
    }
  }
  return mass;
}

double difference(const std::vector<double>& mass) {
  double fitted = 0, largest = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) {
    fitted += mass[i];
    largest = std::max(largest, std::abs(fitted - static_cast<double>(i + 1)));
  }
  return largest / static_cast<double>(mass.size());
}

double cut_between(const std::vector<double>& x) {
  // Best two classes by the within-class sum of squares.
  double total = 0, best = -1;
  for (const double v : x) total += v;
  std::size_t split = 1;
  double sum = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    sum += x[i - 1];
    const auto a = static_cast<double>(i), b = static_cast<double>(x.size() - i);
    const double gain = sum * sum / a + (total - sum) * (total - sum) / b;
    if (gain > best) {
      best = gain;
      split = i;
    }
  }
  double low = 0, high = 0;
  for (std::size_t i = 0; i < split; ++i) low += x[i] / static_cast<double>(split);
  for (std::size_t i = split; i < x.size(); ++i) high += x[i] / static_cast<double>(x.size() - split);
  const std::size_t step = std::max<std::size_t>(1, x.size() / 20);
  double widest = -1, cut = (low + high) / 2;
  for (std::size_t i = 0; i + step < x.size(); ++i) {
    const double middle = (x[i] + x[i + step]) / 2;
    if (middle <= low || middle >= high) continue;
    if (x[i + step] - x[i] > widest) {
      widest = x[i + step] - x[i];
      cut = middle;
    }
  }
  return cut;
}

}  // namespace

ModeTest mode_test(std::vector<double> values) {
  constexpr std::size_t kFewest = 8;
  if (values.size() < kFewest) return {};
  std::sort(values.begin(), values.end());
  const double range = values.back() - values.front();
  if (!(range > 0)) return {0, values.front()};
  std::vector<double> gaps;
  for (std::size_t i = 1; i < values.size(); ++i) gaps.push_back(std::max(values[i] - values[i - 1], 1e-9 * range));
  // The fit is best at one of few modes; a coarse search over 40 places loses nothing that the statistic sees.
  double least = 1;
  const std::size_t places = std::min<std::size_t>(40, gaps.size());
  for (std::size_t k = 0; k <= places; ++k) least = std::min(least, difference(fitted_mass(gaps, k * gaps.size() / places)));
  return {least * std::sqrt(static_cast<double>(values.size())), cut_between(values)};
}

}  // namespace emg::needle
