#if defined(__AVX512F__)
#include "libemg/decompose/hd/kernels_impl_internal.h"

namespace emg::hd_kernels {

const Kernels* avx512_kernels() {
  return &kTable;
}

}  // namespace emg::hd_kernels
#else
#include "libemg/decompose/hd/kernels_internal.h"

namespace emg::hd_kernels {

const Kernels* avx512_kernels() {
  return nullptr;
}

}  // namespace emg::hd_kernels
#endif
