#pragma once
// The small matrix products inside attention tiles, for f32 and for bf16 pairs, over vector_avx2.h or vector_avx512.h. Only for
// sources with an instruction set in their name.
//
// C [rows, lanes] += A [rows, depth] B [depth, lanes]. One step takes kDepth numbers of the depth: A's are broadcast as one 32-bit
// word, B's lie lane by lane in a "panel" [depth / kDepth, lanes, kDepth]; so a vector of B is always 64 bytes for 16 lanes and
// panels are addressed in 32-bit words. A tile of R x V vectors stays in registers: at least 12 sums hide the latency of the
// multiply-add, and a step loads V + R words for R V products.

#include "athanor/core/kernels/units.h"
#include "athanor/core/kernels/vector_math.h"

namespace athanor::kernels {
namespace {

/// f32 products. Bf16Math, beside the instructions it needs (flash_attention_vnni.cpp), has the same members.
struct F32Math {
  using Number = float;
  static constexpr int kDepth = 1;
  static Vec multiply_add(Vec sum, Vec a, Vec b) { return fma(a, b, sum); }
  static Vec exponential(Vec x) { return kernels::exp2(x); }
  static void store_numbers(float* p, Vec x) { store(p, x); }
  /// Numbers of kDepth neighbouring rows as words: here those of the first.
  static Vec words(Vec first, Vec) { return first; }
  /// Two rows of 16 numbers, `width` apart: into a panel and into the left side of a product, each where it is not null.
  static void store_pair(Vec even, Vec odd, int64_t width, float* panel, float* rows) {
    for (float* to : {panel, rows}) {
      if (!to) continue;
      store(to, even);
      store(to + width, odd);
    }
  }
};

/// The sums of one tile. ldb in words, lda in numbers.
template <typename Math, int R, int V>
[[gnu::always_inline]] inline void sum_tile(const typename Math::Number* a, int64_t lda, const float* b, int64_t ldb, int64_t steps,
                                            Vec (&sums)[R][V]) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[r][v] = all(0);
  for (int64_t s = 0; s < steps; ++s) {
    Vec right[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) right[v] = load(b + s * ldb + 16 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec left = broadcast_word(a + r * lda + s * Math::kDepth);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][v] = Math::multiply_add(sums[r][v], left, right[v]);
    }
  }
}

/// Calls finish(sums) while they are in registers; with few of those a tile is summed in parts of four rows by one vector.
template <typename Math, int R, int V, typename Finish>
[[gnu::always_inline]] inline void tile(const typename Math::Number* a, int64_t lda, const float* b, int64_t ldb, int64_t steps,
                                        const Finish& finish) {
  Vec sums[R][V];
  if constexpr (kFewRegisters) {
    for (int r = 0; r < R; r += 4)
      for (int v = 0; v < V; ++v) {
        Vec part[4][1];
        sum_tile<Math, 4, 1>(a + r * lda, lda, b + 16 * v, ldb, steps, part);
        for (int i = 0; i < 4; ++i) sums[r + i][v] = part[i][0];
      }
  } else {
    sum_tile<Math, R, V>(a, lda, b, ldb, steps, sums);
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
    tile<Math, R, V>(a + row * lda, lda, b, ldb, steps, [&](const Vec(&sums)[R][V]) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          float* at = c + (row + r) * ldc + 16 * v;
          store(at, keep(sums[r][v], load(at), v));
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
    const auto kept = [&](Vec sum, Vec old, int v) { return keep(sum, old, static_cast<int>(done) + v); };
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
  Vec operator()(Vec sum, Vec old, int) const { return sum + old; }
};

}  // namespace
}  // namespace athanor::kernels
