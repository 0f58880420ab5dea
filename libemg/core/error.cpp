#include "libemg/core/error.h"

#include <utility>

namespace emg {

FileError::FileError(const std::string& path, const std::string& message, std::string where, std::int64_t byte)
    : Error(path + ": " + message), path_(path), where_(std::move(where)), byte_(byte) {}

}  // namespace emg
