// BPE: byte pair encoding. Sennrich et al. 2016, "Neural machine translation of rare words with subword units" (arXiv:1508.07909);
// on bytes in Radford et al. 2019 (GPT-2).
//   A word begins as its characters. While some neighbours (a, b) have a rule, the pair whose rule was learned first becomes one
//   token.
// A character that is not in the vocabulary becomes its bytes "<0x..>" (byte_fallback), the unknown token, or nothing.
// Checked against the `tokenizers` library on every text of the shared data and on random strings: the same ids.

#include <array>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/merging.h"
#include "athanor/core/text/tokenizers/model.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/tokenizers/word_cache.h"

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

BpeOptions options_of(const Component& c) {
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
      : options_(options_of(c)),
        vocabulary_(std::move(tables.vocabulary)),
        merges_(std::move(tables.merges)),
        rules_(merges_),
        one_way_(every_result_once(merges_, vocabulary_.id_limit())),
        byte_level_(byte_level) {
    if (options_.unk_token) {
      unk_ = vocabulary_.find(*options_.unk_token);
      if (unk_ < 0) c.fail("\"unk_token\" is not in the vocabulary", base::cat("\"", options_.unk_token->substr(0, 60), "\""));
    }
    plain_bytes_ = byte_level && !options_.prefix && !options_.suffix;
    for (int byte = 0; byte < 256; ++byte) {
      constexpr const char* kDigits = "0123456789ABCDEF";
      byte_token_[static_cast<size_t>(byte)] = vocabulary_.find(base::cat("<0x", kDigits[byte >> 4], kDigits[byte & 15], ">"));
      byte_id_[static_cast<size_t>(byte)] = vocabulary_.find(byte_char(static_cast<unsigned char>(byte)));
      plain_bytes_ = plain_bytes_ && byte_id_[static_cast<size_t>(byte)] >= 0;
    }
  }

  std::unique_ptr<ModelState> make_state() const override { return std::make_unique<BpeState>(); }
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::string json() const override;

  void encode(std::string_view word, ModelState& state, std::vector<TokenId>& ids) const override {
    auto& s = static_cast<BpeState&>(state);
    if (word.size() > WordCache::kMaxWord) return encode_new(word, s, ids);
    WordCache::Key key = WordCache::key_of(word);
    WordCache::Slot& slot = s.cache.slot_of(key);
    size_t begin = ids.size();
    if (slot.holds(key)) {
      // all places are copied: a copy of fixed size is two moves
      ids.resize(begin + WordCache::kMaxIds);
      std::copy_n(slot.ids.data(), WordCache::kMaxIds, ids.data() + begin);
      ids.resize(begin + slot.count);
      return;
    }
    encode_new(word, s, ids);
    size_t count = ids.size() - begin;
    if (count > WordCache::kMaxIds) return;
    slot.a = key.a, slot.b = key.b, slot.length = key.length, slot.count = static_cast<uint32_t>(count);
    std::copy_n(ids.data() + begin, count, slot.ids.data());
  }

 private:
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
      std::string_view character = word.substr(i, char_at(word.data() + i).length);
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
  TokenId unk_ = -1;
  bool one_way_, byte_level_;
  bool plain_bytes_;  // byte-level, and every byte is a token
  std::array<TokenId, 256> byte_id_, byte_token_;
};

std::string json_text(std::string_view text) { return base::Json(std::string(text)).dump(); }
std::string json_or_null(const std::optional<std::string>& text) { return text ? json_text(std::string_view(*text)) : "null"; }

/// Merges as "a b" where no token has a space in it, which every version of the reference library reads, else as ["a", "b"].
std::string Bpe::json() const {
  auto flag = [](bool value) { return value ? "true" : "false"; };
  std::string out =
      base::cat("{\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": ", json_or_null(options_.unk_token),
                ",\n    \"continuing_subword_prefix\": ", json_or_null(options_.prefix),
                ",\n    \"end_of_word_suffix\": ", json_or_null(options_.suffix), ",\n    \"fuse_unk\": ", flag(options_.fuse_unk),
                ",\n    \"byte_fallback\": ", flag(options_.byte_fallback),
                ",\n    \"ignore_merges\": ", flag(options_.ignore_merges), ",\n    \"vocab\": {");
  const char* separator = "\n      ";
  for (TokenId id = 0; id < vocabulary_.id_limit(); ++id) {
    if (!vocabulary_.has(id)) continue;
    out += base::cat(separator, json_text(vocabulary_.token(id)), ": ", id);
    separator = ",\n      ";
  }
  bool spaces = false;
  for (const Merge& m : merges_) spaces = spaces || vocabulary_.token(m.result).find(' ') != std::string_view::npos;
  out += "\n    },\n    \"merges\": [";
  separator = "\n      ";
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
