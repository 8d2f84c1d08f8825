#include "athanor/core/models/new_config.h"

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/models/config_reader.h"

namespace athanor::models {
namespace {

using Keys = std::map<std::string, base::Json>;

/// Explicit nulls matter: transformers fills an absent token id with the family's own default, which is wrong for a new tokenizer.
Keys every_decoder() {
  return {{"bos_token_id", nullptr},   {"eos_token_id", nullptr}, {"pad_token_id", nullptr}, {"dtype", "float32"},
          {"initializer_range", 0.02}, {"use_cache", true},       {"vocab_size", nullptr}};
}

Keys llama_kin() {
  return {{"attention_dropout", 0.0},
          {"head_dim", nullptr},
          {"hidden_act", "silu"},
          {"hidden_size", nullptr},
          {"intermediate_size", nullptr},
          {"num_attention_heads", nullptr},
          {"num_hidden_layers", nullptr},
          {"num_key_value_heads", nullptr},
          {"rope_parameters", {{"rope_theta", 10000.0}, {"rope_type", "default"}}},
          {"rope_theta", nullptr},
          {"rope_scaling", nullptr},
          {"tie_word_embeddings", false}};
}

void refuse_unknown(const std::string& key, const Keys& known) {
  std::vector<std::string> names;
  for (const auto& [name, value] : known) names.push_back(name);
  std::string near = base::nearest_name(key, names);
  base::input_error("models.config", {base::cat("new model: unknown key ", key), "", "a key of this family's config.json",
                                      near.empty() ? "" : base::cat(near, " instead")});
}

/// One `rope_parameters`, and rope_theta once more beside it for readers of the older form.
void settle_rope(Keys& config) {
  base::Json rope = config["rope_parameters"];
  ConfigReader origin(rope, ConfigOrigin::kRecipe, "rope_parameters.");
  if (!rope.is_object()) origin.refuse("", rope.type_name(), "an object");
  if (base::Json scaling = config["rope_scaling"]; !scaling.is_null()) {
    if (!scaling.is_object()) ConfigReader(scaling, ConfigOrigin::kRecipe).refuse("rope_scaling", scaling.type_name(), "an object");
    for (const auto& [key, value] : scaling.items()) rope[key == "type" ? "rope_type" : key] = value;
  }
  if (!config["rope_theta"].is_null()) rope["rope_theta"] = config["rope_theta"];
  if (!rope.contains("rope_theta")) rope["rope_theta"] = 10000.0;
  if (rope["rope_theta"].is_number()) rope["rope_theta"] = rope["rope_theta"].get<double>();
  if (!rope.contains("rope_type")) rope["rope_type"] = "default";
  config["rope_theta"] = rope["rope_theta"];
  config["rope_parameters"] = rope;
  config.erase("rope_scaling");
}

void settle_sizes(Keys& config) {
  base::Json json(config);
  ConfigReader reader(json, ConfigOrigin::kRecipe);
  int64_t hidden = reader.integer("hidden_size", 1, kMostHidden), heads = reader.integer("num_attention_heads", 1, kMostHidden);
  if (config["num_key_value_heads"].is_null()) config["num_key_value_heads"] = heads;
  if (config["head_dim"].is_null()) {
    if (hidden % heads != 0)
      reader.refuse("num_attention_heads", base::cat(heads), base::cat("a divisor of hidden_size, which is ", hidden));
    config["head_dim"] = hidden / heads;
  }
  if (config["intermediate_size"].is_null()) config["intermediate_size"] = (hidden * 8 / 3 + 63) / 64 * 64;
}

}  // namespace

base::Json over_defaults(const base::Json& keys, const base::Json& defaults) {
  if (!keys.is_object())
    base::input_error("models.config", {"new model: not a description", keys.type_name(), "keys of config.json"});
  Keys config = every_decoder();
  bool llama = !defaults.contains("n_embd");
  if (llama) config.merge(llama_kin());
  for (const auto& [key, value] : defaults.items()) config[key] = value;
  for (const auto& [key, value] : keys.items()) {
    std::string name = key == "torch_dtype" ? "dtype" : key;
    if (!config.contains(name)) refuse_unknown(key, config);
    if (!value.is_null()) config[name] = value;
  }
  if (llama) {
    settle_rope(config);
    settle_sizes(config);
  }
  base::Json sorted = base::Json::object();
  for (auto& [key, value] : config) sorted[key] = std::move(value);
  return sorted;
}

}  // namespace athanor::models
