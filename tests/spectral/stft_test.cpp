#include "libemg/spectral/stft.h"
#include "tests/support/catch.h"
