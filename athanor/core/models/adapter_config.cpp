#include "athanor/core/models/adapter_config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/models/module_names.h"

namespace athanor::models {
namespace {

using base::Json;

constexpr const char* kAdapterConfigWhere = "models.adapter";
constexpr base::JsonLimits kAdapterConfigLimits = {.depth = 16, .bytes = 10u << 20};
constexpr double kMostRank = 65'536, kMostVirtualTokens = 1 << 20;

constexpr std::pair<const char*, AdapterKind> kKinds[] = {{"LORA", AdapterKind::kLora},
                                                          {"IA3", AdapterKind::kIa3},
                                                          {"PROMPT_TUNING", AdapterKind::kPromptTuning},
                                                          {"P_TUNING", AdapterKind::kPTuning},
                                                          {"PREFIX_TUNING", AdapterKind::kPrefixTuning}};

class ConfigFile {
 public:
  ConfigFile(std::string_view text, std::string_view source)
      : source_(source), json_(base::parse_json(text, kAdapterConfigWhere, source, kAdapterConfigLimits)) {
    if (!json_.is_object()) fail("is not an object", "", "the keys of a PEFT adapter");
  }

  AdapterConfig read() const {
    AdapterConfig c;
    c.kind = kind();
    if (c.kind == AdapterKind::kLora) refuse_other_loras();
    c.rank = static_cast<int64_t>(number("r", 8, 1, kMostRank));
    c.alpha = number("lora_alpha", 8, -1e9, 1e9);
    c.dropout = number("lora_dropout", 0, 0, 1);
    c.rslora = set("use_rslora"), c.dora = set("use_dora");
    c.every_layer = !set("layers_to_transform") && !set("exclude_modules");
    c.targets = names("target_modules", &c.expression);
    c.feedforward = names("feedforward_modules");
    c.modules_to_save = names("modules_to_save");
    c.ranks = pattern("rank_pattern", 1, kMostRank);
    c.alphas = pattern("alpha_pattern", -1e9, 1e9);
    if (const Json* init = find("init_lora_weights"); init && init->is_string()) c.init = init->get<std::string>();
    c.bias = bias();
    c.four_bit_base = four_bit_base();
    const bool soft = c.kind != AdapterKind::kLora && c.kind != AdapterKind::kIa3;
    if (soft && !find("num_virtual_tokens")) fail("\"num_virtual_tokens\" is missing");
    if (soft) c.virtual_tokens = static_cast<int64_t>(number("num_virtual_tokens", 0, 1, kMostVirtualTokens));
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
      if (is_expression(name)) NameExpression checked(name);
      if (!number.is_number() || !(number >= min && number <= max)) fail(base::cat("\"", key, "\" is out of range"), number.dump());
      pairs.emplace_back(name, number);
    }
    return pairs;
  }

  /// A list of names, or one text: an expression where `expression` is given, else a list of one.
  std::vector<std::string> names(const char* key, bool* expression = nullptr) const {
    const Json* value = find(key);
    if (!value) return {};
    if (value->is_string()) {
      if (expression != nullptr) {
        *expression = true;
        NameExpression checked(value->get<std::string>());
      }
      return {value->get<std::string>()};
    }
    if (!value->is_array()) fail(base::cat("\"", key, "\" is not a list of names"), value->dump());
    std::vector<std::string> list;
    for (const Json& name : *value)
      list.push_back(name.is_string() ? name.get<std::string>()
                                      : fail(base::cat("\"", key, "\" is not a list of names"), name.dump()));
    return list;
  }

  /// What our own folders say of the base; PEFT's own change the base's weights and do not say how.
  std::string four_bit_base() const {
    const Json* loftq = find("loftq_config");
    const auto base = loftq && loftq->is_object() ? loftq->find("base") : Json::const_iterator();
    if (!loftq || !loftq->is_object() || base == loftq->end()) return "";
    if (*base != "nf4" && *base != "nf4-double-quant")
      fail("\"loftq_config\" names an unknown base", base->dump(), "nf4 or nf4-double-quant");
    return base->get<std::string>();
  }

  std::string bias() const {
    const Json* value = find("bias");
    if (!value || *value == "none") return "none";
    if (*value != "all" && *value != "lora_only") fail("\"bias\" is not known", value->dump(), "none, all or lora_only");
    return value->get<std::string>();
  }

  AdapterKind kind() const {
    const Json* type = find("peft_type");
    for (const auto& [word, kind] : kKinds)
      if (type && *type == word) return kind;
    base::input_error(kAdapterConfigWhere,
                      {base::cat(source_, ": an adapter of a kind that is not read"), type ? type->dump() : "no peft_type",
                       "LORA, IA3, PROMPT_TUNING, P_TUNING or PREFIX_TUNING"});
  }

  void refuse_other_loras() const {
    for (const char* key : {"layer_replication", "lora_bias", "use_qalora", "use_bdlora", "trainable_token_indices",
                            "target_parameters", "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config"})
      if (set(key))
        base::input_error(kAdapterConfigWhere, {base::cat(source_, ": this kind of LoRA is not read"), key, "LoRA, rsLoRA or DoRA",
                                                "merge it with PEFT"});
  }

  [[noreturn]] std::string fail(const std::string& what, const std::string& got = "", const std::string& expected = "") const {
    base::file_error(kAdapterConfigWhere, {base::cat(source_, ": ", what), got, expected});
  }

  std::string source_;
  Json json_;
};

double value_for(const std::vector<std::pair<std::string, double>>& pattern, const std::string& module, double otherwise) {
  for (const auto& [key, number] : pattern)
    if (key_names_module(key, module)) return number;
  return otherwise;
}

}  // namespace

const char* peft_type(AdapterKind kind) {
  for (const auto& [word, known] : kKinds)
    if (known == kind) return word;
  base::bug(kAdapterConfigWhere, {"unknown kind"});
}

bool AdapterConfig::targets_module(const std::string& module) const {
  if (expression) return NameExpression(targets.front()).matches(module);
  return std::any_of(targets.begin(), targets.end(),
                     [&](const std::string& name) { return module == name || module.ends_with("." + name); });
}

bool AdapterConfig::is_feedforward(const std::string& module) const {
  return std::any_of(feedforward.begin(), feedforward.end(), [&](const std::string& name) { return names_module(name, module); });
}

int64_t AdapterConfig::rank_of(const std::string& module) const {
  return static_cast<int64_t>(value_for(ranks, module, static_cast<double>(rank)));
}

double AdapterConfig::scale_of(const std::string& module) const {
  const auto r = static_cast<double>(rank_of(module));
  return value_for(alphas, module, alpha) / (rslora ? std::sqrt(r) : r);
}

AdapterConfig parse_adapter_config(std::string_view text, std::string_view source) { return ConfigFile(text, source).read(); }

AdapterConfig read_adapter_config(const std::filesystem::path& path) {
  const base::MappedFile file(path);
  return parse_adapter_config(file.text(), path.string());
}

}  // namespace athanor::models
