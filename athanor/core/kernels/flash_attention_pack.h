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

inline void transpose16(__m512 (&r)[16]) {
  __m512 t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 1]), c = _mm512_castps_pd(t[i + 2]),
                  d = _mm512_castps_pd(t[i + 3]);
    r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // r[4g + i] holds column i of each 4 x 4 block of rows 4g ..
    t[i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88);
    r[4 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0x88);
    r[8 + i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd);
    r[12 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0xdd);
  }
}

/// Row `row`, numbers d .. d + 15, as f32; zeros outside.
template <typename T>
inline __m512 load_numbers(const Rows<T>& rows, int64_t row, int64_t d) {
  if (row >= rows.count || d >= rows.width) return _mm512_setzero_ps();
  return load(rows.data + row * rows.stride + d, lanes(rows.width - d));
}

inline void store_numbers(float* p, __m512 x) { _mm512_storeu_ps(p, x); }
inline void store_numbers(uint16_t* p, __m512 x) {  // x came from bf16: its lower halves are zero
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(x), 16)));
}

/// Two f32 vectors that are bf16 already, as pairs: a below, b above.
inline __m512 pair_words(__m512 a, __m512 b) {
  return _mm512_castsi512_ps(_mm512_or_epi32(_mm512_srli_epi32(_mm512_castps_si512(a), 16), _mm512_castps_si512(b)));
}

/// to [n, padded], padded a multiple of 16.
template <typename Number, typename T>
void pack_rows(const Rows<T>& from, int64_t n, int64_t padded, Number* to) {
  for (int64_t row = 0; row < n; ++row)
    for (int64_t d = 0; d < padded; d += 16) store_numbers(to + row * padded + d, load_numbers(from, row, d));
}

/// to [n / 64][padded][64].
template <typename Number, typename T>
void pack_turned(const Rows<T>& from, int64_t n, int64_t padded, Number* to) {
  for (int64_t row = 0; row < n; row += 16)
    for (int64_t d = 0; d < padded; d += 16) {
      __m512 block[16];
      for (int r = 0; r < 16; ++r) block[r] = load_numbers(from, row + r, d);
      transpose16(block);
      Number* at = to + (row / 64) * padded * 64 + d * 64 + row % 64;
      for (int c = 0; c < 16; ++c) store_numbers(at + c * 64, block[c]);
    }
}

/// The panel of 64 rows: to [64 / depth, padded] words.
template <int kDepth, typename T>
void pack_panel(const Rows<T>& from, int64_t padded, float* to) {
  for (int64_t row = 0; row < 64; row += kDepth)
    for (int64_t d = 0; d < padded; d += 16) {
      __m512 words = load_numbers(from, row, d);
      if constexpr (kDepth == 2) words = pair_words(words, load_numbers(from, row + 1, d));
      _mm512_store_ps(to + row / kDepth * padded + d, words);
    }
}

/// The panel of 64 transposed rows: to [padded / depth, 64] words.
template <int kDepth, typename T>
void pack_turned_panel(const Rows<T>& from, int64_t padded, float* to) {
  for (int64_t row = 0; row < 64; row += 16)
    for (int64_t d = 0; d < padded; d += 16) {
      __m512 block[16];
      for (int r = 0; r < 16; ++r) block[r] = load_numbers(from, row + r, d);
      transpose16(block);
      for (int c = 0; c < 16; c += kDepth) {
        const __m512 words = kDepth == 2 ? pair_words(block[c], block[c + kDepth - 1]) : block[c];
        _mm512_store_ps(to + (d + c) / kDepth * 64 + row, words);
      }
    }
}

/// rows[i] [width] = factor[i] * column i of from [width padded to 16, 64], for i < count.
template <typename T>
void unpack_turned(const float* from, const float* factor, int64_t count, int64_t width, T* to, int64_t stride) {
  for (int64_t row = 0; row < count; row += 16) {
    const __m512 scale = _mm512_loadu_ps(factor + row);
    for (int64_t d = 0; d < width; d += 16) {
      __m512 block[16];
      for (int c = 0; c < 16; ++c) block[c] = _mm512_mul_ps(_mm512_load_ps(from + (d + c) * 64 + row), scale);
      transpose16(block);
      for (int r = 0; r < 16 && row + r < count; ++r) store(to + (row + r) * stride + d, lanes(width - d), block[r]);
    }
  }
}

}  // namespace
}  // namespace athanor::kernels
