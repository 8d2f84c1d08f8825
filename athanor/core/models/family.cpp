#include "athanor/core/models/family.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/adaptive_head.h"
#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/labels.h"

namespace athanor::models {

const Family& family_of(const base::Json& config) {
  auto type = config.is_object() ? config.find("model_type") : config.end();
  if (type == config.end() || !type->is_string())
    base::file_error("models.family", {"config.json: no model_type", config.is_object() ? "" : config.type_name(),
                                       "\"model_type\": \"llama\" or another family"});
  const auto& name = type->get_ref<const std::string&>();
  std::vector<std::string> known;
  std::string list;
  for (const Family& family : families()) {
    if (name == family.name) return family;
    known.emplace_back(family.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  std::string near = base::nearest_name(name, known);
  // The list stands in the first part, which is never shortened by itself.
  base::input_error("models.family", {"config.json: unknown model_type, none of " + list, name, "",
                                      near.empty() ? "" : near + " if it is of that shape"});
}

DecoderModel decoder_from_config(const base::Json& config) {
  DecoderModel model;
  model.family = &family_of(config);
  if (auto quantized = config.find("quantization_config"); quantized != config.end() && !quantized->is_null())
    base::file_error("models.config",
                     {"config.json: quantization_config", "quantized weights", "plain weights (float32, float16, bfloat16)"});
  model.spec = model.family->read({config, ConfigOrigin::kFile});
  model.slots = model.family->slots(model.spec);
  read_adaptive_head({config, ConfigOrigin::kFile}, model);
  if (const auto labels = labels_of(config)) make_classifier(model, static_cast<int64_t>(labels->names.size()));
  return model;
}

}  // namespace athanor::models
