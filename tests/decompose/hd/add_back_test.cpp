#include "libemg/decompose/hd/add_back.h"

#include <numeric>

#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/peel_off.h"
#include "libemg/decompose/hd/source_spikes.h"
#include "libemg/decompose/hd/sources.h"
#include "libemg/decompose/hd/whitening.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {
namespace {

constexpr Index kLags = 8, kHalf = 51;

struct Prepared {
  Frames data, residual;
  std::vector<Train> trains;
  std::vector<FloatMatrix> shapes;
  RowMatrix projection;
};

Prepared prepared(std::uint64_t seed, const std::vector<Train>& trains) {
  MixtureOptions options;
  options.seed = seed;
  options.units = 3;
  options.duration_s = 6;
  Prepared p;
  const auto data = mixture(options);
  p.data = Frames(data.recording.samples, 64);
  p.trains = trains.empty() ? data.trains : trains;
  p.shapes = unit_templates(p.data, p.trains, {});
  p.residual = p.data;
  add_units(p.residual, p.trains, p.shapes, -1);
  std::vector<Index> channels(16);
  std::iota(channels.begin(), channels.end(), Index{0});
  const auto count = static_cast<double>(p.data.count());
  p.projection = whiten(extended_covariance(lag_products(p.residual, kLags), kLags, count), kLags, channels).projection;
  return p;
}

Train swept(const Prepared& p, std::size_t u) {
  const auto turned = turned_projection(p.projection);
  const auto filter = unit_filter(turned, p.shapes[u], kLags, static_cast<double>(p.trains[u].size()) / static_cast<double>(p.data.count()), 10);
  FloatMatrix s = sources(p.residual, raw_filters(p.projection, filter.direction), kLags);
  add_responses({s.data(), static_cast<std::size_t>(s.cols())}, p.trains[u], filter.response, kHalf);
  auto found = source_spikes({s.data(), static_cast<std::size_t>(s.cols())}, {{0, p.data.count()}}, {20, false}).samples;
  for (auto& t : found) t -= filter.shift;
  return found;
}

}  // namespace

TEST_CASE("the add-back source of a unit shows its discharges") {
  const auto p = prepared(1, {});
  for (std::size_t u = 0; u < p.trains.size(); ++u) CHECK(pair_agreement(p.trains[u], swept(p, u), 2, 1).roa > 0.98);
}

TEST_CASE("the source equals the filter on residual plus contribution") {
  auto p = prepared(2, {});
  const auto turned = turned_projection(p.projection);
  const auto filter = unit_filter(turned, p.shapes[0], kLags, 0.005, 10);
  const auto taps = raw_filters(p.projection, filter.direction);
  FloatMatrix quick = sources(p.residual, taps, kLags);
  add_responses({quick.data(), static_cast<std::size_t>(quick.cols())}, p.trains[0], filter.response, kHalf);
  add_units(p.residual, {p.trains[0]}, {p.shapes[0]}, 1);
  const FloatMatrix whole = sources(p.residual, taps, kLags);
  // Spikes whose window leaves the record differ at its edges only.
  CHECK((quick - whole).middleCols(200, whole.cols() - 400).cwiseAbs().maxCoeff() < 1e-3f * whole.cwiseAbs().maxCoeff());
}

TEST_CASE("a false spike does not keep itself") {
  int removed = 0, trials = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    MixtureOptions options;
    options.seed = seed;
    options.units = 3;
    options.duration_s = 6;
    auto trains = mixture(options).trains;
    const auto at = trains[0].begin() + static_cast<std::ptrdiff_t>(trains[0].size() / 2);
    const auto wrong = (*at + *(at + 1)) / 2;
    trains[0].insert(at + 1, wrong);
    const auto found = swept(prepared(seed, trains), 0);
    ++trials;
    removed += std::none_of(found.begin(), found.end(), [&](std::int64_t t) { return std::abs(t - wrong) <= 2; }) ? 1 : 0;
  }
  CHECK(removed >= trials * 0.95 - 0.5);
}

TEST_CASE("a unit without a template has no source") {
  const auto filter = unit_filter(turned_projection(RowMatrix::Identity(64, 64)), FloatMatrix::Zero(11, 8), 8, 0.01, 2);
  CHECK(filter.direction.isZero());
}

}  // namespace emg::hd
