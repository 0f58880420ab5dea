#include "libemg/core/table.h"
