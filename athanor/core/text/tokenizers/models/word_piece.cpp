// WordPiece: Schuster and Nakajima 2012, "Japanese and Korean voice search"; as in BERT (Devlin et al. 2018, arXiv:1810.04805).
//   From the left, always the longest token that the rest of the word begins with; what does not begin a word is looked up with a
//   prefix ("##ing"). A word with a part that no token begins, or with too many characters, becomes the unknown token as a whole.
// Checked against the `tokenizers` library on the texts of tests/golden/core_text/word_components: the same ids.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/model.h"
#include "athanor/core/text/tokenizers/model_json.h"
#include "athanor/core/text/tokenizers/piece_trie.h"
#include "athanor/core/text/tokenizers/word_cache.h"

namespace athanor::text {

namespace {

struct WordPieceState final : ModelState {
  WordCache cache;
};

class WordPieceModel final : public Model {
 public:
  WordPieceModel(const Component& c, ModelTables tables, bool byte_level)
      : vocabulary_(std::move(tables.vocabulary)),
        unk_token_(c.text("unk_token")),
        prefix_(c.short_text("continuing_subword_prefix")),
        max_chars_(static_cast<size_t>(c.integer("max_input_chars_per_word", 0, 1 << 20))),
        unk_(vocabulary_.find(unk_token_)),
        byte_level_(byte_level) {
    std::vector<std::pair<std::string_view, int32_t>> pieces;
    for (TokenId id = 0; id < vocabulary_.id_limit(); ++id)
      if (!vocabulary_.token(id).empty()) pieces.emplace_back(vocabulary_.token(id), id);
    trie_ = PieceTrie(std::move(pieces));
    for (unsigned char byte : prefix_)
      if (inside_ != PieceTrie::kNone) inside_ = trie_.child(inside_, byte);
  }

  std::unique_ptr<ModelState> make_state() const override { return std::make_unique<WordPieceState>(); }
  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void encode(std::string_view word, ModelState& state, std::vector<TokenId>& ids) const override {
    encode_cached(static_cast<WordPieceState&>(state).cache, word, ids,
                  [this](std::string_view new_word, std::vector<TokenId>& out) {
                    byte_level_ ? encode_new(to_byte_chars(new_word), out) : encode_new(new_word, out);
                  });
  }

  std::string json() const override {
    return base::cat("{\n    \"type\": \"WordPiece\",\n    \"unk_token\": ", json_text(unk_token_),
                     ",\n    \"continuing_subword_prefix\": ", json_text(prefix_),
                     ",\n    \"max_input_chars_per_word\": ", max_chars_, ",\n    \"vocab\": ", json_of(vocabulary_), "\n  }");
  }

 private:
  void encode_new(std::string_view word, std::vector<TokenId>& ids) const {
    size_t begin = ids.size(), characters = 0;
    for (char c : word) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    size_t done = characters > max_chars_ ? 0 : match(word, ids);
    if (done == word.size()) return;
    if (unk_ < 0)
      base::input_error("text.wordpiece", {"a word has no token, and the vocabulary no unknown token",
                                           "\"" + std::string(word.substr(0, 60)) + "\""});
    ids.resize(begin);
    ids.push_back(unk_);
  }

  /// Appends tokens as far as they go, and returns how far that is.
  size_t match(std::string_view word, std::vector<TokenId>& ids) const {
    size_t done = 0;
    while (done < word.size()) {
      uint32_t node = done == 0 ? PieceTrie::kRoot : inside_;
      TokenId best = -1;
      size_t end = done;
      for (size_t i = done; i < word.size() && node != PieceTrie::kNone; ++i) {
        node = trie_.child(node, static_cast<unsigned char>(word[i]));
        if (node == PieceTrie::kNone) break;
        if (trie_.value(node) >= 0) best = trie_.value(node), end = i + 1;
      }
      if (best < 0) break;
      ids.push_back(best);
      done = end;
    }
    return done;
  }

  Vocabulary vocabulary_;
  std::string unk_token_, prefix_;
  size_t max_chars_;
  TokenId unk_;
  bool byte_level_;
  PieceTrie trie_;
  uint32_t inside_ = PieceTrie::kRoot;  // where pieces go on that do not begin a word
};

}  // namespace

std::unique_ptr<Model> make_word_piece(const Component& c, ModelTables tables, bool byte_level) {
  return std::make_unique<WordPieceModel>(c, std::move(tables), byte_level);
}

}  // namespace athanor::text
