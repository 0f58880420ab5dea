#include "libemg/filter/kernels_impl_internal.h"

namespace emg::filter_kernels {

const Kernels* baseline_kernels() {
  return &kTable;
}

}  // namespace emg::filter_kernels
