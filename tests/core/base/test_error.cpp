#include "athanor/core/base/error.h"

#include <gtest/gtest.h>

namespace athanor::base {
namespace {

std::string text_of(const Complaint& complaint) { return Error(ErrorKind::kInput, "room.thing", complaint).what(); }

TEST(Error, JoinsTheGivenParts) {
  EXPECT_EQ(text_of({"bad bits", "5", "2, 3, 4 or 8", "--bits 4"}),
            "[room.thing] bad bits; got 5; expected 2, 3, 4 or 8; try --bits 4");
  EXPECT_EQ(text_of({"bad bits"}), "[room.thing] bad bits");
  EXPECT_EQ(text_of({"bad bits", "", "4"}), "[room.thing] bad bits; expected 4");
}

TEST(Error, KindsHaveTheirExitCodes) {
  const auto code = [](void (*raise)(std::string_view, const Complaint&)) {
    try {
      raise("a.b", {"c"});
    } catch (const Error& error) {
      return error.exit_code();
    }
    return 0;
  };
  EXPECT_EQ(code(input_error), 2);
  EXPECT_EQ(code(file_error), 3);
  EXPECT_EQ(code(bug), 70);
}

TEST(Error, ControlCharactersOfAFileCannotReachTheTerminal) {
  EXPECT_EQ(text_of({"name \x1b[31m\n\x7f"}), "[room.thing] name \\x1b[31m\\n\\x7f");
}

TEST(Error, LongTextIsCutWithinACharacterBoundary) {
  std::string long_text;
  for (int i = 0; i < 300; ++i) long_text += "\xe7\x82\xbc";  // three bytes each
  const std::string text = text_of({long_text});
  EXPECT_LE(text.size(), 400u);
  EXPECT_GE(text.size(), 396u);
  EXPECT_TRUE(text.ends_with("\xe7\x82\xbc..."));
}

TEST(Error, ALongPartLeavesRoomForTheAdvice) {
  EXPECT_TRUE(text_of({"what", std::string(1000, 'g'), std::string(50, 'e'), "this"}).ends_with("; try this"));
}

TEST(Error, ExpectThrowsABugOnlyWhereItDoesNotHold) {
  EXPECT_NO_THROW(expect(true, "a.b", "c"));
  EXPECT_THROW(expect(false, "a.b", "c"), Error);
}

}  // namespace
}  // namespace athanor::base
