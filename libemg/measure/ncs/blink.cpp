#include "libemg/measure/ncs/blink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr std::size_t kFewestSweeps = 8;
constexpr double kEnvelopeMs = 1, kBackSigma = 2, kActive = 5;

struct Rectified {
  Trace trace, envelope;
  double mean = 0, sigma = 0, before_peak = 0;
};

Rectified rectified(const SweepSet& set, Index row) {
  Rectified r;
  r.trace = trace_of(set, row);
  const double level = baseline_of(r.trace, 0, 1).level_uv;
  r.envelope = r.trace;
  for (std::size_t i = 0; i < r.trace.y.size(); ++i) {
    r.trace.y[i] -= level;
    r.envelope.y[i] = std::abs(r.trace.y[i]);
  }
  r.envelope.y = smoothed(r.envelope.y, kEnvelopeMs, r.trace.rate_hz);
  const std::vector<double> before(r.envelope.y.begin(), r.envelope.y.begin() + std::max<Index>(2, r.trace.zero));
  r.mean = mean_of(before), r.sigma = sd_of(before);
  r.before_peak = *std::max_element(before.begin(), before.end());
  return r;
}

std::optional<double> onset_in(const Rectified& r, double low_ms, double high_ms, const BlinkOptions& o) {
  const Index first = r.trace.sample(low_ms), last = r.trace.sample(high_ms);
  const auto hold = std::max<Index>(1, static_cast<Index>(std::llround(o.hold_ms * r.trace.rate_hz / 1000)));
  const double limit = r.mean + o.noise_factor * r.sigma, back = r.mean + kBackSigma * r.sigma;
  Index run = 0;
  for (Index i = first; i < r.envelope.size() && i <= last + hold; ++i) {
    run = r.envelope.at(i) > limit ? run + 1 : 0;
    if (run < hold) continue;
    Index start = i - hold + 1;
    while (start > first && r.envelope.at(start - 1) > back) --start;
    if (start > last) return std::nullopt;
    // The mean over 1 ms rises half its width before the trace does.
    return r.trace.ms(static_cast<double>(start)) + kEnvelopeMs / 2;
  }
  return std::nullopt;
}

std::vector<Index> rows_of(const SweepSet& set, const std::string& channel) {
  std::vector<Index> rows;
  for (std::size_t i = 0; i < set.sweeps.size(); ++i) {
    if (set.sweeps[i].channel == channel) rows.push_back(static_cast<Index>(i));
  }
  return rows;
}

BlinkRow base_row(const Sweep& s, const char* response, std::size_t sweeps, std::size_t rejected) {
  BlinkRow row;
  row.channel = s.channel, row.nerve = s.nerve, row.side = s.side, row.response = response;
  row.sweep_count = static_cast<int>(sweeps), row.rejected_count = static_cast<int>(rejected);
  row.method = "blink", row.version = kVersion, row.quality = "ok";
  return row;
}

void fill_latencies(BlinkRow& row, const std::vector<std::optional<double>>& onsets) {
  std::vector<double> found;
  for (const auto& t : onsets) {
    if (t) found.push_back(*t);
    row.latencies_ms += (row.latencies_ms.empty() ? "" : " ") + (t ? fmt::format("{:.2f}", *t) : "-");
  }
  row.response_count = static_cast<int>(found.size());
  if (found.empty()) {
    row.reason = "no response";
    return;
  }
  row.latency_min_ms = *std::min_element(found.begin(), found.end());
  row.latency_median_ms = median_of(found);
}

}  // namespace

std::vector<BlinkRow> blink_reflex(const SweepSet& set, const BlinkOptions& o, int) {
  validate_options(o);
  require_sweeps(set);
  require_window(set, "r1_low_ms", o.r1_low_ms, "r1_high_ms", o.r1_high_ms);
  require_window(set, "r2_low_ms", o.r2_low_ms, "r2_high_ms", o.r2_high_ms);
  std::vector<std::string> channels;
  for (const auto& s : set.sweeps) {
    if (std::find(channels.begin(), channels.end(), s.channel) == channels.end()) channels.push_back(s.channel);
  }
  const std::string ipsi = o.ipsi.empty() ? channels.front() : o.ipsi;
  const std::string contra = !o.contra.empty() ? o.contra : channels.size() > 1 ? (channels[1] == ipsi ? channels[0] : channels[1]) : "";
  std::vector<BlinkRow> rows;
  std::optional<double> ipsi_median;
  for (const auto& [channel, own] : {std::pair{ipsi, true}, std::pair{contra, false}}) {
    if (channel.empty()) continue;
    const auto all = rows_of(set, channel);
    if (all.empty()) throw InvalidArgument(fmt::format("{} \"{}\" is no channel of these sweeps", own ? "ipsi" : "contra", channel));
    if (all.size() < kFewestSweeps)
      throw InvalidArgument(
          fmt::format("channel \"{}\" has {} sweeps: the blink reflex needs at least {}", channel, all.size(), kFewestSweeps));
    std::vector<Rectified> traces;
    double quiet = INFINITY;
    for (const Index r : all) {
      traces.push_back(rectified(set, r));
      quiet = std::min(quiet, traces.back().mean + kActive * traces.back().sigma);
    }
    std::vector<std::optional<double>> r1, r2;
    std::vector<double> amplitude, area;
    std::size_t rejected = 0;
    bool fast = false;
    for (std::size_t k = 0; k < traces.size(); ++k) {
      const auto& t = traces[k];
      if (k > 0) {
        const auto &a = set.sweeps[static_cast<std::size_t>(all[k - 1])].clock_s, &b = set.sweeps[static_cast<std::size_t>(all[k])].clock_s;
        fast = fast || (a && b && *b - *a < o.fastest_interval_s - 1e-9);
      }
      if (t.mean > quiet) {
        ++rejected;
        continue;
      }
      r1.push_back(own ? onset_in(t, o.r1_low_ms, o.r1_high_ms, o) : std::nullopt);
      r2.push_back(onset_in(t, o.r2_low_ms, o.r2_high_ms, o));
      if (r1.back()) {
        const auto from = t.trace.y.begin() + t.trace.sample(*r1.back()), to = t.trace.y.begin() + t.trace.sample(o.r2_low_ms);
        const auto [low, high] = std::minmax_element(from, std::max(from + 1, to));
        amplitude.push_back(*high - *low);
      }
      if (r2.back()) {
        double sum = 0;
        for (Index i = t.trace.sample(*r2.back()); i <= t.trace.sample(o.r2_end_ms); ++i)
          sum += (t.envelope.at(i) - t.mean) * t.trace.step_ms();
        area.push_back(sum);
      }
    }
    const auto& s = set.sweeps[static_cast<std::size_t>(all.front())];
    if (own) {
      auto row = base_row(s, "R1", all.size(), rejected);
      fill_latencies(row, r1);
      if (!amplitude.empty()) row.amplitude_uv = median_of(amplitude);
      if (fast) row.quality = "habituation";
      rows.push_back(std::move(row));
    }
    auto row = base_row(s, own ? "R2" : "R2c", all.size(), rejected);
    fill_latencies(row, r2);
    if (!area.empty()) row.area_uvms = median_of(area);
    if (fast) row.quality = "habituation";
    if (own) ipsi_median = row.latency_median_ms;
    if (!own && ipsi_median && row.latency_median_ms) row.difference_ms = *row.latency_median_ms - *ipsi_median;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace emg
