#include "libemg/filter/resample.h"
#include "tests/support/catch.h"
