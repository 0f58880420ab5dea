#pragma once
// Units from isolated potentials, their number unknown.
//
// white: channels x samples of unit noise; centres: where potentials are (work samples). Result: clusters of aligned positions, largest
// potential first; potentials that fit none are left out. No or few centres: no cluster.
// Cost: centres x clusters x window x lags in the worst case, most pairs are excluded by their energies.
// Method: leaders, the largest potentials first, within a distance that noise, jitter and amplitude variation explain; reassignment to the
// nearest mean at the best lag between samples; clusters whose main directions hold two heaps (unimodal.h) are split; clusters that one heap
// explains are merged if their discharges do not collide as those of two units would.

#include <vector>

#include "libemg/core/signal.h"

namespace emg::needle {

struct ClusterOptions {
  double rate_hz = 0, energy_scale = 1;
  double window_ms = 6;          ///< compared around the centre
  double margin_ms = 1;          ///< lag searched on both sides
  double shape_jitter_ms = 0.03, amplitude_sd = 0.05;
  double dip_limit = 2;
  double min_interval_ms = 20;
  double variability = 0;        ///< of potentials of one unit, share of their energy (potential_variability)
  int fewest = 8;                ///< members of a cluster
};

struct Cluster {
  std::vector<double> positions;   ///< ascending, in work samples
  std::vector<int> members;        ///< index of the centre of each
  double energy = 0;
};

std::vector<Cluster> cluster_potentials(const RowMatrix& white, const std::vector<double>& centres, const ClusterOptions& options);

/// How much potentials of one unit differ beyond the noise on average, as a share of their energy: from half the distance of each large
/// potential to one of those most like it, lower quartile. 0 if they differ by noise alone, or if there are too few.
double potential_variability(const RowMatrix& white, const std::vector<double>& centres, const ClusterOptions& options);

/// Whether two trains (ascending positions, rate) exclude each other like parts of one train: few pairs nearer than `min_interval_ms` for two
/// independent trains over `duration_s`.
bool fire_as_one(const std::vector<double>& a, const std::vector<double>& b, double rate_hz, double duration_s, double min_interval_ms);

}  // namespace emg::needle
