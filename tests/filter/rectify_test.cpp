#include "libemg/filter/rectify.h"
#include "tests/support/catch.h"
