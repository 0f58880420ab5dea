#include "libemg/core/recording.h"
