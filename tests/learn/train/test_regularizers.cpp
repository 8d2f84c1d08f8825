#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/models/family.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/train/fisher.h"
#include "athanor/learn/train/regularizer.h"
#include "tests/learn/train/tiny_run.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<nn::Decoder> small_decoder() {
  base::Json keys = {{"model_type", "llama"}, {"hidden_size", 16},       {"num_hidden_layers", 1},      {"num_attention_heads", 2},
                     {"vocab_size", 12},      {"intermediate_size", 24}, {"tie_word_embeddings", true}, {"initializer_range", 0.4}};
  return nn::Decoder::build(models::decoder_from_config(models::new_config(keys)), {}, 5);
}

data::Batch row_of(const std::vector<int32_t>& ids, const std::vector<int32_t>& targets) {
  data::Batch batch;
  batch.batch = 1, batch.length = static_cast<int64_t>(ids.size());
  batch.ids = ids, batch.targets = targets;
  batch.row_start.assign(ids.size(), 0);
  for (size_t i = 0; i < ids.size(); ++i) batch.positions.push_back(static_cast<int32_t>(i));
  return batch;
}

/// The whole gradient of one row's loss, as one list.
std::vector<double> gradient_of(nn::Decoder& decoder, const std::vector<Weight>& weights, const std::vector<int32_t>& ids,
                                const std::vector<int32_t>& targets) {
  auto tensor = [](const std::vector<int32_t>& values) {
    at::Tensor t = at::full({1, static_cast<int64_t>(values.size())}, 0, at::kInt);
    std::copy(values.begin(), values.end(), t.data_ptr<int32_t>());
    return t;
  };
  decoder.loss({tensor(ids)}, tensor(targets)).backward();
  std::vector<double> all;
  for (const Weight& weight : weights) {
    at::Tensor parameter = weight.parameter;
    const at::Tensor g = parameter.grad().flatten().contiguous();
    all.insert(all.end(), g.const_data_ptr<float>(), g.const_data_ptr<float>() + g.numel());
    parameter.mutable_grad().reset();
  }
  return all;
}

std::vector<double> flat(const Fisher& fisher) {
  std::vector<double> all;
  for (const at::Tensor& part : fisher.diagonal) {
    const at::Tensor f = part.flatten().contiguous();
    all.insert(all.end(), f.const_data_ptr<float>(), f.const_data_ptr<float>() + f.numel());
  }
  return all;
}

TEST(Fisher, SquaresEachRowsGradientBeforeItSums) {
  auto decoder = small_decoder();
  const auto weights = collect_weights(*decoder, "");
  const std::vector<std::vector<int32_t>> rows = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 1, 5, 2}};
  const std::vector<std::vector<int32_t>> targets = {{2, 3, 4, 5}, {6, data::kNoTarget, 8, 9}, {1, 5, 2, data::kNoTarget}};
  std::vector<double> expected;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto g = gradient_of(*decoder, weights, rows[r], targets[r]);
    expected.resize(g.size());
    for (size_t i = 0; i < g.size(); ++i) expected[i] += g[i] * g[i] / 10;  // ten labels
  }
  const Fisher fisher =
      diagonal_fisher(*decoder, weights,
                      [&](int64_t r) { return row_of(rows[static_cast<size_t>(r)], targets[static_cast<size_t>(r)]); }, {3, false});
  const auto got = flat(fisher);
  ASSERT_EQ(got.size(), expected.size());
  double trace = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-5 * (1 + expected[i]));
    trace += expected[i];
  }
  EXPECT_NEAR(fisher.trace, trace, 1e-4 * trace);
}

// For one position the Fisher information is known: the sum over all labels y of p(y) (d log p(y) / dw)^2.
TEST(Fisher, SampledLabelsApproachTheExpectationOverTheModel) {
  auto decoder = small_decoder();
  const auto weights = collect_weights(*decoder, "");
  std::vector<double> expected;
  for (int32_t y = 0; y < 12; ++y) {
    const auto g = gradient_of(*decoder, weights, {3}, {y});
    double p = 0;
    {
      at::NoGradGuard no_grad;
      const at::Tensor id = at::full({1, 1}, 3, at::kInt);
      p = decoder->logits(decoder->hidden({id})).flatten().softmax(-1)[y].item<double>();
    }
    expected.resize(g.size());
    for (size_t i = 0; i < g.size(); ++i) expected[i] += p * g[i] * g[i];
  }
  const Fisher fisher = diagonal_fisher(*decoder, weights, [](int64_t) { return row_of({3}, {0}); }, {3000, true, 1});
  double trace = 0, distance = 0;
  const auto got = flat(fisher);
  for (size_t i = 0; i < got.size(); ++i) trace += expected[i], distance += std::fabs(got[i] - expected[i]);
  EXPECT_NEAR(fisher.trace, trace, 0.1 * trace);
  EXPECT_LT(distance, 0.12 * trace);
}

/// A model folder that a few steps left, and a recipe that goes on from it.
TrainRecipe tuning_recipe(const testing::TempFolder& folder, const std::string& out, const std::vector<std::string>& settings) {
  if (!fs::exists(folder / "base"))
    train(with(tiny_recipe(folder, "base"), {"train.eval_every=0", "train.save_every=0", "train.dropout=0"}));
  std::vector<std::string> all = {"model=" + (folder / "base").string(), "tokenizer=" + (folder / "base").string()};
  all.insert(all.end(), settings.begin(), settings.end());
  return with(tiny_recipe(folder, out), all);
}

double distance_from_base(const testing::TempFolder& folder, const TrainRecipe& recipe) {
  const auto before = checkpoint::Checkpoint::open(folder / "base"), after = checkpoint::Checkpoint::open(recipe.out);
  double sum = 0;
  for (const auto& array : before.arrays())
    sum += nn::tensor_over(array.array).sub(nn::tensor_over(after.at(array.name))).square().sum().item<double>();
  return std::sqrt(sum);
}

TEST(Regularizers, HoldTheWeightsNearTheStart) {
  const testing::TempFolder folder;
  const TrainRecipe free = tuning_recipe(folder, "free", {});
  train(free);
  const double far = distance_from_base(folder, free);
  for (const char* method : {"l2-start", "ewc"}) {
    double last = far;
    for (const char* strength : {"1", "1000"}) {
      const TrainRecipe recipe =
          tuning_recipe(folder, base::cat(method, strength),
                        {base::cat("regularizer.method=", method), base::cat("regularizer.strength=", strength),
                         base::cat("regularizer.data=[", (folder / "text.txt").string(), "]"), "regularizer.rows=8"});
      train(recipe);
      const double distance = distance_from_base(folder, recipe);
      EXPECT_LT(distance, last * 1.02) << method << " " << strength;
      last = distance;
    }
    EXPECT_LT(last, 0.8 * far) << method;
  }
  EXPECT_TRUE(fs::exists(folder / "ewc1/fisher.safetensors"));
}

TEST(Regularizers, AResumedRunIsTheSame) {
  for (const char* method : {"l2-start", "ewc"}) {
    const testing::TempFolder folder;
    const std::vector<std::string> settings = {base::cat("regularizer.method=", method), "regularizer.strength=10",
                                               base::cat("regularizer.data=[", (folder / "text.txt").string(), "]"),
                                               "regularizer.rows=4", "train.schedule=constant"};
    const TrainRecipe whole = tuning_recipe(folder, "whole", settings), parts = tuning_recipe(folder, "parts", settings);
    train(whole);
    train(with(parts, {"train.steps=5"}));
    train(parts, Resume::kYes);
    EXPECT_EQ(model_bytes(parts), model_bytes(whole)) << method;
  }
}

TEST(Regularizers, RefuseWhatHasNoStart) {
  const testing::TempFolder folder;
  auto refusal = [&](const std::vector<std::string>& settings) {
    try {
      train(with(tiny_recipe(folder), settings));
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refusal({"regularizer.method=l2-start"}).find("a new model"), std::string::npos);
  EXPECT_NE(refusal({"regularizer.method=ewc"}).find("text of the old task"), std::string::npos);
}

}  // namespace
}  // namespace athanor::train
