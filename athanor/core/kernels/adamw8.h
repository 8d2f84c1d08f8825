#pragma once
// AdamW whose moments are kept in eight bits: blocks of 256 numbers share one scale, and each number is the nearest of 256 values
// that are dense near zero (dynamic tree quantization). Dettmers et al. 2022, "8-bit optimizers via block-wise quantization",
// arXiv:2110.02861.

#include <array>
#include <cstdint>
#include <span>

#include "athanor/core/kernels/adamw.h"

namespace athanor::kernels {

/// Numbers that share a scale.
inline constexpr int64_t kMomentBlock = 256;

/// The 256 values in [-1, 1] (`with_sign`) or [0, 1] that codes 0 to 255 stand for, ascending. They are those of bitsandbytes.
const std::array<float, 256>& dynamic_map(bool with_sign);

/// x / scale of each block as the nearest code; scale[b] is the block's largest magnitude. x [n], codes [n], scale [ceil(n / 256)].
void quantize_dynamic(const float* x, int64_t n, bool with_sign, uint8_t* codes, float* scale);
void dequantize_dynamic(const uint8_t* codes, const float* scale, int64_t n, bool with_sign, float* x);

/// One parameter tensor's memory, `count` numbers each, with ceil(count / 256) scales for each moment.
struct AdamW8Segment {
  int64_t count = 0;
  float* master = nullptr;
  uint8_t* m = nullptr;  // with sign
  uint8_t* v = nullptr;  // without
  float* m_scale = nullptr;
  float* v_scale = nullptr;
  const float* gradient = nullptr;
  float weight_decay = 0;
  float lr_factor = 1;
};

/// kernels::adamw over moments that are read from and written to eight bits; the update itself uses the new moments before they
/// are rounded.
void adamw8(const AdamW8Segment& segment, const AdamWStep& step);

}  // namespace athanor::kernels
