#include "athanor/core/models/adapter_config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"

namespace athanor::models {
namespace {

using base::Json;

constexpr const char* kAdapterConfigWhere = "models.adapter";
constexpr double kMostRank = 65'536;

class ConfigFile {
 public:
  explicit ConfigFile(const std::filesystem::path& path)
      : path_(path), json_(base::read_json_file(path, kAdapterConfigWhere, {.depth = 16, .bytes = 10u << 20})) {
    if (!json_.is_object()) fail("is not an object", "", "the keys of a PEFT adapter");
  }

  AdapterConfig read() const {
    refuse_other_kinds();
    AdapterConfig c;
    c.rank = static_cast<int64_t>(number("r", 8, 1, kMostRank));
    c.alpha = number("lora_alpha", 8, -1e9, 1e9);
    c.rslora = set("use_rslora");
    c.every_layer = !set("layers_to_transform") && !set("exclude_modules");
    if (const Json* targets = find("target_modules"); targets && targets->is_array())
      for (const Json& t : *targets)
        c.targets.push_back(t.is_string() ? t.get<std::string>() : fail("\"target_modules\" is not a list of names", t.dump()));
    c.ranks = pattern("rank_pattern", 1, kMostRank);
    c.alphas = pattern("alpha_pattern", -1e9, 1e9);
    return c;
  }

 private:
  const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  /// Present, and neither false nor empty.
  bool set(const char* key) const {
    const Json* value = find(key);
    return value && !(value->is_boolean() && !value->get<bool>()) && !(value->is_structured() && value->empty());
  }

  double number(const char* key, double fallback, double min, double max) const {
    const Json* value = find(key);
    if (!value) return fallback;
    if (!value->is_number() || !(value->get<double>() >= min && value->get<double>() <= max) ||
        (min == 1 && !value->is_number_integer()))
      fail(base::cat("\"", key, "\" is out of range"), value->dump(), base::cat(min, " to ", max));
    return value->get<double>();
  }

  std::vector<std::pair<std::string, double>> pattern(const char* key, double min, double max) const {
    std::vector<std::pair<std::string, double>> pairs;
    const Json* value = find(key);
    if (!value) return pairs;
    if (!value->is_object()) fail(base::cat("\"", key, "\" is not an object"), value->dump(), "names with numbers");
    for (const auto& [name, number] : value->items()) {
      if (name.find_first_of("\\^$*+?()[]{}|") != name.npos)
        base::input_error(kAdapterConfigWhere, {base::cat(path_.string(), ": regular expressions in \"", key, "\" are not read"),
                                                name, "names of modules"});
      if (!number.is_number() || !(number >= min && number <= max)) fail(base::cat("\"", key, "\" is out of range"), number.dump());
      pairs.emplace_back(name, number);
    }
    return pairs;
  }

  void refuse_other_kinds() const {
    const Json* type = find("peft_type");
    if (!type || *type != "LORA")
      base::input_error(kAdapterConfigWhere,
                        {base::cat(path_.string(), ": not a LoRA adapter"), type ? type->dump() : "no peft_type", "\"LORA\""});
    for (const char* key : {"use_dora", "layer_replication", "lora_bias", "use_qalora", "use_bdlora", "trainable_token_indices",
                            "target_parameters", "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config"})
      if (set(key))
        base::input_error(kAdapterConfigWhere, {base::cat(path_.string(), ": this kind of LoRA is not read"), key,
                                                "plain LoRA or rsLoRA", "merge it with PEFT"});
    const Json* init = find("init_lora_weights");
    for (const char* changed : {"pissa", "olora", "corda", "loftq", "lora_ga"})
      if (init && init->is_string() && init->get<std::string>().starts_with(changed))
        base::input_error(kAdapterConfigWhere, {base::cat(path_.string(), ": its base weights were changed when it was made"),
                                                *init, "true or gaussian", "merge it with PEFT"});
  }

  [[noreturn]] std::string fail(const std::string& what, const std::string& got = "", const std::string& expected = "") const {
    base::file_error(kAdapterConfigWhere, {base::cat(path_.string(), ": ", what), got, expected});
  }

  std::filesystem::path path_;
  Json json_;
};

double value_for(const std::vector<std::pair<std::string, double>>& pattern, const std::string& module, double otherwise) {
  for (const auto& [name, number] : pattern)
    if (names_module(name, module)) return number;
  return otherwise;
}

}  // namespace

bool names_module(const std::string& pattern, const std::string& module) {
  return module == pattern || module.ends_with("." + pattern);
}

int64_t AdapterConfig::rank_of(const std::string& module) const {
  return static_cast<int64_t>(value_for(ranks, module, static_cast<double>(rank)));
}

double AdapterConfig::scale_of(const std::string& module) const {
  const auto r = static_cast<double>(rank_of(module));
  return value_for(alphas, module, alpha) / (rslora ? std::sqrt(r) : r);
}

AdapterConfig read_adapter_config(const std::filesystem::path& path) { return ConfigFile(path).read(); }

}  // namespace athanor::models
