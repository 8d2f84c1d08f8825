#include <gtest/gtest.h>

#include <map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/token_shard.h"
#include "tests/learn/train/tiny_run.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

/// Documents "<letter> <number>": 30 of a, 90 of b.
TrainRecipe mixed_recipe(const testing::TempFolder& folder, const std::string& out) {
  TrainRecipe recipe = tiny_recipe(folder, out);
  std::string a, b;
  for (int i = 0; i < 90; ++i) (i % 3 == 0 ? a : b) += base::cat(i % 3 == 0 ? "aaaa " : "bbbb ", 1000 + i, "\n\n");
  for (int i = 0; i < 30; ++i) b += base::cat("bbbb ", 2000 + i, "\n\n");
  recipe.data.train.clear();
  const std::string mix = base::cat("[{files: [", folder.write("a.txt", a).string(), "], weight: 1}, {files: [",
                                    folder.write("b.txt", b).string(), "], weight: 5}]");
  return with(recipe, {"data.mix=" + mix});
}

std::map<std::string, fs::file_time_type> shards_of(const TrainRecipe& recipe) {
  std::map<std::string, fs::file_time_type> shards;
  for (const auto& entry : fs::directory_iterator(fs::path(recipe.out) / "data"))
    if (entry.path().extension() == ".tokens") shards[entry.path().filename().string()] = entry.last_write_time();
  return shards;
}

/// How many documents of the mixture, or of what is held out, begin with a, and with b.
std::pair<int, int> documents_of(const TrainRecipe& recipe, bool held_out) {
  std::pair<int, int> counts;
  for (const auto& [name, time] : shards_of(recipe)) {
    if (!name.starts_with("mix-") || name.starts_with("mix-eval-") != held_out) continue;
    const data::TokenShard shard = data::TokenShard::open(fs::path(recipe.out) / "data" / name);
    for (int64_t d = 0; d < shard.documents(); ++d) {
      int32_t id = 0;
      shard.copy(d, 0, 1, &id);
      ++(id == 'a' ? counts.first : counts.second);
    }
  }
  return counts;
}

TEST(MixedRun, HoldsOutOfEverySourceAndMixesTheRest) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = mixed_recipe(folder, "run");
  const TrainResult result = train(recipe);
  EXPECT_EQ(result.end, "finished");
  EXPECT_EQ(documents_of(recipe, true), (std::pair(6, 18))) << "a fifth of 30 and of 90";
  EXPECT_EQ(documents_of(recipe, false), (std::pair(24, 120))) << "of the other 24 and 72, one to five, where each is seen whole";
  ASSERT_TRUE(result.held_out);
  EXPECT_EQ(result.held_out->bytes, 24 * 9);
}

TEST(MixedRun, ASecondStartTakesWhatIsThere) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = mixed_recipe(folder, "run");
  train(recipe);
  const auto before = shards_of(recipe);
  ASSERT_EQ(before.size(), 6u) << "two of each source, the mixture and what is held out of both";
  train(recipe, Resume::kAuto);
  EXPECT_EQ(shards_of(recipe), before);
  const TrainRecipe other = with(recipe, {"data.exhausted=stop", "out=" + (folder / "other").string()});
  train(other);
  EXPECT_EQ(documents_of(other, false), (std::pair(14, 72)));
}

TEST(MixedRun, GoesOnExactlyWhereItWasStopped) {
  const testing::TempFolder folder;
  const TrainRecipe whole = mixed_recipe(folder, "whole"), stopped = mixed_recipe(folder, "stopped");
  train(whole);
  train(stopped);
  for (const char* made_later : {"checkpoint-10", "checkpoint-12", "model.safetensors", "data"})  // shards are made again, too
    fs::remove_all(fs::path(stopped.out) / made_later);
  EXPECT_EQ(train(stopped, Resume::kAuto).steps_now, 7);
  EXPECT_EQ(model_bytes(stopped), model_bytes(whole));
}

TEST(MixedRun, GoesWithoutDataTrain) {
  const testing::TempFolder folder;
  TrainRecipe recipe = mixed_recipe(folder, "run");
  recipe.data.train = {"x.txt"};
  EXPECT_THROW(train(recipe), base::Error);
}

/// Samples, written in another way in each of two passes.
TrainRecipe augmented_recipe(const testing::TempFolder& folder, const std::string& out) {
  std::string rows;
  for (int i = 0; i < 12; ++i) rows += base::cat("{\"prompt\": \"say number ", i, " please\", \"completion\": \"", i, "\"}\n");
  return with(tiny_recipe(folder, out),
              {"stage=sft", "data.train=[" + folder.write("s.jsonl", rows).string() + "]", "data.separator=\"\"", "train.length=64",
               "data.augment={passes: 2, typos: 0.2, drops: 0.1, templates: [\"{{prompt}}\", \"Q: {{prompt}}\"]}"});
}

TEST(AugmentedRun, GoesOnExactlyWhereItWasStopped) {
  const testing::TempFolder folder;
  const TrainRecipe whole = augmented_recipe(folder, "whole"), stopped = augmented_recipe(folder, "stopped");
  train(whole);
  train(stopped);
  for (const char* made_later : {"checkpoint-10", "checkpoint-12", "model.safetensors", "data"})
    fs::remove_all(fs::path(stopped.out) / made_later);
  EXPECT_EQ(train(stopped, Resume::kAuto).steps_now, 7);
  EXPECT_EQ(model_bytes(stopped), model_bytes(whole));
  const TrainRecipe other = with(augmented_recipe(folder, "other"), {"data.augment.seed=1"});
  train(other);
  EXPECT_NE(model_bytes(other), model_bytes(whole));
}

}  // namespace
}  // namespace athanor::train
