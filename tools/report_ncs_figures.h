#pragma once
// Drawings of a nerve conduction study.

#include <string>

#include "libemg/measure/ncs/study.h"

namespace emg::tools::report {

/// Sites of each nerve under each other with sweeps superimposed and markers; F waves as a raster of sweeps; amplitudes of trains.
std::string ncs_figures(const NcsStudy& study);

}  // namespace emg::tools::report
