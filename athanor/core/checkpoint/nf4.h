#pragma once
// NF4 (Dettmers et al. 2023, "QLoRA"): four bits per number, the sixteen values being quantiles of the normal distribution. Numbers
// lie in blocks of 64, each with the largest magnitude as its scale; with double quantization the scales themselves are eight bits
// per block: less their mean, in blocks of 256, on a scale of 256 values that grows by powers of ten ("dynamic" in bitsandbytes).
// The code book, the block sizes and the order of halves in a byte (the first number above) are bitsandbytes'; checked against its
// CPU functions quantize_4bit and dequantize_4bit (tests/learn/adapters/test_nf4.cpp).

#include <array>
#include <cstdint>
#include <span>

namespace athanor::checkpoint {

inline constexpr int64_t kNf4Block = 64, kNf4ScaleBlock = 256;

const std::array<float, 16>& nf4_values();
const std::array<float, 256>& nf4_scale_values();
inline int64_t nf4_blocks(int64_t count) { return (count + kNf4Block - 1) / kNf4Block; }
inline int64_t nf4_scale_groups(int64_t blocks) { return (blocks + kNf4ScaleBlock - 1) / kNf4ScaleBlock; }

/// `packed` [(count + 1) / 2] begins as zeros; `scales` [nf4_blocks(count)].
void quantize_nf4(std::span<const float> values, uint8_t* packed, float* scales);
/// `codes` [scales], `maxima` [nf4_scale_groups(scales)]; returns the scales' mean.
float quantize_nf4_scales(std::span<const float> scales, uint8_t* codes, float* maxima);

/// What is left of the values when they went through four bits and back.
void round_to_nf4(std::span<float> values, bool double_quant);

}  // namespace athanor::checkpoint
