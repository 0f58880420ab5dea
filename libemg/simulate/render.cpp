#include "libemg/simulate/render.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"

namespace emg {
namespace {

// phases(k, m) = point kPhases m - k of a template: what a discharge k / kPhases after a sample leaves on the m-th sample from there.
RowMatrix phase_bank(const UnitPotential& unit, Index channel) {
  const Index samples = unit.fine.cols() / kPhases + 2;
  RowMatrix bank = RowMatrix::Zero(kPhases + 1, samples);
  for (Index k = 0; k <= kPhases; ++k) {
    for (Index m = 0; m < samples; ++m) {
      const Index point = kPhases * m - k;
      if (point >= 0 && point < unit.fine.cols()) bank(k, m) = unit.fine(channel, point);
    }
  }
  return bank;
}

void add_train(const RenderedTrain& train, Index channel, double rate_hz, double* out, Index count) {
  const RowMatrix bank = phase_bank(*train.unit, channel);
  for (std::size_t e = 0; e < train.time_s.size(); ++e) {
    const double place = train.time_s[e] * rate_hz;
    const double base = std::floor(place), phase = (place - base) * kPhases;
    const auto k = std::min<Index>(static_cast<Index>(phase), kPhases - 1);
    const double factor = train.factor.empty() ? 1 : train.factor[e];
    const double later = factor * (phase - static_cast<double>(k)), sooner = factor - later;
    const auto start = static_cast<Index>(base) - train.unit->lead / kPhases;
    const Index from = std::max<Index>(0, -start), to = std::min(bank.cols(), count - start);
    const double* a = bank.row(k).data();
    const double* b = bank.row(k + 1).data();
    for (Index m = from; m < to; ++m) out[start + m] += sooner * a[m] + later * b[m];
  }
}

}  // namespace

void render(const std::vector<RenderedTrain>& trains, double rate_hz, RowMatrix& signal, int threads) {
  parallel_for(signal.rows(), threads, [&](Index c) {
    for (const auto& train : trains) {
      if (!train.time_s.empty()) add_train(train, c, rate_hz, signal.row(c).data(), signal.cols());
    }
  });
}

}  // namespace emg
