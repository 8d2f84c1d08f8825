// Every variant of every family against transformers: logits by each way of attention, the loss and every gradient.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/learn/nn/load.h"
#include "tests/learn/nn/tiny_models.h"
#include "tests/testing/family_goldens.h"

namespace athanor::nn {
namespace {

class NnFamilies : public ::testing::TestWithParam<const char*> {
 protected:
  testing::Golden golden_{std::string("families/") + GetParam()};
};

TEST_P(NnFamilies, LogitsAreTransformers) {
  at::NoGradGuard no_grad;
  for (AttentionKind kind : {AttentionKind::kFused, AttentionKind::kSdpa, AttentionKind::kNaive}) {
    auto decoder = load_decoder(golden_.path(), {.attention = kind});
    at::Tensor logits = decoder->logits(decoder->hidden({tensor_of(golden_, "ids")}))[0];
    EXPECT_LE(distance(logits, tensor_of(golden_, "logits")), golden_.tolerance("logits")) << static_cast<int>(kind);
  }
}

TEST_P(NnFamilies, LossAndEveryGradientAreTransformers) {
  auto decoder = load_decoder(golden_.path());
  at::Tensor loss = decoder->loss({tensor_of(golden_, "ids")}, tensor_of(golden_, "targets"));
  EXPECT_LE(relative_distance(loss.detach().reshape({1}), tensor_of(golden_, "loss")), golden_.tolerance("loss"));
  loss.backward();
  const base::Json config = *checkpoint::ModelFolder::open(golden_.path()).config;
  const base::Json pad = config.value("pad_token_id", base::Json());
  const int64_t padding = pad.is_number_integer() ? pad.get<int64_t>() : -1;
  const std::string embedding = models::weight_name(decoder->model(), models::Slot::kTokenEmbedding);
  size_t compared = 0;
  for (auto& [name, parameter] : decoder->named_parameters()) {
    if (name.ends_with("e_score_correction_bias")) {
      EXPECT_FALSE(parameter->grad().defined()) << name;
      continue;
    }
    at::Tensor wanted = tensor_of(golden_, "gradient." + name);
    ++compared;
    if (wanted.abs().max().item().toDouble() == 0 && !parameter->grad().defined()) continue;  // an expert that no token chose
    ASSERT_TRUE(parameter->grad().defined()) << name;
    at::Tensor gradient = parameter->grad();
    // torch gives a padding token's embedding no gradient, though the token is one like others here
    if (padding >= 0 && name == embedding) gradient.select(0, padding).copy_(wanted.select(0, padding));
    EXPECT_LE(relative_distance(gradient, wanted), golden_.tolerance("gradient")) << name;
  }
  size_t stored = 0;
  for (const checkpoint::NamedArray& array : golden_.arrays().arrays()) stored += array.name.starts_with("gradient.");
  EXPECT_EQ(compared, stored);
}

INSTANTIATE_TEST_SUITE_P(All, NnFamilies, ::testing::ValuesIn(testing::family_goldens()),
                         [](const auto& info) { return testing::test_name(info.param); });

}  // namespace
}  // namespace athanor::nn
