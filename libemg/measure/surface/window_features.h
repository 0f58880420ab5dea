#pragma once
// Features of the signal in short windows, as used for fatigue, force estimation and pattern recognition.
//
// signal: channels x samples, microvolts. Result: one matrix (channels x windows) for each feature asked for. Windows start every hop_ms,
// an incomplete last one is left out; time_s is their middle. Counts are given per second as well, because they depend on the rate. One
// threshold counts for a whole channel and stands in the output.
// Degenerate input: a constant window has 0 where that is the limit (rms of a constant c is |c|), else NaN (skewness, autoregression,
// entropy). Throws InvalidArgument for an empty or non-finite signal, an option outside its range, an unknown feature, a record shorter
// than a window, a window too short for a feature. Cost: about 1 ns a sample for rms, mav, iav, iemg, ssi, wl, aac, zc and ssc together:
// every sample is read once; the others work window by window; sampen takes window^2 / 2 comparisons. Method: Hudgins, Parker & Scott 1993
// (IEEE Trans Biomed Eng 40:82-94), Phinyomark et al. 2012 (Expert Syst Appl 39:7420-31); Hjorth 1970 (Electroencephalogr Clin Neurophysiol
// 29:306-10); autoregression by Burg's lattice or Yule and Walker; sample entropy of Richman & Moorman 2000 (Am J Physiol 278:H2039-49)
// with m = 2. All equal the NumPy expressions to 1e-12.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class AutoregressionMethod { burg, yule_walker };
constexpr auto enum_names(AutoregressionMethod) {
  using M = AutoregressionMethod;
  return std::array<std::pair<M, std::string_view>, 2>{{{M::burg, "burg"}, {M::yule_walker, "yule_walker"}}};
}

struct WindowFeaturesOptions {
  double window_ms = 250;
  double hop_ms = 125;
  std::vector<std::string> features = {"rms", "mav", "wl", "zc", "ssc"};
  std::optional<double> threshold_uv = std::nullopt;
  int ar_order = 4;
  AutoregressionMethod ar_method = AutoregressionMethod::burg;
  int histogram_bin_count = 9;
  double sampen_tolerance = 0.2;

  static constexpr auto fields() {
    using O = WindowFeaturesOptions;
    return std::tuple{
        field("window_ms", &O::window_ms, {1e-3, 1e7}, "length of a window"),
        field("hop_ms", &O::hop_ms, {1e-3, 1e7}, "distance of the starts of windows"),
        field(
            "features", &O::features, {},
            "any of rms, mav, iav, iemg, var, ssi, wl, aac, dasdv, zc, ssc, wamp, myop, log_detector, mfl, hjorth, ar, cepstrum, skewness, "
            "kurtosis, histogram, sampen, mnf, mdf, or all"),
        field("threshold_uv", &O::threshold_uv, {0, 1e9}, "threshold of zc, ssc, wamp and myop; open: twice the noise of each channel"),
        field("ar_order", &O::ar_order, {1, 32}, "coefficients of ar and cepstrum"),
        field("ar_method", &O::ar_method, {}, "how autoregressions are fitted"),
        field("histogram_bin_count", &O::histogram_bin_count, {2, 100}, "bins of histogram, over +-3 times the RMS of the channel"),
        field("sampen_tolerance", &O::sampen_tolerance, {1e-3, 10}, "tolerance of sampen in standard deviations of the window"),
    };
  }
};
static_assert(fully_described<WindowFeaturesOptions>());

struct WindowFeatures {
  std::vector<double> time_s;
  std::vector<NamedMatrix> features;

  /// The matrix called `name`, or nullptr.
  const RowMatrix* find(std::string_view name) const;

  /// Name and text of every matrix there can be.
  static std::vector<std::pair<std::string, std::string>> described_matrices();

  static constexpr auto fields() {
    using F = WindowFeatures;
    return std::tuple{
        field("time_s", &F::time_s, {}, "middle of each window"),
        field("features", &F::features, {}, "one matrix for each feature"),
    };
  }
};
static_assert(fully_described<WindowFeatures>());

WindowFeatures window_features(const ChannelsView& signal, double rate_hz, const WindowFeaturesOptions& options = {}, int threads = 1);

}  // namespace emg
