#include "athanor/core/base/scalar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::base {
namespace {

Node plain(const char* text) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = text;
  return node;
}

TEST(Scalar, Quotes) {
  Node quoted = plain("1");
  quoted.quoted = true;
  EXPECT_EQ(as_integer(quoted), std::nullopt);
  EXPECT_EQ(as_number(quoted), std::nullopt);
  quoted.scalar = "null";
  EXPECT_FALSE(is_null(quoted));
  quoted.scalar = "true";
  EXPECT_EQ(as_boolean(quoted), std::nullopt);
}

TEST(Scalar, Integers) {
  EXPECT_EQ(as_integer(plain("9223372036854775807")), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(as_integer(plain("-9223372036854775808")), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(as_integer(plain("9223372036854775808")), std::nullopt);
  EXPECT_EQ(as_integer(plain("+12")), 12);
  EXPECT_EQ(as_integer(plain("0x1F")), 31);
  EXPECT_EQ(as_integer(plain("0o17")), 15);
  EXPECT_EQ(as_integer(plain("017")), 17);
  for (const char* text : {"", "-", "+", "+-1", "0x", "0x-1", "1_000", "1 ", " 1", "1.0", "1e3", "0xg"})
    EXPECT_EQ(as_integer(plain(text)), std::nullopt) << text;
}

TEST(Scalar, Numbers) {
  EXPECT_EQ(as_number(plain("1e-4")), 1e-4);
  EXPECT_EQ(as_number(plain(".5")), 0.5);
  EXPECT_EQ(as_number(plain("5.")), 5.0);
  EXPECT_EQ(as_number(plain("+1.5E+3")), 1500.0);
  EXPECT_EQ(as_number(plain("-.inf")), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*as_number(plain(".nan"))));
  for (const char* text : {"", ".", "e5", "1e", "1e400", "inf", "nan", "-nan", "1.2.3", "1-2", "--1", "+-1"})
    EXPECT_EQ(as_number(plain(text)), std::nullopt) << text;
}

TEST(Scalar, NullsAndBooleans) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_TRUE(is_null(plain(text))) << text;
  EXPECT_TRUE(is_null(Node{}));
  EXPECT_FALSE(is_null(plain("none")));
  EXPECT_EQ(as_boolean(plain("True")), true);
  EXPECT_EQ(as_boolean(plain("FALSE")), false);
  for (const char* text : {"yes", "on", "1", "tRUE"}) EXPECT_EQ(as_boolean(plain(text)), std::nullopt) << text;
}

}  // namespace
}  // namespace athanor::base
