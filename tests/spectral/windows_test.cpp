#include "libemg/spectral/windows.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace emg {

TEST_CASE("windows are periodic") {
  const auto hann = periodic_window(Window::hann, 8);
  CHECK(hann[0] == 0);
  CHECK(hann[4] == 1);
  CHECK(hann[1] == Approx(hann[7]).epsilon(1e-14));
  CHECK(hann[2] == Approx(0.5).epsilon(1e-14));
  // The symmetric form would give 0.1883 here.
  CHECK(hann[1] == Approx(0.14644660940672624).epsilon(1e-14));
  CHECK(periodic_window(Window::hamming, 5)[0] == Approx(0.08).epsilon(1e-14));
  CHECK(periodic_window(Window::blackman, 5)[1] == Approx(0.20077014326253045).epsilon(1e-13));
  CHECK(periodic_window(Window::boxcar, 3) == std::vector<double>{1, 1, 1});
  CHECK(periodic_window(Window::hann, 1) == std::vector<double>{1});
}

TEST_CASE("Kaiser window is symmetric, with the values of scipy.signal.windows.kaiser") {
  const auto kaiser = kaiser_window(7, 5.0);
  CHECK(kaiser[3] == 1);
  CHECK(kaiser[0] == kaiser[6]);
  CHECK(kaiser[0] == Approx(0.036710892271286676).epsilon(1e-13));
  CHECK(kaiser[1] == Approx(0.3282019573723212).epsilon(1e-13));
}

TEST_CASE("Kaiser and dpss windows of spectra equal SciPy") {
  // scipy.signal.get_window(("kaiser", 8.6), 9)[1:4], scipy.signal.windows.dpss(10, 4, sym=True)[:9] over its maximum
  const auto kaiser = periodic_window(Window::kaiser, 9);
  const auto dpss = periodic_window(Window::dpss, 9);
  CHECK(kaiser[1] == Approx(0.05223535747574751).epsilon(1e-12));
  CHECK(kaiser[4] == Approx(0.9511895659143617).epsilon(1e-12));
  CHECK(dpss[0] == Approx(0.010017165978390138).epsilon(1e-9));
  CHECK(dpss[3] == Approx(0.6821513815289044).epsilon(1e-9));
  CHECK(*std::max_element(dpss.begin(), dpss.end()) == 1);
}

TEST_CASE("overlapped segments are worth less than their number") {
  const auto hann = periodic_window(Window::hann, 2048);
  CHECK(effective_segment_count(hann, 1024, 20) == Approx(19.00).margin(0.01));
  CHECK(effective_segment_count(hann, 1024, 60) == Approx(56.89).margin(0.01));
  CHECK(effective_segment_count(hann, 512, 20) == Approx(10.66).margin(0.01));
  CHECK(effective_segment_count(hann, 2048, 20) == 20);
  CHECK(effective_segment_count(hann, 1024, 1) == 1);
}

}  // namespace emg
