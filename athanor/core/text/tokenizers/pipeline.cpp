#include "athanor/core/text/tokenizers/pipeline.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/text/tokenizers/model_json.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

/// One call of encode().
class Pipeline::Encoder final : public WordSink {
 public:
  Encoder(const Pipeline& p, const EncodeOptions& options) : p_(p), options_(options), state_(p.take_state()) {}
  ~Encoder() override { p_.give_state(std::move(state_)); }

  std::vector<TokenId> run(std::string_view text) {
    if (options_.all_threads && p_.lines_apart_ && text.size() >= 2 * kPart) {
      EncodeOptions inside = options_;
      inside.all_threads = inside.add_special_tokens = false;
      auto next = [](std::string_view whole, size_t from) { return after_line(whole, from); };
      encode_parts(text, next, [&](std::string_view part) { return Encoder(p_, inside).ids_of(part); });
    } else {
      ids_of_text(text);
    }
    if (p_.parts_.post_processor) p_.parts_.post_processor->process(ids_, options_.add_special_tokens);
    return std::move(ids_);
  }

  void word(std::string_view text, bool) override {
    if (!options_.all_threads || text.size() < 2 * kPart) return p_.parts_.model->encode(text, *state_, ids_);
    const Model& model = *p_.parts_.model;
    auto next = [&](std::string_view whole, size_t from) { return model.cut_after(whole, from); };
    encode_parts(text, next, [&](std::string_view part) {
      std::vector<TokenId> ids;
      std::unique_ptr<ModelState> state = p_.take_state();
      model.encode(part, *state, ids);
      p_.give_state(std::move(state));
      return ids;
    });
  }

 private:
  static constexpr size_t kPart = size_t{1} << 18;  // bytes

  /// Past the first line end between two letters, at `from` or after it.
  static size_t after_line(std::string_view text, size_t from) {
    auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    for (size_t i = from; (i = text.find('\n', i)) != std::string_view::npos && i + 1 < text.size(); ++i)
      if (i > 0 && is_letter(text[i - 1]) && is_letter(text[i + 1])) return i + 1;
    return text.size();
  }

  template <typename Next, typename EncodePart>
  void encode_parts(std::string_view text, const Next& next, const EncodePart& encode_part) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
      size_t end = text.size() < 2 * kPart ? text.size() : next(text, kPart);
      parts.push_back(text.substr(0, end));
      text.remove_prefix(end);
    }
    std::vector<std::vector<TokenId>> found(parts.size());
    base::parallel_dynamic(static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) found[i] = encode_part(parts[i]);
    });
    size_t count = ids_.size();
    for (const std::vector<TokenId>& ids : found) count += ids.size();
    ids_.reserve(count);
    for (std::vector<TokenId>& ids : found) {
      ids_.insert(ids_.end(), ids.begin(), ids.end());
      std::vector<TokenId>().swap(ids);  // a large text's ids would lie there twice
    }
  }

  std::vector<TokenId> ids_of(std::string_view text) {
    ids_of_text(text);
    return std::move(ids_);
  }

  void ids_of_text(std::string_view text) {
    ids_.reserve(text.size() / 3 + 8);
    split(p_.plain_, text, [&](std::string_view part) { normalize(part, part.data() == text.data()); });
  }

  template <typename Rest>
  void split(const AddedTokenMatcher& matcher, std::string_view text, const Rest& rest) {
    if (text.empty()) return;
    if (matcher.empty()) return rest(text);
    matcher.split(text, !options_.parse_special, [&](std::string_view part, const AddedToken* token) {
      if (token) {
        ids_.push_back(token->id);
      } else {
        rest(part);
      }
    });
  }

  void normalize(std::string_view text, bool at_start) {
    std::string rewritten;
    if (p_.parts_.normalizer) text = rewritten = p_.parts_.normalizer->normalize(std::string(text));
    split(p_.normalized_, text, [&](std::string_view part) {
      if (p_.parts_.pre_tokenizer) {
        p_.parts_.pre_tokenizer->split(part, at_start && part.data() == text.data(), *this);
      } else {
        word(part, at_start);
      }
    });
  }

  const Pipeline& p_;
  const EncodeOptions& options_;
  std::unique_ptr<ModelState> state_;
  std::vector<TokenId> ids_;
};

/// Decoding under way: ids to tokens, through the decoder, into text.
class PipelineStream final : public TextStream, private TokenSink {
 public:
  PipelineStream(const Pipeline& p, bool skip_special) : p_(p), skip_special_(skip_special) {
    if (p.parts_.decoder) step_ = p.parts_.decoder->begin();
  }

  void append(TokenId id) {
    if (const Pipeline::Added* added = p_.added(id)) {
      if (!(skip_special_ && added->skipped)) feed(added->decoded);
      return;
    }
    const Vocabulary& vocabulary = p_.parts_.model->vocabulary();
    if (!vocabulary.has(id))
      base::input_error("text.decode",
                        {"no such token", base::cat("id ", id), base::cat("an id below ", p_.vocab_size_, " that is in use")});
    feed(vocabulary.token(id));
  }

  std::string push(TokenId id) override {
    append(id);
    return std::exchange(text_, {});
  }

  std::string finish() override {
    if (step_) step_->finish(*this);
    return std::exchange(text_, {});
  }

 private:
  void feed(std::string_view token) {
    if (step_) return step_->token(token, true, *this);
    if (!first_) text_ += ' ';  // no decoder: tokens with spaces between them, as the reference library has it
    first_ = false;
    text_ += token;
  }
  void token(std::string_view text, bool) override { text_ += text; }

  const Pipeline& p_;
  bool skip_special_, first_ = true;
  std::unique_ptr<DecodeStep> step_;
  std::string text_;
};

Pipeline::Pipeline(PipelineParts parts, const SpecialTokenNames& names)
    : parts_(std::move(parts)), vocab_size_(parts_.model->vocabulary().id_limit()) {
  std::unordered_set<std::string_view> special;
  for (const AddedToken& token : parts_.added_tokens)
    if (token.special) special.insert(token.content);
  for (const AddedToken& token : parts_.added_tokens) {
    std::string spelling = token.content;
    if (token.normalized && parts_.normalizer) spelling = parts_.normalizer->normalize(spelling);
    (token.normalized ? normalized_ : plain_).add(token, spelling);
    vocab_size_ = std::max<int64_t>(vocab_size_, token.id + int64_t{1});
    added_ids_.emplace(token.content, token.id);
    bool skipped = special.contains(spelling);
    added_.emplace(token.id, Added{&token, std::move(spelling), skipped});
  }
  for (TokenId id = 0; id < vocab_size_; ++id)
    if (!parts_.model->vocabulary().has(id) && !added_.contains(id)) unused_ids_.push_back(id);
  lines_apart_ = keeps_lines_apart();
  if (names.bos) bos_ = token_to_id(*names.bos);
  if (names.eos) eos_ = token_to_id(*names.eos);
}

/// An added token that takes white space along, or has a line end in it, may lie across the border of two parts.
bool Pipeline::keeps_lines_apart() const {
  for (const AddedToken& token : parts_.added_tokens)
    if (token.lstrip || token.rstrip || token.content.find('\n') != std::string::npos) return false;
  if (parts_.normalizer && !parts_.normalizer->keeps_lines_apart()) return false;
  return parts_.pre_tokenizer && parts_.pre_tokenizer->line_end() == PreTokenizer::LineEnd::kBorder;
}

const Pipeline::Added* Pipeline::added(TokenId id) const {
  auto it = added_.find(id);
  return it == added_.end() ? nullptr : &it->second;
}

std::unique_ptr<ModelState> Pipeline::take_state() const {
  {
    std::lock_guard lock(mutex_);
    if (!states_.empty()) {
      std::unique_ptr<ModelState> state = std::move(states_.back());
      states_.pop_back();
      return state;
    }
  }
  return parts_.model->make_state();
}

void Pipeline::give_state(std::unique_ptr<ModelState> state) const {
  std::lock_guard lock(mutex_);
  states_.push_back(std::move(state));
}

std::vector<TokenId> Pipeline::encode(std::string_view text, const EncodeOptions& options) const {
  Encoder encoder(*this, options);
  return is_utf8(text) ? encoder.run(text) : encoder.run(repair_utf8(text));
}

std::string Pipeline::decode(std::span<const TokenId> ids, bool skip_special) const {
  PipelineStream stream(*this, skip_special);
  std::string text;
  for (TokenId id : ids) text += stream.push(id);
  return text += stream.finish();
}

std::string Pipeline::token_bytes(TokenId id) const {
  const Added* added = this->added(id);
  std::string token(added ? added->decoded : parts_.model->vocabulary().token(id));
  return parts_.decoder ? parts_.decoder->token_bytes(std::move(token)) : token;
}

std::string Pipeline::id_to_token(TokenId id) const {
  const Added* added = this->added(id);
  return added ? added->token->content : std::string(parts_.model->vocabulary().token(id));
}

std::optional<TokenId> Pipeline::token_to_id(std::string_view token) const {
  auto it = added_ids_.find(std::string(token));
  TokenId id = it != added_ids_.end() ? it->second : parts_.model->vocabulary().find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

bool Pipeline::is_special(TokenId id) const {
  const Added* added = this->added(id);
  return added && added->token->special;
}

std::unique_ptr<TextStream> Pipeline::stream(bool skip_special) const {
  return std::make_unique<PipelineStream>(*this, skip_special);
}

std::string Pipeline::json() const {
  std::string out = "{";
  for (const auto& [key, value] : parts_.document->items()) {
    std::string dumped = value.dump(2);
    for (size_t at = 0; (at = dumped.find('\n', at)) != std::string::npos; at += 3) dumped.insert(at + 1, "  ");
    out += base::cat("\n  ", json_text(key), ": ", dumped, ",");
  }
  return base::cat(out, "\n  \"model\": ", parts_.model->json(), "\n}\n");
}

}  // namespace athanor::text
