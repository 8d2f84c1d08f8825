#pragma once
// What flash_attention.cpp asks of an instruction set: all query heads of one (batch, key head) pair by one thread. Internal to
// flash_attention*.cpp.

#include <cstddef>
#include <cstdint>

#include "athanor/core/kernels/flash_attention.h"

namespace athanor::kernels {

/// Queries are taken in blocks of this many; keys too.
inline constexpr int64_t kAttentionBlock = 64;

/// Views begin at the batch row and at the group's first head; only query blocks first, first + every, .. are done.
template <typename T>
struct ForwardGroup {
  int64_t length, heads, head_dim;  // heads: query heads of this group
  float scale;
  const int32_t* row_start;  // [T] or null
  HeadView<const T> q, k, v;
  HeadView<T> out;
  float* lse;  // [heads, T] or null
  int64_t first, every;
  float* scratch;  // forward_scratch() bytes, 64-byte aligned
};

template <typename T>
struct BackwardGroup {
  int64_t length, heads, head_dim;
  float scale;
  const int32_t* row_start;
  AttentionGradients<T> at;  // lse [heads, T]
  float* scratch;            // backward_scratch() bytes, 64-byte aligned
};

namespace scalar {
size_t forward_scratch(int64_t length, int64_t head_dim);
size_t backward_scratch(int64_t length, int64_t head_dim);
template <typename T>
void forward_group(const ForwardGroup<T>& group);
template <typename T>
void backward_group(const BackwardGroup<T>& group);
}  // namespace scalar

namespace avx2 {  // f32 products, whatever T is
size_t forward_scratch(int64_t length, int64_t head_dim);
size_t backward_scratch(int64_t length, int64_t head_dim);
template <typename T>
void forward_group(const ForwardGroup<T>& group);
template <typename T>
void backward_group(const BackwardGroup<T>& group);
}  // namespace avx2

namespace avx512 {
size_t forward_scratch(int64_t length, int64_t head_dim);
size_t backward_scratch(int64_t length, int64_t head_dim);
template <typename T>
void forward_group(const ForwardGroup<T>& group);
template <typename T>
void backward_group(const BackwardGroup<T>& group);
}  // namespace avx512

namespace vnni {  // bf16 products with f32 sums
size_t forward_scratch(int64_t length, int64_t head_dim);
size_t backward_scratch(int64_t length, int64_t head_dim);
void forward_group(const ForwardGroup<uint16_t>& group);
void backward_group(const BackwardGroup<uint16_t>& group);
}  // namespace vnni

}  // namespace athanor::kernels
