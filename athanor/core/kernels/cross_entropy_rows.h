#pragma once
// What cross_entropy.cpp asks of an instruction set: one row. Internal to cross_entropy*.cpp.

#include <cstdint>

namespace athanor::kernels {

namespace scalar {
/// Returns the row's loss. `gradient` null: loss only; else it takes softmax - onehot(target) and may be `logits`. `exponentials`
/// [vocab] is scratch.
template <typename T>
float cross_entropy_row(int64_t vocab, const T* logits, int64_t target, float* exponentials, T* gradient);
}  // namespace scalar

namespace avx2 {
template <typename T>
float cross_entropy_row(int64_t vocab, const T* logits, int64_t target, float* exponentials, T* gradient);
}  // namespace avx2
namespace avx512 {
template <typename T>
float cross_entropy_row(int64_t vocab, const T* logits, int64_t target, float* exponentials, T* gradient);
}  // namespace avx512

}  // namespace athanor::kernels
