#include "libemg/spectral/line.h"
#include "tests/support/catch.h"
