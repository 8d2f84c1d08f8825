#include "athanor/learn/adapters/targets.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/module_names.h"
#include "athanor/learn/adapters/matrices.h"

namespace athanor::adapters {
namespace {

constexpr const char* kTargetsWhere = "adapters.targets";
constexpr std::string_view kAllLinear = "all-linear";

std::string last_of(const std::string& path) { return path.substr(path.rfind('.') + 1); }  // npos + 1 is 0

[[noreturn]] void nothing_matches(nn::Module& model, const std::string& target) {
  std::vector<std::string> known;
  model.walk([&](const std::string& path, nn::Module& module) {
    if (!matrix_size(module) && !dynamic_cast<nn::Embedding*>(&module)) return;
    known.push_back(path);
    if (std::find(known.begin(), known.end(), last_of(path)) == known.end()) known.push_back(last_of(path));
  });
  const std::string near = base::nearest_name(target, known);
  std::string names;
  for (const std::string& name : known)
    if (name.find('.') == name.npos && names.size() < 120) names += (names.empty() ? "" : ", ") + name;
  base::input_error(kTargetsWhere,
                    {"a target matches no layer", target, "one of " + names, near.empty() ? "" : "did you mean " + near + "?"});
}

}  // namespace

std::string head_path(const nn::Decoder& decoder) {
  const models::DecoderSpec& spec = decoder.model().spec;
  if (spec.tied_head) return "";
  const bool adaptive = spec.adaptive.clusters() > 0;
  const models::Slot slot = adaptive ? models::Slot::kAdaptiveHead : spec.labels > 0 ? models::Slot::kScore : models::Slot::kHead;
  std::string name = models::weight_name(decoder.model(), slot);
  if (adaptive) name = name.substr(0, name.rfind('.'));
  return name.substr(0, name.rfind('.'));
}

std::vector<std::string> find_targets(nn::Decoder& decoder, const std::vector<std::string>& targets, bool embeddings) {
  const std::string head = head_path(decoder);
  std::vector<bool> hit(targets.size());
  std::vector<std::string> paths, other;
  decoder.walk([&](const std::string& path, nn::Module& module) {
    const bool matrix = matrix_size(module).has_value(), embedding = dynamic_cast<nn::Embedding*>(&module) != nullptr;
    bool wanted = false;
    for (size_t i = 0; i < targets.size(); ++i) {
      const bool names_it = targets[i] == kAllLinear ? matrix && path != head && !path.starts_with(head + ".")
                                                     : !path.empty() && models::names_module(targets[i], path);
      if (names_it && !matrix && !(embedding && embeddings)) {
        if (!models::is_expression(targets[i])) other.push_back(path);
        continue;
      }
      if (names_it) hit[i] = true;
      wanted |= names_it;
    }
    if (wanted) paths.push_back(path);
  });
  if (!other.empty())
    base::input_error(kTargetsWhere, {base::cat("a target is no linear layer", embeddings ? " or embedding" : ""), other.front()});
  for (size_t i = 0; i < targets.size(); ++i)
    if (!hit[i]) nothing_matches(decoder, targets[i]);
  return paths;
}

TargetWords target_words(const std::vector<std::string>& targets, const std::vector<std::string>& paths) {
  TargetWords words;
  if (std::none_of(targets.begin(), targets.end(), [](const auto& t) { return models::is_expression(t); })) {
    for (const std::string& target : targets)
      if (target != kAllLinear) words.names.push_back(target);
    if (words.names.size() == targets.size()) return words;
  }
  words.names.clear();
  const bool by_expression = targets.size() == 1 && targets.front() != kAllLinear;
  if (by_expression) words.expression = targets.front();
  for (const std::string& path : paths)
    if (!by_expression) words.names.push_back(path);
  return words;
}

std::vector<std::string> unfreeze(nn::Decoder& decoder, std::vector<std::string> names) {
  std::vector<std::string> paths;
  if (decoder.model().spec.labels > 0) names.push_back(head_path(decoder));
  for (const std::string& name : names) {
    bool hit = false;
    decoder.walk([&](const std::string& path, nn::Module& module) {
      if (path.empty() || !models::names_module(name, path)) return;
      hit = true;
      if (dynamic_cast<nn::Embedding*>(&module) && head_path(decoder).empty())
        base::input_error(kTargetsWhere,
                          {"modules_to_save: the head is the embedding, and would change with it", path, "", "use targets"});
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
      module.walk([](const std::string&, nn::Module& part) {
        for (const auto& [own, tensor] : part.own_parameters()) at::Tensor(tensor).set_requires_grad(true);
      });
    });
    if (!hit) nothing_matches(decoder, name);
  }
  return paths;
}

const char* task_type(const nn::Decoder& decoder) { return decoder.model().spec.labels > 0 ? "SEQ_CLS" : "CAUSAL_LM"; }

void freeze(nn::Module& model) {
  for (auto& [name, tensor] : model.named_parameters()) tensor->set_requires_grad(false);
}

}  // namespace athanor::adapters
