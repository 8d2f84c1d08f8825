#include "athanor/core/base/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace athanor::base {
namespace {

constexpr size_t kAll = std::string_view::npos;

std::string encode(uint32_t c) {
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  if (c < 0x10000)
    return {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  return {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)), static_cast<char>(0x80 | (c >> 6 & 63)),
          static_cast<char>(0x80 | (c & 63))};
}

TEST(Utf8, EveryCodePointIsValidButSurrogates) {
  for (uint32_t c = 0; c < 0x112000; ++c) {
    const bool valid = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
    ASSERT_EQ(invalid_utf8(encode(c)), valid ? kAll : 0u) << std::hex << c;
  }
}

TEST(Utf8, SaysWhereItEnds) {
  EXPECT_EQ(invalid_utf8(""), kAll);
  EXPECT_EQ(invalid_utf8("plain text, longer than eight bytes"), kAll);
  EXPECT_EQ(invalid_utf8("plain text, longer than eight\x80"), 29u);
  EXPECT_EQ(invalid_utf8("caf\xc3\xa9 caf\xe9"), 9u);
  EXPECT_EQ(invalid_utf8("\xe7\x82\xbc\xe4\xb8"), 3u);
  for (const char* overlong : {"\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf5\x80\x80\x80", "\xff", "\xe0\x80"})
    EXPECT_EQ(invalid_utf8(overlong), 0u) << overlong;
}

}  // namespace
}  // namespace athanor::base
