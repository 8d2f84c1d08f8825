// The reference: for each query one pass for the scores, one for the softmax, one for the values.

#include <algorithm>
#include <cmath>
#include <vector>

#include "athanor/core/base/half.h"
#include "athanor/core/kernels/kv_attention.h"

namespace athanor::kernels {
namespace {

float as_float(uint32_t word) { return std::bit_cast<float>(word); }
float half_of(uint32_t word, int64_t which) { return base::bf16_to_f32(static_cast<uint16_t>(which ? word >> 16 : word)); }

// `place`: where in the memory, which may be a ring.
float key_at(const KvShape& shape, const uint32_t* head, int64_t place, int64_t d) {
  const uint32_t* block = head + place / 32 * 32 * shape.key_units() + place % 32;
  return shape.type == KvType::kF32 ? as_float(block[d * 32]) : half_of(block[d / 2 * 32], d % 2);
}

float value_at(const KvShape& shape, const uint32_t* head, int64_t place, int64_t d) {
  const uint32_t* values = head + shape.key_words();
  return shape.type == KvType::kF32 ? as_float(values[place * shape.value_width() + d])
                                    : half_of(values[place / 2 * shape.value_width() + d], place % 2);
}

/// The score of query head h at position `at` and the key at position `key`, from their product.
float shaped(const Queries& queries, int64_t h, int64_t at, int64_t key, float dot) {
  if (key < queries.first_key(at)) return -INFINITY;
  float score = dot * queries.scale;
  if (queries.cap != 0) score = queries.cap * std::tanh(score / queries.cap);
  return queries.slopes ? score + queries.slopes[h] * static_cast<float>(key - at) : score;
}

}  // namespace

void attention_scalar(const KvLayer& layer, const Queries& queries, const AttentionTask& task) {
  const KvShape& shape = layer.shape;
  const int64_t dim = shape.head_dim, value_dim = shape.value_size(), group = queries.heads / shape.kv_heads;
  const uint32_t* head = layer.memory + task.kv_head * shape.head_words();
  std::vector<float> scores(static_cast<size_t>(task.key_end - task.key_begin));
  std::vector<double> sums(static_cast<size_t>(value_dim));
  for (int64_t row = 0; row < (task.query_end - task.query_begin) * group; ++row) {
    const int64_t t = task.query_begin + row / group, h = task.kv_head * group + row % group;
    const float* q = queries.q + t * queries.q_stride + h * dim;
    const int64_t keys = std::min(task.key_end, queries.first + t + 1) - task.key_begin;
    float most = -INFINITY;
    for (int64_t j = 0; j < keys; ++j) {
      const int64_t place = (task.key_begin + j) % shape.padded_capacity();
      double dot = 0;
      for (int64_t d = 0; d < dim; ++d) {
        const float x = shape.type == KvType::kF32 ? q[d] : base::bf16_to_f32(base::f32_to_bf16(q[d]));
        dot += static_cast<double>(x) * key_at(shape, head, place, d);
      }
      scores[static_cast<size_t>(j)] = shaped(queries, h, queries.first + t, task.key_begin + j, static_cast<float>(dot));
      most = std::max(most, scores[static_cast<size_t>(j)]);
    }
    double total = 0;
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t j = 0; j < keys; ++j) {
      const double weight = most == -INFINITY ? 0 : std::exp(scores[static_cast<size_t>(j)] - most);
      total += weight;
      const int64_t place = (task.key_begin + j) % shape.padded_capacity();
      for (int64_t d = 0; d < value_dim; ++d) sums[static_cast<size_t>(d)] += weight * value_at(shape, head, place, d);
    }
    const int64_t width = shape.value_width() + 2;
    float* out = task.unfinished ? task.unfinished + row * width : queries.out + t * queries.out_stride + h * value_dim;
    for (int64_t d = 0; d < value_dim; ++d)
      out[d] = static_cast<float>(task.unfinished ? sums[static_cast<size_t>(d)] : sums[static_cast<size_t>(d)] / total);
    if (task.unfinished) {
      out[width - 2] = most;
      out[width - 1] = static_cast<float>(total);
    }
  }
}

}  // namespace athanor::kernels
