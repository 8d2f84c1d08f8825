// What holds without a reference: nothing changes at first, only what was added learns, mistakes are named, samples of a row keep
// apart.

#include "athanor/learn/adapters/adapter.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/matrices.h"
#include "athanor/learn/adapters/targets.h"
#include "tests/learn/adapters/tiny_bases.h"
#include "tests/testing/temp_folder.h"

namespace athanor::adapters {
namespace {

AdapterOptions options_of(const std::string& method, std::vector<std::string> targets = {"all-linear"}) {
  AdapterOptions o;
  o.method = method, o.targets = std::move(targets), o.r = 4, o.alpha = 8, o.virtual_tokens = 4, o.encoder_hidden = 8;
  if (method == "ia3") o.targets = {"k_proj", "v_proj", "down_proj"}, o.feedforward = {"down_proj"};
  return o;
}

std::string complaint(const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "nothing";
}

std::string complaint(const AdapterOptions& options, const char* base = "base-llama") {
  return complaint([&] {
    auto decoder = base_decoder(base);
    attach_adapter({*decoder, options});
  });
}

int64_t count(const std::vector<NamedTensor>& tensors) {
  int64_t sum = 0;
  for (const auto& [name, tensor] : tensors) sum += tensor.numel();
  return sum;
}

class FirstStep : public ::testing::TestWithParam<const char*> {};

// LoRA with any first values, and IA3, leave the model as it was.
TEST_P(FirstStep, ChangesNothing) {
  const at::Tensor ids = some_ids(2, 9);
  for (const char* base : {"base-llama", "base-qwen2"}) {
    auto decoder = base_decoder(base);
    const at::Tensor before = logits_of(*decoder, ids);
    AdapterOptions o = options_of(std::string(GetParam()) == "ia3" ? "ia3" : "lora");
    if (o.method == "lora") o.init = GetParam();
    const auto adapter = attach_adapter({*decoder, o, 7});
    EXPECT_LE(distance(logits_of(*decoder, ids), before), o.init == "pissa" ? 1e-4 : 0.0) << base;
  }
}
INSTANTIATE_TEST_SUITE_P(Values, FirstStep, ::testing::Values("kaiming", "gaussian", "pissa", "ia3"));

TEST(Lora, OnlyItsPartsLearn) {
  auto decoder = base_decoder("base-llama");
  const auto adapter = attach_adapter({*decoder, options_of("lora", {"q_proj", "v_proj"}), 7});
  const auto learned = learned_of(*decoder);
  EXPECT_EQ(learned.size(), 8u);
  EXPECT_EQ(count(learned), 2 * (4 * (32 + 32) + 4 * (32 + 16)));
  decoder->loss({some_ids(2, 9)}, some_ids(2, 9)).backward();
  for (auto& [name, parameter] : decoder->named_parameters())
    EXPECT_EQ(parameter->grad().defined(), name.find(".lora_") != name.npos) << name;
}

TEST(Lora, FirstValuesAreAFunctionOfSeedAndName) {
  std::vector<at::Tensor> firsts;
  for (uint64_t seed : {7u, 7u, 8u}) {
    auto decoder = base_decoder("base-llama");
    const auto adapter = attach_adapter({*decoder, options_of("lora", {"q_proj"}), seed});
    firsts.push_back(learned_of(*decoder)[0].second);
  }
  EXPECT_EQ(distance(firsts[0], firsts[1]), 0);
  EXPECT_GT(distance(firsts[0], firsts[2]), 0);
  EXPECT_LE(firsts[0].detach().abs().max().item().toDouble(), 1 / std::sqrt(32.0));
  EXPECT_GE(firsts[0].detach().abs().max().item().toDouble(), 0.9 / std::sqrt(32.0)) << "the bound is reached";
}

TEST(Lora, BothZeroNeverLearns) {
  auto decoder = base_decoder("base-llama");
  const auto adapter = attach_adapter({*decoder, options_of("lora", {"q_proj"}), 7, false});
  decoder->loss({some_ids(2, 9)}, some_ids(2, 9)).backward();
  for (const auto& [name, parameter] : learned_of(*decoder)) EXPECT_EQ(parameter.grad().abs().max().item().toDouble(), 0) << name;
}

TEST(Lora, DropoutIsReplayedAndOffInEvaluation) {
  auto decoder = base_decoder("base-llama");
  AdapterOptions o = options_of("lora");
  o.dropout = 0.5, o.init = "pissa";
  const auto adapter = attach_adapter({*decoder, o, 7});
  const at::Tensor ids = some_ids(2, 9), quiet = logits_of(*decoder, ids);
  const auto at_step = [&](uint64_t step) {
    decoder->train(3, step);
    return logits_of(*decoder, ids);
  };
  const at::Tensor first = at_step(1), again = at_step(1), other = at_step(2);
  EXPECT_EQ(distance(first, again), 0);
  EXPECT_GT(distance(first, other), 1e-3);
  EXPECT_GT(distance(first, quiet), 1e-3);
  decoder->eval();
  EXPECT_EQ(distance(logits_of(*decoder, ids), quiet), 0);
}

TEST(Lora, PlusMakesBFaster) {
  auto decoder = base_decoder("base-llama");
  AdapterOptions o = options_of("lora", {"q_proj"});
  o.lora_plus = 16;
  const auto adapter = attach_adapter({*decoder, o, 7});
  EXPECT_EQ(adapter->lr_factor("model.layers.0.self_attn.q_proj.lora_B.weight"), 16);
  EXPECT_EQ(adapter->lr_factor("model.layers.0.self_attn.q_proj.lora_A.weight"), 1);
}

TEST(Lora, PissaIsSavedAsTheDifferenceToItsFirstValues) {
  const at::Tensor ids = some_ids(2, 9);
  auto decoder = base_decoder("base-gpt2");
  AdapterOptions o = options_of("lora", {"c_attn", "c_fc"});
  o.init = "pissa", o.rslora = true, o.rank_pattern = base::parse_yaml("{c_fc: 2}", "test");
  const auto adapter = attach_adapter({*decoder, o, 7});
  {
    at::NoGradGuard no_grad;
    for (auto& [name, parameter] : learned_of(*decoder)) parameter.mul_(1.1);
  }
  EXPECT_EQ(adapter->config()["r"], 8);
  EXPECT_EQ(adapter->config()["rank_pattern"]["c_fc"], 4);
  const auto saved = adapter->arrays(learned_of(*decoder));
  auto plain = base_decoder("base-gpt2");
  AdapterOptions twice = o;
  twice.init = "kaiming", twice.r = 8, twice.alpha = o.alpha * std::sqrt(2.0),
  twice.rank_pattern = base::parse_yaml("{c_fc: 4}", "test");
  const auto loaded = attach_adapter({*plain, twice, 7, false});
  {
    at::NoGradGuard no_grad;
    auto places = learned_of(*plain);
    ASSERT_EQ(places.size(), saved.size());
    for (size_t i = 0; i < saved.size(); ++i) {
      ASSERT_EQ("base_model.model." + places[i].first, saved[i].first);
      places[i].second.copy_(saved[i].second);
    }
  }
  EXPECT_LE(distance(logits_of(*plain, ids), logits_of(*decoder, ids)), 1e-4);
}

TEST(Lora, MistakesAreNamed) {
  EXPECT_NE(complaint(options_of("lora", {"q_prj"})).find("did you mean q_proj?"), std::string::npos);
  EXPECT_NE(complaint(options_of("lora", {"q_proj", ".*nothing"})).find("a target matches no layer; got .*nothing"),
            std::string::npos);
  EXPECT_NE(complaint(options_of("lora", {"input_layernorm"})).find("is no linear layer or embedding"), std::string::npos);
  EXPECT_NE(complaint(options_of("lora", {"(["})).find("cannot be read"), std::string::npos);
  AdapterOptions o = options_of("lora", {"v_proj"});
  o.r = 17;
  EXPECT_NE(complaint(o).find("the rank is larger than model.layers.0.self_attn.v_proj of [16, 32]; got 17; expected at most 16"),
            std::string::npos);
  o = options_of("lora", {"q_proj"});
  o.modules_to_save = {"embed_tokens"};
  EXPECT_NE(complaint(o, "base-qwen2").find("the head is the embedding"), std::string::npos);
  o.modules_to_save = {}, o.rank_pattern = base::parse_yaml("{q_proj: 0.5}", "test");
  EXPECT_NE(complaint(o).find("rank_pattern: no number for q_proj; got 0.5"), std::string::npos);
}

TEST(Options, WhatDoesNotGoTogetherIsNamedAtOnce) {
  AdapterOptions o = options_of("lora");
  o.init = "loftq", o.dora = true, o.init_text = "hello";
  const std::string all = complaint([&] { check_options(o); });
  for (const char* part : {"loftq makes up for", "dora goes with", "init_text goes with"})
    EXPECT_NE(all.find(part), std::string::npos) << all;
  o = options_of("lora"), o.method = "none";
  EXPECT_NE(complaint([&] { check_options(o); }).find("it names no method"), std::string::npos);
  EXPECT_NO_THROW(check_options({}));
  o = options_of("ia3"), o.targets = {"all-linear"};
  EXPECT_NE(complaint([&] { check_options(o); }).find("ia3 needs targets"), std::string::npos);
}

// Virtual tokens: packing, positions, limits.
class Virtual : public ::testing::TestWithParam<const char*> {};

TEST_P(Virtual, EverySampleOfARowHasItsOwn) {
  for (const char* base : {"base-llama", "base-gpt2"}) {
    auto decoder = base_decoder(base);
    const auto adapter = attach_adapter({*decoder, options_of(GetParam()), 7});
    const at::Tensor a = some_ids(1, 7), b = some_ids(1, 4), c = some_ids(1, 1);
    const at::Tensor row = at::cat({a, b, c}, 1), short_row = at::cat({some_ids(1, 12)}, 1);
    at::Tensor positions = at::empty({2, 12}, at::kInt), start = at::empty({2, 12}, at::kInt);
    const int32_t place[] = {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 0}, begin[] = {0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 11};
    for (int t = 0; t < 12; ++t) {
      positions.data_ptr<int32_t>()[t] = place[t], start.data_ptr<int32_t>()[t] = begin[t];
      positions.data_ptr<int32_t>()[12 + t] = t, start.data_ptr<int32_t>()[12 + t] = 0;
    }
    const at::Tensor packed = decoder->hidden({at::cat({row, short_row}, 0), positions, start});
    EXPECT_EQ(packed.size(1), 12);
    const at::Tensor apart = at::cat({decoder->hidden({a}), decoder->hidden({b}), decoder->hidden({c})}, 1);
    EXPECT_LE(distance(packed.narrow(0, 0, 1), apart), 1e-5) << base;
    EXPECT_LE(distance(packed.narrow(0, 1, 1), decoder->hidden({short_row})), 1e-5) << base;
  }
}

TEST_P(Virtual, HiddenStatesAreThoseOfTheGivenPositions) {
  auto decoder = base_decoder("base-llama");
  const at::Tensor ids = some_ids(2, 9), before = logits_of(*decoder, ids);
  const auto adapter = attach_adapter({*decoder, options_of(GetParam()), 7});
  std::vector<at::Tensor> states;
  decoder->hidden({ids}, &states);
  ASSERT_EQ(states.size(), 3u);
  for (const at::Tensor& state : states) EXPECT_EQ(state.sizes(), at::IntArrayRef({2, 9, 32}));
  EXPECT_GT(distance(logits_of(*decoder, ids), before), 1e-2) << "they are seen";
}

TEST_P(Virtual, MoreThanTheModelsPositionsAreRefused) {
  AdapterOptions o = options_of(GetParam());
  o.virtual_tokens = 48;
  EXPECT_NE(complaint(o, "base-gpt2").find("more virtual tokens than the model has positions; got 48"), std::string::npos);
  o.virtual_tokens = 40;
  auto decoder = base_decoder("base-gpt2");
  const auto adapter = attach_adapter({*decoder, o, 7});
  EXPECT_NE(complaint([&] { logits_of(*decoder, some_ids(1, 9)); }).find("a position is beyond"), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(Methods, Virtual, ::testing::Values("prompt-tuning", "p-tuning", "prefix-tuning"));

TEST(PromptTuning, BeginsAsATextRepeatedOrCut) {
  auto decoder = base_decoder("base-llama");
  AdapterOptions o = options_of("prompt-tuning");
  o.prompt_init = "text", o.init_text = "any";
  const auto ids = [](const std::string&) { return std::vector<int32_t>{5, 9, 6}; };
  const auto adapter = attach_adapter({*decoder, o, 7, true, ids});
  const at::Tensor words = decoder->find("model.embed_tokens")->parameter("weight"), rows = learned_of(*decoder)[0].second;
  const int64_t expected[] = {5, 9, 6, 5};
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(distance(rows.select(0, i), words.select(0, expected[i])), 0);
}

TEST(PromptTuning, BeginsAsRowsOfTheVocabulary) {
  auto decoder = base_decoder("base-llama");
  const auto adapter = attach_adapter({*decoder, options_of("prompt-tuning"), 7});
  const at::Tensor words = decoder->find("model.embed_tokens")->parameter("weight"),
                   row = learned_of(*decoder)[0].second.select(0, 0);
  double nearest = 1e9;
  for (int64_t i = 0; i < 61; ++i) nearest = std::min(nearest, distance(row, words.select(0, i)));
  EXPECT_EQ(nearest, 0);
}

/// The golden's folder with its arrays changed: a key dropped, one added, one cut.
std::string load_error(const std::string& golden_name, const std::function<void(std::vector<checkpoint::NamedArray>&)>& change) {
  const testing::Golden golden("learn_adapters/" + golden_name);
  const testing::TempFolder folder;
  std::filesystem::copy_file(golden.path() / "adapter_config.json", folder / "adapter_config.json");
  const auto file = checkpoint::Checkpoint::open(golden.path() / "adapter_model.safetensors");
  std::vector<checkpoint::NamedArray> arrays = file.arrays();
  change(arrays);
  checkpoint::write_safetensors(folder / "adapter_model.safetensors", arrays);
  auto decoder = base_of(golden);
  try {
    load_adapter(*decoder, folder.path());
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 3) << error.what();
    return error.what();
  }
  return "nothing";
}

TEST(Load, KeysThatAreMissingLeftOverOrOfAnotherShapeAreFileErrors) {
  for (const char* name : {"lora", "ia3", "prefix"}) {
    EXPECT_EQ(load_error(name, [](auto&) {}), "nothing") << name;
    const std::string shape = load_error(name, [](auto& arrays) {
      arrays[0].array.shape = {1, arrays[0].array.count() / 2};
      arrays[0].array.bytes = arrays[0].array.bytes.first(arrays[0].array.bytes.size() / 2);
    });
    EXPECT_NE(shape.find("has another shape than this model needs"), std::string::npos) << shape;
    const std::string extra = load_error(name, [](auto& arrays) {
      arrays.push_back(arrays[0]);
      arrays.back().name = "base_model.model.nothing.weight";
    });
    EXPECT_NE(extra.find("the model has no place for a key"), std::string::npos) << extra;
    const std::string missing = load_error(name, [](auto& arrays) { arrays[0].name += "x"; });
    EXPECT_NE(missing, "nothing") << name;
  }
}

TEST(Catalog, HasARowForEveryMethodAndFirstValue) {
  std::string names;
  for (const base::Shelf& shelf : shelves())
    for (const base::Entry& entry : shelf.entries) names += std::string(entry.name) + " ";
  EXPECT_EQ(names, "lora ia3 prompt-tuning p-tuning prefix-tuning kaiming gaussian pissa loftq ");
}

}  // namespace
}  // namespace athanor::adapters
