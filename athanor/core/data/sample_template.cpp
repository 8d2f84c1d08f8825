// The template that samples are rendered by: the model's, one of two that are built in, or a file's.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/data/render.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

/// OpenAI's ChatML.
constexpr std::string_view kChatml =
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/// The prompts of Taori et al. 2023 (Stanford Alpaca), answers ended by the end-of-text token; further turns follow in the same
/// way, and a system message takes the place of the opening sentence.
constexpr std::string_view kAlpaca =
    "{% set opening = 'Below is an instruction that describes a task' %}"
    "{% set wish = 'Write a response that appropriately completes the request.' %}"
    "{% for message in messages %}"
    "{% if message.role == 'system' %}{{ message.content + '\\n\\n' }}"
    "{% elif message.role == 'assistant' %}{{ message.content + eos_token }}{% if not loop.last %}{{ '\\n\\n' }}{% endif %}"
    "{% else %}"
    "{% if loop.first %}{{ opening + (', paired with an input that provides further context. ' if message.input else '. ') + wish "
    "+ '\\n\\n' }}"
    "{% endif %}"
    "{% if message.input %}"
    "{{ '### Instruction:\\n' + message.instruction + '\\n\\n### Input:\\n' + message.input + '\\n\\n### Response:' }}"
    "{% else %}{{ '### Instruction:\\n' + message.content + '\\n\\n### Response:' }}{% endif %}"
    "{% endif %}{% endfor %}";

TemplateChoice built_in(std::string_view source, const char* name, const text::Tokenizer& tokenizer) {
  if (!tokenizer.eos())
    base::input_error("data.template", {"the tokenizer names no end-of-text token", "", "eos_token in tokenizer_config.json"});
  const auto beginning = tokenizer.encode("", {.add_special_tokens = true});
  const bool has_bos = !beginning.empty() && beginning.front() == tokenizer.bos();
  return {(has_bos ? "{{ bos_token }}" : "") + std::string(source), name, false};
}

TemplateChoice chatml(const text::Tokenizer& tokenizer) {
  const auto end = tokenizer.token_to_id("<|im_end|>");
  if (!end || !tokenizer.token_to_id("<|im_start|>"))
    base::input_error("data.template", {"the tokenizer has no tokens <|im_start|> and <|im_end|>", "chatml", "",
                                        "data.template=alpaca, which needs no tokens of its own"});
  return built_in(kChatml, "chatml", tokenizer);
}

/// The sample's form needs a template: it is a dialogue.
bool is_dialogue(const SampleForm& form) {
  for (const char* name : {"messages", "sharegpt", "preference", "feedback"})
    if (name == std::string_view(form.name)) return true;
  return false;
}

}  // namespace

TemplateChoice choose_template(const std::string& wanted, const fs::path& tokenizer_folder, const text::Tokenizer& tokenizer,
                               const std::vector<const SampleForm*>& forms, const std::string& own) {
  if (wanted == "chatml") return chatml(tokenizer);
  if (wanted == "alpaca") return built_in(kAlpaca, "alpaca", tokenizer);
  if (!wanted.empty()) {
    if (!fs::is_regular_file(wanted))
      base::input_error("data.template", {"no such template", wanted, "chatml, alpaca, or a Jinja file"});
    return {base::read_text_file(wanted, size_t{4} << 20), wanted, false};
  }
  if (!own.empty()) return {own, "the model's chat template", false};
  if (fs::is_directory(tokenizer_folder))
    if (auto chat = text::ChatTemplate::load(tokenizer_folder))
      return {text::ChatTemplate::source_of(tokenizer_folder), "the model's chat template", true};
  TemplateChoice choice;
  for (const SampleForm* form : forms) {
    if (is_dialogue(*form))
      base::input_error("data.template", {"the model has no chat template", base::cat("samples of the form ", form->name), "",
                                          "data.template=chatml, alpaca or a Jinja file"});
    if (form->name == std::string_view("alpaca") || form->name == std::string_view("passage"))
      choice = built_in(kAlpaca, "alpaca", tokenizer);
  }
  return choice;
}

std::optional<text::TokenId> turn_end(const text::ChatTemplate& chat, const text::Tokenizer& tokenizer) {
  constexpr std::string_view kAnswer = "AN-ANSWER";
  try {
    const base::Json messages = base::Json::array({chat_message("user", "x"), chat_message("assistant", std::string(kAnswer))});
    const std::string text = chat.render(messages, {.add_generation_prompt = false}).text;
    const size_t found = text.rfind(kAnswer);
    if (found == std::string::npos) return std::nullopt;
    const auto behind = tokenizer.encode(text.substr(found + kAnswer.size()), {.add_special_tokens = false});
    if (!behind.empty() && tokenizer.is_special(behind[0])) return behind[0];
  } catch (const base::Error&) {
    return std::nullopt;  // a template that refuses this conversation says nothing about ends
  }
  return std::nullopt;
}

}  // namespace athanor::data
