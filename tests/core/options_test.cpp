#include "libemg/core/options.h"
