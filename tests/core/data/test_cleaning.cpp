#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/data/cleaning.h"
#include "tests/testing/golden.h"

namespace athanor::data {
namespace {

const CleaningMethod& method(std::string_view name) { return base::find_row(cleaning_methods(), name, "test"); }

std::string after(std::string_view name, std::string text, Cleaned expected) {
  EXPECT_EQ(method(name).make()(text), expected) << name;
  return text;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

void compare(const char* name, const char* key) {
  const testing::Golden golden("core_data/cleaning");
  int changed = 0;
  for (const auto& pair : golden.json().at(key)) {
    const std::string before = bytes_of(pair[0]), expected = bytes_of(pair[1]);
    changed += before != expected;
    EXPECT_EQ(after(name, before, before == expected ? Cleaned::kSame : Cleaned::kChanged), expected) << pair[0];
  }
  EXPECT_GT(changed, 50);
}

TEST(Cleaning, RepairsAsPythonDoes) { compare("repair-utf8", "repair"); }

TEST(Cleaning, ComposesAsPythonDoes) { compare("nfc", "nfc"); }

TEST(Cleaning, Newlines) {
  EXPECT_EQ(after("newlines", "a\r\nb\rc\n\r\r\n", Cleaned::kChanged), "a\nb\nc\n\n\n");
  EXPECT_EQ(after("newlines", "a\nb", Cleaned::kSame), "a\nb");
}

TEST(Cleaning, Controls) {
  EXPECT_EQ(after("controls", std::string("a\0b\tc\n\x1b[0m\x7f\r\xC2\x85 \xC2\xA0\xC3\xA9", 20), Cleaned::kChanged),
            "ab\tc\n[0m\r \xC2\xA0\xC3\xA9");
  EXPECT_EQ(after("controls", "é汉\t\n", Cleaned::kSame), "é汉\t\n");
}

TEST(Cleaning, EmptyAndDuplicates) {
  after("drop-empty", " \t\n", Cleaned::kDropped);
  after("drop-empty", " a ", Cleaned::kSame);
  CleaningStep step = method("drop-duplicates").make();
  std::string a = "a", b = "b", again = "a";
  EXPECT_EQ(step(a), Cleaned::kSame);
  EXPECT_EQ(step(b), Cleaned::kSame);
  EXPECT_EQ(step(again), Cleaned::kDropped);
}

TEST(Cleaning, StepsRunInOrderAndAreCounted) {
  Cleaner cleaner({}, true);
  std::vector<std::string> kept;
  for (std::string document : {"a\r\nb", "a\nb", "\x01\n", "\xff"})
    if (cleaner.clean(document)) kept.push_back(document);
  EXPECT_EQ(kept, (std::vector<std::string>{"a\nb", "\xEF\xBF\xBD"}));
  using Counts = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(cleaner.counts(),
            (Counts{{"repair-utf8", 1}, {"newlines", 1}, {"controls", 1}, {"drop-empty", 1}, {"drop-duplicates", 1}}));
}

TEST(Cleaning, HeldOutTextIsNotDropped) {
  Cleaner cleaner({}, false);
  std::string first = "a\r", second = "a\r";
  EXPECT_TRUE(cleaner.clean(first));
  EXPECT_TRUE(cleaner.clean(second));
  EXPECT_EQ(second, "a\n");
}

TEST(Cleaning, AStepThatIsOffDoesNothing) {
  CleaningOptions off{false, false, false, false, false, false};
  Cleaner cleaner(off, true);
  std::string text = "\xff\r\n\x01";
  EXPECT_TRUE(cleaner.clean(text));
  EXPECT_EQ(text, "\xff\r\n\x01");
}

}  // namespace
}  // namespace athanor::data
