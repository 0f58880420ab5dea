#include "libemg/core/instruction_set.h"

#include "tests/support/catch.h"

namespace emg {

TEST_CASE("the instruction set is one of the compiled ones and stays the same") {
  const auto set = instruction_set();
  CHECK(set == instruction_set());
  CHECK((name_of(set) == "baseline" || name_of(set) == "x86-64-v3" || name_of(set) == "avx512"));
#if !defined(__x86_64__)
  CHECK(set == InstructionSet::baseline);
#endif
}

}  // namespace emg
