#include "libemg/spectral/frequency.h"
#include "tests/support/catch.h"
