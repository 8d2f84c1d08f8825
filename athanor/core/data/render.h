#pragma once
// Samples -> token ids, and which of them are learned: the answers with the token that ends each, never what was asked. Positions
// decide, not values: a padding token that is also the end token is learned where it ends an answer.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "athanor/core/data/sample.h"
#include "athanor/core/text/chat_template.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {

struct EncodedSample {
  std::vector<text::TokenId> ids;
  std::vector<uint8_t> learned;  // 1 where the token is a target; as long as ids
  int64_t learned_bytes = 0;     // UTF-8 bytes of the learned text
  int64_t learned_count() const;
  /// Leaves the first `count` tokens.
  void cut(int64_t count);
};

/// The template that a recipe asks for.
struct TemplateChoice {
  std::string source;      // Jinja; "": none, prompts and completions stand as they are
  std::string name;        // for messages
  bool from_model = true;  // the model's folder has it already
};

/// `wanted`: "" for the folder's own, "chatml" or "alpaca", or a Jinja file. `forms`: of the files; without any template, rows of
/// the alpaca form use Alpaca's prompt, and dialogues are an input_error. `own`: the model's, where it is no folder's.
TemplateChoice choose_template(const std::string& wanted, const std::filesystem::path& tokenizer_folder,
                               const text::Tokenizer& tokenizer, const std::vector<const SampleForm*>& forms,
                               const std::string& own = {});

/// The token that the template writes behind an answer, where it is one special token.
std::optional<text::TokenId> turn_end(const text::ChatTemplate& chat, const text::Tokenizer& tokenizer);

class SampleRenderer {
 public:
  /// `last_only`: of a dialogue, only the last answer is learned. The tokenizer must outlive it.
  SampleRenderer(const text::Tokenizer& tokenizer, const TemplateChoice& choice, const std::filesystem::path& tokenizer_folder,
                 bool last_only);

  /// kChat, kCompletion, kText and kFeedback (its dialogue); input_error for other kinds, and where the template refuses the
  /// sample or rewrites what came before so that an answer cannot be found.
  EncodedSample encode(const Sample& sample) const;
  struct Ends {
    EncodedSample chosen, rejected;
  };
  /// kPreference: the prompt with each of its ends; the ends' answers are learned.
  Ends encode_ends(const Sample& sample) const;

  const std::optional<text::ChatTemplate>& chat() const { return chat_; }

 private:
  using Spans = std::vector<text::templates::Span>;
  EncodedSample encode_chat(const base::Json& messages, const std::shared_ptr<base::Json>& tools, size_t from) const;
  EncodedSample encode_completion(const std::string& prompt, const std::string& answer) const;
  EncodedSample encode_text(const std::string& text) const;
  /// Where tokens begin in `text`: token i covers bytes [b[i], b[i + 1]). Empty where tokens do not spell the text.
  std::vector<size_t> token_bounds(const std::string& text, const std::vector<text::TokenId>& ids) const;
  void mark(const std::string& text, const Spans& spans, EncodedSample& out) const;
  bool is_end(text::TokenId id) const { return tokenizer_.is_special(id) || id == tokenizer_.eos(); }

  const text::Tokenizer& tokenizer_;
  std::optional<text::ChatTemplate> chat_;
  bool last_only_;
  std::vector<std::string> pieces_;       // the bytes of each token
  std::vector<text::TokenId> beginning_;  // what the tokenizer puts before a text
};

}  // namespace athanor::data
