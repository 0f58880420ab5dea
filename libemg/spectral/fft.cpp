#include "libemg/spectral/fft.h"

#include <fftw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <list>
#include <utility>

#include "libemg/core/error.h"

namespace emg {
namespace {

enum class PlanKind { real, complex, packed };

struct DestroyPlan {
  void operator()(fftw_plan plan) const { fftw_destroy_plan(plan); }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, DestroyPlan>;

struct FreeFftw {
  void operator()(void* p) const { fftw_free(p); }
};
template <class T>
using Buffer = std::unique_ptr<T[], FreeFftw>;

template <class T>
Buffer<T> make_buffer(Index count) {
  auto* const p = static_cast<T*>(fftw_malloc(static_cast<std::size_t>(count) * sizeof(T)));
  if (!p) throw std::bad_alloc();
  return Buffer<T>(p);
}

fftw_complex* raw(std::complex<double>* p) {
  return reinterpret_cast<fftw_complex*>(p);
}

struct PlanPair {
  Plan forward, backward;
};

PlanPair make_plans(PlanKind kind, Index length) {
  // Without this, threads that plan at once crash.
  static const bool safe = (fftw_make_planner_thread_safe(), true);
  static_cast<void>(safe);
  const int n = static_cast<int>(length);
  PlanPair plans;
  auto bins = make_buffer<std::complex<double>>(kind == PlanKind::real ? length / 2 + 1 : length);
  if (kind == PlanKind::packed) {
    auto trace = make_buffer<std::complex<double>>(length);
    plans.forward.reset(fftw_plan_dft_1d(n, raw(trace.get()), raw(bins.get()), FFTW_FORWARD, FFTW_ESTIMATE));
    plans.backward.reset(fftw_plan_dft_1d(n, raw(bins.get()), raw(trace.get()), FFTW_BACKWARD, FFTW_ESTIMATE));
  } else if (kind == PlanKind::real) {
    auto trace = make_buffer<double>(length);
    plans.forward.reset(fftw_plan_dft_r2c_1d(n, trace.get(), raw(bins.get()), FFTW_ESTIMATE));
    plans.backward.reset(fftw_plan_dft_c2r_1d(n, raw(bins.get()), trace.get(), FFTW_ESTIMATE));
  } else {
    plans.forward.reset(fftw_plan_dft_1d(n, raw(bins.get()), raw(bins.get()), FFTW_FORWARD, FFTW_ESTIMATE));
    plans.backward.reset(fftw_plan_dft_1d(n, raw(bins.get()), raw(bins.get()), FFTW_BACKWARD, FFTW_ESTIMATE));
  }
  if (!plans.forward || !plans.backward) throw NumericalError(fmt::format("no Fourier transform of length {}", length));
  return plans;
}

// Most recently used first.
struct CachedPlans {
  PlanKind kind;
  Index length;
  std::shared_ptr<const PlanPair> plans;
};

std::shared_ptr<const PlanPair> plans_for(PlanKind kind, Index length) {
  constexpr std::size_t kMostPlans = 32;
  if (length < 1 || length > std::numeric_limits<int>::max()) {
    throw InvalidArgument(
        fmt::format("transform length {} is outside the allowed range: [1, {}]", length, std::numeric_limits<int>::max()));
  }
  thread_local std::list<CachedPlans> cache;
  const auto found = std::find_if(cache.begin(), cache.end(), [&](const CachedPlans& c) { return c.kind == kind && c.length == length; });
  if (found != cache.end()) {
    cache.splice(cache.begin(), cache, found);
  } else {
    cache.push_front({kind, length, std::make_shared<const PlanPair>(make_plans(kind, length))});
    if (cache.size() > kMostPlans) cache.pop_back();
  }
  return cache.front().plans;
}

}  // namespace

struct RealFft::State {
  Index length;
  std::shared_ptr<const PlanPair> plans;
  Buffer<double> trace;
  Buffer<std::complex<double>> bins;
};

RealFft::RealFft(Index length) {
  auto plans = plans_for(PlanKind::real, length);
  state_.reset(new State{length, std::move(plans), make_buffer<double>(length), make_buffer<std::complex<double>>(length / 2 + 1)});
}
RealFft::~RealFft() = default;
RealFft::RealFft(RealFft&&) noexcept = default;
RealFft& RealFft::operator=(RealFft&&) noexcept = default;

Index RealFft::length() const {
  return state_->length;
}
Index RealFft::bin_count() const {
  return state_->length / 2 + 1;
}
std::span<double> RealFft::trace() {
  return {state_->trace.get(), static_cast<std::size_t>(length())};
}
std::span<std::complex<double>> RealFft::bins() {
  return {state_->bins.get(), static_cast<std::size_t>(bin_count())};
}

void RealFft::forward() {
  fftw_execute_dft_r2c(state_->plans->forward.get(), state_->trace.get(), raw(state_->bins.get()));
}

void RealFft::unscaled_inverse() {
  fftw_execute_dft_c2r(state_->plans->backward.get(), raw(state_->bins.get()), state_->trace.get());
}

void RealFft::inverse() {
  unscaled_inverse();
  const double scale = 1.0 / static_cast<double>(length());
  for (double& v : trace()) v *= scale;
}

struct PackedFft::State {
  Index length;
  std::shared_ptr<const PlanPair> plans;
  Buffer<double> trace;
  Buffer<std::complex<double>> packed;
};

PackedFft::PackedFft(Index length) {
  if (length < 2 || length % 2 != 0) throw InvalidArgument(fmt::format("packed transform length {} is not even", length));
  auto plans = plans_for(PlanKind::packed, length / 2);
  state_.reset(new State{length, std::move(plans), make_buffer<double>(length), make_buffer<std::complex<double>>(length / 2)});
}
PackedFft::~PackedFft() = default;
PackedFft::PackedFft(PackedFft&&) noexcept = default;
PackedFft& PackedFft::operator=(PackedFft&&) noexcept = default;

Index PackedFft::length() const {
  return state_->length;
}
std::span<double> PackedFft::trace() {
  return {state_->trace.get(), static_cast<std::size_t>(state_->length)};
}
std::span<std::complex<double>> PackedFft::packed() {
  return {state_->packed.get(), static_cast<std::size_t>(state_->length / 2)};
}

void PackedFft::forward() {
  forward_of(state_->trace.get());
}

void PackedFft::forward_of(const double* x) {
  auto* in = const_cast<double*>(x);  // a plan that is not in place keeps its input
  if (fftw_alignment_of(in) != fftw_alignment_of(state_->trace.get())) in = std::copy_n(x, length(), state_->trace.get()) - length();
  fftw_execute_dft(state_->plans->forward.get(), reinterpret_cast<fftw_complex*>(in), raw(state_->packed.get()));
}

void PackedFft::unscaled_inverse() {
  auto* const out = reinterpret_cast<fftw_complex*>(state_->trace.get());
  fftw_execute_dft(state_->plans->backward.get(), raw(state_->packed.get()), out);
}

struct ComplexFft::State {
  Index length;
  std::shared_ptr<const PlanPair> plans;
  Buffer<std::complex<double>> values;
};

ComplexFft::ComplexFft(Index length) {
  auto plans = plans_for(PlanKind::complex, length);
  state_.reset(new State{length, std::move(plans), make_buffer<std::complex<double>>(length)});
}
ComplexFft::~ComplexFft() = default;
ComplexFft::ComplexFft(ComplexFft&&) noexcept = default;
ComplexFft& ComplexFft::operator=(ComplexFft&&) noexcept = default;

Index ComplexFft::length() const {
  return state_->length;
}
std::span<std::complex<double>> ComplexFft::values() {
  return {state_->values.get(), static_cast<std::size_t>(length())};
}

void ComplexFft::forward() {
  fftw_execute_dft(state_->plans->forward.get(), raw(state_->values.get()), raw(state_->values.get()));
}

void ComplexFft::inverse() {
  fftw_execute_dft(state_->plans->backward.get(), raw(state_->values.get()), raw(state_->values.get()));
  const double scale = 1.0 / static_cast<double>(length());
  for (auto& v : values()) v *= scale;
}

Index next_fast_length(Index length) {
  if (length <= 1) return 1;
  const auto smooth = [](Index n) {
    for (const Index prime : {2, 3, 5, 7}) {
      while (n % prime == 0) n /= prime;
    }
    return n == 1;
  };
  while (!smooth(length)) ++length;
  return length;
}

}  // namespace emg
