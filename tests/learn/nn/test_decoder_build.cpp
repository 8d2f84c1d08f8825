#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/nn/load.h"
#include "tests/learn/nn/tiny_models.h"
#include "tests/testing/temp_folder.h"

namespace athanor::nn {
namespace {

models::DecoderModel wide_gpt2() {
  base::Json config = {{"model_type", "gpt2"}, {"vocab_size", 300}, {"n_embd", 128},
                       {"n_layer", 2},         {"n_head", 4},       {"n_positions", 32}};
  return models::decoder_from_config(config);
}

double mean_of(const at::Tensor& t) { return t.to(at::kDouble).mean().item().toDouble(); }
double deviation_of(const at::Tensor& t) { return std::sqrt(t.to(at::kDouble).square().mean().item().toDouble()); }

TEST(DecoderBuild, InitialValuesHaveTheReferencesStatistics) {
  auto decoder = Decoder::build(wide_gpt2(), {}, 7);
  const double residual = 0.02 / std::sqrt(4.0);
  for (auto& [name, parameter] : decoder->named_parameters()) {
    if (name.ends_with(".bias")) {
      EXPECT_EQ(parameter->abs().max().item().toDouble(), 0) << name;
    } else if (parameter->dim() == 1) {
      EXPECT_TRUE(parameter->eq(1).all().item().toBool()) << name;
    } else {
      const double wanted = name.ends_with("c_proj.weight") ? residual : 0.02, count = static_cast<double>(parameter->numel());
      EXPECT_NEAR(deviation_of(*parameter), wanted, 4 * wanted / std::sqrt(2 * count)) << name;  // four standard errors
      EXPECT_NEAR(mean_of(*parameter), 0, 4 * wanted / std::sqrt(count)) << name;
      const double fourth = parameter->to(at::kDouble).pow(4).mean().item().toDouble() / std::pow(wanted, 4);
      EXPECT_NEAR(fourth, 3, 0.35) << name;  // a normal distribution's
    }
  }
}

TEST(DecoderBuild, AParameterIsAFunctionOfSeedAndName) {
  const int threads = base::thread_count();
  base::set_thread_count(1);
  auto a = Decoder::build(wide_gpt2(), {}, 7);
  base::set_thread_count(2);
  auto b = Decoder::build(wide_gpt2(), {}, 7), other = Decoder::build(wide_gpt2(), {}, 8);
  auto half = Decoder::build(wide_gpt2(), {.dtype = at::kBFloat16}, 7);
  base::set_thread_count(threads);
  const std::string one = "transformer.h.0.mlp.c_fc", two = "transformer.h.1.mlp.c_fc";
  auto weight = [](Decoder& decoder, const std::string& path) { return decoder.find(path)->parameter("weight"); };
  EXPECT_TRUE(weight(*a, one).equal(weight(*b, one)));
  EXPECT_FALSE(weight(*a, one).equal(weight(*other, one)));
  EXPECT_FALSE(weight(*a, one).equal(weight(*a, two)));
  EXPECT_TRUE(weight(*half, one).equal(weight(*a, one).to(at::kBFloat16)));
}

TEST(DecoderBuild, NamesAndTypes) {
  auto decoder = Decoder::build(tiny_llama(), {.dtype = at::kBFloat16}, 1);
  int64_t count = 0;
  for (auto& [name, parameter] : decoder->named_parameters()) {
    EXPECT_EQ(parameter->scalar_type(), parameter->dim() == 1 ? at::kFloat : at::kBFloat16) << name;
    EXPECT_TRUE(parameter->requires_grad()) << name;
    count += parameter->numel();
  }
  EXPECT_EQ(count, models::parameter_count(decoder->model()));
  EXPECT_TRUE(decoder->find("model.layers.1.self_attn.o_proj"));
  EXPECT_EQ(decoder->find("model.layers.2"), nullptr);
  EXPECT_EQ(decoder->children().size(), 2u);  // model and lm_head
}

TEST(DecoderBuild, WeightsGoOutAndInUnchanged) {
  testing::TempFolder folder;
  auto decoder = Decoder::build(tiny_llama(), {.dtype = at::kBFloat16}, 1);
  {
    NamedWeights weights = weights_of(*decoder);
    EXPECT_EQ(weights.arrays.front().array.bytes.data(), decoder->named_parameters().front().second->const_data_ptr());  // borrowed
    checkpoint::write_safetensors(folder / "model.safetensors", weights.arrays);
  }
  auto copy = std::make_unique<Decoder>(tiny_llama(), DecoderOptions{.dtype = at::kBFloat16});
  load_weights(*copy, checkpoint::Checkpoint::open(folder / "model.safetensors"));
  auto wanted = decoder->named_parameters(), got = copy->named_parameters();
  ASSERT_EQ(wanted.size(), got.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i].second->equal(*wanted[i].second)) << got[i].first;

  NamedWeights wide = weights_of(*decoder, base::DType::kF32);
  for (const checkpoint::NamedArray& array : wide.arrays) EXPECT_EQ(array.array.dtype, base::DType::kF32) << array.name;
}

TEST(DecoderBuild, MissingAndMisshapenWeightsAreFileErrors) {
  auto error_without = [](const std::string& change) -> std::string {
    testing::TempFolder folder;
    auto decoder = Decoder::build(tiny_llama(), {}, 1);
    NamedWeights weights = weights_of(*decoder);
    std::vector<checkpoint::NamedArray> kept;
    for (checkpoint::NamedArray& array : weights.arrays) {
      if (change == "missing" && array.name == "model.layers.1.mlp.up_proj.weight") continue;
      if (change == "misshapen" && array.name == "model.norm.weight") array.array.shape = {4, 4};
      kept.push_back(array);
    }
    checkpoint::write_safetensors(folder / "model.safetensors", kept);
    try {
      load_weights(*decoder, checkpoint::Checkpoint::open(folder / "model.safetensors"));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kFile);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_without(""), "no error");
  EXPECT_NE(error_without("missing").find("model.layers.1.mlp.up_proj.weight"), std::string::npos) << error_without("missing");
  EXPECT_NE(error_without("misshapen").find("[4, 4]"), std::string::npos) << error_without("misshapen");
}

TEST(Load, LogitsOfAFolderAreThoseOfTheDecoder) {
  testing::Golden golden("learn_nn/gpt2");
  testing::TempFolder folder;
  folder.write("config.json", golden.json().at("config").dump());
  std::vector<checkpoint::NamedArray> weights;
  for (const checkpoint::NamedArray& array : golden.arrays().arrays())
    if (array.name.starts_with("weight.")) weights.push_back({array.name.substr(7), array.array});
  checkpoint::write_safetensors(folder / "model.safetensors", weights);

  at::Tensor row = tensor_of(golden, "ids")[1].contiguous();
  std::vector<int32_t> ids(row.const_data_ptr<int32_t>(), row.const_data_ptr<int32_t>() + row.numel());
  std::vector<std::vector<float>> hidden;
  const std::vector<float> logits = decoder_logits(folder.path(), ids, {}, &hidden);
  const std::vector<float> all = golden.floats("logits");
  EXPECT_LE(testing::largest_difference(logits, {all.begin() + static_cast<int64_t>(all.size() / 2), all.end()}),
            golden.tolerance("logits"));
  ASSERT_EQ(hidden.size(), 3u);
  EXPECT_EQ(hidden[2].size(), ids.size() * 32);
}

}  // namespace
}  // namespace athanor::nn
