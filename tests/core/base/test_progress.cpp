#include "athanor/core/base/progress.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace athanor::base {
namespace {

struct Recorder : ProgressSink {
  std::vector<std::string> updates, finishes;
  std::vector<double> fractions;
  Recorder() { set_progress_sink(this); }
  ~Recorder() override { set_progress_sink(nullptr); }
  void update(std::string_view line, double fraction) override {
    updates.emplace_back(line);
    fractions.push_back(fraction);
  }
  void finish(std::string_view line) override { finishes.emplace_back(line); }
};

TEST(Progress, SaysHowFarHowFastAndHowLong) {
  Recorder recorder;
  Progress progress("step", 1000, "tok");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  progress.advance(250, "loss 2.31");
  progress.finish("loss 2.20");
  ASSERT_EQ(recorder.updates.size(), 1u);
  EXPECT_TRUE(recorder.updates[0].starts_with("step 250/1.0k loss 2.31 ")) << recorder.updates[0];
  EXPECT_NE(recorder.updates[0].find(" tok/s eta 0:0"), std::string::npos);
  EXPECT_EQ(recorder.fractions[0], 0.25);
  ASSERT_EQ(recorder.finishes.size(), 1u);
  EXPECT_NE(recorder.finishes[0].find(" in 0:00"), std::string::npos);
}

TEST(Progress, WithoutAnEndThereIsNoFraction) {
  Recorder recorder;
  Progress progress("reading", 0, "documents");
  progress.advance(5);
  EXPECT_LT(recorder.fractions[0], 0);
  EXPECT_TRUE(recorder.updates[0].starts_with("reading 5 "));
  EXPECT_EQ(recorder.updates[0].find("eta"), std::string::npos);
}

TEST(Progress, FinishesOnceEvenWhenForgotten) {
  Recorder recorder;
  { Progress progress("a", 1, "x"); }
  {
    Progress progress("b", 1, "x");
    progress.finish();
    progress.finish();
  }
  EXPECT_EQ(recorder.finishes.size(), 2u);
}

TEST(Progress, WithoutASinkItIsSilent) {
  ::testing::internal::CaptureStderr();
  Progress progress("a", 1, "x");
  progress.advance(1);
  progress.finish();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(TerminalProgress, OffATerminalLinesArePlainAndFew) {
  ::testing::internal::CaptureStderr();  // a file
  {
    const auto sink = terminal_progress();
    for (int i = 0; i < 1000; ++i) sink->update("step 1", 0.5);
    sink->finish("step 2");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "step 2\n");
}

}  // namespace
}  // namespace athanor::base
