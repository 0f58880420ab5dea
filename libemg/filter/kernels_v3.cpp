#if defined(__AVX2__)
#include "libemg/filter/kernels_impl_internal.h"

namespace emg::filter_kernels {

const Kernels* v3_kernels() {
  return &kTable;
}

}  // namespace emg::filter_kernels
#else
#include "libemg/filter/kernels_internal.h"

namespace emg::filter_kernels {

const Kernels* v3_kernels() {
  return nullptr;
}

}  // namespace emg::filter_kernels
#endif
