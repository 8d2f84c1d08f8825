#include "athanor/core/text/tokenizers/unicode.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace athanor::text {
namespace {

bool is_utf8_step_by_step(std::string_view bytes) {
  while (!bytes.empty()) {
    int length = utf8_sequence(bytes);
    if (length <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(length));
  }
  return true;
}

// Eight bytes are looked at together where they are ASCII or characters of two bytes: each byte that could be wrong, at each place.
TEST(Unicode, Utf8AsStepByStep) {
  const std::string pieces[] = {"a", "\xc3\xa9", "\xc4\xa0", "\xe6\x97\xa5", "\xf0\x9f\x98\x80"};
  const unsigned char wrong[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xf0, 0xf4, 0xf5, 0xff};
  std::mt19937 random(5);
  int valid = 0, broken = 0;
  for (int n = 0; n < 20000; ++n) {
    std::string text;
    for (size_t k = random() % 24; k > 0; --k) text += pieces[random() % (n % 3 == 0 ? 5 : 3)];
    if (n % 2 && !text.empty()) text[random() % text.size()] = static_cast<char>(wrong[random() % std::size(wrong)]);
    if (n % 5 == 0 && !text.empty()) text.pop_back();
    const bool wanted = is_utf8_step_by_step(text);
    ASSERT_EQ(is_utf8(text), wanted) << n;
    ++(wanted ? valid : broken);
  }
  EXPECT_GT(valid, 5000);
  EXPECT_GT(broken, 5000);
}

}  // namespace
}  // namespace athanor::text
