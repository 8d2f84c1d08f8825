#include "athanor/run/generate/stop_text.h"

#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"

namespace athanor::generate {
namespace {

TEST(StopText, HoldsBackWhatMayBecomeAStop) {
  StopText stop({"\n\nUser:"});
  EXPECT_EQ(stop.push("Hello\n"), "Hello");
  EXPECT_EQ(stop.push("\nUse"), "");
  EXPECT_EQ(stop.push(" it"), "\n\nUse it");
  EXPECT_EQ(stop.push(" so\n\nUser: hi"), " so");
  EXPECT_TRUE(stop.stopped());
  EXPECT_EQ(stop.push("more"), "");
  EXPECT_EQ(stop.finish(), "");
}

TEST(StopText, TheEndGivesBackWhatWasHeld) {
  StopText stop({"END"});
  EXPECT_EQ(stop.push("the EN"), "the ");
  EXPECT_EQ(stop.finish(), "EN");
  EXPECT_FALSE(stop.stopped());
}

TEST(StopText, TheEarliestOfSeveral) {
  StopText stop({"cd", "bc"});
  EXPECT_EQ(stop.push("abcd"), "a");
  EXPECT_TRUE(stop.stopped());
}

TEST(StopText, AnEmptyStopIsAnError) { EXPECT_THROW(StopText({"a", ""}), base::Error); }

// Over random texts of two letters, cut anywhere: what is shown is the text before the first completed stop, and at no moment more.
TEST(StopText, NeverLeaksAndNeverLoses) {
  base::Philox random(3, 0, base::Purpose::kTest);
  const auto letters = [&](uint64_t least, uint64_t most) {
    std::string s(least + random.below(most - least + 1), 'a');
    for (char& c : s) c = random.below(2) ? 'a' : 'b';
    return s;
  };
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::string> stops;
    for (uint64_t i = 0; i < 1 + random.below(3); ++i) stops.push_back(letters(1, 6));
    const std::string text = letters(0, 40);
    // The first moment at which a stop is complete ends everything; the text is cut where the earliest of those then complete
    // begins.
    size_t end = text.size(), cut = text.size();
    bool stopped = false;
    StopText stop(stops);
    std::string shown;
    for (size_t at = 0; at < text.size() && !stop.stopped();) {
      const size_t count = std::min<size_t>(1 + random.below(4), text.size() - at);
      shown += stop.push(std::string_view(text).substr(at, count));
      at += count;
      for (const std::string& s : stops) {
        const size_t found = text.substr(0, at).find(s);
        if (found != std::string::npos) cut = std::min(cut, found), stopped = true, end = at;
      }
      ASSERT_EQ(stop.stopped(), stopped) << text;
      ASSERT_LE(shown.size(), cut);
    }
    shown += stop.finish();
    ASSERT_EQ(shown, text.substr(0, stopped ? cut : end)) << text << " round " << round;
  }
}

}  // namespace
}  // namespace athanor::generate
