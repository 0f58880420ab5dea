#include "libemg/core/operation.h"
