#pragma once
// The K formats of ggml: 256 numbers share one or two float16 scales, and each part of 16 or 32 numbers has small integer scales
// below them. Layouts only; k_decode.cpp reads them, k_encode.cpp writes three of them. Internal to the room.

#include <cstdint>

namespace athanor::checkpoint {

constexpr int kSuperBlock = 256;

struct Q2K {  // x = (d s) q - (dmin m); 16 parts of 16; s and m are the halves of a byte
  uint8_t scales[16], q[64];
  uint16_t d, dmin;
};
struct Q3K {  // x = d (s - 32) (q - (high bit ? 0 : 4)); 16 parts of 16; s of 6 bits
  uint8_t high[32], q[64], scales[12];
  uint16_t d;
};
struct Q4K {  // x = (d s) q - (dmin m); 8 parts of 32; s and m of 6 bits
  uint16_t d, dmin;
  uint8_t scales[12], q[128];
};
struct Q5K {  // as Q4K with a fifth bit
  uint16_t d, dmin;
  uint8_t scales[12], high[32], q[128];
};
struct Q6K {  // x = (d s) (q - 32); 16 parts of 16; s of 8 bits, signed
  uint8_t low[128], high[64];
  int8_t scales[16];
  uint16_t d;
};
static_assert(sizeof(Q2K) == 84 && sizeof(Q3K) == 110 && sizeof(Q4K) == 144 && sizeof(Q5K) == 176 && sizeof(Q6K) == 210);

/// Scale and minimum of part j in the 12 bytes of Q4K and Q5K: parts 0..3 in the lower six bits of bytes 0..3 (scale) and 4..7
/// (minimum); parts 4..7 have four bits in bytes 8..11 and two in the upper bits of the former.
struct ScaleMin {
  int scale, min;
};
inline ScaleMin scale_min(const uint8_t* packed, int j) {
  if (j < 4) return {packed[j] & 63, packed[j + 4] & 63};
  return {(packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4, packed[j + 4] >> 4 | (packed[j] >> 6) << 4};
}
inline void set_scale_min(uint8_t* packed, int j, int scale, int min) {
  auto add = [packed](int i, int bits) { packed[i] = static_cast<uint8_t>(packed[i] | bits); };
  if (j < 4) {
    add(j, scale);
    add(j + 4, min);
  } else {
    add(j + 4, (scale & 15) | (min & 15) << 4);
    add(j - 4, scale >> 4 << 6);
    add(j, min >> 4 << 6);
  }
}

}  // namespace athanor::checkpoint
