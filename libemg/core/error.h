#pragma once
// The three ways in which a call can fail. "Not found" is never one of them: it is an empty optional or a missing value.

#include <cstdint>
#include <stdexcept>
#include <string>

namespace emg {

/// Base of everything this library throws. Messages are one line and fit for a user.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A wrong option, array or combination of them; names the option, its value and the allowed range.
class InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// The data allow no answer (singular system, no convergence).
class NumericalError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read or written.
/// The message is `PATH: WHAT at WHERE: WHY[; WHAT TO DO]`.
class FileError : public Error {
 public:
  /// `where` is a dataset path, a line, a member name or empty; `byte` the offset in the file, -1 if there is none.
  FileError(const std::string& path, const std::string& message, std::string where = {}, std::int64_t byte = -1);

  const std::string& path() const { return path_; }
  const std::string& where() const { return where_; }
  std::int64_t byte() const { return byte_; }

 private:
  std::string path_;
  std::string where_;
  std::int64_t byte_;
};

/// The work was stopped on request between two blocks; nothing was left half written.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace emg
