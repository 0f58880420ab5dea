#pragma once
// Which of the compiled variants of a hot kernel this processor can run.
//
// Kernels are compiled for the baseline, for x86-64-v3 (AVX2, FMA) and for AVX-512, and chosen once at start-up. The choice is fixed for a
// machine, so results keep their bits; between instruction sets they differ by rounding only. The build option EMG_TEST_ISA lowers the
// choice, so that tests can run every variant that the processor has.

#include <string_view>

namespace emg {

enum class InstructionSet { baseline, x86_64_v3, avx512 };
std::string_view name_of(InstructionSet set);

/// The best variant that processor and build allow; `baseline` on anything but x86-64. Cost: one load after the first call.
InstructionSet instruction_set();

}  // namespace emg
