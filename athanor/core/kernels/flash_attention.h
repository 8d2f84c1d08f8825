#pragma once
// Causal attention without a [T, T] matrix: FlashAttention-2 (Dao 2023) on a CPU's caches, forward and backward, with grouped key
// heads (Ainslie et al. 2023) and packed documents. T is float or uint16_t (bfloat16); softmax is f32.

#include <cstdint>

namespace athanor::kernels {

/// Numbers [B, T, heads, D] somewhere in memory; strides in elements, a head's D numbers are contiguous.
template <typename T>
struct HeadView {
  T* data = nullptr;
  int64_t batch_stride = 0, token_stride = 0, head_stride = 0;
};

struct AttentionShape {
  int64_t batch = 0, length = 0;       // B, T
  int64_t heads = 0, kv_heads = 0;     // H, G: H % G == 0; query head h reads key head h / (H / G)
  int64_t head_dim = 0;                // D, 1 to 256
  float scale = 1.0f;                  // on q.k, positive
  const int32_t* row_start = nullptr;  // [B, T], or null: all 0. t sees keys row_start[t] <= j <= t; never falls along t
};

/// out[t] = sum over j of softmax_j(scale q[t].k[j]) v[j]. lse [B, H, T], the logarithm of the softmax's denominator, is written
/// for the backward pass, or null.
template <typename T>
void flash_attention(const AttentionShape& shape, HeadView<const T> q, HeadView<const T> k, HeadView<const T> v, HeadView<T> out,
                     float* lse);

/// What the backward pass reads and writes. dq, dk, dv are overwritten and may be anywhere but in the inputs.
template <typename T>
struct AttentionGradients {
  HeadView<const T> q, k, v, out, dout;
  const float* lse = nullptr;
  HeadView<T> dq, dk, dv;
};

/// Gradients of flash_attention. Parallel over (batch, key head): dk and dv need no atomics and results do not depend on threads.
template <typename T>
void flash_attention_backward(const AttentionShape& shape, const AttentionGradients<T>& gradients);

}  // namespace athanor::kernels
