#include "libemg/filter/envelope.h"
#include "tests/support/catch.h"
