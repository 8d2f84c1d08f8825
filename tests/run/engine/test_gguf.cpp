// The engine over a GGUF file: blocks decoded at load, plain types where they lie in the file.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/models/gguf_model.h"
#include "athanor/run/engine/engine.h"
#include "tests/testing/data.h"
#include "tests/testing/family_goldens.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::engine {
namespace {

using checkpoint::Checkpoint;
using checkpoint::NamedArray;

const std::vector<text::TokenId> kIds = {3, 14, 15, 92, 65, 35, 89, 7};

std::vector<float> logits_of(const models::DecoderModel& decoder, const Checkpoint& weights, WeightKind kind) {
  return Session(Model::load(decoder, weights, {.weights = kind})).append_all(kIds);
}

class GgufEngine : public ::testing::TestWithParam<const char*> {
 protected:
  GgufEngine() : folder_(checkpoint::ModelFolder::open(testing::Golden(std::string("run_engine/") + GetParam()).path())) {}

  models::GgufModel written(const char* type) {
    checkpoint::GgufWriter writer;
    models::add_gguf_model(models::decoder_from_config(*folder_.config), folder_.weights, type, writer);
    writer.write(temp_ / "m.gguf");
    return models::open_gguf_model(temp_ / "m.gguf");
  }

  testing::TempFolder temp_;
  checkpoint::ModelFolder folder_;
};

TEST_P(GgufEngine, BlocksGiveTheLogitsOfWhatTheyDecodeTo) {
  for (const char* type : {"f32", "q8_0", "q4_0", "q4_k_m"}) {
    const models::GgufModel model = written(type);
    std::vector<std::vector<std::byte>> storage;
    const auto arrays = models::folder_arrays(model, base::DType::kF32, storage);
    const Checkpoint decoded = Checkpoint::of("decoded", arrays, nullptr);
    const models::DecoderModel decoder = models::decoder_from_config(*model.folder.config);
    EXPECT_EQ(logits_of(model.decoder, model.folder.weights, WeightKind::kF32), logits_of(decoder, decoded, WeightKind::kF32))
        << type;
    // Here the embedding is bfloat16 as well; there it stays float32: some eps 2^-8 of a hidden state, which layers make larger.
    for (WeightKind kind : {WeightKind::kBF16, WeightKind::kI8})
      EXPECT_LT(
          testing::relative_difference(logits_of(model.decoder, model.folder.weights, kind), logits_of(decoder, decoded, kind)),
          0.03)
          << type;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, GgufEngine, ::testing::Values("llama-gqa", "llama-mha-tied", "gpt2-base", "qwen2-base"));

class GgufFamilies : public ::testing::TestWithParam<std::string> {};

/// Every family's folder, with the changes that llama.cpp takes for granted, against the file that it becomes.
TEST_P(GgufFamilies, AFileGivesTheLogitsOfItsFolder) {
  const testing::Golden golden("core_models/gguf_converter");
  const auto folder = checkpoint::ModelFolder::open(testing::Golden("families/" + GetParam()).path());
  base::Json config = *folder.config;
  config.merge_patch(golden.json().at(GetParam()).at("config"));
  const models::DecoderModel decoder = models::decoder_from_config(config);
  std::vector<text::TokenId> ids;
  for (text::TokenId i = 0; i < 40; ++i) ids.push_back((i * 29 + 7) % 53);
  const auto logits = [&](const models::DecoderModel& model, const Checkpoint& weights, WeightKind kind) {
    return Session(Model::load(model, weights, {.weights = kind})).append_all(ids);
  };
  testing::TempFolder temp;
  for (const char* type : {"f32", "q8_0", "q4_k_m"}) {
    checkpoint::GgufWriter writer;
    models::add_gguf_model(decoder, folder.weights, type, writer);
    writer.write(temp / "m.gguf");
    const models::GgufModel model = models::open_gguf_model(temp / "m.gguf");
    const auto from_file = logits(model.decoder, model.folder.weights, WeightKind::kF32);
    if (type == std::string("f32")) {
      EXPECT_LE(testing::largest_difference(from_file, logits(decoder, folder.weights, WeightKind::kF32)), 1e-5);
    }
    std::vector<std::vector<std::byte>> storage;
    const Checkpoint back = Checkpoint::of("back", models::folder_arrays(model, base::DType::kF32, storage), nullptr);
    const auto from_folder = logits(models::decoder_from_config(*model.folder.config), back, WeightKind::kF32);
    EXPECT_LE(testing::largest_difference(from_file, from_folder), 1e-5) << type;
  }
}

std::vector<std::string> converted_families() {
  const testing::Golden golden("core_models/gguf_converter");
  std::vector<std::string> names;
  for (const auto& [name, value] : golden.json().items()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, GgufFamilies, ::testing::ValuesIn(converted_families()),
                         [](const auto& info) { return testing::test_name(info.param); });

TEST(GgufEngineMemory, PlainTypesStayInTheFile) {
  testing::TempFolder temp;
  const auto folder = checkpoint::ModelFolder::open(testing::Golden("run_engine/qwen2-base").path());
  for (const char* type : {"f32", "f16", "bf16"}) {
    checkpoint::GgufWriter writer;
    models::add_gguf_model(models::decoder_from_config(*folder.config), folder.weights, type, writer);
    writer.write(temp / "m.gguf");
    const models::GgufModel model = models::open_gguf_model(temp / "m.gguf");
    EXPECT_EQ(Model::load(model.decoder, model.folder.weights, {})->owned_bytes(), 0u) << type;
  }
}

}  // namespace
}  // namespace athanor::engine
