#pragma once
// SHA-256 digests (OpenSSL's libcrypto), as lower-case hexadecimal text.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace emg {

std::string sha256_hex(std::string_view bytes);

/// Digest of a file, read in blocks. Throws FileError.
std::string sha256_of_file(const std::filesystem::path& path);

/// Digest of a file set: of the concatenated `name size digest` lines if more than one file, else of the file.
std::string sha256_of_files(const std::vector<std::filesystem::path>& paths);

}  // namespace emg
