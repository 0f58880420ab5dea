#if defined(__AVX2__)
#include "libemg/spectral/kernels_impl_internal.h"

namespace emg::spectral_kernels {

const Kernels* v3_kernels() {
  return &kTable;
}

}  // namespace emg::spectral_kernels
#else
#include "libemg/spectral/kernels_internal.h"

namespace emg::spectral_kernels {

const Kernels* v3_kernels() {
  return nullptr;
}

}  // namespace emg::spectral_kernels
#endif
