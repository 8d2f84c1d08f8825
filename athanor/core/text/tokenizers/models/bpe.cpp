// BPE: byte pair encoding. Sennrich et al. 2016, "Neural machine translation of rare words with subword units" (arXiv:1508.07909);
// on bytes in Radford et al. 2019 (GPT-2).
//   A word begins as its characters. While some neighbours (a, b) have a rule, the pair whose rule was learned first becomes one
//   token.
// A character that is not in the vocabulary becomes its bytes "<0x..>" (byte_fallback), the unknown token, or nothing.
// Checked against the `tokenizers` library on every text of the shared data and on random strings: the same ids.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/merging.h"
#include "athanor/core/text/tokenizers/model.h"
#include "athanor/core/text/tokenizers/model_json.h"
#include "athanor/core/text/tokenizers/piece_trie.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/tokenizers/word_cache.h"
#include "athanor/core/text/tokenizers/word_cuts.h"

namespace athanor::text {

namespace {

struct BpeState final : ModelState {
  WordCache cache;
  MergeScratch scratch;
};

struct BpeOptions {
  std::optional<std::string> unk_token, prefix, suffix;
  bool fuse_unk, byte_fallback, ignore_merges;
};

BpeOptions merge_options_of(const Component& c) {
  if (c.has("dropout") && !(c.json()["dropout"].is_number() && c.json()["dropout"].get<double>() == 0))
    c.fail("\"dropout\" is not supported: it makes encoding random");
  auto unless_empty = [](std::optional<std::string> text) { return text && text->empty() ? std::nullopt : text; };
  return {c.optional_text("unk_token"),
          unless_empty(c.optional_text("continuing_subword_prefix")),
          unless_empty(c.optional_text("end_of_word_suffix")),
          c.boolean("fuse_unk", false),
          c.boolean("byte_fallback", false),
          c.boolean("ignore_merges", false)};
}

bool every_result_once(const std::vector<Merge>& merges, int64_t id_limit) {
  std::vector<bool> seen(static_cast<size_t>(id_limit));
  for (const Merge& merge : merges) {
    if (seen[static_cast<size_t>(merge.result)]) return false;
    seen[static_cast<size_t>(merge.result)] = true;
  }
  return true;
}

class Bpe final : public Model {
 public:
  Bpe(const Component& c, ModelTables tables, bool byte_level)
      : options_(merge_options_of(c)),
        vocabulary_(std::move(tables.vocabulary)),
        merges_(std::move(tables.merges)),
        rules_(merges_, tables.ranks),
        whole_pieces_(std::move(tables.whole_pieces)),
        one_way_(!tables.ranks.empty() || every_result_once(merges_, vocabulary_.id_limit())),
        byte_level_(byte_level) {
    if (options_.unk_token) {
      unk_ = vocabulary_.find(*options_.unk_token);
      if (unk_ < 0) c.fail("\"unk_token\" is not in the vocabulary", base::cat("\"", options_.unk_token->substr(0, 60), "\""));
    }
    plain_bytes_ = byte_level && !options_.prefix && !options_.suffix;
    for (int byte = 0; byte < 256; ++byte) {
      byte_token_[static_cast<size_t>(byte)] = vocabulary_.find(byte_piece(static_cast<unsigned char>(byte)));
      byte_id_[static_cast<size_t>(byte)] = vocabulary_.find(byte_char(static_cast<unsigned char>(byte)));
      plain_bytes_ = plain_bytes_ && byte_id_[static_cast<size_t>(byte)] >= 0;
    }
    has_bytes_ = options_.byte_fallback && std::count(byte_token_.begin(), byte_token_.end(), -1) == 0;
    std::vector<std::pair<std::string_view, int32_t>> whole;
    for (TokenId id : whole_pieces_) whole.emplace_back(vocabulary_.token(id), id);
    if (!whole.empty()) whole_trie_ = PieceTrie(std::move(whole));
    find_cuts();
  }

  std::unique_ptr<ModelState> make_state() const override { return std::make_unique<BpeState>(); }
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::string json() const override;
  size_t cut_after(std::string_view word, size_t from) const override {
    if (cuts_.empty() || (options_.fuse_unk && unk_ >= 0 && !has_bytes_)) return word.size();
    while (from < word.size() && (static_cast<unsigned char>(word[from]) & 0xc0) == 0x80) ++from;
    return from < word.size() ? cuts_.end_of_part(word, from) : from;
  }

  void encode(std::string_view word, ModelState& state, std::vector<TokenId>& ids) const override {
    auto& s = static_cast<BpeState&>(state);
    auto encode_part = [&](std::string_view part, std::vector<TokenId>& out) { encode_new(part, s, out); };
    if (cuts_.empty() || word.size() <= WordCache::kMaxWord) return encode_cached(s.cache, word, ids, encode_part);
    size_t first = ids.size();
    for (size_t begin = 0; begin < word.size();) {
      size_t end = cuts_.end_of_part(word, begin);
      encode_cached(s.cache, word.substr(begin, end - begin), ids, encode_part);
      begin = end;
    }
    if (options_.fuse_unk && unk_ >= 0) fuse_unknown(first, ids);
  }

 private:
  /// Parts can be merged one by one where neither prefixes nor unknown tokens depend on what stands beside them.
  void find_cuts() {
    bool plain_unknown = unk_ < 0 || !options_.fuse_unk || char_at(options_.unk_token->data()).length < options_.unk_token->size();
    for (const Merge& m : merges_) plain_unknown = plain_unknown && m.left != unk_ && m.right != unk_;
    if (unk_ < 0 && !has_bytes_) return;  // a character that is dropped brings its neighbours together
    if (byte_level_ || options_.prefix || options_.suffix || !plain_unknown || options_.ignore_merges) return;
    cuts_.join("  ");
    for (const Merge& m : merges_) cuts_.join(vocabulary_.token(m.result));
    for (TokenId id : whole_pieces_) cuts_.join(vocabulary_.token(id));
  }

  void fuse_unknown(size_t first, std::vector<TokenId>& ids) const {
    auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
    ids.erase(std::unique(begin, ids.end(), [this](TokenId a, TokenId b) { return a == unk_ && b == unk_; }), ids.end());
  }

  void encode_new(std::string_view word, BpeState& state, std::vector<TokenId>& ids) const {
    std::string written;
    bool writes = byte_level_ && (options_.ignore_merges || !plain_bytes_);
    if (writes) written = to_byte_chars(word);
    if (options_.ignore_merges) {
      TokenId whole = vocabulary_.find(byte_level_ ? written : word);
      if (whole >= 0) return ids.push_back(whole);
    }
    size_t begin = ids.size();
    if (plain_bytes_) {
      for (unsigned char byte : word) ids.push_back(byte_id_[byte]);
    } else {
      append_characters(byte_level_ ? written : word, ids);
    }
    merge_word(rules_, one_way_, ids, begin, state.scratch);
  }

  /// The ids of a word's characters before any merge.
  void append_characters(std::string_view word, std::vector<TokenId>& ids) const {
    bool unknown = false;  // an unknown token waits: the next may be fused with it
    std::string affixed;
    for (size_t i = 0; i < word.size();) {
      std::string_view character = word.substr(i, symbol_length(word, i));
      bool first = i == 0;
      i += character.size();
      if (options_.prefix && !first) character = affixed = base::cat(*options_.prefix, character);
      if (options_.suffix && i == word.size()) character = affixed = base::cat(character, *options_.suffix);
      if (TokenId id = vocabulary_.find(character); id >= 0) {
        if (unknown) ids.push_back(unk_);
        unknown = false;
        ids.push_back(id);
      } else if (!options_.byte_fallback || !append_bytes(character, ids)) {
        if (unknown && !options_.fuse_unk) ids.push_back(unk_);
        unknown = unk_ >= 0;
      }
    }
    if (unknown) ids.push_back(unk_);
  }

  /// The bytes of a character, or of the longest whole piece that begins here.
  size_t symbol_length(std::string_view word, size_t begin) const {
    size_t length = char_at(word.data() + begin).length;
    if (whole_pieces_.empty()) return length;
    uint32_t node = PieceTrie::kRoot;
    size_t longest = 0;
    for (size_t i = begin; i < word.size(); ++i) {
      node = whole_trie_.child(node, static_cast<unsigned char>(word[i]));
      if (node == PieceTrie::kNone) break;
      if (whole_trie_.value(node) >= 0) longest = i + 1 - begin;
    }
    return longest > 0 ? longest : length;
  }

  /// "<0x..>" for each byte; nothing and false where one of them is not in the vocabulary.
  bool append_bytes(std::string_view character, std::vector<TokenId>& ids) const {
    for (unsigned char byte : character)
      if (byte_token_[byte] < 0) return false;
    for (unsigned char byte : character) ids.push_back(byte_token_[byte]);
    return true;
  }

  BpeOptions options_;
  Vocabulary vocabulary_;
  std::vector<Merge> merges_;
  MergeTable rules_;
  std::vector<TokenId> whole_pieces_;
  PieceTrie whole_trie_;
  WordCuts cuts_;
  TokenId unk_ = -1;
  bool one_way_, byte_level_;
  bool plain_bytes_;        // byte-level, and every byte is a token
  bool has_bytes_ = false;  // every character that is no token becomes its bytes
  std::array<TokenId, 256> byte_id_, byte_token_;
};

/// Merges as "a b" where no token has a space in it, which every version of the reference library reads, else as ["a", "b"].
std::string Bpe::json() const {
  auto flag = [](bool value) { return value ? "true" : "false"; };
  std::string out = base::cat(
      "{\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": ", json_or_null(options_.unk_token),
      ",\n    \"continuing_subword_prefix\": ", json_or_null(options_.prefix),
      ",\n    \"end_of_word_suffix\": ", json_or_null(options_.suffix), ",\n    \"fuse_unk\": ", flag(options_.fuse_unk),
      ",\n    \"byte_fallback\": ", flag(options_.byte_fallback), ",\n    \"ignore_merges\": ", flag(options_.ignore_merges),
      ",\n    \"vocab\": ", json_of(vocabulary_), ",\n    \"merges\": [");
  bool spaces = false;
  for (const Merge& m : merges_) spaces = spaces || vocabulary_.token(m.result).find(' ') != std::string_view::npos;
  const char* separator = "\n      ";
  for (const Merge& m : merges_) {
    std::string_view left = vocabulary_.token(m.left), right = vocabulary_.token(m.right);
    out += separator;
    out += spaces ? base::cat("[", json_text(left), ", ", json_text(right), "]") : json_text(base::cat(left, " ", right));
    separator = ",\n      ";
  }
  return out + "\n    ]\n  }";
}

}  // namespace

std::unique_ptr<Model> make_bpe(const Component& c, ModelTables tables, bool byte_level) {
  return std::make_unique<Bpe>(c, std::move(tables), byte_level);
}

}  // namespace athanor::text
