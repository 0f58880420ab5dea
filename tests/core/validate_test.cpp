#include "libemg/core/validate.h"
