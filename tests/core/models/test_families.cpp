// Every family against what transformers writes for tiny models: names, shapes, numbers of parameters; and the shelf against its
// rows.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/family.h"
#include "tests/testing/data.h"
#include "tests/testing/family_goldens.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::models {
namespace {

using base::Json;

std::map<std::string, std::vector<int64_t>> shapes_of(const DecoderModel& model) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const WeightPlace& place : weight_places(model)) shapes[weight_name(place)] = weight_shape(model, place.row->slot);
  return shapes;
}

TEST(Families, NamesShapesAndCountsAreTransformers) {
  testing::Golden golden("core_models/families");
  std::set<std::string> seen;
  for (const auto& [name, one] : golden.json().items()) {
    SCOPED_TRACE(name);
    DecoderModel model = decoder_from_config(one.at("config"));
    seen.insert(model.family->name);
    EXPECT_EQ(shapes_of(model), (one.at("shapes").get<std::map<std::string, std::vector<int64_t>>>()));
    EXPECT_EQ(parameter_count(model), one.at("parameters"));
    EXPECT_EQ(one.at("config").at("architectures"), Json({model.family->architecture}));
  }
  for (const char* variant : testing::family_goldens()) {
    SCOPED_TRACE(variant);
    const auto folder = checkpoint::ModelFolder::open(testing::Golden(std::string("families/") + variant).path());
    DecoderModel model = decoder_from_config(*folder.config);
    seen.insert(model.family->name);
    std::map<std::string, std::vector<int64_t>> stored;
    int64_t numbers = 0;
    for (const checkpoint::NamedArray& array : folder.weights.arrays()) {
      stored[array.name] = array.array.shape;
      numbers += array.array.count();
    }
    EXPECT_EQ(shapes_of(model), stored);
    EXPECT_EQ(parameter_count(model), numbers);
    EXPECT_EQ(folder.config->at("architectures"), Json({model.family->architecture}));
  }
  EXPECT_EQ(seen.size(), families().size()) << "a family without a golden";
}

TEST(Families, SpecsSayWhatTheConfigsSay) {
  testing::Golden golden("core_models/families");
  auto spec = [&](const char* name) { return decoder_from_config(golden.json().at(name).at("config")).spec; };
  DecoderSpec wide = spec("llama-biases-wide-heads");
  EXPECT_EQ(wide.head_dim, 6);
  EXPECT_EQ(wide.kv_heads, 1);
  EXPECT_EQ(wide.activation, Activation::kGeluTanh);
  EXPECT_TRUE(wide.qkv_bias && wide.out_bias && wide.ffn_bias && wide.gated);
  EXPECT_EQ(wide.norm, NormKind::kRms);
  EXPECT_EQ(wide.norm_eps, 1e-6);
  EXPECT_EQ(spec("llama3").rope.scaling, "llama3");
  EXPECT_EQ(spec("llama3").rope.original_max_positions, 16);
  DecoderSpec qwen = spec("qwen2-tied");
  EXPECT_TRUE(qwen.qkv_bias && !qwen.out_bias && !qwen.ffn_bias && qwen.tied_head);
  DecoderSpec gpt2 = spec("gpt2");
  EXPECT_EQ(gpt2.ffn, 64);
  EXPECT_EQ(gpt2.position, PositionKind::kLearned);
  EXPECT_EQ(gpt2.norm, NormKind::kLayer);
  EXPECT_TRUE(gpt2.fused_qkv && gpt2.tied_head && !gpt2.gated);
  EXPECT_DOUBLE_EQ(gpt2.residual_init_std, 0.02 / std::sqrt(4.0));
  EXPECT_EQ(gpt2.dropout, 0.1);
  EXPECT_EQ(gpt2.attention_scale, 0);
}

TEST(Families, TheShelfHasARowForEachFile) {
  std::set<std::string> files, rows;
  for (const auto& entry : std::filesystem::directory_iterator(testing::source_path("athanor/core/models/families")))
    if (entry.path().extension() == ".cpp") files.insert("families/" + entry.path().filename().string());
  for (const Family& family : families()) rows.insert(family.file);
  EXPECT_EQ(files, rows);
}

class Weights : public ::testing::Test {
 protected:
  Weights()
      : folder_(checkpoint::ModelFolder::open(testing::Golden("core_checkpoint/folder").path() / "model")),
        model_(decoder_from_config(*folder_.config)) {}

  checkpoint::Checkpoint rewritten(const std::function<void(std::vector<checkpoint::NamedArray>&)>& change) {
    std::vector<checkpoint::NamedArray> arrays = folder_.weights.arrays();
    change(arrays);
    checkpoint::write_safetensors(temp_ / "changed.safetensors", arrays);
    return checkpoint::Checkpoint::open(temp_ / "changed.safetensors");
  }

  testing::TempFolder temp_;
  checkpoint::ModelFolder folder_;
  DecoderModel model_;
};

TEST_F(Weights, AreFoundBySlot) {
  for (const SlotName& row : model_.slots) EXPECT_NE(find_weight(model_, folder_.weights, row.slot, 1), nullptr);
  EXPECT_EQ(find_weight(model_, folder_.weights, Slot::kK, 1), folder_.weights.find("model.layers.1.self_attn.k_proj.weight"));
  EXPECT_EQ(find_weight(model_, folder_.weights, Slot::kHead), nullptr);  // tied
  EXPECT_EQ(find_weight(model_, folder_.weights, Slot::kPositionEmbedding), nullptr);
  EXPECT_EQ(weight_name(model_, Slot::kFinalNorm), "model.norm.weight");
  EXPECT_EQ(weight_name(model_, Slot::kQkv, 0), "");
  EXPECT_TRUE(unclaimed_weights(model_, folder_.weights).empty());
}

TEST_F(Weights, OfTheBareModelAreFoundToo) {
  checkpoint::Checkpoint bare = rewritten([](auto& arrays) {
    for (auto& array : arrays) array.name = array.name.substr(std::strlen("model."));
  });
  EXPECT_NE(find_weight(model_, bare, Slot::kDown, 0), nullptr);
  EXPECT_TRUE(unclaimed_weights(model_, bare).empty());
}

TEST_F(Weights, ThatNoSlotClaimsAreReported) {
  checkpoint::Checkpoint more = rewritten([](auto& arrays) {
    for (const char* name :
         {"extra.weight", "model.layers.0.self_attn.rotary_emb.inv_freq", "lm_head.weight", "model.layers.2.mlp.up_proj.weight"})
      arrays.push_back({name, arrays[0].array});
  });
  EXPECT_EQ(unclaimed_weights(model_, more), (std::vector<std::string>{"extra.weight", "model.layers.2.mlp.up_proj.weight"}));
}

TEST_F(Weights, MissingOrMisshapenAreRefused) {
  auto error_of = [&](const checkpoint::Checkpoint& weights) -> std::string {
    try {
      find_weight(model_, weights, Slot::kUp, 1);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kFile);
      return error.what();
    }
    return "";
  };
  auto up = [](auto& array) { return array.name == "model.layers.1.mlp.up_proj.weight"; };
  std::string missing = error_of(rewritten([&](auto& arrays) { std::erase_if(arrays, up); }));
  EXPECT_NE(
      missing.find("no such array; got model.layers.1.mlp.up_proj.weight; expected perhaps model.layers.0.mlp.up_proj.weight"),
      std::string::npos)
      << missing;
  std::string turned = error_of(rewritten([&](auto& arrays) {
    for (auto& array : arrays)
      if (up(array)) std::swap(array.array.shape[0], array.array.shape[1]);
  }));
  EXPECT_NE(
      turned.find(
          "array \"model.layers.1.mlp.up_proj.weight\" has another shape than config.json says; got [16, 24]; expected [24, 16]"),
      std::string::npos)
      << turned;
}

}  // namespace
}  // namespace athanor::models
