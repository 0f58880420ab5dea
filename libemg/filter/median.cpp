#include "libemg/filter/median.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "libemg/core/validate.h"

namespace emg {
namespace {

// The samples of one block in sorted order as a linked list. `middle` is where the median of the two blocks in use divides the list,
// `below` the number of list members before it.
class SortedBlock {
 public:
  void sort(const double* values, std::int32_t count) {
    values_ = values;
    count_ = count;
    order_.resize(static_cast<std::size_t>(count));
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t b) { return before(a, b); });
    next_.resize(static_cast<std::size_t>(count) + 1);
    previous_.resize(static_cast<std::size_t>(count) + 1);
    std::int32_t at = count;  // the place after the last is the end of the ring
    for (const auto i : order_) {
      next(at) = i;
      previous(i) = at;
      at = i;
    }
    next(at) = count;
    previous(count) = at;
    middle_ = order_[static_cast<std::size_t>(count / 2)];
    below_ = count / 2;
  }

  // Takes all samples out, the last first, so that `insert` can bring them back in order.
  void empty() {
    for (std::int32_t i = count_ - 1; i >= 0; --i) {
      next(previous(i)) = next(i);
      previous(next(i)) = previous(i);
    }
    middle_ = count_;
    below_ = 0;
  }

  void remove(std::int32_t i) {
    next(previous(i)) = next(i);
    previous(next(i)) = previous(i);
    if (is_below(i)) {
      --below_;
    } else {
      if (middle_ == i) middle_ = next(i);
      if (below_ > 0) {
        middle_ = previous(middle_);
        --below_;
      }
    }
  }

  void insert(std::int32_t i) {
    next(previous(i)) = i;
    previous(next(i)) = i;
    if (is_below(i)) middle_ = previous(middle_);
  }

  void advance() {
    middle_ = next(middle_);
    ++below_;
  }

  std::int32_t below() const { return below_; }
  bool at_end() const { return middle_ == count_; }
  double value() const { return values_[middle_]; }

 private:
  std::int32_t& next(std::int32_t i) { return next_[static_cast<std::size_t>(i)]; }
  std::int32_t& previous(std::int32_t i) { return previous_[static_cast<std::size_t>(i)]; }
  bool before(std::int32_t a, std::int32_t b) const { return values_[a] < values_[b] || (values_[a] == values_[b] && a < b); }
  bool is_below(std::int32_t i) const { return at_end() || before(i, middle_); }

  const double* values_ = nullptr;
  std::int32_t count_ = 0, middle_ = 0, below_ = 0;
  std::vector<std::int32_t> order_, next_, previous_;
};

// Moving median of one channel over blocks of one window each.
class MovingMedian {
 public:
  explicit MovingMedian(Index window) : window_(static_cast<std::int32_t>(window)), first_(values(window)), second_(values(window)) {}

  // Median of the first block.
  double start(const double* block) {
    std::copy_n(block, window_, second_.begin());
    new_.sort(second_.data(), window_);
    return new_.value();
  }

  // Medians of the windows that end at each sample of the next block.
  void next(const double* block, double* out) {
    std::swap(old_, new_);
    std::swap(first_, second_);
    std::copy_n(block, window_, second_.begin());
    new_.sort(second_.data(), window_);
    new_.empty();
    const std::int32_t half = window_ / 2;
    for (std::int32_t i = 0; i < window_; ++i) {
      old_.remove(i);
      new_.insert(i);
      while (old_.below() + new_.below() < half)
        (new_.at_end() || (!old_.at_end() && old_.value() <= new_.value()) ? old_ : new_).advance();
      out[i] = new_.at_end() || (!old_.at_end() && old_.value() <= new_.value()) ? old_.value() : new_.value();
    }
  }

 private:
  static std::vector<double> values(Index window) { return std::vector<double>(static_cast<std::size_t>(window)); }

  std::int32_t window_;
  SortedBlock old_, new_;
  std::vector<double> first_, second_;  // what old_ and new_ point into
};

// The record with half a window before and after it is cut into blocks of one window.
class MedianStage final : public Stage {
 public:
  MedianStage(Index channels, double rate_hz, Index window, bool subtract)
      : rate_hz_(rate_hz),
        window_(window),
        half_(window / 2),
        subtract_(subtract),
        medians_(static_cast<std::size_t>(channels), MovingMedian(window)),
        held_(channels, 2 * window) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    require_finite(block, received_);
    if (block.cols() == 0) return;
    if (received_ == 0) {
      for (Index i = 0; i < half_; ++i) append(block.leftCols(1));
    }
    received_ += block.cols();
    for (Index done = 0; done < block.cols();) {
      const Index now = std::min(block.cols() - done, 2 * window_ - held_count_);
      append(block.middleCols(done, now));
      done += now;
      if (held_count_ == 2 * window_) work(sink);
    }
  }

  void finish(const BlockSink& sink) override {
    if (received_ == 0) return;
    const RowMatrix last = held_.col(held_count_ - 1);
    while (handed_on_ < received_) {
      while (held_count_ < 2 * window_) append(last);
      work(sink);
    }
  }

  Index look_ahead() const override { return half_ + window_; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  void append(const ChannelsView& samples) {
    held_.middleCols(held_count_, samples.cols()) = samples;
    held_count_ += samples.cols();
  }

  // held_ is the block before, whose windows are done, and a new one; at the very start the first block still has its one window to give.
  void work(const BlockSink& sink) {
    const Index ready = started_ ? 0 : 1;
    RowMatrix out(held_.rows(), window_ + ready);
    for (Index c = 0; c < held_.rows(); ++c) {
      auto& median = medians_[static_cast<std::size_t>(c)];
      double* const row = out.row(c).data();
      if (!started_) row[0] = median.start(held_.row(c).data());
      median.next(held_.row(c).data() + window_, row + ready);
    }
    started_ = true;
    const Index count = std::min(out.cols(), received_ - handed_on_);
    if (subtract_) {
      // The window that ends at place i has its centre half a window before.
      out = held_.middleCols(window_ - ready - half_, out.cols()) - out;
    }
    sink(out.leftCols(count));
    handed_on_ += count;
    held_.leftCols(window_) = held_.rightCols(window_).eval();
    held_count_ = window_;
  }

  double rate_hz_;
  Index window_, half_;
  bool subtract_, started_ = false;
  std::vector<MovingMedian> medians_;
  RowMatrix held_;
  Index held_count_ = 0, received_ = 0, handed_on_ = 0;
};

}  // namespace

RowMatrix median_filter(const ChannelsView& signal, double rate_hz, const MedianFilterOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  return run_stage([&](Index channels) { return median_filter_stage(channels, rate_hz, options); }, signal, threads);
}

std::unique_ptr<Stage> median_filter_stage(Index channel_count, double rate_hz, const MedianFilterOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  const Index window = samples_in_ms(options.window_ms, rate_hz) / 2 * 2 + 1;
  const bool subtract = options.subtract;
  return grouped_stage([=](Index channels) { return std::make_unique<MedianStage>(channels, rate_hz, window, subtract); }, channel_count,
                       1);
}

}  // namespace emg
