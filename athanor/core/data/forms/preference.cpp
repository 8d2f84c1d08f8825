// {"chosen", "rejected"}: two answers to one prompt. The prompt is "prompt" (text or messages), "conversations", "messages", or
// instruction and input; without one, the two hold whole dialogues, and what they share at their front is the prompt: lists of
// messages, or texts "\n\nHuman: ...\n\nAssistant: ..." (Bai et al. 2022, arXiv:2204.05862).

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {
namespace {

using base::Json;

constexpr std::string_view kHuman = "\n\nHuman:", kAssistant = "\n\nAssistant:";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \n") + 1 - first);
}

Json dialogue(const FormRow& row, std::string_view text, std::string_view column) {
  Json messages = Json::array();
  for (size_t at = std::min(text.find(kHuman), text.find(kAssistant)); at < text.size();) {
    const bool human = text.substr(at).starts_with(kHuman);
    const size_t begin = at + (human ? kHuman : kAssistant).size();
    at = std::min({text.find(kHuman, begin), text.find(kAssistant, begin), text.size()});
    messages.push_back(chat_message(human ? "user" : "assistant", std::string(trimmed(text.substr(begin, at - begin)))));
  }
  if (messages.empty())
    row.fail(std::string("column \"") + std::string(column) + "\" is no dialogue", std::string(text.substr(0, 40)),
             "\\n\\nHuman: ...\\n\\nAssistant: ..., or a column prompt");
  return messages;
}

Json prompt_of(const FormRow& row) {
  Json messages = Json::array();
  if (std::string system = row.text_or_empty("system"); !system.empty()) messages.push_back(chat_message("system", system));
  for (const char* name : {"conversations", "messages", "prompt"})
    if (const Json* found = row.find(name); found && !found->is_string()) {
      for (Json& message : row.messages(*found, name)) messages.push_back(std::move(message));
      return messages;
    }
  for (const char* name : {"prompt", "question", "instruction"})
    if (row.has(name)) {
      const std::string input = name == std::string_view("instruction") ? row.text_or_empty("input") : "";
      messages.push_back(chat_message("user", row.text(name) + (input.empty() ? "" : "\n" + input)));
      return messages;
    }
  return messages;
}

Json end_of(const FormRow& row, const char* column, bool whole) {
  const Json& value = row.column(column);
  if (!value.is_string()) return row.messages(value, column);
  if (whole) return dialogue(row, value.get_ref<const std::string&>(), column);
  return Json::array({chat_message("assistant", value.get<std::string>())});
}

}  // namespace

bool is_preference(const FormRow& row) { return row.has("chosen") && row.has("rejected"); }

Sample make_preference(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kPreference};
  Json prompt = prompt_of(row);
  const bool whole = prompt.empty();
  Json chosen = end_of(row, "chosen", whole), rejected = end_of(row, "rejected", whole);
  if (whole) {
    size_t same = 0;
    const size_t most = std::min(chosen.size(), rejected.size()) - 1;  // an answer is left
    while (same < most && chosen[same] == rejected[same]) prompt.push_back(chosen[same++]);
    for (Json* list : {&chosen, &rejected}) list->erase(list->begin(), list->begin() + static_cast<ptrdiff_t>(same));
  }
  sample.messages = std::make_shared<Json>(std::move(prompt));
  sample.chosen = std::make_shared<Json>(std::move(chosen));
  sample.rejected = std::make_shared<Json>(std::move(rejected));
  sample.tools = row.tools();
  return sample;
}

}  // namespace athanor::data
