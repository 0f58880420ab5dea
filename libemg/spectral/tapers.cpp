#include "libemg/spectral/tapers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <mutex>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/spectral/fft.h"

namespace emg {
namespace {

// The symmetric tridiagonal matrix that has the tapers as eigenvectors.
struct Tridiagonal {
  std::vector<double> diagonal, beside;  // beside[i] stands between i and i + 1

  Tridiagonal(Index length, double half_bandwidth) {
    const double cosine = std::cos(2 * std::numbers::pi * half_bandwidth);
    for (Index t = 0; t < length; ++t) {
      const double centred = static_cast<double>(length - 1 - 2 * t) / 2;
      diagonal.push_back(centred * centred * cosine);
      if (t > 0) beside.push_back(static_cast<double>(t) * static_cast<double>(length - t) / 2);
    }
  }

  // Gershgorin's bound of the eigenvalues.
  double bound() const {
    double largest = 0;
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
      const double left = i > 0 ? beside[i - 1] : 0, right = i < beside.size() ? beside[i] : 0;
      largest = std::max(largest, std::abs(diagonal[i]) + left + right);
    }
    return largest;
  }

  // How many eigenvalues lie above `value` (Sturm).
  Index count_above(double value) const {
    const double tiny = 1e-300;
    Index count = 0;
    double pivot = diagonal[0] - value;
    count += pivot > 0;
    for (std::size_t i = 1; i < diagonal.size(); ++i) {
      if (std::abs(pivot) < tiny) pivot = -tiny;
      pivot = diagonal[i] - value - beside[i - 1] * beside[i - 1] / pivot;
      count += pivot > 0;
    }
    return count;
  }

  // The eigenvalue with `rank` larger ones.
  double eigenvalue(Index rank) const {
    double low = -bound(), high = bound();
    while (true) {
      const double middle = low + (high - low) / 2;
      if (middle <= low || middle >= high || high - low <= 4e-16 * std::max(std::abs(low), std::abs(high))) return middle;
      (count_above(middle) > rank ? low : high) = middle;
    }
  }
};

// Solves (matrix - value) x = x in place by elimination with exchange of rows.
void solve_shifted(const Tridiagonal& matrix, double value, std::vector<double>& x) {
  const std::size_t n = x.size();
  const double tiny = matrix.bound() * 1e-18;
  // Rows of the upper triangle: three diagonals.
  std::vector<double> u0(n), u1(n, 0.0), u2(n, 0.0);
  double pivot = matrix.diagonal[0] - value, next = n > 1 ? matrix.beside[0] : 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const double below = matrix.beside[i], diagonal = matrix.diagonal[i + 1] - value, after = i + 2 < n ? matrix.beside[i + 1] : 0;
    if (std::abs(pivot) >= std::abs(below)) {
      const double factor = below / pivot;
      u0[i] = pivot;
      u1[i] = next;
      pivot = diagonal - factor * next;
      next = after;
      x[i + 1] -= factor * x[i];
    } else {
      const double factor = pivot / below;
      u0[i] = below;
      u1[i] = diagonal;
      u2[i] = after;
      pivot = next - factor * diagonal;
      next = -factor * after;
      std::swap(x[i], x[i + 1]);
      x[i + 1] -= factor * x[i];
    }
  }
  u0[n - 1] = std::abs(pivot) > tiny ? pivot : tiny;
  for (std::size_t i = n; i-- > 0;) {
    double rest = x[i];
    if (i + 1 < n) rest -= u1[i] * x[i + 1];
    if (i + 2 < n) rest -= u2[i] * x[i + 2];
    x[i] = rest / u0[i];
  }
}

double dot(const std::vector<double>& a, const double* b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void orient(double* taper, Index length, bool symmetric) {
  const double threshold = std::max(1e-7, 1.0 / static_cast<double>(length));
  double sign = 0;
  if (symmetric) {
    for (Index i = 0; i < length; ++i) sign += taper[i];
  } else {
    for (Index i = 0; i < length && sign == 0; ++i) sign = taper[i] * taper[i] > threshold ? taper[i] : 0;
  }
  if (sign < 0) {
    for (Index i = 0; i < length; ++i) taper[i] = -taper[i];
  }
}

// Share of the energy of `taper` within the band: sum over lags of its autocorrelation times sin(2 pi W lag) / (pi lag).
double concentration_of(const double* taper, Index length, double half_bandwidth) {
  RealFft fft(next_fast_length(2 * length));
  auto trace = fft.trace();
  std::fill(trace.begin(), trace.end(), 0.0);
  std::copy_n(taper, length, trace.begin());
  fft.forward();
  for (auto& bin : fft.bins()) bin = std::norm(bin);
  fft.inverse();
  double share = 2 * half_bandwidth * trace[0];
  for (Index lag = 1; lag < length; ++lag) {
    const double angle = std::numbers::pi * static_cast<double>(lag);
    share += 2 * trace[static_cast<std::size_t>(lag)] * std::sin(2 * half_bandwidth * angle) / angle;
  }
  return share;
}

Tapers make_tapers(Index length, double time_bandwidth, Index count) {
  const double half_bandwidth = time_bandwidth / static_cast<double>(length);
  const Tridiagonal matrix(length, half_bandwidth);
  Tapers tapers;
  tapers.values.resize(count, length);
  std::vector<double> x(static_cast<std::size_t>(length));
  constexpr int kRounds = 4;
  for (Index k = 0; k < count; ++k) {
    const double value = matrix.eigenvalue(k);
    // Neither symmetric nor antisymmetric, so that every vector has a part in it.
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1 + static_cast<double>(i) / static_cast<double>(length);
    for (int round = 0; round < kRounds; ++round) {
      solve_shifted(matrix, value, x);
      // First to an ordinary size: the solution grows with the nearness of the shift.
      const double largest = std::abs(*std::max_element(x.begin(), x.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
      for (double& v : x) v /= largest;
      for (Index other = 0; other < k; ++other) {
        const double* const row = tapers.values.row(other).data();
        const double along = dot(x, row);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] -= along * row[i];
      }
      const double norm = std::sqrt(dot(x, x.data()));
      for (double& v : x) v /= norm;
    }
    std::copy(x.begin(), x.end(), tapers.values.row(k).data());
    orient(tapers.values.row(k).data(), length, k % 2 == 0);
    tapers.concentration.push_back(concentration_of(tapers.values.row(k).data(), length, half_bandwidth));
  }
  return tapers;
}

struct CachedTapers {
  Index length = 0;
  double time_bandwidth = 0;
  Index count = 0;
  std::shared_ptr<const Tapers> tapers;
};

}  // namespace

std::shared_ptr<const Tapers> slepian_tapers(Index length, double time_bandwidth, Index count) {
  if (length < 2 || !(time_bandwidth > 0.5) || 2 * time_bandwidth >= static_cast<double>(length)) {
    throw InvalidArgument(fmt::format("time_bandwidth {} needs segments of more than {:.6g} samples; they have {}", time_bandwidth,
                                      2 * time_bandwidth, length));
  }
  if (count < 1 || static_cast<double>(count) > 2 * time_bandwidth || count > length) {
    throw InvalidArgument(
        fmt::format("taper_count {} is outside the allowed range: [1, {:.6g}], twice time_bandwidth", count, 2 * time_bandwidth));
  }
  constexpr std::size_t kMostKept = 4;
  static std::mutex mutex;
  static std::list<CachedTapers> kept;
  const auto same = [&](const CachedTapers& c) { return c.length == length && c.time_bandwidth == time_bandwidth && c.count == count; };
  {
    const std::lock_guard lock(mutex);
    const auto found = std::find_if(kept.begin(), kept.end(), same);
    if (found != kept.end()) {
      kept.splice(kept.begin(), kept, found);
      return kept.front().tapers;
    }
  }
  auto made = std::make_shared<const Tapers>(make_tapers(length, time_bandwidth, count));
  const std::lock_guard lock(mutex);
  kept.push_front({length, time_bandwidth, count, made});
  if (kept.size() > kMostKept) kept.pop_back();
  return made;
}

}  // namespace emg
