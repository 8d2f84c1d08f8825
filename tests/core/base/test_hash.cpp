#include "athanor/core/base/hash.h"

#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "tests/testing/temp_folder.h"

namespace athanor::base {
namespace {

// From `xxhsum -H3` (xxHash 0.8).
TEST(Hash, KnownAnswers) {
  EXPECT_EQ(hash_hex(hash64("")), "2d06800538d394c2");
  EXPECT_EQ(hash_hex(hash64("a")), "e6c632b61e964e1f");
  EXPECT_EQ(hash_hex(hash64("abc")), "78af5f94892f3950");
}

TEST(Hash, TheSeedMatters) {
  EXPECT_NE(hash64("abc", 1), hash64("abc", 0));
  EXPECT_EQ(hash64("abc", 1), hash64("abc", 1));
}

TEST(Hash, HexKeepsLeadingZeros) { EXPECT_EQ(hash_hex(0xab), "00000000000000ab"); }

TEST(Hash, OfAFileIsOfItsBytes) {
  const testing::TempFolder folder;
  EXPECT_EQ(hash_file(folder.write("f", "abc")), hash64("abc"));
  EXPECT_EQ(hash_file(folder.write("empty", "")), hash64(""));
  EXPECT_THROW(hash_file(folder / "none"), Error);
}

}  // namespace
}  // namespace athanor::base
