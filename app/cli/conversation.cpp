#include "app/cli/conversation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/cli/gguf_tokenizer.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/data/render.h"

namespace athanor::app {

using base::Json;

text::ChatTemplate chat_template_of(const RunningModel& model, const text::Tokenizer& tokenizer, const std::string& file) {
  if (!file.empty()) return {base::read_text_file(file), file, tokenizer};
  const std::string path = model.folder.path.string();
  if (model.gguf) {
    constexpr const char* kKey = "tokenizer.chat_template";
    if (auto source = model.gguf->metadata.text(kKey)) return {*source, base::cat(path, ": ", kKey), tokenizer};
  } else if (auto chat = text::ChatTemplate::load(path)) {
    return *std::move(chat);
  }
  base::input_error("cli.chat", {"the model has no chat template", path,
                                 "chat_template.jinja, chat_template in tokenizer_config.json, or GGUF's tokenizer.chat_template",
                                 "--chat-template FILE"});
}

std::vector<text::TokenId> rendered_ids(const std::string& rendered, const text::Tokenizer& tokenizer) {
  return tokenizer.encode(rendered, {.add_special_tokens = false});
}

std::vector<text::TokenId> chat_ids(const text::ChatTemplate& chat, const text::Tokenizer& tokenizer, const Json& messages) {
  return rendered_ids(chat.render(messages).text, tokenizer);
}

std::vector<text::TokenId> turn_ends(std::vector<text::TokenId> ends, const text::ChatTemplate* chat,
                                     const text::Tokenizer& tokenizer) {
  auto add = [&ends](text::TokenId id) {
    if (std::find(ends.begin(), ends.end(), id) == ends.end()) ends.push_back(id);
  };
  if (tokenizer.eos()) add(*tokenizer.eos());
  if (!chat) return ends;
  if (const auto end = data::turn_end(*chat, tokenizer)) add(*end);
  return ends;
}

Json message(const char* role, const std::string& content) { return {{"role", role}, {"content", content}}; }

std::span<float> CachedSession::append(std::span<const text::TokenId> ids) {
  if (std::exchange(prompt_, false)) {
    size_t same = static_cast<size_t>(std::mismatch(ids.begin(), ids.end(), seen_.begin(), seen_.end()).first - ids.begin());
    same = std::min(same, ids.size() - 1);  // scores come from the last token
    same = static_cast<size_t>(session_.truncate(static_cast<int64_t>(same)));
    seen_.resize(same);
    ids = ids.subspan(same);
  }
  auto scores = session_.append(ids);
  seen_.insert(seen_.end(), ids.begin(), ids.end());
  return scores;
}

Conversation::Conversation(const RunningModel& model, text::ChatTemplate chat, std::unique_ptr<text::Tokenizer> tokenizer)
    : chat_(std::move(chat)),
      tokenizer_(std::move(tokenizer)),
      end_ids_(turn_ends(model.end_ids, &chat_, *tokenizer_)),
      session_(model.engine),
      messages_(std::make_shared<Json>(Json::array())) {}

Conversation::Answer Conversation::answer(const generate::GenerateOptions& options, const generate::OnText& on_text) {
  auto prompt = chat_ids(chat_, *tokenizer_, *messages_);
  Answer answer;
  answer.context = session_.context();
  if (static_cast<int64_t>(prompt.size()) >= answer.context)
    base::input_error("cli.chat", {"the conversation is longer than the context", base::cat(prompt.size(), " tokens"),
                                   base::cat("fewer than ", answer.context), "/clear, or a larger --context"});
  session_.begin_prompt();
  Stopwatch watch;
  double first = -1;
  answer.result = generate::generate(session_, *tokenizer_, prompt, end_ids_, options, [&](std::string_view piece) {
    if (first < 0) first = watch.seconds();
    return on_text(piece);
  });
  answer.seconds = watch.seconds() - std::max(first, 0.0);
  answer.room = session_.room();
  answer.begun = answer.result.finish_reason != "cancelled" || !answer.result.text.empty();
  if (answer.begun) messages_->push_back(message("assistant", answer.result.text));
  return answer;
}

Conversation::Answer Conversation::say(const std::string& text, const generate::GenerateOptions& options,
                                       const generate::OnText& on_text) {
  Json before = *messages_;
  messages_->push_back(message("user", text));
  return answer_or(std::move(before), options, on_text);
}

Conversation::Answer Conversation::answer_or(Json before, const generate::GenerateOptions& options,
                                             const generate::OnText& on_text) {
  try {
    Answer answer = this->answer(options, on_text);
    if (!answer.begun) *messages_ = std::move(before);
    return answer;
  } catch (...) {
    *messages_ = std::move(before);
    throw;
  }
}

Conversation::Answer Conversation::say_again(const generate::GenerateOptions& options, const generate::OnText& on_text) {
  Json before = *messages_;
  while (!messages_->empty() && messages_->back().value("role", "") != "user") messages_->erase(messages_->size() - 1);
  if (messages_->empty()) {
    *messages_ = std::move(before);
    base::input_error("cli.chat", {"nothing was said yet that could be answered again"});
  }
  return answer_or(std::move(before), options, on_text);
}

bool Conversation::has_system() const { return !messages_->empty() && messages_->front().value("role", "") == "system"; }

void Conversation::set_system(const std::string& text) {
  if (has_system()) messages_->erase(0);
  if (!text.empty()) messages_->insert(messages_->begin(), message("system", text));
}

void Conversation::clear() { messages_->erase(messages_->begin() + has_system(), messages_->end()); }

void Conversation::set_messages(Json messages) {
  bool whole = messages.is_array() && std::all_of(messages.begin(), messages.end(), [](const Json& one) {
                 return one.is_object() && one.contains("role") && one.at("role").is_string();
               });
  if (!whole) base::input_error("cli.chat", {"this is no conversation", "", "a list of {\"role\": ..., \"content\": ...}"});
  *messages_ = std::move(messages);
}

}  // namespace athanor::app
