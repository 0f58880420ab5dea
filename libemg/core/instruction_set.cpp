#include "libemg/core/instruction_set.h"

#include <algorithm>

namespace emg {
namespace {

#ifndef EMG_TEST_ISA
#define EMG_TEST_ISA 2
#endif

InstructionSet detect() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool avx512 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  return static_cast<InstructionSet>(std::min(avx512 ? 2 : v3 ? 1 : 0, EMG_TEST_ISA));
#else
  return InstructionSet::baseline;
#endif
}

}  // namespace

std::string_view name_of(InstructionSet set) {
  constexpr std::string_view names[] = {"baseline", "x86-64-v3", "avx512"};
  return names[static_cast<int>(set)];
}

InstructionSet instruction_set() {
  static const InstructionSet set = detect();
  return set;
}

}  // namespace emg
