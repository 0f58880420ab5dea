#include "libemg/filter/detrend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/trend.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

// First samples of the pieces after the first.
std::vector<Index> breaks_of(double rate_hz, const DetrendOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  if (!options.break_points_s.empty() && options.kind != DetrendKind::line) {
    throw InvalidArgument(fmt::format("break_points_s are for kind line, not {}", name_of(options.kind)));
  }
  std::vector<Index> breaks;
  for (const double s : options.break_points_s) {
    const auto sample = static_cast<Index>(std::llround(s * rate_hz));
    if (sample <= (breaks.empty() ? 0 : breaks.back())) {
      throw InvalidArgument(fmt::format("break_points_s {} does not lie after the start and the break point before it", s));
    }
    breaks.push_back(sample);
  }
  return breaks;
}

void require_inside(const std::vector<Index>& breaks, const DetrendOptions& options, Index sample_count, double rate_hz) {
  if (breaks.empty() || breaks.back() < sample_count) return;
  throw InvalidArgument(fmt::format("break_points_s {} lies outside the record of {:.6g} s", options.break_points_s.back(),
                                    static_cast<double>(sample_count) / rate_hz));
}

// Line through one piece: value at its first sample, slope a sample.
struct PieceLine {
  double level = 0, slope = 0;
};

// Lines of the pieces of one channel from samples that come in any blocks.
class LineFitter {
 public:
  LineFitter(const std::vector<Index>& breaks, bool slopes) : breaks_(breaks), slopes_(slopes) {}

  void push(std::span<const double> x) {
    for (std::size_t done = 0; done < x.size();) {
      Index room = kGrid - static_cast<Index>(held_.size());
      if (lines_.size() < breaks_.size()) room = std::min(room, breaks_[lines_.size()] - received_);
      const auto now = std::min(x.size() - done, static_cast<std::size_t>(room));
      held_.insert(held_.end(), x.begin() + static_cast<std::ptrdiff_t>(done), x.begin() + static_cast<std::ptrdiff_t>(done + now));
      done += now;
      received_ += static_cast<Index>(now);
      if (static_cast<Index>(held_.size()) == kGrid) end_part();
      if (lines_.size() < breaks_.size() && received_ == breaks_[lines_.size()]) end_piece();
    }
  }

  std::vector<PieceLine> finish() {
    end_piece();
    return std::move(lines_);
  }

 private:
  static constexpr Index kGrid = 4096;

  // The held samples become their sum and their moment about their own centre.
  void end_part() {
    if (held_.empty()) return;
    const auto n = static_cast<double>(held_.size());
    const auto line = fit_trend(held_, slopes_ ? Trend::line : Trend::mean);
    sums_.push_back(line.level * n);
    moments_.push_back(line.slope * n * (n * n - 1) / 12);
    last_count_ = n;
    held_.clear();
  }

  void end_piece() {
    end_part();
    PieceLine line;
    if (!sums_.empty()) {
      const auto parts = sums_.size();
      const double n = static_cast<double>(parts - 1) * kGrid + last_count_, centre = (n - 1) / 2;
      const double mean = pairwise_sum(sums_) / n;
      for (std::size_t p = 0; p < parts; ++p) {
        const double count = p + 1 == parts ? last_count_ : static_cast<double>(kGrid);
        moments_[p] += (static_cast<double>(p) * kGrid + (count - 1) / 2 - centre) * (sums_[p] - count * mean);
      }
      if (slopes_ && n > 1) line.slope = pairwise_sum(moments_) / (n * (n * n - 1) / 12);
      line.level = mean - line.slope * centre;
    }
    lines_.push_back(line);
    sums_.clear();
    moments_.clear();
  }

  const std::vector<Index>& breaks_;
  bool slopes_;
  std::vector<double> held_, sums_, moments_;
  double last_count_ = 0;
  Index received_ = 0;
  std::vector<PieceLine> lines_;
};

double median_of(std::span<const double> x) {
  std::vector<double> values(x.begin(), x.end());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

// Lines of every channel as levels_uv and slopes_uv_per_s give them.
std::vector<std::vector<PieceLine>> given_lines(Index channel_count, double rate_hz, const DetrendOptions& options, std::size_t pieces) {
  const auto wanted = static_cast<std::size_t>(channel_count) * pieces;
  const bool sloped = options.kind == DetrendKind::line;
  if (options.levels_uv.size() != wanted || options.slopes_uv_per_s.size() != (sloped ? wanted : 0)) {
    throw InvalidArgument(fmt::format("levels_uv has {} values and slopes_uv_per_s {}: {} channels of {} pieces need {} and {}",
                                      options.levels_uv.size(), options.slopes_uv_per_s.size(), channel_count, pieces, wanted,
                                      sloped ? wanted : 0));
  }
  std::vector<std::vector<PieceLine>> lines(static_cast<std::size_t>(channel_count));
  for (std::size_t i = 0; i < wanted; ++i)
    lines[i / pieces].push_back({options.levels_uv[i], sloped ? options.slopes_uv_per_s[i] / rate_hz : 0});
  return lines;
}

// out = x - line for samples from `first` of the record on.
void subtract(std::span<const double> x, Index first, const std::vector<Index>& breaks, const std::vector<PieceLine>& lines, double* out) {
  const Index end = first + static_cast<Index>(x.size());
  for (std::size_t p = 0; p < lines.size(); ++p) {
    const Index start = p == 0 ? 0 : breaks[p - 1];
    const Index from = std::max(first, start), to = p < breaks.size() ? std::min(end, breaks[p]) : end;
    const double level = lines[p].level, slope = lines[p].slope;
    for (Index i = from; i < to; ++i)
      out[i - first] = x[static_cast<std::size_t>(i - first)] - (level + slope * static_cast<double>(i - start));
  }
}

class DetrendStage final : public Stage {
 public:
  DetrendStage(double rate_hz, std::vector<Index> breaks, std::vector<std::vector<PieceLine>> lines)
      : rate_hz_(rate_hz), breaks_(std::move(breaks)), lines_(std::move(lines)) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    require_finite(block, received_);
    RowMatrix out(block.rows(), block.cols());
    for (Index c = 0; c < block.rows(); ++c) {
      subtract(channel_span(block, c), received_, breaks_, lines_[static_cast<std::size_t>(c)], out.row(c).data());
    }
    received_ += block.cols();
    sink(out);
  }
  void finish(const BlockSink&) override {}
  Index look_ahead() const override { return 0; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  double rate_hz_;
  std::vector<Index> breaks_;
  std::vector<std::vector<PieceLine>> lines_;
  Index received_ = 0;
};

}  // namespace

DetrendOptions resolve_detrend(const BlockSource& source, Index channel_count, double rate_hz, const DetrendOptions& options) {
  const auto breaks = breaks_of(rate_hz, options);
  if (!options.levels_uv.empty() || options.kind == DetrendKind::median) return options;
  const bool slopes = options.kind == DetrendKind::line;
  std::vector<LineFitter> fitters(static_cast<std::size_t>(channel_count), LineFitter(breaks, slopes));
  Index received = 0;
  source([&](const ChannelsView& block) {
    require_finite(block, received);
    received += block.cols();
    for (Index c = 0; c < channel_count; ++c) fitters[static_cast<std::size_t>(c)].push(channel_span(block, c));
  });
  require_inside(breaks, options, received, rate_hz);
  auto resolved = options;
  for (auto& fitter : fitters) {
    for (const auto& line : fitter.finish()) {
      resolved.levels_uv.push_back(line.level);
      if (slopes) resolved.slopes_uv_per_s.push_back(line.slope * rate_hz);
    }
  }
  return resolved;
}

RowMatrix detrend(const ChannelsView& signal, double rate_hz, const DetrendOptions& options, int threads) {
  require_signal(signal, rate_hz);
  const auto breaks = breaks_of(rate_hz, options);
  require_inside(breaks, options, signal.cols(), rate_hz);
  std::vector<std::vector<PieceLine>> given;
  if (!options.levels_uv.empty()) given = given_lines(signal.rows(), rate_hz, options, breaks.size() + 1);
  RowMatrix out = unset_matrix(signal.rows(), signal.cols());
  parallel_for(signal.rows(), threads, [&](Index c) {
    const auto x = channel_span(signal, c);
    if (!given.empty()) {
      subtract(x, 0, breaks, given[static_cast<std::size_t>(c)], out.row(c).data());
    } else if (options.kind == DetrendKind::median) {
      subtract(x, 0, breaks, {{median_of(x), 0}}, out.row(c).data());
    } else {
      LineFitter fitter(breaks, options.kind == DetrendKind::line);
      fitter.push(x);
      // The slope takes the way through its unit, as in the stage.
      auto lines = fitter.finish();
      for (auto& line : lines) line.slope = line.slope * rate_hz / rate_hz;
      subtract(x, 0, breaks, lines, out.row(c).data());
    }
  });
  return out;
}

std::unique_ptr<Stage> detrend_stage(Index channel_count, double rate_hz, const DetrendOptions& options) {
  auto breaks = breaks_of(rate_hz, options);
  if (options.levels_uv.empty()) return nullptr;
  auto lines = given_lines(channel_count, rate_hz, options, breaks.size() + 1);
  return std::make_unique<DetrendStage>(rate_hz, std::move(breaks), std::move(lines));
}

}  // namespace emg
