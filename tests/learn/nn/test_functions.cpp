#include "athanor/learn/nn/functions.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones_like.h>
#include <gtest/gtest.h>

#include "athanor/core/base/philox.h"
#include "athanor/core/models/decoder_spec.h"
#include "athanor/learn/nn/functions_reference.h"
#include "athanor/learn/nn/rotary.h"
#include "tests/learn/nn/tiny_models.h"

namespace athanor::nn {
namespace {

using Inputs = std::vector<at::Tensor>;
using models::Activation;

RotaryTable small_table(int64_t dims, bool interleaved) {
  models::RopeSpec rope;
  rope.dims = dims;
  rope.interleaved = interleaved;
  return Rotary(rope, 32, at::kCPU).table(16);
}

// Gradients against central differences, in f64.
TEST(Gradients, Norms) {
  const Inputs x = {random_tensor({3, 5}, 1, at::kDouble), random_tensor({5}, 2, at::kDouble), random_tensor({5}, 3, at::kDouble)};
  EXPECT_LE(gradient_error([](const Inputs& in) { return rms_norm(in[0], in[1], 1e-5); }, {x[0], x[1]}), 1e-7);
  EXPECT_LE(gradient_error([](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 1e-5); }, x), 1e-7);
}

TEST(Gradients, AddedNorm) {
  const Inputs x = {random_tensor({3, 5}, 1, at::kDouble), random_tensor({3, 5}, 2, at::kDouble),
                    random_tensor({5}, 3, at::kDouble)};
  auto both = [](const Inputs& in) {
    auto [sum, normed] = add_rms_norm(in[0], in[1], in[2], 1e-5);
    return sum * 0.3 + normed;
  };
  EXPECT_LE(gradient_error(both, x), 1e-7);
}

TEST(Gradients, Activations) {
  const Inputs x = {random_tensor({4, 3}, 1, at::kDouble), random_tensor({4, 3}, 2, at::kDouble)};
  for (Activation kind : {Activation::kSilu, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    EXPECT_LE(gradient_error([&](const Inputs& in) { return activation(in[0], kind); }, {x[0]}), 1e-7);
    EXPECT_LE(gradient_error([&](const Inputs& in) { return gated_activation(in[0], in[1], kind); }, x), 1e-7);
  }
}

TEST(Gradients, Rotation) {
  at::Tensor positions = int_tensor({1, 3}, {0, 5, 11});
  for (bool interleaved : {false, true}) {
    const RotaryTable table = small_table(4, interleaved);
    EXPECT_LE(gradient_error([&](const Inputs& in) { return rotate(in[0], positions, table); },
                             {random_tensor({1, 3, 2, 6}, 1, at::kDouble)}),
              1e-7);
  }
}

TEST(Gradients, Attention) {
  const Inputs qkv = {random_tensor({2, 3, 4, 2}, 1, at::kDouble), random_tensor({2, 3, 2, 2}, 2, at::kDouble),
                      random_tensor({2, 3, 2, 2}, 3, at::kDouble)};
  at::Tensor row_start = int_tensor({2, 3}, {0, 0, 2, 0, 1, 1});
  for (AttentionKind kind : {AttentionKind::kNaive, AttentionKind::kSdpa, AttentionKind::kFused}) {
    for (const at::Tensor& start : {at::Tensor(), row_start}) {
      auto f = [&](const Inputs& in) { return attention(in[0], in[1], in[2], {0.7, start, kind}); };
      EXPECT_LE(gradient_error(f, qkv), 1e-7) << static_cast<int>(kind) << start.defined();
    }
  }
}

TEST(Gradients, LinearCrossEntropy) {
  at::Tensor targets = int_tensor({5}, {2, -100, 0, 6, 2});
  auto f = [&](const Inputs& in) { return linear_cross_entropy(in[0], in[1], targets).reshape({1}); };
  EXPECT_LE(gradient_error(f, {random_tensor({5, 3}, 1, at::kDouble), random_tensor({7, 3}, 2, at::kDouble)}), 1e-7);
}

TEST(Gradients, EmbeddingAndDropout) {
  at::Tensor ids = int_tensor({2, 3}, {1, 0, 1, 3, 1, 1});
  EXPECT_LE(gradient_error([&](const Inputs& in) { return nn::embedding(in[0], ids); }, {random_tensor({4, 3}, 1, at::kDouble)}),
            1e-7);
  EXPECT_LE(gradient_error(
                [&](const Inputs& in) {
                  return dropout(in[0], 0.4, {1, 2, 3});
                },
                {random_tensor({4, 5}, 1, at::kDouble)}),
            1e-7);
}

// Three ways of attention are one function.
class AttentionKinds : public ::testing::TestWithParam<int64_t> {};

TEST_P(AttentionKinds, AgreeInValuesAndGradients) {
  const int64_t groups = GetParam(), length = 37;
  at::Tensor start = (at::arange(length, at::kInt).div(11, "floor") * 11).expand({2, length}).contiguous();
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Inputs qkv = {random_tensor({2, length, 8, 16}, 1, type), random_tensor({2, length, groups, 16}, 2, type),
                        random_tensor({2, length, groups, 16}, 3, type)};
    const double near = type == at::kFloat ? 2e-6 : 0.03;
    for (const at::Tensor& row_start : {at::Tensor(), start}) {
      auto with = [&](AttentionKind kind) {
        return [&, kind](const Inputs& in) { return attention(in[0], in[1], in[2], {0.25, row_start, kind}); };
      };
      const at::Tensor wanted = with(AttentionKind::kNaive)(qkv);
      const Inputs wanted_gradients = gradients_of(with(AttentionKind::kNaive), qkv);
      for (AttentionKind kind : {AttentionKind::kSdpa, AttentionKind::kFused}) {
        EXPECT_LE(relative_distance(with(kind)(qkv), wanted), near) << groups;
        const Inputs gradients = gradients_of(with(kind), qkv);
        for (size_t i = 0; i < 3; ++i)
          EXPECT_LE(relative_distance(gradients[i], wanted_gradients[i]), 4 * near) << groups << " " << i;
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Groups, AttentionKinds, ::testing::Values(1, 2, 4, 8));

TEST(Attention, GroupedIsMultiHeadWithRepeatedKeys) {
  at::Tensor q = random_tensor({1, 6, 8, 4}, 1), k = random_tensor({1, 6, 2, 4}, 2), v = random_tensor({1, 6, 2, 4}, 3);
  at::Tensor repeated = attention(q, k.repeat_interleave(4, 2), v.repeat_interleave(4, 2), {0.5, {}, AttentionKind::kNaive});
  EXPECT_LE(distance(attention(q, k, v, {0.5, {}, AttentionKind::kNaive}), repeated), 1e-6);
}

TEST(Attention, FirstPositionOfADocumentSeesOnlyItself) {
  at::Tensor q = random_tensor({1, 5, 2, 4}, 1), k = random_tensor({1, 5, 2, 4}, 2), v = random_tensor({1, 5, 2, 4}, 3);
  at::Tensor out = attention(q, k, v, {1.0, int_tensor({1, 5}, {0, 0, 2, 2, 4}), AttentionKind::kFused});
  for (int64_t t : {0, 2, 4}) EXPECT_LE(distance(out.select(1, t), v.select(1, t)), 1e-6) << t;
}

TEST(Rotation, IsTheFormulaAndLeavesTheRest) {
  at::Tensor x = random_tensor({1, 2, 1, 6}, 1), positions = int_tensor({1, 2}, {3, 0});
  for (bool interleaved : {false, true}) {
    at::Tensor turned = rotate(x, positions, small_table(4, interleaved));
    const float* in = x.const_data_ptr<float>();
    at::Tensor flat = turned.contiguous();
    const float* out = flat.const_data_ptr<float>();
    for (int i = 0; i < 2; ++i) {
      const int a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + 2;
      const double angle = 3 * std::pow(10000.0, -2.0 * i / 4);
      EXPECT_NEAR(out[a], in[a] * std::cos(angle) - in[b] * std::sin(angle), 1e-6);
      EXPECT_NEAR(out[b], in[b] * std::cos(angle) + in[a] * std::sin(angle), 1e-6);
    }
    EXPECT_EQ(distance(turned.narrow(3, 4, 2), x.narrow(3, 4, 2)), 0);
    EXPECT_LE(distance(turned.select(1, 1), x.select(1, 1)), 1e-7);  // position 0
  }
}

TEST(Norms, StatisticsAreF32UnderBf16) {
  at::Tensor x = random_tensor({4, 64}, 1, at::kBFloat16), weight = random_tensor({64}, 2), bias = random_tensor({64}, 3);
  at::Tensor wide = x.to(at::kFloat);
  EXPECT_TRUE(reference::rms_norm(x, weight, 1e-6).equal(reference::rms_norm(wide, weight, 1e-6).to(at::kBFloat16)));
  EXPECT_LE(relative_distance(layer_norm(x, weight, bias, 1e-6), at::layer_norm(wide, {64}, weight, bias, 1e-6)), 4e-3);
  EXPECT_EQ(rms_norm(x, weight, 1e-6).scalar_type(), at::kBFloat16);
}

TEST(Norms, AddingFirstIsTheSame) {
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Inputs x = {random_tensor({6, 24}, 1, type), random_tensor({6, 24}, 2, type), random_tensor({24}, 3)};
    auto together = [](const Inputs& in) {
      auto [sum, normed] = add_rms_norm(in[0], in[1], in[2], 1e-5);
      return sum + normed;
    };
    auto apart = [](const Inputs& in) {
      at::Tensor sum = in[0] + in[1];
      return sum + rms_norm(sum, in[2], 1e-5);
    };
    const double near = type == at::kFloat ? 1e-6 : 0.02;
    EXPECT_LE(relative_distance(together(x), apart(x)), near);
    const Inputs gradients = gradients_of(together, x), wanted = gradients_of(apart, x);
    for (size_t i = 0; i < 3; ++i) EXPECT_LE(relative_distance(gradients[i], wanted[i]), near) << i;
  }
}

TEST(Norms, AConstantRowIsFinite) {
  at::Tensor x = at::ones_like(random_tensor({2, 8}, 1)), weight = at::ones_like(x[0]);
  EXPECT_EQ(layer_norm(x, weight, {}, 1e-5).abs().max().item().toDouble(), 0);
  EXPECT_LE(distance(rms_norm(x, weight, 1e-5), x), 1e-5);
}

TEST(LinearCrossEntropy, IsThatOfWholeLogits) {
  at::Tensor targets = random_ids({300}, 90, 3);
  targets.narrow(0, 40, 17).fill_(-100);
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Inputs in = {random_tensor({300, 16}, 1, type), random_tensor({90, 16}, 2, type)};
    auto whole = [&](const Inputs& i) {
      return at::cross_entropy_loss(at::linear(i[0].to(at::kFloat), i[1].to(at::kFloat)), targets.to(at::kLong), {},
                                    at::Reduction::Sum)
          .reshape({1});
    };
    auto blocks = [&](const Inputs& i) { return linear_cross_entropy(i[0], i[1], targets).reshape({1}); };
    const double near = type == at::kFloat ? 1e-6 : 2e-2;
    at::Tensor got = blocks(in);
    EXPECT_EQ(got.scalar_type(), at::kFloat);
    EXPECT_LE(relative_distance(got, whole(in)), near);
    const Inputs gradients = gradients_of(blocks, in), wanted = gradients_of(whole, in);
    for (size_t n = 0; n < 2; ++n) EXPECT_LE(relative_distance(gradients[n], wanted[n]), 4 * near) << n;
  }
}

TEST(LinearCrossEntropy, WithoutGradientsAndWithAFrozenHead) {
  at::Tensor h = random_tensor({9, 4}, 1), w = random_tensor({5, 4}, 2), targets = random_ids({9}, 5, 3);
  const double value = linear_cross_entropy(h, w, targets).item().toDouble();
  h.set_requires_grad(true);
  at::Tensor loss = linear_cross_entropy(h, w, targets);
  EXPECT_NEAR(loss.item().toDouble(), value, 1e-5);
  loss.backward();
  EXPECT_TRUE(h.grad().defined());
  at::NoGradGuard no_grad;
  EXPECT_NEAR(linear_cross_entropy(h, w, targets).item().toDouble(), value, 1e-5);
}

TEST(Embedding, RepeatedIdsAddUpInF32) {
  // 1,000 rows of 0.1: bf16 would stop growing at 32 (its step there is 0.25)
  at::Tensor weight = random_tensor({3, 4}, 1, at::kBFloat16).set_requires_grad(true);
  at::Tensor ids = int_tensor({1000}, std::vector<int32_t>(1000, 2));
  (nn::embedding(weight, ids) * 0.1).sum().backward();
  EXPECT_NEAR(weight.grad()[2][0].item().toDouble(), 100, 0.5);
  EXPECT_EQ(weight.grad()[0][0].item().toDouble(), 0);
}

TEST(Dropout, FollowsTheWrittenRule) {
  at::Tensor x = random_tensor({7, 11}, 1).abs().add(0.1);
  const double p = 0.3;
  at::Tensor out = dropout(x, p, {5, 6, 7}).contiguous();
  for (int64_t i = 0; i < 77; ++i) {
    const auto words = base::philox_at(5, 6, base::Purpose::kDropout, (uint64_t{7} << 40) + static_cast<uint64_t>(i / 4));
    const float wanted = words[static_cast<size_t>(i % 4)] < p * 0x1p32 ? 0 : x.const_data_ptr<float>()[i] / 0.7f;
    EXPECT_NEAR(out.const_data_ptr<float>()[i], wanted, 1e-6) << i;
  }
}

TEST(Dropout, KeepsTheMean) {
  at::Tensor x = at::ones_like(random_tensor({200, 200}, 1));
  at::Tensor out = dropout(x, 0.25, {1, 1, 1});
  EXPECT_NEAR(out.mean().item().toDouble(), 1, 4 * std::sqrt(0.25 / 0.75 / 40000));
  EXPECT_NEAR(out.eq(0).to(at::kDouble).mean().item().toDouble(), 0.25, 0.01);
}

}  // namespace
}  // namespace athanor::nn
