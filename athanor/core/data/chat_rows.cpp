// Conversations as rows spell them -> lists of {role, content}, as chat templates take them.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/sample.h"

namespace athanor::data {
namespace {

using base::Json;

/// ShareGPT's and others' names of roles.
struct RoleName {
  const char *name, *role;
};
constexpr RoleName kRoles[] = {{"human", "user"},          {"user", "user"},           {"gpt", "assistant"},
                               {"assistant", "assistant"}, {"bot", "assistant"},       {"model", "assistant"},
                               {"system", "system"},       {"developer", "developer"}, {"observation", "tool"},
                               {"tool", "tool"},           {"function", "tool"},       {"function_response", "tool"},
                               {"function_call", "call"},  {"tool_call", "call"}};

std::string role_of(const FormRow& row, const Json& message, const char* key, std::string_view column) {
  const auto found = message.find(key);
  const std::string name = found != message.end() && found->is_string() ? found->get<std::string>() : "";
  for (const RoleName& known : kRoles)
    if (name == known.name) return known.role;
  row.fail(base::cat("a message of \"", column, "\" has no role that is known"), name.empty() ? message.dump().substr(0, 60) : name,
           "user, assistant, system, tool; human, gpt, function_call, observation");
}

Json parse_inside(const FormRow& row, const std::string& text, const char* what) {
  try {
    return base::parse_json(text, "data.samples", what);
  } catch (const base::Error& error) {
    row.fail(base::cat(what, " is no JSON"), text.substr(0, 60));
  }
}

/// {"name": .., "arguments": ..} or a list of them, as text or as JSON -> an assistant's message with tool_calls.
Json tool_call_message(const FormRow& row, const Json& value) {
  Json calls = value.is_string() ? parse_inside(row, value.get<std::string>(), "a function call") : value;
  if (!calls.is_array()) calls = Json::array({calls});
  Json list = Json::array();
  for (Json& call : calls) {
    if (!call.is_object() || !call.contains("name")) row.fail("a function call has no name", call.dump().substr(0, 60));
    list.push_back({{"type", "function"}, {"function", std::move(call)}});
  }
  return {{"role", "assistant"}, {"content", ""}, {"tool_calls", std::move(list)}};
}

Json message_of(const FormRow& row, const Json& message, std::string_view column) {
  if (!message.is_object()) row.fail(base::cat("a message of \"", column, "\" is no object"), message.dump().substr(0, 60));
  const bool sharegpt = message.contains("from");
  const std::string role = role_of(row, message, sharegpt ? "from" : "role", column);
  const auto content = message.find(sharegpt ? "value" : "content");
  const bool there = content != message.end() && !content->is_null();
  if (!there && !message.contains("tool_calls")) row.fail(base::cat("a message of \"", column, "\" has no content"), role);
  if (role == "call") return tool_call_message(row, *content);
  if (!sharegpt) {
    Json out = message;
    out["role"] = role;
    return out;
  }
  if (!content->is_string()) row.fail(base::cat("a message of \"", column, "\" is not text"), content->type_name());
  return chat_message(role, content->get<std::string>());
}

}  // namespace

Json FormRow::messages(const Json& list, std::string_view column) const {
  if (list.is_object()) return Json::array({message_of(*this, list, column)});
  if (!list.is_array() || list.empty())
    fail(base::cat("column \"", column, "\" is no list of messages"), list.is_array() ? "an empty list" : list.type_name());
  Json out = Json::array();
  for (const Json& message : list) out.push_back(message_of(*this, message, column));
  return out;
}

std::shared_ptr<Json> FormRow::tools() const {
  const Json* found = find("tools");
  if (!found || (found->is_string() && found->get_ref<const std::string&>().empty())) return nullptr;
  Json list = found->is_string() ? parse_inside(*this, found->get<std::string>(), "tools") : *found;
  if (!list.is_array()) fail("column \"tools\" is no list", list.type_name());
  if (list.empty()) return nullptr;
  for (Json& tool : list)  // templates read {"type": "function", "function": {...}}
    if (tool.is_object() && tool.contains("name") && !tool.contains("function"))
      tool = Json{{"type", "function"}, {"function", Json(tool)}};
  return std::make_shared<Json>(std::move(list));
}

}  // namespace athanor::data
