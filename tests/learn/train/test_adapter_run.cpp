// Runs in which an adapter learns: what their folders hold, and that a resumed one is the same run.

#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/adapter.h"
#include "athanor/learn/nn/load.h"
#include "tests/learn/train/tiny_run.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

/// A model that a run of few steps left in `folder`/base, and the recipe of an adapter on it.
TrainRecipe adapter_recipe(const testing::TempFolder& folder, const std::vector<std::string>& settings,
                           const std::string& out = "tuned") {
  if (!fs::exists(folder / "base"))
    train(with(tiny_recipe(folder, "base"), {"train.steps=3", "train.eval_every=0", "train.save_every=0", "train.dropout=0"}));
  std::vector<std::string> all = {"model=" + (folder / "base").string(),
                                  "tokenizer=" + (folder / "base").string(),
                                  "out=" + (folder / out).string(),
                                  "adapter.method=lora",
                                  "adapter.r=4",
                                  "adapter.targets=[q_proj, down_proj]"};
  all.insert(all.end(), settings.begin(), settings.end());
  return with(tiny_recipe(folder), all);
}

std::string adapter_bytes(const TrainRecipe& recipe) {
  return base::read_text_file(fs::path(recipe.out) / "adapter_model.safetensors");
}

TEST(AdapterRun, BecomesAPeftFolder) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = adapter_recipe(folder, {});
  const TrainResult result = train(recipe);
  EXPECT_EQ(result.end, "finished");
  for (const fs::path& place : {fs::path(recipe.out), fs::path(recipe.out) / "checkpoint-12"}) {
    EXPECT_FALSE(fs::exists(place / "model.safetensors")) << "the base is not written";
    EXPECT_FALSE(fs::exists(place / "config.json"));
    EXPECT_TRUE(fs::exists(place / "tokenizer.json"));
    const base::Json config = base::read_json_file(place / "adapter_config.json", "test");
    EXPECT_EQ(config["peft_type"], "LORA");
    EXPECT_EQ(config["base_model_name_or_path"], (folder / "base").string());
    EXPECT_EQ(config["target_modules"], base::Json({"q_proj", "down_proj"}));
    const auto arrays = checkpoint::Checkpoint::open(place / "adapter_model.safetensors");
    EXPECT_EQ(arrays.arrays().size(), 8u);
    EXPECT_EQ(arrays.at("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight").shape, (std::vector<int64_t>{4, 48}));
  }
  const auto optimizer = checkpoint::Checkpoint::open(fs::path(recipe.out) / "checkpoint-12" / "optimizer.safetensors");
  EXPECT_EQ(optimizer.arrays().size(), 16u) << "two moments for each of eight";
  const auto base_folder = checkpoint::ModelFolder::open(folder / "base");
  EXPECT_NO_THROW(models::merge_adapter(models::decoder_from_config(*base_folder.config), base_folder.weights, recipe.out));
}

/// One of each kind, with dropout, accumulation, averages and evaluation as tiny_recipe has them.
const std::vector<std::string> kKinds[] = {
    {"adapter.dropout=0.2", "adapter.lora_plus=8", "train.ema=0.9", "train.keep_best=true"},
    {"adapter.dora=true", "train.dtype=bf16"},
    {"adapter.init=pissa", "adapter.modules_to_save=[norm]"},
    {"adapter.init=loftq", "adapter.quantize=nf4"},
    {"adapter.method=ia3", "adapter.targets=[k_proj, v_proj, down_proj]", "adapter.feedforward=[down_proj]"},
    {"adapter.method=prompt-tuning", "adapter.virtual_tokens=3", "adapter.prompt_init=text", "adapter.init_text=the"},
    {"adapter.method=p-tuning", "adapter.virtual_tokens=3", "adapter.encoder=lstm"},
    {"adapter.method=prefix-tuning", "adapter.virtual_tokens=3", "adapter.projection=true"},
};

class ResumedAdapter : public ::testing::TestWithParam<int> {};

TEST_P(ResumedAdapter, EndsWithTheSameBytes) {
  const testing::TempFolder folder;
  const std::vector<std::string>& settings = kKinds[GetParam()];
  const auto recipe = [&](const std::string& out) {
    return with(adapter_recipe(folder, settings, out), {"train.schedule=constant"});
  };
  train(recipe("whole"));
  train(with(recipe("parts"), {"train.steps=5"}));
  train(recipe("parts"), Resume::kYes);
  EXPECT_EQ(adapter_bytes(recipe("parts")), adapter_bytes(recipe("whole")));
  EXPECT_EQ(base::read_text_file(folder / "parts/checkpoint-12/learned.safetensors"),
            base::read_text_file(folder / "whole/checkpoint-12/learned.safetensors"));
}
INSTANTIATE_TEST_SUITE_P(Kinds, ResumedAdapter, ::testing::Range(0, 8));

/// Largest difference of all logits of some ids.
double distance_of(nn::Decoder& a, nn::Decoder& b) {
  const std::vector<int32_t> ids = {3, 50, 7, 100, 9, 32, 116, 104};
  const std::vector<float> x = nn::decoder_logits(a, ids), y = nn::decoder_logits(b, ids);
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i]) - y[i]));
  return largest;
}

// The base of a LoftQ adapter is the four-bit one, for whoever loads it and for whoever merges it.
TEST(AdapterRun, LoftqIsLoadedAndMergedOnItsFourBitBase) {
  for (const char* doubled : {"true", "false"}) {
    const testing::TempFolder folder;
    const TrainRecipe recipe = adapter_recipe(
        folder, {"adapter.init=loftq", "adapter.quantize=nf4", "train.lr=3e-2", base::cat("adapter.double_quant=", doubled)});
    train(recipe);
    const base::Json config = base::read_json_file(fs::path(recipe.out) / "adapter_config.json", "test");
    EXPECT_EQ(config["loftq_config"]["base"], std::string(doubled) == "true" ? "nf4-double-quant" : "nf4");
    EXPECT_EQ(config["init_lora_weights"], true);
    const auto loaded = nn::load_decoder(folder / "base");
    const auto adapter = adapters::load_adapter(*loaded, recipe.out);
    const auto base_folder = checkpoint::ModelFolder::open(folder / "base");
    const models::DecoderModel model = models::decoder_from_config(*base_folder.config);
    nn::Decoder merged(model, {});
    nn::load_weights(merged, models::merge_adapter(model, base_folder.weights, recipe.out));
    EXPECT_LE(distance_of(*loaded, merged), 1e-5);
    EXPECT_GT(distance_of(*loaded, *nn::load_decoder(folder / "base")), 1e-3) << "it has learned";
  }
}

TEST(AdapterRun, Learns) {
  const testing::TempFolder folder;
  train(with(tiny_recipe(folder, "base"), {"train.steps=40", "train.eval_every=0", "train.save_every=0", "train.dropout=0"}));
  for (const auto& [method, less] : {std::pair("lora", 0.2), std::pair("prompt-tuning", 0.05)}) {
    const TrainRecipe recipe =
        adapter_recipe(folder,
                       {base::cat("adapter.method=", method), "adapter.targets=[all-linear]", "train.dropout=0", "train.steps=60",
                        "train.lr=3e-2", "train.eval_every=0", "train.save_every=0", "train.log_every=1"},
                       method);
    const TrainResult result = train(recipe);
    ASSERT_TRUE(result.held_out);
    EXPECT_LT(result.held_out->loss(), result.log.front().training->loss - less) << method;
  }
}

// LoRA+ by a factor on each weight's rate: the same as another rate for all.
TEST(AdapterRun, AWeightHasItsOwnRate) {
  for (const char* name : {"adamw", "muon"}) {
    std::vector<at::Tensor> ends;
    for (const double factor : {1.0, 4.0}) {
      Weight weight{"w", at::ones({4, 6}), {}, WeightKind::kMatrix, factor};
      weight.master = weight.parameter;
      const std::vector<at::Tensor> gradients = {at::eye(4, 6)};
      base::find_row(optimizers(), name, "test").make({weight}, TrainOptions())->update(gradients, {0.04 / factor, 1, 1});
      ends.push_back(weight.master);
    }
    EXPECT_LE(ends[0].sub(ends[1]).abs().max().item().toDouble(), 1e-7) << name;
    EXPECT_GT(ends[0].sub(1).abs().max().item().toDouble(), 1e-3) << name;
  }
}

void expect_input_error(const testing::TempFolder& folder, const std::vector<std::string>& settings, const std::string& text) {
  try {
    train(adapter_recipe(folder, settings, "bad"));
    FAIL() << "no error: " << text;
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(AdapterRun, MistakesAreNamed) {
  const testing::TempFolder folder;
  expect_input_error(folder, {"adapter.targets=[qproj]"}, "did you mean q_proj?");
  expect_input_error(folder, {"adapter.method=prompt-tuning", "adapter.virtual_tokens=60"},
                     "train.length is longer than the model's positions");
  expect_input_error(folder, {"adapter.quantize=nf4", "adapter.init=pissa"}, "pissa changes the weights that quantize would round");
  TrainRecipe fresh = tiny_recipe(folder, "bad");
  EXPECT_THROW(train(with(fresh, {"adapter.method=lora"})), base::Error);
}

}  // namespace
}  // namespace athanor::train
