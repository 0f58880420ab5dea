#pragma once
// What a file may claim before it is believed: bounds for everything that a reader allocates from a header.

#include <cstdint>

namespace emg::limits {

inline constexpr std::int64_t kMostChannels = 65536;
inline constexpr std::int64_t kMostSamples = std::int64_t{1} << 40;       ///< of one channel
inline constexpr std::int64_t kMostHeaderBytes = std::int64_t{64} << 20;  ///< of a header, XML or JSON text
inline constexpr std::int64_t kMostTextBytes = std::int64_t{1} << 20;     ///< of one string
inline constexpr std::int64_t kMostLineBytes = std::int64_t{16} << 20;    ///< of one line of a text recording
inline constexpr std::int64_t kMostColumns = 65536;
inline constexpr std::int64_t kMostWarningsOfOneKind = 20;  ///< further ones are counted, not listed
inline constexpr std::int64_t kMostGaps = std::int64_t{1} << 20;

}  // namespace emg::limits
