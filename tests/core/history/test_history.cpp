#include <gtest/gtest.h>
#include <sqlite3.h>
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

void write_with_sqlite(const std::filesystem::path& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_close(db);
}

TEST(History, AFileOfTheFirstVersionOpensAndKeepsItsRuns) {
  const testing::TempFolder folder;
  write_with_sqlite(folder / "runs.db", R"(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, stage TEXT NOT NULL, out TEXT NOT NULL, status TEXT NOT NULL, recipe TEXT NOT NULL, pid INTEGER NOT NULL,
  started REAL NOT NULL, updated REAL NOT NULL, step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0, loss REAL, eval_loss REAL);
CREATE TABLE metrics (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, metric TEXT NOT NULL, step INTEGER NOT NULL, value REAL,
  PRIMARY KEY (run, metric, step)) WITHOUT ROWID;
CREATE INDEX runs_by_out ON runs(out);
INSERT INTO runs VALUES (4, 'pretrain', '/old', 'finished', 'stage: pretrain', 1, 1.7e9, 1.7e9, 2, 2, 1.5, NULL);
INSERT INTO metrics VALUES (4, 'loss', 1, 2.5), (4, 'loss', 2, 1.5);
PRAGMA user_version = 1;)");
  History old = History::open(folder / "runs.db");
  EXPECT_EQ(old.find(4)->out, "/old");
  EXPECT_EQ(old.find(4)->starts, 1);
  EXPECT_EQ(old.points(4).size(), 2u);
  old.add_samples(4, {{2, 0, "a", "b"}});
  EXPECT_EQ(old.samples(4).size(), 1u);
  EXPECT_EQ(History::open(folder / "runs.db").samples(4).size(), 1u);
}

TEST(History, AFileOfANewerVersionIsRefused) {
  const testing::TempFolder folder;
  write_with_sqlite(folder / "runs.db", "PRAGMA user_version = 99;");
  try {
    History::open(folder / "runs.db");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("newer Athanor; got version 99"), std::string::npos) << error.what();
  }
}

TEST(History, SamplesAreNewestFirstAndGoWithAResume) {
  const testing::TempFolder folder;
  History runs_file = History::open(folder / "runs.db");
  const int64_t id = runs_file.begin(sample("/a"), false);
  runs_file.add_samples(id, {{10, 0, "once", " upon"}, {10, 1, "two", " three"}});
  runs_file.add_samples(id, {{20, 0, "once", " more"}});
  const std::vector<TextSample> all = runs_file.samples(id);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].text, " more");
  EXPECT_EQ(all[1].text, " upon");
  EXPECT_EQ(runs_file.samples(id, 1).size(), 1u);
  history::Run again = sample("/a");
  again.step = 10;
  runs_file.begin(again, true);
  EXPECT_EQ(runs_file.samples(id).size(), 2u);
  EXPECT_EQ(runs_file.find(id)->starts, 2);
}

TEST(History, MetricsAndRangesOfARun) {
  const testing::TempFolder folder;
  History runs_file = History::open(folder / "runs.db");
  const int64_t id = runs_file.begin(sample("/a"), false), other = runs_file.begin(sample("/b"), false);
  for (int64_t step = 1; step <= 20; ++step)
    runs_file.add(id, step, {{step, "loss", 1.0 / static_cast<double>(step)}, {step, "lr", 1e-3}});
  runs_file.add(other, 1, {{1, "zeta", 1}});
  EXPECT_EQ(runs_file.metrics(id), (std::vector<std::string>{"loss", "lr"}));
  EXPECT_TRUE(runs_file.metrics(77).empty());
  const std::vector<StepValue> some = runs_file.values(id, "loss", {5, 9}, 3);
  ASSERT_EQ(some.size(), 3u);
  EXPECT_EQ(some[0].step, 5);
  EXPECT_EQ(some[2].value, 1.0 / 7);
  EXPECT_EQ(runs_file.value_at(id, "loss", 100), 1.0 / 20);
  EXPECT_FALSE(runs_file.value_at(id, "loss", 0));
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
