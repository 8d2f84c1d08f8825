#include "athanor/core/base/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

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

/// Standard error becomes a terminal while it lives.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) {
    const winsize size{24, columns, 0, 0};
    int slave = -1;
    if (openpty(&master_, &slave, nullptr, nullptr, &size) != 0) return;
    before_ = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    close(slave);
  }
  std::string close_and_read() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    std::string all;
    char buffer[4096];
    for (ssize_t n; (n = ::read(master_, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<size_t>(n));
    close(master_);
    return all;
  }

 private:
  int master_ = -1, before_ = -1;
};

TEST(TerminalProgress, OnATerminalOneLineIsDrawnAgainInItsWidth) {
  setenv("NO_COLOR", "1", 1);
  Terminal terminal(60);
  {
    const auto sink = terminal_progress();
    sink->update("step 500/1.0k " + std::string(100, 'x'), 0.5);
    sink->update("too soon to be drawn", 0.6);
    sink->finish("done");
  }
  unsetenv("NO_COLOR");
  const std::string bar = "[==========          ] ";
  const std::string line = bar + "step 500/1.0k " + std::string(60 - 1 - bar.size() - 14, 'x');
  EXPECT_EQ(terminal.close_and_read(), "\r\033[K" + line + "\r\033[Kdone\r\n");
}

}  // namespace
}  // namespace athanor::base
