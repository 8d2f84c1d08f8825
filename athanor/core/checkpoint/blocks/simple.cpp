// ggml's first formats: 32 numbers share a float16 scale d, and in the `_1` types a float16 minimum m.
//
//   Q4_0  x = d (q - 8)      q in 0..15      Q5_0  x = d (q - 16)     q in 0..31
//   Q4_1  x = d q + m        q in 0..15      Q5_1  x = d q + m        q in 0..31      Q8_0  x = d q   q in -127..127
//
// The lower four bits of numbers 0..15 and 16..31 lie in the two halves of 16 bytes; the fifth bits are bits 0..31 of a word.
// Writing: with the signed types the number of largest magnitude becomes exactly -8 or -16; with the others minimum and maximum
// become 0 and the largest q. Both ways are compared with the `gguf` package, bit by bit (tests/golden/core_checkpoint).

#include <algorithm>
#include <cmath>

#include "athanor/core/base/half.h"
#include "athanor/core/checkpoint/blocks/blocks.h"

namespace athanor::checkpoint {
namespace {

constexpr int64_t kValues = 32;

struct Q40 {
  uint16_t d;
  uint8_t low[16];
};
struct Q41 {
  uint16_t d, m;
  uint8_t low[16];
};
struct Q50 {
  uint16_t d;
  uint8_t high[4], low[16];
};
struct Q51 {
  uint16_t d, m;
  uint8_t high[4], low[16];
};
struct Q80 {
  uint16_t d;
  int8_t q[32];
};
static_assert(sizeof(Q40) == 18 && sizeof(Q41) == 20 && sizeof(Q50) == 22 && sizeof(Q51) == 24 && sizeof(Q80) == 34);

template <typename Block>
constexpr bool kHasHigh = requires(Block b) {
  b.high;
};
template <typename Block>
constexpr bool kHasMinimum = requires(Block b) {
  b.m;
};
template <typename Block>
constexpr int kBlockLevels = kHasHigh<Block> ? 32 : 16;

template <typename Block>
int level(const Block& block, int i) {
  int q = i < 16 ? block.low[i] & 15 : block.low[i - 16] >> 4;
  if constexpr (kHasHigh<Block>) q |= (block.high[i / 8] >> (i % 8) & 1) << 4;
  return q;
}

template <typename Block>
void set_level(Block& block, int i, int q) {
  block.low[i % 16] = static_cast<uint8_t>(block.low[i % 16] | (q & 15) << (i < 16 ? 0 : 4));
  if constexpr (kHasHigh<Block>) block.high[i / 8] = static_cast<uint8_t>(block.high[i / 8] | (q >> 4) << (i % 8));
}

template <typename Block>
void decode_levels(const std::byte* blocks, int64_t count, float* out) {
  each_block<Block>(blocks, count, out, kValues, [](const Block& block, float* x) {
    constexpr int kZero = kBlockLevels<Block> / 2;
    const float d = base::f16_to_f32(block.d);
    for (int i = 0; i < kValues; ++i) {
      if constexpr (kHasMinimum<Block>)
        x[i] = d * static_cast<float>(level(block, i)) + base::f16_to_f32(block.m);
      else
        x[i] = d * static_cast<float>(level(block, i) - kZero);
    }
  });
}

float inverse_of(float d) { return d != 0 ? 1.0f / d : 0.0f; }

template <typename Block>
Block signed_block(const float* x) {
  const float* largest = std::max_element(x, x + kValues, [](float a, float b) { return std::abs(a) < std::abs(b); });
  constexpr int kHalf = kBlockLevels<Block> / 2;
  const float d = *largest / static_cast<float>(-kHalf), by = inverse_of(d);
  Block block{};
  block.d = base::f32_to_f16(d);
  for (int i = 0; i < kValues; ++i)
    set_level(block, i, bounded(x[i] * by + (static_cast<float>(kHalf) + 0.5f), 0, kBlockLevels<Block> - 1));
  return block;
}

template <typename Block>
Block affine_block(const float* x) {
  const auto [low, high] = std::minmax_element(x, x + kValues);
  const float d = (*high - *low) / static_cast<float>(kBlockLevels<Block> - 1), by = inverse_of(d);
  Block block{};
  block.d = base::f32_to_f16(d);
  block.m = base::f32_to_f16(*low);
  for (int i = 0; i < kValues; ++i) set_level(block, i, bounded((x[i] - *low) * by + 0.5f, 0, kBlockLevels<Block> - 1));
  return block;
}

Q80 byte_block(const float* x) {
  float largest = 0;
  for (int i = 0; i < kValues; ++i) largest = std::max(largest, std::abs(x[i]));
  const float d = largest / 127, by = inverse_of(d);
  Q80 block;
  block.d = base::f32_to_f16(d);
  for (int i = 0; i < kValues; ++i) block.q[i] = static_cast<int8_t>(bounded(std::round(x[i] * by), -127, 127));
  return block;
}

}  // namespace

void decode_q4_0(const std::byte* blocks, int64_t count, float* out) { decode_levels<Q40>(blocks, count, out); }
void decode_q4_1(const std::byte* blocks, int64_t count, float* out) { decode_levels<Q41>(blocks, count, out); }
void decode_q5_0(const std::byte* blocks, int64_t count, float* out) { decode_levels<Q50>(blocks, count, out); }
void decode_q5_1(const std::byte* blocks, int64_t count, float* out) { decode_levels<Q51>(blocks, count, out); }

void decode_q8_0(const std::byte* blocks, int64_t count, float* out) {
  each_block<Q80>(blocks, count, out, kValues, [](const Q80& block, float* x) {
    const float d = base::f16_to_f32(block.d);
    for (int i = 0; i < kValues; ++i) x[i] = static_cast<float>(block.q[i]) * d;
  });
}

void encode_q4_0(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q40>(in, count, blocks, kValues, signed_block<Q40>);
}
void encode_q4_1(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q41>(in, count, blocks, kValues, affine_block<Q41>);
}
void encode_q5_0(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q50>(in, count, blocks, kValues, signed_block<Q50>);
}
void encode_q5_1(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q51>(in, count, blocks, kValues, affine_block<Q51>);
}
void encode_q8_0(const float* in, int64_t count, std::byte* blocks) { each_block_out<Q80>(in, count, blocks, kValues, byte_block); }

}  // namespace athanor::checkpoint
