#include "libemg/spectral/line.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "libemg/core/parallel.h"
#include "libemg/spectral/segments_internal.h"

namespace emg {
namespace {

constexpr double kSegmentS = 4, kShortestS = 1;
constexpr double kAround = 1;  // Hz from a line to where its surroundings begin

// Variance of the logarithm of a gamma variate of shape `x`: recurrence up to where the asymptotic series is good to 1e-6.
double trigamma(double x) {
  double sum = 0;
  for (; x < 6; ++x) sum += 1 / (x * x);
  return sum + 1 / x + 1 / (2 * x * x) + 1 / (6 * x * x * x) - 1 / (30 * std::pow(x, 5));
}

// Welch density of every channel, fed block by block; segments of 4 s, half overlapped, or the whole of a shorter record.
class DensityAccumulator {
 public:
  DensityAccumulator(Index channels, double rate_hz, int threads)
      : rate_hz_(rate_hz), threads_(threads), length_(samples_in_s(kSegmentS, rate_hz)), held_(channels, 0) {}

  void push(const ChannelsView& block) {
    for (Index done = 0; done < block.cols();) {
      const Index now = std::min(length_ - held_count_, block.cols() - done);
      if (held_.cols() < held_count_ + now) held_.conservativeResize(held_.rows(), std::min(length_, 2 * (held_count_ + now)));
      held_.middleCols(held_count_, now) = block.middleCols(done, now);
      held_count_ += now;
      done += now;
      if (held_count_ == length_) take_segment();
    }
  }

  // Densities, channels x bins; no columns if the record is too short.
  RowMatrix finish() {
    if (segments_ == 0 && static_cast<double>(held_count_) >= kShortestS * rate_hz_) {
      length_ = held_count_;
      take_segment();
    }
    if (segments_ > 0) density_ /= static_cast<double>(segments_);
    return density_;
  }

  Index segment_length() const { return length_; }

  /// Standard deviation of ln P of stationary noise: what the surroundings of a line scatter by at least.
  double least_spread() const {
    const Index segments = std::max<Index>(segments_, 1);
    return std::sqrt(trigamma(effective_segment_count(window_, length_ - length_ / 2, segments)));
  }

 private:
  void take_segment() {
    if (segments_ == 0) {
      window_ = periodic_window(Window::hann, length_);
      density_ = RowMatrix::Zero(held_.rows(), length_ / 2 + 1);
    }
    const double scale = density_scale(window_, rate_hz_);
    const Index parts = std::min<Index>(held_.rows(), thread_count(threads_));
    parallel_for(parts, threads_, [&](Index part) {
      SegmentTransform transform(window_, Trend::mean);
      for (Index c = part; c < held_.rows(); c += parts) {
        const auto bins = transform(channel_span(held_, c).first(static_cast<std::size_t>(length_)));
        for (Index k = 0; k < density_.cols(); ++k) {
          density_(c, k) += squared(bins[static_cast<std::size_t>(k)]) * (is_doubled(k, length_) ? 2 * scale : scale);
        }
      }
    });
    ++segments_;
    const Index hop = length_ - length_ / 2;
    held_count_ = length_ - hop;
    if (held_.cols() >= length_) held_.leftCols(held_count_) = held_.middleCols(hop, held_count_).eval();
  }

  double rate_hz_;
  int threads_;
  Index length_;
  RowMatrix held_, density_;
  Index held_count_ = 0, segments_ = 0;
  std::vector<double> window_;
};

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

// Density around a line, on a logarithmic scale.
struct Surroundings {
  double level = 0, spread = 0;
};

// Of the bins 1-6 Hz away from `frequency_hz`; empty if there are too few.
std::optional<Surroundings> surroundings(std::span<const double> density, double bin_hz, double least_spread, double frequency_hz) {
  constexpr double kTo = 6, kMadToSd = 1.4826;
  std::vector<double> around;
  const auto from = static_cast<std::size_t>(std::max(1.0, std::floor((frequency_hz - kTo) / bin_hz)));
  for (std::size_t k = from; k < density.size() && static_cast<double>(k) * bin_hz <= frequency_hz + kTo + 1e-9; ++k) {
    const double away = std::abs(static_cast<double>(k) * bin_hz - frequency_hz);
    if (away >= kAround - 1e-9 && away <= kTo + 1e-9 && density[k] > 0) around.push_back(std::log(density[k]));
  }
  constexpr std::size_t kFewest = 4;
  if (around.size() < kFewest) return std::nullopt;
  Surroundings found;
  found.level = median_of(around);
  for (double& v : around) v = std::abs(v - found.level);
  found.spread = std::max(least_spread, kMadToSd * median_of(around));
  return found;
}

// Sum of value(density) over the bins at most `reach_hz` from `frequency_hz`.
template <class Value>
double sum_near(std::span<const double> density, double bin_hz, double frequency_hz, double reach_hz, const Value& value) {
  double sum = 0;
  const auto from = static_cast<std::size_t>(std::max(1.0, std::ceil((frequency_hz - reach_hz) / bin_hz - 1e-9)));
  for (std::size_t k = from; k < density.size() && static_cast<double>(k) * bin_hz <= frequency_hz + reach_hz + 1e-9; ++k) sum += value(density[k]);
  return sum;
}

// What stands at `frequency_hz`; empty if there are no surroundings or no power.
std::optional<LineRow> look_at(std::span<const double> density, double bin_hz, double least_spread, double frequency_hz) {
  constexpr double kNear = 0.3, kLobe = 0.5;
  double largest = 0;
  sum_near(density, bin_hz, frequency_hz, kNear, [&](double p) { return largest = std::max(largest, p); });
  const auto around = surroundings(density, bin_hz, least_spread, frequency_hz);
  if (!around || !(largest > 0)) return std::nullopt;
  const double above = sum_near(density, bin_hz, frequency_hz, kLobe, [&](double p) { return p - std::exp(around->level); });
  LineRow row;
  row.z = (std::log(largest) - around->level) / around->spread;
  row.excess_db = 10 * (std::log10(largest) - around->level / std::log(10.0));
  row.amplitude_uv = std::sqrt(2 * bin_hz * std::max(0.0, above));
  return row;
}

// The same with the level as a mean: the mean of a gamma variate is about exp(variance of its logarithm / 3) times its median.
std::optional<HarmonicHeight> height_at(std::span<const double> density, double bin_hz, double least_spread, double frequency_hz) {
  const auto row = look_at(density, bin_hz, least_spread, frequency_hz);
  if (!row) return std::nullopt;
  const auto around = surroundings(density, bin_hz, least_spread, frequency_hz);
  HarmonicHeight height;
  height.z = row->z;
  height.floor_uv2_per_hz = std::exp(around->level + around->spread * around->spread / 3);
  height.excess_uv2 = bin_hz * sum_near(density, bin_hz, frequency_hz, kAround, [&](double p) { return p - height.floor_uv2_per_hz; });
  constexpr double kWide = 2.5;
  height.wide_uv2 = bin_hz * sum_near(density, bin_hz, frequency_hz, kWide, [](double p) { return p; });
  return height;
}

// Harmonics of `base_hz` found in one channel; none if neither the fundamental nor two others stand out.
std::vector<LineRow> harmonics_of(std::span<const double> density, double bin_hz, double least_spread, double rate_hz, double base_hz, double line_z) {
  constexpr int kMostHarmonics = 9;
  constexpr double kHighest = 0.49;
  std::vector<LineRow> rows;
  for (int h = 1; h <= kMostHarmonics && h * base_hz < kHighest * rate_hz; ++h) {
    auto row = look_at(density, bin_hz, least_spread, h * base_hz);
    if (!row || row->z < line_z) continue;
    row->base_hz = base_hz;
    row->harmonic = h;
    rows.push_back(*row);
  }
  if (rows.size() < 2 && (rows.empty() || rows.front().harmonic != 1)) rows.clear();
  return rows;
}

double sum_of_z(const std::vector<LineRow>& rows) {
  double sum = 0;
  for (const auto& row : rows) sum += row.z;
  return sum;
}

// For each base that comes into question, the harmonics of each channel.
struct Candidate {
  double base_hz;
  std::vector<std::vector<LineRow>> channels;
};

std::vector<Candidate> candidates(DensityAccumulator& accumulator, double rate_hz, const LineOptions& options) {
  const RowMatrix density = accumulator.finish();
  const double bin_hz = rate_hz / static_cast<double>(accumulator.segment_length());
  const double least_spread = density.rows() > 0 ? accumulator.least_spread() : 0;
  std::vector<Candidate> all;
  for (const double base_hz : options.line_hz ? std::vector<double>{*options.line_hz} : std::vector<double>{50, 60}) {
    Candidate candidate{base_hz, {}};
    for (Index c = 0; c < density.rows(); ++c) {
      candidate.channels.push_back(harmonics_of(channel_span(density, c), bin_hz, least_spread, rate_hz, base_hz, options.line_z));
    }
    all.push_back(std::move(candidate));
  }
  return all;
}

// The harmonics of each channel, of the base that stands out more in it.
std::vector<LineRow> rows_of(DensityAccumulator& accumulator, double rate_hz, const LineOptions& options) {
  const auto all = candidates(accumulator, rate_hz, options);
  std::vector<LineRow> rows;
  for (std::size_t c = 0; c < all.front().channels.size(); ++c) {
    const auto best = std::max_element(
        all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) { return sum_of_z(a.channels[c]) < sum_of_z(b.channels[c]); });
    for (auto row : best->channels[c]) {
      row.channel = static_cast<int>(c);
      rows.push_back(row);
    }
  }
  return rows;
}

void take_all(const BlockSource& source, DensityAccumulator& accumulator) {
  Index received = 0;
  source([&](const ChannelsView& block) {
    require_finite(block, received);
    received += block.cols();
    accumulator.push(block);
  });
}

}  // namespace

std::vector<LineRow> line_harmonics(const ChannelsView& signal, double rate_hz, const LineOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  DensityAccumulator accumulator(signal.rows(), rate_hz, threads);
  accumulator.push(signal);
  return rows_of(accumulator, rate_hz, options);
}

std::vector<LineRow> line_harmonics_streamed(const StreamedRecord& record, const LineOptions& options, int threads) {
  require_rate(record.rate_hz);
  validate_options(options);
  DensityAccumulator accumulator(record.channel_count, record.rate_hz, threads);
  take_all(record.read, accumulator);
  return rows_of(accumulator, record.rate_hz, options);
}

std::optional<LineFinding> find_line(const BlockSource& source, Index channel_count, double rate_hz, const LineOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  DensityAccumulator accumulator(channel_count, rate_hz, 1);
  take_all(source, accumulator);
  LineFinding finding;
  double largest = 0;
  for (const auto& candidate : candidates(accumulator, rate_hz, options)) {
    double sum = 0;
    std::set<int> harmonics;
    for (const auto& rows : candidate.channels) {
      sum += sum_of_z(rows);
      for (const auto& row : rows) harmonics.insert(row.harmonic);
    }
    if (sum <= largest) continue;
    largest = sum;
    finding = {candidate.base_hz, {harmonics.begin(), harmonics.end()}};
  }
  return largest > 0 ? std::optional(finding) : std::nullopt;
}

std::vector<std::vector<std::optional<HarmonicHeight>>> harmonic_heights(const BlockSource& source, Index channel_count, double rate_hz,
                                                                         double base_hz, const std::vector<int>& harmonics) {
  DensityAccumulator accumulator(channel_count, rate_hz, 1);
  source([&](const ChannelsView& block) { accumulator.push(block); });
  const RowMatrix density = accumulator.finish();
  const double bin_hz = rate_hz / static_cast<double>(accumulator.segment_length());
  const double least_spread = density.rows() > 0 ? accumulator.least_spread() : 0;
  std::vector<std::vector<std::optional<HarmonicHeight>>> heights(static_cast<std::size_t>(channel_count));
  for (Index c = 0; c < channel_count; ++c) {
    auto& own = heights[static_cast<std::size_t>(c)];
    for (const int h : harmonics) {
      own.push_back(c < density.rows() ? height_at(channel_span(density, c), bin_hz, least_spread, h * base_hz) : std::nullopt);
    }
  }
  return heights;
}

}  // namespace emg
