#include "libemg/decompose/needle/templates.h"

#include <algorithm>
#include <cmath>

#include "libemg/decompose/needle/grid.h"
#include "libemg/spectral/fft.h"

namespace emg::needle {
namespace {

constexpr double kNoisePower = 1.5;  // of the mean square that noise has

}  // namespace

void finish_template(Template& t, double rate_hz, double energy_scale) {
  // From the ends inwards: what does not differ from the noise of the average over 2 ms is none.
  const double limit = kNoisePower / std::max(1.0, t.count);
  const Index run = std::min(samples_in_ms(2, rate_hz), t.length()), n = t.length();
  const auto quiet = [&](Index first) { return t.shape.middleCols(first, run).squaredNorm() < limit * static_cast<double>(run * t.shape.rows()); };
  Index low = 0, high = n;
  while (low + run < t.zero && quiet(low)) low += std::max<Index>(1, run / 4);
  while (high - run > t.zero && quiet(high - run)) high -= std::max<Index>(1, run / 4);
  t.shape.leftCols(low).setZero();
  t.shape.rightCols(n - high).setZero();
  double active = 0;
  t.slope_energy = 0;
  for (Index c = 0; c < t.shape.rows(); ++c) {
    for (Index i = 0; i < n; ++i) {
      active += t.shape(c, i) != 0;
      const double before = i > 0 ? t.shape(c, i - 1) : 0, after = i + 1 < n ? t.shape(c, i + 1) : 0;
      t.slope_energy += (after - before) * (after - before) / 4;
    }
  }
  t.slope_energy *= rate_hz * rate_hz * energy_scale;
  const double squares = t.shape.squaredNorm() * energy_scale;
  t.energy = std::max(0.5 * squares, squares - active * energy_scale / std::max(1.0, t.count));
  t.peak = t.shape.size() > 0 ? t.shape.cwiseAbs().maxCoeff() : 0;
}

void add_discharge(RowMatrix& signal, const Template& t, double position, double gain) {
  for (Index c = 0; c < signal.rows(); ++c) {
    add_at({signal.data() + c * signal.cols(), static_cast<std::size_t>(signal.cols())}, position - static_cast<double>(t.zero),
           channel_span(t.shape, c), gain);
  }
}

GramTables::GramTables(const std::vector<Template>& templates, double energy_scale)
    : count_(templates.size()), length_(templates.empty() ? 0 : templates[0].length()), row_(2 * length_ + 2), table_(count_ * count_) {
  if (templates.empty()) return;
  const Index n = next_fast_length(2 * length_), channels = templates[0].shape.rows();
  RealFft narrow(n), wide(n * kPhases);
  std::vector<std::vector<std::complex<double>>> spectra;
  for (const auto& t : templates) {
    for (Index c = 0; c < channels; ++c) {
      std::fill(narrow.trace().begin(), narrow.trace().end(), 0.0);
      std::copy_n(t.shape.data() + c * length_, length_, narrow.trace().begin());
      narrow.forward();
      spectra.emplace_back(narrow.bins().begin(), narrow.bins().end());
    }
  }
  const auto bins = static_cast<std::size_t>(narrow.bin_count());
  for (std::size_t i = 0; i < count_; ++i) {
    for (std::size_t j = i; j < count_; ++j) {
      std::fill(wide.bins().begin(), wide.bins().end(), 0.0);
      for (Index c = 0; c < channels; ++c) {
        const auto& a = spectra[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
        const auto& b = spectra[j * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
        for (std::size_t k = 0; k < bins; ++k) wide.bins()[k] += a[k] * std::conj(b[k]);
      }
      wide.unscaled_inverse();
      // Lag l of the zeros shifts the start of j by l + zero_i - zero_j. One row of whole lags for each phase.
      auto& table = table_[i * count_ + j];
      const Index reach = length_ * kPhases, size = n * kPhases;
      table.assign(static_cast<std::size_t>(kPhases * row_), 0.0F);
      for (Index l = -reach; l <= reach; ++l) {
        const Index start = l + (templates[i].zero - templates[j].zero) * kPhases;
        if (std::abs(start) >= length_ * kPhases) continue;
        const Index at = ((start % size) + size) % size, place = l + reach;
        table[static_cast<std::size_t>((place % kPhases) * row_ + place / kPhases)] =
            static_cast<float>(wide.trace()[static_cast<std::size_t>(at)] * energy_scale / static_cast<double>(n));
      }
    }
  }
}

double GramTables::operator()(int i, int j, double lag) const {
  if (i > j) {
    std::swap(i, j);
    lag = -lag;
  }
  const auto& table = table_[static_cast<std::size_t>(i) * count_ + static_cast<std::size_t>(j)];
  const double at = lag * kPhases + static_cast<double>(length_ * kPhases);
  if (at < 0 || at >= static_cast<double>(2 * length_ * kPhases)) return 0;
  const auto low = static_cast<Index>(at);
  const double rest = at - static_cast<double>(low);
  return (1 - rest) * value(table, low) + rest * value(table, low + 1);
}

double GramTables::value(const std::vector<float>& table, Index place) const {
  return table[static_cast<std::size_t>((place % kPhases) * row_ + place / kPhases)];
}

void GramTables::add(int i, int j, double tau, double gain, std::span<double> out) const {
  const bool swapped = i > j;
  const auto& table = swapped ? table_[static_cast<std::size_t>(j) * count_ + static_cast<std::size_t>(i)]
                              : table_[static_cast<std::size_t>(i) * count_ + static_cast<std::size_t>(j)];
  const Index reach = length_ * kPhases, size = static_cast<Index>(out.size());
  const Index from = std::max<Index>(0, static_cast<Index>(std::ceil(tau)) - length_ + 1);
  const Index to = std::min(size, static_cast<Index>(std::floor(tau)) + length_);
  if (from >= to) return;
  const double start = (static_cast<double>(from) - tau) * (swapped ? -kPhases : kPhases) + static_cast<double>(reach);
  const auto low = static_cast<Index>(std::floor(start));
  const double rest = start - static_cast<double>(low);
  // One whole lag further is the next place of the same row: two rows are read side by side.
  const float* a = table.data() + (low % kPhases) * row_ + low / kPhases;
  const float* b = table.data() + ((low + 1) % kPhases) * row_ + (low + 1) / kPhases;
  const auto wa = static_cast<float>(gain * (1 - rest)), wb = static_cast<float>(gain * rest);
  double* target = out.data() + from;
  const Index count = to - from;
  if (swapped) {
    for (Index l = 0; l < count; ++l) target[l] += static_cast<double>(wa * a[-l] + wb * b[-l]);
  } else {
    for (Index l = 0; l < count; ++l) target[l] += static_cast<double>(wa * a[l] + wb * b[l]);
  }
}

std::vector<double> correlate(const RowMatrix& x, const Template& t, Index first, Index count, double energy_scale) {
  std::vector<double> out(static_cast<std::size_t>(count), 0);
  Index low = 0, high = t.length();
  const auto empty = [&](Index i) { return t.shape.col(i).cwiseAbs().maxCoeff() == 0; };
  while (low < high && empty(low)) ++low;
  while (high > low && empty(high - 1)) --high;
  for (Index c = 0; c < x.rows(); ++c) {
    const double* trace = x.data() + c * x.cols();
    const double* shape = t.shape.data() + c * t.length();
    for (Index k = low; k < high; ++k) {
      // Samples outermost, lags innermost: independent sums, which the compiler turns into vectors.
      const Index shift = first - t.zero + k;
      const Index from = std::max<Index>(0, -shift), to = std::min(count, x.cols() - shift);
      const double weight = shape[k] * energy_scale;
      for (Index l = from; l < to; ++l) out[static_cast<std::size_t>(l)] += weight * trace[shift + l];
    }
  }
  return out;
}

}  // namespace emg::needle
