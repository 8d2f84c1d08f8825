// A run that is killed at any moment and resumed ends with the same bytes as one that was not.

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/json.h"
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

TEST(Kill, TenKillsChangeNothing) {
  const testing::TempFolder folder;
  const std::vector<std::string> everything = {"train.steps=60",       "train.save_every=7",  "train.eval_every=10",
                                               "train.accumulation=3", "train.ema=0.9",       "train.log_every=1",
                                               "train.dtype=bf16",     "train.keep_best=true"};
  const TrainRecipe whole = with(tiny_recipe(folder, "whole"), everything);
  base::write_file(folder / "whole.yaml", recipe_to_yaml(whole));
  const testing::ProgramResult reference = train_in_child(folder / "whole.yaml", 60);
  ASSERT_EQ(reference.exit_code, 0) << reference.out << reference.err;

  base::Philox random(20240607, 0, base::Purpose::kTest);
  int kills = 0, runs = 0;
  while (kills < 10) {
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
    EXPECT_EQ(model_bytes(recipe), model_bytes(whole)) << "run " << runs;
    const base::Json state = base::read_json_file(fs::path(recipe.out) / "checkpoint-60" / "trainer_state.json", "test");
    std::multiset<int64_t> steps;
    for (const auto& entry : state["log_history"])
      if (entry.contains("loss")) steps.insert(entry["step"].get<int64_t>());
    ASSERT_EQ(steps.size(), 60u);
    for (int64_t step = 1; step <= 60; ++step) EXPECT_EQ(steps.count(step), 1u) << step;
  }
}

}  // namespace
}  // namespace athanor::train
