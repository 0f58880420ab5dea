#pragma once
// Slepian tapers (discrete prolate spheroidal sequences): of all sequences of a length, those with most of their energy in a narrow band.
//
// Values without unit, unit energy. Symmetric tapers have a positive sum, antisymmetric ones a positive first lobe.
// Throws InvalidArgument for a length below 2, a half bandwidth of 0.5 bins or less or of half the length or more, a count outside
// [1, 2 time_bandwidth] or above the length.
// Cost: count x length x about 60 divisions, once: tapers are kept for later calls (the four used last).
// Method: the commuting tridiagonal matrix (Slepian 1978, Bell Syst Tech J 57:1371-1430): eigenvalues by Sturm bisection, vectors by
// inverse iteration; no length x length matrix. Equals scipy.signal.windows.dpss to 1e-9.

#include <memory>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

struct Tapers {
  RowMatrix values;                   ///< tapers x samples
  std::vector<double> concentration;  ///< share of the energy within the band, each
};

/// The first `count` tapers of `length` samples for a half bandwidth of `time_bandwidth` / length cycles a sample.
std::shared_ptr<const Tapers> slepian_tapers(Index length, double time_bandwidth, Index count);

}  // namespace emg
