// F32, F16, BF16: a block is one number. Written by rounding to nearest even.

#include <algorithm>

#include "athanor/core/base/half.h"
#include "athanor/core/checkpoint/blocks/blocks.h"

namespace athanor::checkpoint {

void decode_f32(const std::byte* blocks, int64_t count, float* out) {
  std::memcpy(out, blocks, static_cast<size_t>(count) * sizeof(float));
}

void encode_f32(const float* in, int64_t count, std::byte* blocks) {
  std::memcpy(blocks, in, static_cast<size_t>(count) * sizeof(float));
}

void decode_f16(const std::byte* blocks, int64_t count, float* out) {
  each_block<uint16_t>(blocks, count, out, 1, [](uint16_t h, float* x) { *x = base::f16_to_f32(h); });
}

void encode_f16(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<uint16_t>(in, count, blocks, 1, [](const float* x) { return base::f32_to_f16(*x); });
}

void decode_bf16(const std::byte* blocks, int64_t count, float* out) {
  each_block<uint16_t>(blocks, count, out, 1, [](uint16_t h, float* x) { *x = base::bf16_to_f32(h); });
}

void encode_bf16(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<uint16_t>(in, count, blocks, 1, [](const float* x) { return base::f32_to_bf16(*x); });
}

}  // namespace athanor::checkpoint
