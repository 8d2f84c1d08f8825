#pragma once
// Inputs for kernel tests: numbers from a seed, and memory that ends (or begins) at a page nobody may touch.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "athanor/core/base/half.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::kernels {

inline std::vector<float> normals(int64_t n, uint64_t seed) {
  base::Philox random(seed, 0, base::Purpose::kTest);
  std::vector<float> x(static_cast<size_t>(n));
  for (float& v : x) v = random.normal();
  return x;
}

inline std::vector<IsaLevel> levels() {
  std::vector<IsaLevel> all;
  for (int i = 0; i <= static_cast<int>(best_isa_level()); ++i) all.push_back(static_cast<IsaLevel>(i));
  return all;
}

/// A copy of bytes between two pages without access, against the one behind or the one before.
class Guarded {
 public:
  Guarded(const void* bytes, size_t size, bool at_end = true) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t middle = (size + page - 1) / page * page;
    size_ = middle + 2 * page;
    memory_ = static_cast<char*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(memory_, page, PROT_NONE);
    mprotect(memory_ + page + middle, page, PROT_NONE);
    data_ = memory_ + page + (at_end ? middle - size : 0);
    if (bytes) std::memcpy(data_, bytes, size);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(memory_, size_); }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }

 private:
  char* memory_;
  char* data_;
  size_t size_;
};

}  // namespace athanor::kernels
