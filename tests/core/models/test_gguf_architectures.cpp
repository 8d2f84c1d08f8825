// Every family through GGUF and back, and against what llama.cpp's own converter made of the same folders.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf_model.h"
#include "tests/testing/family_goldens.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::models {
namespace {

using base::Json;
using checkpoint::ModelFolder;
using checkpoint::NamedArray;

/// What llama.cpp's converter made of tests/golden/families/<variant>: "config" (what was changed there), "keys", "tensors".
struct Converted {
  explicit Converted(const std::string& variant)
      : golden("core_models/gguf_converter"),
        theirs(golden.json().at(variant)),
        folder(ModelFolder::open(testing::Golden("families/" + variant).path())),
        config(*folder.config) {
    for (const auto& [key, value] : theirs.at("config").items()) {
      if (value.is_object())
        config[key].update(value);
      else
        config[key] = value;
    }
    decoder = decoder_from_config(config);
  }
  std::filesystem::path write(const testing::TempFolder& temp, const char* type = "f32") const {
    checkpoint::GgufWriter writer;
    add_gguf_model(decoder, folder.weights, type, writer);
    writer.write(temp / "m.gguf");
    return temp / "m.gguf";
  }

  testing::Golden golden;
  const Json& theirs;
  ModelFolder folder;
  Json config;
  DecoderModel decoder;
};

std::vector<std::string> variants() {
  const testing::Golden golden("core_models/gguf_converter");
  std::vector<std::string> names;
  for (const auto& [name, value] : golden.json().items()) names.push_back(name);
  return names;
}

class GgufArchitectures : public ::testing::TestWithParam<std::string> {};

/// CRC-32 as zlib has it, bit by bit.
uint32_t checksum(const checkpoint::ArrayView& array) {
  uint32_t crc = ~0u;
  for (std::byte byte : array.bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

TEST_P(GgufArchitectures, TensorsAreThoseOfLlamaCppsConverter) {
  testing::TempFolder temp;
  const Converted one(GetParam());
  const auto ours = checkpoint::GgufFile::open(one.write(temp));
  const Json& theirs = one.theirs.at("tensors");
  EXPECT_EQ(ours.tensors.size(), theirs.size());
  for (const NamedArray& tensor : ours.tensors) {
    ASSERT_TRUE(theirs.contains(tensor.name)) << tensor.name;
    const Json& other = theirs.at(tensor.name);
    EXPECT_EQ(tensor.array.shape, other[0].get<std::vector<int64_t>>()) << tensor.name;
    if (other[1].is_array()) {
      EXPECT_LE(testing::relative_difference(to_f32(tensor.array, tensor.name), other[1].get<std::vector<float>>()),
                one.golden.tolerance("factors"))
          << tensor.name;
    } else {
      EXPECT_EQ(checksum(tensor.array), other[1].get<uint32_t>()) << tensor.name;
    }
  }
}

/// Keys that the converter writes otherwise, and why.
bool differs_by_right(const std::string& variant, const std::string& key) {
  // It takes a head's size to be hidden / heads in these two.
  if ((variant == "glm" || variant == "chatglm") && key.ends_with("rope.dimension_count")) return true;
  // It reads GLM's number of positions and its norm's epsilon under ChatGLM's names alone, and takes values of its own.
  if (variant == "glm" && (key.ends_with("context_length") || key.ends_with("epsilon"))) return true;
  // It takes BLOOM's positions to be its width, Falcon's to be 2048, and the feed-forward to be four times the width.
  if (key == "bloom.context_length" || key == "falcon.context_length" || key == "falcon.feed_forward_length") return true;
  // It writes numbers that Phi-3 has no use for: 0 for no window, a trained length without scaling.
  return key.starts_with("phi3.") && (key.ends_with("sliding_window") || key.ends_with("original_context_length"));
}

TEST_P(GgufArchitectures, KeysAreThoseOfLlamaCppsConverter) {
  testing::TempFolder temp;
  const Converted one(GetParam());
  const auto ours = checkpoint::GgufFile::open(one.write(temp));
  for (const auto& [key, value] : one.theirs.at("keys").items()) {
    if (differs_by_right(GetParam(), key)) continue;
    ASSERT_TRUE(ours.metadata.find(key)) << key;
    if (value.is_string())
      EXPECT_EQ(ours.metadata.text(key), value.get<std::string>()) << key;
    else if (value.is_boolean())
      EXPECT_EQ(ours.metadata.boolean(key), value.get<bool>()) << key;
    else if (value.is_number_integer())
      EXPECT_EQ(ours.metadata.integer(key), value.get<int64_t>()) << key;
    else
      EXPECT_NEAR(*ours.metadata.number(key), value.get<double>(), 1e-6 * std::abs(value.get<double>())) << key;
  }
}

/// A file with the converter's keys and our tensors, which the first test found to be its own.
std::filesystem::path as_converted(const Converted& one, const testing::TempFolder& temp, const checkpoint::GgufFile& ours) {
  checkpoint::GgufWriter writer;
  for (const auto& [key, value] : one.theirs.at("keys").items()) {
    if (value.is_string())
      writer.text(key, value.get<std::string>());
    else if (value.is_boolean())
      writer.boolean(key, value.get<bool>());
    else if (value.is_number_integer())
      writer.integer(key, value.get<uint32_t>());
    else
      writer.number(key, value.get<float>());
  }
  for (const NamedArray& tensor : ours.tensors)
    writer.tensor(tensor.name, tensor.array.shape, checkpoint::block_format("F32"),
                  [&tensor] { return std::vector<std::byte>(tensor.array.bytes.begin(), tensor.array.bytes.end()); });
  writer.write(temp / "converted.gguf");
  return temp / "converted.gguf";
}

/// Keys that config.json has there and here, with numbers as float32 keeps them.
void expect_same_config(const Json& read, const Json& original) {
  static const std::set<std::string> kFree = {"architectures", "rope_parameters", "rope_theta",
                                              "layer_types",   "sliding_window",  "use_sliding_window",
                                              "eos_token_id",  "bos_token_id",    "pad_token_id"};
  size_t compared = 0;
  for (const auto& [key, value] : read.items()) {
    if (kFree.contains(key) || !original.contains(key) || original.at(key).is_null()) continue;
    ++compared;
    if (value.is_number_float())
      EXPECT_NEAR(value.get<double>(), original.at(key).get<double>(), 1e-6 * std::abs(value.get<double>())) << key;
    else
      EXPECT_EQ(value, original.at(key)) << key;
  }
  EXPECT_GE(compared, 7u);
}

void expect_same_arrays(const GgufModel& model, const DecoderModel& decoder, const checkpoint::Checkpoint& original) {
  std::vector<std::vector<std::byte>> storage;
  const auto arrays = folder_arrays(model, std::nullopt, storage);
  EXPECT_EQ(arrays.size(), weight_places(decoder).size());
  for (const NamedArray& one : arrays) {
    const checkpoint::ArrayView* array = original.find(one.name);
    ASSERT_NE(array, nullptr) << one.name;
    EXPECT_EQ(one.array.shape, array->shape) << one.name;
    const auto got = to_f32(one.array, one.name), expected = to_f32(*array, one.name);
    // GGUF holds Gemma's norms with the one that is added to them; float32 drops bits below 2^-24 there.
    if (decoder.spec.norm_offset != 0 && one.name.ends_with("norm.weight"))
      EXPECT_LE(testing::largest_difference(got, expected), 1.2e-7) << one.name;
    else
      EXPECT_EQ(got, expected) << one.name;
  }
}

TEST_P(GgufArchitectures, AFolderWrittenAndReadIsTheSameModel) {
  testing::TempFolder temp;
  const Converted one(GetParam());
  const GgufModel model = open_gguf_model(one.write(temp));
  const DecoderModel back = decoder_from_config(*model.folder.config);
  // llama.cpp has one architecture for three: without windows or experts, Mistral is a Llama.
  const bool plain_mistral = GetParam() == "mistral-full";
  EXPECT_EQ(std::string(back.family->name), plain_mistral ? "llama" : one.decoder.family->name);
  Json original = one.config;
  if (GetParam() == "falcon") original.erase("num_kv_heads");  // transformers writes it; multi_query is what counts
  if (!plain_mistral) expect_same_config(*model.folder.config, original);
  EXPECT_EQ(parameter_count(back), parameter_count(one.decoder));
  for (int64_t i = 0; i < back.spec.layers; ++i) {
    EXPECT_EQ(back.spec.layer(i).window, one.decoder.spec.layer(i).window) << i;
    EXPECT_EQ(back.spec.layer(i).rope, one.decoder.spec.layer(i).rope) << i;
  }
  expect_same_arrays(model, one.decoder, one.folder.weights);
  EXPECT_TRUE(unclaimed_weights(model.decoder, model.folder.weights).empty());
}

TEST_P(GgufArchitectures, WhatTheConverterWroteIsRead) {
  // Its Falcon and GLM files say sizes of real models, which these tiny ones do not have.
  for (const char* other : {"falcon", "falcon-groups", "glm", "chatglm"})
    if (GetParam() == other) GTEST_SKIP() << "its keys do not fit its tensors";
  testing::TempFolder temp;
  const Converted one(GetParam());
  const auto ours = checkpoint::GgufFile::open(one.write(temp));
  const GgufModel model = open_gguf_model(as_converted(one, temp, ours));
  expect_same_arrays(model, one.decoder, one.folder.weights);
  EXPECT_EQ(parameter_count(decoder_from_config(*model.folder.config)), parameter_count(one.decoder));
}

TEST_P(GgufArchitectures, AFileWrittenFromAFileIsTheSame) {
  testing::TempFolder temp;
  const Converted one(GetParam());
  const GgufModel model = open_gguf_model(one.write(temp));
  checkpoint::GgufWriter writer;
  add_gguf_model(model.decoder, model.folder.weights, "f32", writer);
  writer.write(temp / "again.gguf");
  const auto again = checkpoint::GgufFile::open(temp / "again.gguf");
  EXPECT_EQ(again.tensors.size(), model.file.tensors.size());
  for (const NamedArray& tensor : again.tensors) {
    const checkpoint::ArrayView* first = model.file.find(tensor.name);
    ASSERT_NE(first, nullptr) << tensor.name;
    EXPECT_TRUE(std::ranges::equal(tensor.array.bytes, first->bytes)) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgufArchitectures, ::testing::ValuesIn(variants()),
                         [](const auto& info) { return testing::test_name(info.param); });

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(GgufAgreement, WhatLlamaCppTakesForGrantedIsNamed) {
  const auto error = [](const char* variant, const Json& changes) {
    const ModelFolder folder = ModelFolder::open(testing::Golden(std::string("families/") + variant).path());
    Json config = *folder.config;
    config.update(changes);
    checkpoint::GgufWriter writer;
    return error_of([&] { add_gguf_model(decoder_from_config(config), folder.weights, "f32", writer); });
  };
  const auto expect_named = [&](const char* variant, const char* what, const Json& changes = Json::object()) {
    const std::string text = error(variant, changes);
    EXPECT_NE(text.find("llama.cpp takes other values for granted"), std::string::npos) << variant << ": " << text;
    EXPECT_NE(text.find(what), std::string::npos) << variant << ": " << text;
  };
  expect_named("gemma2", "the scale of its scores");
  expect_named("smollm3-nope", "which layers turn");
  expect_named("qwen3_moe", "its experts' normalized weights");
  expect_named("qwen3_moe-normalized", "which layers have experts");
  expect_named("deepseek_v3-yarn", "its rotary positions");
  expect_named("deepseek_v3", "its rotary positions", {{"rope_interleave", false}});
  expect_named("falcon-alibi", "its positions");
  expect_named("gpt_neox", "its activation", {{"hidden_act", "relu"}});
}

TEST(GgufLayouts, OlderAndFusedTensorsAreRead) {
  testing::TempFolder temp;
  const Converted one("mixtral");
  const auto ours = checkpoint::GgufFile::open(one.write(temp));
  const auto bytes = [](std::span<const std::byte> part) { return std::vector<std::byte>(part.begin(), part.end()); };
  checkpoint::GgufWriter writer;
  for (const auto& [key, value] : one.theirs.at("keys").items()) {
    if (value.is_string()) writer.text(key, value.get<std::string>());
    if (value.is_number_integer()) writer.integer(key, value.get<uint32_t>());
    if (value.is_number_float()) writer.number(key, value.get<float>());
  }
  const auto& f32 = checkpoint::block_format("F32");
  for (const NamedArray& tensor : ours.tensors) {
    const checkpoint::ArrayView& array = tensor.array;
    const std::string stem = tensor.name.substr(0, tensor.name.rfind(".weight"));
    if (stem == "blk.0.attn_q") {  // q, k and v in one
      const auto *k = ours.find("blk.0.attn_k.weight"), *v = ours.find("blk.0.attn_v.weight");
      writer.tensor("blk.0.attn_qkv.weight", {array.shape[0] + k->shape[0] + v->shape[0], array.shape[1]}, f32,
                    [&array, k, v, bytes] {
                      std::vector<std::byte> all = bytes(array.bytes);
                      for (const auto* part : {k, v}) all.insert(all.end(), part->bytes.begin(), part->bytes.end());
                      return all;
                    });
    } else if (stem == "blk.0.attn_k" || stem == "blk.0.attn_v" || stem == "blk.1.ffn_up_exps") {
      continue;
    } else if (stem == "blk.0.ffn_down_exps") {  // an expert by itself
      for (int64_t e = 0; e < array.shape[0]; ++e) {
        const size_t size = array.bytes.size() / static_cast<size_t>(array.shape[0]);
        writer.tensor(base::cat("blk.0.ffn_down.", e, ".weight"), {array.shape[1], array.shape[2]}, f32,
                      [&array, bytes, e, size] { return bytes(array.bytes.subspan(static_cast<size_t>(e) * size, size)); });
      }
    } else if (stem == "blk.1.ffn_gate_exps") {  // an expert's gate and up in one
      const auto* up = ours.find("blk.1.ffn_up_exps.weight");
      writer.tensor("blk.1.ffn_gate_up_exps.weight", {array.shape[0], 2 * array.shape[1], array.shape[2]}, f32, [&array, up] {
        std::vector<std::byte> all;
        const size_t size = array.bytes.size() / static_cast<size_t>(array.shape[0]);
        for (size_t e = 0; e < static_cast<size_t>(array.shape[0]); ++e)
          for (const auto* part : {&array, up}) {
            const auto expert = part->bytes.subspan(e * size, size);
            all.insert(all.end(), expert.begin(), expert.end());
          }
        return all;
      });
    } else {
      writer.tensor(tensor.name, array.shape, f32, [&array, bytes] { return bytes(array.bytes); });
    }
  }
  writer.write(temp / "other.gguf");
  expect_same_arrays(open_gguf_model(temp / "other.gguf"), one.decoder, one.folder.weights);
}

}  // namespace
}  // namespace athanor::models
