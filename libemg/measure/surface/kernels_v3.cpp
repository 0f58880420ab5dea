#if defined(__AVX2__)
#include "libemg/measure/surface/kernels_impl_internal.h"

namespace emg::surface_kernels {

const Kernels* v3_kernels() {
  return &kTable;
}

}  // namespace emg::surface_kernels
#else
#include "libemg/measure/surface/kernels_internal.h"

namespace emg::surface_kernels {

const Kernels* v3_kernels() {
  return nullptr;
}

}  // namespace emg::surface_kernels
#endif
