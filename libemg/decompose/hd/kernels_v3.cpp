#if defined(__AVX2__)
#include "libemg/decompose/hd/kernels_impl_internal.h"

namespace emg::hd_kernels {

const Kernels* v3_kernels() {
  return &kTable;
}

}  // namespace emg::hd_kernels
#else
#include "libemg/decompose/hd/kernels_internal.h"

namespace emg::hd_kernels {

const Kernels* v3_kernels() {
  return nullptr;
}

}  // namespace emg::hd_kernels
#endif
