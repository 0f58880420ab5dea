#include "libemg/spectral/coherence.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "libemg/core/parallel.h"
#include "libemg/spectral/cross_spectra_internal.h"
#include "libemg/spectral/delay_internal.h"
#include "libemg/spectral/pair_internal.h"
#include "libemg/spectral/tapers.h"

namespace emg {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Windows, grid and counts that follow from the shared options.
struct Estimate {
  SegmentGrid grid;
  SegmentWindows windows;
  Index segment_count = 0;
  double effective = 0;

  // Factor from a sum of |X|^2 to a two-sided density.
  double density_scale_of(double rate_hz) const {
    double power = 0;
    for (const auto& window : windows.values) power += window_power(window);
    return 1.0 / (rate_hz * power * static_cast<double>(segment_count));
  }
};

template <class Options>
Estimate estimate_of(const ChannelsView& signal, double rate_hz, const Options& options) {
  Estimate e;
  const bool tapered = options.estimator == SpectralEstimator::multitaper;
  e.grid = segment_grid(options.segment_s, tapered ? 0 : options.overlap, signal.cols(), rate_hz);
  e.segment_count = e.grid.count_in(signal.cols());
  if (tapered) {
    const auto tapers =
        slepian_tapers(e.grid.length, options.time_bandwidth, static_cast<Index>(std::floor(2 * options.time_bandwidth)) - 1);
    for (Index k = 0; k < tapers->values.rows(); ++k) {
      e.windows.values.emplace_back(tapers->values.row(k).data(), tapers->values.row(k).data() + e.grid.length);
    }
    e.effective = static_cast<double>(e.segment_count * tapers->values.rows());
  } else {
    e.windows.values.push_back(periodic_window(options.window, e.grid.length));
    e.effective = effective_segment_count(e.windows.values.front(), e.grid.hop, e.segment_count);
  }
  return e;
}

void require_segments(const Estimate& e, double others, double segment_s) {
  if (e.effective >= 2 + others) return;
  throw InvalidArgument(
      fmt::format("segment_s {} s leaves {} segments, worth {:.3g} independent ones; {} or more are needed (a single one has "
                  "coherence 1 whatever the signals)",
                  segment_s, e.segment_count, e.effective, 2 + others));
}

bool is_constant(std::span<const double> trace) {
  return std::all_of(trace.begin(), trace.end(), [&](double x) { return x == trace.front(); });
}

double coherence_of(double re, double im, double first_power, double second_power) {
  const double powers = first_power * second_power;
  return powers > 0 ? (re * re + im * im) / powers : kMissing;
}

// All channels that a pair result speaks of, x and y first.
Coherence pair_result(const ChannelsView& signal, double rate_hz, const std::vector<Index>& channels, const Estimate& e,
                      double confidence) {
  Coherence result;
  result.frequency_hz = bin_frequencies(e.grid.length, rate_hz);
  result.segment_count = static_cast<int>(e.segment_count);
  result.effective_segment_count = e.effective;
  const auto others = static_cast<double>(channels.size() - 2);
  result.limit = coherence_limit(confidence, e.effective, others);
  for (const Index c : channels) result.constant_count += is_constant(channel_span(signal, c));
  return result;
}

void push_bin(Coherence& result, const std::complex<double>& cross, double first, double second, double density) {
  const double c = result.constant_count > 0 ? kMissing : coherence_of(cross.real(), cross.imag(), first, second);
  result.coherence.push_back(c);
  result.phase_rad.push_back(std::isnan(c) ? kMissing : std::atan2(cross.imag(), cross.real()));
  result.first_density_uv2_per_hz.push_back(first * density);
  result.second_density_uv2_per_hz.push_back(second * density);
}

template <class Options>
void set_delay(Coherence& result, const Estimate& e, double rate_hz, const Options& options) {
  const double high_hz = options.high_hz.value_or(rate_hz / 2);
  const auto found = delay_of_phase(result, options.low_hz, high_hz, result.effective_segment_count, bin_correlation(e.windows));
  result.delay_bin_count = static_cast<int>(found.bin_count);
  result.delay_ms = found.delay_ms;
  result.delay_error_ms = found.error_ms;
  result.intercept_rad = found.intercept_rad;
}

template <class Options>
void check_pair(const ChannelsView& signal, double rate_hz, const Options& options) {
  require_signal(signal, rate_hz);
  validate_options(options);
  require_pair(signal, options.first_channel, options.second_channel);
  if (options.high_hz) require_ascending("low_hz", options.low_hz, "high_hz", *options.high_hz);
}

// Channels that partial coherence takes out.
std::vector<Index> given_channels(const ChannelsView& signal, const PartialCoherenceOptions& options) {
  std::vector<Index> given;
  if (options.given_channels.empty()) {
    for (Index c = 0; c < signal.rows(); ++c) {
      if (c != options.first_channel && c != options.second_channel) given.push_back(c);
    }
  }
  for (const double value : options.given_channels) {
    const auto c = static_cast<int>(value);
    if (static_cast<double>(c) != value || c >= signal.rows()) {
      throw InvalidArgument(fmt::format("given_channels {} does not exist: the signal has {} channels", value, signal.rows()));
    }
    if (c == options.first_channel || c == options.second_channel || std::find(given.begin(), given.end(), Index{c}) != given.end()) {
      throw InvalidArgument(fmt::format("given_channels {} is used twice", c));
    }
    given.push_back(c);
  }
  if (given.empty()) throw InvalidArgument("given_channels is empty: partial coherence needs a third channel");
  return given;
}

// The 2 x 2 spectral matrix of x and y given the others, from the inverse of the whole one scaled to a unit diagonal; empty if it is
// singular.
std::optional<Eigen::Matrix2cd> partial_spectrum(const CrossSpectra& spectra, Index bin) {
  constexpr double kSmallestCondition = 1e-12;
  const Index n = spectra.channel_count();
  Eigen::VectorXd amplitude(n);
  for (Index i = 0; i < n; ++i) amplitude(i) = std::sqrt(spectra(bin, i, i).real());
  if (!(amplitude.minCoeff() > 0)) return std::nullopt;
  Eigen::MatrixXcd s(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) s(i, j) = i == j ? 1.0 : spectra(bin, i, j) / (amplitude(i) * amplitude(j));
  }
  const Eigen::LLT<Eigen::MatrixXcd> factors(s);
  if (factors.info() != Eigen::Success || !(factors.rcond() >= kSmallestCondition)) return std::nullopt;
  const Eigen::MatrixXcd inverse = factors.solve(Eigen::MatrixXcd::Identity(n, 2));
  Eigen::Matrix2cd partial = inverse.topRows(2).inverse();
  for (Index i = 0; i < 2; ++i) {
    for (Index j = 0; j < 2; ++j) partial(i, j) *= amplitude(i) * amplitude(j);
  }
  return partial;
}

std::string channel_list(const std::vector<Index>& channels) {
  std::string text;
  for (const Index c : channels) text += (text.empty() ? "" : ", ") + std::to_string(c);
  return text;
}

// Coherences and phases of one tile of bins, all pairs, into the cubes.
void fill_tile(const CrossSpectra& spectra, Index tile, const std::vector<bool>& constant, CoherenceMatrix& result) {
  constexpr Index kTile = spectral_kernels::kTile;
  const Index n = spectra.channel_count(), bins = std::min(kTile, spectra.bin_count() - tile * kTile);
  const bool phase = !result.phase_rad.values.empty();
  const auto put = [&](Cube& cube, Index bin, Index i, Index j, double value) {
    cube.values[static_cast<std::size_t>(((tile * kTile + bin) * n + i) * n + j)] = value;
  };
  std::vector<double> row(static_cast<std::size_t>(n * kTile));
  for (Index i = 0; i < n; ++i) {
    const double* const first = spectra.tile(tile, i, i);
    for (Index j = i + 1; j < n; ++j) {
      const double* const cross = spectra.tile(tile, i, j);
      const double* const second = spectra.tile(tile, j, j);
      double* const out = row.data() + j * kTile;
      const bool missing = constant[static_cast<std::size_t>(i)] || constant[static_cast<std::size_t>(j)];
      for (Index b = 0; b < kTile; ++b) {
        const double powers = first[b] * second[b], square = cross[b] * cross[b] + cross[kTile + b] * cross[kTile + b];
        out[b] = powers > 0 ? square / powers : kMissing;
      }
      if (missing) std::fill_n(out, kTile, kMissing);
      for (Index b = 0; phase && b < bins; ++b) {
        const double angle = std::isnan(out[b]) ? kMissing : std::atan2(cross[kTile + b], cross[b]);
        put(result.phase_rad, b, i, j, angle);
        put(result.phase_rad, b, j, i, -angle);
      }
    }
    for (Index b = 0; b < bins; ++b) {
      const bool missing = constant[static_cast<std::size_t>(i)] || !(first[b] > 0);
      put(result.coherence, b, i, i, missing ? kMissing : 1.0);
      if (phase) put(result.phase_rad, b, i, i, missing ? kMissing : 0.0);
      double* const across = result.coherence.values.data() + ((tile * kTile + b) * n + i) * n;
      for (Index j = i + 1; j < n; ++j) across[j] = row[static_cast<std::size_t>(j * kTile + b)];
    }
  }
  // The other triangle, bin by bin: one matrix stays in the cache.
  for (Index b = 0; b < bins; ++b) {
    double* const matrix = result.coherence.values.data() + (tile * kTile + b) * n * n;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < i; ++j) matrix[i * n + j] = matrix[j * n + i];
    }
  }
}

}  // namespace

double coherence_limit(double confidence, double segments, double others) {
  return 1 - std::pow(1 - confidence, 1 / (segments - others - 1));
}

Coherence coherence(const ChannelsView& signal, double rate_hz, const CoherenceOptions& options, int threads) {
  check_pair(signal, rate_hz, options);
  const auto e = estimate_of(signal, rate_hz, options);
  require_segments(e, 0, options.segment_s);
  // In the order of the matrix, so that a pair has its bits; the other direction is the conjugate.
  const std::vector<Index> channels{std::min(options.first_channel, options.second_channel),
                                    std::max(options.first_channel, options.second_channel)};
  const Index x = options.first_channel < options.second_channel ? 0 : 1, y = 1 - x;
  auto result = pair_result(signal, rate_hz, channels, e, options.confidence);
  const CrossSpectra spectra(signal, channels, e.grid, e.windows, options.detrend, options.rectify, threads);
  const double scale = e.density_scale_of(rate_hz);
  for (Index bin = 0; bin < spectra.bin_count(); ++bin) {
    push_bin(result, spectra(bin, x, y), spectra(bin, x, x).real(), spectra(bin, y, y).real(),
             is_doubled(bin, e.grid.length) ? 2 * scale : scale);
  }
  set_delay(result, e, rate_hz, options);
  return result;
}

Coherence partial_coherence(const ChannelsView& signal, double rate_hz, const PartialCoherenceOptions& options, int threads) {
  check_pair(signal, rate_hz, options);
  std::vector<Index> channels{options.first_channel, options.second_channel};
  const auto given = given_channels(signal, options);
  channels.insert(channels.end(), given.begin(), given.end());
  const auto e = estimate_of(signal, rate_hz, options);
  require_segments(e, static_cast<double>(given.size()), options.segment_s);
  auto result = pair_result(signal, rate_hz, channels, e, options.confidence);
  const CrossSpectra spectra(signal, channels, e.grid, e.windows, options.detrend, options.rectify, threads);
  const double scale = e.density_scale_of(rate_hz);
  for (Index bin = 0; bin < spectra.bin_count(); ++bin) {
    const auto partial = result.constant_count > 0 ? std::nullopt : partial_spectrum(spectra, bin);
    // The mean is gone from bin 0, and with it what tells channels apart there.
    if (!partial && bin > 0 && result.constant_count == 0) {
      throw InvalidArgument(fmt::format("channels {} are linear mixtures of each other at {:.6g} Hz: partial coherence is not defined",
                                        channel_list(channels), result.frequency_hz[static_cast<std::size_t>(bin)]));
    }
    const Eigen::Matrix2cd s = partial.value_or(Eigen::Matrix2cd::Zero());
    push_bin(result, s(0, 1), s(0, 0).real(), s(1, 1).real(), is_doubled(bin, e.grid.length) ? 2 * scale : scale);
  }
  set_delay(result, e, rate_hz, options);
  return result;
}

CoherenceMatrix coherence_matrix(const ChannelsView& signal, double rate_hz, const CoherenceMatrixOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  if (signal.rows() < 2) throw InvalidArgument("the signal has 1 channel: coherence needs 2 or more");
  const auto e = estimate_of(signal, rate_hz, options);
  require_segments(e, 0, options.segment_s);
  CoherenceMatrix result;
  result.frequency_hz = bin_frequencies(e.grid.length, rate_hz);
  result.segment_count = static_cast<int>(e.segment_count);
  result.effective_segment_count = e.effective;
  result.limit = coherence_limit(options.confidence, e.effective);
  std::vector<bool> constant;
  for (Index c = 0; c < signal.rows(); ++c) constant.push_back(is_constant(channel_span(signal, c)));
  result.constant_count = static_cast<int>(std::count(constant.begin(), constant.end(), true));
  std::vector<Index> channels(static_cast<std::size_t>(signal.rows()));
  std::iota(channels.begin(), channels.end(), Index{0});
  const CrossSpectra spectra(signal, channels, e.grid, e.windows, options.detrend, options.rectify, threads);
  require_finite_segments(signal, rate_hz, spectra.finite(), (e.segment_count - 1) * e.grid.hop + e.grid.length);
  const Index n = signal.rows(), bins = spectra.bin_count();
  const auto size = static_cast<std::size_t>(bins * n * n);
  result.coherence = {bins, n, n, std::vector<double>(size)};
  if (options.phase) result.phase_rad = {bins, n, n, std::vector<double>(size)};
  parallel_for(spectra.tile_count(), threads, [&](Index tile) { fill_tile(spectra, tile, constant, result); });
  return result;
}

Coherence pooled_coherence(std::span<const Coherence> parts, double confidence) {
  if (parts.empty()) throw InvalidArgument("no coherence to pool");
  Coherence pooled;
  pooled.frequency_hz = parts.front().frequency_hz;
  std::vector<std::complex<double>> cross(pooled.frequency_hz.size());
  std::vector<double> first(cross.size()), second(cross.size());
  for (const auto& part : parts) {
    if (part.frequency_hz != pooled.frequency_hz) throw InvalidArgument("coherences to pool have different frequencies");
    pooled.segment_count += part.segment_count;
    pooled.effective_segment_count += part.effective_segment_count;
    pooled.constant_count += part.constant_count;
    for (std::size_t k = 0; k < cross.size(); ++k) {
      const double l = part.effective_segment_count, a = part.first_density_uv2_per_hz[k], b = part.second_density_uv2_per_hz[k];
      cross[k] += l * std::polar(std::sqrt(part.coherence[k] * a * b), part.phase_rad[k]);
      first[k] += l * a;
      second[k] += l * b;
    }
  }
  pooled.limit = coherence_limit(confidence, pooled.effective_segment_count);
  for (std::size_t k = 0; k < cross.size(); ++k) push_bin(pooled, cross[k], first[k], second[k], 1 / pooled.effective_segment_count);
  pooled.delay_ms = pooled.delay_error_ms = pooled.intercept_rad = kMissing;
  return pooled;
}

std::vector<double> coherence_difference(const Coherence& first, const Coherence& second) {
  if (first.frequency_hz != second.frequency_hz) throw InvalidArgument("coherences to compare have different frequencies");
  const double sd = std::sqrt(1 / (2 * first.effective_segment_count) + 1 / (2 * second.effective_segment_count));
  std::vector<double> z;
  for (std::size_t k = 0; k < first.coherence.size(); ++k) {
    z.push_back((std::atanh(std::sqrt(first.coherence[k])) - std::atanh(std::sqrt(second.coherence[k]))) / sd);
  }
  return z;
}

}  // namespace emg
