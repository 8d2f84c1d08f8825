#pragma once
// The backward pass over one group of query heads; see flash_attention_tiles.h.

#include "athanor/core/kernels/flash_attention_tiles.h"

namespace athanor::kernels {
namespace {

template <typename Math>
struct BackwardScratch {
  using Number = typename Math::Number;
  Number *k, *v, *k_turned;                  // the whole group's keys
  float *dk, *dv;                            // [T, width] f32 sums
  float *q_turned, *dout_turned, *q, *dout;  // panels of 64 queries
  Number *p, *ds;                            // [64 keys, 64 queries], left sides
  float *ds_panel, *probabilities, *dq;      // dq^T [width, 64]
  float *lse, *delta, *scales;               // of 64 queries
  size_t bytes;
  BackwardScratch(int64_t length, int64_t dim, float* base) {
    Carver carve(base);
    const int64_t keys = padded(length, kBlock), width = padded(dim, 16);
    for (Number** part : {&k, &v, &k_turned}) *part = carve.take<Number>(keys * width);
    for (float** part : {&dk, &dv}) *part = carve.take<float>(keys * width);
    for (float** part : {&q_turned, &dout_turned, &q, &dout}) *part = carve.take<float>(width / Math::kDepth * kBlock);
    for (Number** part : {&p, &ds}) *part = carve.take<Number>(kBlock * kBlock);
    ds_panel = carve.take<float>(kBlock / Math::kDepth * kBlock);
    probabilities = carve.take<float>(4 * kBlock);
    dq = carve.take<float>(width * kBlock);
    for (float** row : {&lse, &delta, &scales}) *row = carve.take<float>(kBlock);
    bytes = carve.used();
  }
};

template <typename Math, typename T>
class Backward {
 public:
  explicit Backward(const BackwardGroup<T>& group)
      : g_(group), s_(group.length, group.head_dim, group.scratch), width_(padded(group.head_dim, 16)) {}

  void run() {
    const int64_t keys = padded(g_.length, kBlock);
    pack_rows<Math>(rows_of(g_.at.k, 0, 0, g_.length), keys, width_, s_.k);
    pack_rows<Math>(rows_of(g_.at.v, 0, 0, g_.length), keys, width_, s_.v);
    pack_turned<Math>(rows_of(g_.at.k, 0, 0, g_.length), keys, width_, s_.k_turned);
    for (int64_t i = 0; i < keys * width_; ++i) s_.dk[i] = 0;
    for (int64_t i = 0; i < keys * width_; ++i) s_.dv[i] = 0;
    for (int64_t i = 0; i < kBlock; ++i) s_.scales[i] = g_.scale;
    for (int64_t h = 0; h < g_.heads; ++h)
      for (int64_t block = 0; block * kBlock < g_.length; ++block) query_block(h, block);
    write(s_.dk, g_.scale, g_.at.dk);
    write(s_.dv, 1.0f, g_.at.dv);
  }

 private:
  Rows<T> rows_of(const HeadView<const T>& view, int64_t head, int64_t first, int64_t count) const {
    return {view.data + head * view.head_stride + first * view.token_stride, view.token_stride, count, g_.head_dim};
  }

  void query_block(int64_t h, int64_t block) {
    const QueryBlock queries(block, g_.length, g_.row_start);
    const Rows<T> q = rows_of(g_.at.q, h, queries.first, queries.count);
    const Rows<T> dout = rows_of(g_.at.dout, h, queries.first, queries.count);
    pack_turned_panel<Math>(q, width_, s_.q_turned);
    pack_turned_panel<Math>(dout, width_, s_.dout_turned);
    pack_panel<Math>(q, width_, s_.q);
    pack_panel<Math>(dout, width_, s_.dout);
    row_constants(h, queries, dout);
    for (int64_t i = 0; i < width_ * kBlock; ++i) s_.dq[i] = 0;
    for (int64_t j = queries.first_key_block(); j <= queries.last_key_block(); ++j) {
      queries.partly_hidden(j) ? score_gradients<true>(queries, j) : score_gradients<false>(queries, j);
      queries.diagonal(j) ? add_diagonal(j) : add_block(j);
    }
    T* dq = g_.at.dq.data + h * g_.at.dq.head_stride + queries.first * g_.at.dq.token_stride;
    unpack_turned(s_.dq, s_.scales, queries.count, g_.head_dim, dq, g_.at.dq.token_stride);
  }

  // delta = rowsum(dO * O), and lse in units of log 2; queries past the end get zeros, which keeps everything finite.
  void row_constants(int64_t h, const QueryBlock& queries, const Rows<T>& dout) {
    const Rows<T> out = rows_of(g_.at.out, h, queries.first, queries.count);
    for (int64_t i = 0; i < kBlock; ++i) {
      s_.lse[i] = i < queries.count ? g_.at.lse[h * g_.length + queries.first + i] * kLog2E : 0.0f;
      Vec sum = all(0);
      for (int64_t d = 0; d < width_; d += 16) sum = fma(load_numbers(out, i, d), load_numbers(dout, i, d), sum);
      s_.delta[i] = kernels::sum(sum);
    }
  }

  // P^T = 2^(S^T - lse) and dS^T = P^T (dP^T - delta) with dP^T = V dO^T, four keys at a time.
  template <bool kPartly>
  void score_gradients(const QueryBlock& queries, int64_t j) {
    const Vec scale = all(g_.scale * kLog2E);
    for (int64_t key = 0; key < kBlock; key += 4) {
      const int v0 = kPartly ? first_vector(queries.diagonal(j), key) : 0;
      const int64_t row = (j * kBlock + key) * width_, steps = width_ / Math::kDepth;
      const auto probabilities = [&]<int R, int V>(const Vec(&sums)[R][V]) {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          const Vec lse = load(s_.lse + 16 * (v0 + v));
          Vec rows[R];
#pragma GCC unroll 4
          for (int r = 0; r < R; ++r) {
            Vec p = Math::exponential(fms(sums[r][v], scale, lse));
            if constexpr (kPartly) p = select(queries.sees(j * kBlock + key + r, v0 + v), p, all(0));
            rows[r] = p;
            store(s_.probabilities + r * kBlock + 16 * v, p);
          }
          for (int r = 0; r < R; r += 2) store_pair<Math>(key + r, v0 + v, rows[r], rows[r + 1], nullptr, s_.p);
        }
      };
      tile_of<Math, 4>(4 - v0, s_.k + row, width_, s_.q_turned + 16 * v0, kBlock, steps, probabilities);
      const auto gradients = [&]<int R, int V>(const Vec(&sums)[R][V]) {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          const Vec delta = load(s_.delta + 16 * (v0 + v));
          Vec ds[R];
#pragma GCC unroll 4
          for (int r = 0; r < R; ++r) ds[r] = load(s_.probabilities + r * kBlock + 16 * v) * (sums[r][v] - delta);
          for (int r = 0; r < R; r += 2) store_pair<Math>(key + r, v0 + v, ds[r], ds[r + 1], s_.ds_panel, s_.ds);
        }
      };
      tile_of<Math, 4>(4 - v0, s_.v + row, width_, s_.dout_turned + 16 * v0, kBlock, steps, gradients);
    }
  }

  // dV += P^T dO, dK += dS^T Q, dQ^T += K^T dS^T.
  void add_block(int64_t j) {
    add_keys(j, 0, kBlock, 0);
    product<Math>(width_, 4, kBlock / Math::kDepth, s_.k_turned + j * kBlock * width_, kBlock, s_.ds_panel, kBlock, s_.dq, kBlock,
                  AddTo{});
  }

  void add_diagonal(int64_t j) {
    for (int64_t key = 0; key < kBlock; key += 16) {
      const int v0 = first_vector(true, key);
      add_keys(j, key, 16, 16 * v0);
      product<Math>(width_, 4 - v0, 16 / Math::kDepth, s_.k_turned + j * kBlock * width_ + key, kBlock,
                    s_.ds_panel + key / Math::kDepth * kBlock + 16 * v0, kBlock, s_.dq + 16 * v0, kBlock, AddTo{});
    }
  }

  void add_keys(int64_t j, int64_t key, int64_t keys, int64_t first_query) {
    const int64_t steps = (kBlock - first_query) / Math::kDepth, left = key * kBlock + first_query;
    const int64_t right = first_query / Math::kDepth * width_, to = (j * kBlock + key) * width_;
    product<Math>(keys, width_ / 16, steps, s_.p + left, kBlock, s_.dout + right, width_, s_.dv + to, width_, AddTo{});
    product<Math>(keys, width_ / 16, steps, s_.ds + left, kBlock, s_.q + right, width_, s_.dk + to, width_, AddTo{});
  }

  void write(const float* sums, float factor, const HeadView<T>& to) const {
    for (int64_t t = 0; t < g_.length; ++t)
      for_vectors(g_.head_dim, [&](int64_t d, Mask m) {
        store(to.data + t * to.token_stride + d, m, load(sums + t * width_ + d, m) * all(factor));
      });
  }

  const BackwardGroup<T>& g_;
  BackwardScratch<Math> s_;
  int64_t width_;
};

}  // namespace
}  // namespace athanor::kernels
