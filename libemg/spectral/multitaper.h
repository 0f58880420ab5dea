#pragma once
// Power spectral density of each channel from several orthogonal tapers: low variance without smearing lines far away.
//
// signal: channels x samples, microvolts. Result: one-sided density in uV^2/Hz, channels x bins, averaged over segments, with limits; the
// half bandwidth is time_bandwidth / segment_s.
// A constant channel has density 0. The incomplete last segment is left out.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a record shorter than one segment, more tapers
// than twice time_bandwidth. Cost: about 7 ns a sample and channel for uniform or eigen weights with 7 tapers; limits by jackknife and the
// F test take three times that. Method: Thomson 1982 (Proc IEEE 70:1055-96): mean of |X_k|^2 over tapers, with equal weights, their
// concentrations, or weights that follow the spectrum (eq. 5.3) until they change by less than 1e-10. Limits: chi-square with twice the
// number of tapers x effective segments, or the jackknife of the logarithm (Thomson & Chave 1991). F test of a line (eq. 13.10), pooled
// over segments. Uniform weights equal the plain NumPy formula to 1e-10.

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/trend.h"

namespace emg {

enum class TaperWeights { uniform, eigen, adaptive };
constexpr auto enum_names(TaperWeights) {
  using W = TaperWeights;
  return std::array<std::pair<W, std::string_view>, 3>{{{W::uniform, "uniform"}, {W::eigen, "eigen"}, {W::adaptive, "adaptive"}}};
}

enum class SpectrumLimits { chi_square, jackknife };
constexpr auto enum_names(SpectrumLimits) {
  using L = SpectrumLimits;
  return std::array<std::pair<L, std::string_view>, 2>{{{L::chi_square, "chi_square"}, {L::jackknife, "jackknife"}}};
}

struct MultitaperOptions {
  double segment_s = 1.0;
  double overlap = 0;
  double time_bandwidth = 4;
  std::optional<int> taper_count = std::nullopt;
  TaperWeights weights = TaperWeights::uniform;
  Trend detrend = Trend::mean;
  double confidence = 0.95;
  SpectrumLimits limits = SpectrumLimits::chi_square;
  bool line_test = false;

  static constexpr auto fields() {
    using O = MultitaperOptions;
    return std::tuple{
        field("segment_s", &O::segment_s, {1e-6, 1e6}, "length of a segment"),
        field("overlap", &O::overlap, {0, 0.95}, "share of a segment that the next one repeats"),
        field("time_bandwidth", &O::time_bandwidth, {1, 50}, "half bandwidth times length of a segment"),
        field("taper_count", &O::taper_count, {1, 100}, "tapers, at most twice time_bandwidth; open: twice time_bandwidth less 1"),
        field("weights", &O::weights, {}, "weights of the tapers: equal, their concentration, or following the spectrum"),
        field("detrend", &O::detrend, {}, "what is subtracted from a segment first"),
        field("confidence", &O::confidence, {0.5, 0.9999}, "coverage of the limits"),
        field("limits", &O::limits, {}, "limits by the chi-square law or by leaving out each taper and segment in turn"),
        field("line_test", &O::line_test, {}, "also test every bin for a line (F test)"),
    };
  }
};
static_assert(fully_described<MultitaperOptions>());

struct MultitaperSpectrum {
  std::vector<double> frequency_hz;
  RowMatrix density_uv2_per_hz;
  RowMatrix low_uv2_per_hz;
  RowMatrix high_uv2_per_hz;
  RowMatrix line_f;
  RowMatrix line_p;
  int segment_count = 0;
  int taper_count = 0;
  double half_bandwidth_hz = 0;

  static constexpr auto fields() {
    using S = MultitaperSpectrum;
    return std::tuple{
        field("frequency_hz", &S::frequency_hz, {}, "centre of each bin"),
        field("density_uv2_per_hz", &S::density_uv2_per_hz, {}, "one-sided power spectral density"),
        field("low_uv2_per_hz", &S::low_uv2_per_hz, {}, "lower confidence limit"),
        field("high_uv2_per_hz", &S::high_uv2_per_hz, {}, "upper confidence limit"),
        field("line_f", &S::line_f, {}, "F statistic of a line in this bin, if line_test"),
        field("line_p", &S::line_p, {}, "its p value"),
        field("segment_count", &S::segment_count, {}, "segments averaged"),
        field("taper_count", &S::taper_count, {}, "tapers of each segment"),
        field("half_bandwidth_hz", &S::half_bandwidth_hz, {}, "half width of the band that a bin speaks for"),
    };
  }
};
static_assert(fully_described<MultitaperSpectrum>());

MultitaperSpectrum multitaper(const ChannelsView& signal, double rate_hz, const MultitaperOptions& options = {}, int threads = 1);

}  // namespace emg
