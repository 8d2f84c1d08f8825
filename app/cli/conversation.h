#pragma once
// A conversation with a running model: messages, the model's chat template, and a cache that keeps what both turns share.

#include <string>

#include "app/cli/model.h"
#include "athanor/core/text/chat_template.h"
#include "athanor/run/generate/generate.h"

namespace athanor::app {

/// The model's chat template; input_error where it has none. `file`: a template to use instead, "" for the model's own.
text::ChatTemplate chat_template_of(const RunningModel& model, const text::Tokenizer& tokenizer, const std::string& file);

/// Ids of a rendered conversation: the template has already written what else a tokenizer adds.
std::vector<text::TokenId> rendered_ids(const std::string& rendered, const text::Tokenizer& tokenizer);
std::vector<text::TokenId> chat_ids(const text::ChatTemplate& chat, const text::Tokenizer& tokenizer, const base::Json& messages);

/// Tokens that end a turn: `ends` (the model's), the tokenizer's, and, where there is a template, the special token that it writes
/// behind an answer.
std::vector<text::TokenId> turn_ends(std::vector<text::TokenId> ends, const text::ChatTemplate* chat,
                                     const text::Tokenizer& tokenizer);

/// {"role": role, "content": content}
base::Json message(const char* role, const std::string& content);

/// A Session that is given whole prompts: what it has already seen at their front stays in its cache.
class CachedSession : public generate::ScoreSource {
 public:
  explicit CachedSession(std::shared_ptr<const engine::Model> model) : session_(std::move(model)) {
    session_.stop_between_chunks();
  }
  /// The next append() is a whole prompt.
  void begin_prompt() { prompt_ = true; }
  std::span<float> append(std::span<const text::TokenId> ids) override;
  int64_t vocab_size() const override { return session_.vocab_size(); }
  int64_t room() const override { return session_.room(); }
  int64_t context() const { return session_.room() + session_.length(); }

 private:
  engine::Session session_;
  std::vector<text::TokenId> seen_;
  bool prompt_ = true;
};

class Conversation {
 public:
  Conversation(const RunningModel& model, text::ChatTemplate chat, std::unique_ptr<text::Tokenizer> tokenizer);

  struct Answer {
    generate::GenerateResult result;
    double seconds = 0;  // from the first token on
    int64_t room = 0, context = 0;
    bool begun = true;  // false: it was stopped before it had a word
  };
  /// Adds what the user says and what the model answers. Where that fails, or is stopped before it has a word, neither is added.
  Answer say(const std::string& text, const generate::GenerateOptions& options, const generate::OnText& on_text);
  /// Answers the last thing said once more; input_error where nothing was said.
  Answer say_again(const generate::GenerateOptions& options, const generate::OnText& on_text);

  /// The system message; "" removes it.
  void set_system(const std::string& text);
  /// Forgets all but the system message.
  void clear();
  const base::Json& messages() const { return *messages_; }
  /// input_error where they are no list of objects with a role.
  void set_messages(base::Json messages);

 private:
  Answer answer(const generate::GenerateOptions& options, const generate::OnText& on_text);
  /// Goes back to the messages of `before` where there is no answer.
  Answer answer_or(base::Json before, const generate::GenerateOptions& options, const generate::OnText& on_text);
  bool has_system() const;
  text::ChatTemplate chat_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::vector<text::TokenId> end_ids_;
  CachedSession session_;
  std::shared_ptr<base::Json> messages_;
};

}  // namespace athanor::app
