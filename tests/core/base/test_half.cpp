#include "athanor/core/base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace athanor::base {
namespace {

// binary16 by its definition, in doubles
double value_of_f16(uint16_t h) {
  const int exponent = (h >> 10) & 31, mantissa = h & 0x3ff;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}

TEST(Half, EveryFloat16ReadsAsItsDefinition) {
  for (int i = 0; i < 65536; ++i) {
    const auto h = static_cast<uint16_t>(i);
    const float f = f16_to_f32(h);
    if ((h & 0x7c00) != 0x7c00) {
      ASSERT_EQ(f, value_of_f16(h)) << i;
      ASSERT_EQ(std::signbit(f), (h & 0x8000) != 0) << i;
    } else if (h & 0x3ff) {
      ASSERT_TRUE(std::isnan(f)) << i;
    } else {
      ASSERT_TRUE(std::isinf(f) && std::signbit(f) == ((h & 0x8000) != 0)) << i;
    }
  }
}

TEST(Half, EveryFloat16SurvivesTheWayThereAndBack) {
  for (int i = 0; i < 65536; ++i) {
    const auto h = static_cast<uint16_t>(i);
    const bool nan = (h & 0x7c00) == 0x7c00 && (h & 0x3ff);
    ASSERT_EQ(f32_to_f16(f16_to_f32(h)), nan ? h | 0x200 : h) << i;  // NaNs become quiet, their payload stays
  }
}

TEST(Half, EveryBfloat16SurvivesTheWayThereAndBack) {
  for (int i = 0; i < 65536; ++i) {
    const auto h = static_cast<uint16_t>(i);
    const bool nan = (h & 0x7f80) == 0x7f80 && (h & 0x7f);
    ASSERT_EQ(f32_to_bf16(bf16_to_f32(h)), nan ? h | 0x40 : h) << i;
  }
}

// Between each two neighbours: below the middle rounds down, above it up, and the middle itself to the even one.
TEST(Half, RoundsToNearestEvenBetweenAllNeighbours) {
  for (uint16_t h = 0; h < 0x7bff; ++h) {
    const auto next = static_cast<uint16_t>(h + 1);
    const float middle = static_cast<float>((value_of_f16(h) + value_of_f16(next)) / 2);
    ASSERT_EQ(f32_to_f16(middle), h & 1 ? next : h) << h;
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, 0.0f)), h) << h;
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, INFINITY)), next) << h;
    ASSERT_EQ(f32_to_f16(-middle), 0x8000 | (h & 1 ? next : h)) << h;
  }
  for (uint16_t h = 0; h < 0x7f7f; ++h) {
    const auto next = static_cast<uint16_t>(h + 1);
    const float middle = std::bit_cast<float>(static_cast<uint32_t>(h) << 16 | 0x8000u);
    ASSERT_EQ(f32_to_bf16(middle), h & 1 ? next : h) << h;
    ASSERT_EQ(f32_to_bf16(std::nextafter(middle, 0.0f)), h) << h;
    ASSERT_EQ(f32_to_bf16(std::nextafter(middle, INFINITY)), next) << h;
  }
}

TEST(Half, EdgesOfFloat16) {
  EXPECT_EQ(f32_to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65519.99f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(-INFINITY), 0xfc00);
  EXPECT_EQ(f32_to_f16(1e-10f), 0x0000);
  EXPECT_EQ(f32_to_f16(-0.0f), 0x8000);
  EXPECT_TRUE(std::isinf(bf16_to_f32(f32_to_bf16(3.4e38f))));
}

}  // namespace
}  // namespace athanor::base
