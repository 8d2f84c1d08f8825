// A run that grows into its limit ends with its last step saved, and goes on from there.

#include "athanor/learn/train/memory_guard.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/memory.h"
#include "athanor/learn/train/memory_estimate.h"
#include "tests/learn/train/tiny_run.h"
#include "tests/testing/program.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

TrainRecipe logged_recipe(const testing::TempFolder& folder, const std::string& out) {
  return with(tiny_recipe(folder, out), {"train.log_every=1", "train.eval_every=0", "train.save_every=0"});
}

/// Trains with `at_step` called after every step; the text of the error that ended it.
std::string error_of(const TrainRecipe& recipe, const std::function<void(int64_t step)>& at_step) {
  TrainHooks hooks;
  hooks.history = false, hooks.force = true;
  hooks.on_log = [&](const LogEntry& entry) {
    if (entry.training) at_step(entry.step);
  };
  try {
    train_recipe(recipe, Resume::kNo, hooks);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

void expect_goes_on(const TrainRecipe& recipe, const TrainRecipe& whole, const std::string& error) {
  EXPECT_NE(error.find("--resume goes on from"), std::string::npos) << error;
  train(whole);
  const TrainResult rest = train(with(recipe, {"train.memory_limit=0"}), Resume::kYes);
  EXPECT_EQ(rest.end, "finished");
  EXPECT_LT(rest.steps_now, 12);
  EXPECT_EQ(model_bytes(recipe), model_bytes(whole)) << "the interrupted step is done again, and nothing twice";
}

TEST(MemoryGuard, ARunThatGrowsIntoItsLimitSavesAndEnds) {
  const testing::TempFolder folder;
  const double limit = base::resident_bytes() / (1 << 30) + 0.25;
  const TrainRecipe recipe = with(logged_recipe(folder, "grown"), {base::cat("train.memory_limit=", limit)});
  std::vector<std::vector<char>> more;
  const std::string error = error_of(recipe, [&](int64_t) {
    more.emplace_back(64 << 20, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(12));
  });
  EXPECT_NE(error.find("train.memory_limit is"), std::string::npos) << error;
  EXPECT_LT(more.size(), 12u);
  more.clear();
  more.shrink_to_fit();
  expect_goes_on(recipe, logged_recipe(folder, "whole"), error);
}

constexpr const char* kMemoryFolder = "ATHANOR_TEST_MEMORY_FOLDER";

/// In a process of its own, for its memory is really limited.
TEST(MemoryGuardChild, RunsOutOfMemory) {
  const char* place = std::getenv(kMemoryFolder);
  if (!place) GTEST_SKIP() << "run by MemoryGuard.* in a process of its own";
  const TrainRecipe recipe = read_recipe(base::read_yaml_file(fs::path(place) / "recipe.yaml"));
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  std::vector<std::unique_ptr<char[]>> held;
  const std::string error = error_of(recipe, [&](int64_t step) {
    if (step != 6) return;
    const rlimit no_more{1, before.rlim_max};
    setrlimit(RLIMIT_AS, &no_more);
    try {
      for (;;) held.push_back(std::make_unique<char[]>(256 << 10));  // all that the heap has
    } catch (const std::bad_alloc&) {
      held.resize(held.size() - std::min<size_t>(held.size(), 8));
    }
  });
  held.clear();
  setrlimit(RLIMIT_AS, &before);
  EXPECT_NE(error.find("--resume goes on from"), std::string::npos) << error;
}

TEST(MemoryGuard, ARunThatGetsNoMemorySavesAndEnds) {
  const testing::TempFolder folder;
  // Rows so long that their activations are mapped anew in every step.
  const std::vector<std::string> large = {"train.length=64", "train.batch=128", "train.accumulation=1", "train.memory_limit=100"};
  const TrainRecipe recipe = with(logged_recipe(folder, "out"), large);
  folder.write("recipe.yaml", recipe_to_yaml(recipe));
  testing::ProgramOptions options;
  options.environment = {std::string(kMemoryFolder) + "=" + folder.path().string()};
  const auto child =
      testing::run_program(fs::read_symlink("/proc/self/exe"), {"--gtest_filter=MemoryGuardChild.RunsOutOfMemory"}, options);
  ASSERT_EQ(child.exit_code, 0) << child.out << child.err;
  EXPECT_TRUE(fs::exists(folder / "out/checkpoint-6"));
  expect_goes_on(recipe, with(logged_recipe(folder, "whole"), large), "--resume goes on from");
}

TEST(MemoryGuard, TheSameRowsInSmallerBatchesMayGoOn) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = with(logged_recipe(folder, "run"), {"train.batch=4", "train.accumulation=1", "train.dropout=0"});
  train(with(recipe, {"train.steps=5", "train.schedule=constant"}));
  const TrainResult rest = train(with(recipe, {"train.batch=1", "train.accumulation=4", "train.schedule=constant"}), Resume::kYes);
  EXPECT_EQ(rest.steps_now, 7);
  EXPECT_THROW(train(with(recipe, {"train.batch=2", "train.schedule=constant", "train.steps=20"}), Resume::kYes), base::Error);
}

TEST(MemoryGuard, TheNearestSettingKeepsTheTokensOfAStep) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = with(tiny_recipe(folder), {"train.batch=64", "train.accumulation=1"});
  const models::DecoderModel model = models::decoder_from_config(models::new_config({{"model_type", "llama"},
                                                                                     {"hidden_size", 256},
                                                                                     {"num_hidden_layers", 8},
                                                                                     {"num_attention_heads", 8},
                                                                                     {"intermediate_size", 704},
                                                                                     {"vocab_size", 512}}));
  const auto total = [&](const std::vector<std::string>& settings) { return estimate_memory(model, with(recipe, settings)).total; };
  const std::vector<std::string> halves = {"train.batch=32", "train.accumulation=2"};
  EXPECT_EQ(nearest_fitting(model, recipe, total(halves)).settings, "train.batch=32 train.accumulation=2");
  EXPECT_EQ(nearest_fitting(model, recipe, total({})).settings, "");
  EXPECT_EQ(nearest_fitting(model, recipe, 1e6).settings, "") << "the program alone takes more";
  EXPECT_EQ(nearest_fitting(model, recipe, 1e6).total, 0);
  EXPECT_EQ(largest_batch(model, recipe, total({"train.batch=32"})), 32);
  EXPECT_EQ(largest_batch(model, recipe, 1e6), 0);
}

}  // namespace
}  // namespace athanor::train
