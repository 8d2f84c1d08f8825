// {"prompt", "completion"}: two texts (the completion follows the prompt as it stands), or two lists of messages, as TRL has them.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_prompt_completion(const FormRow& row) { return row.has("prompt") && row.has("completion"); }

Sample make_prompt_completion(const FormRow& row) {
  const base::Json &prompt = row.column("prompt"), &completion = row.column("completion");
  if (prompt.is_array() || completion.is_array()) {
    base::Json messages = row.messages(prompt, "prompt");
    for (base::Json& message : row.messages(completion, "completion")) messages.push_back(std::move(message));
    Sample sample{.kind = Sample::Kind::kChat};
    sample.messages = std::make_shared<base::Json>(std::move(messages));
    sample.tools = row.tools();
    return sample;
  }
  Sample sample{.kind = Sample::Kind::kCompletion};
  sample.prompt = row.text("prompt");
  sample.text = row.text("completion");
  return sample;
}

}  // namespace athanor::data
