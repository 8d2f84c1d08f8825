#pragma once
// matmul over weights that are stored row by row, for any instruction set. Included after lanes_<isa>.h and tile.h.
//
// Few rows of x (decode): four weight rows at a time are multiplied as they are, lanes along k, and summed across lanes once: one
// sequential pass over memory. Many rows (prefill): 32 weight rows are packed into a panel once, which stays in the second-level
// cache while all rows of x pass over it.

#include <algorithm>
#include <cstring>

#include "athanor/core/base/half.h"
#include "athanor/core/kernels/aligned.h"
#include "athanor/core/kernels/matmul_kernels.h"

namespace athanor::kernels {
namespace {

constexpr int64_t kPanelUnits = 2048;  // 256 KiB of panel: a quarter of a Zen 4 core's second-level cache

/// y[m, n + r] for R weight rows and M rows of x; X is the unit that x is held in.
template <class W, class X, int R, int M>
void dot(const typename W::Element* w, int64_t w_stride, const typename X::Element* x, int64_t x_stride, int64_t columns,
         const float* bias, float* y, int64_t y_stride) {
  typename Lanes::Vec sums[R][M];
  for (auto& row : sums)
    for (auto& sum : row) sum = Lanes::zero();
  constexpr int64_t kStep = Lanes::kCount * W::kElements;
  int64_t k = 0;
  for (; k + kStep <= columns; k += kStep) {
    typename X::Raw xs[M];
    for (int m = 0; m < M; ++m) xs[m] = X::load(x + m * x_stride + k);
    for (int r = 0; r < R; ++r) {
      const typename W::Raw row = W::load(w + r * w_stride + k);
      for (int m = 0; m < M; ++m) sums[r][m] = X::multiply_add(sums[r][m], row, xs[m]);
    }
  }
  if (k < columns) {
    for (int r = 0; r < R; ++r) {
      const typename W::Raw row = W::load_part(w + r * w_stride + k, columns - k);
      for (int m = 0; m < M; ++m) sums[r][m] = X::multiply_add(sums[r][m], row, X::load(x + m * x_stride + k));
    }
  }
  for (int r = 0; r < R; ++r)
    for (int m = 0; m < M; ++m) y[m * y_stride + r] = Lanes::sum(sums[r][m]) + (bias ? bias[r] : 0.0f);
}

template <class W, class X, int M>
void dot_rows(const typename X::Element* x, int64_t x_stride, const PreparedInput& input, const Product& product, int64_t n0,
              int64_t columns, int64_t m0) {
  const auto* w = static_cast<const typename W::Element*>(product.weight.data) + n0 * input.columns;
  float* y = product.y + m0 * product.stride + n0;
  const float* bias = product.bias ? product.bias + n0 : nullptr;
  int64_t n = 0;
  for (; n + 4 <= columns; n += 4)
    dot<W, X, 4, M>(w + n * input.columns, input.columns, x, x_stride, input.columns, bias ? bias + n : nullptr, y + n,
                    product.stride);
  for (; n < columns; ++n)
    dot<W, X, 1, M>(w + n * input.columns, input.columns, x, x_stride, input.columns, bias ? bias + n : nullptr, y + n,
                    product.stride);
}

/// panel[u, n] = unit u of weight row n: `units` of them from the unit `first`, all kPanelRows rows (missing ones zero).
template <class W, class X>
void pack(const WeightMatrix& weight, int64_t n0, int64_t rows, int64_t first, int64_t units, uint32_t* panel) {
  constexpr int64_t kPerUnit = X::kElements;
  const auto* data = static_cast<const typename W::Element*>(weight.data) + n0 * weight.columns;
  for (int64_t group = 0; group < kPanelRows; group += Lanes::kCount) {
    for (int64_t u = 0; u < units; u += Lanes::kCount) {
      Units block[Lanes::kCount];
      const int64_t k = (first + u) * kPerUnit, left = std::min<int64_t>(weight.columns - k, Lanes::kCount * kPerUnit);
      for (int64_t i = 0; i < Lanes::kCount; ++i) {
        const auto* row = data + (group + i) * weight.columns + k;
        block[i] = group + i >= rows ? Units{} : left == Lanes::kCount * kPerUnit ? W::units(row) : W::units_part(row, left);
      }
      transpose_units(block, panel + u * kPanelRows + group, kPanelRows);
    }
  }
}

template <class W, class X>
void packed(const uint32_t* x, int64_t x_stride, const PreparedInput& input, const Product& product, int64_t n0, int64_t columns) {
  thread_local AlignedBuffer panel_memory, part_memory;
  const int64_t all_units = (input.columns + X::kElements - 1) / X::kElements;
  auto* panel = panel_memory.at_least<uint32_t>((std::min(all_units, kPanelUnits) + Lanes::kCount) * kPanelRows);
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

inline void round_row(const float* x, int64_t n, uint16_t* out) {
  int64_t i = 0;
  for (; i + Lanes::kCount <= n; i += Lanes::kCount) Lanes::store_bf16(out + i, Lanes::load(x + i));
  for (; i < n; ++i) out[i] = base::f32_to_bf16(x[i]);
}

}  // namespace
}  // namespace athanor::kernels
