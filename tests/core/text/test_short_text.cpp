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

}  // namespace
}  // namespace athanor::text
