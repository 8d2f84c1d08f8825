// Fused functions against their references of ATen operators: values, every gradient, bf16 no worse than ATen's own bf16, and the
// same bytes for any number of threads.

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <gtest/gtest.h>

#include <functional>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/learn/nn/functions_reference.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/rotary.h"
#include "tests/learn/nn/tiny_models.h"

namespace athanor::nn {
namespace {

using Inputs = std::vector<at::Tensor>;
using Function = std::function<at::Tensor(const Inputs&)>;
using models::Activation;

/// The result and the gradients of sum(result * weights), all f32.
Inputs value_and_gradients(const Function& f, const Inputs& inputs, at::ScalarType type) {
  Inputs leaves;
  for (const at::Tensor& x : inputs) leaves.push_back(x.to(type).detach().clone().requires_grad_(true));
  at::Tensor y = f(leaves);
  at::Tensor weights = random_tensor(y.sizes(), 99, at::kFloat).to(y.scalar_type());
  (y * weights).sum().backward();
  Inputs all = {y.detach().to(at::kFloat)};
  for (const at::Tensor& leaf : leaves)
    if (leaf.grad().defined()) all.push_back(leaf.grad().to(at::kFloat));
  return all;
}

/// Root mean square of the difference over that of the expectation.
double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  const double norm = expected.square().mean().item<double>();
  return std::sqrt((actual - expected).square().mean().item<double>() / (norm + 1e-20));
}

void expect_same(const Function& fused, const Function& reference, const Inputs& inputs) {
  const Inputs expected = value_and_gradients(reference, inputs, at::kFloat);
  const Inputs actual = value_and_gradients(fused, inputs, at::kFloat);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_LE(relative_error(actual[i], expected[i]), 1e-5) << "f32, result " << i;

  Inputs rounded;  // so that f32 sees what bf16 sees
  for (const at::Tensor& x : inputs) rounded.push_back(x.to(at::kBFloat16).to(at::kFloat));
  const Inputs exact = value_and_gradients(reference, rounded, at::kFloat);
  const Inputs theirs = value_and_gradients(reference, rounded, at::kBFloat16);
  const Inputs ours = value_and_gradients(fused, rounded, at::kBFloat16);
  for (size_t i = 0; i < exact.size(); ++i)
    EXPECT_LE(relative_error(ours[i], exact[i]), 1.5 * relative_error(theirs[i], exact[i]) + 2e-3) << "bf16, result " << i;
}

void expect_thread_independent(const Function& f, const Inputs& inputs) {
  const int before = base::thread_count();
  const int before_torch = at::get_num_threads();
  base::set_thread_count(1);
  at::set_num_threads(1);
  const Inputs one = value_and_gradients(f, inputs, at::kBFloat16);
  base::set_thread_count(2);
  at::set_num_threads(2);
  const Inputs two = value_and_gradients(f, inputs, at::kBFloat16);
  base::set_thread_count(before);
  at::set_num_threads(before_torch);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], two[i])) << "result " << i;
}

at::Tensor random(at::IntArrayRef sizes, uint64_t seed) { return random_tensor(sizes, seed, at::kFloat); }

TEST(Fused, Linear) {  // a bias, none, and a weight that is stored turned
  const Inputs inputs = {random({3, 40, 96}, 1), random({50, 96}, 2), random({50}, 3), random({96, 50}, 4)};
  const std::pair<Function, Function> pairs[] = {
      {[](const Inputs& x) { return fused::linear(x[0], x[1], x[2]); },
       [](const Inputs& x) { return at::linear(x[0], x[1], x[2]); }},
      {[](const Inputs& x) { return fused::linear(x[0], x[1], {}); }, [](const Inputs& x) { return at::linear(x[0], x[1]); }},
      {[](const Inputs& x) { return fused::linear(x[0], x[3].t(), {}); },
       [](const Inputs& x) { return at::linear(x[0], x[3].t()); }},
      {[](const Inputs& x) { return fused::linear(x[0].transpose(0, 1), x[1], x[2]); },
       [](const Inputs& x) { return at::linear(x[0].transpose(0, 1), x[1], x[2]); }}};
  for (const auto& [ours, theirs] : pairs) {
    expect_same(ours, theirs, inputs);
    expect_thread_independent(ours, inputs);
  }
}

TEST(Fused, LinearBelowAFrozenWeightPassesTheGradientOn) {
  at::Tensor x = random({7, 12}, 1).requires_grad_(true), weight = random({5, 12}, 2);
  fused::linear(x, weight, {}).sum().backward();
  EXPECT_LE(relative_error(x.grad(), weight.sum(0).expand({7, 12})), 1e-6);
  EXPECT_FALSE(weight.grad().defined());
}

TEST(Fused, RmsNorm) {
  const Inputs inputs = {random({3, 40, 96}, 1), random({96}, 2)};
  const Function fused = [](const Inputs& x) { return fused::rms_norm(x[0], x[1], 1e-5); };
  expect_same(
      fused, [](const Inputs& x) { return reference::rms_norm(x[0], x[1], 1e-5); }, inputs);
  expect_thread_independent(fused, inputs);
}

TEST(Fused, AddRmsNorm) {
  const Inputs inputs = {random({3, 40, 96}, 1), random({3, 40, 96}, 2), random({96}, 3)};
  const auto both = [](const at::Tensor& sum, const at::Tensor& normed) { return sum * 0.5 + normed; };
  expect_same(
      [&](const Inputs& x) {
        auto [sum, normed] = fused::add_rms_norm(x[0], x[1], x[2], 1e-5);
        return both(sum, normed);
      },
      [&](const Inputs& x) {
        at::Tensor sum = x[0] + x[1];
        return both(sum, reference::rms_norm(sum, x[2], 1e-5));
      },
      inputs);
  expect_same([](const Inputs& x) { return fused::add_rms_norm(x[0], x[1], x[2], 1e-5).normed; },
              [](const Inputs& x) { return reference::rms_norm(x[0] + x[1], x[2], 1e-5); }, inputs);
}

TEST(Fused, LayerNorm) {
  const Inputs inputs = {random({3, 40, 96}, 1), random({96}, 2), random({96}, 3)};
  const Function fused = [](const Inputs& x) { return fused::layer_norm(x[0], x[1], x[2], 1e-5); };
  expect_same(
      fused, [](const Inputs& x) { return reference::layer_norm(x[0], x[1], x[2], 1e-5); }, inputs);
  expect_same([](const Inputs& x) { return fused::layer_norm(x[0], x[1], at::Tensor(), 1e-5); },
              [](const Inputs& x) { return reference::layer_norm(x[0], x[1], at::Tensor(), 1e-5); }, {inputs[0], inputs[1]});
  expect_thread_independent(fused, inputs);
}

TEST(Fused, Activations) {
  const Inputs inputs = {random({70, 33}, 1), random({70, 33}, 2)};
  for (Activation kind : {Activation::kSilu, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    expect_same([&](const Inputs& x) { return fused::activation(x[0], kind); },
                [&](const Inputs& x) { return reference::activation(x[0], kind); }, {inputs[0]});
    expect_same([&](const Inputs& x) { return fused::gated_activation(x[0], x[1], kind); },
                [&](const Inputs& x) { return reference::gated_activation(x[0], x[1], kind); }, inputs);
  }
}

TEST(Fused, Rotate) {
  at::Tensor positions = int_tensor({2, 5}, {0, 1, 2, 3, 4, 7, 8, 0, 1, 2});
  for (int64_t dims : {8, 24})
    for (bool interleaved : {false, true}) {
      models::RopeSpec rope;
      rope.dims = dims;
      rope.interleaved = interleaved;
      const RotaryTable table = Rotary(rope, 32, at::kCPU).table(16);
      expect_same([&](const Inputs& x) { return fused::rotate(x[0], positions, table); },
                  [&](const Inputs& x) { return reference::rotate(x[0], positions, table); }, {random({2, 5, 3, 24}, 1)});
      // the middle heads of a wider projection
      expect_same([&](const Inputs& x) { return fused::rotate(x[0].narrow(2, 1, 2), positions, table); },
                  [&](const Inputs& x) { return reference::rotate(x[0].narrow(2, 1, 2), positions, table); },
                  {random({2, 5, 4, 24}, 2)});
    }
}

TEST(Fused, Attention) {
  std::vector<int32_t> starts;
  for (int64_t t = 0; t < 2 * 90; ++t) starts.push_back(t < 90 ? (t < 30 ? 0 : 30) : (t - 90) / 17 * 17);
  for (int64_t groups : {1, 2, 4})
    for (const at::Tensor& row_start : {at::Tensor(), int_tensor({2, 90}, starts)}) {
      const AttentionArgs args = {.scale = 0.2, .row_start = row_start};
      const Inputs qkv = {random({2, 90, 4, 32}, 1), random({2, 90, groups, 32}, 2), random({2, 90, groups, 32}, 3)};
      const Function fused = [&](const Inputs& x) { return fused::attention(x[0], x[1], x[2], args); };
      expect_same(
          fused, [&](const Inputs& x) { return reference::attention_naive(x[0], x[1], x[2], args); }, qkv);
      expect_thread_independent(fused, qkv);
    }
}

TEST(Fused, AttentionReadsOutOfOneProjection) {
  const AttentionArgs args = {.scale = 0.3, .row_start = {}};
  const auto split = [](const at::Tensor& x) { return x.unflatten(-1, {8, 16}); };
  expect_same(
      [&](const Inputs& x) {
        at::Tensor heads = split(x[0]);
        return fused::attention(heads.narrow(2, 0, 4), heads.narrow(2, 4, 2), heads.narrow(2, 6, 2), args);
      },
      [&](const Inputs& x) {
        at::Tensor heads = split(x[0]);
        return reference::attention_naive(heads.narrow(2, 0, 4), heads.narrow(2, 4, 2), heads.narrow(2, 6, 2), args);
      },
      {random({2, 70, 128}, 1)});
}

TEST(Fused, Dropout) {
  const DropoutKey key = {.seed = 7, .step = 3, .site = 2};
  const Inputs inputs = {random({3, 31, 7}, 1)};
  const Function fused = [&](const Inputs& x) { return fused::dropout(x[0], 0.3, key); };
  expect_same(
      fused, [&](const Inputs& x) { return reference::dropout(x[0], 0.3, key); }, inputs);
  expect_thread_independent(fused, inputs);
}

TEST(Fused, LinearCrossEntropy) {
  // more than one block of rows (256 each at this vocabulary), ignored rows among them
  const int64_t rows = 300, vocab = 33000;
  std::vector<int32_t> numbers;
  for (int32_t i = 0; i < rows; ++i) numbers.push_back(i % 7 == 3 ? -100 : i * 61 % vocab);
  for (const at::Tensor& targets : {int_tensor({rows}, numbers), int_tensor({rows}, std::vector<int32_t>(rows, 5))}) {
    const Inputs inputs = {random({rows, 12}, 1), random({vocab, 12}, 2)};
    const Function fused = [&](const Inputs& x) { return fused::linear_cross_entropy(x[0], x[1], targets) / 100; };
    expect_same(
        fused, [&](const Inputs& x) { return reference::linear_cross_entropy(x[0], x[1], targets) / 100; }, inputs);
    expect_thread_independent(fused, inputs);
  }
}

TEST(Fused, LinearCrossEntropyWithoutGradientsOrTargets) {
  at::Tensor hidden = random({4, 8}, 1), weight = random({10, 8}, 2);
  at::Tensor targets = int_tensor({4}, {1, -100, 9, 0});
  at::Tensor loss = fused::linear_cross_entropy(hidden, weight, targets);
  EXPECT_FALSE(loss.requires_grad());
  EXPECT_NEAR(loss.item<double>(), reference::linear_cross_entropy(hidden, weight, targets).item<double>(), 1e-4);

  hidden.requires_grad_(true);
  weight.requires_grad_(true);
  at::Tensor nothing = fused::linear_cross_entropy(hidden, weight, int_tensor({4}, {-100, -100, -100, -100}));
  nothing.backward();
  EXPECT_EQ(nothing.item<double>(), 0);
  EXPECT_EQ(hidden.grad().abs().sum().item<double>() + weight.grad().abs().sum().item<double>(), 0);

  EXPECT_THROW(fused::linear_cross_entropy(hidden, weight, int_tensor({4}, {1, 10, 0, 0})), base::Error);
}

TEST(Fused, OneWeightForEmbeddingAndHead) {
  at::Tensor targets = int_tensor({6}, {0, 3, 2, 1, 4, 3}), ids = int_tensor({6}, {1, 1, 0, 4, 2, 3});
  expect_same([&](const Inputs& x) { return fused::linear_cross_entropy(nn::embedding(x[0], ids), x[0], targets); },
              [&](const Inputs& x) { return reference::linear_cross_entropy(nn::embedding(x[0], ids), x[0], targets); },
              {random({5, 16}, 1)});
}

TEST(Fused, AppliesToF32AndBf16OnTheCpu) {
  at::Tensor x = random({2}, 1);
  EXPECT_TRUE(fused::applies(x));
  EXPECT_TRUE(fused::applies(x.to(at::kBFloat16)));
  EXPECT_FALSE(fused::applies(x.to(at::kDouble)));
  EXPECT_FALSE(fused::applies(x.narrow(0, 0, 0)));
}

}  // namespace
}  // namespace athanor::nn
