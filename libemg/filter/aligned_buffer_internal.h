#pragma once
// Doubles aligned to a cache line, left uninitialised; grows and keeps what it holds.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace emg {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::ptrdiff_t size) { reserve(size, 0); }

  double* data() { return data_.get(); }
  const double* data() const { return data_.get(); }
  std::ptrdiff_t size() const { return size_; }

  /// Room for `size` doubles, at least doubled when it grows; the first `kept` keep their values.
  void reserve(std::ptrdiff_t size, std::ptrdiff_t kept) {
    if (size <= size_) return;
    const std::ptrdiff_t room = std::max(size, 2 * kept);
    Owner grown(static_cast<double*>(::operator new[](static_cast<std::size_t>(room) * sizeof(double), kAlignment)));
    std::copy_n(data_.get(), kept, grown.get());
    data_ = std::move(grown);
    size_ = room;
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(double* p) const { ::operator delete[](p, kAlignment); }
  };
  using Owner = std::unique_ptr<double[], Free>;

  Owner data_;
  std::ptrdiff_t size_ = 0;
};

}  // namespace emg
