// {"messages": [{"role", "content", "tool_calls"}, ...], "tools": [...]}: OpenAI's and transformers' way. Messages keep every key
// they have, so a template sees reasoning_content, name and what else it knows.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_messages(const FormRow& row) { return row.has("messages"); }

Sample make_messages(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kChat};
  sample.messages = std::make_shared<base::Json>(row.messages(row.column("messages"), "messages"));
  sample.tools = row.tools();
  return sample;
}

}  // namespace athanor::data
