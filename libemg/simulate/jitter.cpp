#include "libemg/simulate/jitter.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr Index kModes = 4;
constexpr std::uint64_t kEndPlates = std::uint64_t{1} << 12;  // streams of one unit
constexpr std::uint64_t kModeStream = kEndPlates - 1;

std::size_t exact_count(double jitter_us) {
  return jitter_us > 100 ? 32 : jitter_us > 60 ? 16 : 8;
}

struct Spread {
  double sd_us = 0, failures = 0;
};

Spread spread_of(const std::vector<double>& delays) {
  double sum = 0, square = 0;
  std::size_t count = 0;
  for (const double d : delays) {
    if (std::isnan(d)) continue;
    sum += d;
    square += d * d;
    ++count;
  }
  if (count < 2) return {0, delays.empty() ? 0 : 1 - static_cast<double>(count) / static_cast<double>(delays.size())};
  const double n = static_cast<double>(count), mean = sum / n;
  return {std::sqrt(std::max(0.0, square / n - mean * mean)), 1 - n / static_cast<double>(delays.size())};
}

// Slope of a potential for each second.
RowMatrix slope(const RowMatrix& wave, double points_per_s) {
  RowMatrix d = RowMatrix::Zero(wave.rows(), wave.cols());
  for (Index i = 1; i + 1 < wave.cols(); ++i) d.col(i) = (wave.col(i + 1) - wave.col(i - 1)) * points_per_s / 2;
  return d;
}

// The strongest modes of sum eps_f phi_f', eps_f of SD `sd_s`: channels x points each.
std::vector<RowMatrix> modes_of(const std::vector<RowMatrix>& fibres, const std::vector<std::size_t>& rest, const std::vector<double>& sd_s,
                                double points_per_s) {
  const auto count = static_cast<Index>(rest.size());
  if (count == 0) return {};
  std::vector<RowMatrix> slopes;
  for (const auto f : rest) slopes.push_back(-sd_s[f] * slope(fibres[f], points_per_s));
  Eigen::MatrixXd gram(count, count);
  for (Index a = 0; a < count; ++a) {
    for (Index b = a; b < count; ++b)
      gram(a, b) = gram(b, a) = slopes[static_cast<std::size_t>(a)].cwiseProduct(slopes[static_cast<std::size_t>(b)]).sum();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  std::vector<RowMatrix> modes;
  for (Index m = 0; m < std::min(kModes, count); ++m) {
    const auto vector = solver.eigenvectors().col(count - 1 - m);
    RowMatrix mode = RowMatrix::Zero(slopes[0].rows(), slopes[0].cols());
    for (Index a = 0; a < count; ++a) mode += vector(a) * slopes[static_cast<std::size_t>(a)];
    modes.push_back(std::move(mode));
  }
  return modes;
}

UnitPart part_of(const UnitPotential& like, RowMatrix wave) {
  UnitPart part;
  part.potential = like;
  part.potential.fine = std::move(wave);
  return part;
}

}  // namespace

std::vector<double> end_plate_delays_us(const JitterOptions& o, std::size_t count, std::int64_t seed, std::uint64_t end_plate) {
  Random random = random_of(seed, RandomDomain::transmission, end_plate);
  std::vector<double> delays(count);
  if (o.jitter == JitterModel::fixed) {
    for (auto& d : delays) {
      const double shift = o.jitter_us * random.normal();
      d = random.chance(o.block_probability) ? std::nan("") : shift;
    }
    return delays;
  }
  const TransmissionOptions plate{.safety_factor = o.safety_factor, .safety_sd = o.safety_sd};
  const double safety = draw_safety_factor(plate, random);
  double sum = 0;
  std::size_t fired = 0;
  for (auto& d : delays) {
    const auto delay = transmission_delay_ms(safety * static_cast<double>(random.poisson(plate.quantal_content)) / plate.quantal_content);
    d = delay ? *delay * 1000 : std::nan("");
    if (delay) {
      sum += d;
      ++fired;
    }
  }
  for (auto& d : delays) d -= fired > 0 ? sum / static_cast<double>(fired) : 0;
  return delays;
}

void add_jitter(const JitterOptions& options, const std::vector<RowMatrix>& fibres, double rate_hz, std::int64_t seed, std::uint64_t index,
                SimulatedUnit& unit) {
  if (options.jitter == JitterModel::none || fibres.empty()) return;
  const auto discharges = unit.train.time_s.size();
  const double points_per_s = rate_hz * kPhases;
  std::vector<std::vector<double>> delays(fibres.size());
  std::vector<double> sd_s(fibres.size());
  double jitter_us = 0, blocked = 0;
  for (std::size_t f = 0; f < fibres.size(); ++f) {
    delays[f] = end_plate_delays_us(options, discharges, seed, index * kEndPlates + f);
    const auto spread = spread_of(delays[f]);
    sd_s[f] = spread.sd_us * 1e-6;
    jitter_us += spread.sd_us / static_cast<double>(fibres.size());
    blocked += spread.failures / static_cast<double>(fibres.size());
  }
  std::vector<std::size_t> order(fibres.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return fibres[a].maxCoeff() - fibres[a].minCoeff() > fibres[b].maxCoeff() - fibres[b].minCoeff();
  });
  const auto exact = std::min(exact_count(jitter_us), fibres.size());
  unit.jitter_us = jitter_us;
  unit.block_probability = blocked;
  unit.blocked_share.assign(discharges, 0);
  RowMatrix rest = unit.potential.fine;
  for (std::size_t k = 0; k < exact; ++k) {
    const auto f = order[k];
    auto part = part_of(unit.potential, fibres[f]);
    rest -= fibres[f];
    for (std::size_t e = 0; e < discharges; ++e) {
      if (std::isnan(delays[f][e])) continue;
      part.time_s.push_back(unit.train.time_s[e] + delays[f][e] * 1e-6);
      part.factor.push_back(unit.factor.empty() ? 1 : unit.factor[e]);
    }
    unit.parts.push_back(std::move(part));
  }
  for (const auto& own : delays) {
    for (std::size_t e = 0; e < discharges; ++e) unit.blocked_share[e] += std::isnan(own[e]) ? 1 / static_cast<double>(fibres.size()) : 0;
  }
  auto whole = part_of(unit.potential, std::move(rest));
  whole.time_s = unit.train.time_s;
  whole.factor = unit.factor;
  unit.parts.push_back(std::move(whole));
  const std::vector<std::size_t> others(order.begin() + static_cast<std::ptrdiff_t>(exact), order.end());
  Random random = random_of(seed, RandomDomain::transmission, index * kEndPlates + kModeStream);
  for (auto& mode : modes_of(fibres, others, sd_s, points_per_s)) {
    auto part = part_of(unit.potential, std::move(mode));
    part.time_s = unit.train.time_s;
    for (std::size_t e = 0; e < discharges; ++e) part.factor.push_back(random.normal() * (unit.factor.empty() ? 1 : unit.factor[e]));
    unit.parts.push_back(std::move(part));
  }
}

}  // namespace emg
