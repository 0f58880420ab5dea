#include "bench/accuracy/suite.h"

namespace emg::accuracy {

Suite detect_suite();
Suite hd_suite();
Suite ncs_suite();
Suite onset_suite();
Suite needle_suite();
Suite twitch_suite();

const std::vector<Suite>& suites() {
  static const std::vector<Suite> all{
      detect_suite(),
      hd_suite(),
      onset_suite(),
      needle_suite(),
      ncs_suite(),
      twitch_suite(),
  };
  return all;
}

}  // namespace emg::accuracy
