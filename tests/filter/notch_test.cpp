#include "libemg/filter/notch.h"
#include "tests/support/catch.h"
