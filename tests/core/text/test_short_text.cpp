#include "athanor/core/text/tokenizers/short_text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace athanor::text {
namespace {

TEST(ShortText, EveryByteCounts) {
  std::set<uint64_t> hashes;
  size_t texts = 0;
  for (size_t length = 0; length <= 40; ++length) {
    std::string text(length, 'x');
    EXPECT_TRUE(same_text(text, std::string(length, 'x')));
    EXPECT_FALSE(same_text(text, text + "x"));
    hashes.insert(string_hash(text)), ++texts;
    for (size_t i = 0; i < length; ++i) {
      std::string other = text;
      other[i] = 'y';
      EXPECT_FALSE(same_text(text, other)) << length << " bytes, byte " << i;
      hashes.insert(string_hash(other)), ++texts;
    }
  }
  EXPECT_EQ(hashes.size(), texts);
}

TEST(ShortText, OneSpaceIsFoundAnywhere) {
  EXPECT_EQ(only_space(""), std::string_view::npos);
  for (size_t length = 1; length <= 40; ++length) {
    const std::string text(length, '!');
    EXPECT_EQ(only_space(text), std::string_view::npos);
    for (size_t i = 0; i < length; ++i) {
      std::string one = text;
      one[i] = ' ';
      EXPECT_EQ(only_space(one), i) << length;
      for (size_t k = i + 1; k < length; ++k) {
        std::string two = one;
        two[k] = ' ';
        EXPECT_EQ(only_space(two), std::string_view::npos) << length << " bytes, " << i << " and " << k;
      }
    }
  }
}

}  // namespace
}  // namespace athanor::text
