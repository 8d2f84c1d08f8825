#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/models/family.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/gradients.h"
#include "athanor/learn/train/weights.h"
#include "tests/testing/temp_folder.h"

namespace athanor::train {
namespace {

std::unique_ptr<nn::Decoder> tiny_decoder(at::ScalarType type, bool tied = false) {
  base::Json keys = {{"model_type", "llama"},    {"hidden_size", 16}, {"num_hidden_layers", 1},
                     {"num_attention_heads", 2}, {"vocab_size", 20},  {"tie_word_embeddings", tied}};
  nn::DecoderOptions options;
  options.dtype = type;
  return nn::Decoder::build(models::decoder_from_config(models::new_config(keys)), options, 1);
}

TEST(Weights, RatesFallWithTheDistanceFromTheOutput) {
  base::Json keys = {
      {"model_type", "llama"}, {"hidden_size", 16}, {"num_hidden_layers", 12}, {"num_attention_heads", 2}, {"vocab_size", 20}};
  const auto decoder = nn::Decoder::build(models::decoder_from_config(models::new_config(keys)), {}, 1);
  auto weights = collect_weights(*decoder, "lm_head.weight");
  decay_by_layer(weights, decoder->layer_paths(), 0.5);
  std::map<std::string, double> factors;
  for (const Weight& weight : weights) factors[weight.name] = weight.lr_factor;
  EXPECT_EQ(factors.at("lm_head.weight"), 1);
  EXPECT_EQ(factors.at("model.norm.weight"), 1);
  EXPECT_EQ(factors.at("model.layers.11.mlp.up_proj.weight"), 1);
  EXPECT_EQ(factors.at("model.layers.10.mlp.up_proj.weight"), 0.5);
  EXPECT_EQ(factors.at("model.layers.1.self_attn.q_proj.weight"), std::pow(0.5, 10));
  EXPECT_EQ(factors.at("model.embed_tokens.weight"), std::pow(0.5, 12));
}

TEST(Weights, KindsFollowFromWhereAWeightIs) {
  const auto decoder = tiny_decoder(at::kFloat);
  std::map<std::string, WeightKind> kinds;
  for (const Weight& weight : collect_weights(*decoder, "lm_head.weight")) kinds[weight.name] = weight.kind;
  EXPECT_EQ(kinds.at("model.embed_tokens.weight"), WeightKind::kEmbedding);
  EXPECT_EQ(kinds.at("lm_head.weight"), WeightKind::kHead);
  EXPECT_EQ(kinds.at("model.norm.weight"), WeightKind::kVector);
  EXPECT_EQ(kinds.at("model.layers.0.self_attn.q_proj.weight"), WeightKind::kMatrix);
  EXPECT_EQ(kinds.size(), 12u);
}

TEST(Weights, MastersAreF32AndShareMemoryWhereTheParameterIs) {
  const auto narrow = tiny_decoder(at::kBFloat16), wide = tiny_decoder(at::kFloat);
  for (const Weight& weight : collect_weights(*narrow, "")) {
    EXPECT_EQ(weight.master.scalar_type(), at::kFloat);
    EXPECT_EQ(weight.parameter.data_ptr() == weight.master.data_ptr(), weight.parameter.scalar_type() == at::kFloat) << weight.name;
  }
  for (const Weight& weight : collect_weights(*wide, "")) EXPECT_EQ(weight.parameter.data_ptr(), weight.master.data_ptr());
}

TEST(Weights, SavedArraysComeBack) {
  const testing::TempFolder folder;
  const std::vector<NamedTensor> before = {{"a", at::randn({3, 4})}, {"b", at::randn({5})}};
  std::vector<at::Tensor> storage;
  checkpoint::write_safetensors(folder / "x.safetensors", arrays_of(before, at::kFloat, storage));
  const auto arrays = checkpoint::Checkpoint::open(folder / "x.safetensors");
  const std::vector<NamedTensor> after = {{"a", at::ones({3, 4})}, {"b", at::ones({5})}};
  restore(after, arrays);
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(after[i].second.equal(before[i].second));
  EXPECT_THROW(restore({{"a", at::ones({4, 3})}}, arrays), base::Error);
  EXPECT_THROW(restore({{"c", at::ones({1})}}, arrays), base::Error);
}

TEST(Weights, TheAverageFollowsItsFormula) {
  std::vector<Weight> weights(1);
  weights[0].name = "w", weights[0].parameter = at::ones({2}), weights[0].master = weights[0].parameter;
  WeightAverage average(weights, 0.9);
  double expected = 1;
  for (int64_t t = 1; t <= 100; ++t) {
    weights[0].master.fill_(static_cast<float>(t));
    average.update(weights, t);
    const double decay = std::min(0.9, (1.0 + static_cast<double>(t)) / (10.0 + static_cast<double>(t)));
    expected = decay * expected + (1 - decay) * static_cast<double>(t);
    EXPECT_NEAR(average.values()[0][1].item<double>(), expected, 1e-4 * expected);
  }
}

TEST(Weights, BorrowedWeightsAreGivenBack) {
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const auto decoder = tiny_decoder(type);
    std::vector<Weight> weights = collect_weights(*decoder, "");
    std::vector<at::Tensor> before, other;
    for (const Weight& weight : weights)
      before.push_back(weight.parameter.detach().clone()), other.push_back(at::ones(weight.master.sizes()));
    {
      const BorrowedWeights borrowed(weights, other);
      for (const Weight& weight : weights)
        EXPECT_TRUE(weight.parameter.detach().to(at::kFloat).equal(at::ones(weight.master.sizes())));
    }
    for (size_t i = 0; i < weights.size(); ++i) EXPECT_TRUE(weights[i].parameter.detach().equal(before[i])) << weights[i].name;
  }
}

TEST(Gradients, AddUpInF32AndAreTaken) {
  std::vector<Weight> weights(2);
  for (int i = 0; i < 2; ++i) {
    weights[i].parameter = at::ones({4}).to(at::kBFloat16).set_requires_grad(true);
    weights[i].master = weights[i].parameter.detach().to(at::kFloat);
  }
  Gradients gradients(weights, true);
  for (int step = 0; step < 2; ++step) {
    for (int k = 0; k < 3; ++k) {
      weights[0].parameter.mutable_grad() = at::full({4}, k == 0 ? 256.0f : 1.0f).to(at::kBFloat16);
      gradients.collect();
      EXPECT_FALSE(weights[0].parameter.grad().defined());
    }
    EXPECT_EQ(gradients.tensors()[0][2].item<float>(), 258.0f) << "bf16 would say 256 or 258 by luck of the order";
    EXPECT_FALSE(gradients.tensors()[1].defined());
    EXPECT_DOUBLE_EQ(gradients.norm(), 516.0);
    gradients.clear();
  }
}

}  // namespace
}  // namespace athanor::train
