#include <ATen/TensorOperators.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/nn/adaptive_head.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/decoder.h"
#include "tests/testing/golden.h"

namespace athanor::nn {
namespace {

std::vector<float> adaptive_numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

TEST(AdaptiveHead, IsTorchs) {
  const testing::Golden golden("learn_nn/adaptive-softmax");
  const auto cutoffs = golden.json()["cutoffs"].get<std::vector<int64_t>>();
  const auto wanted = golden.json()["targets"].get<std::vector<int32_t>>();
  const auto learned = [&](const std::string& name) { return tensor_over(golden.array(name)).clone().set_requires_grad(true); };
  std::vector<at::Tensor> weights = {learned("weight.head.weight")};
  for (size_t k = 0; k < cutoffs.size(); ++k)
    for (int part : {0, 1}) weights.push_back(learned(base::cat("weight.tail.", k, ".", part, ".weight")));
  AdaptiveHead head(cutoffs, golden.json()["vocab"], weights);
  const at::Tensor hidden = learned("hidden"), targets = at::tensor(wanted, at::kInt);
  const at::Tensor loss = head.loss(hidden, targets);
  loss.backward();
  const double expected = golden.json()["loss"], off = std::abs(loss.item<double>() - expected) / expected;
  EXPECT_LE(off, golden.tolerance("loss"));
  double worst = testing::relative_difference(adaptive_numbers(hidden.grad()), golden.floats("grad.hidden"));
  for (auto& [name, parameter] : head.named_parameters())
    worst = std::max(worst, testing::relative_difference(adaptive_numbers(parameter->grad()), golden.floats("grad." + name)));
  EXPECT_LE(worst, golden.tolerance("gradient"));
  const at::Tensor scores = head.forward(hidden);
  const double apart = testing::largest_difference(adaptive_numbers(scores), golden.floats("log_prob"));
  EXPECT_LE(apart, golden.tolerance("log_prob"));
  for (size_t i = 0; i < wanted.size(); ++i)
    EXPECT_EQ(scores[static_cast<int64_t>(i)].argmax().item<int64_t>(), golden.json()["predictions"][i].get<int64_t>());
  std::printf("loss %.2e, gradients %.2e (relative), log-probabilities %.2e\n", off, worst, apart);
}

TEST(AdaptiveHead, RowsWithoutTargetCountNothing) {
  const auto weight = [](int64_t out, int64_t in) { return at::randn({out, in}).set_requires_grad(true); };
  AdaptiveHead head({4}, 10, {weight(5, 8), weight(2, 8), weight(6, 2)});
  const at::Tensor hidden = at::randn({3, 8});
  const at::Tensor some = head.loss(hidden, at::tensor(std::vector<int32_t>{1, -100, 7}, at::kInt));
  const at::Tensor rows = head.forward(hidden);
  EXPECT_NEAR(some.item<double>(), -(rows[0][1] + rows[2][7]).item<double>(), 1e-5);
  EXPECT_NEAR(rows.exp().sum().item<double>(), 3, 1e-5) << "probabilities of all tokens sum to one";
  EXPECT_EQ(head.loss(hidden, at::tensor(std::vector<int32_t>{-100, -100, -100}, at::kInt)).item<double>(), 0);
}

base::Json adaptive_keys(const std::string& adaptive) {
  return base::parse_json(
      R"({"model_type": "llama", "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4,
                              "intermediate_size": 40, "max_position_embeddings": 32, "tie_word_embeddings": true, "adaptive_softmax": )" +
          adaptive + "}",
      "test", "keys");
}

TEST(AdaptiveHead, IsADecodersHead) {
  const base::Json config = models::new_config(adaptive_keys(R"({"cutoffs": [10, 30], "div_value": 2})"));
  const models::DecoderModel model = models::decoder_from_config(config);
  const auto decoder = Decoder::build(model, {}, 1);
  const at::Tensor ids = at::randint(0, 60, {2, 7}, at::kInt), targets = at::randint(0, 60, {2, 7}, at::kInt);
  const double loss = decoder->loss({ids}, targets).item<double>();
  const at::Tensor scores = decoder->logits(decoder->hidden({ids})).flatten(0, 1);
  const at::Tensor chosen = scores.gather(1, targets.to(at::kLong).view({-1, 1}));
  EXPECT_NEAR(loss, -chosen.sum().item<double>(), 1e-4);
  Decoder copy(model, {});
  const NamedWeights weights = weights_of(*decoder);
  std::vector<std::string> names;
  for (const auto& array : weights.arrays) names.push_back(array.name);
  for (const char* name : {"lm_head.head.weight", "lm_head.tail.0.0.weight", "lm_head.tail.1.1.weight"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  load_weights(copy, checkpoint::Checkpoint::of("memory", weights.arrays, std::make_shared<int>(0)));
  EXPECT_EQ(copy.loss({ids}, targets).item<double>(), loss);
  EXPECT_EQ(models::parameter_count(model), [&] {
    int64_t count = 0;
    for (const auto& tensor : weights.storage) count += tensor.numel();
    return count;
  }());
}

TEST(AdaptiveHead, BadCutoffsAreRefused) {
  for (const char* bad :
       {R"({"cutoffs": []})", R"({"cutoffs": [30, 10]})", R"({"cutoffs": [60]})", R"({"cutoffs": [10, 20], "div_value": 8})"})
    EXPECT_THROW(models::new_config(adaptive_keys(bad)), base::Error) << bad;
}

}  // namespace
}  // namespace athanor::nn
