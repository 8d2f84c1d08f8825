// Rows of RMSNorm and LayerNorm, 16 numbers at a time. See norms.cpp.

#include <cmath>

#include "athanor/core/kernels/norms_rows.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

template <typename T>
void norm_rows(const NormRows<T>& r) {
  const float inverse_width = 1.0f / static_cast<float>(r.width);
  for (int64_t i = 0; i < r.rows; ++i) {
    const T* x = r.x + i * r.x_stride;
    T* y = r.y + i * r.y_stride;
    __m512 ones = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
    if (r.delta) {
      T* sum = r.sum + i * r.width;
      for_vectors(r.width, [&](int64_t c, __mmask16 m) {
        const __m512 s = rounded_to(T{}, _mm512_add_ps(load(x + c, m), load(r.delta + i * r.width + c, m)));
        store(sum + c, m, s);
        squares = _mm512_fmadd_ps(s, s, squares);
      });
      x = sum;
    }
    float mean = 0;
    if (r.centered) {
      for_vectors(r.width, [&](int64_t c, __mmask16 m) { ones = _mm512_add_ps(ones, load(x + c, m)); });
      mean = _mm512_reduce_add_ps(ones) * inverse_width;
    }
    const __m512 center = _mm512_set1_ps(mean);
    if (!r.delta)
      for_vectors(r.width, [&](int64_t c, __mmask16 m) {
        const __m512 v = _mm512_maskz_sub_ps(m, load(x + c, m), center);
        squares = _mm512_fmadd_ps(v, v, squares);
      });
    const float rstd = 1.0f / std::sqrt(_mm512_reduce_add_ps(squares) * inverse_width + r.eps);
    const __m512 scale = _mm512_set1_ps(rstd);
    for_vectors(r.width, [&](int64_t c, __mmask16 m) {
      const __m512 xhat = _mm512_mul_ps(_mm512_sub_ps(load(x + c, m), center), scale);
      const __m512 bias = r.bias ? load(r.bias + c, m) : _mm512_setzero_ps();
      store(y + c, m, _mm512_fmadd_ps(xhat, load(r.weight + c, m), bias));
    });
    if (r.mean) r.mean[i] = mean;
    if (r.rstd) r.rstd[i] = rstd;
  }
}

template <typename T>
void norm_rows_backward(const NormRowsBackward<T>& r) {
  for (int64_t c = 0; c < r.width; ++c) r.dweight[c] = 0;
  if (r.dbias)
    for (int64_t c = 0; c < r.width; ++c) r.dbias[c] = 0;
  const float inverse_width = 1.0f / static_cast<float>(r.width);
  for (int64_t i = 0; i < r.rows; ++i) {
    const T *x = r.x + i * r.width, *dy = r.dy + i * r.width, *skip = r.skip ? r.skip + i * r.width : nullptr;
    T* dx = r.dx + i * r.width;
    const __m512 rstd = _mm512_set1_ps(r.rstd[i]), mean = _mm512_set1_ps(r.mean ? r.mean[i] : 0.0f);
    __m512 ones = _mm512_setzero_ps(), xhats = _mm512_setzero_ps();
    for_vectors(r.width, [&](int64_t c, __mmask16 m) {
      const __m512 g = _mm512_mul_ps(load(dy + c, m), load(r.weight + c, m));  // 0 beyond the row
      ones = _mm512_add_ps(ones, g);
      xhats = _mm512_fmadd_ps(g, _mm512_mul_ps(_mm512_sub_ps(load(x + c, m), mean), rstd), xhats);
    });
    const __m512 along_ones = _mm512_set1_ps(r.mean ? _mm512_reduce_add_ps(ones) * inverse_width : 0.0f);
    const __m512 along_xhat = _mm512_set1_ps(_mm512_reduce_add_ps(xhats) * inverse_width);
    for_vectors(r.width, [&](int64_t c, __mmask16 m) {
      const __m512 g = load(dy + c, m), xhat = _mm512_mul_ps(_mm512_sub_ps(load(x + c, m), mean), rstd);
      store(r.dweight + c, m, _mm512_fmadd_ps(g, xhat, load(r.dweight + c, m)));
      if (r.dbias) store(r.dbias + c, m, _mm512_add_ps(g, load(r.dbias + c, m)));
      const __m512 inner = _mm512_fnmadd_ps(xhat, along_xhat, _mm512_fmsub_ps(g, load(r.weight + c, m), along_ones));
      const __m512 past = skip ? load(skip + c, m) : _mm512_setzero_ps();
      store(dx + c, m, _mm512_fmadd_ps(rstd, inner, past));
    });
  }
}

template void norm_rows<float>(const NormRows<float>&);
template void norm_rows<uint16_t>(const NormRows<uint16_t>&);
template void norm_rows_backward<float>(const NormRowsBackward<float>&);
template void norm_rows_backward<uint16_t>(const NormRowsBackward<uint16_t>&);

}  // namespace athanor::kernels::avx512
