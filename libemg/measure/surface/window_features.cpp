#include "libemg/measure/surface/window_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise.h"
#include "libemg/measure/surface/formulas_internal.h"
#include "libemg/measure/surface/kernels_internal.h"
#include "libemg/spectral/frequency.h"

namespace emg {
namespace {

using surface_kernels::StretchSums;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Everything about the grid of windows and what is wanted of them.
struct Plan {
  Index length = 1, hop = 1, count = 0;
  double rate_hz = 0;
  WindowFeaturesOptions options;

  Index start(Index window) const { return window * hop; }
  Index covered() const { return (count - 1) * hop + length; }
};

// A channel's numbers beside its samples.
struct ChannelFacts {
  double threshold_uv = 0, rms_uv = 0;
};

// Sums of every window from those of stretches: a hop is cut where a window ends, so that every window is a row of whole stretches.
class WindowSums {
 public:
  WindowSums(const Plan& plan, double threshold, bool counts) : plan_(plan), threshold_(threshold), counts_(counts) {
    first_part_ = plan.length % plan.hop;
    if (plan.length < plan.hop) first_part_ = plan.length;
  }

  void read(std::span<const double> trace) {
    trace_ = trace.first(static_cast<std::size_t>(plan_.covered()));
    stretches_.clear();
    starts_.clear();
    const auto end = static_cast<Index>(trace_.size());
    for (Index hop = 0; hop < end; hop += plan_.hop) {
      add_stretch(hop, std::min(first_part_, end - hop), static_cast<Index>(trace.size()));
      const Index second = hop + first_part_;
      if (plan_.length >= plan_.hop && second < end)
        add_stretch(second, std::min(plan_.hop - first_part_, end - second), static_cast<Index>(trace.size()));
    }
    per_hop_ = first_part_ > 0 && first_part_ < plan_.hop && plan_.length > plan_.hop ? 2 : 1;
    per_window_ = plan_.length < plan_.hop ? 1 : per_hop_ * (plan_.length / plan_.hop) + (first_part_ > 0 ? 1 : 0);
  }

  StretchSums operator()(Index window) const {
    StretchSums sums;
    const Index first = window * per_hop_;
    for (Index s = first; s < first + per_window_; ++s) {
      const auto& part = stretches_[static_cast<std::size_t>(s)];
      sums.squares += part.squares;
      sums.absolutes += part.absolutes;
      sums.lengths += part.lengths;
      sums.crossings += part.crossings;
      sums.turns += part.turns;
      if (s > first) sums.lengths += std::abs(at(starts_[static_cast<std::size_t>(s)]) - at(starts_[static_cast<std::size_t>(s)] - 1));
    }
    if (counts_) leave_out_overhang(window, sums);
    return sums;
  }

 private:
  double at(Index i) const { return trace_[static_cast<std::size_t>(i)]; }

  void add_stretch(Index first, Index count, Index sample_count) {
    if (count < 1) return;
    const double* samples = trace_.data() + first;
    // The loop reads ahead; the record's own samples are there but at its end.
    double padded[surface_kernels::kReadAhead + kShortest];
    std::vector<double> long_padded;
    if (first + count + surface_kernels::kReadAhead > sample_count) {
      const auto left = std::min<Index>(static_cast<Index>(trace_.size()) - first, count + 2);
      double* buffer = padded;
      if (count > kShortest) {
        long_padded.resize(static_cast<std::size_t>(count + surface_kernels::kReadAhead));
        buffer = long_padded.data();
      }
      std::copy_n(samples, left, buffer);
      std::fill(buffer + left, buffer + count + surface_kernels::kReadAhead, 0.0);
      samples = buffer;
    }
    const Index end = static_cast<Index>(trace_.size());
    StretchSums sums;
    surface_kernels::kernels().stretch(samples, count, std::min(count, end - 1 - first), std::min(count, end - 2 - first), threshold_,
                                       &sums);
    starts_.push_back(first);
    stretches_.push_back(sums);
  }

  bool crosses(Index i) const { return at(i) * at(i + 1) < 0 && std::abs(at(i + 1) - at(i)) > threshold_; }
  bool turns(Index i) const {
    const double before = at(i + 1) - at(i), after = at(i + 2) - at(i + 1);
    return before * after < 0 && (std::abs(before) > threshold_ || std::abs(after) > threshold_);
  }

  // Counts belong to the sample they start at; the last ones of a window reach beyond it.
  void leave_out_overhang(Index window, StretchSums& sums) const {
    const Index end = plan_.start(window) + plan_.length, all = static_cast<Index>(trace_.size());
    if (end < all) sums.crossings -= crosses(end - 1);
    for (Index i = std::max(plan_.start(window), end - 2); i < end; ++i) {
      if (i + 2 < all) sums.turns -= turns(i);
    }
  }

  static constexpr Index kShortest = 128;
  const Plan& plan_;
  double threshold_;
  bool counts_;
  Index first_part_ = 0, per_hop_ = 1, per_window_ = 1;
  std::span<const double> trace_;
  std::vector<StretchSums> stretches_;
  std::vector<Index> starts_;
};

// What one feature puts into its columns for a window. `sums` is filled for features of running sums only.
struct WindowInput {
  std::span<const double> x;
  StretchSums sums;
  const ChannelFacts& facts;
  const Plan& plan;

  double n() const { return static_cast<double>(x.size()); }
  double seconds() const { return n() / plan.rate_hz; }
};

enum class Work { sums, window, spectrum };

struct Feature {
  std::string_view name;
  Work work;
  Index shortest_window;
  bool uses_threshold;
  std::vector<std::pair<std::string, std::string>> (*columns)(const WindowFeaturesOptions&);
  void (*compute)(const WindowInput& in, double* out, Index step);
};

using Columns = std::vector<std::pair<std::string, std::string>>;

Columns numbered(const char* name, const char* text, int count) {
  Columns columns;
  for (int k = 1; k <= count; ++k) columns.emplace_back(fmt::format("{}_{}", name, k), fmt::format("{} {}", text, k));
  return columns;
}

template <class Values>
void spread(const Values& values, double* out, Index step) {
  for (std::size_t k = 0; k < values.size(); ++k) out[static_cast<Index>(k) * step] = values[k];
}

surface::Autoregression fitted(const WindowInput& in) {
  const auto& o = in.plan.options;
  return o.ar_method == AutoregressionMethod::burg ? surface::burg(in.x, o.ar_order) : surface::yule_walker(in.x, o.ar_order);
}

void put_hjorth(const WindowInput& in, double* out, Index step) {
  const auto v = surface::difference_variances(in.x);
  const double mobility = v.x > 0 ? std::sqrt(v.first / v.x) : kMissing;
  out[0] = v.x;
  out[step] = in.plan.rate_hz / (2 * std::numbers::pi) * mobility;
  out[2 * step] = v.first > 0 ? std::sqrt(v.second / v.first) / mobility : kMissing;
}

void put_histogram(const WindowInput& in, double* out, Index step) {
  constexpr double kReach = 3;  // multiples of the channel's RMS
  const int bins = in.plan.options.histogram_bin_count;
  std::vector<double> shares(static_cast<std::size_t>(bins), 0.0);
  const double half = kReach * in.facts.rms_uv;
  for (const double x : in.x) {
    const double place = half > 0 ? std::floor((x + half) / (2 * half) * bins) : (bins - 1) / 2.0;
    shares[static_cast<std::size_t>(std::clamp(place, 0.0, bins - 1.0))] += 1 / in.n();
  }
  spread(shares, out, step);
}

template <int kOrder>
void put_shape(const WindowInput& in, double* out, Index) {
  const auto m = surface::moments_of(in.x);
  *out = !(m.second > 0) ? kMissing : kOrder == 3 ? m.third / std::pow(m.second, 1.5) : m.fourth / (m.second * m.second) - 3;
}

void put_autoregression(const WindowInput& in, double* out, Index step) {
  auto fit = fitted(in);
  fit.coefficients.push_back(fit.noise);
  spread(fit.coefficients, out, step);
}

#define EMG_COLUMNS(...) [](const WindowFeaturesOptions&) -> Columns { return {__VA_ARGS__}; }
#define EMG_VALUE(expression) [](const WindowInput& in, double* out, Index) { *out = (expression); }

const std::vector<Feature>& all_features() {
  static const std::vector<Feature> features{
      {"rms", Work::sums, 1, false, EMG_COLUMNS({"rms_uv", "root mean square"}), EMG_VALUE(std::sqrt(in.sums.squares / in.n()))},
      {"mav", Work::sums, 1, false, EMG_COLUMNS({"mav_uv", "mean absolute value"}), EMG_VALUE(in.sums.absolutes / in.n())},
      {"iav", Work::sums, 1, false, EMG_COLUMNS({"iav_uv", "sum of absolute values"}), EMG_VALUE(in.sums.absolutes)},
      {"iemg", Work::sums, 1, false, EMG_COLUMNS({"iemg_uv_s", "integral of the absolute value"}),
       EMG_VALUE(in.sums.absolutes / in.plan.rate_hz)},
      {"var", Work::window, 2, false, EMG_COLUMNS({"var_uv2", "variance, divided by n - 1"}),
       EMG_VALUE(surface::moments_of(in.x).second * in.n() / (in.n() - 1))},
      {"ssi", Work::sums, 1, false, EMG_COLUMNS({"ssi_uv2", "sum of squares"}), EMG_VALUE(in.sums.squares)},
      {"wl", Work::sums, 2, false, EMG_COLUMNS({"wl_uv", "waveform length: sum of absolute differences"}), EMG_VALUE(in.sums.lengths)},
      {"aac", Work::sums, 2, false, EMG_COLUMNS({"aac_uv", "mean absolute difference"}), EMG_VALUE(in.sums.lengths / (in.n() - 1))},
      {"dasdv", Work::window, 2, false, EMG_COLUMNS({"dasdv_uv", "root mean square difference"}),
       EMG_VALUE(std::sqrt(surface::squared_lengths(in.x) / (in.n() - 1)))},
      {"zc", Work::sums, 2, true, EMG_COLUMNS({"zc", "zero crossings"}, {"zc_per_s", "zero crossings per second"}),
       [](const WindowInput& in, double* out, Index step) {
         out[0] = static_cast<double>(in.sums.crossings);
         out[step] = out[0] / in.seconds();
       }},
      {"ssc", Work::sums, 3, true,
       EMG_COLUMNS({"ssc", "changes of the sign of the slope"}, {"ssc_per_s", "changes of the sign of the slope per second"}),
       [](const WindowInput& in, double* out, Index step) {
         out[0] = static_cast<double>(in.sums.turns);
         out[step] = out[0] / in.seconds();
       }},
      {"wamp", Work::window, 2, true, EMG_COLUMNS({"wamp", "differences above the threshold (Willison amplitude)"}),
       EMG_VALUE(static_cast<double>(surface::differences_above(in.x, in.facts.threshold_uv)))},
      {"myop", Work::window, 1, true, EMG_COLUMNS({"myop", "share of samples above the threshold"}),
       EMG_VALUE(static_cast<double>(surface::samples_above(in.x, in.facts.threshold_uv)) / in.n())},
      {"log_detector", Work::window, 1, false, EMG_COLUMNS({"log_detector_uv", "geometric mean of the absolute value"}),
       EMG_VALUE(surface::log_detector(in.x))},
      {"mfl", Work::window, 2, false, EMG_COLUMNS({"mfl", "logarithm (base 10) of the root of the sum of squared differences"}),
       EMG_VALUE(surface::squared_lengths(in.x) > 0 ? std::log10(std::sqrt(surface::squared_lengths(in.x))) : kMissing)},
      {"hjorth", Work::window, 3, false,
       EMG_COLUMNS({"hjorth_activity_uv2", "variance"}, {"hjorth_mobility_hz", "mean frequency from the variance of the slope"},
                   {"hjorth_complexity", "mobility of the slope over mobility"}),
       put_hjorth},
      {"ar", Work::window, 2, false,
       [](const WindowFeaturesOptions& o) {
         auto columns = numbered("ar", "autoregressive coefficient", o.ar_order);
         columns.emplace_back("ar_noise_uv2", "power that the autoregression leaves");
         return columns;
       },
       put_autoregression},
      {"cepstrum", Work::window, 2, false,
       [](const WindowFeaturesOptions& o) { return numbered("cc", "cepstral coefficient", o.ar_order); },
       [](const WindowInput& in, double* out, Index step) { spread(surface::cepstrum_of(fitted(in).coefficients), out, step); }},
      {"skewness", Work::window, 2, false, EMG_COLUMNS({"skewness", "third standardised moment"}), put_shape<3>},
      {"kurtosis", Work::window, 2, false, EMG_COLUMNS({"kurtosis", "fourth standardised moment less 3"}), put_shape<4>},
      {"histogram", Work::window, 1, false,
       [](const WindowFeaturesOptions& o) { return numbered("hist", "share of samples in amplitude bin", o.histogram_bin_count); },
       put_histogram},
      {"sampen", Work::window, 4, false, EMG_COLUMNS({"sampen", "sample entropy"}),
       EMG_VALUE(surface::sample_entropy(in.x, in.plan.options.sampen_tolerance))},
      {"mnf", Work::spectrum, 2, false, EMG_COLUMNS({"mnf_hz", "mean frequency (Hann periodogram)"}), nullptr},
      {"mdf", Work::spectrum, 2, false, EMG_COLUMNS({"mdf_hz", "median frequency"}), nullptr},
  };
  return features;
}

#undef EMG_COLUMNS
#undef EMG_VALUE

std::vector<const Feature*> wanted_features(const WindowFeaturesOptions& options) {
  std::vector<const Feature*> wanted;
  std::vector<std::string> names{"all"};
  for (const auto& feature : all_features()) names.emplace_back(feature.name);
  for (const auto& name : options.features) {
    bool known = false;
    for (const auto& feature : all_features()) {
      if (name != "all" && name != feature.name) continue;
      known = true;
      if (std::find(wanted.begin(), wanted.end(), &feature) == wanted.end()) wanted.push_back(&feature);
    }
    if (known) continue;
    const auto nearest = nearest_name(name, names);
    throw InvalidArgument(fmt::format("features holds \"{}\", expected {}{}", name, fmt::join(names, ", "),
                                      nearest.empty() ? "" : "; did you mean " + nearest + "?"));
  }
  if (wanted.empty()) throw InvalidArgument("features is empty");
  return wanted;
}

Plan plan_of(const ChannelsView& signal, double rate_hz, const WindowFeaturesOptions& options, const std::vector<const Feature*>& wanted) {
  Plan plan;
  plan.options = options;
  plan.rate_hz = rate_hz;
  plan.length = samples_in_ms(options.window_ms, rate_hz);
  plan.hop = samples_in_ms(options.hop_ms, rate_hz);
  if (plan.length > signal.cols()) {
    throw InvalidArgument(fmt::format("window_ms {} ms is longer than the record ({:.6g} ms)", options.window_ms,
                                      1000 * static_cast<double>(signal.cols()) / rate_hz));
  }
  for (const auto* feature : wanted) {
    const bool fitted = feature->name == "ar" || feature->name == "cepstrum";
    const Index shortest = fitted ? Index{options.ar_order} + 1 : feature->shortest_window;
    if (plan.length >= shortest) continue;
    throw InvalidArgument(
        fmt::format("window_ms {} ms has {} samples; {} needs {}", options.window_ms, plan.length, feature->name, shortest));
  }
  plan.count = (signal.cols() - plan.length) / plan.hop + 1;
  return plan;
}

ChannelFacts facts_of(std::span<const double> trace, const Plan& plan, bool threshold, bool rms) {
  ChannelFacts facts;
  if (threshold) facts.threshold_uv = plan.options.threshold_uv ? *plan.options.threshold_uv : 2 * noise_of(trace, plan.rate_hz, {});
  if (rms) {
    double sum = 0;
    for (const double x : trace) sum += x * x;
    facts.rms_uv = std::sqrt(sum / static_cast<double>(trace.size()));
  }
  return facts;
}

// Columns of a feature in the result; channel c starts at data + c step.
struct Place {
  const Feature* feature;
  std::size_t first_column, column_count;
};

// False if a sample was not finite, as far as sums of squares tell.
bool compute_channel(const Plan& plan, std::span<const double> trace, Index channel, const std::vector<Place>& places,
                     const ChannelFacts& facts, WindowFeatures& result) {
  const auto any = [&](auto test) { return std::any_of(places.begin(), places.end(), [&](const Place& p) { return test(*p.feature); }); };
  const bool needs_sums = any([](const Feature& f) { return f.work == Work::sums; });
  WindowSums sums(plan, facts.threshold_uv, any([](const Feature& f) { return f.work == Work::sums && f.uses_threshold; }));
  if (needs_sums) sums.read(trace);
  bool finite = true;
  std::vector<double> values;
  for (const auto& place : places) values.resize(std::max(values.size(), place.column_count));
  for (Index w = 0; w < plan.count; ++w) {
    const WindowInput in{trace.subspan(static_cast<std::size_t>(plan.start(w)), static_cast<std::size_t>(plan.length)),
                         needs_sums ? sums(w) : StretchSums{}, facts, plan};
    finite = finite && std::isfinite(in.sums.squares);
    for (const auto& place : places) {
      if (place.feature->work == Work::spectrum) continue;
      place.feature->compute(in, values.data(), 1);
      for (std::size_t k = 0; k < place.column_count; ++k) result.features[place.first_column + k].values(channel, w) = values[k];
    }
  }
  return finite;
}

void add_spectral(const ChannelsView& signal, const Plan& plan, const std::vector<Place>& places, int threads, WindowFeatures& result) {
  FrequencyTrackOptions options;
  options.window_ms = plan.options.window_ms;
  options.hop_ms = plan.options.hop_ms;
  options.low_hz = 0;
  options.high_hz = plan.rate_hz / 2;
  const auto track = frequency_track(signal, plan.rate_hz, options, threads);
  for (const auto& place : places) {
    if (place.feature->work == Work::spectrum) {
      result.features[place.first_column].values = place.feature->name == "mnf" ? track.mnf_hz : track.mdf_hz;
    }
  }
}

}  // namespace

const RowMatrix* WindowFeatures::find(std::string_view name) const {
  const auto found = std::find_if(features.begin(), features.end(), [&](const NamedMatrix& m) { return m.name == name; });
  return found == features.end() ? nullptr : &found->values;
}

std::vector<std::pair<std::string, std::string>> WindowFeatures::described_matrices() {
  Columns all;
  for (const auto& feature : all_features()) {
    for (auto& column : feature.columns({})) all.push_back(std::move(column));
  }
  all.emplace_back("threshold_uv", "threshold of the channel, if a feature uses one");
  return all;
}

WindowFeatures window_features(const ChannelsView& signal, double rate_hz, const WindowFeaturesOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  const auto wanted = wanted_features(options);
  const bool sums_tell = std::all_of(wanted.begin(), wanted.end(), [](const Feature* f) { return f->work == Work::sums; });
  const bool threshold_known =
      options.threshold_uv || std::none_of(wanted.begin(), wanted.end(), [](const Feature* f) { return f->uses_threshold; });
  // Sums that read every sample show by themselves whether one is not finite; a pass for it would take as long as they do.
  const bool checked_later = sums_tell && threshold_known && options.hop_ms <= options.window_ms;
  if (!checked_later) require_signal(signal, rate_hz);
  const auto plan = plan_of(signal, rate_hz, options, wanted);
  WindowFeatures result;
  for (Index w = 0; w < plan.count; ++w) {
    result.time_s.push_back((static_cast<double>(plan.length) / 2 + static_cast<double>(plan.start(w))) / rate_hz);
  }
  const auto matrix = [&] { return RowMatrix(signal.rows(), plan.count); };
  std::vector<Place> places;
  bool threshold = false, rms = false, spectral = false;
  for (const auto* feature : wanted) {
    const auto columns = feature->columns(options);
    places.push_back({feature, result.features.size(), columns.size()});
    for (const auto& [name, text] : columns) result.features.push_back({name, text, matrix()});
    threshold = threshold || feature->uses_threshold;
    rms = rms || feature->name == "histogram";
    spectral = spectral || feature->work == Work::spectrum;
  }
  if (threshold) result.features.push_back({"threshold_uv", "threshold of the channel", matrix()});
  std::vector<std::uint8_t> finite(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    const auto trace = channel_span(signal, c);
    const auto facts = facts_of(trace, plan, threshold, rms);
    finite[static_cast<std::size_t>(c)] = compute_channel(plan, trace, c, places, facts, result);
    if (threshold) result.features.back().values.row(c).setConstant(facts.threshold_uv);
  });
  if (checked_later) {
    if (std::find(finite.begin(), finite.end(), 0) != finite.end()) require_signal(signal, rate_hz);
    require_finite(signal.rightCols(signal.cols() - plan.covered()), plan.covered());
  }
  if (spectral) add_spectral(signal, plan, places, threads, result);
  return result;
}

}  // namespace emg
