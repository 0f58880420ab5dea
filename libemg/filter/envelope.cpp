#include "libemg/filter/envelope.h"

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/moving_stage_internal.h"
#include "libemg/filter/rectify.h"
#include "libemg/spectral/fft.h"
#include "libemg/spectral/kernels_internal.h"

namespace emg {
namespace {

bool is_moving(const EnvelopeOptions& options) {
  return options.method == EnvelopeMethod::rms || options.method == EnvelopeMethod::arv;
}

Index hop_of(double rate_hz, const EnvelopeOptions& options) {
  return is_moving(options) && options.hop_ms > 0 ? samples_in_ms(options.hop_ms, rate_hz) : 1;
}

MovingWindow window_of(double rate_hz, const EnvelopeOptions& options) {
  MovingWindow window;
  window.squares = options.method == EnvelopeMethod::rms;
  window.length = samples_in_ms(options.window_ms, rate_hz);
  window.before = options.alignment == WindowAlignment::centred ? window.length / 2 : window.length - 1;
  window.hop = hop_of(rate_hz, options);
  return window;
}

// Rectify, smooth, and take away the undershoot.
std::unique_ptr<Stage> lowpass_stage_of(Index channels, double rate_hz, const EnvelopeOptions& options, const Cascade& design) {
  auto stage = chained_stage(rectify_stage(channels, rate_hz, {}), cascade_stage(channels, rate_hz, design));
  if (!options.clip_negative) return stage;
  return chained_stage(std::move(stage), rectify_stage(channels, rate_hz, {Rectification::half}));
}

// One group of channels; the design of the low-pass is made once for all groups.
StageFactory stage_factory(double rate_hz, const EnvelopeOptions& options) {
  if (is_moving(options))
    return [=, window = window_of(rate_hz, options)](Index channels) { return moving_stage(channels, rate_hz, window); };
  if (options.method == EnvelopeMethod::lowpass) {
    return [=, design = lowpass_design(options.order, options.cutoff_hz, rate_hz)](Index channels) {
      return lowpass_stage_of(channels, rate_hz, options, design);
    };
  }
  require_corner("low_hz", options.low_hz, rate_hz);
  return [=](Index channels) { return hilbert_stage(channels, rate_hz, options.low_hz); };
}

// The transform of the record is turned by a quarter (Marple 1999): half the work of a complex transform, with the same result.
RowMatrix whole_hilbert(const ChannelsView& signal, double rate_hz, int threads) {
  const Index n = signal.cols();
  const double scale = 1.0 / static_cast<double>(n);
  RowMatrix out = unset_matrix(signal.rows(), n);
  const Index parts = std::min<Index>(signal.rows(), thread_count(threads));
  parallel_for(parts, threads, [&](Index part) {
    RealFft fft(n);
    for (Index c = part; c < signal.rows(); c += parts) {
      const auto x = channel_span(signal, c);
      std::copy(x.begin(), x.end(), fft.trace().begin());
      fft.forward();
      for (auto& bin : fft.bins()) bin = {scale * bin.imag(), -scale * bin.real()};
      fft.bins().front() = 0;
      if (n % 2 == 0) fft.bins().back() = 0;
      fft.unscaled_inverse();
      spectral_kernels::kernels().length(x.data(), fft.trace().data(), n, out.row(c).data());
    }
  });
  // A sample that is not finite makes its whole channel so.
  if (!out.leftCols(std::min<Index>(n, 2)).allFinite()) {
    require_signal(signal, rate_hz);
    throw NumericalError("the transform overflows: samples are too large");
  }
  return out;
}

}  // namespace

double envelope_rate_hz(double rate_hz, const EnvelopeOptions& options) {
  return rate_hz / static_cast<double>(hop_of(rate_hz, options));
}

RowMatrix envelope(const ChannelsView& signal, double rate_hz, const EnvelopeOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  if (options.method == EnvelopeMethod::hilbert && options.hilbert_method == HilbertMethod::fft)
    return whole_hilbert(signal, rate_hz, threads);
  try {
    return run_stage(stage_factory(rate_hz, options), signal, threads);
  } catch (const InvalidArgument&) {
    // A stage counts the channels of its own group only.
    require_signal(signal, rate_hz);
    throw;
  }
}

std::unique_ptr<Stage> envelope_stage(Index channel_count, double rate_hz, const EnvelopeOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  if (options.method == EnvelopeMethod::hilbert && options.hilbert_method == HilbertMethod::fft) return nullptr;
  return grouped_stage(stage_factory(rate_hz, options), channel_count, 1);
}

}  // namespace emg
