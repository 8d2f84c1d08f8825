#include "athanor/core/base/half.h"

namespace athanor::base {

float f16_to_f32(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16;
  const uint32_t exponent = (h >> 10) & 31, mantissa = h & 0x3ff;
  if (exponent == 0) {  // zero and subnormals count in units of 2^-24
    float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  if (exponent == 31) {
    uint32_t quiet = mantissa ? 0x400000u : 0;
    return std::bit_cast<float>(sign | 0x7f800000u | quiet | mantissa << 13);
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t f32_to_f16(float f) {
  uint32_t u = std::bit_cast<uint32_t>(f);
  const uint32_t sign = (u >> 16) & 0x8000;
  u &= 0x7fffffffu;
  uint32_t magnitude;
  if (u > 0x7f800000u) {
    magnitude = 0x7e00 | ((u >> 13) & 0x3ff);  // NaN stays NaN
  } else if (u >= 0x477ff000u) {
    magnitude = 0x7c00;  // 65520 and more round to infinity
  } else if (u >= 0x38800000u) {
    magnitude = (u + 0xfffu + ((u >> 13) & 1) - 0x38000000u) >> 13;
  } else {
    // The last place of 0.5f is 2^-24, a subnormal's unit: the addition itself rounds to nearest even.
    magnitude = std::bit_cast<uint32_t>(std::bit_cast<float>(u) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  }
  return static_cast<uint16_t>(sign | magnitude);
}

}  // namespace athanor::base
