#pragma once
// Filters without feedback: band-pass, low-pass, high-pass and band-stop of linear phase, designed by a window.
//
// signal: channels x samples, microvolts. Result: the same shape and unit, aligned with the input: the delay of half the filter is removed.
// Outside samples count as zero (edges = zero) or are the odd extension of the record (edges = odd).
// Degenerate input: a filter longer than the record is legal with edges = zero.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, corners outside (0, rate/2) or not ascending, an
// even tap_count where the filter passes half the rate, edges = odd on a record of not more than half the filter.
// Cost: two transforms of about four times the filter for three times its length in output: 2 ns a sample and channel for 401 taps.
// Method: windowed sinc (Oppenheim & Schafer, Discrete-Time Signal Processing, ch. 7), unit gain in the middle of the first pass-band:
// coefficients equal scipy.signal.firwin to 1e-14 of the largest; overlap-save (Stockham 1966) equals scipy.signal.oaconvolve with mode =
// "same" to 1e-10 of the largest input. Automatic length: the transition width of each window from Harris 1978, Kaiser 1974.

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

enum class FirKind { band, low, high, stop };
constexpr auto enum_names(FirKind) {
  using K = FirKind;
  return std::array<std::pair<K, std::string_view>, 4>{{{K::band, "band"}, {K::low, "low"}, {K::high, "high"}, {K::stop, "stop"}}};
}

enum class FirWindow { hamming, hann, blackman, kaiser };
constexpr auto enum_names(FirWindow) {
  using W = FirWindow;
  return std::array<std::pair<W, std::string_view>, 4>{
      {{W::hamming, "hamming"}, {W::hann, "hann"}, {W::blackman, "blackman"}, {W::kaiser, "kaiser"}}};
}

enum class FirEdges { zero, odd };
constexpr auto enum_names(FirEdges) {
  using E = FirEdges;
  return std::array<std::pair<E, std::string_view>, 2>{{{E::zero, "zero"}, {E::odd, "odd"}}};
}

struct FirOptions {
  FirKind kind = FirKind::band;
  double low_hz = 20;
  double high_hz = 450;
  int tap_count = 0;
  std::optional<double> transition_hz = std::nullopt;
  FirWindow window = FirWindow::hamming;
  double beta = 8.6;
  FirEdges edges = FirEdges::zero;

  static constexpr auto fields() {
    using O = FirOptions;
    return std::tuple{
        field("kind", &O::kind, {}, "which frequencies pass: the band, those below high_hz, those above low_hz, or all but the band"),
        field("low_hz", &O::low_hz, {1e-6, 5e6}, "lower -6 dB edge; not used by low"),
        field("high_hz", &O::high_hz, {1e-6, 5e6}, "upper -6 dB edge, below half the rate; not used by high"),
        field("tap_count", &O::tap_count, {0, 100001}, "length of the filter in taps, at least 3; 0: as long as transition_hz needs"),
        field("transition_hz", &O::transition_hz, {1e-6, 5e6},
              "width of the edges if tap_count is 0; open: a quarter of the edge, at least 2 Hz, never across 0 or half the rate"),
        field("window", &O::window, {}, "window of the design"),
        field("beta", &O::beta, {0, 40}, "kaiser: shape; larger damps more and widens the edges"),
        field("edges", &O::edges, {}, "zero: nothing outside the record; odd: the record goes on turned about its ends"),
    };
  }
};
static_assert(fully_described<FirOptions>());

/// Taps of the filter. Cost: two sines and a cosine a tap.
std::vector<double> fir_design(double rate_hz, const FirOptions& options);

RowMatrix fir(const ChannelsView& signal, double rate_hz, const FirOptions& options = {}, int threads = 1);

std::unique_ptr<Stage> fir_stage(Index channel_count, double rate_hz, const FirOptions& options);

}  // namespace emg
