#pragma once
// A conversation -> the text that a model was trained to see, by the Jinja template that came with it. Equal to transformers'
// apply_chat_template(tokenize=False).

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/text/templates/template.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::text {

/// "bos_token" -> "<s>" and so on: what templates read under these names.
using SpecialTokens = std::map<std::string, std::string>;

struct ChatOptions {
  bool add_generation_prompt = true;
  std::shared_ptr<const base::Json> tools = nullptr;      // a list of JSON schemas; null: none
  std::shared_ptr<const base::Json> documents = nullptr;  // a list of {title, text}; null: none
  std::shared_ptr<const base::Json> variables = nullptr;  // an object: more names for the template ("enable_thinking")
  std::string name = {};                                  // which template, where the model has several; "": the usual one
  templates::RenderOptions render = {};
};

/// The rendered text, and the bytes of it that stand between {% generation %} and {% endgeneration %}.
using ChatText = templates::Rendered;

class ChatTemplate {
 public:
  /// Of a model folder: chat_template.jinja with additional_chat_templates/*.jinja, else chat_template in tokenizer_config.json (a
  /// text, or a list of {name, template}), else chat_template.json. nullopt where the model has none; file_error where it is
  /// broken.
  static std::optional<ChatTemplate> load(const std::filesystem::path& folder);
  /// The source of a folder's default template, found as load() finds it; "" where there is none.
  static std::string source_of(const std::filesystem::path& folder);
  /// One template; `name` is how errors call it.
  ChatTemplate(std::string_view source, std::string name, SpecialTokens tokens = {});
  /// The tokens that it may name are the tokenizer's beginning and end.
  ChatTemplate(std::string_view source, std::string name, const Tokenizer& tokenizer);

  /// `messages`: a list of {role, content, ...}. Keys that are null are left out, and reasoning is found under all its names, as
  /// transformers does. input_error where they are no such list, or where the template refuses them.
  ChatText render(const base::Json& messages, const ChatOptions& options = {}) const;

  /// "default", "tool_use", ...
  std::vector<std::string> names() const;

 private:
  ChatTemplate() = default;
  const templates::Template& choose(const ChatOptions& options) const;
  std::map<std::string, templates::Template> templates_;
  SpecialTokens tokens_;
};

}  // namespace athanor::text
