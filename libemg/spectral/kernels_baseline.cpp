#include "libemg/spectral/kernels_impl_internal.h"

namespace emg::spectral_kernels {

const Kernels* baseline_kernels() {
  return &kTable;
}

}  // namespace emg::spectral_kernels
