#include "athanor/learn/nn/decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/layers.h"
#include "tests/learn/nn/tiny_models.h"

namespace athanor::nn {
namespace {

// Against transformers: the same weights give the same numbers.
class DecoderGolden : public ::testing::TestWithParam<const char*> {
 protected:
  testing::Golden golden_{std::string("learn_nn/") + GetParam()};
};

TEST_P(DecoderGolden, LogitsAndHiddenStates) {
  at::NoGradGuard no_grad;
  for (AttentionKind kind : {AttentionKind::kFused, AttentionKind::kSdpa, AttentionKind::kNaive}) {
    auto decoder = decoder_of(golden_, {.attention = kind});
    std::vector<at::Tensor> states;
    at::Tensor last = decoder->hidden({tensor_of(golden_, "ids")}, &states);
    EXPECT_LE(distance(decoder->logits(last), tensor_of(golden_, "logits")), golden_.tolerance("logits"));
    ASSERT_EQ(static_cast<int64_t>(states.size()), decoder->model().spec.layers + 1);
    for (size_t i = 0; i < states.size(); ++i)
      EXPECT_LE(relative_distance(states[i], tensor_of(golden_, "hidden." + std::to_string(i))), golden_.tolerance("logits")) << i;
  }
}

TEST_P(DecoderGolden, LossAndEveryGradient) {
  auto decoder = decoder_of(golden_);
  at::Tensor loss = decoder->loss({tensor_of(golden_, "ids")}, tensor_of(golden_, "targets"));
  EXPECT_LE(relative_distance(loss.detach().reshape({1}), tensor_of(golden_, "loss")), golden_.tolerance("loss"));
  loss.backward();
  size_t weights = 0;
  for (const checkpoint::NamedArray& array : golden_.arrays().arrays()) weights += array.name.starts_with("weight.");
  auto parameters = decoder->named_parameters();
  EXPECT_EQ(parameters.size(), weights);
  for (auto& [name, parameter] : parameters) {
    ASSERT_TRUE(parameter->grad().defined()) << name;
    EXPECT_LE(relative_distance(parameter->grad(), tensor_of(golden_, "gradient." + name)), golden_.tolerance("gradient")) << name;
  }
}

TEST_P(DecoderGolden, Bf16IsNear) {
  auto decoder = decoder_of(golden_, {.dtype = at::kBFloat16});
  at::NoGradGuard no_grad;
  at::Tensor hidden = decoder->hidden({tensor_of(golden_, "ids")});
  EXPECT_EQ(hidden.scalar_type(), at::kBFloat16);
  at::Tensor logits = decoder->logits(hidden), wanted = tensor_of(golden_, "logits");
  EXPECT_EQ(logits.scalar_type(), at::kFloat);
  EXPECT_LE(relative_distance(logits, wanted), 0.05);  // 8 bits of mantissa through two or three layers
  EXPECT_LE(
      relative_distance(decoder->loss({tensor_of(golden_, "ids")}, tensor_of(golden_, "targets")), tensor_of(golden_, "loss")),
      0.02);
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderGolden,
                         ::testing::Values("llama-gqa", "llama-mha-tied", "llama-mqa-biases", "llama-llama3-rope", "qwen2", "gpt2",
                                           "gpt2-odd-sizes"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// A packed row is its documents.
class Packing : public ::testing::TestWithParam<AttentionKind> {};

TEST_P(Packing, ARowWithRowStartIsItsDocuments) {
  for (const models::DecoderModel& model : {tiny_llama(0.3), tiny_gpt2()}) {
    auto decoder = Decoder::build(model, {.attention = GetParam()}, 1);
    at::Tensor first = random_ids({1, 7}, 40, 1), second = random_ids({1, 4}, 40, 2), third = random_ids({1, 1}, 40, 3);
    at::Tensor row = at::cat({first, second, third}, 1);
    at::Tensor positions = int_tensor({1, 12}, {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 0});
    at::Tensor row_start = int_tensor({1, 12}, {0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 11});
    at::Tensor packed = decoder->hidden({row, positions, row_start});
    at::Tensor apart = at::cat({decoder->hidden({first}), decoder->hidden({second}), decoder->hidden({third})}, 1);
    EXPECT_LE(distance(packed, apart), 1e-5);
    EXPECT_GE(distance(packed, decoder->hidden({row, positions})), 1e-3);  // without row_start they see each other

    auto gradient = [&](const at::Tensor& hidden) {
      at::Tensor& weight = *decoder->named_parameters()[0].second;
      weight.mutable_grad().reset();
      (hidden * random_tensor(hidden.sizes(), 5)).sum().backward();
      return weight.grad().clone();
    };
    EXPECT_LE(relative_distance(gradient(packed), gradient(apart)), 1e-4);
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, Packing, ::testing::Values(AttentionKind::kFused, AttentionKind::kSdpa, AttentionKind::kNaive));

TEST(Decoder, FutureTokensDoNotMatter) {
  auto decoder = Decoder::build(tiny_llama(0.3), {}, 1);
  at::Tensor a = random_ids({2, 9}, 40, 1), b = a.clone();
  b.select(1, 8).fill_(7);
  EXPECT_EQ(distance(decoder->hidden({a}).narrow(1, 0, 8), decoder->hidden({b}).narrow(1, 0, 8)), 0);
}

TEST(Decoder, RopeGoesBeyondTheTableAsItGrows) {
  auto decoder = Decoder::build(tiny_llama(0.3), {}, 1);
  at::Tensor ids = random_ids({1, 5}, 40, 1);
  at::Tensor near = decoder->hidden({ids});
  at::Tensor far = decoder->hidden({ids, at::arange(1000, 1005, at::kInt).unsqueeze(0)});
  EXPECT_LE(distance(near, far), 1e-4);  // rotary positions are relative
}

class Doubled : public Layer {
 public:
  explicit Doubled(std::unique_ptr<Module> inner) { add_child("base_layer", std::move(inner)); }
  at::Tensor forward(const at::Tensor& x) override { return layer_at(*this, "base_layer").forward(x) * 2; }
};

TEST(Decoder, SurgeryTakesEffect) {
  auto decoder = Decoder::build(tiny_llama(0.3), {}, 1);
  at::Tensor ids = random_ids({2, 6}, 40, 1), targets = random_ids({2, 6}, 40, 2);
  at::Tensor before = decoder->hidden({ids}), logits = decoder->logits(before);
  for (const char* path : {"model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj", "lm_head"}) {
    Linear& weight = dynamic_cast<Linear&>(*decoder->find(path));
    auto twice = std::make_unique<Linear>(weight.parameter("weight") * 2);
    auto plain = decoder->replace(path, std::move(twice));
    at::Tensor wanted = decoder->logits(decoder->hidden({ids}));
    EXPECT_GE(distance(wanted, logits), 1e-4) << path;
    decoder->replace(path, std::make_unique<Doubled>(std::move(plain)));
    EXPECT_LE(distance(decoder->logits(decoder->hidden({ids})), wanted), 1e-5) << path;
    EXPECT_NE(decoder->find(std::string(path) + ".base_layer"), nullptr);
  }
  at::Tensor last = decoder->logits(decoder->hidden({ids})).flatten(0, 1);
  at::Tensor wanted = at::cross_entropy_loss(last, targets.flatten().to(at::kLong), {}, at::Reduction::Sum);
  EXPECT_LE(relative_distance(decoder->loss({ids}, targets), wanted), 1e-6);  // the head is no plain linear any more
}

TEST(Decoder, DropoutReplaysAndEnds) {
  auto decoder = Decoder::build(tiny_gpt2(0.2), {}, 1);
  at::Tensor ids = random_ids({2, 6}, 40, 1);
  at::Tensor plain = decoder->hidden({ids});
  decoder->train(3, 10);
  at::Tensor a = decoder->hidden({ids}), again = decoder->hidden({ids});
  EXPECT_TRUE(a.equal(again));
  EXPECT_GE(distance(a, plain), 1e-2);
  decoder->train(3, 11);
  EXPECT_GE(distance(decoder->hidden({ids}), a), 1e-2);
  decoder->eval();
  EXPECT_TRUE(decoder->hidden({ids}).equal(plain));
}

void expect_error_of_decoder(base::ErrorKind kind, const std::string& part, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error, expected " << part;
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Decoder, RefusesBadTokens) {
  using base::ErrorKind;
  auto decoder = Decoder::build(tiny_gpt2(), {}, 1);
  at::Tensor ids = int_tensor({1, 3}, {1, 2, 3});
  expect_error_of_decoder(ErrorKind::kInput, "outside the vocabulary; got 40; expected 0 to 39", [&] {
    decoder->hidden({int_tensor({1, 2}, {1, 40})});
  });
  expect_error_of_decoder(ErrorKind::kInput, "got -1", [&] { decoder->hidden({int_tensor({1, 2}, {-1, 4})}); });
  expect_error_of_decoder(ErrorKind::kInput, "bad shape; got [0]", [&] { decoder->hidden({int_tensor({0}, {})}); });
  expect_error_of_decoder(ErrorKind::kInput, "bad shape; got [1, 0]", [&] { decoder->hidden({int_tensor({1, 0}, {})}); });
  expect_error_of_decoder(ErrorKind::kInput, "learned positions; got 32; expected 0 to 31", [&] {
    decoder->hidden({random_ids({1, 33}, 40, 1)});
  });
  expect_error_of_decoder(ErrorKind::kInput, "a target is outside", [&] { decoder->loss({ids}, int_tensor({1, 3}, {1, 2, 40})); });
  expect_error_of_decoder(ErrorKind::kBug, "row_start", [&] { decoder->hidden({ids, {}, int_tensor({1, 3}, {0, 2, 0})}); });
  expect_error_of_decoder(ErrorKind::kBug, "shape of ids", [&] { decoder->hidden({ids, int_tensor({1, 2}, {0, 1})}); });
  expect_error_of_decoder(ErrorKind::kBug, "targets", [&] { decoder->loss({ids}, int_tensor({1, 2}, {0, 1})); });
}

TEST(Decoder, NoTargetNoLoss) {
  auto decoder = Decoder::build(tiny_llama(), {}, 1);
  at::Tensor loss = decoder->loss({int_tensor({1, 3}, {1, 2, 3})}, int_tensor({1, 3}, {-100, -100, -100}));
  EXPECT_EQ(loss.item().toDouble(), 0);
  loss.backward();
  for (auto& [name, parameter] : decoder->named_parameters()) EXPECT_EQ(parameter->grad().abs().max().item().toDouble(), 0) << name;
}

TEST(Decoder, OneTokenIsEnough) {
  auto decoder = Decoder::build(tiny_llama(), {}, 1);
  EXPECT_EQ(decoder->logits(decoder->hidden({int_tensor({1, 1}, {5})})).sizes(), at::IntArrayRef({1, 1, 40}));
}

}  // namespace
}  // namespace athanor::nn
