// config.json of a new model: the user's keys over the family's defaults. An unknown key is an input_error with the nearest.
// rope_theta and rope_scaling are understood and become rope_parameters; sizes that are left out follow from the others.

#include "athanor/core/models/new_config.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/models/adaptive_head.h"
#include "athanor/core/models/config_reader.h"

namespace athanor::models {
namespace {

void refuse_unknown(const std::string& key, const base::Json& known) {
  std::vector<std::string> names;
  for (const auto& [name, value] : known.items()) names.push_back(name);
  std::string near = base::nearest_name(key, names);
  base::input_error("models.config", {base::cat("new model: unknown key ", key), "", "a key of this family's config.json",
                                      near.empty() ? "" : base::cat(near, " instead")});
}

/// One `rope_parameters`, and rope_theta once more beside it for readers of the older form.
void settle_rope(base::Json& config) {
  base::Json& all = config["rope_parameters"];
  if (!all.is_object()) ConfigReader(all, ConfigOrigin::kRecipe, "rope_parameters.").refuse("", all.type_name(), "an object");
  base::Json& rope = all.contains("full_attention") ? all["full_attention"] : all;
  if (!rope.is_object()) ConfigReader(all, ConfigOrigin::kRecipe).refuse("rope_parameters", rope.type_name(), "an object");
  if (const base::Json scaling = config["rope_scaling"]; !scaling.is_null()) {
    if (!scaling.is_object()) ConfigReader(scaling, ConfigOrigin::kRecipe).refuse("rope_scaling", scaling.type_name(), "an object");
    for (const auto& [key, value] : scaling.items()) rope[key == "type" ? "rope_type" : key] = value;
  }
  if (!config["rope_theta"].is_null()) rope["rope_theta"] = config["rope_theta"];
  if (!rope.contains("rope_theta")) rope["rope_theta"] = 10000.0;
  if (rope["rope_theta"].is_number()) rope["rope_theta"] = rope["rope_theta"].get<double>();
  if (!rope.contains("rope_type")) rope["rope_type"] = "default";
  config["rope_theta"] = rope["rope_theta"];
  config.erase("rope_scaling");
}

/// Sizes that are null: as many key heads as heads, heads that share hidden_size, a feed-forward of 8/3 hidden_size rounded up to
/// 64, or of 4 hidden_size where the family's activation is a GELU (no gate).
void settle_sizes(base::Json& config, bool gelu) {
  const ConfigReader reader(config, ConfigOrigin::kRecipe);
  const int64_t hidden = reader.integer("hidden_size", 1, kMostHidden);
  const int64_t heads = reader.integer("num_attention_heads", 1, kMostHidden);
  const auto wanted = [&config](const char* key) { return config.contains(key) && config[key].is_null(); };
  if (wanted("num_key_value_heads")) config["num_key_value_heads"] = heads;
  if (wanted("head_dim")) {
    if (hidden % heads != 0)
      reader.refuse("num_attention_heads", base::cat(heads), base::cat("a divisor of hidden_size, which is ", hidden));
    config["head_dim"] = hidden / heads;
  }
  if (wanted("intermediate_size")) config["intermediate_size"] = gelu ? 4 * hidden : (hidden * 8 / 3 + 63) / 64 * 64;
}

base::Json over_defaults(const base::Json& keys, const base::Json& defaults) {
  if (!keys.is_object())
    base::input_error("models.config", {"new model: not a description", keys.type_name(), "keys of config.json"});
  base::Json config = defaults;
  for (const auto& [key, value] : keys.items()) {
    const std::string name = key == "torch_dtype" ? "dtype" : key;
    if (!config.contains(name)) refuse_unknown(key, config);
    if (!value.is_null()) config[name] = value;
  }
  if (config.contains("rope_parameters")) settle_rope(config);
  const base::Json activation = defaults.value("hidden_act", base::Json());
  if (config.contains("num_attention_heads"))
    settle_sizes(config, activation.is_string() && activation.get_ref<const std::string&>().starts_with("gelu"));
  return config;
}

}  // namespace

// Explicit nulls matter: transformers fills an absent token id with the family's own default, which is wrong for a new tokenizer.
base::Json decoder_defaults(const base::Json& own) {
  base::Json defaults = {{"bos_token_id", nullptr},   {"eos_token_id", nullptr}, {"pad_token_id", nullptr}, {"dtype", "float32"},
                         {"initializer_range", 0.02}, {"use_cache", true},       {"vocab_size", nullptr}};
  defaults.update(own);
  return defaults;
}

base::Json llama_defaults(const base::Json& own) {
  base::Json defaults = {{"attention_dropout", 0.0},
                         {"head_dim", nullptr},
                         {"hidden_act", "silu"},
                         {"hidden_size", nullptr},
                         {"intermediate_size", nullptr},
                         {"max_position_embeddings", 2048},
                         {"num_attention_heads", nullptr},
                         {"num_hidden_layers", nullptr},
                         {"num_key_value_heads", nullptr},
                         {"rms_norm_eps", 1e-6},
                         {"rope_parameters", {{"rope_theta", 10000.0}, {"rope_type", "default"}}},
                         {"rope_theta", nullptr},
                         {"rope_scaling", nullptr},
                         {"tie_word_embeddings", false}};
  defaults.update(own);
  return decoder_defaults(defaults);
}

base::Json new_config(const base::Json& keys) {
  const Family& family = family_of(keys);
  base::Json defaults = family.defaults();
  defaults["architectures"] = base::Json::array({family.architecture});
  defaults["model_type"] = family.name;
  base::Json own = keys, adaptive;  // adaptive_softmax is no family's own key
  if (const auto found = own.find("adaptive_softmax"); found != own.end()) adaptive = *found, own.erase("adaptive_softmax");
  base::Json config = over_defaults(own, defaults);
  if (!adaptive.is_null()) config["adaptive_softmax"] = std::move(adaptive);
  DecoderModel model{&family, family.read({config, ConfigOrigin::kRecipe}), {}};
  read_adaptive_head({config, ConfigOrigin::kRecipe}, model);
  return config;
}

}  // namespace athanor::models
