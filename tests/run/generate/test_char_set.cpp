#include "athanor/run/generate/constraints/char_set.h"

#include <gtest/gtest.h>

#include <string>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::generate {
namespace {

bool spells(const std::vector<ByteSequence>& sequences, const std::string& bytes) {
  int ways = 0;
  for (const ByteSequence& s : sequences) {
    bool fits = s.size() == bytes.size();
    for (size_t i = 0; fits && i < s.size(); ++i) {
      const auto b = static_cast<uint8_t>(bytes[i]);
      fits = s[i].low <= b && b <= s[i].high;
    }
    ways += fits;
  }
  EXPECT_LE(ways, 1) << "a character is spelled in one way";
  return ways > 0;
}

TEST(CharSet, Utf8SequencesSpellExactlyTheSet) {
  const CharSet set = {{'a', 'f'}, {0x70, 0x90}, {0x7f0, 0x812}, {0xd000, 0xe010}, {0xffff, 0x10002}, {0x10fff0, kLastChar}};
  const auto sequences = utf8_sequences(set);
  const auto ranges = set.ranges();
  for (uint32_t c = 0; c <= kLastChar; ++c) {
    if (c == 0x2000) c = 0xcff0;
    if (c == 0x20000) c = 0x10ff00;
    if (c >= 0xd800 && c < 0xe000) continue;
    bool in = false;
    for (const CharRange& r : ranges) in |= c >= r.low && c <= r.high;
    std::string bytes;
    text::append_utf8(bytes, c);
    ASSERT_EQ(spells(sequences, bytes), in) << c;
  }
  EXPECT_FALSE(spells(sequences, "\xed\xa0\x80")) << "a surrogate is no character";
  EXPECT_FALSE(spells(utf8_sequences(CharSet::all()), "\xc1\x80")) << "too long a spelling";
  EXPECT_FALSE(spells(utf8_sequences(CharSet::all()), "\xf4\x90\x80\x80")) << "past the last character";
}

TEST(CharSet, Sets) {
  const CharSet a = {{'a', 'm'}}, b = {{'g', 'z'}};
  const auto only = a.without(b).ranges(), common = a.common_with(b).ranges();
  ASSERT_EQ(only.size(), 1u);
  EXPECT_EQ(only[0].high, static_cast<uint32_t>('f'));
  ASSERT_EQ(common.size(), 1u);
  EXPECT_EQ(common[0].low, static_cast<uint32_t>('g'));
  EXPECT_EQ(common[0].high, static_cast<uint32_t>('m'));
  EXPECT_TRUE(CharSet::all().inverted().empty());
  EXPECT_TRUE(CharSet({{0xd800, 0xdfff}}).empty()) << "surrogates are no characters";
  EXPECT_TRUE(CharSet({{5, 4}}).empty());
}

TEST(CharSet, Categories) {
  CharSet letters, upper, none;
  ASSERT_TRUE(CharSet::of_category("L", letters));
  ASSERT_TRUE(CharSet::of_category("Lu", upper));
  EXPECT_FALSE(CharSet::of_category("Lx", none));
  EXPECT_FALSE(CharSet::of_category("", none));
  EXPECT_TRUE(upper.without(letters).empty());
  EXPECT_TRUE(CharSet({{0x416, 0x416}}).without(upper).empty());
  EXPECT_TRUE(letters.common_with({{'0', '9'}}).empty());
}

}  // namespace
}  // namespace athanor::generate
