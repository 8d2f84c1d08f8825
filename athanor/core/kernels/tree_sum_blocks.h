#pragma once
// What tree_sum.cpp asks of an instruction set. Internal to tree_sum*.cpp.

#include <cstdint>

namespace athanor::kernels {

namespace scalar {
template <typename T>
float block_sum(int64_t n, const T* x, bool squares);
}
namespace avx2 {
template <typename T>
float block_sum(int64_t n, const T* x, bool squares);
}
namespace avx512 {
template <typename T>
float block_sum(int64_t n, const T* x, bool squares);
}

}  // namespace athanor::kernels
