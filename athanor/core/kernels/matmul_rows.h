#pragma once
// matmul over weights that are stored row by row, written once over vector_avx2.h or vector_avx512.h.
//
// Few rows of x (decode): weight rows are multiplied as they lie, lanes along k, and summed across lanes at the end: one sequential
// pass over memory. Many rows (prefill): 32 weight rows are packed into a panel once, which stays in the second-level cache
// while all rows of x pass over it.

#include <algorithm>
#include <cstring>

#include "athanor/core/base/half.h"
#include "athanor/core/kernels/aligned.h"
#include "athanor/core/kernels/matmul_kernels.h"
#include "athanor/core/kernels/tile.h"

namespace athanor::kernels {
namespace {

// 64 KiB of panel for AVX2 (larger ones ran 8 % slower on Zen 3), 256 KiB for AVX-512: an eighth and a quarter of the second-level
// cache.
constexpr int64_t kPanelUnits = kFewRegisters ? 512 : 2048;

/// out[m] = one row of weights against M rows of x. Weights pass in the order of memory as one stream: that is what the processor's
/// prefetching follows best (four rows at a time ran at half the bandwidth, and so did prefetching by hand).
template <class W, class X, int M>
void dot(const typename W::Element* w, const typename X::Element* x, int64_t x_stride, int64_t columns, float* out) {
  constexpr int64_t kStep = 16 * W::kElements;
  // Per row of x, so that one addition need not wait for the one before; AVX2 has registers for four vectors of sums.
  constexpr int kSums = M == 1 ? 4 : M == 4 && kFewRegisters ? 1 : 2;
  Vec sums[M][kSums];
  for (auto& row : sums)
    for (auto& vector : row) vector = all(0);
  int64_t k = 0;
  for (; k + kSums * kStep <= columns; k += kSums * kStep) {
    for (int i = 0; i < kSums; ++i) {
      const typename W::Raw weights = W::load_raw(w + k + i * kStep);
      for (int m = 0; m < M; ++m) sums[m][i] = X::multiply_add(sums[m][i], weights, X::load_raw(x + m * x_stride + k + i * kStep));
    }
  }
  for (; k < columns; k += kStep) {
    const typename W::Raw weights = k + kStep <= columns ? W::load_raw(w + k) : W::load_raw_part(w + k, columns - k);
    for (int m = 0; m < M; ++m) sums[m][0] = X::multiply_add(sums[m][0], weights, X::load_raw(x + m * x_stride + k));
  }
  for (int m = 0; m < M; ++m) {
    Vec total = sums[m][0];
    for (int i = 1; i < kSums; ++i) total = total + sums[m][i];
    out[m] = sum(total);
  }
}

template <class W, class X, int M>
void dot_rows(const typename X::Element* x, int64_t x_stride, const PreparedInput& input, const Product& product, int64_t n0,
              int64_t columns, int64_t m0) {
  const auto* w = static_cast<const typename W::Element*>(product.weight.data) + n0 * input.columns;
  for (int64_t n = n0; n < n0 + columns; ++n, w += input.columns) {
    float out[M];
    dot<W, X, M>(w, x, x_stride, input.columns, out);
    for (int m = 0; m < M; ++m) product.y[(m0 + m) * product.stride + n] = out[m] + (product.bias ? product.bias[n] : 0.0f);
  }
}

/// panel[u, n] = unit u of weight row n: `units` of them from the unit `first`, all kPanelRows rows (missing ones zero).
template <class W, class X>
void pack(const WeightMatrix& weight, int64_t n0, int64_t rows, int64_t first, int64_t units, uint32_t* panel) {
  constexpr int64_t kPerUnit = X::kElements;
  const auto* data = static_cast<const typename W::Element*>(weight.data) + n0 * weight.columns;
  for (int64_t group = 0; group < kPanelRows; group += 16) {
    for (int64_t u = 0; u < units; u += 16) {
      Vec block[16];
      const int64_t k = (first + u) * kPerUnit, left = std::min<int64_t>(weight.columns - k, 16 * kPerUnit);
      for (int64_t i = 0; i < 16; ++i) {
        const auto* row = data + (group + i) * weight.columns + k;
        block[i] = group + i >= rows ? all(0) : left == 16 * kPerUnit ? W::units(row) : W::units_part(row, left);
      }
      transpose16(block);
      for (int64_t i = 0; i < 16; ++i) store(reinterpret_cast<float*>(panel) + (u + i) * kPanelRows + group, block[i]);
    }
  }
}

template <class W, class X>
void packed(const uint32_t* x, int64_t x_stride, const PreparedInput& input, const Product& product, int64_t n0, int64_t columns) {
  thread_local AlignedBuffer panel_memory, part_memory;
  const int64_t all_units = (input.columns + X::kElements - 1) / X::kElements;
  auto* panel = panel_memory.at_least<uint32_t>((std::min(all_units, kPanelUnits) + 16) * kPanelRows);
  float *y = product.y + n0, *whole = nullptr;
  int64_t y_stride = product.stride;
  float bias[kPanelRows] = {};
  if (product.bias) std::copy_n(product.bias + n0, columns, bias);
  if (columns < kPanelRows) {  // the last rows of W: full width into our own memory, then the part that exists
    y = whole = part_memory.at_least<float>(input.rows * kPanelRows);
    y_stride = kPanelRows;
  }
  for (int64_t first = 0; first < all_units; first += kPanelUnits) {
    const int64_t units = std::min(kPanelUnits, all_units - first);
    pack<W, X>(product.weight, n0, columns, first, units, panel);
    const TileArgs args = {x + first, x_stride, panel, kPanelRows, units, first ? y : bias, first ? y_stride : 0, y, y_stride};
    tile_any<X>(args, input.rows, kPanelRows);
  }
  if (!whole) return;
  for (int64_t m = 0; m < input.rows; ++m) std::copy_n(whole + m * kPanelRows, columns, product.y + m * product.stride + n0);
}

/// A MatmulTask: W says how weights are stored, X how x is held.
template <class W, class X>
void rows_task(const typename X::Element* x, int64_t x_stride, const PreparedInput& input, const Product& product, int64_t n0,
               int64_t columns) {
  if (input.rows > kMostDotRows)
    return packed<W, X>(reinterpret_cast<const uint32_t*>(x), x_stride / X::kElements, input, product, n0, columns);
  int64_t m = 0;
  for (; m + 4 <= input.rows; m += 4) dot_rows<W, X, 4>(x + m * x_stride, x_stride, input, product, n0, columns, m);
  for (; m + 2 <= input.rows; m += 2) dot_rows<W, X, 2>(x + m * x_stride, x_stride, input, product, n0, columns, m);
  for (; m < input.rows; ++m) dot_rows<W, X, 1>(x + m * x_stride, x_stride, input, product, n0, columns, m);
}

inline void f32_task(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  rows_task<UnitF32, UnitF32>(x.f32, x.f32_stride, x, product, n0, columns);
}
inline void f16_task(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  rows_task<UnitF16, UnitF32>(x.f32, x.f32_stride, x, product, n0, columns);
}
inline void bf16_task(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  if (x.rounded) return rows_task<UnitWideBf16, UnitF32>(x.rounded, x.padded, x, product, n0, columns);
  rows_task<UnitBf16, UnitBf16>(x.bf16, x.padded, x, product, n0, columns);
}

inline void round_row(const float* x, int64_t n, uint16_t* out) {
  for_vectors(n, [&](int64_t i, Mask mask) { store(out + i, mask, load(x + i, mask)); });
}
inline void widen_row(const uint16_t* x, int64_t n, float* out) {
  for_vectors(n, [&](int64_t i, Mask mask) { store(out + i, mask, load(x + i, mask)); });
}

}  // namespace
}  // namespace athanor::kernels
