// {"instruction", "input", "output"} with optional "system" and "history" ([[question, answer], ...]): Taori et al. 2023, "Stanford
// Alpaca", and what LLaMA-Factory added. The question is the instruction, and the input on the next line; both are also given to
// the template by their names, so that the prompt of the paper can be written.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_alpaca(const FormRow& row) { return row.has("instruction") && row.has("output"); }

Sample make_alpaca(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kChat};
  base::Json messages = base::Json::array();
  if (std::string system = row.text_or_empty("system"); !system.empty()) messages.push_back(chat_message("system", system));
  if (const base::Json* history = row.find("history")) {
    if (!history->is_array()) row.fail("column \"history\" is no list", history->type_name(), "[[question, answer], ...]");
    for (const base::Json& turn : *history) {
      if (!turn.is_array() || turn.size() != 2 || !turn[0].is_string() || !turn[1].is_string())
        row.fail("a turn of \"history\" is malformed", turn.dump().substr(0, 60), "[question, answer]");
      messages.push_back(chat_message("user", turn[0].get<std::string>()));
      messages.push_back(chat_message("assistant", turn[1].get<std::string>()));
    }
  }
  const std::string instruction = row.text("instruction"), input = row.text_or_empty("input");
  base::Json question =
      chat_message("user", instruction.empty() || input.empty() ? instruction + input : instruction + "\n" + input);
  if (!input.empty()) question["instruction"] = instruction, question["input"] = input;
  messages.push_back(std::move(question));
  messages.push_back(chat_message("assistant", row.text("output")));
  sample.messages = std::make_shared<base::Json>(std::move(messages));
  sample.tools = row.tools();
  return sample;
}

}  // namespace athanor::data
