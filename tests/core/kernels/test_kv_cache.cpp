#include "athanor/core/kernels/kv_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "athanor/core/base/threads.h"
#include "tests/core/kernels/kernel_inputs.h"

namespace athanor::kernels {
namespace {

struct Setting {
  KvType type;
  int64_t heads, kv_heads, dim;
  int64_t length;  // positions in all
};

float rounded(float x, KvType type) { return type == KvType::kF32 ? x : base::bf16_to_f32(base::f32_to_bf16(x)); }

// Attention written down: for position t and head h, softmax(scale q.k) v over positions <= t, in double.
std::vector<float> plain_kv_cache(const Setting& s, const std::vector<float>& q, const std::vector<float>& k,
                                  const std::vector<float>& v, float scale) {
  std::vector<float> out(q.size());
  const int64_t group = s.heads / s.kv_heads;
  for (int64_t t = 0; t < s.length; ++t) {
    for (int64_t h = 0; h < s.heads; ++h) {
      std::vector<double> weights;
      double total = 0;
      for (int64_t j = 0; j <= t; ++j) {
        double dot = 0;
        for (int64_t d = 0; d < s.dim; ++d)
          dot += static_cast<double>(rounded(q[static_cast<size_t>((t * s.heads + h) * s.dim + d)], s.type)) *
                 rounded(k[static_cast<size_t>((j * s.kv_heads + h / group) * s.dim + d)], s.type);
        weights.push_back(std::exp(dot * scale));
        total += weights.back();
      }
      for (int64_t d = 0; d < s.dim; ++d) {
        double sum = 0;
        for (int64_t j = 0; j <= t; ++j)
          sum +=
              weights[static_cast<size_t>(j)] * rounded(v[static_cast<size_t>((j * s.kv_heads + h / group) * s.dim + d)], s.type);
        out[static_cast<size_t>((t * s.heads + h) * s.dim + d)] = static_cast<float>(sum / total);
      }
    }
  }
  return out;
}

// Positions in chunks: chunk 0 whole, then one by one, ...: `chunk` positions at a time.
std::vector<float> cached(const Setting& s, const std::vector<float>& q, const std::vector<float>& k, const std::vector<float>& v,
                          float scale, int64_t chunk) {
  const KvShape shape = {s.type, s.kv_heads, s.dim, s.length};
  Guarded memory(nullptr, shape.layer_bytes()), guarded_q(q.data(), q.size() * 4), out(nullptr, q.size() * 4);
  const KvLayer layer = {shape, memory.as<uint32_t>()};
  const int64_t kv_row = s.kv_heads * s.dim, q_row = s.heads * s.dim;
  for (int64_t first = 0; first < s.length; first += chunk) {
    const int64_t count = std::min(chunk, s.length - first);
    kv_store(layer, first, count, k.data() + first * kv_row, v.data() + first * kv_row, kv_row);
    kv_attention(layer, {guarded_q.as<float>() + first * q_row, q_row, out.as<float>() + first * q_row, q_row, s.heads, first,
                         count, scale});
  }
  return {out.as<float>(), out.as<float>() + q.size()};
}

// f32: a score is a sum of `dim` products, |q||k| scale about sqrt(dim): 1e-5 leaves a factor of ten. bf16: the softmax's
// numerators are rounded (2^-9 each), and values of some 4 standard deviations are averaged.
void check_kv_cache(const Setting& s, float scale = 0) {
  if (scale == 0) scale = 1 / std::sqrt(static_cast<float>(s.dim));
  const auto q = normals(s.length * s.heads * s.dim, 1), k = normals(s.length * s.kv_heads * s.dim, 2),
             v = normals(s.length * s.kv_heads * s.dim, 3);
  const auto expected = plain_kv_cache(s, q, k, v, scale);
  for (IsaLevel level : levels()) {
    ForceIsaLevel force(level);
    for (int64_t chunk : {s.length, int64_t{1}, int64_t{7}}) {
      const auto out = cached(s, q, k, v, scale, chunk);
      const bool exact = s.type == KvType::kF32 || level == IsaLevel::kScalar;
      for (size_t i = 0; i < out.size(); ++i)
        ASSERT_NEAR(out[i], expected[i], exact ? 1e-5 : 4 * 0x1p-9)
            << isa_name(level) << " chunk " << chunk << " at " << i << " heads " << s.heads << "/" << s.kv_heads << " dim " << s.dim
            << " length " << s.length;
    }
  }
}

TEST(KvCache, HeadsAndSizes) {
  for (KvType type : {KvType::kF32, KvType::kBF16})
    for (int64_t dim : {1, 2, 8, 12, 16, 24, 31, 64, 80, 128}) check_kv_cache({type, 6, 2, dim, 45});
}

TEST(KvCache, Groups) {
  for (KvType type : {KvType::kF32, KvType::kBF16})
    for (const auto& [heads, kv] : {std::pair<int64_t, int64_t>{1, 1}, {4, 4}, {14, 2}, {71, 1}, {100, 1}})
      check_kv_cache({type, heads, kv, 16, 37});
}

TEST(KvCache, EveryLengthAroundTheBlocks) {
  for (KvType type : {KvType::kF32, KvType::kBF16})
    for (int64_t length : {1, 2, 31, 32, 33, 63, 127, 128, 129, 200, 257}) check_kv_cache({type, 3, 1, 8, length});
}

TEST(KvCache, AnyScale) {
  check_kv_cache({KvType::kF32, 4, 2, 16, 40}, 3.0f);
  check_kv_cache({KvType::kF32, 4, 2, 16, 40}, -0.5f);
}

TEST(KvCache, ALongPastInParts) {
  for (KvType type : {KvType::kF32, KvType::kBF16}) {
    const Setting s = {type, 4, 2, 16, 1500};
    const auto q = normals(s.length * s.heads * s.dim, 1), k = normals(s.length * s.kv_heads * s.dim, 2),
               v = normals(s.length * s.kv_heads * s.dim, 3);
    const KvShape shape = {s.type, s.kv_heads, s.dim, s.length};
    for (IsaLevel level : levels()) {
      ForceIsaLevel force(level);
      Guarded memory(nullptr, shape.layer_bytes());
      const KvLayer layer = {shape, memory.as<uint32_t>()};
      kv_store(layer, 0, s.length, k.data(), v.data(), 32);
      std::vector<float> whole(s.length * 64), last(64);
      kv_attention(layer, {q.data(), 64, whole.data(), 64, 4, 0, s.length, 0.25f});
      kv_attention(layer, {q.data() + 1499 * 64, 64, last.data(), 64, 4, 1499, 1, 0.25f});
      for (size_t i = 0; i < 64; ++i)
        ASSERT_NEAR(last[i], whole[1499 * 64 + i], type == KvType::kF32 ? 1e-5 : 4 * 0x1p-9) << isa_name(level);
    }
  }
}

TEST(KvCache, WhatWasThereBeforeIsNeverRead) {
  // A longer sequence with not-a-number, forgotten, then a shorter one over it.
  const KvShape shape = {KvType::kBF16, 1, 8, 64};
  for (IsaLevel level : levels()) {
    ForceIsaLevel force(level);
    Guarded memory(nullptr, shape.layer_bytes());
    const KvLayer layer = {shape, memory.as<uint32_t>()};
    const std::vector<float> nan(64 * 8, NAN), one(64 * 8, 1.0f);
    kv_store(layer, 0, 64, nan.data(), nan.data(), 8);
    for (int64_t length : {1, 3, 33}) {
      kv_store(layer, 0, length, one.data(), one.data(), 8);
      std::vector<float> out(static_cast<size_t>(length) * 8);
      kv_attention(layer, {one.data(), 8, out.data(), 8, 1, 0, length, 1.0f});
      for (float x : out) ASSERT_NEAR(x, 1.0f, 1e-2) << isa_name(level) << " length " << length;
    }
  }
}

TEST(KvCache, NotANumberInAScoreIsNeverLost) {
  const KvShape shape = {KvType::kF32, 1, 8, 64};
  for (IsaLevel level : levels()) {
    ForceIsaLevel force(level);
    Guarded memory(nullptr, shape.layer_bytes());
    const KvLayer layer = {shape, memory.as<uint32_t>()};
    std::vector<float> k(40 * 8, 1.0f), out(40 * 8);
    const std::vector<float> one(40 * 8, 1.0f);
    k[20 * 8] = NAN;
    kv_store(layer, 0, 40, k.data(), one.data(), 8);
    kv_attention(layer, {one.data(), 8, out.data(), 8, 1, 0, 40, 1.0f});
    EXPECT_EQ(out[19 * 8], 1.0f) << isa_name(level);
    for (int64_t t = 20; t < 40; ++t) EXPECT_TRUE(std::isnan(out[static_cast<size_t>(t * 8)])) << isa_name(level) << " " << t;
  }
}

TEST(KvCache, ThreadsChangeNothing) {
  const Setting s = {KvType::kBF16, 14, 2, 64, 100};
  const auto q = normals(s.length * s.heads * s.dim, 1), k = normals(s.length * s.kv_heads * s.dim, 2),
             v = normals(s.length * s.kv_heads * s.dim, 3);
  const int before = base::thread_count();
  base::set_thread_count(1);
  const auto expected = cached(s, q, k, v, 0.125f, s.length);
  for (int threads : {2, 5}) {
    base::set_thread_count(threads);
    EXPECT_EQ(cached(s, q, k, v, 0.125f, s.length), expected);
  }
  base::set_thread_count(before);
}

TEST(KvCache, BytesAreExact) {
  // two heads of 64 positions (capacity 40 in blocks of 32): keys 3 words of bf16 pairs, values 16 wide, two positions a word
  EXPECT_EQ((KvShape{KvType::kBF16, 2, 5, 40}.layer_bytes()), 2u * 4 * (64 * 3 + 32 * 16));
  EXPECT_EQ((KvShape{KvType::kF32, 2, 5, 40}.layer_bytes()), 2u * 4 * (64 * 5 + 64 * 16));
}

}  // namespace
}  // namespace athanor::kernels
