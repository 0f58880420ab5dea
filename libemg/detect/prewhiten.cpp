#include <algorithm>

#include "libemg/detect/prewhiten_internal.h"

namespace emg {

std::vector<double> burg_coefficients(std::span<const double> trace, const std::vector<Span>& spans, int order) {
  struct Errors {
    std::vector<double> forward, backward;
  };
  std::vector<Errors> parts;
  for (const auto& span : spans) {
    if (span.count <= order) continue;
    const auto part = trace.subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count));
    parts.push_back({{part.begin(), part.end()}, {part.begin(), part.end()}});
  }
  std::vector<double> a(1, 1.0);
  for (int m = 1; m <= order; ++m) {
    double cross = 0, power = 0;
    for (const auto& e : parts) {
      for (std::size_t n = static_cast<std::size_t>(m); n < e.forward.size(); ++n) {
        cross += e.forward[n] * e.backward[n - 1];
        power += e.forward[n] * e.forward[n] + e.backward[n - 1] * e.backward[n - 1];
      }
    }
    const double k = power > 0 ? -2 * cross / power : 0;
    for (auto& e : parts) {
      for (std::size_t n = e.forward.size() - 1; n >= static_cast<std::size_t>(m); --n) {
        const double f = e.forward[n], b = e.backward[n - 1];
        e.forward[n] = f + k * b;
        e.backward[n] = b + k * f;
      }
    }
    a.push_back(0);
    std::vector<double> next = a;
    for (int i = 1; i <= m; ++i)
      next[static_cast<std::size_t>(i)] = a[static_cast<std::size_t>(i)] + k * a[static_cast<std::size_t>(m - i)];
    a = std::move(next);
  }
  return {a.begin() + 1, a.end()};
}

std::vector<double> inverse_filtered(std::span<const double> trace, const std::vector<double>& coefficients) {
  std::vector<double> out(trace.begin(), trace.end());
  const std::size_t order = coefficients.size();
  if (trace.size() < 2 * order) return out;
  for (std::size_t k = 1; k <= order; ++k) {
    const double a = coefficients[k - 1];
    for (std::size_t n = order; n < out.size(); ++n) out[n] += a * trace[n - k];
  }
  std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(order), order, out.begin());
  return out;
}

}  // namespace emg
