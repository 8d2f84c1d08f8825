// Four-bit layers: bitsandbytes' bytes, a plain reference of outputs and gradients, and what is really kept in memory.

#include "athanor/learn/adapters/nf4.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/lora_layers.h"
#include "athanor/learn/adapters/matrices.h"
#include "tests/learn/adapters/tiny_bases.h"

namespace athanor::adapters {
namespace {

const testing::Golden& products() {
  static const testing::Golden golden("learn_adapters/products");
  return golden;
}

at::Tensor wide(const Nf4Matrix& m) { return dequantize_rows(m, 0, m.rows, at::kFloat); }

TEST(Nf4, IsBitsandbytes) {
  for (const auto& [matrix, prefix, doubled] : {std::tuple("weight", "", false), std::tuple("large", "large.", true)}) {
    const Nf4Matrix m = quantize_nf4(tensor_of(products(), matrix), doubled);
    EXPECT_EQ(distance(m.packed, tensor_of(products(), std::string(prefix) + "packed")), 0) << matrix;
    EXPECT_LE(distance(wide(m), tensor_of(products(), std::string(prefix) + "kept")), products().tolerance("kept")) << matrix;
  }
}

TEST(Nf4, RowsAreReadFromAnyPlace) {
  const Nf4Matrix m = quantize_nf4(tensor_of(products(), "large"), true);  // 300 columns: blocks of 64 cross the rows
  for (const auto& [first, count] : {std::pair(0, 1), std::pair(7, 3), std::pair(59, 1)})
    EXPECT_EQ(distance(dequantize_rows(m, first, count, at::kFloat), wide(m).narrow(0, first, count)), 0);
  EXPECT_LE(distance(dequantize_rows(m, 3, 2, at::kBFloat16), wide(m).narrow(0, 3, 2)), 2e-3);
}

TEST(Nf4, ZerosAndOddSizesHaveTheirPlace) {
  EXPECT_EQ(wide(quantize_nf4(at::zeros({3, 5}), true)).abs().max().item().toDouble(), 0);
  const at::Tensor odd = tensor_of(products(), "weight").narrow(0, 0, 7).narrow(1, 0, 9);
  EXPECT_LE(distance(wide(quantize_nf4(odd, true)), odd), 0.03);
}

/// Output and gradients of A, B, the lengths and x of a DoRA layer.
std::vector<at::Tensor> dora_pass(std::unique_ptr<nn::Module> base, const at::Tensor& input, const at::Tensor& a,
                                  const at::Tensor& b, double dropout) {
  const auto learned = [](const at::Tensor& x) { return x.clone().set_requires_grad(true); };
  auto state = std::make_shared<nn::DropoutState>();
  state->on = dropout > 0, state->key = {1, 2, 3};
  const at::Tensor lengths = learned(at::linspace(1, 2, b.size(0)));
  LoraLinear layer(std::move(base), learned(a), learned(b), lengths, {0.5, dropout, 4, state});
  const at::Tensor x = learned(input), y = layer.forward(x);
  y.square().sum().backward();
  std::vector<at::Tensor> all = {y.detach(), x.grad()};
  for (auto& [name, tensor] : layer.named_parameters())
    if (tensor->requires_grad()) all.push_back(tensor->grad());
  return all;
}

// The dense layer goes by all rows at once, the four-bit one by the 2048 rows that are wide at a time.
TEST(Nf4, DoraIsThatOfTheWideWeight) {
  at::manual_seed(3);
  const at::Tensor weight = at::randn({2500, 2048}), bias = at::randn({2500}), x = at::randn({2, 3, 2048});
  const at::Tensor a = at::randn({4, 2048}).mul(0.02), b = at::randn({2500, 4});
  const Nf4Matrix m = quantize_nf4(weight, true);
  const at::Tensor kept = wide(m), whole = kept + at::matmul(b, a) * 0.5;
  const at::Tensor scaled = whole * (at::linspace(1, 2, 2500) / whole.square().sum(1).sqrt()).unsqueeze(1);
  for (double dropout : {0.0, 0.2}) {
    SCOPED_TRACE(dropout);
    const auto narrow = dora_pass(std::make_unique<Nf4Linear>(m, bias), x, a, b, dropout),
               dense = dora_pass(std::make_unique<nn::Linear>(kept, bias), x, a, b, dropout);
    ASSERT_EQ(narrow.size(), 5u);
    ASSERT_EQ(dense.size(), 5u);
    for (size_t i = 0; i < 5; ++i) EXPECT_LE(relative_distance(narrow[i], dense[i]), 1e-5) << i;
    if (dropout == 0) {
      EXPECT_LE(relative_distance(narrow[0], at::linear(x, scaled, bias)), 1e-5);
    }
  }
}

TEST(Nf4, OutputsAndGradientsAreThoseOfTheWideWeight) {
  const Nf4Matrix m = quantize_nf4(tensor_of(products(), "large"), true);
  const at::Tensor bias = tensor_of(products(), "weight").flatten().narrow(0, 0, 60).clone();
  Nf4Linear layer(m, bias);
  const at::Tensor values = tensor_of(products(), "large").narrow(0, 0, 10).view({2, 5, 300}),
                   dy = tensor_of(products(), "large").narrow(1, 0, 60).narrow(0, 0, 10).reshape({2, 5, 60});
  at::Tensor x = values.clone().set_requires_grad(true), y = layer.forward(x);
  EXPECT_LE(distance(y, at::linear(values, wide(m), bias)), 1e-5);
  (y * dy).sum().backward();
  EXPECT_LE(relative_distance(x.grad(), at::matmul(dy, wide(m))), 1e-5);
}

// The base read array by array out of its file, without ever being wide, is the one that is quantized where it lies.
TEST(Nf4, ABaseIsQuantizedOutOfItsFile) {
  for (const char* name : {"base-llama", "base-qwen2", "base-gpt2"}) {
    for (const char* init : {"kaiming", "loftq"}) {
      AdapterOptions options;
      options.method = "lora", options.quantize = "nf4", options.init = init, options.r = 4;
      const testing::Golden golden(std::string("learn_adapters/") + name);
      auto in_place = base_decoder(name);
      const auto first = attach_adapter({*in_place, options, 7});
      nn::DecoderOptions shapes_only;
      shapes_only.without_memory = true;
      nn::Decoder from_file(models::decoder_from_config(golden.json().at("config")), shapes_only);
      const checkpoint::Checkpoint weights = golden.arrays();
      const auto second = attach_adapter({from_file, options, 7, true, {}, &weights});
      const at::Tensor ids = some_ids(2, 9);
      EXPECT_EQ(distance(logits_of(from_file, ids), logits_of(*in_place, ids)), 0) << name << " " << init;
      EXPECT_EQ(learned_of(from_file).size(), learned_of(*in_place).size());
      EXPECT_EQ(first->config(), second->config());
      int64_t on_meta = 0;
      for (auto& [path, tensor] : from_file.named_parameters()) on_meta += tensor->is_meta();
      EXPECT_EQ(on_meta, 0);
    }
  }
}

// The first values that begin at a weight: PEFT's products.
TEST(Inits, PissaAndLoftqGivePeftsProducts) {
  const at::Tensor weight = tensor_of(products(), "weight"), kept = wide(quantize_nf4(weight, false));
  for (const Init& init : inits()) {
    const std::string name = init.name;
    if (name != "pissa" && name != "loftq") continue;
    const double scale = name == "pissa" ? 1.5 : 0.25;
    const FirstValues first = init.make({"layer", 1, 4, scale, weight, kept});
    EXPECT_EQ(first.taken, name == "pissa");
    EXPECT_LE(distance(at::matmul(first.b, first.a) * scale, tensor_of(products(), name)), products().tolerance("product")) << name;
  }
}

AdapterOptions qlora(const std::string& init) {
  AdapterOptions o;
  o.method = "lora", o.r = 4, o.alpha = 8, o.quantize = "nf4", o.init = init;
  return o;
}

/// Bytes of everything that the model keeps, and how many of its linear layers are quantized.
std::pair<int64_t, int> kept_bytes(nn::Decoder& decoder) {
  int64_t bytes = 0;
  int quantized = 0;
  decoder.walk([&](const std::string&, nn::Module& module) {
    for (const auto& [name, tensor] : module.own_parameters()) bytes += static_cast<int64_t>(tensor.nbytes());
    if (auto* small = dynamic_cast<Nf4Linear*>(&module)) bytes += small->weight().bytes(), ++quantized;
  });
  return {bytes, quantized};
}

TEST(QLora, KeepsFourBitsPerWeight) {
  auto plain = base_decoder("base-llama"), small = base_decoder("base-llama");
  AdapterOptions o = qlora("kaiming");
  const auto a = attach_adapter({*small, o, 7});
  o.quantize = "none";
  const auto b = attach_adapter({*plain, o, 7});
  const auto [wide_bytes, none] = kept_bytes(*plain);
  const auto [small_bytes, quantized] = kept_bytes(*small);
  EXPECT_EQ(none, 0);
  EXPECT_EQ(quantized, 14) << "seven layers in each of two";
  const int64_t numbers = 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 40 * 32);
  const double per_number = 4 - static_cast<double>(wide_bytes - small_bytes) / static_cast<double>(numbers);
  EXPECT_GE(per_number, 0.5);
  EXPECT_LE(per_number, 0.53);
}

TEST(QLora, LearnsAsOnTheWideWeights) {
  const at::Tensor ids = some_ids(2, 9), targets = some_ids(2, 9);
  auto small = base_decoder("base-llama"), reference = base_decoder("base-llama");
  const auto a = attach_adapter({*small, qlora("loftq"), 7});
  AdapterOptions o = qlora("kaiming");
  o.quantize = "none";
  const auto b = attach_adapter({*reference, o, 7});
  at::NoGradGuard no_grad;
  reference->walk([&](const std::string& path, nn::Module& module) {
    if (auto* quantized = dynamic_cast<Nf4Linear*>(small->find(path))) module.parameter("weight").copy_(wide(quantized->weight()));
  });
  auto here = learned_of(*small), there = learned_of(*reference);
  ASSERT_EQ(here.size(), there.size());
  for (size_t i = 0; i < here.size(); ++i) there[i].second.copy_(here[i].second);
  at::AutoGradMode with_gradients(true);
  at::Tensor loss = small->loss({ids}, targets), expected = reference->loss({ids}, targets);
  EXPECT_LE(relative_distance(loss, expected), 1e-6);
  loss.backward(), expected.backward();
  for (size_t i = 0; i < here.size(); ++i)
    EXPECT_LE(relative_distance(here[i].second.grad(), there[i].second.grad()), 1e-4) << here[i].first;
}

TEST(QLora, LoftqIsNearerToTheBaseThanPlain) {
  const at::Tensor ids = some_ids(2, 9);
  auto base = base_decoder("base-llama"), plain = base_decoder("base-llama"), loftq = base_decoder("base-llama");
  AdapterOptions o = qlora("kaiming");
  o.r = 8;
  const auto a = attach_adapter({*plain, o, 7});
  o.init = "loftq";
  const auto b = attach_adapter({*loftq, o, 7});
  const at::Tensor wanted = logits_of(*base, ids);
  EXPECT_LT(distance(logits_of(*loftq, ids), wanted), distance(logits_of(*plain, ids), wanted));
}

}  // namespace
}  // namespace athanor::adapters
