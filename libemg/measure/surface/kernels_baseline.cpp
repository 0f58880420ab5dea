#include "libemg/measure/surface/kernels_impl_internal.h"

namespace emg::surface_kernels {

const Kernels* baseline_kernels() {
  return &kTable;
}

}  // namespace emg::surface_kernels
