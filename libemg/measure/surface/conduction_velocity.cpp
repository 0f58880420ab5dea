#include "libemg/measure/surface/conduction_velocity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/spectral/fft.h"

namespace emg {
namespace {

using Complex = std::complex<double>;
using Spectra = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;  // channels x bins

constexpr double kTurn = 2 * std::numbers::pi;

// Bins of a window within the band.
struct Bins {
  Index length = 0, first = 1, count = 0;
  std::vector<double> frequency_hz;

  Bins(Index window_length, double rate_hz, double low_hz, double high_hz) : length(window_length) {
    const double width_hz = rate_hz / static_cast<double>(length);
    first = std::max<Index>(1, static_cast<Index>(std::ceil(low_hz / width_hz - 1e-9)));
    const auto last = std::min<Index>((length - 1) / 2, static_cast<Index>(std::floor(high_hz / width_hz + 1e-9)));
    count = std::max<Index>(0, last - first + 1);
    for (Index k = first; k <= last; ++k) frequency_hz.push_back(static_cast<double>(k) * width_hz);
  }
};

// Spectra of the channels within the band.
struct Band {
  const std::vector<double>& frequency_hz;
  Spectra bins;

  Band(const ChannelsView& segment, const Bins& wanted) : frequency_hz(wanted.frequency_hz), bins(segment.rows(), wanted.count) {
    RealFft fft(wanted.length);
    for (Index c = 0; c < segment.rows(); ++c) {
      std::copy_n(segment.row(c).data(), wanted.length, fft.trace().begin());
      fft.forward();
      std::copy_n(fft.bins().begin() + wanted.first, wanted.count, bins.row(c).data());
    }
  }

  Index channel_count() const { return bins.rows(); }
  double power(Index channel) const { return bins.row(channel).squaredNorm(); }
};

// Delays searched, of either direction, from the fastest to the slowest, with exp(2 pi i f delay) for every bin.
struct Search {
  std::vector<double> delay_s;
  Spectra turns;

  Search(double shortest_s, double longest_s, Index count, const Bins& bins) : turns(count, bins.count) {
    for (Index i = 0; i < count; ++i) {
      delay_s.push_back(shortest_s + (longest_s - shortest_s) * static_cast<double>(i) / static_cast<double>(count - 1));
      for (Index k = 0; k < bins.count; ++k)
        turns(i, k) = std::polar(1.0, kTurn * bins.frequency_hz[static_cast<std::size_t>(k)] * delay_s.back());
    }
  }
  double step_s() const { return delay_s[1] - delay_s[0]; }
};

// B(theta) = sum over f of |sum_m X_m exp(2 pi i f m theta)|^2 and its derivatives, from the cross-spectra of channels l apart.
class Beam {
 public:
  Beam(const Band& band, Index first, Index count) : frequency_hz_(band.frequency_hz), count_(count) {
    for (Index c = first; c < first + count; ++c) power_ += band.power(c);
    cross_.setZero(count - 1, band.bins.cols());
    for (Index lag = 1; lag < count; ++lag) {
      for (Index m = first; m + lag < first + count; ++m) {
        cross_.row(lag - 1).array() += band.bins.row(m).array().conjugate() * band.bins.row(m + lag).array();
      }
    }
  }

  struct Value {
    double beam = 0, slope = 0, curvature = 0;
  };

  Value operator()(double theta_s) const {
    Value v{power_, 0, 0};
    for (std::size_t k = 0; k < frequency_hz_.size(); ++k) {
      const Complex step = std::polar(1.0, kTurn * frequency_hz_[k] * theta_s);
      Complex turn = 1;
      for (Index lag = 1; lag < count_; ++lag) {
        turn *= step;
        const Complex term = cross_(lag - 1, static_cast<Index>(k)) * turn;
        const double omega = kTurn * frequency_hz_[k] * static_cast<double>(lag);
        v.beam += 2 * term.real();
        v.slope -= 2 * omega * term.imag();
        v.curvature -= 2 * omega * omega * term.real();
      }
    }
    return v;
  }

  /// B at a delay and at its negative, from the turns of the bins at the delay.
  std::pair<double, double> both_ways(const Complex* turns) const {
    double even = power_, odd = 0;
    for (Index k = 0; k < bin_count(); ++k) {
      Complex turn = 1;
      for (Index lag = 1; lag < count_; ++lag) {
        turn = {turn.real() * turns[k].real() - turn.imag() * turns[k].imag(),
                turn.real() * turns[k].imag() + turn.imag() * turns[k].real()};
        even += 2 * cross_(lag - 1, k).real() * turn.real();
        odd += 2 * cross_(lag - 1, k).imag() * turn.imag();
      }
    }
    return {even - odd, even + odd};
  }

  double power() const { return power_; }
  Index channel_count() const { return count_; }
  Index bin_count() const { return static_cast<Index>(frequency_hz_.size()); }

 private:
  const std::vector<double>& frequency_hz_;
  Index count_;
  double power_ = 0;
  Spectra cross_;
};

struct Best {
  double delay_s = 0;
  bool edge = true;
};

Best best_on_grid(const Beam& beam, const Search& search) {
  Best best;
  double largest = -1;
  const auto count = static_cast<Index>(search.delay_s.size());
  for (Index i = 0; i < count; ++i) {
    const auto [forward, backward] = beam.both_ways(search.turns.row(i).data());
    const double delay_s = search.delay_s[static_cast<std::size_t>(i)];
    for (const auto& [value, delay] : {std::pair{forward, delay_s}, std::pair{backward, -delay_s}}) {
      if (value <= largest) continue;
      largest = value;
      best = {delay, i == 0 || i == count - 1};
    }
  }
  return best;
}

// The zero of the slope near a grid point: Newton's steps, halved into the bracket where they leave it.
double refined(const Beam& beam, double delay_s, double step_s) {
  constexpr double kTolerance_s = 1e-13;
  double low = delay_s - step_s, high = delay_s + step_s, theta = delay_s;
  for (int i = 0; i < 60 && high - low > kTolerance_s; ++i) {
    const auto v = beam(theta);
    (v.slope > 0 ? low : high) = theta;
    double next = v.curvature < 0 ? theta - v.slope / v.curvature : low - 1;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - theta) < kTolerance_s) return next;
    theta = next;
  }
  return theta;
}

// Vertex of the parabola through three values of the correlation.
double parabola_peak(const Beam& beam, double delay_s, double step_s) {
  const double a = beam(delay_s - step_s).beam, b = beam(delay_s).beam, c = beam(delay_s + step_s).beam;
  const double curvature = a - 2 * b + c;
  return curvature < 0 ? delay_s + 0.5 * (a - c) / curvature * step_s : delay_s;
}

// Weighted least squares through the phases of the first two channels, which vanish at 0 Hz.
double phase_delay(const Band& band, double delay_s) {
  double sum = 0, weights = 0;
  for (std::size_t k = 0; k < band.frequency_hz.size(); ++k) {
    const auto column = static_cast<Index>(k);
    const Complex cross = std::conj(band.bins(0, column)) * band.bins(1, column);
    const double f = band.frequency_hz[k], rest = std::arg(cross * std::polar(1.0, kTurn * f * delay_s)), weight = std::abs(cross);
    sum += weight * f * rest;
    weights += weight * f * f;
  }
  return weights > 0 ? delay_s - sum / (weights * kTurn) : delay_s;
}

double correlation_of(const Band& band, Index first, double delay_s) {
  Complex sum = 0;
  for (std::size_t k = 0; k < band.frequency_hz.size(); ++k) {
    const auto column = static_cast<Index>(k);
    sum += std::conj(band.bins(first, column)) * band.bins(first + 1, column) * std::polar(1.0, kTurn * band.frequency_hz[k] * delay_s);
  }
  const double powers = band.power(first) * band.power(first + 1);
  return powers > 0 ? sum.real() / std::sqrt(powers) : 0;
}

// Potentials travel one way up to pair `last_before` and the other from pair `first_after` on; a pair is named by its first channel.
struct Zone {
  Index last_before = 0, first_after = 0;
};

// Only pairs that correlate say something.
std::optional<Zone> innervation_zone(const Band& band, const Search& search, double min_correlation) {
  int sign_before = 0;
  Index before = 0;
  for (Index pair = 0; pair + 1 < band.channel_count(); ++pair) {
    const auto best = best_on_grid(Beam(band, pair, 2), search);
    if (best.edge || correlation_of(band, pair, best.delay_s) < min_correlation) continue;
    const int sign = best.delay_s > 0 ? 1 : -1;
    if (sign_before != 0 && sign != sign_before) return Zone{before, pair};
    sign_before = sign;
    before = pair;
  }
  return std::nullopt;
}

struct Setting {
  ConductionVelocityOptions options;
  double distance_m = 0, rate_hz = 0;

  // The correlation is looked at eight times as finely as it was sampled.
  Search search(const Bins& bins) const {
    constexpr double kFiner = 8;
    constexpr Index kDelays = 400;
    const double shortest_s = distance_m / options.max_mps, longest_s = distance_m / options.min_mps;
    const bool correlation = options.method == VelocityMethod::correlation;
    return {shortest_s, longest_s, correlation ? 3 + static_cast<Index>((longest_s - shortest_s) * rate_hz * kFiner) : kDelays, bins};
  }
};

std::optional<double> delay_by(const Setting& setting, const Search& search, const Band& band, const Beam& beam) {
  const auto best = best_on_grid(beam, search);
  if (best.edge) return std::nullopt;
  if (setting.options.method == VelocityMethod::correlation) return parabola_peak(beam, best.delay_s, search.step_s());
  const double exact = refined(beam, best.delay_s, search.step_s());
  return setting.options.method == VelocityMethod::phase ? phase_delay(band, exact) : exact;
}

// From the least-squares cost Q = P - B / K: noise of a bin Q / (bins (K - 1)), variance of the delay = noise / Q''.
double delay_sd(const Beam& beam, double delay_s) {
  const auto v = beam(delay_s);
  const auto k = static_cast<double>(beam.channel_count());
  const double rest = std::max(0.0, beam.power() - v.beam / k), curvature = -v.curvature / k;
  return curvature > 0 ? std::sqrt(rest / (static_cast<double>(beam.bin_count()) * (k - 1) * curvature)) : 0;
}

// The longer side of a zone, or all channels.
void set_channels(ConductionVelocityRow& row, Index channels, const std::optional<Zone>& zone, bool split) {
  row.channel_count = static_cast<int>(channels);
  if (!zone || !split) return;
  const Index before = zone->last_before + 2, after = channels - zone->first_after;
  row.first_channel = static_cast<int>(before >= after ? 0 : zone->first_after);
  row.channel_count = static_cast<int>(std::max(before, after));
}

ConductionVelocityRow measure(const Band& band, double time_s, const Setting& setting, const Search& search) {
  constexpr double kSlowest_mps = 2, kFastest_mps = 8;  // of fibres (Andreassen & Arendt-Nielsen 1987: 2.6 to 5.3 m/s)
  const auto& o = setting.options;
  ConductionVelocityRow row;
  row.time_s = time_s;
  const auto zone = innervation_zone(band, search, o.min_correlation);
  if (zone) {
    row.zone_pair = static_cast<int>(zone->first_after);
    row.flags.emplace_back("innervation_zone");
  }
  set_channels(row, band.channel_count(), zone, o.split);
  if (row.channel_count == 2) row.flags.insert(row.flags.begin(), "few_channels");
  const Beam beam(band, row.first_channel, row.channel_count);
  const auto delay_s = beam.power() > 0 ? delay_by(setting, search, band, beam) : std::nullopt;
  if (!delay_s) {
    row.quality = VelocityQuality::edge;
    return row;
  }
  row.delay_ms = 1000 * *delay_s;
  row.cv_mps = setting.distance_m / *delay_s;
  row.direction = *delay_s > 0 ? 1 : -1;
  row.cv_sd_mps = setting.distance_m / (*delay_s * *delay_s) * delay_sd(beam, *delay_s);
  double sum = 0;
  for (Index pair = row.first_channel; pair + 1 < row.first_channel + row.channel_count; ++pair)
    sum += correlation_of(band, pair, *delay_s);
  row.correlation = sum / (row.channel_count - 1);
  const double speed = std::abs(*row.cv_mps);
  if (*row.correlation < o.min_correlation) {
    row.quality = VelocityQuality::low_correlation;
  } else if (speed < kSlowest_mps || speed > kFastest_mps) {
    row.quality = VelocityQuality::implausible;
  }
  return row;
}

Setting checked_setting(const ChannelsView& signal, double rate_hz, const ConductionVelocityOptions& options) {
  require_signal(signal, rate_hz);
  validate_options(options);
  if (!options.distance_mm) throw InvalidArgument("distance_mm is missing: the distance of neighbouring channels");
  require_ascending("low_hz", options.low_hz, "high_hz", options.high_hz);
  require_ascending("min_mps", options.min_mps, "max_mps", options.max_mps);
  if (options.high_hz > rate_hz / 2)
    throw InvalidArgument(fmt::format("high_hz {} Hz is above {} Hz, half of the rate", options.high_hz, rate_hz / 2));
  const Index left = signal.rows() - static_cast<Index>(options.derivation);
  if (left < 2) {
    throw InvalidArgument(fmt::format("{} channels with derivation {} leave {}: conduction velocity needs 2 or more", signal.rows(),
                                      name_of(options.derivation), std::max<Index>(left, 0)));
  }
  if (left > 2 && options.method != VelocityMethod::ml) {
    throw InvalidArgument(fmt::format("method {} takes 2 channels, not {}", name_of(options.method), left));
  }
  return {options, *options.distance_mm / 1000, rate_hz};
}

}  // namespace

RowMatrix derived(const ChannelsView& signal, Derivation derivation) {
  RowMatrix x = signal;
  for (int order = 0; order < static_cast<int>(derivation); ++order) {
    const RowMatrix difference = x.bottomRows(x.rows() - 1) - x.topRows(x.rows() - 1);
    x = difference;
  }
  return x;
}

std::vector<ConductionVelocityRow> conduction_velocity(const ChannelsView& signal, double rate_hz, const ConductionVelocityOptions& options,
                                                       int threads) {
  const auto setting = checked_setting(signal, rate_hz, options);
  const Index length = options.window_s > 0 ? samples_in_s(options.window_s, rate_hz) : signal.cols();
  if (length > signal.cols()) {
    throw InvalidArgument(
        fmt::format("window_s {} s is longer than the record ({:.6g} s)", options.window_s, static_cast<double>(signal.cols()) / rate_hz));
  }
  const RowMatrix x = derived(signal, options.derivation);
  const Index hop = samples_in_s(options.hop_s, rate_hz), windows = (signal.cols() - length) / hop + 1;
  const Bins bins(length, rate_hz, options.low_hz, options.high_hz);
  if (bins.count < 2)
    throw InvalidArgument(fmt::format("window_s {} s is too short for the band from low_hz {} to high_hz {}", options.window_s,
                                      options.low_hz, options.high_hz));
  const auto search = setting.search(bins);
  std::vector<ConductionVelocityRow> rows(static_cast<std::size_t>(windows));
  parallel_for(windows, threads, [&](Index w) {
    const double time_s = (static_cast<double>(length) / 2 + static_cast<double>(w * hop)) / rate_hz;
    rows[static_cast<std::size_t>(w)] = measure(Band(x.middleCols(w * hop, length), bins), time_s, setting, search);
  });
  return rows;
}

std::vector<ConductionVelocityRow> recording_conduction_velocity(const Recording& recording, const ConductionVelocityOptions& options,
                                                                 int threads) {
  auto known = options;
  if (!known.distance_mm && !recording.channels.empty()) {
    const auto distance = recording.channels.front().interelectrode_mm;
    const bool same = std::all_of(recording.channels.begin(), recording.channels.end(),
                                  [&](const Channel& c) { return c.interelectrode_mm == distance; });
    if (same) known.distance_mm = distance;
  }
  auto gaps = recording.gaps;
  for (auto& gap : gaps) gap.channel = -1;
  const auto spans = gap_free_spans(gaps, 0, recording.sample_count());
  if (spans.size() == 1)
    return conduction_velocity(recording.samples.middleCols(spans[0].first, spans[0].count), recording.rate_hz, known, threads);
  std::vector<ConductionVelocityRow> rows;
  for (const auto& span : spans) {
    if (static_cast<double>(span.count) < known.window_s * recording.rate_hz) continue;
    for (auto& row : conduction_velocity(recording.samples.middleCols(span.first, span.count), recording.rate_hz, known, threads)) {
      row.time_s += static_cast<double>(span.first) / recording.rate_hz;
      rows.push_back(std::move(row));
    }
  }
  if (rows.empty()) throw InvalidArgument(fmt::format("no gap-free stretch of the recording is as long as window_s {} s", known.window_s));
  return rows;
}

}  // namespace emg
