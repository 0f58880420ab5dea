#include "libemg/filter/line_subtract.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/filter/line_fit_internal.h"
#include "libemg/spectral/line.h"

namespace emg {
namespace {

constexpr double kHighestLine = 0.49;  // of the rate
constexpr std::array kWindowsS{4.0, 2.0, 1.0};
constexpr double kResidualZ = 3;
constexpr double kTaken = 1.1875;  // EMG taken with a harmonic, in its density over the window

bool looks_for_lines(const SubtractLineOptions& o) {
  return o.harmonics.empty() && (!o.line_hz || o.harmonic_count == 0);
}

void check(double rate_hz, const SubtractLineOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  if (options.line_hz) require_corner("line_hz", *options.line_hz, rate_hz);
}

// Harmonics to fit, ascending; none if nothing is to be done.
std::vector<int> harmonics_of(double rate_hz, const SubtractLineOptions& o) {
  std::vector<int> harmonics;
  if (!o.line_hz) return harmonics;
  const auto add = [&](int h) {
    if (h > 0 && h * (*o.line_hz + o.search_hz) < kHighestLine * rate_hz) harmonics.push_back(h);
  };
  if (o.harmonics.empty()) {
    for (int h = 1; h <= o.harmonic_count; ++h) add(h);
  } else {
    for (const double h : o.harmonics) add(static_cast<int>(std::lround(h)));
    std::sort(harmonics.begin(), harmonics.end());
    harmonics.erase(std::unique(harmonics.begin(), harmonics.end()), harmonics.end());
  }
  return harmonics;
}

// What was found in one window.
struct WindowReport {
  std::vector<double> frequency_hz;  // of each channel
  RowMatrix amplitude;               // channels x harmonics
};

class SubtractLineStage final : public Stage {
 public:
  SubtractLineStage(Index channels, double rate_hz, const SubtractLineOptions& options, int threads)
      : rate_hz_(rate_hz),
        options_(options),
        harmonics_(harmonics_of(rate_hz, options)),
        threads_(threads),
        window_(samples_in_s(*options.window_s, rate_hz)),
        hop_(std::max<Index>(1, window_ / 2)),
        held_(channels, window_ + hop_),
        line_(RowMatrix::Zero(channels, window_ + hop_)),
        weight_(Eigen::RowVectorXd::Zero(window_ + hop_)) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    require_finite(block, received_);
    if (harmonics_.empty()) return sink(block);
    for (Index done = 0; done < block.cols();) {
      const Index now = std::min(next_end() - held_count_, block.cols() - done);
      held_.middleCols(held_count_, now) = block.middleCols(done, now);
      held_count_ += now;
      received_ += now;
      done += now;
      if (held_count_ == next_end()) work(sink);
    }
  }

  void finish(const BlockSink& sink) override {
    if (received_ == 0) return;
    if (!started_) {
      const auto least = static_cast<Index>(std::ceil(3 * rate_hz_ / *options_.line_hz));
      if (received_ < least) {
        throw InvalidArgument(fmt::format("line_hz {} Hz needs a record of at least {:.6g} s, three periods; it has {:.6g} s",
                                          *options_.line_hz, static_cast<double>(least) / rate_hz_,
                                          static_cast<double>(received_) / rate_hz_));
      }
      window_ = received_;
      take_window(0);
    } else if (held_count_ > window_) {
      take_window(held_count_ - window_);
    }
    hand_on(held_count_, sink);
  }

  Index look_ahead() const override { return window_ + hop_; }
  double output_rate_hz() const override { return rate_hz_; }
  /// What is found from now on is kept.
  void keep_reports() { reporting_ = true; }
  const std::vector<WindowReport>& reports() const { return reports_; }
  const std::vector<int>& harmonics() const { return harmonics_; }

 private:
  // Where the next window ends in the buffer, which starts with the last one done.
  Index next_end() const { return started_ ? window_ + hop_ : window_; }

  void work(const BlockSink& sink) {
    take_window(started_ ? hop_ : 0);
    if (started_) {
      hand_on(hop_, sink);
      const Index left = held_count_ - hop_;
      held_.leftCols(left) = held_.middleCols(hop_, left).eval();
      line_.leftCols(left) = line_.middleCols(hop_, left).eval();
      line_.rightCols(hop_).setZero();
      weight_.head(left) = weight_.segment(hop_, left).eval();
      weight_.tail(hop_).setZero();
      held_count_ = left;
    }
    started_ = true;
  }

  // Fits the window that starts at `first` in the buffer and adds it to what is to be taken away.
  void take_window(Index first) {
    if (!fit_ || fit_->length() != window_)
      fit_ = std::make_unique<LineFit>(window_, rate_hz_, *options_.line_hz, harmonics_, options_.search_hz);
    const Index channels = held_.rows();
    std::vector<std::vector<double>> power(static_cast<std::size_t>(channels));
    if (options_.search_hz > 0) {
      parallel_for(channels, threads_, [&](Index c) { power[static_cast<std::size_t>(c)] = fit_->power(held_.row(c).data() + first); });
    }
    WindowReport report{std::vector<double>(power.size(), *options_.line_hz), RowMatrix(channels, static_cast<Index>(harmonics_.size()))};
    HarmonicTables shared;
    if (options_.shared) {
      auto sum = power.front();
      for (std::size_t c = 1; c < power.size(); ++c) std::transform(sum.begin(), sum.end(), power[c].begin(), sum.begin(), std::plus<>{});
      std::fill(report.frequency_hz.begin(), report.frequency_hz.end(), fit_->best_frequency(sum));
      shared = fit_->tables(report.frequency_hz.front());
    }
    parallel_for(channels, threads_, [&](Index c) {
      auto& frequency_hz = report.frequency_hz[static_cast<std::size_t>(c)];
      if (!options_.shared) frequency_hz = fit_->best_frequency(power[static_cast<std::size_t>(c)]);
      const auto& tables = options_.shared ? shared : fit_->tables(frequency_hz);
      const auto found = fit_->fit(held_.row(c).data() + first, frequency_hz, tables);
      fit_->add_weighted(found, tables, line_.row(c).data() + first);
      for (std::size_t h = 0; h < harmonics_.size(); ++h) {
        report.amplitude(c, static_cast<Index>(h)) = std::hypot(found.cosine[h], found.sine[h]);
      }
    });
    for (Index i = 0; i < window_; ++i) weight_(first + i) += fit_->weights()[static_cast<std::size_t>(i)];
    if (reporting_) reports_.push_back(std::move(report));
  }

  void hand_on(Index count, const BlockSink& sink) {
    RowMatrix out(held_.rows(), count);
    for (Index c = 0; c < held_.rows(); ++c) {
      for (Index i = 0; i < count; ++i) out(c, i) = held_(c, i) - line_(c, i) / weight_(i);
    }
    sink(out);
  }

  double rate_hz_;
  SubtractLineOptions options_;
  std::vector<int> harmonics_;
  int threads_;
  Index window_, hop_;
  RowMatrix held_, line_;  // from the start of the last window done on: samples, and weighted sines
  Eigen::RowVectorXd weight_;
  Index held_count_ = 0, received_ = 0;
  bool started_ = false, reporting_ = false;
  std::unique_ptr<LineFit> fit_;
  std::vector<WindowReport> reports_;
};

// The record with the line taken away, block by block.
BlockSource cleaned(const BlockSource& source, Index channel_count, double rate_hz, const SubtractLineOptions& options, int threads) {
  return [=](const BlockSink& sink) {
    SubtractLineStage stage(channel_count, rate_hz, options, threads);
    source([&](const ChannelsView& block) { stage.push(block, sink); });
    stage.finish(sink);
  };
}

// The window that costs least: line left over, and EMG taken out with it. A window of W s takes kTaken S / W of EMG of density S with each
// harmonic: 2 numbers of variance 1.5 S / W each (Hann), cross-faded between windows whose fits correlate by 1/6. What is left around a
// harmonic is EMG - taken + line left over, so that power + 2 taken ranks the windows, whatever the EMG. A line that drifts is left over in
// lines 1/hop apart, 2 Hz for the shortest window: the power must be counted beyond these. Windows that leave a harmonic standing out are
// not taken if a shorter one is left.
double best_window_s(const BlockSource& source, Index channel_count, double rate_hz, SubtractLineOptions options, int threads) {
  const auto harmonics = harmonics_of(rate_hz, options);
  const auto before = harmonic_heights(source, channel_count, rate_hz, *options.line_hz, harmonics);
  double best_s = kWindowsS.back(), least = std::numeric_limits<double>::infinity();
  for (const double window_s : kWindowsS) {
    options.window_s = window_s;
    const auto after =
        harmonic_heights(cleaned(source, channel_count, rate_hz, options, threads), channel_count, rate_hz, *options.line_hz, harmonics);
    bool stands_out = false;
    double cost = 0;
    for (std::size_t c = 0; c < after.size(); ++c) {
      for (std::size_t h = 0; h < harmonics.size(); ++h) {
        if (!after[c][h] || !before[c][h]) continue;
        stands_out = stands_out || (before[c][h]->z >= options.line_z && after[c][h]->z > kResidualZ);
        cost += after[c][h]->wide_uv2 + 2 * kTaken * before[c][h]->floor_uv2_per_hz / window_s;
      }
    }
    if (stands_out || cost >= least) continue;
    least = cost;
    best_s = window_s;
  }
  return best_s;
}

// Frequency near `base_hz`, within what detection takes for the same line, with the most power at the harmonics in the whole record.
double refined_line_hz(const BlockSource& source, Index channel_count, double rate_hz, double base_hz, const std::vector<int>& harmonics) {
  constexpr double kReachHz = 0.3;
  const LineFit fit(samples_in_s(kWindowsS.front(), rate_hz), rate_hz, base_hz, harmonics, kReachHz);
  RowMatrix held = RowMatrix::Zero(channel_count, fit.length());
  std::vector<double> sum;
  Index held_count = 0;
  const auto add = [&] {
    for (Index c = 0; c < channel_count; ++c) {
      const auto power = fit.power(held.row(c).data());
      sum.resize(power.size());
      std::transform(sum.begin(), sum.end(), power.begin(), sum.begin(), std::plus<>{});
    }
    held.setZero();
    held_count = 0;
  };
  source([&](const ChannelsView& block) {
    for (Index done = 0; done < block.cols();) {
      const Index now = std::min(held.cols() - held_count, block.cols() - done);
      held.middleCols(held_count, now) = block.middleCols(done, now);
      held_count += now;
      done += now;
      if (held_count == held.cols()) add();
    }
  });
  if (sum.empty()) add();
  return fit.best_frequency(sum);
}

// The harmonics found, and those too weak to stand out of the spectrum of which the fit takes less EMG than it takes line, twice over.
std::vector<double> worthwhile_harmonics(const BlockSource& source, Index channel_count, double rate_hz, double line_hz,
                                         const std::vector<int>& found) {
  constexpr int kMostHarmonics = 9;
  std::vector<int> candidates;
  for (int h = 1; h <= kMostHarmonics && h * line_hz < kHighestLine * rate_hz; ++h) candidates.push_back(h);
  const auto heights = harmonic_heights(source, channel_count, rate_hz, line_hz, candidates);
  std::vector<double> harmonics;
  for (std::size_t h = 0; h < candidates.size(); ++h) {
    double line = 0, taken = 0;
    for (const auto& own : heights) {
      if (!own[h]) continue;
      line += own[h]->excess_uv2;
      taken += kTaken * own[h]->floor_uv2_per_hz / kWindowsS.front();
    }
    if (line > 2 * taken || std::find(found.begin(), found.end(), candidates[h]) != found.end()) harmonics.push_back(candidates[h]);
  }
  return harmonics;
}

SubtractLineOptions resolved(const BlockSource& source, Index channel_count, double rate_hz, const SubtractLineOptions& options,
                             int threads) {
  check(rate_hz, options);
  auto found = options;
  if (looks_for_lines(options)) {
    const auto line = find_line(source, channel_count, rate_hz, {options.line_hz, options.line_z});
    if (line) {
      found.line_hz = options.line_hz ? *options.line_hz : refined_line_hz(source, channel_count, rate_hz, line->base_hz, line->harmonics);
      if (options.harmonic_count == 0) {
        found.harmonics = worthwhile_harmonics(source, channel_count, rate_hz, *found.line_hz, line->harmonics);
      }
    }
    if (!line || (options.harmonic_count == 0 && found.harmonics.empty())) found.harmonics = {0};
  }
  if (!found.window_s) {
    found.window_s = kWindowsS.front();
    if (!harmonics_of(rate_hz, found).empty()) found.window_s = best_window_s(source, channel_count, rate_hz, found, threads);
  }
  return found;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

}  // namespace

SubtractLineOptions resolve_subtract_line(const BlockSource& source, Index channel_count, double rate_hz,
                                          const SubtractLineOptions& options) {
  return resolved(source, channel_count, rate_hz, options, 1);
}

RowMatrix subtract_line(const ChannelsView& signal, double rate_hz, const SubtractLineOptions& options, int threads) {
  require_signal(signal, rate_hz);
  const BlockSource whole = [&](const BlockSink& sink) { sink(signal); };
  const auto found = resolved(whole, signal.rows(), rate_hz, options, threads);
  if (harmonics_of(rate_hz, found).empty()) return signal;
  RowMatrix out = unset_matrix(signal.rows(), signal.cols());
  Index written = 0;
  cleaned(whole, signal.rows(), rate_hz, found, threads)([&](const ChannelsView& block) {
    out.middleCols(written, block.cols()) = block;
    written += block.cols();
  });
  return out;
}

std::vector<SubtractedLineRow> subtracted_lines(const ChannelsView& signal, double rate_hz, const SubtractLineOptions& options,
                                                int threads) {
  require_signal(signal, rate_hz);
  const BlockSource whole = [&](const BlockSink& sink) { sink(signal); };
  const auto found = resolved(whole, signal.rows(), rate_hz, options, threads);
  std::vector<SubtractedLineRow> rows;
  if (harmonics_of(rate_hz, found).empty()) return rows;
  SubtractLineStage stage(signal.rows(), rate_hz, found, threads);
  stage.keep_reports();
  const BlockSource clean = [&](const BlockSink& sink) {
    stage.push(signal, sink);
    stage.finish(sink);
  };
  const auto left = harmonic_heights(clean, signal.rows(), rate_hz, *found.line_hz, stage.harmonics());
  for (Index c = 0; c < signal.rows(); ++c) {
    std::vector<double> frequencies;
    for (const auto& report : stage.reports()) frequencies.push_back(report.frequency_hz[static_cast<std::size_t>(c)]);
    const auto [lowest, highest] = std::minmax_element(frequencies.begin(), frequencies.end());
    for (std::size_t h = 0; h < stage.harmonics().size(); ++h) {
      std::vector<double> amplitudes;
      for (const auto& report : stage.reports()) amplitudes.push_back(report.amplitude(c, static_cast<Index>(h)));
      const int harmonic = stage.harmonics()[h];
      const auto& height = left[static_cast<std::size_t>(c)][h];
      rows.push_back({static_cast<int>(c), harmonic, harmonic * median_of(frequencies), harmonic * *lowest, harmonic * *highest,
                      median_of(amplitudes), height ? std::optional(height->z) : std::nullopt,
                      static_cast<double>(std::min(signal.cols(), samples_in_s(*found.window_s, rate_hz))) / rate_hz});
    }
  }
  return rows;
}

std::unique_ptr<Stage> subtract_line_stage(Index channel_count, double rate_hz, const SubtractLineOptions& options) {
  check(rate_hz, options);
  if (looks_for_lines(options) || !options.window_s) {
    throw InvalidArgument("line_hz, harmonics or window_s is open: it must be found in the whole record before blocks can be cleaned");
  }
  return std::make_unique<SubtractLineStage>(channel_count, rate_hz, options, 1);
}

}  // namespace emg
