#include "libemg/detect/noise_meter_internal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "libemg/core/chi_square.h"
#include "libemg/core/error.h"
#include "libemg/detect/scan_internal.h"

namespace emg {

class NoiseMeter::Method : public Passes {
 public:
  virtual NoiseReading reading() const = 0;
};

namespace {

constexpr double kMadOfNormal = 0.6744897501960817;  // third quartile of the standard normal
constexpr double kQuantile = 0.1;
constexpr double kQuietShare = 0.2;
constexpr double kEnoughFreedom = 16;
constexpr std::array kWindowsMs{5.0, 10.0, 20.0, 40.0};
constexpr double kQuietLimit = 1.5;
constexpr double kFloorShare = 0.005;
// Windows that are looked at, evenly spread: the standard error of their 10th percentile is below half a percent.
constexpr std::size_t kMostWindows = 16384;
constexpr std::size_t kMostQuietWindows = 400;

// Sum of squares in lanes that follow from the position of a sample alone.
class SquareSum {
 public:
  void take(std::span<const double> x) {
    std::size_t i = 0;
    for (; i < x.size() && lane_ != 0; ++i) add(x[i]);
    for (; i + kLanes <= x.size(); i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) lanes_[k] += x[i + k] * x[i + k];
    }
    for (; i < x.size(); ++i) add(x[i]);
  }
  double sum() const { return ((lanes_[0] + lanes_[1]) + (lanes_[2] + lanes_[3])) + ((lanes_[4] + lanes_[5]) + (lanes_[6] + lanes_[7])); }

 private:
  static constexpr std::size_t kLanes = 8;
  void add(double v) {
    lanes_[lane_] += v * v;
    lane_ = (lane_ + 1) % kLanes;
  }
  double lanes_[kLanes] = {};
  std::size_t lane_ = 0;
};

double mean_square(std::span<const double> x) {
  SquareSum sum;
  sum.take(x);
  return x.empty() ? 0 : sum.sum() / static_cast<double>(x.size());
}

// Hands on every `stride`-th of the adjacent windows of `width` samples, put together from blocks.
class Windows {
 public:
  void reset(std::size_t width, std::size_t stride) {
    width_ = width;
    stride_ = stride;
    position_ = 0;
    held_.clear();
  }
  template <class Use>
  void take(std::span<const double> block, const Use& use) {
    const std::size_t period = width_ * stride_;
    std::size_t i = 0;
    while (i < block.size()) {
      const std::size_t phase = position_ % period;
      if (phase >= width_) {
        const std::size_t skipped = std::min(period - phase, block.size() - i);
        i += skipped;
        position_ += skipped;
        continue;
      }
      const auto part = block.subspan(i, std::min(width_ - phase, block.size() - i));
      i += part.size();
      position_ += part.size();
      if (part.size() == width_) {
        use(part);
        continue;
      }
      held_.insert(held_.end(), part.begin(), part.end());
      if (held_.size() == width_) {
        use(std::span<const double>(held_));
        held_.clear();
      }
    }
  }

 private:
  std::size_t width_ = 1, stride_ = 1, position_ = 0;
  std::vector<double> held_;
};

class Mad final : public NoiseMeter::Method {
 public:
  explicit Mad(Index count) : median_(count, true) {}
  bool wants_pass() const override { return median_.wants_pass(); }
  bool is_sparse() const override { return median_.is_sparse(); }
  void take(std::span<const double> block) override { median_.take(block); }
  void end_pass() override { median_.end_pass(); }
  NoiseReading reading() const override { return {median_.median() / kMadOfNormal}; }

 private:
  MedianPasses median_;
};

class Rms final : public NoiseMeter::Method {
 public:
  explicit Rms(Index count) : count_(static_cast<double>(count)) {}
  bool wants_pass() const override { return !done_; }
  void take(std::span<const double> block) override { sum_.take(block); }
  void end_pass() override { done_ = true; }
  NoiseReading reading() const override { return {std::sqrt(sum_.sum() / count_)}; }

 private:
  double count_;
  SquareSum sum_;
  bool done_ = false;
};

// Mean in the first pass, SD in the second.
class SpanSd final : public NoiseMeter::Method {
 public:
  SpanSd(const NoiseOptions& o, double rate_hz, Index count) {
    const double record_s = static_cast<double>(count) / rate_hz;
    const double stop_s = o.baseline_stop_s.value_or(record_s);
    first_ = static_cast<Index>(std::llround(o.baseline_start_s * rate_hz));
    end_ = static_cast<Index>(std::llround(stop_s * rate_hz));
    if (end_ > count || end_ - first_ < 2) {
      throw InvalidArgument(
          fmt::format("baseline_start_s {} to baseline_stop_s {} is not a span of the record of {} s", o.baseline_start_s, stop_s, record_s));
    }
  }
  bool wants_pass() const override { return pass_ < 2; }
  void take(std::span<const double> block) override {
    const auto size = static_cast<Index>(block.size());
    for (Index i = std::max<Index>(0, first_ - position_); i < std::min(size, end_ - position_); ++i) {
      const double v = block[static_cast<std::size_t>(i)];
      sum_ += pass_ == 0 ? v : (v - mean_) * (v - mean_);
    }
    position_ += size;
  }
  void end_pass() override {
    (pass_ == 0 ? mean_ : square_) = sum_ / static_cast<double>(end_ - first_);
    sum_ = 0;
    position_ = 0;
    ++pass_;
  }
  NoiseReading reading() const override { return {std::sqrt(square_)}; }

 private:
  Index first_, end_, position_ = 0;
  double sum_ = 0, mean_ = 0, square_ = 0;
  int pass_ = 0;
};

// For each window length in turn: mean squares of the windows, then the autocorrelation inside the quietest, which says whether the
// window is long enough.
class Percentile final : public NoiseMeter::Method {
 public:
  Percentile(const NoiseOptions& o, double rate_hz, Index count) : rate_hz_(rate_hz), count_(static_cast<std::size_t>(count)) {
    lengths_ms_.assign(kWindowsMs.begin(), kWindowsMs.end());
    if (o.window_ms) lengths_ms_ = {*o.window_ms};
    start_squares();
  }
  bool wants_pass() const override { return !done_; }
  void take(std::span<const double> block) override {
    windows_.take(block, [&](std::span<const double> w) {
      if (correlating_) {
        if (window_++ == next_quiet()) correlate(w);
      } else if (squares_.size() < squares_.capacity()) {
        squares_.push_back(mean_square(w));
      }
    });
  }
  void end_pass() override {
    if (!correlating_) {
      start_correlation();
      return;
    }
    correlating_ = false;
    freedom_ = std::max(1.0, window_degrees_of_freedom(autocorrelation(), static_cast<Index>(width_)));
    done_ = freedom_ >= kEnoughFreedom || candidate_ + 1 == lengths_ms_.size();
    if (done_) return;
    ++candidate_;
    start_squares();
  }
  NoiseReading reading() const override;

 private:
  void start_squares() {
    width_ = std::min(static_cast<std::size_t>(samples_in_ms(lengths_ms_[candidate_], rate_hz_)), count_);
    const std::size_t whole = std::max<std::size_t>(1, count_ / width_);
    stride_ = (whole + kMostWindows - 1) / kMostWindows;
    squares_ = {};
    squares_.reserve((whole + stride_ - 1) / stride_);
    windows_.reset(width_, stride_);
  }
  void start_correlation() {
    const double limit = quantile_of(squares_, kQuietShare);
    std::vector<std::size_t> quiet;
    for (std::size_t k = 0; k < squares_.size(); ++k) {
      if (squares_[k] <= limit) quiet.push_back(k);
    }
    const std::size_t step = std::max<std::size_t>(1, quiet.size() / kMostQuietWindows);
    quiet_.clear();
    for (std::size_t q = 0; q < quiet.size(); q += step) quiet_.push_back(quiet[q]);
    products_.assign(width_, 0);
    correlating_ = true;
    window_ = taken_ = 0;
    windows_.reset(width_, stride_);
  }
  std::size_t next_quiet() const { return taken_ < quiet_.size() ? quiet_[taken_] : std::numeric_limits<std::size_t>::max(); }
  void correlate(std::span<const double> w) {
    ++taken_;
    const double* const x = w.data();
    double* const sums = products_.data();
    for (std::size_t i = 0; i < w.size(); ++i) {
      const std::size_t lags = w.size() - i;
      const double at = x[i];
      for (std::size_t lag = 0; lag < lags; ++lag) sums[lag] += at * x[i + lag];
    }
  }
  std::vector<double> autocorrelation() const {
    const double power = products_[0] / static_cast<double>(width_);
    std::vector<double> rho(width_);
    for (std::size_t lag = 0; lag < width_ && power > 0; ++lag) rho[lag] = products_[lag] / static_cast<double>(width_ - lag) / power;
    return rho;
  }

  double rate_hz_;
  std::size_t count_, width_ = 1, stride_ = 1, candidate_ = 0, window_ = 0, taken_ = 0;
  bool correlating_ = false, done_ = false;
  double freedom_ = 1;
  std::vector<double> lengths_ms_, squares_, products_;
  std::vector<std::size_t> quiet_;
  Windows windows_;
};

NoiseReading Percentile::reading() const {
  const double expected = chi_square_quantile(kQuantile, freedom_) / freedom_;
  const double whole_uv = std::sqrt(std::accumulate(squares_.begin(), squares_.end(), 0.0) / static_cast<double>(squares_.size()));
  // The quantile of the RMS, not the root of the quantile of the mean square: interpolation differs.
  auto levels = squares_;
  for (auto& s : levels) s = std::sqrt(s);
  NoiseReading reading;
  // A sinusoid has next to no degrees of freedom, which would lift its level above the RMS of the record: no noise is more than all there is.
  reading.noise_uv = std::min(quantile_of(levels, kQuantile) / std::sqrt(expected), whole_uv);
  reading.window_ms = lengths_ms_[candidate_];
  // Measured by its own 10th percentile a tenth of the windows is always quiet; the lowest of all tell a floor from activity without a pause.
  std::erase_if(levels, [](double s) { return s == 0; });
  if (levels.empty()) return reading;
  const double share = std::max(kFloorShare, 1 / static_cast<double>(levels.size() + 1));
  const double floor_uv = std::min(reading.noise_uv, quantile_of(levels, share) / std::sqrt(chi_square_quantile(share, freedom_) / freedom_));
  const auto quiet = std::count_if(levels.begin(), levels.end(), [&](double s) { return s < kQuietLimit * floor_uv; });
  reading.density = static_cast<double>(quiet) / static_cast<double>(levels.size());
  return reading;
}

std::unique_ptr<NoiseMeter::Method> make_method(const NoiseOptions& o, double rate_hz, Index count) {
  switch (o.method) {
    case NoiseMethod::percentile:
      return std::make_unique<Percentile>(o, rate_hz, count);
    case NoiseMethod::mad:
      return std::make_unique<Mad>(count);
    case NoiseMethod::rms:
      return std::make_unique<Rms>(count);
    case NoiseMethod::span:
      return std::make_unique<SpanSd>(o, rate_hz, count);
  }
  return {};
}

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostKept = 65536, kSampled = 49152, kWorthSampling = 16384;

}  // namespace

MedianPasses::MedianPasses(Index count, bool absolute)
    : absolute_(absolute), count_(static_cast<std::size_t>(count)), low_(-kInfinite), high_(kInfinite) {
  // An odd step does not keep pace with what repeats in the signal.
  if (count_ > kWorthSampling) step_ = std::max<std::size_t>(3, (count_ / kSampled) | 1);
  kept_.reserve(step_ == 1 ? count_ : std::min(kMostKept, 2 * (count_ / step_)) + 1);
}

void MedianPasses::keep(std::span<const double> values) {
  if (step_ == 1 && kept_.size() + values.size() <= kMostKept) {
    kept_.insert(kept_.end(), values.begin(), values.end());
    next_ += values.size();
    return;
  }
  for (const double v : values) {
    if (next_++ % step_ != 0) continue;
    if (kept_.size() == kMostKept) {
      for (std::size_t k = 0; 2 * k < kept_.size(); ++k) kept_[k] = kept_[2 * k];
      kept_.resize((kept_.size() + 1) / 2);
      step_ *= 2;
      if ((next_ - 1) % step_ != 0) continue;
    }
    kept_.push_back(v);
  }
}

void MedianPasses::take(std::span<const double> block) {
  const auto value = [&](double v) { return absolute_ ? std::fabs(v) : v; };
  if (phase_ == Phase::sample) {
    for (std::size_t i = (step_ - seen_ % step_) % step_; i < block.size(); i += step_) {
      // Not yet looked at by whoever refuses such samples.
      if (std::isfinite(block[i])) kept_.push_back(value(block[i]));
    }
    seen_ += block.size();
    return;
  }
  if (phase_ == Phase::successor) {
    for (const double v : block) {
      const double a = value(v);
      if (a > value_ && a < successor_) successor_ = a;
    }
    return;
  }
  constexpr std::size_t kBlock = 4096;
  scratch_.resize(kBlock);
  for (std::size_t i = 0; i < block.size(); i += kBlock) {
    const auto found = scan::count_between(block.subspan(i, std::min(kBlock, block.size() - i)), absolute_, low_, high_, scratch_.data());
    below_ += found.below;
    inside_ += found.inside;
    for (std::size_t k = 0; k < found.inside; ++k) {
      lowest_ = std::min(lowest_, scratch_[k]);
      highest_ = std::max(highest_, scratch_[k]);
    }
    keep({scratch_.data(), found.inside});
  }
}

// Both middle values, if the bracket holds them.
void MedianPasses::select(std::size_t lower, std::size_t upper) {
  value_ = successor_ = low_;
  phase_ = upper < inside_ ? Phase::done : Phase::successor;
  if (low_ != high_) {
    const auto middle = kept_.begin() + static_cast<std::ptrdiff_t>(lower);
    std::nth_element(kept_.begin(), middle, kept_.end());
    value_ = successor_ = *middle;
    if (upper > lower && phase_ == Phase::done) successor_ = *std::min_element(middle + 1, kept_.end());
  }
  if (phase_ == Phase::successor) successor_ = kInfinite;
}

// A bracket of `reach_` standard errors of a rank on either side of the lower middle value.
void MedianPasses::narrow(std::size_t lower) {
  const auto k = static_cast<double>(kept_.size());
  const double rank = static_cast<double>(lower) / static_cast<double>(inside_) * k, margin = reach_ * std::sqrt(k) + 2;
  const auto at = [&](double place) {
    const auto r = static_cast<std::ptrdiff_t>(place);
    std::nth_element(kept_.begin(), kept_.begin() + r, kept_.end());
    return kept_[static_cast<std::size_t>(r)];
  };
  if (phase_ == Phase::bracket) {
    low_ = lowest_;
    high_ = highest_;
  }
  const double low = rank - margin < 0 ? low_ : at(rank - margin), high = rank + margin >= k ? high_ : at(rank + margin);
  if (low == low_ && high == high_) {
    // Two values that many samples share: whether it is the lower one.
    above_tie_ = high_;
    high_ = low_;
  } else {
    low_ = low;
    high_ = high;
  }
}

void MedianPasses::end_pass() {
  if (phase_ == Phase::successor) {
    phase_ = Phase::done;
    return;
  }
  const std::size_t lower = (count_ - 1) / 2, upper = count_ / 2;
  if (phase_ == Phase::sample) inside_ = count_;
  const bool missed = lower < below_ || lower >= below_ + inside_;
  if (!missed && (step_ == 1 || low_ == high_)) return select(lower - below_, upper - below_);
  if (!missed) {
    narrow(lower - below_);
  } else if (above_tie_) {
    low_ = std::nextafter(low_, kInfinite);
    high_ = *above_tie_;
    above_tie_.reset();
  } else {
    // The sample lied: what it read repeats in step with it.
    low_ = -kInfinite;
    high_ = kInfinite;
    reach_ *= 4;
  }
  phase_ = Phase::bracket;
  kept_.clear();
  step_ = 1;
  next_ = below_ = inside_ = 0;
  lowest_ = kInfinite;
  highest_ = -kInfinite;
}

NoiseMeter::NoiseMeter(const NoiseOptions& options, double rate_hz, Index count)
    : centre_(options.centre ? std::make_unique<MedianPasses>(count, false) : nullptr), method_(make_method(options, rate_hz, count)) {}
NoiseMeter::NoiseMeter(NoiseMeter&&) noexcept = default;
NoiseMeter::~NoiseMeter() = default;

bool NoiseMeter::wants_pass() const {
  return (centre_ && centre_->wants_pass()) || method_->wants_pass();
}

bool NoiseMeter::is_sparse() const {
  return centre_ && centre_->wants_pass() ? centre_->is_sparse() : method_->is_sparse();
}

void NoiseMeter::take(std::span<const double> block) {
  if (!block.empty() && !first_) first_ = block.front();
  if (constant_) constant_ = std::all_of(block.begin(), block.end(), [&](double v) { return v == *first_; });
  if (!centre_) return method_->take(block);
  if (centre_->wants_pass()) return centre_->take(block);
  centred_.resize(block.size());
  const double middle = centre_->median();
  std::transform(block.begin(), block.end(), centred_.begin(), [&](double v) { return v - middle; });
  method_->take(centred_);
}

void NoiseMeter::end_pass() {
  if (centre_ && centre_->wants_pass()) return centre_->end_pass();
  method_->end_pass();
}

NoiseReading NoiseMeter::reading() const {
  auto reading = method_->reading();
  reading.constant = constant_;
  return reading;
}

std::vector<double> run_checked_passes(Passes& passes, std::span<const double> trace, Index channel) {
  constexpr std::size_t kBlock = 64 * scan::kChunk;
  std::vector<double> maxima((trace.size() + scan::kChunk - 1) / scan::kChunk);
  const auto check = [&](std::span<const double> block, std::size_t first) {
    double* const largest = maxima.data() + first / scan::kChunk;
    scan::chunk_maxima(block, largest);
    if (std::all_of(largest, largest + (block.size() + scan::kChunk - 1) / scan::kChunk, [](double v) { return std::isfinite(v); })) return;
    const auto bad = std::find_if(block.begin(), block.end(), [](double v) { return !std::isfinite(v); });
    throw InvalidArgument(fmt::format("channel {}, sample {} is not finite", channel, first + static_cast<std::size_t>(bad - block.begin())));
  };
  for (bool checked = false; passes.wants_pass(); passes.end_pass()) {
    if (passes.is_sparse()) {
      passes.take(trace);
      continue;
    }
    for (std::size_t first = 0; first < trace.size(); first += kBlock) {
      const auto block = trace.subspan(first, std::min(kBlock, trace.size() - first));
      if (!checked) check(block, first);
      passes.take(block);
    }
    checked = true;
  }
  return maxima;
}

}  // namespace emg
