#pragma once
// Attention over one group of query heads, for one kind of products (Math) and one element type (T). Only for sources with an
// instruction set in their name. The story is in flash_attention.cpp.
//
// Scores are kept transposed, S^T [64 keys, 64 queries]: a vector holds 16 queries, so the softmax's maxima and sums need no
// shuffles, P^T is at once the right side of O^T = V^T P^T and the left side of dV = P^T dO, and only small things are transposed.

#include "athanor/core/kernels/flash_attention_group.h"
#include "athanor/core/kernels/flash_attention_pack.h"

namespace athanor::kernels {
namespace {

inline constexpr int64_t kBlock = kAttentionBlock;
inline constexpr float kLog2E = 1.44269504f;
// Hidden scores lie below the first maximum, so that 2^(hidden - maximum) is 0 even before a visible key came.
inline constexpr float kHidden = -2e30f, kNoMaximum = -1e30f;

inline int64_t padded(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/// Hands out 64-byte aligned pieces of a buffer; with a null buffer it only counts.
class Carver {
 public:
  explicit Carver(float* base) : base_(reinterpret_cast<std::byte*>(base)) {}
  template <typename N>
  N* take(int64_t count) {
    std::byte* at = base_ ? base_ + used_ : nullptr;
    used_ += static_cast<size_t>(padded(count * static_cast<int64_t>(sizeof(N)), 64));
    return reinterpret_cast<N*>(at);
  }
  size_t used() const { return used_; }

 private:
  std::byte* base_;
  size_t used_ = 0;
};

/// 64 queries and what decides which keys they see.
struct QueryBlock {
  int64_t first, count;  // count < 64 at the end of the sequence
  int64_t first_key;     // of the block's first query: keys before are seen by nobody
  alignas(64) int32_t position[kBlock];
  alignas(64) int32_t start[kBlock];

  QueryBlock(int64_t block, int64_t length, const int32_t* row_start)
      : first(block * kBlock), count(std::min(kBlock, length - first)) {
    for (int64_t i = 0; i < kBlock; ++i) {
      position[i] = static_cast<int32_t>(first + i);
      start[i] = row_start ? row_start[std::min(first + i, length - 1)] : 0;
    }
    first_key = start[0];
  }
  int64_t first_key_block() const { return first_key / kBlock; }
  int64_t last_key_block() const { return first / kBlock; }
  bool diagonal(int64_t key_block) const { return key_block == last_key_block(); }
  /// Whether some query of the block does not see some key of the key block.
  bool partly_hidden(int64_t key_block) const { return diagonal(key_block) || start[kBlock - 1] > key_block * kBlock; }
  Mask sees(int64_t key, int v) const { return between(start + 16 * v, static_cast<int32_t>(key), position + 16 * v); }
};

/// On the diagonal, keys 16 s .. 16 s + 15 are seen by queries of vector s and later only.
inline int first_vector(bool diagonal, int64_t key_in_block) { return diagonal ? static_cast<int>(key_in_block / 16) : 0; }

/// Two rows of 16 queries (keys k and k + 1): into the panel, and where `rows` is not null, into both rows of a left side.
template <typename Math>
inline void store_pair(int64_t key_in_block, int v, Vec even, Vec odd, float* panel, typename Math::Number* rows) {
  Math::store_pair(even, odd, kBlock, panel ? panel + key_in_block / Math::kDepth * kBlock + 16 * v : nullptr,
                   rows ? rows + key_in_block * kBlock + 16 * v : nullptr);
}

template <typename Math>
struct ForwardScratch {
  using Number = typename Math::Number;
  Number *k, *v_turned;
  float *q, *scores, *p, *out, *maximum, *sum, *rescale;
  size_t bytes;
  ForwardScratch(int64_t length, int64_t dim, float* base) {
    Carver carve(base);
    const int64_t keys = padded(length, kBlock), width = padded(dim, 16);
    k = carve.take<Number>(keys * width);
    v_turned = carve.take<Number>(keys * width);
    q = carve.take<float>(width / Math::kDepth * kBlock);
    scores = carve.take<float>(kBlock * kBlock);
    p = carve.take<float>(kBlock / Math::kDepth * kBlock);
    out = carve.take<float>(width * kBlock);
    for (float** row : {&maximum, &sum, &rescale}) *row = carve.take<float>(kBlock);
    bytes = carve.used();
  }
};

template <typename Math, typename T>
class Forward {
 public:
  explicit Forward(const ForwardGroup<T>& group)
      : g_(group), s_(group.length, group.head_dim, group.scratch), width_(padded(group.head_dim, 16)) {}

  void run() {
    const int64_t blocks = padded(g_.length, kBlock) / kBlock;
    const int64_t keys = padded(std::min(g_.length, last_block(blocks) * kBlock + kBlock), kBlock);
    pack_rows<Math>(rows_of(g_.k, 0, 0, g_.length), keys, width_, s_.k);
    pack_turned<Math>(rows_of(g_.v, 0, 0, g_.length), keys, width_, s_.v_turned);
    for (int64_t h = 0; h < g_.heads; ++h)
      for (int64_t block = g_.first; block < blocks; block += g_.every) query_block(h, block);
  }

 private:
  int64_t last_block(int64_t blocks) const { return blocks - 1 - (blocks - 1 - g_.first) % g_.every; }

  Rows<T> rows_of(const HeadView<const T>& view, int64_t head, int64_t first, int64_t count) const {
    return {view.data + head * view.head_stride + first * view.token_stride, view.token_stride, count, g_.head_dim};
  }

  void query_block(int64_t h, int64_t block) {
    const QueryBlock queries(block, g_.length, g_.row_start);
    pack_turned_panel<Math>(rows_of(g_.q, h, queries.first, queries.count), width_, s_.q);
    for (int64_t i = 0; i < width_ * kBlock; ++i) s_.out[i] = 0;
    for (int64_t i = 0; i < kBlock; ++i) s_.maximum[i] = kNoMaximum, s_.sum[i] = 0;
    for (int64_t j = queries.first_key_block(); j <= queries.last_key_block(); ++j) {
      queries.partly_hidden(j) ? scores<true>(queries, j) : scores<false>(queries, j);
      softmax(queries.diagonal(j));
      add_values(queries.diagonal(j), j);
    }
    finish(queries, h);
  }

  // S^T = K Q^T, not yet scaled.
  template <bool kPartly>
  void scores(const QueryBlock& queries, int64_t j) {
    const Vec hidden = all(kHidden);
    for (int64_t key = 0; key < kBlock; key += 4) {
      const int v0 = kPartly ? first_vector(queries.diagonal(j), key) : 0;
      float* to = s_.scores + key * kBlock + 16 * v0;
      const auto finish = [&]<int R, int V>(const Vec(&sums)[R][V]) {
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) {
            Vec s = sums[r][v];
            if constexpr (kPartly) s = select(queries.sees(j * kBlock + key + r, v0 + v), s, hidden);
            store(to + r * kBlock + 16 * v, s);
          }
      };
      tile_of<Math, 4>(4 - v0, s_.k + (j * kBlock + key) * width_, width_, s_.q + 16 * v0, kBlock, width_ / Math::kDepth, finish);
    }
  }

  // P^T = 2^(c S^T - shift) into the panel, with c the scale in units of log 2 and shift = c * the new maximum; what was summed
  // before shrinks by `rescale`.
  void softmax(bool diagonal) {
    const Vec c = all(g_.scale * kLog2E);
    for (int v = 0; v < 4; ++v) {
      const int64_t keys = diagonal ? 16 * (v + 1) : kBlock;
      const float* column = s_.scores + 16 * v;
      const auto score = [&](int64_t key) { return load(column + key * kBlock); };
      const Vec old = load(s_.maximum + 16 * v);
      Vec a = old, b = old;
      for (int64_t key = 0; key < keys; key += 2) {
        a = max(a, score(key));
        b = max(b, score(key + 1));
      }
      const Vec maximum = max(a, b), shift = maximum * c;
      Vec even_sum = all(0), odd_sum = even_sum;
      for (int64_t key = 0; key < keys; key += 2) {
        const Vec even = Math::exponential(fms(score(key), c, shift));
        const Vec odd = Math::exponential(fms(score(key + 1), c, shift));
        even_sum = even_sum + even;
        odd_sum = odd_sum + odd;
        store_pair<Math>(key, v, even, odd, s_.p, nullptr);
      }
      // the difference first: exactly 1 where the maximum stayed, be it kNoMaximum
      const Vec rescale = kernels::exp2((old - maximum) * c);
      const Vec sum = fma(load(s_.sum + 16 * v), rescale, even_sum + odd_sum);
      store(s_.sum + 16 * v, sum);
      store(s_.maximum + 16 * v, maximum);
      store(s_.rescale + 16 * v, rescale);
    }
  }

  // O^T = rescale O^T + V^T P^T.
  void add_values(bool diagonal, int64_t j) {
    const auto rescaled = [&](Vec sum, Vec old, int v) { return fma(old, load(s_.rescale + 16 * v), sum); };
    const auto* values = s_.v_turned + j * kBlock * width_;
    const int64_t keys = diagonal ? 16 : kBlock;
    product<Math>(width_, 4, keys / Math::kDepth, values, kBlock, s_.p, kBlock, s_.out, kBlock, rescaled);
    for (int64_t key = keys; key < kBlock; key += 16) {
      const int v0 = first_vector(true, key);
      product<Math>(width_, 4 - v0, 16 / Math::kDepth, values + key, kBlock, s_.p + key / Math::kDepth * kBlock + 16 * v0, kBlock,
                    s_.out + 16 * v0, kBlock, AddTo{});
    }
  }

  void finish(const QueryBlock& queries, int64_t h) {
    for (int v = 0; v < 4; ++v) {
      const Vec sum = load(s_.sum + 16 * v);
      store(s_.rescale + 16 * v, all(1.0f) / sum);
      if (!g_.lse || queries.count <= 16 * v) continue;
      const Vec lse = fma(load(s_.maximum + 16 * v), all(g_.scale), log(sum));
      store(g_.lse + h * g_.length + queries.first + 16 * v, lanes(queries.count - 16 * v), lse);
    }
    T* out = g_.out.data + h * g_.out.head_stride + queries.first * g_.out.token_stride;
    unpack_turned(s_.out, s_.rescale, queries.count, g_.head_dim, out, g_.out.token_stride);
  }

  const ForwardGroup<T>& g_;
  ForwardScratch<Math> s_;
  int64_t width_;
};

}  // namespace
}  // namespace athanor::kernels
