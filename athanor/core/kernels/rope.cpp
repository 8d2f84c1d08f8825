// Rotary positions: (a, b) -> (a cos - b sin, b cos + a sin) for every pair, the angle being position * frequency of the pair. A
// rotation's transpose is its inverse, so the backward pass is the same code with the sine's sign turned.
//
// Floor: every number is read and written once; the table's row is shared by a token's heads and stays in L1.
// Checked against: the formula in double precision, and transformers' apply_rotary_pos_emb through the model goldens.

#include "athanor/core/kernels/rope.h"

#include <algorithm>

#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/kernels/rope_rows.h"

namespace athanor::kernels {

namespace scalar {

template <typename T>
void rotate_head(const T* x, const float* cos, const float* sin, int64_t pairs, float sign, bool interleaved, T* y) {
  for (int64_t i = 0; i < pairs; ++i) {
    const int64_t first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + pairs;
    const float a = to_f32(x[first]), b = to_f32(x[second]), s = sign * sin[i];
    y[first] = from_f32<T>(a * cos[i] - b * s);
    y[second] = from_f32<T>(b * cos[i] + a * s);
  }
}

}  // namespace scalar

template <typename T>
void rotate(const RotaryShape& shape, const T* x, const int32_t* positions, const float* cos, const float* sin, T* y) {
  const auto head = by_isa(scalar::rotate_head<T>, avx2::rotate_head<T>, avx512::rotate_head<T>);
  const int64_t row = shape.heads * shape.head_dim, pairs = shape.dims / 2;
  const auto or_else = [](int64_t stride, int64_t natural) { return stride ? stride : natural; };
  const int64_t x_token = or_else(shape.x_token_stride, row), y_token = or_else(shape.y_token_stride, row);
  const int64_t x_head = or_else(shape.x_head_stride, shape.head_dim), y_head = or_else(shape.y_head_stride, shape.head_dim);
  const float sign = shape.inverse ? -1.0f : 1.0f;
  base::parallel_for(shape.tokens, 1 + 8192 / (row + 1), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const float *c = cos + positions[t] * pairs, *s = sin + positions[t] * pairs;
      for (int64_t h = 0; h < shape.heads; ++h) {
        const T* from = x + t * x_token + h * x_head;
        T* to = y + t * y_token + h * y_head;
        head(from, c, s, pairs, sign, shape.interleaved, to);
        if (from != to) std::copy(from + shape.dims, from + shape.head_dim, to + shape.dims);
      }
    }
  });
}

template void rotate<float>(const RotaryShape&, const float*, const int32_t*, const float*, const float*, float*);
template void rotate<uint16_t>(const RotaryShape&, const uint16_t*, const int32_t*, const float*, const float*, uint16_t*);

}  // namespace athanor::kernels
