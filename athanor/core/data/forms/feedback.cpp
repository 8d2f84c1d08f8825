// A dialogue with a thumb up or down: {"messages" or "conversations", "label": true}, or {"prompt", "completion", "label": true}
// (Ethayarajh et al. 2024, "KTO", arXiv:2402.01306; LLaMA-Factory calls the label kto_tag).

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {
namespace {

const base::Json* label_of(const FormRow& row) { return row.has("kto_tag") ? row.find("kto_tag") : row.find("label"); }

}  // namespace

Sample make_prompt_completion(const FormRow& row);

bool is_feedback(const FormRow& row) {
  const base::Json* label = label_of(row);
  return label && label->is_boolean() &&
         (row.has("messages") || row.has("conversations") || (row.has("prompt") && row.has("completion")));
}

Sample make_feedback(const FormRow& row) {
  const base::Json* label = label_of(row);
  if (!label || !label->is_boolean()) row.fail("label is not true or false", label ? label->dump().substr(0, 40) : "none");
  Sample sample{.kind = Sample::Kind::kFeedback};
  const char* column = row.has("messages") ? "messages" : "conversations";
  if (row.has(column)) {
    sample.messages = std::make_shared<base::Json>(row.messages(row.column(column), column));
  } else {
    Sample pair = make_prompt_completion(row);
    sample.messages = pair.messages;
    if (!sample.messages)
      sample.messages = std::make_shared<base::Json>(
          base::Json::array({chat_message("user", std::move(pair.prompt)), chat_message("assistant", std::move(pair.text))}));
  }
  sample.tools = row.tools();
  sample.good = label->get<bool>();
  return sample;
}

}  // namespace athanor::data
