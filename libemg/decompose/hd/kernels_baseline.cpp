#include "libemg/decompose/hd/kernels_impl_internal.h"

namespace emg::hd_kernels {

const Kernels* baseline_kernels() {
  return &kTable;
}

}  // namespace emg::hd_kernels
