#pragma once
// gemm_block, written once over vector_avx2.h or vector_avx512.h. Only for sources with an instruction set in their name.
//
// The blocking of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): a block of A [kBlockRows,
// kDepth] lies packed in the second-level cache, a strip of B [kDepth, kTileColumns] in the first; a tile of C stays in registers
// while both stream past. Packed, A has the kTileRows numbers of one k side by side and B kTileColumns, so a step of a tile is
// kTileVecs loads and kTileRows broadcasts for kTileRows * kTileVecs multiply-adds.

#include <algorithm>

#include "athanor/core/kernels/aligned.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/gemm_block.h"
#include "athanor/core/kernels/tile.h"

namespace athanor::kernels {
namespace {

// AVX2: 12 sums, 2 of B and a broadcast in 16 registers. AVX-512: 24 sums and 2 of B in 32, A broadcast from memory.
constexpr int kGemmRows = kFewRegisters ? 6 : 12;
constexpr int kGemmVecs = kFewRegisters ? 1 : 2;
constexpr int kGemmColumns = 16 * kGemmVecs;
constexpr int64_t kDepth = 320;          // at most; a strip of B: 20 KiB (AVX2) of first-level cache
constexpr int64_t kBlockRows = 144;      // a block of A: 180 KiB of second-level cache
constexpr int64_t kBlockColumns = 1024;  // a block of B: 1.25 MiB of third-level cache

/// Rows of a strip of B: whole transposed squares.
constexpr int64_t padded_depth(int64_t depth) { return (depth + 15) / 16 * 16; }

inline __m128 four(const float* p) { return _mm_loadu_ps(p); }
inline __m128 four(const uint16_t* p) {
  return _mm_castsi128_ps(_mm_slli_epi32(_mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))), 16));
}

/// Strips of kGemmRows rows of A, one after another: strip[u, r] = a(r, u). Rows that do not exist are zero.
template <typename T>
void pack_a_by_depth(const MatrixView<T>& a, int64_t rows, int64_t depth,
                     float* out) {  // the rows of one k are neighbours in memory
  for (int64_t u = 0; u < depth; ++u) {
    const T* from = a.data + u * a.column_stride;
    float* to = out + u * kGemmRows;
    int64_t r = 0;
    for (; r + kGemmRows <= rows; r += kGemmRows, to += depth * kGemmRows)
      for (int64_t i = 0; i < kGemmRows; ++i) to[i] = to_f32(from[r + i]);
    for (int64_t i = 0; r < rows && i < kGemmRows; ++i) to[i] = r + i < rows ? to_f32(from[r + i]) : 0.0f;
  }
}

template <typename T>
void pack_a_strip(const MatrixView<T>& a, int64_t rows, int64_t depth, float* out) {  // the numbers of one row are neighbours
  static constexpr T kZeros[kDepth] = {};
  const T* row[kGemmRows];
  for (int64_t r = 0; r < kGemmRows; ++r) row[r] = r < rows ? a.data + r * a.row_stride : kZeros;
  int64_t u = 0;
  for (; u + 4 <= depth; u += 4) {
    float* to = out + u * kGemmRows;
#pragma GCC unroll 4
    for (int r = 0; r < kGemmRows; r += 4) {  // the last four of six rows overlap the first four: the same numbers twice
      const int first = std::min(r, kGemmRows - 4);
      __m128 q0 = four(row[first] + u), q1 = four(row[first + 1] + u), q2 = four(row[first + 2] + u), q3 = four(row[first + 3] + u);
      _MM_TRANSPOSE4_PS(q0, q1, q2, q3);
      _mm_storeu_ps(to + first, q0);
      _mm_storeu_ps(to + first + kGemmRows, q1);
      _mm_storeu_ps(to + first + 2 * kGemmRows, q2);
      _mm_storeu_ps(to + first + 3 * kGemmRows, q3);
    }
  }
  for (; u < depth; ++u)
    for (int64_t r = 0; r < kGemmRows; ++r) out[u * kGemmRows + r] = to_f32(row[r][u]);
}

template <typename T>
void pack_a(const MatrixView<T>& a, int64_t rows, int64_t depth, float* out) {
  if (a.column_stride != 1) return pack_a_by_depth(a, rows, depth, out);
  for (int64_t r = 0; r < rows; r += kGemmRows)
    pack_a_strip(a.from(r, 0), std::min<int64_t>(rows - r, kGemmRows), depth, out + r * depth);
}

/// Strips of kGemmColumns columns of B, `strip` floats from one to the next: strip[u, c] = b(u, c). Columns that do not exist are
/// zero.
template <typename T>
void pack_b_by_depth(const MatrixView<T>& b, int64_t columns, int64_t depth, float* out, int64_t strip) {
  for (int64_t u = 0; u < depth; ++u) {
    const T* from = b.data + u * b.row_stride;
    float* to = out + u * kGemmColumns;
    for (int64_t c = 0; c < columns; c += kGemmColumns, to += strip)
      for (int64_t v = 0; v < kGemmColumns; v += 16)
        store(to + v, load(from + c + v, lanes(std::max<int64_t>(columns - c - v, 0))));
  }
}

template <typename T>
void pack_b_strip(const MatrixView<T>& b, int64_t columns, int64_t depth, float* out) {  // writes up to 15 rows past depth
  for (int64_t group = 0; group < kGemmColumns; group += 16) {
    const int64_t here = std::clamp<int64_t>(columns - group, 0, 16);
    for (int64_t u = 0; u < depth; u += 16) {
      const Mask mask = lanes(depth - u);
      Vec block[16];
      for (int64_t i = 0; i < 16; ++i) block[i] = i < here ? load(b.data + (group + i) * b.column_stride + u, mask) : all(0);
      transpose16(block);
      for (int64_t i = 0; i < 16; ++i) store(out + (u + i) * kGemmColumns + group, block[i]);
    }
  }
}

template <typename T>
void pack_b(const MatrixView<T>& b, int64_t columns, int64_t depth, float* out, int64_t strip) {
  if (b.column_stride == 1) return pack_b_by_depth(b, columns, depth, out, strip);
  for (int64_t c = 0; c < columns; c += kGemmColumns, out += strip) pack_b_strip(b.from(0, c), columns - c, depth, out);
}

/// c [kGemmRows, kGemmColumns] = start + a b; start may be c, a row for all (stride 0), or null.
void gemm_tile(const float* a, const float* b, int64_t depth, const float* start, int64_t start_stride, float* c,
               int64_t c_stride) {
  Vec sums[kGemmRows][kGemmVecs];
#pragma GCC unroll 16
  for (int r = 0; r < kGemmRows; ++r)
    for (int v = 0; v < kGemmVecs; ++v) sums[r][v] = all(0);
  for (int64_t u = 0; u < depth; ++u, a += kGemmRows, b += kGemmColumns) {
    Vec right[kGemmVecs];
    for (int v = 0; v < kGemmVecs; ++v) right[v] = load(b + 16 * v);
#pragma GCC unroll 16
    for (int r = 0; r < kGemmRows; ++r) {
      const Vec left = all(a[r]);
      for (int v = 0; v < kGemmVecs; ++v) sums[r][v] = fma(left, right[v], sums[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kGemmRows; ++r)
    for (int v = 0; v < kGemmVecs; ++v)
      store(c + r * c_stride + 16 * v, start ? load(start + r * start_stride + 16 * v) + sums[r][v] : sums[r][v]);
}

/// A tile at the edge: whole in memory of its own, then the part that exists.
template <typename T>
void gemm_edge_tile(const float* a, const float* b, int64_t depth, const Gemm<T>& p, const float* start, int64_t start_stride) {
  alignas(64) float tile[kGemmRows * kGemmColumns];
  gemm_tile(a, b, depth, nullptr, 0, tile, kGemmColumns);
  for (int64_t r = 0; r < p.m; ++r)
    for (int64_t j = 0; j < p.n; ++j)
      p.c[r * p.c_stride + j] = tile[r * kGemmColumns + j] + (start ? start[r * start_stride + j] : 0.0f);
}

/// The tiles of packed blocks: p.m and p.n are at most kBlockRows and kBlockColumns, p.k at most kDepth.
template <typename T>
void gemm_tiles(const float* a, const float* b, const Gemm<T>& p) {
  for (int64_t j = 0; j < p.n; j += kGemmColumns)
    for (int64_t i = 0; i < p.m; i += kGemmRows) {
      const float *strip_a = a + i * p.k, *strip_b = b + j * padded_depth(p.k);
      float* c = p.c + i * p.c_stride + j;
      const float* start = p.add ? c : p.bias ? p.bias + j : nullptr;
      const int64_t start_stride = p.add ? p.c_stride : 0, rows = p.m - i, columns = p.n - j;
      if (rows >= kGemmRows && columns >= kGemmColumns) {
        gemm_tile(strip_a, strip_b, p.k, start, start_stride, c, p.c_stride);
      } else {
        Gemm<T> edge = p;
        edge.m = std::min<int64_t>(rows, kGemmRows);
        edge.n = std::min<int64_t>(columns, kGemmColumns);
        edge.c = c;
        gemm_edge_tile(strip_a, strip_b, p.k, edge, start, start_stride);
      }
    }
}

/// One thread's part; see gemm_block.h.
template <typename T>
void gemm_in_blocks(const Gemm<T>& p) {
  thread_local AlignedBuffer memory_a, memory_b;
  float* a = memory_a.at_least<float>(kBlockRows * kDepth);
  float* b = memory_b.at_least<float>(kBlockColumns * (kDepth + 16));
  const int64_t passes = std::max<int64_t>((p.k + kDepth - 1) / kDepth, 1), step = (p.k + passes - 1) / passes;  // equal depths
  for (int64_t column = 0; column < p.n; column += kBlockColumns)
    for (int64_t pass = 0; pass < passes; ++pass) {
      const int64_t depth = pass * step;
      Gemm<T> block = p;
      block.n = std::min(kBlockColumns, p.n - column);
      block.k = std::min(step, p.k - depth);
      block.add = p.add || depth > 0;
      block.bias = p.bias ? p.bias + column : nullptr;
      pack_b(p.b.from(depth, column), block.n, block.k, b, padded_depth(block.k) * kGemmColumns);
      for (int64_t row = 0; row < p.m; row += kBlockRows) {
        block.m = std::min(kBlockRows, p.m - row);
        pack_a(p.a.from(row, depth), block.m, block.k, a);
        block.c = p.c + row * p.c_stride + column;
        gemm_tiles(a, b, block);
      }
    }
}

}  // namespace
}  // namespace athanor::kernels
