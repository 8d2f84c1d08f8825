// {"conversations": [{"from": "human", "value": ...}, {"from": "gpt", ...}], "system", "tools"}: ShareGPT's export, with
// function_call and observation for tools as LLaMA-Factory writes them.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_sharegpt(const FormRow& row) { return row.has("conversations"); }

Sample make_sharegpt(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kChat};
  base::Json messages = row.messages(row.column("conversations"), "conversations");
  if (std::string system = row.text_or_empty("system"); !system.empty())
    messages.insert(messages.begin(), chat_message("system", system));
  sample.messages = std::make_shared<base::Json>(std::move(messages));
  sample.tools = row.tools();
  return sample;
}

}  // namespace athanor::data
