#if defined(__AVX512F__)
#include "libemg/measure/surface/kernels_impl_internal.h"

namespace emg::surface_kernels {

const Kernels* avx512_kernels() {
  return &kTable;
}

}  // namespace emg::surface_kernels
#else
#include "libemg/measure/surface/kernels_internal.h"

namespace emg::surface_kernels {

const Kernels* avx512_kernels() {
  return nullptr;
}

}  // namespace emg::surface_kernels
#endif
