#include "libemg/measure/surface/normalise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

bool in_record(NormaliseMethod method) {
  return method == NormaliseMethod::task_peak || method == NormaliseMethod::task_mean;
}

void require_reference(double reference_uv, double noise_uv, Index channel) {
  if (reference_uv > noise_uv) return;
  throw InvalidArgument(fmt::format("reference_uv {:.6g} of channel {} is not above noise_uv {:.6g}", reference_uv, channel, noise_uv));
}

// Peak and mean of each channel of a record that comes in blocks. Sums run over stretches of kStretch samples from sample 0, so that they
// have the same bits for every way of cutting the record.
class Reference {
 public:
  explicit Reference(Index channel_count) : peak_(channel_count), sum_(channel_count), stretch_(channel_count) {
    peak_.setConstant(-std::numeric_limits<double>::infinity());
    sum_.setZero();
    stretch_.setZero();
  }

  void add(const ChannelsView& block) {
    require_finite(block, count_);
    for (Index i = 0; i < block.cols(); ++i) {
      if (count_++ % kStretch == 0) {
        sum_ += stretch_;
        stretch_.setZero();
      }
      peak_ = peak_.max(block.col(i).array());
      stretch_ += block.col(i).array();
    }
  }

  double of(NormaliseMethod method, Index channel) const {
    if (method == NormaliseMethod::task_peak) return peak_(channel);
    return (sum_(channel) + stretch_(channel)) / static_cast<double>(count_);
  }

 private:
  static constexpr Index kStretch = 1024;
  Eigen::ArrayXd peak_, sum_, stretch_;
  Index count_ = 0;
};

// One reference for each channel as given by the options.
std::vector<double> given_references(Index channel_count, const NormaliseOptions& options) {
  const auto& given = options.reference_uv;
  if (in_record(options.method)) {
    if (given.empty()) return {};
    throw InvalidArgument(fmt::format("reference_uv is given, but method {} finds it in the record", name_of(options.method)));
  }
  if (given.empty())
    throw InvalidArgument(fmt::format("reference_uv of channel 0 is missing: method {} needs it", name_of(options.method)));
  if (given.size() == 1) return std::vector<double>(static_cast<std::size_t>(channel_count), given.front());
  if (static_cast<Index>(given.size()) == channel_count) return given;
  throw InvalidArgument(fmt::format("reference_uv has {} values for {} channels; give one, or one for each", given.size(), channel_count));
}

class Normaliser : public Stage {
 public:
  Normaliser(std::vector<double> references, double rate_hz) : references_(std::move(references)), rate_hz_(rate_hz) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    if (block.cols() == 0) return;
    RowMatrix out(block.rows(), block.cols());
    for (Index c = 0; c < block.rows(); ++c) out.row(c) = 100.0 * block.row(c) / references_[static_cast<std::size_t>(c)];
    sink(out);
  }
  void finish(const BlockSink&) override {}
  Index look_ahead() const override { return 0; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  std::vector<double> references_;
  double rate_hz_;
};

class Unchanged : public Stage {
 public:
  explicit Unchanged(double rate_hz) : rate_hz_(rate_hz) {}
  void push(const ChannelsView& block, const BlockSink& sink) override { sink(block); }
  void finish(const BlockSink&) override {}
  Index look_ahead() const override { return 0; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  double rate_hz_;
};

struct Trial {
  Index first = 0, count = 0;
};

std::vector<Trial> trials_of(const ChannelsView& signal, double rate_hz, const MvcReferenceOptions& options, Index plateau) {
  const auto& starts = options.trial_start_s;
  const auto& stops = options.trial_stop_s;
  if (starts.size() != stops.size()) {
    throw InvalidArgument(fmt::format("trial_start_s has {} values, trial_stop_s {}", starts.size(), stops.size()));
  }
  std::vector<Trial> trials;
  for (std::size_t t = 0; t < starts.size(); ++t) {
    const auto first = static_cast<Index>(std::llround(starts[t] * rate_hz)), end = static_cast<Index>(std::llround(stops[t] * rate_hz));
    if (first >= end || end > signal.cols()) {
      throw InvalidArgument(fmt::format("trial_start_s {} to trial_stop_s {} does not lie within the record ({:.6g} s)", starts[t],
                                        stops[t], static_cast<double>(signal.cols()) / rate_hz));
    }
    trials.push_back({first, end - first});
  }
  if (trials.empty()) trials.push_back({0, signal.cols()});
  for (const auto& trial : trials) {
    if (trial.count >= plateau) continue;
    throw InvalidArgument(
        fmt::format("plateau_ms {} is longer than a trial ({:.6g} s)", options.plateau_ms, static_cast<double>(trial.count) / rate_hz));
  }
  return trials;
}

struct Plateau {
  Index first = 0;
  double mean = 0;
};

// The largest mean over `length` samples. Sums run from the start of each block of `length` and from its end, so that an artefact leaves no
// rounding error behind.
Plateau largest_plateau(const std::vector<double>& x, Index length) {
  const auto n = static_cast<Index>(x.size());
  std::vector<double> prefix(x), suffix(x);
  for (Index i = 1; i < n; ++i) {
    if (i % length != 0) prefix[static_cast<std::size_t>(i)] += prefix[static_cast<std::size_t>(i - 1)];
  }
  for (Index i = n - 2; i >= 0; --i) {
    if ((i + 1) % length != 0) suffix[static_cast<std::size_t>(i)] += suffix[static_cast<std::size_t>(i + 1)];
  }
  Plateau best{0, -1};
  for (Index i = 0; i + length <= n; ++i) {
    const double sum = i % length == 0 ? suffix[static_cast<std::size_t>(i)]
                                       : suffix[static_cast<std::size_t>(i)] + prefix[static_cast<std::size_t>(i + length - 1)];
    if (sum / static_cast<double>(length) > best.mean) best = {i, sum / static_cast<double>(length)};
  }
  return best;
}

}  // namespace

NormaliseOptions resolve_normalise(const BlockSource& source, Index channel_count, double rate_hz, const NormaliseOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  auto known = options;
  if (options.method == NormaliseMethod::none) return known;
  known.reference_uv = given_references(channel_count, options);
  if (in_record(options.method)) {
    Reference found(channel_count);
    source([&](const ChannelsView& block) { found.add(block); });
    for (Index c = 0; c < channel_count; ++c) known.reference_uv.push_back(found.of(options.method, c));
  }
  for (Index c = 0; c < channel_count; ++c) require_reference(known.reference_uv[static_cast<std::size_t>(c)], options.noise_uv, c);
  return known;
}

RowMatrix normalise(const ChannelsView& signal, double rate_hz, const NormaliseOptions& options, int threads) {
  require_signal(signal, rate_hz);
  const auto known = resolve_normalise([&](const BlockSink& sink) { sink(signal); }, signal.rows(), rate_hz, options);
  if (options.method == NormaliseMethod::none) return signal;
  RowMatrix out = unset_matrix(signal.rows(), signal.cols());
  parallel_for(signal.rows(), threads,
               [&](Index c) { out.row(c) = 100.0 * signal.row(c) / known.reference_uv[static_cast<std::size_t>(c)]; });
  return out;
}

std::unique_ptr<Stage> normalise_stage(Index, double rate_hz, const NormaliseOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  if (options.method == NormaliseMethod::none) return std::make_unique<Unchanged>(rate_hz);
  return std::make_unique<Normaliser>(options.reference_uv, rate_hz);
}

std::string normalised_unit(const NormaliseOptions& options) {
  return options.method == NormaliseMethod::none ? "" : "%";
}

std::vector<MvcReferenceRow> mvc_reference(const ChannelsView& signal, double rate_hz, const MvcReferenceOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  const Index plateau = samples_in_ms(options.plateau_ms, rate_hz);
  const auto trials = trials_of(signal, rate_hz, options, plateau);
  const auto trial_count = static_cast<Index>(trials.size());
  std::vector<MvcReferenceRow> rows(static_cast<std::size_t>(signal.rows() * trial_count));
  parallel_for(signal.rows(), threads, [&](Index c) {
    double largest = 0, sum = 0, squares = 0;
    for (Index t = 0; t < trial_count; ++t) {
      const auto& trial = trials[static_cast<std::size_t>(t)];
      std::vector<double> x;
      for (Index i = trial.first; i < trial.first + trial.count; ++i) {
        x.push_back(options.envelope == EnvelopeKind::rms ? signal(c, i) * signal(c, i) : std::abs(signal(c, i)));
      }
      const auto best = largest_plateau(x, plateau);
      auto& row = rows[static_cast<std::size_t>(c * trial_count + t)];
      row.channel = static_cast<int>(c);
      row.trial = static_cast<int>(t);
      row.start_s = static_cast<double>(trial.first) / rate_hz;
      row.end_s = static_cast<double>(trial.first + trial.count) / rate_hz;
      row.plateau_uv = options.envelope == EnvelopeKind::rms ? std::sqrt(best.mean) : best.mean;
      row.plateau_start_s = static_cast<double>(best.first) / rate_hz;
      row.trial_count = static_cast<int>(trial_count);
      largest = std::max(largest, row.plateau_uv);
      sum += row.plateau_uv;
    }
    const double mean = sum / static_cast<double>(trial_count);
    for (Index t = 0; t < trial_count; ++t) squares += std::pow(rows[static_cast<std::size_t>(c * trial_count + t)].plateau_uv - mean, 2);
    for (Index t = 0; t < trial_count; ++t) {
      auto& row = rows[static_cast<std::size_t>(c * trial_count + t)];
      row.reference_uv = largest;
      if (trial_count > 1 && mean > 0) row.cv_percent = 100 * std::sqrt(squares / static_cast<double>(trial_count - 1)) / mean;
    }
  });
  return rows;
}

}  // namespace emg
