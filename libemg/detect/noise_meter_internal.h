#pragma once
// Noise of one channel from passes over its blocks, in memory that does not grow with the record.

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/parallel.h"
#include "libemg/core/signal.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise.h"

namespace emg {

/// What looks at a sequence several times: `while (wants_pass()) { take(all of it, in any blocks); end_pass(); }`.
class Passes {
 public:
  virtual ~Passes() = default;
  virtual bool wants_pass() const = 0;
  /// Whether the coming pass looks at a few samples only.
  virtual bool is_sparse() const { return false; }
  virtual void take(std::span<const double> block) = 0;
  virtual void end_pass() = 0;
};

/// Exact median (of |x| if `absolute`) of `count` values: a bracket around it, found from some of them, is narrowed until what lies
/// inside can be kept.
class MedianPasses final : public Passes {
 public:
  MedianPasses(Index count, bool absolute);
  bool wants_pass() const override { return phase_ != Phase::done; }
  bool is_sparse() const override { return phase_ == Phase::sample && step_ > 1; }
  void take(std::span<const double> block) override;
  void end_pass() override;
  /// Mean of the two middle values if their number is even.
  double median() const { return value_ == successor_ ? value_ : (value_ + successor_) / 2; }

 private:
  enum class Phase { sample, bracket, successor, done };
  void keep(std::span<const double> values);
  void select(std::size_t lower, std::size_t upper);
  void narrow(std::size_t lower);

  Phase phase_ = Phase::sample;
  bool absolute_;
  std::size_t count_, seen_ = 0, step_ = 1, next_ = 0;
  std::size_t below_ = 0, inside_ = 0;
  double low_, high_, lowest_ = 0, highest_ = 0;  ///< the bracket; the extremes found inside
  double reach_ = 2, value_ = 0, successor_ = 0;
  std::optional<double> above_tie_;
  std::vector<double> kept_, scratch_;
};

struct NoiseReading {
  double noise_uv = 0;
  std::optional<double> window_ms = std::nullopt, density = std::nullopt;
  bool constant = false;
};

class NoiseMeter final : public Passes {
 public:
  /// `count` samples will come in each pass. Throws InvalidArgument if the span of method `span` is not inside.
  NoiseMeter(const NoiseOptions& options, double rate_hz, Index count);
  NoiseMeter(NoiseMeter&&) noexcept;
  ~NoiseMeter() override;
  bool wants_pass() const override;
  bool is_sparse() const override;
  void take(std::span<const double> block) override;
  void end_pass() override;
  NoiseReading reading() const;

  class Method;  ///< one of the methods of NoiseOptions

 private:
  std::unique_ptr<MedianPasses> centre_;
  std::unique_ptr<Method> method_;
  std::vector<double> centred_;
  std::optional<double> first_;
  bool constant_ = true;
};

/// All passes over one trace.
inline void run_passes(Passes& passes, std::span<const double> trace) {
  while (passes.wants_pass()) {
    passes.take(trace);
    passes.end_pass();
  }
}

/// The same in blocks that stay in the cache for all that a pass reads: passes, and whether the samples are finite. Returns the largest |x|
/// of chunks (scan_internal.h). Throws InvalidArgument naming channel and sample.
std::vector<double> run_checked_passes(Passes& passes, std::span<const double> trace, Index channel);

/// Refuses a record without channels or samples, or with a rate outside its range, as require_signal does.
inline void require_record(const StreamedRecord& record) {
  require_rate(record.rate_hz);
  if (record.channel_count == 0 || record.sample_count == 0) require_signal(RowMatrix(record.channel_count, 0), record.rate_hz);
}

/// All passes of one object for each channel; samples that are not finite are refused in the first.
template <class ChannelPasses>
void run_passes(const StreamedRecord& record, std::vector<ChannelPasses>& channels, int threads) {
  bool checked = false;
  const auto waiting = [&] { return std::any_of(channels.begin(), channels.end(), [](const auto& c) { return c.wants_pass(); }); };
  while (waiting()) {
    Index position = 0;
    record.read([&](const ChannelsView& block) {
      if (!checked) require_finite(block, position);
      position += block.cols();
      parallel_for(block.rows(), threads, [&](Index c) {
        auto& passes = channels[static_cast<std::size_t>(c)];
        if (passes.wants_pass()) passes.take(channel_span(block, c));
      });
    });
    checked = true;
    for (auto& passes : channels) {
      if (passes.wants_pass()) passes.end_pass();
    }
  }
}

}  // namespace emg
