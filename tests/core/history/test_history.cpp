#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "athanor/core/base/error.h"
#include "athanor/core/history/history.h"
#include "tests/testing/temp_folder.h"

namespace athanor::history {
namespace {

history::Run sample(const std::string& out) {
  history::Run run;
  run.stage = "pretrain", run.out = out, run.recipe = "stage: pretrain\n", run.pid = getpid(), run.steps = 100;
  return run;
}

TEST(History, RunsAndCurvesAreKept) {
  const testing::TempFolder folder;
  const auto path = folder / "deep/runs.db";
  int64_t id = 0;
  {
    History runs_file = History::open(path);
    id = runs_file.begin(sample("/a"), false);
    runs_file.add(id, 10, {{10, "loss", 2.5}, {10, "lr", 1e-3}});
    runs_file.add(id, 20, {{20, "loss", 2.0}, {20, "eval_loss", 2.25}});
    runs_file.finish(id, "finished");
  }
  const History runs_file = History::open(path);
  const history::Run run = *runs_file.find(id);
  EXPECT_EQ(run.status, "finished");
  EXPECT_EQ(run.step, 20);
  EXPECT_EQ(run.steps, 100);
  EXPECT_EQ(run.loss, 2.0);
  EXPECT_EQ(run.eval_loss, 2.25);
  EXPECT_GT(run.started, 1.6e9);
  EXPECT_EQ(runs_file.points(id).size(), 4u);
  const std::vector<Point> loss = runs_file.points(id, "loss");
  ASSERT_EQ(loss.size(), 2u);
  EXPECT_EQ(loss[1].step, 20);
  EXPECT_EQ(loss[1].value, 2.0);
  EXPECT_FALSE(runs_file.find(99));
}

TEST(History, NewestFirst) {
  const testing::TempFolder folder;
  History runs_file = History::open(folder / "runs.db");
  for (const char* out : {"/a", "/b", "/c"}) runs_file.begin(sample(out), false);
  const std::vector<history::Run> runs = runs_file.list(2);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].out, "/c");
  EXPECT_EQ(runs_file.list().size(), 3u);
}

TEST(History, AResumedRunIsTheSameRun) {
  const testing::TempFolder folder;
  History runs_file = History::open(folder / "runs.db");
  const int64_t id = runs_file.begin(sample("/a"), false);
  runs_file.add(id, 10, {{10, "loss", 2.5}});
  runs_file.add(id, 20, {{20, "loss", 2.0}});
  history::Run again = sample("/a");
  again.step = 10;
  EXPECT_EQ(runs_file.begin(again, true), id);
  EXPECT_EQ(runs_file.points(id).size(), 1u);
  EXPECT_EQ(runs_file.find(id)->step, 10);
  EXPECT_NE(runs_file.begin(sample("/other"), true), id);
}

TEST(History, ARunWhoseProcessIsGoneIsLost) {
  const testing::TempFolder folder;
  History runs_file = History::open(folder / "runs.db");
  history::Run run = sample("/a");
  EXPECT_EQ(runs_file.find(runs_file.begin(run, false))->status, "running");
  run.pid = 0x7ffffff0;  // beyond the kernel's largest
  EXPECT_EQ(runs_file.find(runs_file.begin(run, false))->status, "lost");
}

TEST(History, TwoWritersWaitForEachOther) {
  const testing::TempFolder folder;
  History one = History::open(folder / "runs.db"), two = History::open(folder / "runs.db");
  const int64_t a = one.begin(sample("/a"), false), b = two.begin(sample("/b"), false);
  for (int64_t step = 1; step <= 50; ++step) {
    one.add(a, step, {{step, "loss", 1}});
    two.add(b, step, {{step, "loss", 1}});
  }
  EXPECT_EQ(one.points(b).size(), 50u);
}

TEST(History, WhatIsNoHistoryIsAnError) {
  const testing::TempFolder folder;
  EXPECT_THROW(History::open(folder.write("text.db", std::string(5000, 'x'))), base::Error);
  EXPECT_THROW(History::open(folder.path()), base::Error);
}

TEST(History, ThePathFollowsTheEnvironment) {
  setenv("ATHANOR_RUNS", "/x/r.db", 1);
  EXPECT_EQ(default_path(), "/x/r.db");
  unsetenv("ATHANOR_RUNS");
  setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(default_path(), "/data/athanor/runs.db");
  unsetenv("XDG_DATA_HOME");
}

}  // namespace
}  // namespace athanor::history
