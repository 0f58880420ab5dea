#include "libemg/core/parallel.h"
