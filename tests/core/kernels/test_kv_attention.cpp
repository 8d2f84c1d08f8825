// Attention over the cache with what some models add to it: a window, a cap on scores, ALiBi, values of another width.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "athanor/core/kernels/kv_cache.h"
#include "tests/core/kernels/kernel_inputs.h"

namespace athanor::kernels {
namespace {

struct Added {
  int64_t window = 0;
  float cap = 0;
  bool alibi = false;
  int64_t value_dim = 0;
};

constexpr int64_t kHeads = 4, kKvHeads = 2, kDim = 24;
constexpr float kScale = 0.2f;

/// Written down in double: one query's output [heads * value].
std::vector<float> plain_kv_attention(const Added& a, const KvShape& shape, int64_t t, const float* q, const float* k,
                                      const float* v, const float* slopes) {
  const int64_t value = shape.value_size();
  std::vector<float> out(static_cast<size_t>(kHeads * value));
  for (int64_t h = 0; h < kHeads; ++h) {
    const int64_t group = h / (kHeads / kKvHeads);
    double total = 0;
    std::vector<double> sums(static_cast<size_t>(value));
    for (int64_t j = a.window > 0 ? std::max<int64_t>(0, t - a.window + 1) : 0; j <= t; ++j) {
      double score = 0;
      for (int64_t d = 0; d < kDim; ++d)
        score += static_cast<double>(q[(t * kHeads + h) * kDim + d]) * k[(j * kKvHeads + group) * kDim + d];
      score *= kScale;
      if (a.cap != 0) score = a.cap * std::tanh(score / a.cap);
      if (a.alibi) score -= slopes[h] * static_cast<double>(t - j);
      const double weight = std::exp(score);
      total += weight;
      for (int64_t d = 0; d < value; ++d) sums[static_cast<size_t>(d)] += weight * v[(j * kKvHeads + group) * value + d];
    }
    for (int64_t d = 0; d < value; ++d)
      out[static_cast<size_t>(h * value + d)] = static_cast<float>(sums[static_cast<size_t>(d)] / total);
  }
  return out;
}

/// Whole, one by one, and seven by seven (a long past: whole, and the last alone); every position is compared where there are few,
/// else some and the last.
/// `capacity`: positions of memory, fewer where it is a ring; then only the last positions that a window sees are there.
void check_kv_attention(const Added& a, int64_t length, int64_t capacity = 0) {
  for (KvType type : {KvType::kF32, KvType::kBF16}) {
    const KvShape shape = {type, kKvHeads, kDim, capacity > 0 ? capacity : length, a.value_dim};
    const int64_t value = shape.value_size(), q_row = kHeads * kDim, k_row = kKvHeads * kDim, v_row = kKvHeads * value;
    const auto q = normals(length * q_row, 1), k = normals(length * k_row, 2), v = normals(length * v_row, 3);
    std::vector<float> both;  // keys and values side by side, as projections leave them
    for (int64_t t = 0; t < length; ++t) {
      both.insert(both.end(), k.begin() + t * k_row, k.begin() + (t + 1) * k_row);
      both.insert(both.end(), v.begin() + t * v_row, v.begin() + (t + 1) * v_row);
    }
    const std::vector<float> slopes = {0.5f, 0.25f, 0.125f, 0.0625f};
    for (IsaLevel level : levels()) {
      ForceIsaLevel force(level);
      const int64_t last_alone = length - 1;
      const std::vector<int64_t> chunks = capacity > 0   ? std::vector<int64_t>{capacity - a.window - 32, 1, 7}
                                          : length > 300 ? std::vector<int64_t>{length, last_alone}
                                                         : std::vector<int64_t>{length, 1, 7};
      for (int64_t chunk : chunks) {
        Guarded memory(nullptr, shape.layer_bytes());
        const KvLayer layer = {shape, memory.as<uint32_t>()};
        std::vector<float> out(static_cast<size_t>(length * kHeads * value));
        for (int64_t first = 0; first < length; first += chunk) {
          const int64_t count = std::min(chunk, length - first), stride = k_row + v_row;
          kv_store(layer, first, count, both.data() + first * stride, both.data() + first * stride + k_row, stride);
          kv_attention(layer, {.q = q.data() + first * q_row,
                               .q_stride = q_row,
                               .out = out.data() + first * kHeads * value,
                               .out_stride = kHeads * value,
                               .heads = kHeads,
                               .first = first,
                               .count = count,
                               .scale = kScale,
                               .window = a.window,
                               .cap = a.cap,
                               .slopes = a.alibi ? slopes.data() : nullptr});
        }
        for (int64_t t = 0; t<length; t += length> 300 ? 97 : 1) {
          const std::vector<float> wanted = plain_kv_attention(a, shape, t, q.data(), k.data(), v.data(), slopes.data());
          for (size_t i = 0; i < wanted.size(); ++i)
            ASSERT_NEAR(out[static_cast<size_t>(t) * wanted.size() + i], wanted[i], type == KvType::kF32 ? 1e-5 : 0.05)
                << isa_name(level) << " chunk " << chunk << " position " << t << " number " << i << " window " << a.window;
        }
      }
    }
  }
}

TEST(KvAttention, Windows) {
  for (int64_t window : {1, 2, 8, 31, 32, 33, 64, 100, 130, 200}) check_kv_attention({.window = window}, 150);
}

TEST(KvAttention, Caps) {
  check_kv_attention({.cap = 0.5f}, 140);
  check_kv_attention({.window = 40, .cap = 2}, 140);
}

TEST(KvAttention, Alibi) {
  check_kv_attention({.alibi = true}, 140);
  check_kv_attention({.window = 40, .cap = 2, .alibi = true}, 140);
}

TEST(KvAttention, ValuesOfAnotherWidth) {
  for (int64_t value : {1, 8, 16, 23, 40, 64}) check_kv_attention({.value_dim = value}, 45);
}

TEST(KvAttention, WindowsInARing) {
  check_kv_attention({.window = 8}, 250, 96);
  check_kv_attention({.window = 33, .value_dim = 40}, 300, 96);
  check_kv_attention({.window = 64, .cap = 2, .alibi = true}, 290, 160);
  check_kv_attention({.window = 1100, .value_dim = 8}, 2900, 1216);  // one query's past in parts
}

TEST(KvAttention, ALongPastInParts) {
  check_kv_attention({.window = 1200, .value_dim = 8}, 1500);
  check_kv_attention({.cap = 2, .alibi = true}, 1500);
}

}  // namespace
}  // namespace athanor::kernels
