// Rows of RMSNorm and LayerNorm, 16 numbers at a time. See norms.cpp.

#include <cmath>

#include "athanor/core/kernels/norms_rows.h"

namespace athanor::kernels::ATH_ISA {

template <typename T>
void norm_rows(const NormRows<T>& r) {
  const float inverse_width = 1.0f / static_cast<float>(r.width);
  for (int64_t i = 0; i < r.rows; ++i) {
    const T* x = r.x + i * r.x_stride;
    T* y = r.y + i * r.y_stride;
    Vec ones = all(0), squares = all(0);
    if (r.delta) {
      T* both = r.sum + i * r.width;
      for_vectors(r.width, [&](int64_t c, Mask m) {
        const Vec s = rounded_to(T{}, load(x + c, m) + load(r.delta + i * r.width + c, m));
        store(both + c, m, s);
        squares = fma(s, s, squares);
      });
      x = both;
    }
    float mean = 0;
    if (r.centered) {
      for_vectors(r.width, [&](int64_t c, Mask m) { ones = ones + load(x + c, m); });
      mean = sum(ones) * inverse_width;
    }
    const Vec center = all(mean);
    if (!r.delta)
      for_vectors(r.width, [&](int64_t c, Mask m) {
        const Vec v = select(m, load(x + c, m) - center, all(0));
        squares = fma(v, v, squares);
      });
    const float rstd = 1.0f / std::sqrt(sum(squares) * inverse_width + r.eps);
    const Vec scale = all(rstd);
    for_vectors(r.width, [&](int64_t c, Mask m) {
      const Vec xhat = (load(x + c, m) - center) * scale;
      const Vec bias = r.bias ? load(r.bias + c, m) : all(0);
      store(y + c, m, fma(xhat, load(r.weight + c, m), bias));
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
    const Vec rstd = all(r.rstd[i]), mean = all(r.mean ? r.mean[i] : 0.0f);
    Vec ones = all(0), xhats = all(0);
    for_vectors(r.width, [&](int64_t c, Mask m) {
      const Vec g = load(dy + c, m) * load(r.weight + c, m);  // 0 beyond the row
      ones = ones + g;
      xhats = fma(g, (load(x + c, m) - mean) * rstd, xhats);
    });
    const Vec along_ones = all(r.mean ? sum(ones) * inverse_width : 0.0f);
    const Vec along_xhat = all(sum(xhats) * inverse_width);
    for_vectors(r.width, [&](int64_t c, Mask m) {
      const Vec g = load(dy + c, m), xhat = (load(x + c, m) - mean) * rstd;
      store(r.dweight + c, m, fma(g, xhat, load(r.dweight + c, m)));
      if (r.dbias) store(r.dbias + c, m, g + load(r.dbias + c, m));
      const Vec inner = fnma(xhat, along_xhat, fms(g, load(r.weight + c, m), along_ones));
      const Vec past = skip ? load(skip + c, m) : all(0);
      store(dx + c, m, fma(rstd, inner, past));
    });
  }
}

template void norm_rows<float>(const NormRows<float>&);
template void norm_rows<uint16_t>(const NormRows<uint16_t>&);
template void norm_rows_backward<float>(const NormRowsBackward<float>&);
template void norm_rows_backward<uint16_t>(const NormRowsBackward<uint16_t>&);

}  // namespace athanor::kernels::ATH_ISA
