#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/history/history.h"
#include "tests/learn/train/tiny_run.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

std::vector<base::Json> log_lines(const TrainRecipe& recipe) {
  std::vector<base::Json> lines;
  std::ifstream file(fs::path(recipe.out) / "train.log");
  for (std::string line; std::getline(file, line);) lines.push_back(base::parse_json(line, "test", "train.log"));
  return lines;
}

void expect_error(const TrainRecipe& recipe, Resume resume, int exit_code, const std::string& text) {
  try {
    train(recipe, resume);
    FAIL() << "no error: " << text;
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), exit_code) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Run, ARecipeBecomesAModelFolder) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  const TrainResult result = train(recipe);
  EXPECT_EQ(result.end, "finished");
  EXPECT_EQ(result.steps, 12);
  ASSERT_TRUE(result.held_out);
  EXPECT_GT(result.held_out->bytes, 0);
  const checkpoint::ModelFolder model = checkpoint::ModelFolder::open(recipe.out);
  EXPECT_EQ((*model.config)["model_type"], "llama");
  EXPECT_EQ((*model.config)["vocab_size"], 257);
  EXPECT_EQ((*model.config)["eos_token_id"], 256);
  EXPECT_EQ((*model.generation_config)["eos_token_id"], 256);
  EXPECT_EQ(model.weights.at("model.embed_tokens.weight").dtype, base::DType::kF32);
  for (const char* name :
       {"tokenizer.json", "tokenizer_config.json", "recipe.yaml", "train.log", "checkpoint-5", "checkpoint-10", "checkpoint-12"})
    EXPECT_TRUE(fs::exists(fs::path(recipe.out) / name)) << name;
  for (const auto& entry : fs::recursive_directory_iterator(recipe.out))
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
}

TEST(Run, TheLogHasALinePerLoggedStepAndEvaluation) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  train(recipe);
  std::vector<int64_t> trained, evaluated;
  for (const base::Json& line : log_lines(recipe)) {
    if (line.contains("loss")) {
      trained.push_back(line["step"]);
      for (const char* key : {"lr", "grad_norm", "tokens_per_second"}) EXPECT_TRUE(line[key].is_number()) << key;
    } else {
      evaluated.push_back(line["step"]);
      EXPECT_GT(line["bits_per_byte"].get<double>(), 0);
    }
  }
  EXPECT_EQ(trained, (std::vector<int64_t>{3, 6, 9, 12}));
  EXPECT_EQ(evaluated, (std::vector<int64_t>{4, 8, 12}));
  const base::Json state = base::read_json_file(fs::path(recipe.out) / "checkpoint-12" / "trainer_state.json", "test");
  EXPECT_EQ(state["global_step"], 12);
  EXPECT_EQ(state["log_history"].size(), 7u);
  EXPECT_TRUE(state["log_history"][0].contains("learning_rate"));
}

TEST(Run, ATinyModelLearns) {
  for (const char* dtype : {"f32", "bf16"}) {
    for (const char* optimizer : {"adamw", "muon"}) {
      const testing::TempFolder folder;
      const TrainRecipe recipe =
          with(tiny_recipe(folder), {base::cat("train.dtype=", dtype), base::cat("train.optimizer=", optimizer), "train.steps=80",
                                     "train.log_every=1", "train.eval_every=0", "train.save_every=0", "train.dropout=0"});
      const TrainResult result = train(recipe);
      EXPECT_GT(result.log.front().training->loss, 5.0) << dtype << optimizer;
      EXPECT_LT(result.held_out->loss(), 1.5) << dtype << optimizer;
      EXPECT_NEAR(result.held_out->bits_per_byte(), result.held_out->loss() / std::log(2.0), 1e-9) << "a token is a byte";
    }
  }
}

TEST(Run, AnAdaptiveSoftmaxHeadLearnsAndGoesOn) {
  const testing::TempFolder folder;
  const auto recipe = [&](const std::string& out) {
    return with(tiny_recipe(folder, out), {"model.adaptive_softmax.cutoffs=[100, 115]", "model.adaptive_softmax.div_value=2",
                                           "model.tie_word_embeddings=false", "train.steps=60", "train.eval_every=0",
                                           "train.save_every=20", "train.keep=3", "train.dropout=0", "train.lr=2e-2"});
  };
  const TrainResult result = train(recipe("whole"));
  EXPECT_LT(result.held_out->loss(), 1.5);
  const auto weights = checkpoint::Checkpoint::open(recipe("whole").out);
  EXPECT_EQ(weights.at("lm_head.head.weight").shape, (std::vector<int64_t>{102, 32}));
  EXPECT_EQ(weights.at("lm_head.tail.1.1.weight").shape, (std::vector<int64_t>{257 - 115, 8}));
  fs::copy(recipe("whole").out, recipe("parts").out, fs::copy_options::recursive);
  fs::remove_all(fs::path(recipe("parts").out) / "checkpoint-60");
  fs::remove(fs::path(recipe("parts").out) / "model.safetensors");
  EXPECT_EQ(train(recipe("parts"), Resume::kYes).steps_now, 20);
  EXPECT_EQ(model_bytes(recipe("parts")), model_bytes(recipe("whole")));
}

TEST(Run, SameRecipeSameBytes) {
  const testing::TempFolder folder;
  for (const char* dtype : {"f32", "bf16"}) {
    std::vector<std::string> bytes;
    int run = 0;
    for (const char* threads : {"1", "1", "2"}) {
      const TrainRecipe recipe = with(tiny_recipe(folder, base::cat(dtype, run++)),
                                      {base::cat("train.dtype=", dtype), base::cat("train.threads=", threads), "train.steps=1"});
      train(recipe);
      bytes.push_back(model_bytes(recipe));
    }
    EXPECT_EQ(bytes[0], bytes[1]) << dtype;
    EXPECT_EQ(bytes[1], bytes[2]) << "1 and 2 threads, " << dtype;
  }
  use_test_threads(1);
}

TEST(Run, ResumeFromEveryCheckpointIsExact) {
  for (const char* extra :
       {"train.dtype=f32", "train.dtype=bf16", "train.ema=0.9", "train.optimizer=muon", "train.keep_best=true"}) {
    const testing::TempFolder folder;
    const TrainRecipe whole = with(tiny_recipe(folder, "whole"), {extra});
    const TrainResult expected = train(whole);
    for (int from : {5, 10}) {
      const TrainRecipe recipe = with(tiny_recipe(folder, base::cat("from", from)), {extra});
      fs::copy(whole.out, recipe.out, fs::copy_options::recursive);
      for (int step : {5, 10, 12})
        if (step > from) fs::remove_all(fs::path(recipe.out) / base::cat("checkpoint-", step));
      fs::remove(fs::path(recipe.out) / "model.safetensors");
      const TrainResult result = train(recipe, Resume::kYes);
      EXPECT_EQ(result.steps_now, 12 - from);
      EXPECT_EQ(model_bytes(recipe), model_bytes(whole)) << extra << " from " << from;
      ASSERT_EQ(result.log.size(), expected.log.size());
      for (size_t i = 0; i < result.log.size(); ++i) {
        EXPECT_EQ(result.log[i].step, expected.log[i].step);
        if (result.log[i].training) {
          EXPECT_EQ(result.log[i].training->loss, expected.log[i].training->loss) << i;
        }
      }
      EXPECT_EQ(log_lines(recipe).size(), log_lines(whole).size());
    }
  }
}

// A rate at which every evaluation after the first is worse.
TEST(Run, EndsWhereTheHeldOutLossNoLongerFalls) {
  const testing::TempFolder folder;
  const TrainRecipe recipe =
      with(tiny_recipe(folder), {"train.steps=200", "train.eval_every=1", "train.lr=3", "train.warmup=0", "train.clip=0",
                                 "train.schedule=constant", "train.patience=4", "train.keep_best=true"});
  const TrainResult result = train(recipe);
  EXPECT_EQ(result.end, "finished");
  EXPECT_LT(result.steps, 200);
  int64_t best = 0, last = 0;
  double least = 1e30;
  for (const LogEntry& entry : result.log)
    if (entry.held_out) {
      last = entry.step;
      if (entry.held_out->loss < least) least = entry.held_out->loss, best = entry.step;
    }
  EXPECT_EQ(last - best, 4) << "four evaluations in vain";
  EXPECT_EQ(train(recipe, Resume::kYes).end, "already finished");
}

TEST(Run, ResumeAcrossTheEndOfAnEpoch) {
  const testing::TempFolder folder;
  const TrainRecipe whole = with(tiny_recipe(folder, "whole"), {"train.save_every=1", "train.keep=5", "train.steps=18",
                                                                "train.eval_every=0", "train.log_every=1"});
  const TrainResult expected = train(whole);
  int64_t first_of_second = 0;
  for (const LogEntry& entry : expected.log)
    if (entry.epoch > 1 && !first_of_second) first_of_second = entry.step;
  ASSERT_GE(first_of_second, 15);
  ASSERT_LE(first_of_second, 17);
  for (int64_t from : {first_of_second - 1, first_of_second}) {
    const TrainRecipe recipe = with(whole, {base::cat("out=", (folder / base::cat("from", from)).string()), "train.save_every=0"});
    fs::create_directory(recipe.out);
    fs::copy(fs::path(whole.out) / base::cat("checkpoint-", from), fs::path(recipe.out) / base::cat("checkpoint-", from),
             fs::copy_options::recursive);
    train(recipe, Resume::kYes);
    EXPECT_EQ(model_bytes(recipe), model_bytes(whole)) << from;
  }
}

TEST(Run, AFinishedRunHasNothingToDo) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  train(recipe);
  const std::string before = model_bytes(recipe);
  const TrainResult again = train(recipe, Resume::kYes);
  EXPECT_EQ(again.end, "already finished");
  EXPECT_EQ(again.steps_now, 0);
  EXPECT_EQ(again.steps, 12);
  EXPECT_EQ(model_bytes(recipe), before);
  EXPECT_EQ(log_lines(recipe).size(), 7u);
}

TEST(Run, MoreStepsExtendAFinishedRun) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = with(tiny_recipe(folder), {"train.schedule=constant"});
  train(recipe);
  const TrainResult more = train(with(recipe, {"train.steps=15"}), Resume::kYes);
  EXPECT_EQ(more.steps_now, 3);
  const TrainRecipe whole = with(tiny_recipe(folder, "whole"), {"train.schedule=constant", "train.steps=15"});
  train(whole);
  EXPECT_EQ(model_bytes(recipe), model_bytes(whole));
}

TEST(Run, AnEarlierRunIsNotOverwritten) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  train(recipe);
  expect_error(recipe, Resume::kNo, 2, "has checkpoints of an earlier run; try --resume");
  expect_error(with(recipe, {"out=" + (folder / "none").string()}), Resume::kYes, 2, "nothing to resume");
  const TrainRecipe onto = with(recipe, {"out=" + (folder / "model").string()});
  folder.write("model/config.json", "{}");
  expect_error(onto, Resume::kNo, 2, "is a model folder already");
}

TEST(Run, AChangedRecipeIsShown) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  train(recipe);
  expect_error(with(recipe, {"train.lr=2e-2", "train.batch=3"}), Resume::kYes, 2, "train.batch: 2 -> 3; train.lr: 0.01 -> 0.02");
  expect_error(with(recipe, {"model.hidden_size=64"}), Resume::kYes, 2, "model.hidden_size: 32 -> 64");
  expect_error(with(recipe, {"train.steps=1"}), Resume::kYes, 2, "train.steps is below what was done");
  EXPECT_EQ(train(with(recipe, {"train.log_every=1", "train.threads=1", "train.keep=1"}), Resume::kYes).end, "already finished");
}

TEST(Run, ChangedDataIsRefused) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  train(recipe);
  folder.write("text.txt", "quite another text\n\nof two documents");
  expect_error(recipe, Resume::kYes, 2, "the data has changed since the checkpoint");
}

TEST(Run, TwoProcessesDoNotShareAFolder) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  const RunFolder held(recipe.out);
  expect_error(recipe, Resume::kNo, 3, base::cat("pid ", getpid(), " holds "));
}

TEST(Run, AWishToStopEndsAfterTheStepAndIsResumable) {
  const testing::TempFolder folder;
  const TrainRecipe whole = tiny_recipe(folder, "whole"), recipe = tiny_recipe(folder);
  train(whole);
  TrainHooks hooks;
  hooks.history = false;
  hooks.on_log = [](const LogEntry& entry) {
    if (entry.step == 6) base::request_stop();
  };
  const TrainResult stopped = train_recipe(recipe, Resume::kNo, hooks);
  base::clear_stop();
  EXPECT_EQ(stopped.end, "stopped");
  EXPECT_EQ(stopped.steps, 6);
  EXPECT_TRUE(fs::exists(fs::path(recipe.out) / "checkpoint-6"));
  EXPECT_FALSE(fs::exists(fs::path(recipe.out) / "config.json"));
  EXPECT_EQ(train(recipe, Resume::kYes).steps_now, 6);
  EXPECT_EQ(model_bytes(recipe), model_bytes(whole));
}

TEST(Run, ATimeLimitEndsTheRunWithTheScheduleDone) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = with(tiny_recipe(folder), {"train.steps=1000000", "train.time_limit_s=1.5", "train.save_every=0",
                                                        "train.eval_every=0", "train.min_lr=0.1", "train.log_every=1"});
  const TrainResult result = train(recipe);
  EXPECT_EQ(result.end, "finished");
  EXPECT_LT(result.steps, 1000000);
  EXPECT_GE(result.seconds, 1.5);
  const LogEntry& last = *(result.log.end() - 2);
  EXPECT_LT(last.training->lr, 0.3 * recipe.train.lr);
  EXPECT_EQ(train(recipe, Resume::kYes).end, "already finished");
  EXPECT_GT(train(with(recipe, {"train.time_limit_s=1.8"}), Resume::kYes).steps_now, 0);
}

TEST(Run, StartsFromAModelFolder) {
  const testing::TempFolder folder;
  const TrainRecipe first = tiny_recipe(folder, "first");
  const TrainResult before = train(first);
  std::ofstream(fs::path(first.out) / "LICENSE") << "free";
  const TrainRecipe second = with(tiny_recipe(folder, "second"),
                                  {"model=" + first.out, "tokenizer=\"\"", "train.steps=1", "train.lr=0", "train.eval_every=0"});
  const TrainResult after = train(second);
  EXPECT_NEAR(after.held_out->loss(), before.held_out->loss(), 1e-6);
  EXPECT_EQ(model_bytes(second), model_bytes(first)) << "a learning rate of zero changes nothing";
  EXPECT_TRUE(fs::exists(fs::path(second.out) / "LICENSE"));
  EXPECT_TRUE(fs::exists(fs::path(second.out) / "tokenizer.json"));
}

TEST(Run, TheHistoryKnowsTheRun) {
  const testing::TempFolder folder;
  setenv("ATHANOR_RUNS", (folder / "runs.db").c_str(), 1);
  train_recipe(tiny_recipe(folder));
  const history::History runs = history::History::open();
  unsetenv("ATHANOR_RUNS");
  ASSERT_EQ(runs.list().size(), 1u);
  EXPECT_EQ(runs.list()[0].status, "finished");
  EXPECT_EQ(runs.list()[0].step, 12);
  EXPECT_EQ(runs.points(runs.list()[0].id, "loss").size(), 4u);
  EXPECT_EQ(runs.points(runs.list()[0].id, "bits_per_byte").size(), 3u);
}

TEST(Run, MistakesInARecipeAreNamed) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tiny_recipe(folder);
  expect_error(with(recipe, {"train.length=65"}), Resume::kNo, 2, "train.length is longer than the model's positions");
  expect_error(with(recipe, {"model.vocab_size=100"}), Resume::kNo, 2, "vocabulary is smaller than the tokenizer's");
  expect_error(with(recipe, {"tokenizer=\"\""}), Resume::kNo, 2, "a new model needs a tokenizer");
  expect_error(with(recipe, {"model=" + (folder / "nowhere").string()}), Resume::kNo, 2, "nowhere");
}

}  // namespace
}  // namespace athanor::train
