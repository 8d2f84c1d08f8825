#include "athanor/core/kernels/quantize_i8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"

namespace athanor::kernels {
namespace {

int64_t i8_blocks_of(int64_t columns) { return (columns + kI8Block - 1) / kI8Block; }

// To the nearest whole number, halves to even, for |x| < 2^22: beyond its 24 bits a float holds no fraction. (std::nearbyint is a
// call.)
float round_even(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

float largest(const float* x, int64_t n) {
  float most = 0;
  for (int64_t i = 0; i < n; ++i) most = std::max(most, std::fabs(x[i]));
  return most;
}

// Row `lane` of one block; w has `count` numbers, the rest of the block is zero.
void quantize_block(const float* w, int64_t count, int64_t lane, uint8_t* block) {
  const uint16_t half = base::f32_to_f16(largest(w, count) / 127.0f);
  const float scale = base::f16_to_f32(half), inverse = scale > 0 ? 1.0f / scale : 0.0f;
  for (int64_t k = 0; k < kI8Block; ++k) {
    const float q = k < count ? std::clamp(round_even(w[k] * inverse), -127.0f, 127.0f) : 0.0f;
    block[(k / 4 * kI8PanelRows + lane) * 4 + k % 4] = static_cast<uint8_t>(static_cast<int>(q) + 128);
  }
  std::memcpy(block + 1024 + 2 * lane, &half, 2);
}

void check_row(const std::vector<float>& row, int64_t n) {
  // 65504 is float16's largest number: a scale beyond it cannot be kept.
  for (float w : row)
    if (!(std::fabs(w) <= 127.0f * 65504.0f))
      base::input_error("kernels.quantize_i8", {base::cat("weight row ", n, " cannot be held in 8 bits"), base::cat(w),
                                                "finite numbers", "use --dtype f32 or bf16, or repair the checkpoint"});
}

}  // namespace

uint64_t i8_bytes(int64_t rows, int64_t columns) {
  return static_cast<uint64_t>((rows + kI8PanelRows - 1) / kI8PanelRows * i8_blocks_of(columns) * kI8BlockBytes);
}

WeightMatrix quantize_i8(const WeightMatrix& source, std::byte* panels) {
  const int64_t blocks = i8_blocks_of(source.columns), count = (source.rows + kI8PanelRows - 1) / kI8PanelRows;
  base::parallel_dynamic(count, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(source.columns));
    for (int64_t p = begin; p < end; ++p) {
      auto* panel = reinterpret_cast<uint8_t*>(panels) + p * blocks * kI8BlockBytes;
      for (int64_t lane = 0; lane < kI8PanelRows; ++lane) {
        const int64_t n = p * kI8PanelRows + lane;
        if (n < source.rows) {
          weight_row(source, n, row.data());
          check_row(row, n);
        }
        for (int64_t b = 0; b < blocks; ++b) {
          const int64_t left = n < source.rows ? std::min(kI8Block, source.columns - b * kI8Block) : 0;
          quantize_block(row.data() + b * kI8Block, left, lane, panel + b * kI8BlockBytes);
        }
      }
    }
  });
  return {WeightType::kI8, panels, source.rows, source.columns};
}

void dequantize_i8_row(const WeightMatrix& panels, int64_t n, float* out) {
  const int64_t blocks = i8_blocks_of(panels.columns), lane = n % kI8PanelRows;
  const auto* panel = static_cast<const uint8_t*>(panels.data) + n / kI8PanelRows * blocks * kI8BlockBytes;
  for (int64_t k = 0; k < panels.columns; ++k) {
    const uint8_t* block = panel + k / kI8Block * kI8BlockBytes;
    uint16_t half;
    std::memcpy(&half, block + 1024 + 2 * lane, 2);
    const int64_t inside = k % kI8Block, quad = inside / 4;
    out[k] = base::f16_to_f32(half) * static_cast<float>(block[(quad * kI8PanelRows + lane) * 4 + inside % 4] - 128);
  }
}

void weight_row(const WeightMatrix& weight, int64_t n, float* out) {
  const int64_t first = n * weight.columns;
  switch (weight.type) {
    case WeightType::kF32:
      std::memcpy(out, static_cast<const float*>(weight.data) + first, static_cast<size_t>(weight.columns) * 4);
      break;
    case WeightType::kF16:
      for (int64_t k = 0; k < weight.columns; ++k) out[k] = base::f16_to_f32(static_cast<const uint16_t*>(weight.data)[first + k]);
      break;
    case WeightType::kBF16:
      for (int64_t k = 0; k < weight.columns; ++k) out[k] = base::bf16_to_f32(static_cast<const uint16_t*>(weight.data)[first + k]);
      break;
    case WeightType::kI8:
      dequantize_i8_row(weight, n, out);
      break;
  }
}

void quantize_i8_input(const float* x, int64_t columns, int8_t* q, float* scales, int32_t* offsets) {
  for (int64_t b = 0; b < i8_blocks_of(columns); ++b) {
    const int64_t count = std::min(kI8Block, columns - b * kI8Block);
    const float* from = x + b * kI8Block;
    const float most = largest(from, count), inverse = most > 0 ? 127.0f / most : 0.0f;
    int32_t sum = 0;
    for (int64_t k = 0; k < kI8Block; ++k) {
      // A NaN or infinity in x must not be lost in the integers: it goes into the scale below.
      const float scaled = k < count ? from[k] * inverse : 0.0f;
      const int value = std::fabs(scaled) <= 127.5f ? static_cast<int>(round_even(scaled)) : 0;
      q[b * kI8Block + k] = static_cast<int8_t>(value);
      sum += value;
    }
    scales[b] = most / 127.0f;
    for (int64_t k = 0; k < count; ++k)
      if (!std::isfinite(from[k])) scales[b] = NAN;
    offsets[b] = -128 * sum;
  }
}

}  // namespace athanor::kernels
