#pragma once
// The small matrix products inside attention tiles, for f32 and for bf16 pairs. Only for sources with an instruction set in their
// name.
//
// C [rows, lanes] += A [rows, depth] B [depth, lanes]. One step takes kDepth numbers of the depth: A's are broadcast as one 32-bit
// word, B's lie lane by lane in a "panel" [depth / kDepth, lanes, kDepth]; so a vector of B is always 64 bytes for 16 lanes and
// panels are addressed in 32-bit words. A tile of R x V vectors stays in registers: at least 12 sums hide the latency of the
// multiply-add, and a step loads V + R words for R V products.

#include <bit>
#include <cstring>

#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels {
namespace {

struct F32Math {
  using Number = float;
  static constexpr int kDepth = 1;
  static __m512 multiply_add(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }
  static __m512 exponential(__m512 x) { return kernels::exp2(x); }
};

#ifdef __AVX512BF16__
struct Bf16Math {
  using Number = uint16_t;
  static constexpr int kDepth = 2;
  static __m512 multiply_add(__m512 sum, __m512 a, __m512 b) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
  static __m512 exponential(__m512 x) { return exp2_bf16(x); }
  /// Sixteen bf16 of `even`, then sixteen of `odd`.
  static __m512i to_number_pair(__m512 even, __m512 odd) { return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even)); }
  /// even 0, odd 0, even 1, odd 1, ..
  static __m512i interleave(__m512i pair) {
    const __m512i low = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_permutexvar_epi16(_mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16)),
                                    pair);
  }
};
#endif

template <typename Number>
inline __m512 broadcast_word(const Number* p) {
  float word;
  std::memcpy(&word, p, sizeof word);
  return _mm512_set1_ps(word);
}

/// The sums of one tile, passed to finish(sums) where they are still in registers. ldb in words, lda in numbers.
template <typename Math, int R, int V, typename Finish>
[[gnu::always_inline]] inline void tile(const typename Math::Number* a, int64_t lda, const float* b, int64_t ldb, int64_t steps,
                                        const Finish& finish) {
  __m512 sums[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[r][v] = _mm512_setzero_ps();
  for (int64_t s = 0; s < steps; ++s) {
    __m512 right[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) right[v] = _mm512_load_ps(b + s * ldb + 16 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512 left = broadcast_word(a + r * lda + s * Math::kDepth);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][v] = Math::multiply_add(sums[r][v], left, right[v]);
    }
  }
  finish(sums);
}

/// tile() with a number of vectors known at run time, 1 to 4.
template <typename Math, int R, typename Finish>
[[gnu::always_inline]] inline void tile_of(int vectors, const typename Math::Number* a, int64_t lda, const float* b, int64_t ldb,
                                           int64_t steps, const Finish& finish) {
  switch (vectors) {
    case 1:
      return tile<Math, R, 1>(a, lda, b, ldb, steps, finish);
    case 2:
      return tile<Math, R, 2>(a, lda, b, ldb, steps, finish);
    case 3:
      return tile<Math, R, 3>(a, lda, b, ldb, steps, finish);
    default:
      return tile<Math, R, 4>(a, lda, b, ldb, steps, finish);
  }
}

/// c [rows, 16 * vectors] (row length ldc) = keep(c, v) + a b. rows is a multiple of 8.
template <typename Math, int R, int V, typename Keep>
inline void product_columns(int64_t rows, int64_t steps, const typename Math::Number* a, int64_t lda, const float* b, int64_t ldb,
                            float* c, int64_t ldc, const Keep& keep) {
  for (int64_t row = 0; row < rows; row += R)
    tile<Math, R, V>(a + row * lda, lda, b, ldb, steps, [&](const __m512(&sums)[R][V]) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          float* at = c + (row + r) * ldc + 16 * v;
          _mm512_store_ps(at, keep(sums[r][v], _mm512_load_ps(at), v));
        }
    });
}

template <typename Math, typename Keep>
inline void product(int64_t rows, int64_t vectors, int64_t steps, const typename Math::Number* a, int64_t lda, const float* b,
                    int64_t ldb, float* c, int64_t ldc, const Keep& keep) {
  for (int64_t done = 0; done < vectors;) {
    const int64_t left = vectors - done;
    const float* right = b + 16 * done;
    float* to = c + 16 * done;
    const auto kept = [&](__m512 sum, __m512 old, int v) { return keep(sum, old, static_cast<int>(done) + v); };
    if (left == 1) {
      product_columns<Math, 8, 1>(rows, steps, a, lda, right, ldb, to, ldc, kept);
      done += 1;
    } else if (left == 2) {
      product_columns<Math, 8, 2>(rows, steps, a, lda, right, ldb, to, ldc, kept);
      done += 2;
    } else if (left % 4 == 0) {
      product_columns<Math, 4, 4>(rows, steps, a, lda, right, ldb, to, ldc, kept);
      done += 4;
    } else {  // 3, 5 = 3 + 2, 6 = 3 + 3, 7 = 3 + 4, ..: never a single vector left over
      product_columns<Math, 4, 3>(rows, steps, a, lda, right, ldb, to, ldc, kept);
      done += 3;
    }
  }
}

struct AddTo {
  __m512 operator()(__m512 sum, __m512 old, int) const { return _mm512_add_ps(sum, old); }
};

}  // namespace
}  // namespace athanor::kernels
