#include "libemg/filter/whiten.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/trend.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

constexpr double kWindowS = 0.25, kQuietPart = 0.2;
constexpr Index kMostSamples = 20000;

void check(double rate_hz, const WhitenOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
}

double rms_of(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

// Calls `use(channel, window, samples)` for every whole window of every channel; a record shorter than one window is one. Returns the count
// of samples.
template <class Use>
Index for_windows(const BlockSource& source, Index channel_count, Index length, const Use& use) {
  RowMatrix held(channel_count, length);
  Index held_count = 0, received = 0, window = 0;
  source([&](const ChannelsView& block) {
    require_finite(block, received);
    received += block.cols();
    for (Index done = 0; done < block.cols();) {
      const Index now = std::min(length - held_count, block.cols() - done);
      held.middleCols(held_count, now) = block.middleCols(done, now);
      held_count += now;
      done += now;
      if (held_count < length) continue;
      for (Index c = 0; c < channel_count; ++c) use(c, window, channel_span(held, c));
      ++window;
      held_count = 0;
    }
  });
  if (window == 0 && held_count > 0) {
    for (Index c = 0; c < channel_count; ++c) use(c, 0, channel_span(held, c).first(static_cast<std::size_t>(held_count)));
  }
  return received;
}

// Numbers of the quietest windows, ascending.
std::vector<Index> quietest(const std::vector<double>& rms, Index length) {
  std::vector<Index> order(rms.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return rms[static_cast<std::size_t>(a)] < rms[static_cast<std::size_t>(b)]; });
  const auto fifth = static_cast<Index>(std::ceil(kQuietPart * static_cast<double>(rms.size())));
  order.resize(static_cast<std::size_t>(std::clamp<Index>(kMostSamples / length, 1, fifth)));
  std::sort(order.begin(), order.end());
  return order;
}

// Stretches of quiet time, one after the other, each with up to `order` samples before it.
struct QuietTime {
  std::vector<double> samples;
  std::vector<Span> spans;    // without what stands before
  std::vector<Index> before;  // samples of history of each span

  void add(std::span<const double> history, std::span<const double> stretch) {
    samples.insert(samples.end(), history.begin(), history.end());
    before.push_back(static_cast<Index>(history.size()));
    spans.push_back({static_cast<Index>(samples.size()), static_cast<Index>(stretch.size())});
    samples.insert(samples.end(), stretch.begin(), stretch.end());
  }
};

struct Model {
  std::vector<double> coefficients;
  double noise = 0;
};

Model model_of(const QuietTime& quiet, Index channel, int order) {
  Model model;
  model.coefficients = burg_coefficients(quiet.samples, quiet.spans, order);
  std::vector<double> white;
  for (std::size_t i = 0; i < quiet.spans.size(); ++i) {
    const auto first = static_cast<std::size_t>(quiet.spans[i].first - quiet.before[i]);
    const auto count = static_cast<std::size_t>(quiet.spans[i].count + quiet.before[i]);
    const auto out = inverse_filtered(std::span(quiet.samples).subspan(first, count), model.coefficients);
    white.insert(white.end(), out.begin() + quiet.before[i], out.end());
  }
  const double mean = mean_of(white);
  for (auto& v : white) v -= mean;
  model.noise = white.empty() ? 0 : rms_of(white);
  const double level = rms_of(quiet.samples);
  constexpr double kRounding = 1e-12;
  if (!(model.noise > kRounding * level)) {
    throw InvalidArgument(fmt::format("channel {} is constant in its quiet time: there is no noise to be made white", channel));
  }
  return model;
}

// The span given, in every channel.
std::vector<QuietTime> given_span(const BlockSource& source, Index channel_count, double rate_hz, const WhitenOptions& o) {
  const auto first = static_cast<Index>(std::llround(o.baseline_start_s.value_or(0) * rate_hz));
  const auto end = o.baseline_stop_s ? static_cast<Index>(std::llround(*o.baseline_stop_s * rate_hz)) : std::numeric_limits<Index>::max();
  const Index history = std::min<Index>(first, o.order);
  std::vector<std::vector<double>> samples(static_cast<std::size_t>(channel_count));
  Index received = 0;
  source([&](const ChannelsView& block) {
    require_finite(block, received);
    const Index from = std::clamp<Index>(first - history - received, 0, block.cols()),
                to = std::clamp<Index>(end - received, from, block.cols());
    for (Index c = 0; c < channel_count; ++c) {
      const auto x = channel_span(block, c);
      auto& own = samples[static_cast<std::size_t>(c)];
      own.insert(own.end(), x.begin() + from, x.begin() + to);
    }
    received += block.cols();
  });
  if ((o.baseline_stop_s && end > received) || std::min(end, received) - first <= 2 * o.order) {
    throw InvalidArgument(fmt::format(
        "baseline_start_s {} to baseline_stop_s {} is not a span of more than {} samples (twice the order) of the record of {:.6g} s",
        o.baseline_start_s.value_or(0), o.baseline_stop_s ? fmt::format("{}", *o.baseline_stop_s) : "auto", 2 * o.order,
        static_cast<double>(received) / rate_hz));
  }
  std::vector<QuietTime> quiet(samples.size());
  for (std::size_t c = 0; c < samples.size(); ++c) {
    const auto all = std::span<const double>(samples[c]);
    quiet[c].add(all.first(static_cast<std::size_t>(history)), all.subspan(static_cast<std::size_t>(history)));
  }
  return quiet;
}

std::vector<QuietTime> quietest_windows(const BlockSource& source, Index channel_count, double rate_hz, int order) {
  const Index length = std::max<Index>(samples_in_s(kWindowS, rate_hz), 4 * order);
  std::vector<std::vector<double>> rms(static_cast<std::size_t>(channel_count));
  const Index received = for_windows(source, channel_count, length, [&](Index c, Index, std::span<const double> x) {
    const double mean = mean_of(x);
    double sum = 0;
    for (const double v : x) sum += (v - mean) * (v - mean);
    rms[static_cast<std::size_t>(c)].push_back(sum);
  });
  if (received <= 2 * order) {
    throw InvalidArgument(fmt::format("order {} needs a record of more than {} samples; it has {}", order, 2 * order, received));
  }
  std::vector<std::vector<Index>> chosen;
  for (const auto& own : rms) chosen.push_back(quietest(own, length));
  std::vector<QuietTime> quiet(static_cast<std::size_t>(channel_count));
  std::vector<std::vector<double>> before(quiet.size());
  for_windows(source, channel_count, length, [&](Index channel, Index window, std::span<const double> x) {
    const auto c = static_cast<std::size_t>(channel);
    if (std::binary_search(chosen[c].begin(), chosen[c].end(), window)) quiet[c].add(before[c], x);
    const auto kept = std::min<std::size_t>(x.size(), static_cast<std::size_t>(order));
    before[c].assign(x.end() - static_cast<std::ptrdiff_t>(kept), x.end());
  });
  return quiet;
}

class WhitenStage final : public Stage {
 public:
  WhitenStage(Index channels, double rate_hz, const WhitenOptions& options)
      : rate_hz_(rate_hz), order_(options.order), options_(options), held_(channels, 0) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    require_finite(block, received_);
    received_ += block.cols();
    RowMatrix joined(block.rows(), held_.cols() + block.cols());
    joined << held_, block;
    // Nothing comes before twice the order, because the first outputs repeat later ones.
    const Index ready = received_ >= 2 * order_ ? joined.cols() - order_ : 0;
    if (ready <= 0) {
      held_ = std::move(joined);
      return;
    }
    const Index repeated = started_ ? 0 : order_;
    RowMatrix out(block.rows(), repeated + ready);
    for (Index c = 0; c < block.rows(); ++c) whiten_row(joined.row(c).data() + order_, ready, c, out.row(c).data() + repeated);
    if (!started_) out.leftCols(order_) = out.middleCols(order_, order_).eval();
    started_ = true;
    held_ = joined.rightCols(order_);
    sink(out);
  }

  void finish(const BlockSink&) override {
    if (received_ > 0 && !started_) {
      throw InvalidArgument(fmt::format("order {} needs a record of at least {} samples; it has {}", order_, 2 * order_, received_));
    }
  }
  Index look_ahead() const override { return order_; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  void whiten_row(const double* x, Index count, Index channel, double* out) const {
    const double* const a = options_.coefficients.data() + channel * order_;
    const double scale = 1 / options_.noise_uv[static_cast<std::size_t>(channel)];
    for (Index i = 0; i < count; ++i) out[i] = x[i];
    for (Index k = 1; k <= order_; ++k) {
      for (Index i = 0; i < count; ++i) out[i] += a[k - 1] * x[i - k];
    }
    for (Index i = 0; i < count; ++i) out[i] *= scale;
  }

  double rate_hz_;
  Index order_;
  WhitenOptions options_;
  RowMatrix held_;
  Index received_ = 0;
  bool started_ = false;
};

// The options of one channel.
WhitenOptions options_of(const WhitenOptions& all, Index channel) {
  WhitenOptions one = all;
  const auto first = all.coefficients.begin() + channel * all.order;
  one.coefficients.assign(first, first + all.order);
  one.noise_uv = {all.noise_uv[static_cast<std::size_t>(channel)]};
  return one;
}

void require_models(Index channel_count, const WhitenOptions& o) {
  if (static_cast<Index>(o.coefficients.size()) == channel_count * o.order && static_cast<Index>(o.noise_uv.size()) == channel_count &&
      std::all_of(o.noise_uv.begin(), o.noise_uv.end(), [](double v) { return v > 0; })) {
    return;
  }
  throw InvalidArgument(fmt::format("coefficients has {} values and noise_uv {}: {} channels of order {} need {} and {} above 0",
                                    o.coefficients.size(), o.noise_uv.size(), channel_count, o.order, channel_count * o.order,
                                    channel_count));
}

}  // namespace

std::vector<double> burg_coefficients(std::span<const double> trace, const std::vector<Span>& spans, int order) {
  struct Errors {
    std::vector<double> forward, backward;
  };
  std::vector<Errors> parts;
  for (const auto& span : spans) {
    if (span.count <= order) continue;
    const auto part = trace.subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count));
    parts.push_back({{part.begin(), part.end()}, {part.begin(), part.end()}});
  }
  std::vector<double> a(1, 1.0);
  for (int m = 1; m <= order; ++m) {
    double cross = 0, power = 0;
    for (const auto& e : parts) {
      for (std::size_t n = static_cast<std::size_t>(m); n < e.forward.size(); ++n) {
        cross += e.forward[n] * e.backward[n - 1];
        power += e.forward[n] * e.forward[n] + e.backward[n - 1] * e.backward[n - 1];
      }
    }
    const double k = power > 0 ? -2 * cross / power : 0;
    for (auto& e : parts) {
      for (std::size_t n = e.forward.size() - 1; n >= static_cast<std::size_t>(m); --n) {
        const double f = e.forward[n], b = e.backward[n - 1];
        e.forward[n] = f + k * b;
        e.backward[n] = b + k * f;
      }
    }
    a.push_back(0);
    std::vector<double> next = a;
    for (int i = 1; i <= m; ++i)
      next[static_cast<std::size_t>(i)] = a[static_cast<std::size_t>(i)] + k * a[static_cast<std::size_t>(m - i)];
    a = std::move(next);
  }
  return {a.begin() + 1, a.end()};
}

std::vector<double> inverse_filtered(std::span<const double> trace, const std::vector<double>& coefficients) {
  std::vector<double> out(trace.begin(), trace.end());
  const std::size_t order = coefficients.size();
  if (trace.size() < 2 * order) return out;
  for (std::size_t k = 1; k <= order; ++k) {
    const double a = coefficients[k - 1];
    for (std::size_t n = order; n < out.size(); ++n) out[n] += a * trace[n - k];
  }
  std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(order), order, out.begin());
  return out;
}

WhitenOptions resolve_whiten(const BlockSource& source, Index channel_count, double rate_hz, const WhitenOptions& options) {
  check(rate_hz, options);
  if (!options.coefficients.empty() || !options.noise_uv.empty()) return options;
  const auto quiet = options.baseline_start_s || options.baseline_stop_s ? given_span(source, channel_count, rate_hz, options)
                                                                         : quietest_windows(source, channel_count, rate_hz, options.order);
  auto resolved = options;
  for (Index c = 0; c < channel_count; ++c) {
    const auto model = model_of(quiet[static_cast<std::size_t>(c)], c, options.order);
    resolved.coefficients.insert(resolved.coefficients.end(), model.coefficients.begin(), model.coefficients.end());
    resolved.noise_uv.push_back(model.noise);
  }
  return resolved;
}

RowMatrix whiten(const ChannelsView& signal, double rate_hz, const WhitenOptions& options, int threads) {
  require_signal(signal, rate_hz);
  check(rate_hz, options);
  const auto resolved = resolve_whiten([&](const BlockSink& sink) { sink(signal); }, signal.rows(), rate_hz, options);
  require_models(signal.rows(), resolved);
  RowMatrix out = unset_matrix(signal.rows(), signal.cols());
  parallel_for(signal.rows(), threads, [&](Index c) {
    WhitenStage stage(1, rate_hz, options_of(resolved, c));
    const BlockSink sink = [&](const ChannelsView& block) { out.row(c) = block; };
    stage.push(signal.row(c), sink);
    stage.finish(sink);
  });
  return out;
}

std::unique_ptr<Stage> whiten_stage(Index channel_count, double rate_hz, const WhitenOptions& options) {
  check(rate_hz, options);
  require_models(channel_count, options);
  return std::make_unique<WhitenStage>(channel_count, rate_hz, options);
}

}  // namespace emg
