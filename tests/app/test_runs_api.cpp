// What the page of runs asks for, without a socket, and `athanor runs` in the terminal.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <thread>

#include "app/web/runs_api.h"
#include "app/web/runs_csv.h"
#include "app/web/web_files.h"
#include "tests/app/workbench.h"

namespace athanor::app {
namespace {

/// Two runs: 5,000 points of a loss, and a short one with hostile words.
class TwoRuns {
 public:
  TwoRuns() : path_(folder_ / "runs.db"), history_(history::History::open(path_)) {
    long_ = begin("/experiments/long", "stage: pretrain\ntrain: {lr: 0.001, steps: 5000}\nout: /experiments/long\n");
    std::vector<history::Point> points;
    for (int64_t step = 1; step <= 5000; ++step) {
      points.push_back({step, "loss", 10.0 / static_cast<double>(step) + (step == 3333 ? 100 : 0)});
      if (step % 10 == 0) points.push_back({step, "elapsed_s", static_cast<double>(step) / 100});
    }
    history_.add(long_, 5000, points);
    history_.finish(long_, "finished");
    short_ = begin("/experiments/<script>alert(1)</script>", "stage: pretrain\ntrain: {lr: 0.002, steps: 2}\nout: \"</pre><b>\"\n");
    history_.add(short_, 2, {{1, "loss", 2.5}, {2, "loss", 2.25}, {2, "eval,\"loss", 1.5}});
    history_.add_samples(short_, {{2, 0, "<img src=x>", " \"quoted\" \x01"}});
  }
  int64_t begin(const std::string& out, const std::string& recipe) {
    history::Run run;
    run.stage = "pretrain", run.out = out, run.recipe = recipe, run.pid = getpid(), run.steps = 5000;
    return history_.begin(run, false);
  }
  const std::filesystem::path& path() const { return path_; }
  history::History& history() { return history_; }

 private:
  testing::TempFolder folder_;
  std::filesystem::path path_;
  history::History history_;
  int64_t long_ = 0, short_ = 0;
};

http::Response ask(RunsApi& api, const std::string& path, std::vector<http::Header> parameters = {}) {
  http::Request request;
  request.method = "GET", request.path = path, request.parameters = std::move(parameters);
  return api.answer(request);
}

base::Json json_of(RunsApi& api, const std::string& path, std::vector<http::Header> parameters = {}, int status = 200) {
  const http::Response response = ask(api, path, std::move(parameters));
  EXPECT_EQ(response.status, status) << path << response.body;
  return base::parse_json(response.body, "test", path);
}

std::string whole(const http::Response& response) {
  std::string text;
  for (std::string piece = response.next_piece(); !piece.empty(); piece = response.next_piece()) text += piece;
  return text;
}

TEST(RunsApi, ListsRunsNewestFirst) {
  TwoRuns runs;
  RunsApi api(runs.path());
  const base::Json list = json_of(api, "/api/runs")["runs"];
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["status"], "running");
  EXPECT_EQ(list[0]["newest"]["loss"], 2.25);
  EXPECT_EQ(list[1]["out"], "/experiments/long");
  EXPECT_EQ(list[1]["newest"]["elapsed_s"], 50);
  EXPECT_EQ(list[1]["steps"], 5000);
}

TEST(RunsApi, SeriesKeepTheirExtremes) {
  TwoRuns runs;
  RunsApi api(runs.path());
  const base::Json loss = json_of(api, "/api/runs/1/series", {{"names", "loss,none"}, {"points", "50"}})["series"]["loss"];
  EXPECT_LE(loss["step"].size(), 50u);
  EXPECT_EQ(loss["points"], 5000);
  double greatest = 0, least = 1e9;
  for (double v : loss["max"]) greatest = std::max(greatest, v);
  for (double v : loss["min"]) least = std::min(least, v);
  EXPECT_EQ(greatest, 100 + 10.0 / 3333);
  EXPECT_EQ(least, 10.0 / 5000);
  int64_t points = 0;
  for (int64_t n : loss["count"]) points += n;
  EXPECT_EQ(points, 5000);
}

TEST(RunsApi, ARangeOfStepsOrSeconds) {
  TwoRuns runs;
  RunsApi api(runs.path());
  const base::Json part =
      json_of(api, "/api/runs/1/series", {{"names", "loss"}, {"from", "100"}, {"to", "119.5"}})["series"]["loss"];
  ASSERT_EQ(part["step"].size(), 20u);
  EXPECT_EQ(part["mean"][0], 0.1);
  EXPECT_FALSE(part.contains("min"));
  const base::Json timed =
      json_of(api, "/api/runs/1/series",
              {{"names", "loss"}, {"x", "time"}, {"from", "20"}, {"to", "30"}, {"points", "4000"}})["series"]["loss"];
  EXPECT_LE(timed["time"].front(), 20);
  EXPECT_GE(timed["time"].back(), 30);
  EXPECT_LT(timed["step"].size(), 3000u);
}

TEST(RunsApi, ManyRunsAtOnce) {
  TwoRuns runs;
  RunsApi api(runs.path());
  const base::Json many = json_of(api, "/api/series", {{"runs", "2,1,77"}, {"names", "loss"}, {"points", "10"}})["runs"];
  ASSERT_EQ(many.size(), 2u);
  EXPECT_EQ(many[0]["id"], 2);
  EXPECT_EQ(many[0]["series"]["loss"]["mean"], base::Json({2.5, 2.25}));
}

TEST(RunsApi, WhatGrowsIsSeen) {
  TwoRuns runs;
  RunsApi api(runs.path());
  const http::Response before = ask(api, "/api/runs");
  EXPECT_EQ(before.headers[0].name, "ETag");
  EXPECT_EQ(ask(api, "/api/runs").headers[0].value, before.headers[0].value);
  runs.history().add(2, 3, {{3, "loss", 2.0}});
  EXPECT_NE(ask(api, "/api/runs").headers[0].value, before.headers[0].value);
  EXPECT_EQ(json_of(api, "/api/runs/2/series", {{"names", "loss"}, {"from", "3"}})["series"]["loss"]["mean"], base::Json({2.0}));
}

TEST(RunsApi, ConfigAndSamples) {
  TwoRuns runs;
  RunsApi api(runs.path());
  EXPECT_EQ(json_of(api, "/api/runs/1/config")["values"]["train.lr"], "0.001");
  const base::Json samples = json_of(api, "/api/runs/2/samples")["samples"];
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0]["text"], " \"quoted\" \x01");
  EXPECT_EQ(json_of(api, "/api/runs/1")["recipe"].get<std::string>().substr(0, 6), "stage:");
}

TEST(RunsApi, WrongQuestions) {
  TwoRuns runs;
  RunsApi api(runs.path());
  for (const char* path : {"/api/runs/77", "/api/runs/", "/api/runs/x", "/api/runs/1/nothing", "/api/runs/1x",
                           "/api/runs/99999999999999999999", "/nothing", "/api/other", "/js/", "/js/none.js", "/page.css/x"})
    EXPECT_EQ(ask(api, path).status, 404) << path;
  using Parameters = std::vector<http::Header>;
  for (const Parameters& parameters :
       {Parameters{}, Parameters{{"names", ""}}, Parameters{{"names", "loss"}, {"points", "0"}},
        Parameters{{"names", "loss"}, {"points", "1e9"}}, Parameters{{"names", "loss"}, {"points", "x"}},
        Parameters{{"names", "loss"}, {"from", "nan"}}, Parameters{{"names", "loss"}, {"to", "inf"}},
        Parameters{{"names", "loss"}, {"x", "y"}}, Parameters{{"names", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"}}})
    EXPECT_EQ(ask(api, "/api/runs/1/series", parameters).status, 400);
  EXPECT_EQ(ask(api, "/api/series", {{"names", "loss"}}).status, 400);
  EXPECT_EQ(ask(api, "/api/series", {{"names", "loss"}, {"runs", "1;2"}}).status, 400);
  EXPECT_EQ(
      json_of(api, "/api/runs/1/series", {{"names", "loss"}, {"from", "-1e300"}, {"to", "1e300"}})["series"]["loss"]["points"],
      5000);
  EXPECT_EQ(json_of(api, "/api/runs/1/series", {{"names", "loss"}, {"from", "9"}, {"to", "3"}})["series"]["loss"]["step"].size(),
            0u);
}

TEST(RunsApi, EveryAnswerForbidsWhatThePageDoesNotNeed) {
  TwoRuns runs;
  RunsApi api(runs.path());
  for (const char* path : {"/", "/page.css", "/js/main.js", "/api/runs", "/nothing", "/api/runs/1.csv"}) {
    std::string policy, sniff;
    for (const http::Header& h : ask(api, path).headers) {
      if (h.name == "Content-Security-Policy") policy = h.value;
      if (h.name == "X-Content-Type-Options") sniff = h.value;
    }
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos) << path;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << path;
    EXPECT_EQ(sniff, "nosniff") << path;
  }
}

TEST(WebFiles, HoldNoMarkupFromTextAndNoInlineScript) {
  EXPECT_GE(web_files().size(), 12u);
  for (const WebFile& file : web_files()) {
    EXPECT_FALSE(file.type.empty()) << file.path;
    EXPECT_FALSE(file.text.empty()) << file.path;
    for (const char* word : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http://",
                             "https://", "//cdn"})
      EXPECT_TRUE(file.text.find(word) == std::string_view::npos || file.path == "/icon.svg") << file.path << " has " << word;
    if (file.path != "/index.html") continue;
    EXPECT_EQ(file.text.find("<style"), std::string_view::npos);
    EXPECT_EQ(file.text.find(" style="), std::string_view::npos);
    EXPECT_EQ(file.text.find(" onclick="), std::string_view::npos);
  }
}

TEST(RunCsv, OneRowPerStep) {
  TwoRuns runs;
  RunsApi api(runs.path());
  EXPECT_EQ(whole(ask(api, "/api/runs/2.csv")), "step,\"eval,\"\"loss\",loss\r\n1,,2.5\r\n2,1.5,2.25\r\n");
  const std::string table = whole(ask(api, "/api/runs/1.csv"));
  EXPECT_TRUE(table.starts_with("step,elapsed_s,loss\r\n1,,10\r\n2,,5\r\n")) << table.substr(0, 80);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5001);
  EXPECT_TRUE(table.ends_with("\r\n5000,50,0.002\r\n")) << table.substr(table.size() - 40);
}

TEST(RunCsv, NamesAreQuoted) {
  EXPECT_EQ(csv_field("loss"), "loss");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
}

TEST(RunsCompare, ShowsWhatDiffers) {
  Workbench bench;
  {
    TwoRuns runs;
    for (const char* end : {"", "-wal", "-shm"})
      if (std::filesystem::exists(runs.path().string() + end))
        std::filesystem::copy_file(runs.path().string() + end, (bench / "runs.db").string() + end);
  }
  const base::Json both = bench.json({"runs", "compare", "1", "2", "--json"});
  EXPECT_EQ(both["options"]["train.lr"], base::Json({"0.001", "0.002"}));
  EXPECT_FALSE(both["options"].contains("stage"));
  EXPECT_EQ(both["newest"]["loss"], base::Json({"0.002", "2.25"}));
  EXPECT_EQ(both["newest"]["elapsed_s"], base::Json({"50", "-"}));
  EXPECT_EQ(both["same"], 1);
  const std::string text = bench.run({"runs", "compare", "1", "2"}).out;
  EXPECT_NE(text.find("train.lr     0.001"), std::string::npos) << text;
}

TEST(RunsServe, PrintsItsAddressAndEndsWithCtrlC) {
  Workbench bench;
  const auto result = bench.shell(
      "athanor runs serve --port 0 > out & pid=$!; until grep -q Ctrl-C out; do sleep 0.05; done; "
      "kill -INT $pid; wait $pid; echo code $?; cat out");
  EXPECT_NE(result.out.find("code 0"), std::string::npos) << result.out << result.err;
  EXPECT_NE(result.out.find("http://127.0.0.1:"), std::string::npos) << result.out;
}

TEST(RunsServe, APortInUseIsOneLine) {
  Workbench bench;
  const auto result = bench.shell(
      "athanor runs serve --port 0 > out & pid=$!; until grep -q Ctrl-C out; do sleep 0.05; done; "
      "athanor runs serve --port $(grep -o '[0-9]*/$' out | tr -d /); echo code $?; kill -INT $pid; wait $pid");
  EXPECT_NE(result.out.find("code 2"), std::string::npos) << result.out << result.err;
  EXPECT_NE(result.err.find("cannot listen on 127.0.0.1 port"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace athanor::app
