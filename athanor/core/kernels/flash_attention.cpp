// Flash attention (Dao et al. 2022; Dao 2023): the schedule over threads, and the scalar form.
//
//   S = scale Q K^T, P = softmax(S) over the visible keys, O = P V, lse = log(sum of exp(S))
//   dV = P^T dO, dP = dO V^T, dS = P * (dP - rowsum(dO * O)), dQ = scale dS K, dK = scale dS^T Q
//
// Forward takes 64 queries and walks the key blocks they see, keeping per query the largest score so far and the sum of
// exponentials relative to it; when the largest grows, what was summed shrinks by the same factor. Only O and lse are kept;
// backward recomputes P from lse. Nothing of size T x T exists. Key blocks before row_start or past the diagonal are never touched;
// on the diagonal 16 keys are set against the queries after them only.
//
// Floor: 4 D operations per visible score forward and 10 D backward at the peak of the multiply-add, and one exponential per score
// each (about 12 cycles for 16): at D = 32 in bf16 the exponentials are a third of the forward pass. Measured on one
// Zen 4 core (peaks 225 bf16, 114 f32 GFLOP/s), forward and backward: bf16 118 and 130 at T 256, D 32; 162 and 168 at T 512, D 64;
// 196 and 190 at T 4,096, D 128; f32 65 and 67, 88 and 89, 102 and 88. Checked against: double precision softmax attention, and
// finite differences through ATen's reference.

#include "athanor/core/kernels/flash_attention.h"

#include <algorithm>
#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/aligned.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/flash_attention_group.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::kernels {

namespace scalar {

namespace {

template <typename T>
float dot(const T* a, const T* b, int64_t n) {
  float sum = 0;
  for (int64_t d = 0; d < n; ++d) sum += to_f32(a[d]) * to_f32(b[d]);
  return sum;
}

template <typename V>
auto* row(const HeadView<V>& view, int64_t h, int64_t t) {
  return view.data + h * view.head_stride + t * view.token_stride;
}

}  // namespace

size_t forward_scratch(int64_t length, int64_t head_dim) { return static_cast<size_t>(length + head_dim) * sizeof(float); }
size_t backward_scratch(int64_t length, int64_t head_dim) {
  return static_cast<size_t>(2 * length * head_dim + head_dim) * sizeof(float);
}

template <typename T>
void forward_group(const ForwardGroup<T>& g) {
  float *p = g.scratch, *sum = g.scratch + g.length;
  for (int64_t h = 0; h < g.heads; ++h)
    for (int64_t t = 0; t < g.length; ++t) {
      if (t / kAttentionBlock % g.every != g.first) continue;
      const int64_t first = g.row_start ? g.row_start[t] : 0;
      float largest = -INFINITY, total = 0;
      for (int64_t j = first; j <= t; ++j) {
        p[j] = g.scale * dot(row(g.q, h, t), row(g.k, 0, j), g.head_dim);
        if (!(p[j] <= largest)) largest = p[j];
      }
      std::fill(sum, sum + g.head_dim, 0.0f);
      for (int64_t j = first; j <= t; ++j) {
        const float e = std::exp(p[j] - largest);
        total += e;
        for (int64_t d = 0; d < g.head_dim; ++d) sum[d] += e * to_f32(row(g.v, 0, j)[d]);
      }
      for (int64_t d = 0; d < g.head_dim; ++d) row(g.out, h, t)[d] = from_f32<T>(sum[d] / total);
      if (g.lse) g.lse[h * g.length + t] = largest + std::log(total);
    }
}

template <typename T>
void backward_group(const BackwardGroup<T>& g) {
  const AttentionGradients<T>& at = g.at;
  const int64_t dim = g.head_dim;
  float *dk = g.scratch, *dv = dk + g.length * dim, *dq = dv + g.length * dim;
  std::fill(dk, dq, 0.0f);
  for (int64_t h = 0; h < g.heads; ++h)
    for (int64_t t = 0; t < g.length; ++t) {
      std::fill(dq, dq + dim, 0.0f);
      const T *q = row(at.q, h, t), *dout = row(at.dout, h, t);
      const float delta = dot(dout, row(at.out, h, t), dim);
      for (int64_t j = g.row_start ? g.row_start[t] : 0; j <= t; ++j) {
        const T *k = row(at.k, 0, j), *v = row(at.v, 0, j);
        const float p = std::exp(g.scale * dot(q, k, dim) - at.lse[h * g.length + t]);
        const float ds = g.scale * p * (dot(dout, v, dim) - delta);
        for (int64_t d = 0; d < dim; ++d) {
          dv[j * dim + d] += p * to_f32(dout[d]);
          dk[j * dim + d] += ds * to_f32(q[d]);
          dq[d] += ds * to_f32(k[d]);
        }
      }
      for (int64_t d = 0; d < dim; ++d) row(at.dq, h, t)[d] = from_f32<T>(dq[d]);
    }
  for (int64_t t = 0; t < g.length; ++t)
    for (int64_t d = 0; d < dim; ++d) {
      row(at.dk, 0, t)[d] = from_f32<T>(dk[t * dim + d]);
      row(at.dv, 0, t)[d] = from_f32<T>(dv[t * dim + d]);
    }
}

}  // namespace scalar

namespace {

/// The functions of the level in force.
template <typename T>
struct Level {
  size_t (*forward_scratch)(int64_t, int64_t);
  size_t (*backward_scratch)(int64_t, int64_t);
  void (*forward)(const ForwardGroup<T>&);
  void (*backward)(const BackwardGroup<T>&);
};

template <typename T>
Level<T> level() {
  const IsaLevel isa = isa_level();
  if constexpr (std::same_as<T, uint16_t>)
    if (isa >= IsaLevel::kVnni) return {vnni::forward_scratch, vnni::backward_scratch, vnni::forward_group, vnni::backward_group};
  if (isa >= IsaLevel::kAvx512)
    return {avx512::forward_scratch, avx512::backward_scratch, avx512::forward_group<T>, avx512::backward_group<T>};
  if (isa == IsaLevel::kAvx2)
    return {avx2::forward_scratch, avx2::backward_scratch, avx2::forward_group<T>, avx2::backward_group<T>};
  return {scalar::forward_scratch, scalar::backward_scratch, scalar::forward_group<T>, scalar::backward_group<T>};
}

// A thread keeps its tiles' memory from layer to layer.
float* scratch_of(size_t bytes) {
  thread_local AlignedBuffer buffer;
  return buffer.at_least<float>(bytes / sizeof(float) + 1);
}

template <typename V>
HeadView<V> at_group(HeadView<V> view, int64_t batch, int64_t first_head) {
  view.data += batch * view.batch_stride + first_head * view.head_stride;
  return view;
}

}  // namespace

template <typename T>
void flash_attention(const AttentionShape& s, HeadView<const T> q, HeadView<const T> k, HeadView<const T> v, HeadView<T> out,
                     float* lse) {
  base::expect(s.scale > 0, "kernels.flash_attention", "the scale must be positive");  // the largest q.k is the largest score
  const Level<T> run = level<T>();
  const int64_t per_group = s.heads / s.kv_heads, groups = s.batch * s.kv_heads, blocks = (s.length - 1) / kAttentionBlock + 1;
  // Few groups: interleaved query blocks are dealt out too, each packing the group's keys again.
  const int64_t parts = groups >= 8 ? 1 : std::min<int64_t>(blocks, (8 + groups - 1) / groups);
  const size_t bytes = run.forward_scratch(s.length, s.head_dim);
  base::parallel_dynamic(groups * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t b = item / parts / s.kv_heads, g = item / parts % s.kv_heads, head = g * per_group;
      run.forward({s.length, per_group, s.head_dim, s.scale, s.row_start ? s.row_start + b * s.length : nullptr,
                   at_group(q, b, head), at_group(k, b, g), at_group(v, b, g), at_group(out, b, head),
                   lse ? lse + (b * s.heads + head) * s.length : nullptr, item % parts, parts, scratch_of(bytes)});
    }
  });
}

template <typename T>
void flash_attention_backward(const AttentionShape& s, const AttentionGradients<T>& a) {
  const Level<T> run = level<T>();
  const int64_t per_group = s.heads / s.kv_heads;
  const size_t bytes = run.backward_scratch(s.length, s.head_dim);
  base::parallel_dynamic(s.batch * s.kv_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t b = item / s.kv_heads, g = item % s.kv_heads, head = g * per_group;
      const AttentionGradients<T> at = {
          at_group(a.q, b, head),   at_group(a.k, b, g),       at_group(a.v, b, g),
          at_group(a.out, b, head), at_group(a.dout, b, head), a.lse + (b * s.heads + head) * s.length,
          at_group(a.dq, b, head),  at_group(a.dk, b, g),      at_group(a.dv, b, g)};
      run.backward(
          {s.length, per_group, s.head_dim, s.scale, s.row_start ? s.row_start + b * s.length : nullptr, at, scratch_of(bytes)});
    }
  });
}

template void flash_attention<float>(const AttentionShape&, HeadView<const float>, HeadView<const float>, HeadView<const float>,
                                     HeadView<float>, float*);
template void flash_attention<uint16_t>(const AttentionShape&, HeadView<const uint16_t>, HeadView<const uint16_t>,
                                        HeadView<const uint16_t>, HeadView<uint16_t>, float*);
template void flash_attention_backward<float>(const AttentionShape&, const AttentionGradients<float>&);
template void flash_attention_backward<uint16_t>(const AttentionShape&, const AttentionGradients<uint16_t>&);

}  // namespace athanor::kernels
