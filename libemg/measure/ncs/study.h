#pragma once
// A whole nerve conduction study: sweeps of all nerves, sites and tests in, the tables of a report out.
//
// sets: sweep sets in microvolts (files of one study may differ in rate and length). manual: markers set by hand; they replace the
// automatic ones of the same place and marker and stay in the marker table. Result: averaged sweeps, cleaned single sweeps, and tables that
// hold one row for each averaged site, segment, train and sweep with an F wave; what a sweep set does not allow is a row of `ncs_steps`
// with the reason. Throws InvalidArgument for sets that m_wave would refuse, and options outside their range. Cost: that of the
// measurements, linear in sweeps x samples. Method: sweeps are grouped by channel, nerve, side, muscle, site, test and annotation and
// averaged; the artefact is taken out of the average (single sweeps for F waves and trains). The test of a sweep is what it says; where it
// is silent, a train of 2 to 50 Hz is repetitive stimulation, a response without muscle or below sensory_below_mv is sensory, the rest is
// motor, and 5 or more motor sweeps that go on for f_after_ms after the response are searched for F waves too.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"
#include "libemg/measure/ncs/markers.h"

namespace emg {

enum class StudyArtefact { none, blank, two_exponential, local_polynomial };
constexpr auto enum_names(StudyArtefact) {
  using A = StudyArtefact;
  return std::array<std::pair<A, std::string_view>, 4>{
      {{A::none, "none"}, {A::blank, "blank"}, {A::two_exponential, "two_exponential"}, {A::local_polynomial, "local_polynomial"}}};
}

struct NcsOptions {
  StudyArtefact artefact = StudyArtefact::two_exponential;
  double blank_ms = 0.5;
  LatencyMethod onset_method = LatencyMethod::rise;
  Negativity negativity = Negativity::automatic;
  double motor_low_ms = 1.5;
  double motor_high_ms = 40;
  double motor_floor_mv = 0.1;
  double sensory_low_ms = 1.0;
  double sensory_high_ms = 15;
  double sensory_floor_uv = 1;
  double sensory_below_mv = 0.2;
  double noise_factor = 4;
  std::optional<double> limit_uv, r_min;
  std::vector<double> f_window_ms;
  double f_after_ms = 10;
  double f_floor_uv = 40;
  std::optional<double> spine_mm;
  std::vector<double> h_window_ms;
  double distance_sd_mm = 2;
  double latency_sd_ms = 0.1;
  std::optional<double> reference_c, velocity_factor_mps, latency_factor_ms;
  double small_factor = 5;

  static constexpr auto fields() {
    using O = NcsOptions;
    return std::tuple{
        field("artefact", &O::artefact, {}, "how the stimulus artefact is taken out"),
        field("blank_ms", &O::blank_ms, {0.1, 3}, "replaced by a straight line after the stimulus"),
        field("onset_method", &O::onset_method, {}, "how onsets are found"),
        field("negativity", &O::negativity, {}, "sign of E1-negative values in the data; auto: sign of the first large deflection"),
        field("motor_low_ms", &O::motor_low_ms, {0, 1000}, "start of the search for motor responses"),
        field("motor_high_ms", &O::motor_high_ms, {1, 1000}, "its end"),
        field("motor_floor_mv", &O::motor_floor_mv, {0, 100}, "a motor response exceeds this"),
        field("sensory_low_ms", &O::sensory_low_ms, {0, 1000}, "start of the search for sensory responses"),
        field("sensory_high_ms", &O::sensory_high_ms, {1, 1000}, "its end"),
        field("sensory_floor_uv", &O::sensory_floor_uv, {0, 10000}, "a sensory response exceeds this"),
        field("sensory_below_mv", &O::sensory_below_mv, {0, 100},
              "where neither test nor muscle is given, smaller responses are taken as sensory"),
        field("noise_factor", &O::noise_factor, {1, 100}, "a response exceeds this multiple of the noise"),
        field("limit_uv", &O::limit_uv, {0, 1e9}, "leave out sweeps of larger peak-to-peak; auto: none"),
        field("r_min", &O::r_min, {-1, 1}, "leave out sweeps that correlate less with the mean of the others; auto: none"),
        field("f_window_ms", &O::f_window_ms, {0, 1000},
              "start and end of the search for F waves; empty: from f_after_ms after the M wave's end to the end of the sweep"),
        field("f_after_ms", &O::f_after_ms, {0, 1000},
              "distance of F waves from the negative phase of the M wave where no window is given"),
        field("f_floor_uv", &O::f_floor_uv, {0, 10000}, "an F wave exceeds this peak-to-peak"),
        field("spine_mm", &O::spine_mm, {1, 3000}, "distance from stimulus to spine, for F-wave velocities; auto: none"),
        field("h_window_ms", &O::h_window_ms, {0, 1000},
              "start and end of the search for H reflexes (soleus about 25,40); needed where the sweeps hold some"),
        field("distance_sd_mm", &O::distance_sd_mm, {0, 100}, "SD of a measured distance"),
        field("latency_sd_ms", &O::latency_sd_ms, {0, 10}, "smallest SD of a latency"),
        field("reference_c", &O::reference_c, {0, 50},
              "temperature that velocities and latencies are brought to as well; auto: no correction"),
        field("velocity_factor_mps", &O::velocity_factor_mps, {0, 10}, "velocity gained for each degree, with reference_c"),
        field("latency_factor_ms", &O::latency_factor_ms, {0, 10}, "latency lost for each degree, with reference_c"),
        field("small_factor", &O::small_factor, {1, 100},
              "responses below this multiple of the smallest detectable are too small for changes in percent"),
    };
  }
};
static_assert(fully_described<NcsOptions>());

struct MarkerRow {
  int set = 0;
  int row = 0;
  std::string channel, nerve, side, muscle, site, test, annotation, marker;
  double time_ms = 0;
  std::optional<double> value_uv;
  std::string method, version, source = "automatic", edited_by;

  static constexpr auto fields() {
    using R = MarkerRow;
    return std::tuple{
        field("set", &R::set, {}, "sweep set of the study, from 0"),
        field("row", &R::row, {}, "averaged sweep that the marker lies on; for F waves the number of the sweep"),
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("test", &R::test, {}, "motor, sensory, f_wave, ..."),
        field("annotation", &R::annotation, {}, "remark of the sweeps"),
        field("marker", &R::marker, {}, "onset, peak, positive_peak, end, f_onset"),
        field("time_ms", &R::time_ms, {}, "after the stimulus"),
        field("value_uv", &R::value_uv, {}, "amplitude there over the baseline, E1-negative positive; peaks only"),
        field("method", &R::method, {}, "how it was found"),
        field("version", &R::version, {}, "of this program"),
        field("source", &R::source, {}, "automatic or manual; manual ones are never overwritten"),
        field("edited_by", &R::edited_by, {}, "who set a manual marker"),
    };
  }
};
static_assert(fully_described<MarkerRow>());

/// One averaged site, for drawing.
struct StudySite {
  std::size_t set = 0;      ///< sweep set it comes from
  std::vector<Index> rows;  ///< its sweeps there
  std::string test;
  Index average = 0;  ///< row of `averages`
  double up = -1;     ///< sign that draws E1-negative upwards
};

struct NcsStudy {
  std::vector<Table> tables;
  std::vector<MarkerRow> markers;
  std::vector<StudySite> sites;
  std::vector<SweepSet> raw;       ///< the sweeps as they came, sets that differ in nothing else together
  std::vector<SweepSet> cleaned;   ///< single sweeps without artefact, for each set
  std::vector<SweepSet> averages;  ///< one for each set
};

NcsStudy ncs_study(const std::vector<SweepSet>& sets, const NcsOptions& options = {}, const std::vector<MarkerRow>& manual = {},
                   int threads = 1);

/// Markers of a table with the columns of MarkerRow; missing columns are empty. Throws InvalidArgument if marker or time_ms is missing.
std::vector<MarkerRow> markers_of(const Table& table);

}  // namespace emg
