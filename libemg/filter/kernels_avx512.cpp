#if defined(__AVX512F__)
#include "libemg/filter/kernels_impl_internal.h"

namespace emg::filter_kernels {

const Kernels* avx512_kernels() {
  return &kTable;
}

}  // namespace emg::filter_kernels
#else
#include "libemg/filter/kernels_internal.h"

namespace emg::filter_kernels {

const Kernels* avx512_kernels() {
  return nullptr;
}

}  // namespace emg::filter_kernels
#endif
