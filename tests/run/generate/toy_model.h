#pragma once
// For tests of constraints: a vocabulary of all bytes and some longer pieces, and a model that says anything.

#include <string>
#include <string_view>
#include <vector>

#include "athanor/run/generate/constraint.h"
#include "athanor/run/generate/generate.h"

namespace athanor::generate {

/// Id 0 ends a text, 1 is another special token, 2 to 257 are the bytes, then come the pieces.
class ToyTokenizer final : public text::Tokenizer {
 public:
  explicit ToyTokenizer(std::vector<std::string> pieces);
  std::vector<text::TokenId> encode(std::string_view text, const text::EncodeOptions&) const override;
  std::string decode(std::span<const text::TokenId> ids, bool skip_special) const override;
  std::string token_bytes(text::TokenId id) const override { return pieces_.at(static_cast<size_t>(id)); }
  std::string id_to_token(text::TokenId id) const override { return token_bytes(id); }
  std::optional<text::TokenId> token_to_id(std::string_view) const override { return std::nullopt; }
  bool is_special(text::TokenId id) const override { return id < 2; }
  int64_t vocab_size() const override { return static_cast<int64_t>(pieces_.size()); }
  std::optional<text::TokenId> bos() const override { return 1; }
  std::optional<text::TokenId> eos() const override { return 0; }

 private:
  std::vector<std::string> pieces_;
};

/// Pieces that JSON, numbers and words of several scripts are made of.
const ToyTokenizer& toy_tokenizer();

/// Scores of a model that likes other tokens at every step, never finds the end too late and closes brackets when it is long.
class RandomModel final : public ScoreSource {
 public:
  RandomModel(const text::Tokenizer& tokenizer, uint64_t seed);
  std::span<float> append(std::span<const text::TokenId> ids) override;
  int64_t vocab_size() const override { return static_cast<int64_t>(scores_.size()); }
  int64_t room() const override { return 100'000; }

 private:
  std::vector<float> scores_, closes_;
  uint64_t seed_, step_ = 0;
};

/// One generation under the constraint.
GenerateResult say_anything(const text::Tokenizer& tokenizer, std::shared_ptr<const Constraint> constraint, uint64_t seed);

/// Texts of `count` generations that came to their end.
std::vector<std::string> many_texts(std::string_view kind, std::string_view text, size_t count);

}  // namespace athanor::generate
