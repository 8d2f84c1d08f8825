// A run that is killed at any moment and resumed ends with the same bytes as one that was not.

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/philox.h"
#include "tests/learn/train/tiny_run.h"
#include "tests/testing/program.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecipe = "ATHANOR_TEST_RECIPE";

/// What the killed process runs: this binary again, with the recipe in the environment.
TEST(KillChild, Trains) {
  const char* file = std::getenv(kRecipe);
  if (!file) GTEST_SKIP() << "run by Kill.* in a process of its own";
  const TrainRecipe recipe = read_recipe(base::read_yaml_file(file));
  EXPECT_NE(train(recipe, Resume::kAuto).end, "stopped");
}

testing::ProgramResult train_in_child(const fs::path& recipe, double seconds) {
  testing::ProgramOptions options;
  options.seconds = seconds;
  options.environment = {std::string(kRecipe) + "=" + recipe.string()};
  return testing::run_program(fs::read_symlink("/proc/self/exe"), {"--gtest_filter=KillChild.Trains"}, options);
}

/// Kills runs of `whole` at random moments until `count` have been killed; each goes on and ends with the bytes of the one that was
/// never stopped. `result` is the file of weights in the run's folder.
void expect_kills_change_nothing(const testing::TempFolder& folder, const TrainRecipe& whole, int count, const char* result) {
  base::write_file(folder / "whole.yaml", recipe_to_yaml(whole));
  const testing::ProgramResult reference = train_in_child(folder / "whole.yaml", 60);
  ASSERT_EQ(reference.exit_code, 0) << reference.out << reference.err;

  base::Philox random(20240607, 0, base::Purpose::kTest);
  int kills = 0, runs = 0;
  while (kills < count) {
    const TrainRecipe recipe = with(whole, {"out=" + (folder / base::cat("run", runs)).string()});
    const fs::path file = folder / base::cat("run", runs++, ".yaml");
    base::write_file(file, recipe_to_yaml(recipe));
    for (int kill = 0; kill < 4; ++kill) {
      const testing::ProgramResult killed = train_in_child(file, reference.seconds * (0.2 + 0.7 * random.uniform()));
      if (killed.signal == 0) break;  // it was done before
      ++kills;
    }
    const testing::ProgramResult last = train_in_child(file, 60);
    ASSERT_EQ(last.exit_code, 0) << last.out << last.err;
    EXPECT_EQ(base::read_text_file(fs::path(recipe.out) / result), base::read_text_file(fs::path(whole.out) / result))
        << "run " << runs;
    const base::Json state =
        base::read_json_file(fs::path(recipe.out) / base::cat("checkpoint-", whole.train.steps) / "trainer_state.json", "test");
    std::multiset<int64_t> steps;
    for (const auto& entry : state["log_history"])
      if (entry.contains("loss")) steps.insert(entry["step"].get<int64_t>());
    ASSERT_EQ(static_cast<int64_t>(steps.size()), whole.train.steps);
    for (int64_t step = 1; step <= whole.train.steps; ++step) EXPECT_EQ(steps.count(step), 1u) << step;
  }
}

const std::vector<std::string> kEverything = {"train.steps=60",       "train.save_every=7",  "train.eval_every=10",
                                              "train.accumulation=3", "train.ema=0.9",       "train.log_every=1",
                                              "train.dtype=bf16",     "train.keep_best=true"};

TEST(Kill, TenKillsChangeNothing) {
  const testing::TempFolder folder;
  expect_kills_change_nothing(folder, with(tiny_recipe(folder, "whole"), kEverything), 10, "model.safetensors");
}

/// Dialogues, packed, with noise on the embeddings; what they are learned by is `settings`.
TrainRecipe tuning(const testing::TempFolder& folder, const std::vector<std::string>& settings) {
  train(with(tiny_recipe(folder, "base"), {"train.steps=2", "train.eval_every=0", "train.save_every=0"}));
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += base::cat("{\"prompt\": \"say ", i, "\", \"completion\": \"it is ", i % 7, "\"}\n");
  const std::vector<std::string> both = {"stage=sft",
                                         "model=" + (folder / "base").string(),
                                         "tokenizer=" + (folder / "base").string(),
                                         base::cat("data.train=[", folder.write("d.jsonl", rows).string(), "]"),
                                         "data.separator=\"\"",
                                         "train.dtype=f32",
                                         "train.steps=40",
                                         "train.neftune_alpha=5"};
  return with(with(with(tiny_recipe(folder, "whole"), kEverything), both), settings);
}

TEST(Kill, FiveKillsOfATuningChangeNothing) {
  const testing::TempFolder folder;
  expect_kills_change_nothing(folder, tuning(folder, {}), 5, "model.safetensors");
}

TEST(Kill, FiveKillsOfAnAdapterChangeNothing) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = tuning(folder, {"adapter.method=lora", "adapter.r=4", "adapter.dropout=0.1", "adapter.lora_plus=4",
                                             "adapter.modules_to_save=[norm]"});
  expect_kills_change_nothing(folder, recipe, 5, "adapter_model.safetensors");
}

}  // namespace
}  // namespace athanor::train
