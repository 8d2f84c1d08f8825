// The 4-bit formats of llama.cpp whose 16 levels are not evenly spaced: x = scale * kLevels[q], denser around zero.
//
//   IQ4_NL  32 numbers and a float16 scale
//   IQ4_XS  256 numbers: a float16 d and, for each 32, a 6-bit scale s (four bits in `low`, two in `high`); scale = d (s - 32)
//
// Within 32 numbers the lower halves of 16 bytes are numbers 0..15, the upper halves 16..31. Only read.

#include "athanor/core/base/half.h"
#include "athanor/core/checkpoint/blocks/blocks.h"

namespace athanor::checkpoint {
namespace {

constexpr float kLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

struct Iq4Nl {
  uint16_t d;
  uint8_t q[16];
};
struct Iq4Xs {
  uint16_t d, high;
  uint8_t low[4], q[128];
};
static_assert(sizeof(Iq4Nl) == 18 && sizeof(Iq4Xs) == 136);

void decode_32(const uint8_t* q, float scale, float* x) {
  for (int i = 0; i < 16; ++i) {
    x[i] = scale * kLevels[q[i] & 15];
    x[i + 16] = scale * kLevels[q[i] >> 4];
  }
}

}  // namespace

void decode_iq4_nl(const std::byte* blocks, int64_t count, float* out) {
  each_block<Iq4Nl>(blocks, count, out, 32, [](const Iq4Nl& b, float* x) { decode_32(b.q, base::f16_to_f32(b.d), x); });
}

void decode_iq4_xs(const std::byte* blocks, int64_t count, float* out) {
  each_block<Iq4Xs>(blocks, count, out, 256, [](const Iq4Xs& b, float* x) {
    for (int part = 0; part < 8; ++part) {
      int scale = (b.low[part / 2] >> (4 * (part % 2)) & 15) | (b.high >> (2 * part) & 3) << 4;
      decode_32(b.q + 16 * part, base::f16_to_f32(b.d) * static_cast<float>(scale - 32), x + 32 * part);
    }
  });
}

}  // namespace athanor::checkpoint
