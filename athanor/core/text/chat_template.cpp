#include "athanor/core/text/chat_template.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::text {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr const char* kChatTemplateWhere = "text.chat_template";
constexpr base::JsonLimits kConfigLimits = {.depth = 32, .bytes = size_t{64} << 20};
/// Where a message's reasoning may lie. Templates read the first name, gpt-oss's the second.
constexpr const char* kReasoning[] = {"reasoning_content", "thinking", "reasoning"};

struct Source {
  std::string name, text, file;
};

std::optional<Json> read_if_there(const fs::path& file) {
  std::error_code none;
  if (!fs::exists(file, none)) return std::nullopt;
  return base::read_json_file(file, kChatTemplateWhere, kConfigLimits);
}

/// bos_token and its kin, as a text or as {"content": text}.
SpecialTokens read_tokens(const fs::path& folder) {
  SpecialTokens tokens;
  for (const char* file : {"tokenizer_config.json", "special_tokens_map.json"}) {
    auto json = read_if_there(folder / file);
    if (!json || !json->is_object()) continue;
    for (const char* name : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
      auto found = json->find(name);
      if (found == json->end()) continue;
      if (found->is_object() && found->contains("content")) found = found->find("content");
      if (found->is_string()) tokens.emplace(name, found->get<std::string>());
    }
  }
  return tokens;
}

/// chat_template of a JSON file: a text, or a list of {name, template}.
std::vector<Source> sources_of(const Json& json, const std::string& file) {
  auto found = json.is_object() ? json.find("chat_template") : json.end();
  if (!json.is_object() || found == json.end() || found->is_null()) return {};
  if (found->is_string()) return {{"default", found->get<std::string>(), file}};
  std::vector<Source> sources;
  for (const Json& one : found->is_array() ? *found : Json::array({*found})) {
    bool whole = one.is_object() && one.contains("name") && one["name"].is_string() && one.contains("template") &&
                 one["template"].is_string();
    if (!whole)
      base::file_error(kChatTemplateWhere, {file + ": chat_template is malformed", "", "a text, or a list of {name, template}"});
    sources.push_back({one["name"].get<std::string>(), one["template"].get<std::string>(), file});
  }
  return sources;
}

std::vector<Source> jinja_files(const fs::path& folder) {
  std::vector<Source> sources;
  std::error_code none;
  if (fs::path file = folder / "chat_template.jinja"; fs::exists(file, none))
    sources.push_back({"default", base::read_text_file(file), file.string()});
  if (fs::path more = folder / "additional_chat_templates"; fs::is_directory(more, none))
    for (const auto& entry : fs::directory_iterator(more))
      if (entry.path().extension() == ".jinja")
        sources.push_back({entry.path().stem().string(), base::read_text_file(entry.path()), entry.path().string()});
  return sources;
}

std::vector<Source> find_sources(const fs::path& folder) {
  std::vector<Source> sources = jinja_files(folder);
  for (const char* file : {"tokenizer_config.json", "chat_template.json"}) {
    if (!sources.empty()) break;
    if (auto json = read_if_there(folder / file)) sources = sources_of(*json, (folder / file).string());
  }
  return sources;
}

Json normalized(const Json& message, size_t index) {
  if (!message.is_object())
    base::input_error(kChatTemplateWhere, {base::cat("message ", index + 1, " is no object"), message.dump().substr(0, 60),
                                           "{\"role\": ..., \"content\": ...}"});
  Json out = Json::object();
  const Json* reasoning = nullptr;
  for (const char* name : kReasoning)
    if (auto found = message.find(name); !reasoning && found != message.end() && !found->is_null()) reasoning = &*found;
  if (reasoning) out["thinking"] = *reasoning;
  for (const auto& [key, value] : message.items())
    if (!value.is_null()) out[key] = value;
  if (reasoning) out["reasoning_content"] = *reasoning;
  return out;
}

}  // namespace

std::optional<ChatTemplate> ChatTemplate::load(const fs::path& folder) {
  ChatTemplate out;
  for (Source& source : find_sources(folder)) out.templates_.emplace(source.name, templates::Template(source.text, source.file));
  if (out.templates_.empty()) return std::nullopt;
  out.tokens_ = read_tokens(folder);
  return out;
}

std::string ChatTemplate::source_of(const fs::path& folder) {
  for (Source& source : find_sources(folder))
    if (source.name == "default") return std::move(source.text);
  return "";
}

ChatTemplate::ChatTemplate(std::string_view source, std::string name, SpecialTokens tokens) : tokens_(std::move(tokens)) {
  templates_.emplace("default", templates::Template(source, std::move(name)));
}

ChatTemplate::ChatTemplate(std::string_view source, std::string name, const Tokenizer& tokenizer)
    : ChatTemplate(source, std::move(name)) {
  if (const auto bos = tokenizer.bos()) tokens_["bos_token"] = tokenizer.id_to_token(*bos);
  if (const auto eos = tokenizer.eos()) tokens_["eos_token"] = tokenizer.id_to_token(*eos);
}

std::vector<std::string> ChatTemplate::names() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : templates_) names.push_back(name);
  return names;
}

const templates::Template& ChatTemplate::choose(const ChatOptions& options) const {
  std::string name = options.name;
  if (name.empty()) name = options.tools && templates_.contains("tool_use") ? "tool_use" : "default";
  auto found = templates_.find(name);
  if (found != templates_.end()) return found->second;
  std::string known;
  for (const auto& one : names()) known += (known.empty() ? "" : ", ") + one;
  base::input_error(kChatTemplateWhere, {"the model has no chat template of that name", name, "one of " + known});
}

ChatText ChatTemplate::render(const Json& messages, const ChatOptions& options) const {
  if (!messages.is_array())
    base::input_error(kChatTemplateWhere, {"messages are no list", messages.type_name(), "a list of {role, content}"});
  Json chat = Json::array();
  for (const Json& message : messages) chat.push_back(normalized(message, chat.size()));
  std::vector<std::pair<std::string, Json>> variables = {{"messages", std::move(chat)},
                                                         {"tools", options.tools ? *options.tools : Json()},
                                                         {"documents", options.documents ? *options.documents : Json()},
                                                         {"add_generation_prompt", options.add_generation_prompt}};
  for (const auto& [name, token] : tokens_) variables.emplace_back(name, token);
  if (options.variables)
    for (const auto& [name, value] : options.variables->items()) variables.emplace_back(name, value);
  return choose(options).render(variables, options.render);
}

}  // namespace athanor::text
