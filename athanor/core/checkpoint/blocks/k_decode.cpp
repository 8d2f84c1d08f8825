// Reads the K formats (layouts in k_blocks.h). Bits lie so that vectors of 32 bytes hold the same bits of 32 numbers: byte l of a
// vector belongs to numbers l, 32 + l, 64 + l ... of the half or quarter that the vector covers.
// Compared with the `gguf` package, bit by bit (tests/golden/core_checkpoint/blocks).

#include "athanor/core/base/half.h"
#include "athanor/core/checkpoint/blocks/blocks.h"
#include "athanor/core/checkpoint/blocks/k_blocks.h"

namespace athanor::checkpoint {
namespace {

using base::f16_to_f32;

/// Two bits of number i where 128 numbers share 32 bytes.
int two_bits(const uint8_t* bytes, int i) { return bytes[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3; }
/// Four bits of number i where 64 numbers share 32 bytes.
int four_bits(const uint8_t* bytes, int i) { return bytes[i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4) & 15; }
/// Bit of number i where all 256 share 32 bytes.
int one_bit(const uint8_t* bytes, int i) { return bytes[i % 32] >> (i / 32) & 1; }

/// Q4_K and Q5_K: level(i) is the number's integer.
template <typename Block, typename Level>
void scaled_parts(const Block& b, float* x, Level level) {
  const float d = f16_to_f32(b.d), dmin = f16_to_f32(b.dmin);
  for (int part = 0; part < 8; ++part) {
    const auto [scale, min] = scale_min(b.scales, part);
    const float dl = d * static_cast<float>(scale), ml = dmin * static_cast<float>(min);
    for (int i = 32 * part; i < 32 * (part + 1); ++i) x[i] = dl * static_cast<float>(level(i)) - ml;
  }
}

/// Six bits: the lower four of part j in the halves of bytes 0..7, the upper two in bytes 8..11.
int q3_scale(const uint8_t* packed, int j) {
  return (packed[j % 8] >> (j / 8 * 4) & 15) | (packed[8 + j % 4] >> (j / 4 * 2) & 3) << 4;
}

}  // namespace

void decode_q2_k(const std::byte* blocks, int64_t count, float* out) {
  each_block<Q2K>(blocks, count, out, kSuperBlock, [](const Q2K& b, float* x) {
    const float d = f16_to_f32(b.d), dmin = f16_to_f32(b.dmin);
    for (int i = 0; i < kSuperBlock; ++i) {
      const int scale = b.scales[i / 16];
      x[i] = d * static_cast<float>(scale & 15) * static_cast<float>(two_bits(b.q, i)) - dmin * static_cast<float>(scale >> 4);
    }
  });
}

void decode_q3_k(const std::byte* blocks, int64_t count, float* out) {
  each_block<Q3K>(blocks, count, out, kSuperBlock, [](const Q3K& b, float* x) {
    for (int i = 0; i < kSuperBlock; ++i) {
      const float dl = f16_to_f32(b.d) * static_cast<float>(q3_scale(b.scales, i / 16) - 32);
      x[i] = dl * static_cast<float>(two_bits(b.q, i) - (one_bit(b.high, i) ? 0 : 4));
    }
  });
}

void decode_q4_k(const std::byte* blocks, int64_t count, float* out) {
  each_block<Q4K>(blocks, count, out, kSuperBlock,
                  [](const Q4K& b, float* x) { scaled_parts(b, x, [&b](int i) { return four_bits(b.q, i); }); });
}

void decode_q5_k(const std::byte* blocks, int64_t count, float* out) {
  each_block<Q5K>(blocks, count, out, kSuperBlock, [](const Q5K& b, float* x) {
    scaled_parts(b, x, [&b](int i) { return four_bits(b.q, i) | one_bit(b.high, i) << 4; });
  });
}

void decode_q6_k(const std::byte* blocks, int64_t count, float* out) {
  each_block<Q6K>(blocks, count, out, kSuperBlock, [](const Q6K& b, float* x) {
    for (int i = 0; i < kSuperBlock; ++i) {
      // 64 bytes hold four bits of 128 numbers
      const int low = b.low[i / 128 * 64 + i % 64] >> (i % 128 / 64 * 4) & 15;
      const int group = i / 16;
      const float dl = f16_to_f32(b.d) * static_cast<float>(b.scales[group]);
      x[i] = dl * static_cast<float>((low | two_bits(b.high, i) << 4) - 32);
    }
  });
}

}  // namespace athanor::checkpoint
