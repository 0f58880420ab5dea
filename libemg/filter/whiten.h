#pragma once
// Makes the noise of each channel white: the inverse of an autoregressive model of its quiet time.
//
// signal: channels x samples, microvolts. Result: the same shape, without unit: in units of the whitened noise of the quiet time, whose
// standard deviation is 1. The first `order` samples repeat the next `order`.
// Quiet time: the span given, or the quietest fifth of the 0.25-s windows, of which no more than 20000 samples are used: they give a
// coefficient to 0.7 %.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a span outside the record or not longer than twice
// the order, a record not longer than twice the order, a channel whose quiet time is constant.
// Cost: `order` multiplications a sample. Held memory of the stage: `order` samples; the model is found in two first passes.
// Method: Burg 1975 (maximum entropy), errors summed over all quiet stretches; Kay, Modern Spectral Estimation (1988), ch. 7.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

struct WhitenOptions {
  int order = 10;
  std::optional<double> baseline_start_s = std::nullopt;
  std::optional<double> baseline_stop_s = std::nullopt;
  std::vector<double> coefficients;
  std::vector<double> noise_uv;

  static constexpr auto fields() {
    using O = WhitenOptions;
    return std::tuple{
        field("order", &O::order, {1, 32}, "coefficients of the model"),
        field("baseline_start_s", &O::baseline_start_s, {0, 1e7},
              "start of the span that the model is made from; both open: the quietest windows"),
        field("baseline_stop_s", &O::baseline_stop_s, {0, 1e7}, "end of the span; open with baseline_start_s given: end of the record"),
        field("coefficients", &O::coefficients, {}, "the models, channel by channel; empty: found in the record"),
        field("noise_uv", &O::noise_uv, {0, 1e9},
              "standard deviation of the whitened quiet time of each channel; empty: found in the record"),
    };
  }
};
static_assert(fully_described<WhitenOptions>());

/// Coefficients a_1 .. a_order of 1 + sum a_k z^-k from the stretches `spans` of `trace`, each longer than `order`; others are left out.
std::vector<double> burg_coefficients(std::span<const double> trace, const std::vector<Span>& spans, int order);

/// trace[n] + sum a_k trace[n - k]; the first `order` outputs repeat the next `order`.
std::vector<double> inverse_filtered(std::span<const double> trace, const std::vector<double>& coefficients);

/// Fills coefficients and noise_uv from the record, unless they are given.
WhitenOptions resolve_whiten(const BlockSource& source, Index channel_count, double rate_hz, const WhitenOptions& options);

RowMatrix whiten(const ChannelsView& signal, double rate_hz, const WhitenOptions& options = {}, int threads = 1);

/// Block by block, with coefficients and noise_uv given.
std::unique_ptr<Stage> whiten_stage(Index channel_count, double rate_hz, const WhitenOptions& options);

}  // namespace emg
