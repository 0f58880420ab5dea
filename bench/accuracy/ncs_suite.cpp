// Suite `ncs`: nerve conduction studies on sweeps of a generator of its own (other shapes, artefact, noise, rate and sign than the
// simulator's), and the numbers of motor units that every method gives where the number is known.

#include <algorithm>
#include <cmath>

#include "bench/accuracy/suite.h"
#include "libemg/core/random.h"
#include "libemg/measure/ncs/cmap_scan.h"
#include "libemg/measure/ncs/late_response.h"
#include "libemg/measure/ncs/repetitive.h"
#include "libemg/measure/ncs/study.h"

namespace emg::accuracy {
namespace {

constexpr double kPi = 3.14159265358979323846;

// A unit of the muscle: rises as 1 - cos, falls below and comes back; negative peak 1.
double unit_wave(double u) {
  if (u > 0 && u < 5) return -std::pow(std::sin(kPi * u / 5), 1.5);
  if (u >= 5 && u < 13) return 0.35 * std::pow(std::sin(kPi * (u - 5) / 8), 2);
  return 0;
}

struct Path {
  double rate_hz = 25000, sign = 1, db = 20, velocity_mps = 55, dml_ms = 3.3, amplitude_uv = 8000, near_mm = 70, far_mm = 280;
  std::vector<double> spread;  // velocities of the fibres over the fastest
};

double noise_free(const Path& p, double mm, double ms) {
  double sum = 0;
  for (const double slower : p.spread) sum += unit_wave(ms - p.dml_ms - (mm - p.near_mm) / (p.velocity_mps * slower));
  return sum / static_cast<double>(p.spread.size());
}

double artefact(double ms, double size) {
  if (ms < 0) return 0;
  return ms < 0.2 ? 15 * size : size * (2 * std::exp(-(ms - 0.2) / 0.4) - 0.4 * std::exp(-(ms - 0.2) / 6));
}

SweepSet sweeps_of(const Path& p, int per_site, std::uint64_t seed, double& peak_uv) {
  SweepSet set;
  set.rate_hz = p.rate_hz, set.zero_sample = static_cast<Index>(0.006 * p.rate_hz);
  set.samples = RowMatrix::Zero(2 * per_site, set.zero_sample + static_cast<Index>(0.04 * p.rate_hz));
  double largest = 0;
  for (double ms = 0; ms < 25; ms += 0.01) largest = std::max(largest, -noise_free(p, p.near_mm, ms));
  const double scale = p.amplitude_uv / largest, noise = p.amplitude_uv * std::pow(10, -p.db / 20);
  peak_uv = p.amplitude_uv;
  const double a = std::exp(-2 * kPi * 800 / p.rate_hz);
  for (int r = 0; r < 2 * per_site; ++r) {
    Sweep s;
    s.sweep = r, s.channel = "ADM", s.nerve = "ulnar", s.side = "L", s.muscle = "ADM", s.test = "motor";
    s.site = r < per_site ? "wrist" : "elbow", s.distance_mm = r < per_site ? p.near_mm : p.far_mm;
    Random random(seed, static_cast<std::uint64_t>(r));
    double state = noise * random.normal();
    for (Index i = 0; i < set.samples.cols(); ++i) {
      const double ms = static_cast<double>(i - set.zero_sample) * 1000 / p.rate_hz;
      state = a * state + noise * std::sqrt(1 - a * a) * random.normal();
      set.samples(r, i) = p.sign * (scale * noise_free(p, *s.distance_mm, ms) + artefact(ms, 0.05 * p.amplitude_uv)) + state;
    }
    set.sweeps.push_back(std::move(s));
  }
  return set;
}

struct MotorScore {
  double rate_hz = 0, snr_db = 0, dispersion_pct = 0;
  int sweeps_per_site = 0, trials = 0;
  std::optional<double> latency_bias_ms, latency_sd_ms, velocity_bias_pct, velocity_sd_pct, amplitude_bias_pct, amplitude_sd_pct;
  double seconds = 0;
  static constexpr auto fields() {
    using R = MotorScore;
    return std::tuple{field("rate_hz", &R::rate_hz, {}, "sampling rate"),
                      field("snr_db", &R::snr_db, {}, "peak over noise of a sweep"),
                      field("dispersion_pct", &R::dispersion_pct, {},
                            "slowest fibre under the fastest; latencies and velocities are those of the fastest"),
                      field("sweeps_per_site", &R::sweeps_per_site, {}, "averaged"),
                      field("trials", &R::trials, {}, "studies"),
                      field("latency_bias_ms", &R::latency_bias_ms, {}, "mean error of the distal latency"),
                      field("latency_sd_ms", &R::latency_sd_ms, {}, "its spread"),
                      field("velocity_bias_pct", &R::velocity_bias_pct, {}, "mean error of the velocity"),
                      field("velocity_sd_pct", &R::velocity_sd_pct, {}, "its spread"),
                      field("amplitude_bias_pct", &R::amplitude_bias_pct, {}, "mean error of the distal amplitude"),
                      field("amplitude_sd_pct", &R::amplitude_sd_pct, {}, "its spread"),
                      field("seconds", &R::seconds, {}, "computing")};
  }
};
static_assert(fully_described<MotorScore>());

struct Moments {
  std::vector<double> v;
  double mean() const {
    double sum = 0;
    for (const double x : v) sum += x / static_cast<double>(v.size());
    return sum;
  }
  double sd() const {
    const double m = mean();
    double sum = 0;
    for (const double x : v) sum += (x - m) * (x - m);
    return v.size() > 1 ? std::sqrt(sum / static_cast<double>(v.size() - 1)) : 0;
  }
};

double cell(const NcsStudy& study, const char* table, const char* column, std::size_t row) {
  for (const auto& t : study.tables) {
    if (t.name != table || !t.find(column) || row >= t.row_count()) continue;
    const auto value = t.find(column)->cell(row);
    if (const auto* d = std::get_if<double>(&value)) return *d;
  }
  return std::nan("");
}

MotorScore motor(const Path& base, double dispersion, int per_site, int trials, std::int64_t seed) {
  MotorScore score;
  score.dispersion_pct = 100 * dispersion;
  score.rate_hz = base.rate_hz, score.snr_db = base.db, score.sweeps_per_site = per_site, score.trials = trials;
  Moments latency, velocity, amplitude;
  for (int k = 0; k < trials; ++k) {
    auto p = base;
    p.sign = k % 2 ? 1 : -1;
    p.velocity_mps = 45 + 20.0 * (k % 7) / 6, p.dml_ms = 2.8 + 0.37 * (k % 5);
    for (int f = 0; f < 60; ++f) p.spread.push_back(1 - dispersion * f / 59);
    double peak = 0;
    const auto set = sweeps_of(p, per_site, static_cast<std::uint64_t>(seed) * 1000 + static_cast<std::uint64_t>(k), peak);
    auto [study, seconds] = timed([&] { return ncs_study({set}); });
    score.seconds += seconds;
    // The fastest fibre: what onset latencies measure.
    latency.v.push_back(cell(study, "ncs_motor", "onset_ms", 0) - p.dml_ms);
    velocity.v.push_back(100 * (cell(study, "ncs_velocity", "velocity_mps", 0) / p.velocity_mps - 1));
    amplitude.v.push_back(100 * (cell(study, "ncs_motor", "amplitude_mv", 0) * 1000 / peak - 1));
  }
  score.latency_bias_ms = latency.mean(), score.latency_sd_ms = latency.sd();
  score.velocity_bias_pct = velocity.mean(), score.velocity_sd_pct = velocity.sd();
  score.amplitude_bias_pct = amplitude.mean(), score.amplitude_sd_pct = amplitude.sd();
  return score;
}

struct CountScore {
  int true_units = 0;
  std::string method;
  double mean = 0, bias_pct = 0, cv_pct = 0;
  static constexpr auto fields() {
    using R = CountScore;
    return std::tuple{field("true_units", &R::true_units, {}, "motor units of the scan"),
                      field("method", &R::method, {}, "number that is printed"), field("mean", &R::mean, {}, "over the scans"),
                      field("bias_pct", &R::bias_pct, {}, "against the truth"), field("cv_pct", &R::cv_pct, {}, "spread between scans")};
  }
};
static_assert(fully_described<CountScore>());

// Sizes log-uniform 8:1, thresholds normal 9 +- 1.3 mA, relative spread 1.8 %, 500 stimuli, 10 mV, noise 5 uV.
CmapScan scan_of(int units, std::uint64_t seed) {
  Random random(seed, 7);
  std::vector<double> size, threshold;
  double sum = 0;
  for (int u = 0; u < units; ++u) {
    size.push_back(std::exp(std::log(8.0) * random.uniform())), threshold.push_back(9 + 1.3 * random.normal());
    sum += size.back();
  }
  const auto response = [&](double current) {
    double v = 0.005 * random.normal();
    for (int u = 0; u < units; ++u) {
      const double th = threshold[static_cast<std::size_t>(u)], p = 0.5 * std::erfc(-(current - th) / (0.018 * th) / std::sqrt(2.0));
      if (random.uniform() < p) v += 10 * size[static_cast<std::size_t>(u)] / sum;
    }
    return v;
  };
  const auto [low, high] = std::minmax_element(threshold.begin(), threshold.end());
  const double from = 0.96 * *low, to = 1.04 * *high;
  CmapScan scan;
  const auto add = [&](double current) { scan.stimulus_ma.push_back(current), scan.amplitude_mv.push_back(response(current)); };
  for (int k = 0; k < 20; ++k) add(to);
  scan.plateau_end = scan.stimulus_ma.size();
  for (int k = 0; k < 500; ++k) add(to - (to - from) * k / 499);
  scan.scan_end = scan.stimulus_ma.size();
  for (int k = 0; k < 20; ++k) add(from * 0.9);
  scan.after_end = scan.stimulus_ma.size();
  return scan;
}

std::vector<CountScore> counts(const SuiteOptions& options) {
  std::vector<CountScore> rows;
  const int scans = options.full ? 20 : 6;
  for (const int units : {10, 20, 40, 80, 120}) {
    Moments stair, stepix, d50;
    for (int k = 0; k < scans; ++k) {
      const auto row = cmap_scan(scan_of(units, static_cast<std::uint64_t>(options.seed) * 100 + static_cast<std::uint64_t>(k)));
      stair.v.push_back(row.stair_units.value_or(0)), stepix.v.push_back(row.stepix.value_or(0)),
          d50.v.push_back(row.d50_sorted.value_or(0));
    }
    for (const auto& [name, m] : {std::pair{"stair fit (3 x noise)", stair}, std::pair{"STEPIX", stepix}, std::pair{"D50 sorted", d50}})
      rows.push_back({units, name, m.mean(), 100 * (m.mean() / units - 1), 100 * m.sd() / m.mean()});
  }
  return rows;
}

double worst_decrement(std::int64_t seed, int trials) {
  double worst = 0;
  for (int k = 0; k < trials; ++k) {
    Path p;
    p.sign = k % 2 ? 1 : -1;
    p.spread = {1};
    double peak = 0;
    auto set = sweeps_of(p, 5, static_cast<std::uint64_t>(seed) * 77 + static_cast<std::uint64_t>(k), peak);
    const double loss[] = {0, 0.12, 0.2, 0.25, 0.24, 0.22, 0.2, 0.19, 0.18, 0.17};
    Random random(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(k));
    for (Index r = 0; r < 10; ++r) {
      auto& s = set.sweeps[static_cast<std::size_t>(r)];
      s.site = "wrist", s.test = "repetitive", s.clock_s = static_cast<double>(r) / 3;
      for (Index i = 0; i < set.samples.cols(); ++i) {
        const double ms = static_cast<double>(i - set.zero_sample) * 1000 / p.rate_hz;
        set.samples(r, i) =
            p.sign * 8000 * (1 - loss[r]) * noise_free(p, p.near_mm, ms) + p.sign * artefact(ms, 300) + 40 * random.normal();
      }
    }
    worst = std::max(worst, std::abs(cell(ncs_study({set}), "ncs_repetitive", "amplitude_decrement_4_pct", 0) - 25));
  }
  return worst;
}

SuiteResult run(const SuiteOptions& options, int, const CaseDone&) {
  SuiteResult result;
  std::vector<MotorScore> rows;
  const int trials = options.full ? 140 : 35;
  for (const double rate : {20000.0, 48000.0}) {
    for (const double db : {20.0, 30.0}) {
      Path p;
      p.rate_hz = rate, p.db = db;
      for (const double dispersion : {0.0, 0.12}) {
        for (const int per_site : {1, 10}) rows.push_back(motor(p, dispersion, per_site, trials, options.seed));
      }
    }
  }
  result.tables.push_back(to_table("ncs_motor", "motor studies: artefact, coloured noise, dispersion", rows));
  double latency = 0, velocity = 0, amplitude = 0;
  for (const auto& row : rows) {
    if (row.sweeps_per_site != 10 || row.dispersion_pct > 0) continue;
    latency = std::max(latency, std::abs(*row.latency_bias_ms)), velocity = std::max(velocity, std::abs(*row.velocity_bias_pct)),
    amplitude = std::max(amplitude, std::abs(*row.amplitude_bias_pct));
  }
  result.tables.push_back(to_table("ncs_counts", "numbers of CMAP scans against the true number of units", counts(options)));
  result.at_most("distal latency, mean error of 10 sweeps (ms)", latency, 0.1);
  result.at_most("velocity, mean error of 10 sweeps (%)", velocity, 1);
  result.at_most("amplitude, mean error of 10 sweeps (%)", amplitude, 2);
  result.at_most("decrement of the fourth response, largest error (points)", worst_decrement(options.seed, trials / 5), 1);
  return result;
}

}  // namespace

Suite ncs_suite() {
  return {"ncs", "nerve conduction: latency, velocity, amplitude, decrement; numbers of CMAP scans", run};
}

}  // namespace emg::accuracy
