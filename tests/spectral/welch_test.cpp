#include "libemg/spectral/welch.h"
#include "tests/support/catch.h"
