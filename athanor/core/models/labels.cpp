#include "athanor/core/models/labels.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/family.h"

namespace athanor::models {
namespace {

constexpr const char* kLabelsWhere = "models.labels";
constexpr std::string_view kClassifier = "ForSequenceClassification";
constexpr int64_t kMostLabels = 65'536;
// Families of which transformers 5 has no such class.
constexpr std::string_view kNever[] = {"chatglm", "granite"};

std::string class_name(const Family& family) {
  if (family.name == std::string_view("gemma3_text")) return "Gemma3Text" + std::string(kClassifier);  // the other has images
  std::string name = family.architecture;
  for (const char* ending : {"ForCausalLM", "LMHeadModel"})
    if (name.ends_with(ending)) name.resize(name.size() - std::string_view(ending).size());
  return name + std::string(kClassifier);
}

bool is_classifier(const base::Json& config) {
  const auto list = config.find("architectures");
  return list != config.end() && list->is_array() && !list->empty() && list->front().is_string() &&
         list->front().get_ref<const std::string&>().ends_with(kClassifier);
}

std::vector<std::string> numbered(int64_t count) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) names.push_back(base::cat("LABEL_", i));
  return names;
}

std::vector<std::string> names_of(const base::Json& config) {
  const auto table = config.find("id2label");
  if (table == config.end() || table->is_null()) {
    const auto count = config.find("num_labels");
    if (count == config.end() || count->is_null()) return numbered(2);
    if (!count->is_number_integer() || *count < 1 || *count > kMostLabels)
      base::file_error(kLabelsWhere, {"config.json: num_labels", count->dump(), base::cat("1 to ", kMostLabels)});
    return numbered(count->get<int64_t>());
  }
  std::vector<std::string> names;
  if (table->is_object() && table->size() <= static_cast<size_t>(kMostLabels))
    for (size_t i = 0; i < table->size(); ++i)
      if (const auto name = table->find(base::cat(i)); name != table->end() && name->is_string()) names.push_back(*name);
  if (names.empty() || names.size() != table->size())
    base::file_error(kLabelsWhere, {"config.json: id2label is no list of names from 0 on", table->dump().substr(0, 60),
                                    R"({"0": "a", "1": "b"})"});
  return names;
}

}  // namespace

std::optional<Labels> labels_of(const base::Json& config) {
  if (!config.is_object() || !is_classifier(config)) return std::nullopt;
  Labels labels{names_of(config), ""};
  const auto problem = config.find("problem_type");
  if (problem == config.end() || problem->is_null()) {
    labels.problem = labels.names.size() == 1 ? "regression" : "single_label_classification";
    return labels;
  }
  for (const char* known : {"single_label_classification", "multi_label_classification", "regression"})
    if (*problem == known) labels.problem = known;
  if (labels.problem.empty())
    base::file_error(kLabelsWhere, {"config.json: problem_type", problem->dump(),
                                    "single_label_classification, multi_label_classification or regression"});
  return labels;
}

void set_labels(base::Json& config, const Labels& labels) {
  const Family& family = family_of(config);
  if (std::find(std::begin(kNever), std::end(kNever), std::string_view(family.name)) != std::end(kNever))
    base::input_error(kLabelsWhere, {"transformers has no classifier of this family", family.name, "llama, qwen2, gpt2 ..."});
  config["architectures"] = base::Json::array({class_name(family)});
  base::Json by_id = base::Json::object(), by_label = base::Json::object();
  for (size_t i = 0; i < labels.names.size(); ++i) {
    by_id[base::cat(i)] = labels.names[i];
    by_label[labels.names[i]] = i;
  }
  config["id2label"] = std::move(by_id), config["label2id"] = std::move(by_label);
  config["problem_type"] = labels.problem;
  config.erase("num_labels");
}

void make_classifier(DecoderModel& model, int64_t labels) {
  model.spec.labels = labels;
  model.spec.tied_head = false;
  model.spec.adaptive = {};
  std::erase_if(model.slots, [](const SlotName& row) {
    return row.slot == Slot::kHead || row.slot == Slot::kAdaptiveHead || row.slot == Slot::kTailDown || row.slot == Slot::kTailUp;
  });
  model.slots.push_back({Slot::kScore, "score.weight"});
}

int64_t pad_id_of(const base::Json& config) {
  const auto id = config.find("pad_token_id");
  return id == config.end() || !id->is_number_integer() ? -1 : id->get<int64_t>();
}

size_t classified_length(std::span<const int32_t> ids, int64_t pad_id) {
  size_t count = ids.size();
  while (count > 1 && ids[count - 1] == pad_id) --count;
  return count;
}

}  // namespace athanor::models
