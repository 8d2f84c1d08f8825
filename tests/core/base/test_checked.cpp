#include "athanor/core/base/checked.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace athanor::base {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

TEST(Checked, AddAndMultiply) {
  EXPECT_EQ(checked_add(2, 3), 5u);
  EXPECT_EQ(checked_add(kMost, 0), kMost);
  EXPECT_EQ(checked_add(kMost, 1), std::nullopt);
  EXPECT_EQ(checked_mul(1ull << 32, (1ull << 32) - 1), kMost - 0xffffffffu);
  EXPECT_EQ(checked_mul(1ull << 32, 1ull << 32), std::nullopt);
  EXPECT_EQ(checked_mul(kMost, 0), 0u);
}

TEST(Checked, CountOfAShape) {
  const auto count = [](std::vector<int64_t> shape) { return checked_count(shape); };
  EXPECT_EQ(count({}), 1);
  EXPECT_EQ(count({2, 3, 4}), 24);
  EXPECT_EQ(count({0, int64_t{1} << 62}), 0);
  EXPECT_EQ(count({-1, 2}), std::nullopt);
  EXPECT_EQ(count({(int64_t{1} << 42) + 1, int64_t{1} << 42}), std::nullopt);
  EXPECT_EQ(count({int64_t{1} << 32, int64_t{1} << 32, 0}), std::nullopt);  // even where a later 0 would hide it
}

TEST(Checked, SpanInsideAFile) {
  EXPECT_TRUE(checked_span(0, 0, 0));
  EXPECT_TRUE(checked_span(10, 0, 10));
  EXPECT_TRUE(checked_span(2, 8, 10));
  EXPECT_FALSE(checked_span(3, 8, 10));
  EXPECT_FALSE(checked_span(kMost, 2, 10));
  EXPECT_FALSE(checked_span(11, 0, 10));
}

}  // namespace
}  // namespace athanor::base
