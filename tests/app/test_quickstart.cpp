#include <fstream>

#include "athanor/core/base/mapped_file.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

/// A quickstart of a few seconds: a small text, a tiny model.
std::vector<std::string> tiny(const std::string& out) {
  return {"quickstart",
          "--quick",
          "--corpus",
          "text.txt",
          "--minutes",
          "0.03",
          "--out",
          out,
          "model.hidden_size=32",
          "model.num_hidden_layers=1",
          "model.num_attention_heads=2",
          "model.num_key_value_heads=2",
          "model.intermediate_size=64",
          "model.vocab_size=384",
          "train.batch=4",
          "train.length=64"};
}

TEST(Quickstart, LeavesModelReportAndNumbers) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  auto result = bench.run(tiny("first"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("athanor generate first/model"), std::string::npos) << result.out;
  EXPECT_EQ(result.err.find("hint:"), result.err.npos) << "there is nothing to choose: " << result.err;
  base::Json state = base::read_json_file(bench / "first/quickstart.json", "test");
  EXPECT_LT(state["after"]["nats_per_byte"].get<double>(), state["before"]["nats_per_byte"].get<double>());
  EXPECT_EQ(state["after"]["bytes"].get<int64_t>(), state["text"]["held_out_bytes"].get<int64_t>());
  EXPECT_EQ(state["samples"]["samples"].size(), 4);
  std::string page = base::read_text_file(bench / "first/report.html");
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_EQ(bench.json({"generate", "first/model", "-p", "KING", "-n", "4", "--json"})["ids"].size(), 4);
  // The same numbers by the command that anyone can run.
  base::Json eval = bench.json({"eval", "first/model", "--data", "first/text/held-out.txt", "--json"});
  EXPECT_NEAR(eval["nats_per_byte"].get<double>(), state["after"]["nats_per_byte"].get<double>(), 1e-6);
  // A finished one is not repeated, another one not overwritten.
  auto again = bench.run(tiny("first"));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("done before"), std::string::npos) << again.err;
  auto other = tiny("first");
  other.push_back("train.lr=1e-3");
  EXPECT_EQ(bench.run(other).exit_code, 2);
  EXPECT_EQ(bench.json({"runs", "list", "--json"})["runs"].size(), 3) << "pretraining, tuning, LoRA";
  for (const char* who : {"before", "tuned", "lora"}) {
    EXPECT_GT(state["answers"][who]["asked"].get<int64_t>(), 0) << who;
    EXPECT_EQ(state["answers"][who]["answers"].size(), state["answers"][who]["asked"].get<size_t>());
  }
  EXPECT_EQ(state["answers"]["before"]["ended"], 0) << "nothing has told it to stop";
  EXPECT_TRUE(std::filesystem::exists(bench / "first/tuned/chat_template.jinja"));
  EXPECT_TRUE(std::filesystem::exists(bench / "first/lora/adapter_config.json"));
  const auto by_hand = bench.run({"train", "first/tuned/recipe.yaml", "out=by-hand", "train.steps=1"});
  EXPECT_NE(by_hand.err.find("hint: "), by_hand.err.npos) << by_hand.err;
  EXPECT_EQ(bench.run({"chat", "first/tuned", "-n", "8"}, "Who says: Speak, speak.\n").exit_code, 0);
}

TEST(Quickstart, GoesOnAfterCtrlC) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  std::string line = "athanor";
  for (const std::string& argument : tiny("first")) line += " " + (argument == "0.03" ? "0.1" : argument);
  auto stopped = bench.shell("exec timeout --preserve-status -s INT 3 " + line);
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_FALSE(std::filesystem::exists(bench / "first/report.html"));
  auto finished = bench.shell(line);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.err.find("done before"), std::string::npos) << finished.err;
  EXPECT_TRUE(std::filesystem::exists(bench / "first/report.html"));
}

TEST(Quickstart, RefusesWhatItCannotDoBeforeItBegins) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  bench.folder().write("short.txt", "too short");
  bench.folder().write("full/notes.txt", "mine");
  struct {
    std::vector<std::string> arguments;
    const char* part;
  } cases[] = {{{"--corpus", "short.txt"}, "too short to learn from"},
               {{"--out", "full"}, "the folder is not empty"},
               {{"train.learning_rate=3"}, "lr"},
               {{"model.vocab_size=20"}, "vocab_size"},
               {{"nonsense"}, "not a setting"}};
  for (const auto& c : cases) {
    std::vector<std::string> arguments = {"quickstart", "--quick", "--minutes", "0.01"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    auto result = bench.run(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err.find(c.part), std::string::npos) << result.err;
  }
  EXPECT_EQ(base::read_text_file(bench / "full/notes.txt"), "mine");
}

TEST(SlowQuickstart, QuickLearnsShakespeareInUnderAMinute) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  auto result = bench.run({"quickstart", "--quick", "--out", "first"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  base::Json state = base::read_json_file(bench / "first/quickstart.json", "test");
  EXPECT_LT(state["after"]["nats_per_byte"].get<double>(), 2.2);
  EXPECT_GE(state["answers"]["tuned"]["ended"].get<double>(), 0.9 * state["answers"]["tuned"]["asked"].get<double>());
  EXPECT_GE(state["answers"]["lora"]["ended"].get<double>(), 0.9 * state["answers"]["lora"]["asked"].get<double>());
  RecordProperty("seconds", static_cast<int>(result.seconds));
}

}  // namespace
}  // namespace athanor::app
