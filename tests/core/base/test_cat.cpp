#include "athanor/core/base/cat.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

namespace athanor::base {
namespace {

TEST(Cat, JoinsTextAndNumbers) {
  const char* pointer = "p";
  EXPECT_EQ(cat("a", std::string("b"), std::string_view("c"), pointer, 'x', 1, -2l, 3u, true, 0.5f), "abcpx1-23true0.5");
  EXPECT_EQ(cat(), "");
  EXPECT_EQ(cat(uint8_t{200}, " ", std::numeric_limits<int64_t>::min()), "200 -9223372036854775808");
}

TEST(Cat, DoublesReadBackEqual) {
  for (double value : {0.1, 1e300, 5e-324, 1.0 / 3}) EXPECT_EQ(std::strtod(cat(value).c_str(), nullptr), value);
}

TEST(Cat, Fixed) {
  EXPECT_EQ(fixed(1.5, 2), "1.50");
  EXPECT_EQ(fixed(-0.126, 2), "-0.13");
  EXPECT_EQ(fixed(1e308, 0).size(), 309u);
}

TEST(Cat, HumanUnits) {
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(3.0 * 1024 * 1024 * 1024), "3.0 GiB");
  EXPECT_EQ(human_count(8100), "8.1k");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(7.3e6), "7.3M");
}

}  // namespace
}  // namespace athanor::base
