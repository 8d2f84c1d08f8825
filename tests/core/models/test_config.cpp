// Good and bad config.json files, and descriptions of new models.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/models/family.h"
#include "tests/core/checkpoint/outcome.h"
#include "tests/testing/data.h"
#include "tests/testing/family_goldens.h"
#include "tests/testing/golden.h"

namespace athanor::models {
namespace {

using base::Json;

/// `input` over `whole`, less what it removes.
Json laid_over(Json whole, const std::string& input) {
  Json changes = base::parse_json(input, "test", "case");
  for (const auto& [key, value] : changes.items())
    if (key != "remove") whole[key] = value;
  for (const Json& key : changes.value("remove", Json::array())) whole.erase(key.get<std::string>());
  return whole;
}

Json config_of(const std::string& input) {
  if (input.starts_with("raw:")) return base::parse_json(input.substr(4), "models.config", "config.json");
  static const testing::Golden golden("core_models/families");
  const Json type = base::parse_json(input, "test", "case").value("model_type", Json("llama"));
  if (type == "gpt2" || type == "qwen2") return laid_over(golden.json().at(type.get<std::string>()).at("config"), input);
  for (const char* variant : testing::family_goldens()) {  // the first golden of that family
    if (type == "llama") break;
    const Json config = base::parse_json(
        base::MappedFile(testing::source_path("tests/golden/families") / variant / "config.json").text(), "test", variant);
    if (config.at("model_type") == type) return laid_over(config, input);
  }
  return laid_over(golden.json().at("llama-grouped").at("config"), input);
}

std::string size_of(const Json& config) {
  DecoderModel model = decoder_from_config(config);
  return base::cat(model.family->name, ": ", parameter_count(model), " parameters, ", model.spec.layers, " layers");
}

TEST(Config, MalformedCases) {
  for (const auto& one : testing::read_cases(testing::source_path("tests/malformed/config.cases")))
    testing::expect_outcome(one, "models", "config.json", [&] { return size_of(config_of(one.input)); });
}

TEST(NewConfig, MalformedCases) {
  const Json sizes = {{"vocab_size", 48}, {"hidden_size", 16}, {"num_hidden_layers", 2}, {"num_attention_heads", 4}};
  const Json gpt2_sizes = {{"vocab_size", 48}, {"n_embd", 16}, {"n_layer", 2}, {"n_head", 4}};
  for (const auto& one : testing::read_cases(testing::source_path("tests/malformed/new-config.cases"))) {
    bool gpt2 = one.input.find("gpt2") != std::string::npos;
    bool of_family = one.expected.find("model_type") == std::string::npos;
    testing::expect_outcome(one, "models", of_family ? "new model" : "config.json", [&] {
      Json keys = laid_over(gpt2 ? gpt2_sizes : sizes, one.input);
      return size_of(new_config(keys));
    });
  }
}

TEST(NewConfig, OlderWordsBecomeTheNewOnes) {
  Json keys = {{"model_type", "llama"},  {"vocab_size", 48},         {"hidden_size", 16},
               {"num_hidden_layers", 2}, {"num_attention_heads", 4}, {"torch_dtype", "bfloat16"},
               {"rope_theta", 500000},   {"eos_token_id", 7},        {"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}};
  Json config = new_config(keys);
  EXPECT_EQ(config["dtype"], "bfloat16");
  EXPECT_EQ(config["rope_parameters"], Json({{"rope_theta", 500000.0}, {"rope_type", "linear"}, {"factor", 2.0}}));
  EXPECT_EQ(config["rope_theta"], 500000.0);
  EXPECT_FALSE(config.contains("rope_scaling"));
  EXPECT_FALSE(config.contains("torch_dtype"));
  EXPECT_EQ(config["head_dim"], 4);
  EXPECT_EQ(config["num_key_value_heads"], 4);
  EXPECT_EQ(config["intermediate_size"], 64);
  EXPECT_EQ(config["eos_token_id"], 7);
  EXPECT_TRUE(config["bos_token_id"].is_null());
  EXPECT_EQ(config["architectures"], Json({"LlamaForCausalLM"}));
  DecoderSpec spec = decoder_from_config(config).spec;
  EXPECT_EQ(spec.rope.scaling, "linear");
  EXPECT_EQ(spec.rope.theta, 500000.0);
  EXPECT_EQ(spec.rope.factor, 2.0);
}

TEST(NewConfig, OfAWrittenOneIsItself) {
  for (const Family& family : families()) {
    const std::string type = family.name;
    Json keys = {{"model_type", type}, {"vocab_size", 48}};
    if (type == "gpt2")
      keys.update(Json{{"n_embd", 16}, {"n_layer", 2}, {"n_head", 2}});
    else if (type == "bloom")
      keys.update(Json{{"hidden_size", 16}, {"n_layer", 2}, {"n_head", 2}});
    else if (type == "chatglm")
      keys.update(Json{{"hidden_size", 16}, {"num_layers", 2}, {"num_attention_heads", 4}, {"ffn_hidden_size", 24}});
    else
      keys.update(Json{{"hidden_size", 32}, {"num_hidden_layers", 2}, {"num_attention_heads", 4}});
    if (type.starts_with("deepseek")) keys["moe_intermediate_size"] = 8;
    SCOPED_TRACE(type);
    Json config = new_config(keys);
    EXPECT_EQ(new_config(config), config) << type;
  }
}

}  // namespace
}  // namespace athanor::models
