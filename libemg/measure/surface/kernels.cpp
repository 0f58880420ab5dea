#include "libemg/core/instruction_set.h"
#include "libemg/measure/surface/kernels_internal.h"

namespace emg::surface_kernels {
namespace {

const Kernels* choose() {
  if (instruction_set() >= InstructionSet::avx512 && avx512_kernels()) return avx512_kernels();
  if (instruction_set() >= InstructionSet::x86_64_v3 && v3_kernels()) return v3_kernels();
  return baseline_kernels();
}

}  // namespace

const Kernels& kernels() {
  static const Kernels* const chosen = choose();
  return *chosen;
}

}  // namespace emg::surface_kernels
