#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::train {
namespace {

std::string error_of_recipe(const std::string& yaml) {
  try {
    read_recipe(base::parse_yaml(yaml, "r.yaml"));
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "none";
}

constexpr const char* kGood = "model: F\nout: O\n";

TEST(Recipe, ReadsWhatTheDesignPromises) {
  const TrainRecipe recipe = read_recipe(base::parse_yaml(R"(
stage: pretrain
model: {model_type: llama, hidden_size: 256}
tokenizer: T
data: {train: [a.txt, b.jsonl], eval: [c.txt]}
train: {steps: 200, batch: 8, length: 256, accumulation: 1, lr: 1e-3, dtype: bf16, seed: 0, threads: 2}
out: O
)",
                                                          "r.yaml"));
  EXPECT_EQ(recipe.data.train.size(), 2u);
  EXPECT_EQ(recipe.train.lr, 1e-3);
  EXPECT_EQ(recipe.model.find("hidden_size")->scalar, "256");
}

TEST(Recipe, HuggingFaceWordsAreRecognised) {
  for (const auto& [theirs, ours] :
       {std::pair("learning_rate", "lr"), std::pair("per_device_train_batch_size", "batch"),
        std::pair("gradient_accumulation_steps", "accumulation"), std::pair("warmup_ratio", "warmup"),
        std::pair("lr_scheduler_type", "schedule"), std::pair("max_grad_norm", "clip"), std::pair("save_steps", "save_every"),
        std::pair("save_total_limit", "keep"), std::pair("logging_steps", "log_every"), std::pair("bf16", "dtype")}) {
    const std::string error = error_of_recipe(std::string(kGood) + "train: {" + theirs + ": 1}\n");
    EXPECT_NE(error.find(theirs), std::string::npos) << error;
    EXPECT_NE(error.find(ours), std::string::npos) << error;
  }
}

TEST(Recipe, AllMistakesAtOnce) {
  const std::string error = error_of_recipe(std::string(kGood) + "train: {stepz: 3, lr: -1, dtype: int3}\n");
  for (const char* part : {"stepz", "lr", "dtype"}) EXPECT_NE(error.find(part), std::string::npos) << error;
}

TEST(Recipe, AdaptersAreNotBuiltYet) {
  EXPECT_NE(error_of_recipe(std::string(kGood) + "adapter: {method: lora}\n").find("not built yet"), std::string::npos);
}

TEST(Recipe, SurvivesTheWayThereAndBack) {
  const TrainRecipe recipe = read_recipe(
      base::parse_yaml("model: {model_type: llama, hidden_size: 8}\nout: O\ndata: {train: a b.txt}\ntrain: {lr: 0.00017}\n", "r"));
  const std::string yaml = recipe_to_yaml(recipe);
  EXPECT_EQ(recipe_to_yaml(read_recipe(base::parse_yaml(yaml, "again"))), yaml);
}

TEST(Recipe, WhatMayChangeOnResume) {
  const auto node = [](const char* yaml) { return base::parse_yaml(yaml, "r"); };
  const base::Node before = node("out: a\ntrain: {lr: 1, steps: 5, threads: 1}\nmodel: {a: 1}\n");
  EXPECT_TRUE(forbidden_changes(before, node("out: b\ntrain: {lr: 1, steps: 9, threads: 2}\nmodel: {a: 1}\n")).empty());
  EXPECT_EQ(forbidden_changes(before, node("out: a\ntrain: {lr: 2, steps: 5, threads: 1}\nmodel: {b: 1}\n")),
            (std::vector<std::string>{"model.a: 1 -> ", "model.b:  -> 1", "train.lr: 1 -> 2"}));
}

}  // namespace
}  // namespace athanor::train
