#pragma once
// Between rows in memory and the tiles' own arrangements. Only for sources with an instruction set in their name.
//
//   rows        [n, width]                the left side of a product, as it is but contiguous and padded with zeros
//   turned      [n / 64][width][64]       its transpose, in blocks of 64 rows
//   panel       [n / depth, width, depth] the right side; `depth` neighbours in the same word (products.h)
//   turned panel [width / depth, 64, depth]  the right side from 64 transposed rows

#include "athanor/core/kernels/flash_attention_products.h"

namespace athanor::kernels {
namespace {

/// Rows of `width` numbers, `stride` apart, of which the first `count` exist; those after are zeros.
template <typename T>
struct Rows {
  const T* data;
  int64_t stride, count, width;
};

/// Row `row`, numbers d .. d + 15, as f32; zeros outside.
template <typename T>
inline Vec load_numbers(const Rows<T>& rows, int64_t row, int64_t d) {
  if (row >= rows.count || d >= rows.width) return all(0);
  return load(rows.data + row * rows.stride + d, lanes(rows.width - d));
}

/// to [n, padded], padded a multiple of 16.
template <typename Math, typename T>
void pack_rows(const Rows<T>& from, int64_t n, int64_t padded, typename Math::Number* to) {
  for (int64_t row = 0; row < n; ++row)
    for (int64_t d = 0; d < padded; d += 16) Math::store_numbers(to + row * padded + d, load_numbers(from, row, d));
}

/// to [n / 64][padded][64].
template <typename Math, typename T>
void pack_turned(const Rows<T>& from, int64_t n, int64_t padded, typename Math::Number* to) {
  for (int64_t row = 0; row < n; row += 16)
    for (int64_t d = 0; d < padded; d += 16) {
      Vec block[16];
      for (int r = 0; r < 16; ++r) block[r] = load_numbers(from, row + r, d);
      transpose16(block);
      typename Math::Number* at = to + (row / 64) * padded * 64 + d * 64 + row % 64;
      for (int c = 0; c < 16; ++c) Math::store_numbers(at + c * 64, block[c]);
    }
}

/// The panel of 64 rows: to [64 / depth, padded] words.
template <typename Math, typename T>
void pack_panel(const Rows<T>& from, int64_t padded, float* to) {
  for (int64_t row = 0; row < 64; row += Math::kDepth)
    for (int64_t d = 0; d < padded; d += 16) {
      const Vec second = Math::kDepth == 2 ? load_numbers(from, row + 1, d) : all(0);
      store(to + row / Math::kDepth * padded + d, Math::words(load_numbers(from, row, d), second));
    }
}

/// The panel of 64 transposed rows: to [padded / depth, 64] words.
template <typename Math, typename T>
void pack_turned_panel(const Rows<T>& from, int64_t padded, float* to) {
  for (int64_t row = 0; row < 64; row += 16)
    for (int64_t d = 0; d < padded; d += 16) {
      Vec block[16];
      for (int r = 0; r < 16; ++r) block[r] = load_numbers(from, row + r, d);
      transpose16(block);
      for (int c = 0; c < 16; c += Math::kDepth) {
        store(to + (d + c) / Math::kDepth * 64 + row, Math::words(block[c], block[c + Math::kDepth - 1]));
      }
    }
}

/// rows[i] [width] = factor[i] * column i of from [width padded to 16, 64], for i < count.
template <typename T>
void unpack_turned(const float* from, const float* factor, int64_t count, int64_t width, T* to, int64_t stride) {
  for (int64_t row = 0; row < count; row += 16) {
    const Vec scale = load(factor + row);
    for (int64_t d = 0; d < width; d += 16) {
      Vec block[16];
      for (int c = 0; c < 16; ++c) block[c] = load(from + (d + c) * 64 + row) * scale;
      transpose16(block);
      for (int r = 0; r < 16 && row + r < count; ++r) store(to + (row + r) * stride + d, lanes(width - d), block[r]);
    }
  }
}

}  // namespace
}  // namespace athanor::kernels
