// GGUF files against the folders that they come from: what is written and read again is the same model, number by number; and a
// file that gguf's own writer made after llama.cpp's converter.

#include "athanor/core/models/gguf_model.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::models {
namespace {

using base::Json;
using checkpoint::ModelFolder;
using checkpoint::NamedArray;

/// Random models as transformers saved them.
ModelFolder folder_of(const char* name) { return ModelFolder::open(testing::Golden(std::string("run_engine/") + name).path()); }

void write(const ModelFolder& folder, const Json& config, const char* type, const std::filesystem::path& path) {
  checkpoint::GgufWriter writer;
  add_gguf_model(decoder_from_config(config), folder.weights, type, writer);
  writer.write(path);
}

void expect_same_spec(const DecoderSpec& a, const DecoderSpec& b) {
  EXPECT_EQ(a.vocab, b.vocab);
  EXPECT_EQ(a.hidden, b.hidden);
  EXPECT_EQ(a.layers, b.layers);
  EXPECT_EQ(a.heads, b.heads);
  EXPECT_EQ(a.kv_heads, b.kv_heads);
  EXPECT_EQ(a.head_dim, b.head_dim);
  EXPECT_EQ(a.ffn, b.ffn);
  EXPECT_EQ(a.max_positions, b.max_positions);
  EXPECT_EQ(a.norm, b.norm);
  EXPECT_EQ(a.norm_eps, b.norm_eps);
  EXPECT_EQ(a.position, b.position);
  EXPECT_EQ(a.activation, b.activation);
  EXPECT_EQ(a.tied_head, b.tied_head);
  EXPECT_EQ(a.qkv_bias, b.qkv_bias);
  EXPECT_EQ(a.out_bias, b.out_bias);
  EXPECT_EQ(a.ffn_bias, b.ffn_bias);
  EXPECT_EQ(a.rope.scaling, b.rope.scaling);
  EXPECT_EQ(a.rope.factor, b.rope.factor);
  EXPECT_EQ(a.rope.theta, b.rope.theta);
  EXPECT_EQ(a.rope.dims, b.rope.dims);
  EXPECT_EQ(a.rope.original_max_positions, b.rope.original_max_positions);
}

void expect_same_arrays(const std::vector<NamedArray>& written, const checkpoint::Checkpoint& original) {
  EXPECT_EQ(written.size(), original.arrays().size());
  for (const NamedArray& one : written) {
    const checkpoint::ArrayView* array = original.find(one.name);
    ASSERT_NE(array, nullptr) << one.name;
    EXPECT_EQ(one.array.shape, array->shape) << one.name;
    EXPECT_EQ(to_f32(one.array, one.name), to_f32(*array, one.name)) << one.name;
  }
}

TEST(GgufModel, AFolderWrittenAsF32IsTheSameModel) {
  testing::TempFolder temp;
  for (const char* name : {"llama-gqa", "llama-mha-tied", "llama-mqa-bias", "llama-head-dim", "llama-rope-linear",
                           "llama-rope-yarn", "gpt2-base", "gpt2-odd", "qwen2-base", "qwen2-tied"}) {
    SCOPED_TRACE(name);
    const ModelFolder folder = folder_of(name);
    write(folder, *folder.config, "f32", temp / "m.gguf");
    const GgufModel model = open_gguf_model(temp / "m.gguf");
    expect_same_spec(model.decoder.spec, decoder_from_config(*folder.config).spec);
    std::vector<std::vector<std::byte>> storage;
    expect_same_arrays(folder_arrays(model, std::nullopt, storage), folder.weights);
    EXPECT_TRUE(unclaimed_weights(model.decoder, model.folder.weights).empty());
  }
}

TEST(GgufModel, IsWhatLlamaCppsConverterMakes) {
  const testing::Golden golden("core_models/gguf");
  const ModelFolder folder = folder_of("llama-gqa");
  const GgufModel model = open_gguf_model(golden.path() / "llama-gqa.gguf");
  expect_same_spec(model.decoder.spec, decoder_from_config(*folder.config).spec);
  std::vector<std::vector<std::byte>> storage;
  expect_same_arrays(folder_arrays(model, std::nullopt, storage), folder.weights);

  testing::TempFolder temp;
  write(folder, *folder.config, "f32", temp / "ours.gguf");
  const auto ours = checkpoint::GgufFile::open(temp / "ours.gguf"), theirs = model.file;
  EXPECT_EQ(ours.tensors.size(), theirs.tensors.size());
  for (const NamedArray& tensor : ours.tensors) {
    const checkpoint::ArrayView* other = theirs.find(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_TRUE(std::equal(tensor.array.bytes.begin(), tensor.array.bytes.end(), other->bytes.begin())) << tensor.name;
  }
}

TEST(GgufModel, Llama3sFactorsAreFoundAgain) {
  testing::TempFolder temp;
  const ModelFolder folder = folder_of("llama-gqa");
  Json config = *folder.config;
  config["max_position_embeddings"] = 131072;
  config["rope_parameters"] = {{"rope_type", "llama3"},  {"rope_theta", 500000.0},  {"factor", 8.0},
                               {"low_freq_factor", 1.0}, {"high_freq_factor", 4.0}, {"original_max_position_embeddings", 8192}};
  write(folder, config, "f32", temp / "m.gguf");
  EXPECT_TRUE(checkpoint::GgufFile::open(temp / "m.gguf").find("rope_freqs.weight"));
  const GgufModel model = open_gguf_model(temp / "m.gguf");
  expect_same_spec(model.decoder.spec, decoder_from_config(config).spec);
  EXPECT_EQ(model.folder.config->at("rope_parameters").at("rope_type"), "llama3");
}

TEST(GgufModel, ConfigIsInHuggingFacesWords) {
  testing::TempFolder temp;
  const ModelFolder folder = folder_of("llama-mqa-bias");
  write(folder, *folder.config, "f16", temp / "m.gguf");
  const GgufModel model = open_gguf_model(temp / "m.gguf");
  const Json& config = *model.folder.config;
  for (const char* key : {"model_type", "architectures", "hidden_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "intermediate_size", "max_position_embeddings", "vocab_size", "rms_norm_eps",
                          "tie_word_embeddings", "attention_bias", "mlp_bias"})
    EXPECT_EQ(config.at(key), folder.config->at(key)) << key;
}

TEST(GgufModel, TypesAreThoseOfLlamaCpp) {
  testing::TempFolder temp;
  auto formats = [&](const char* name, const char* type) {
    const ModelFolder folder = folder_of(name);
    write(folder, *folder.config, type, temp / "m.gguf");
    const auto file = checkpoint::GgufFile::open(temp / "m.gguf");
    std::map<std::string, std::string> out;
    for (const NamedArray& tensor : file.tensors)
      out[tensor.name] = tensor.array.blocks ? tensor.array.blocks->name : std::string(base::dtype_name(tensor.array.dtype));
    return out;
  };
  auto plain = formats("llama-mha-tied", "f16");
  EXPECT_EQ(plain.at("blk.0.attn_q.weight"), "F16");
  EXPECT_EQ(plain.at("blk.0.attn_norm.weight"), "F32");
  EXPECT_EQ(plain.at("token_embd.weight"), "F16");
  EXPECT_FALSE(plain.contains("output.weight"));  // tied
  // rows of 32 are no multiple of 256, rows of 52 none of 32
  auto mixed = formats("llama-gqa", "q4_k_m");
  EXPECT_EQ(mixed.at("blk.0.attn_q.weight"), "Q5_0");
  EXPECT_EQ(mixed.at("output.weight"), "Q8_0");
  EXPECT_EQ(mixed.at("token_embd.weight"), "Q5_0");
  EXPECT_EQ(mixed.at("blk.1.attn_v.weight"), "Q8_0");
  EXPECT_EQ(mixed.at("blk.1.ffn_down.weight"), "F16");
  EXPECT_EQ(formats("gpt2-base", "q4_k_m").at("blk.0.attn_qkv.weight"), "Q5_1");
  EXPECT_EQ(formats("gpt2-base", "q8_0").at("position_embd.weight"), "F32");
  EXPECT_EQ(formats("llama-gqa", "q4_0").at("blk.0.attn_k.weight"), "Q4_0");
}

std::string error_of_gguf_model(const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

/// A file with these keys and one tensor.
std::string error_of_keys(const std::function<void(checkpoint::GgufWriter&)>& add) {
  testing::TempFolder temp;
  checkpoint::GgufWriter writer;
  add(writer);
  writer.tensor("token_embd.weight", {4, 4}, checkpoint::block_format("F32"), [] { return std::vector<std::byte>(64); });
  writer.write(temp / "m.gguf");
  return error_of_gguf_model([&] { open_gguf_model(temp / "m.gguf"); });
}

TEST(GgufModel, WhatIsMissingOrWrongIsNamed) {
  EXPECT_NE(error_of_keys([](auto&) {}).find("key general.architecture; got nothing; expected one of llama smollm3 granite qwen2"),
            std::string::npos);
  EXPECT_NE(error_of_keys([](auto& w) { w.text("general.architecture", "rwkv9"); }).find("not supported; got rwkv9"),
            std::string::npos);
  auto llama = [](checkpoint::GgufWriter& w, uint32_t heads, uint32_t layers) {
    w.text("general.architecture", "llama");
    for (const char* key : {"context_length", "embedding_length", "feed_forward_length"}) w.integer(base::cat("llama.", key), 4);
    w.integer("llama.block_count", layers);
    w.integer("llama.attention.head_count", heads);
  };
  EXPECT_NE(error_of_keys([](auto& w) { w.text("general.architecture", "llama"); }).find("key llama.context_length; got nothing"),
            std::string::npos);
  EXPECT_NE(error_of_keys([&](auto& w) { llama(w, 0, 1); }).find("llama.attention.head_count; got 0"), std::string::npos);
  // more layers than any model has (llama.cpp wrote past an array there)
  const std::string layers = error_of_keys([&](auto& w) { llama(w, 2, 100'000); });
  EXPECT_NE(layers.find("num_hidden_layers; got 100000; expected a whole number from 1 to 1024"), std::string::npos) << layers;
  EXPECT_NE(layers.find("m.gguf"), std::string::npos) << layers;
  const std::string missing = error_of_keys([&](auto& w) { llama(w, 2, 1); });
  EXPECT_NE(missing.find("a tensor is missing; got no output_norm.weight"), std::string::npos) << missing;
  EXPECT_NE(error_of_keys([&](auto& w) {
              llama(w, 2, 1);
              const std::vector<int32_t> differ = {1, 2};
              w.integers("llama.attention.head_count_kv", differ);
            }).find("got layers that differ"),
            std::string::npos);
}

TEST(GgufModel, ATensorOfAnotherShapeIsNamed) {
  testing::TempFolder temp;
  const ModelFolder folder = folder_of("gpt2-base");
  checkpoint::GgufWriter writer, other;
  add_gguf_model(decoder_from_config(*folder.config), folder.weights, "f32", writer);
  writer.write(temp / "m.gguf");
  const auto file = checkpoint::GgufFile::open(temp / "m.gguf");
  for (const auto& item : file.metadata.items()) {
    if (item.value.type == checkpoint::GgufType::kText) other.text(item.key, item.value.texts[0]);
    if (item.value.type == checkpoint::GgufType::kU32)
      other.integer(item.key, static_cast<uint32_t>(*file.metadata.integer(item.key)));
    if (item.value.type == checkpoint::GgufType::kF32) other.number(item.key, *file.metadata.number(item.key));
  }
  for (const NamedArray& tensor : file.tensors) {
    const bool flat = tensor.name == "blk.1.attn_qkv.weight";
    other.tensor(tensor.name, flat ? std::vector<int64_t>{tensor.array.count()} : tensor.array.shape,
                 checkpoint::block_format("F32"),
                 [&tensor] { return std::vector<std::byte>(tensor.array.bytes.begin(), tensor.array.bytes.end()); });
  }
  other.write(temp / "flat.gguf");
  const std::string error = error_of_gguf_model([&] { open_gguf_model(temp / "flat.gguf"); });
  EXPECT_NE(error.find("flat.gguf: tensor blk.1.attn_qkv.weight has another shape than the keys say"), std::string::npos) << error;
}

TEST(GgufModel, WhatGgufCannotSayIsRefused) {
  testing::TempFolder temp;
  const ModelFolder folder = folder_of("llama-gqa");
  EXPECT_NE(error_of_gguf_model([&] {
              write(folder, *folder.config, "q3_k_s", temp / "m.gguf");
            }).find("expected one of f32, f16, bf16, q8_0"),
            std::string::npos);
  Json config = *folder.config;
  config["hidden_act"] = "gelu";
  EXPECT_NE(error_of_gguf_model([&] { write(folder, config, "f32", temp / "m.gguf"); }).find("its activation"), std::string::npos);
  const ModelFolder dynamic = folder_of("llama-rope-dynamic");
  EXPECT_NE(error_of_gguf_model([&] { write(dynamic, *dynamic.config, "f32", temp / "m.gguf"); }).find("got dynamic"),
            std::string::npos);
}

}  // namespace
}  // namespace athanor::models
