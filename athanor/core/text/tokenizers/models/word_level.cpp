// WordLevel: a word is a token or unknown.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/model.h"
#include "athanor/core/text/tokenizers/model_json.h"

namespace athanor::text {

namespace {

class WordLevel final : public Model {
 public:
  WordLevel(const Component& c, ModelTables tables, bool byte_level)
      : vocabulary_(std::move(tables.vocabulary)),
        unk_token_(c.text("unk_token")),
        unk_(vocabulary_.find(unk_token_)),
        byte_level_(byte_level) {}

  std::unique_ptr<ModelState> make_state() const override { return std::make_unique<ModelState>(); }
  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void encode(std::string_view word, ModelState&, std::vector<TokenId>& ids) const override {
    TokenId id = byte_level_ ? vocabulary_.find(to_byte_chars(word)) : vocabulary_.find(word);
    if (id < 0) id = unk_;
    if (id < 0)
      base::input_error("text.wordlevel", {"a word has no token, and the vocabulary no unknown token",
                                           "\"" + std::string(word.substr(0, 60)) + "\""});
    ids.push_back(id);
  }

  std::string json() const override {
    return base::cat("{\n    \"type\": \"WordLevel\",\n    \"vocab\": ", json_of(vocabulary_),
                     ",\n    \"unk_token\": ", json_text(unk_token_), "\n  }");
  }

 private:
  Vocabulary vocabulary_;
  std::string unk_token_;
  TokenId unk_;
  bool byte_level_;
};

}  // namespace

std::unique_ptr<Model> make_word_level(const Component& c, ModelTables tables, bool byte_level) {
  return std::make_unique<WordLevel>(c, std::move(tables), byte_level);
}

}  // namespace athanor::text
