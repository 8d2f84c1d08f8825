#pragma once
// Memory whose beginning is aligned to a cache line; it grows and never shrinks.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace athanor::kernels {

class AlignedBuffer {
 public:
  /// At least n elements; the contents are lost where it has to grow.
  template <typename T>
  T* at_least(uint64_t n) {
    const uint64_t bytes = (n * sizeof(T) + 63) / 64 * 64;
    if (bytes > size_) {
      memory_.reset();
      size_ = 0;
      memory_.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes)));
      if (!memory_) throw std::bad_alloc();
      size_ = bytes;
    }
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  uint64_t size_ = 0;
};

}  // namespace athanor::kernels
