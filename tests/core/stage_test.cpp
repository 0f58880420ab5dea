#include "libemg/core/stage.h"
