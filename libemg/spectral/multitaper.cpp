#include "libemg/spectral/multitaper.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/chi_square.h"
#include "libemg/core/distributions.h"
#include "libemg/core/parallel.h"
#include "libemg/spectral/segments_internal.h"
#include "libemg/spectral/tapers.h"

namespace emg {
namespace {

// What all channels share.
struct Plan {
  SegmentGrid grid;
  Index segment_count = 0;
  double rate_hz = 0;
  std::shared_ptr<const Tapers> tapers;
  MultitaperOptions options;

  Index taper_count() const { return tapers->values.rows(); }
  Index bin_count() const { return grid.length / 2 + 1; }
  double one_sided(Index bin) const { return (is_doubled(bin, grid.length) ? 2 : 1) / rate_hz; }
};

// Density of a channel from fixed weights: one running sum.
class FixedWeights {
 public:
  explicit FixedWeights(const Plan& plan) : plan_(plan), power_(plan.grid.length), tapers_(plan.tapers->values) {
    for (Index k = 0; k < plan.taper_count(); ++k) {
      const double weight = plan.options.weights == TaperWeights::eigen ? plan.tapers->concentration[static_cast<std::size_t>(k)] : 1;
      total_ += weight;
      if (weight != 1) tapers_.row(k) *= std::sqrt(weight);
    }
  }

  void operator()(std::span<const double> trace, double* density) {
    for (Index s = 0; s < plan_.segment_count; ++s) {
      // Two buffers in turn: the last taper of a segment may wait for the first of the next.
      const auto x = detrended(segment_of(trace, plan_.grid, s), plan_.options.detrend, buffers_[s % 2]);
      for (Index k = 0; k < tapers_.rows(); ++k) power_.add(x, tapers_.row(k).data());
    }
    power_.finish(density);
    const double count = total_ * static_cast<double>(plan_.segment_count);
    for (Index bin = 0; bin < plan_.bin_count(); ++bin) density[bin] *= plan_.one_sided(bin) / count;
  }

 private:
  const Plan& plan_;
  PairedPower power_;
  RowMatrix tapers_;
  double total_ = 0;
  std::vector<double> buffers_[2];
};

// Spectra of all tapers of one segment, kept apart.
struct TaperSpectra {
  Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> bins;  // tapers x bins
  RowMatrix weights;                                                                          // tapers x bins
  double variance = 0;                                                                        // of the detrended segment
};

class EverySpectrum {
 public:
  explicit EverySpectrum(const Plan& plan) : plan_(plan), fft_(plan.grid.length) {}

  const TaperSpectra& operator()(std::span<const double> trace, Index segment) {
    const auto& loops = spectral_kernels::kernels();
    const Index length = plan_.grid.length;
    const auto x = detrended(segment_of(trace, plan_.grid, segment), plan_.options.detrend, buffer_);
    spectra_.variance = 0;
    for (Index i = 0; i < length; ++i) spectra_.variance += (x.samples[i] - x.level) * (x.samples[i] - x.level);
    spectra_.variance /= static_cast<double>(length);
    spectra_.bins.resize(plan_.taper_count(), plan_.bin_count());
    for (Index k = 0; k < plan_.taper_count(); ++k) {
      loops.window(x.samples, plan_.tapers->values.row(k).data(), x.level, length, fft_.trace().data());
      fft_.forward();
      std::copy_n(fft_.bins().begin(), plan_.bin_count(), spectra_.bins.row(k).data());
    }
    set_weights();
    return spectra_;
  }

 private:
  void set_weights() {
    spectra_.weights.setOnes(plan_.taper_count(), plan_.bin_count());
    const auto& share = plan_.tapers->concentration;
    if (plan_.options.weights == TaperWeights::uniform) return;
    for (Index k = 0; k < plan_.taper_count(); ++k) spectra_.weights.row(k).setConstant(share[static_cast<std::size_t>(k)]);
    if (plan_.options.weights == TaperWeights::adaptive) {
      for (Index bin = 0; bin < plan_.bin_count(); ++bin) adapt(bin);
    }
  }

  // Thomson 1982, eq. 5.3, in units of |X|^2: b = S / (lambda S + (1 - lambda) variance), weight b^2 lambda.
  void adapt(Index bin) {
    constexpr int kMostRounds = 150;
    constexpr double kSmallestChange = 1e-10;
    const auto power = [&](Index k) { return squared(spectra_.bins(k, bin)); };
    double s = plan_.taper_count() > 1 ? (power(0) + power(1)) / 2 : power(0);
    if (!(spectra_.variance > 0)) return;
    for (int round = 0; round < kMostRounds && s > 0; ++round) {
      double sum = 0, total = 0;
      for (Index k = 0; k < plan_.taper_count(); ++k) {
        const double share = plan_.tapers->concentration[static_cast<std::size_t>(k)];
        const double b = s / (share * s + (1 - share) * spectra_.variance);
        spectra_.weights(k, bin) = b * b * share;
        sum += b * b * share * power(k);
        total += b * b * share;
      }
      const double before = std::exchange(s, sum / total);
      if (std::abs(s - before) <= kSmallestChange * before) return;
    }
  }

  const Plan& plan_;
  RealFft fft_;
  TaperSpectra spectra_;
  std::vector<double> buffer_;
};

// Densities of single tapers and segments with their weights, for one channel: (segments tapers) x bins.
struct Pieces {
  RowMatrix density, weight;
};

// Leaves out one piece at a time (Thomson & Chave 1991): standard error of the logarithm of the density of `bin`.
double jackknife_error(const Pieces& pieces, Index bin) {
  const Index count = pieces.density.rows();
  const auto density = pieces.density.col(bin), weight = pieces.weight.col(bin);
  const double sum = (density.array() * weight.array()).sum(), total = weight.sum();
  double mean = 0, square = 0;
  for (Index i = 0; i < count; ++i) {
    const double without = std::log((sum - density(i) * weight(i)) / (total - weight(i)));
    const double away = without - mean;
    mean += away / static_cast<double>(i + 1);
    square += away * (without - mean);
  }
  return std::sqrt(square * static_cast<double>(count - 1) / static_cast<double>(count));
}

// F of a line in every bin, pooled over segments: explained over unexplained power of the tapers' spectra.
class LineTest {
 public:
  explicit LineTest(const Plan& plan) : plan_(plan), explained_(Eigen::ArrayXd::Zero(plan.bin_count())), rest_(explained_) {
    for (Index k = 0; k < plan.taper_count(); ++k) at_zero_.push_back(plan.tapers->values.row(k).sum());
    for (const double u : at_zero_) energy_ += u * u;
  }

  void add(const TaperSpectra& spectra) {
    for (Index bin = 0; bin < plan_.bin_count(); ++bin) {
      std::complex<double> mu = 0;
      for (Index k = 0; k < plan_.taper_count(); ++k) mu += at_zero_[static_cast<std::size_t>(k)] * spectra.bins(k, bin);
      mu /= energy_;
      explained_(bin) += squared(mu) * energy_;
      for (Index k = 0; k < plan_.taper_count(); ++k)
        rest_(bin) += squared(spectra.bins(k, bin) - mu * at_zero_[static_cast<std::size_t>(k)]);
    }
  }

  void finish(double* f, double* p) const {
    const double between = static_cast<double>(2 * plan_.segment_count), within = between * static_cast<double>(plan_.taper_count() - 1);
    for (Index bin = 0; bin < plan_.bin_count(); ++bin) {
      const bool defined = rest_(bin) > 0 && within > 0;
      f[bin] = defined ? (explained_(bin) / between) / (rest_(bin) / within) : std::numeric_limits<double>::quiet_NaN();
      p[bin] = defined ? f_tail(f[bin], between, within) : std::numeric_limits<double>::quiet_NaN();
    }
  }

 private:
  const Plan& plan_;
  std::vector<double> at_zero_;
  double energy_ = 0;
  Eigen::ArrayXd explained_, rest_;
};

// One channel by way of every taper's spectrum: adaptive weights, jackknife limits, line test.
void every_taper(const Plan& plan, EverySpectrum& every, std::span<const double> trace, Index channel, MultitaperSpectrum& out) {
  const Index tapers = plan.taper_count(), bins = plan.bin_count(), segments = plan.segment_count;
  const bool jackknife = plan.options.limits == SpectrumLimits::jackknife;
  Pieces pieces;
  if (jackknife) {
    pieces.density.resize(segments * tapers, bins);
    pieces.weight.resize(segments * tapers, bins);
  }
  LineTest line(plan);
  out.density_uv2_per_hz.row(channel).setZero();
  for (Index s = 0; s < segments; ++s) {
    const auto& spectra = every(trace, s);
    for (Index bin = 0; bin < bins; ++bin) {
      double sum = 0, total = 0;
      for (Index k = 0; k < tapers; ++k) {
        sum += spectra.weights(k, bin) * squared(spectra.bins(k, bin));
        total += spectra.weights(k, bin);
      }
      out.density_uv2_per_hz(channel, bin) += sum / total;
    }
    if (jackknife) {
      pieces.density.middleRows(s * tapers, tapers) = spectra.bins.cwiseAbs2();
      // Segments weigh the same, whatever their tapers add up to.
      pieces.weight.middleRows(s * tapers, tapers) = spectra.weights.array().rowwise() / spectra.weights.colwise().sum().array();
    }
    if (plan.options.line_test) line.add(spectra);
  }
  for (Index bin = 0; bin < bins; ++bin) out.density_uv2_per_hz(channel, bin) *= plan.one_sided(bin) / static_cast<double>(segments);
  if (plan.options.line_test) line.finish(out.line_f.row(channel).data(), out.line_p.row(channel).data());
  if (!jackknife || segments * tapers < 2) return;
  const double t = student_t_quantile(0.5 + plan.options.confidence / 2, static_cast<double>(segments * tapers - 1));
  for (Index bin = 0; bin < bins; ++bin) {
    const double density = out.density_uv2_per_hz(channel, bin);
    const double factor = density > 0 ? std::exp(t * jackknife_error(pieces, bin)) : 1;
    out.low_uv2_per_hz(channel, bin) = density / factor;
    out.high_uv2_per_hz(channel, bin) = density * factor;
  }
}

void set_chi_square_limits(const Plan& plan, MultitaperSpectrum& spectrum) {
  const std::vector<double> first_taper(plan.tapers->values.row(0).data(), plan.tapers->values.row(0).data() + plan.grid.length);
  const double segments = effective_segment_count(first_taper, plan.grid.hop, plan.segment_count);
  const double freedom = 2 * segments * static_cast<double>(plan.taper_count()), tail = (1 - plan.options.confidence) / 2;
  spectrum.low_uv2_per_hz = spectrum.density_uv2_per_hz * (freedom / chi_square_quantile(1 - tail, freedom));
  spectrum.high_uv2_per_hz = spectrum.density_uv2_per_hz * (freedom / chi_square_quantile(tail, freedom));
}

}  // namespace

MultitaperSpectrum multitaper(const ChannelsView& signal, double rate_hz, const MultitaperOptions& options, int threads) {
  require_rate(rate_hz);
  if (signal.size() == 0) require_signal(signal, rate_hz);
  validate_options(options);
  Plan plan;
  plan.options = options;
  plan.rate_hz = rate_hz;
  plan.grid = segment_grid(options.segment_s, options.overlap, signal.cols(), rate_hz);
  plan.segment_count = plan.grid.count_in(signal.cols());
  const auto all_tapers = std::max<Index>(1, static_cast<Index>(std::floor(2 * options.time_bandwidth)) - 1);
  plan.tapers = slepian_tapers(plan.grid.length, options.time_bandwidth, options.taper_count ? Index{*options.taper_count} : all_tapers);
  MultitaperSpectrum spectrum;
  spectrum.frequency_hz = bin_frequencies(plan.grid.length, rate_hz);
  spectrum.segment_count = static_cast<int>(plan.segment_count);
  spectrum.taper_count = static_cast<int>(plan.taper_count());
  spectrum.half_bandwidth_hz = options.time_bandwidth * rate_hz / static_cast<double>(plan.grid.length);
  const bool every = options.weights == TaperWeights::adaptive || options.limits == SpectrumLimits::jackknife || options.line_test;
  spectrum.density_uv2_per_hz.resize(signal.rows(), plan.bin_count());
  if (options.line_test) {
    spectrum.line_f.resize(signal.rows(), plan.bin_count());
    spectrum.line_p.resize(signal.rows(), plan.bin_count());
  }
  if (options.limits == SpectrumLimits::jackknife) {
    spectrum.low_uv2_per_hz.setConstant(signal.rows(), plan.bin_count(), std::numeric_limits<double>::quiet_NaN());
    spectrum.high_uv2_per_hz = spectrum.low_uv2_per_hz;
  }
  const Index parts = std::min<Index>(signal.rows(), thread_count(threads));
  parallel_for(parts, threads, [&](Index part) {
    std::optional<FixedWeights> fixed;
    std::optional<EverySpectrum> spectra;
    every ? static_cast<void>(spectra.emplace(plan)) : static_cast<void>(fixed.emplace(plan));
    for (Index c = part; c < signal.rows(); c += parts) {
      const auto trace = channel_span(signal, c);
      if (every) {
        every_taper(plan, *spectra, trace, c, spectrum);
      } else {
        (*fixed)(trace, spectrum.density_uv2_per_hz.row(c).data());
      }
    }
  });
  require_finite_segments(signal, rate_hz, spectrum.density_uv2_per_hz.allFinite(),
                          (plan.segment_count - 1) * plan.grid.hop + plan.grid.length);
  if (options.limits == SpectrumLimits::chi_square) set_chi_square_limits(plan, spectrum);
  return spectrum;
}

}  // namespace emg
