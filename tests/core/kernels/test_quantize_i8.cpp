#include "athanor/core/kernels/quantize_i8.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "athanor/core/base/error.h"
#include "tests/core/kernels/kernel_inputs.h"

namespace athanor::kernels {
namespace {

TEST(QuantizeI8, EveryWeightIsWithinHalfAStep) {
  for (const auto& [n, k] : {std::pair<int64_t, int64_t>{1, 1}, {31, 33}, {32, 32}, {33, 100}, {65, 300}}) {
    const std::vector<float> w = normals(n * k, 1);
    std::vector<std::byte> panels(i8_bytes(n, k));
    const WeightMatrix q = quantize_i8({WeightType::kF32, w.data(), n, k}, panels.data());
    std::vector<float> row(static_cast<size_t>(k));
    for (int64_t i = 0; i < n; ++i) {
      dequantize_i8_row(q, i, row.data());
      for (int64_t j = 0; j < k; ++j) {
        const int64_t first = i * k + j / 32 * 32, last = std::min(first + 32, (i + 1) * k);
        float most = 0;
        for (int64_t b = first; b < last; ++b) most = std::max(most, std::fabs(w[static_cast<size_t>(b)]));
        // half a step of scale = most / 127, and the scale's own rounding to float16 (2^-11 of the value)
        EXPECT_NEAR(row[static_cast<size_t>(j)], w[static_cast<size_t>(i * k + j)], most / 127 * 0.5 + most * 0x1p-11);
      }
    }
  }
}

TEST(QuantizeI8, HalvesQuantizeAsTheirValues) {
  const int64_t n = 3, k = 70;
  const std::vector<float> w = normals(n * k, 1);
  std::vector<uint16_t> halves;
  std::vector<float> rounded;
  for (float v : w) {
    halves.push_back(base::f32_to_bf16(v));
    rounded.push_back(base::bf16_to_f32(halves.back()));
  }
  std::vector<std::byte> a(i8_bytes(n, k)), b(i8_bytes(n, k));
  quantize_i8({WeightType::kBF16, halves.data(), n, k}, a.data());
  quantize_i8({WeightType::kF32, rounded.data(), n, k}, b.data());
  EXPECT_EQ(a, b);
}

TEST(QuantizeI8, ZerosStayZeros) {
  const std::vector<float> w(64, 0.0f);
  std::vector<std::byte> panels(i8_bytes(1, 64));
  std::vector<float> row(64, 1.0f);
  dequantize_i8_row(quantize_i8({WeightType::kF32, w.data(), 1, 64}, panels.data()), 0, row.data());
  EXPECT_EQ(row, w);
}

TEST(QuantizeI8, WeightsThatEightBitsCannotHoldAreRefused) {
  for (float bad : {NAN, INFINITY, -INFINITY, 1e30f}) {
    std::vector<float> w(64, 1.0f);
    w[40] = bad;
    std::vector<std::byte> panels(i8_bytes(2, 32));
    try {
      quantize_i8({WeightType::kF32, w.data(), 2, 32}, panels.data());
      FAIL() << bad;
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kInput);
      EXPECT_NE(std::string(e.what()).find("[kernels.quantize_i8] weight row 1 cannot be held in 8 bits"), std::string::npos)
          << e.what();
    }
  }
}

TEST(QuantizeI8, InputBlocksAndTheirOffsets) {
  std::vector<float> x = normals(45, 3);
  int8_t q[64];
  float scales[2];
  int32_t offsets[2];
  quantize_i8_input(x.data(), 45, q, scales, offsets);
  for (int64_t j = 0; j < 45; ++j) EXPECT_NEAR(q[j] * scales[j / 32], x[static_cast<size_t>(j)], scales[j / 32] * 0.5001);
  for (int64_t j = 45; j < 64; ++j) EXPECT_EQ(q[j], 0);
  for (int b = 0; b < 2; ++b) EXPECT_EQ(offsets[b], -128 * std::accumulate(q + 32 * b, q + 32 * b + 32, 0));
}

}  // namespace
}  // namespace athanor::kernels
