#pragma once
// Attention in blocks with a running softmax (FlashAttention: Dao et al. 2022, algorithm 1), written once over vector_avx2.h or
// vector_avx512.h:
//   for each block of keys: S = Q K^T * scale; m' = max(m, rows of S); P = e^(S - m'); O = O e^(m - m') + P V; l = l e^(m - m') + P
//   1 out = O / l
// Both products are tile.h's.

#include <algorithm>
#include <cmath>

#include "athanor/core/base/half.h"
#include "athanor/core/kernels/aligned.h"
#include "athanor/core/kernels/kv_attention.h"
#include "athanor/core/kernels/tile.h"
#include "athanor/core/kernels/vector_math.h"

namespace athanor::kernels {
namespace {

constexpr int64_t kKeyBlock = 128;

/// A row of floats as units: bfloat16 pairs, or as they are. `n` is a multiple of 16.
template <class Unit>
void to_units(const float* x, int64_t n, uint32_t* out) {
  if constexpr (Unit::kElements == 1) {
    std::copy_n(x, n, reinterpret_cast<float*>(out));
  } else {
    for (int64_t i = 0; i < n; i += 16) store(reinterpret_cast<uint16_t*>(out) + i, kAllLanes, load(x + i));
  }
}

template <class Unit>
class Attention {
 public:
  Attention(const KvLayer& layer, const Queries& queries, const AttentionTask& task)
      : shape_(layer.shape), queries_(queries), task_(task), group_(queries.heads / shape_.kv_heads) {
    rows_ = (task.query_end - task.query_begin) * group_;
    keys_ = layer.memory + task.kv_head * shape_.head_words();
    values_ = keys_ + shape_.key_words();
    width_ = shape_.value_width();
    q_width_ = (shape_.head_dim + 15) / 16 * 16;
    shaped_ = queries.window > 0 || queries.cap != 0 || queries.slopes;
    scale_ = shaped_ ? 1.0f : queries.scale;
    thread_local AlignedBuffer memory;
    float* next = memory.at_least<float>(rows_ * (q_width_ + width_ + 2 * kKeyBlock + 2));
    const auto take = [&next](int64_t n) { return std::exchange(next, next + n); };
    q_ = reinterpret_cast<uint32_t*>(take(rows_ * q_width_));
    out_ = take(rows_ * width_);
    scores_ = take(rows_ * kKeyBlock);
    weights_ = reinterpret_cast<uint32_t*>(take(rows_ * kKeyBlock));
    most_ = take(rows_);
    total_ = take(rows_);
  }

  void run() {
    load_queries();
    std::fill_n(out_, rows_ * width_, 0.0f);
    std::fill_n(most_, rows_, -INFINITY);
    std::fill_n(total_, rows_, 0.0f);
    const int64_t end = std::min(task_.key_end, queries_.first + task_.query_end);
    for (int64_t block = task_.key_begin, keys; block < end; block += keys) {
      const int64_t place = block % shape_.padded_capacity();
      keys = std::min({kKeyBlock, end - block, shape_.padded_capacity() - place});  // a ring comes around between two steps
      step(block, place, keys);
    }
    finish();
  }

 private:
  void load_queries() {
    float padded[1024];
    for (int64_t r = 0; r < rows_; ++r) {
      const float* q = queries_.q + (task_.query_begin + r / group_) * queries_.q_stride +
                       (task_.kv_head * group_ + r % group_) * shape_.head_dim;
      for (int64_t d = 0; d < q_width_; d += 1024) {  // whole vectors for to_units: the last are filled with zeros
        const int64_t here = std::min<int64_t>(q_width_ - d, 1024), real = std::clamp<int64_t>(shape_.head_dim - d, 0, here);
        std::copy_n(q + d, real, padded);
        std::fill(padded + real, padded + here, 0.0f);
        to_units<Unit>(padded, here, q_ + r * q_width_ + d / Unit::kElements);
      }
    }
  }

  /// `keys` positions from `block` on, which lie in memory at `place`.
  void step(int64_t block, int64_t place, int64_t keys) {
    const int64_t units = shape_.key_units(), panels = (keys + 31) / 32;
    for (int64_t p = 0; p < panels; ++p) {
      const uint32_t* panel = keys_ + (place / 32 + p) * 32 * units;
      tile_any<Unit>({q_, q_width_, panel, 32, units, nullptr, 0, scores_ + p * 32, kKeyBlock}, rows_, 32);
    }
    for (int64_t r = 0; r < rows_; ++r) {
      const int64_t last = queries_.first + task_.query_begin + r / group_;
      const int64_t visible = std::clamp<int64_t>(last + 1 - block, 0, keys);
      if (shaped_) shape_scores(r, block, last, visible);
      soften(r, visible, panels * 32);
    }
    const int64_t per_word = Unit::kElements;
    tile_any<Unit>({weights_, kKeyBlock, values_ + place / per_word * width_, width_, (keys + per_word - 1) / per_word, out_,
                    width_, out_, width_},
                   rows_, width_);
  }

  /// Scales row r's scores; then cap, ALiBi and window, of a query at position `last`.
  void shape_scores(int64_t r, int64_t block, int64_t last, int64_t visible) {
    float* s = scores_ + r * kKeyBlock;
    for (int64_t j = 0; j < visible; ++j) s[j] *= queries_.scale;
    if (queries_.cap != 0)
      for (int64_t j = 0; j < visible; ++j) s[j] = queries_.cap * std::tanh(s[j] / queries_.cap);
    if (queries_.slopes) {
      const float slope = queries_.slopes[task_.kv_head * group_ + r % group_];
      for (int64_t j = 0; j < visible; ++j) s[j] += slope * static_cast<float>(block + j - last);
    }
    std::fill_n(s, std::clamp<int64_t>(queries_.first_key(last) - block, 0, visible), -INFINITY);
  }

  /// Row r of the running softmax: its first `visible` scores count, the rest up to `end` get weight 0.
  void soften(int64_t r, int64_t visible, int64_t end) {
    float* s = scores_ + r * kKeyBlock;
    std::fill(s + visible, s + end, -INFINITY);
    const Vec scale = all(scale_);
    Vec top = all(-INFINITY);
    for (int64_t j = 0; j < end; j += 16) {
      const Vec scaled = j + 16 <= visible ? load(s + j) * scale : scaled_part(s + j, visible - j);
      store(s + j, scaled);
      top = max(top, scaled);
    }
    const float most = std::max(most_[r], largest(top));
    if (visible > 0 && most != -INFINITY) {
      const Vec minus = all(-most);
      Vec sum = all(0);
      for (int64_t j = 0; j < end; j += 16) {
        const Vec weight = exp(load(s + j) + minus);
        store(s + j, weight);
        sum = sum + weight;
      }
      rescale(r, std::exp(most_[r] - most), kernels::sum(sum));
      most_[r] = most;
    } else {
      std::fill_n(s, end, 0.0f);
    }
    to_units<Unit>(s, end, weights_ + r * kKeyBlock);
  }

  /// The border between visible and hidden scores; a negative scale must not turn -inf into +inf.
  Vec scaled_part(float* s, int64_t visible) {
    for (int64_t j = 0; j < std::min<int64_t>(visible, 16); ++j) s[j] *= scale_;
    return load(s);
  }

  void rescale(int64_t r, float factor, float sum) {
    total_[r] = total_[r] * factor + sum;
    if (factor == 1.0f) return;
    float* out = out_ + r * width_;
    for (int64_t d = 0; d < width_; d += 16) store(out + d, load(out + d) * all(factor));
  }

  void finish() {
    for (int64_t r = 0; r < rows_; ++r) {
      const float* sums = out_ + r * width_;
      if (task_.unfinished) {
        float* part = task_.unfinished + r * (width_ + 2);
        std::copy_n(sums, width_, part);
        part[width_] = most_[r];
        part[width_ + 1] = total_[r];
        continue;
      }
      float* out = queries_.out + (task_.query_begin + r / group_) * queries_.out_stride +
                   (task_.kv_head * group_ + r % group_) * shape_.value_size();
      for (int64_t d = 0; d < shape_.value_size(); ++d) out[d] = sums[d] / total_[r];
    }
  }

  const KvShape& shape_;
  const Queries& queries_;
  const AttentionTask& task_;
  int64_t group_, rows_ = 0, width_ = 0, q_width_ = 0;
  bool shaped_ = false;  // scores are more than scale * q.k
  float scale_ = 1;      // what soften still has to do
  const uint32_t *keys_ = nullptr, *values_ = nullptr;
  uint32_t *q_ = nullptr, *weights_ = nullptr;  // [rows, q_width], [rows, kKeyBlock] as units
  float *out_ = nullptr, *scores_ = nullptr;    // [rows, width], [rows, kKeyBlock]
  float *most_ = nullptr, *total_ = nullptr;    // [rows]: running maximum and sum
};

}  // namespace
}  // namespace athanor::kernels
