#include "athanor/run/generate/repeat_filter.h"

#include <gtest/gtest.h>

#include "athanor/core/base/philox.h"

namespace athanor::generate {
namespace {

std::string filtered(std::string_view text, int64_t times = 1) {
  RepeatFilter filter(times);
  std::string out = filter.push(text);
  return out + filter.finish();
}

TEST(RepeatFilter, LeavesOutWhatWasSaid) {
  EXPECT_EQ(filtered("The king is dead. Long live the king! The king is dead. And then?"),
            "The king is dead. Long live the king! And then?");
  EXPECT_EQ(filtered("He came to the house.\nShe left.\nHe came to the house.\nHe came to the house.\nThe end"),
            "He came to the house.\nShe left.\nThe end");
  EXPECT_EQ(filtered("我今天去了图书馆。天气很好。我今天去了图书馆。再见"), "我今天去了图书馆。天气很好。再见");
  EXPECT_EQ(filtered("他说：「我不会再回来了。」她走了。他说：「我不会再回来了。」完"), "他说：「我不会再回来了。」她走了。完");
  EXPECT_EQ(filtered("\"I will not go there.\" He sat. \"I will not go there.\" He sat."),
            "\"I will not go there.\" He sat. He sat.");
  EXPECT_EQ(filtered("to be or not to be\nto be or not to be"), "to be or not to be\n");
}

TEST(RepeatFilter, TimesSayHowOftenASentenceMayCome) {
  const std::string loop = "I will be the king of it.\n";
  EXPECT_EQ(filtered(loop + loop + loop + loop, 2), loop + loop);
  EXPECT_EQ(filtered(loop + loop + loop + loop, 3), loop + loop + loop);
}

TEST(RepeatFilter, WhatRepeatsByRightStays) {
  for (const char* text : {
           "Yes. No. Yes. No. Yes. No.",                            // short
           "ROMEO:\nAy me.\n\nJULIET:\nAy me.\n\nROMEO:\nAy me.",   // names of speakers
           "```\nreturn counter + 1;\nreturn counter + 1;\n```\n",  // code
           "    return counter + 1;\n    return counter + 1;\n",    // indented code
           "- one of the two sorts\n- one of the two sorts\n1. The same again here.\n2. The same again here.\n",  // lists
           "| a long cell of text |\n| a long cell of text |\n# The same heading\n# The same heading\n",
           "Version 3.14159 is 3.14159265 and not 3.14159265 at all",  // points inside numbers end nothing
           "\n\n\n  \n\n",
       })
    EXPECT_EQ(filtered(text), text);
}

TEST(RepeatFilter, ShowsAtOnceWhatCannotBeARepetition) {
  RepeatFilter filter(1);
  EXPECT_EQ(filter.push("The king is dead."), "The king is dead.");
  EXPECT_EQ(filter.push(" The king is"), "");
  EXPECT_EQ(filter.push(" not"), " The king is not");
  EXPECT_EQ(filter.push(" here. The king is dead"), " here.");
  EXPECT_EQ(filter.push(". Who"), " Who");
  EXPECT_EQ(filter.left_out(), 1);
  EXPECT_EQ(filter.finish(), "");
}

// Whatever the pieces: the same text; and with so many times that nothing is left out, the text itself.
TEST(RepeatFilter, PiecesDoNotMatterAndNothingElseIsLost) {
  const char* parts[] = {"The king is dead",
                         "He came to the house",
                         ".",
                         "!",
                         " ",
                         "\n",
                         "我今天去了图书馆",
                         "。",
                         "」",
                         "\"",
                         "- ",
                         "```",
                         "\t",
                         "Yes",
                         "1. "};
  base::Philox random(5, 0, base::Purpose::kTest);
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    RepeatFilter piecewise(1), tolerant(1000);
    std::string shown, whole;
    for (uint64_t i = 0, count = random.below(25); i < count; ++i) {
      const std::string part = parts[random.below(std::size(parts))];
      text += part;
      shown += piecewise.push(part);
      whole += tolerant.push(part);
    }
    shown += piecewise.finish();
    whole += tolerant.finish();
    ASSERT_EQ(shown, filtered(text)) << text;
    ASSERT_EQ(whole, text);
    ASSERT_LE(shown.size(), text.size());
  }
}

}  // namespace
}  // namespace athanor::generate
