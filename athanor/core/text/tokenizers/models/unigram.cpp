// Unigram: Kudo 2018, "Subword regularization" (arXiv:1804.10959).
//   Every piece has a score, the logarithm of its probability. Of all ways to cut a word into pieces the one with the largest sum
//   is taken, by dynamic programming: best(end) = max over pieces that end there of best(begin) + score(piece). A character that is
//   no piece may stand for itself at (smallest score) - 10; runs of such become bytes "<0x..>" (byte_fallback) or one unknown
//   token.
// Sums are double as in the `tokenizers` library, or float as in SentencePiece: which of two nearly equal ways wins depends on it.
// Float would lose the pieces of a long text in its large sum, so sentencepiece 0.2.3 begins again from zero wherever the sum has
// passed 100,000, and so does this.
// Where no piece reaches across a place, every way goes through it: what lies before is decided, and its ids are taken at once. So
// the table of best ends stays short and in the cache. Checked against sentencepiece on the texts of
// tests/golden/core_text, on all of the shared texts and on random strings: the same ids.

#include "athanor/core/text/tokenizers/unigram_pieces.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/model_json.h"
#include "athanor/core/text/tokenizers/piece_trie.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/tokenizers/word_cache.h"

namespace athanor::text {

namespace {

template <typename Sum>
struct BestEnd {
  Sum score;
  TokenId id;
  uint32_t length;  // of the piece in bytes; 0: nothing ends here
};

struct UnigramState final : ModelState {
  WordCache cache;
  std::vector<BestEnd<float>> single_ends;
  std::vector<BestEnd<double>> ends;
};

class Unigram final : public Model {
 public:
  Unigram(UnigramPieces pieces, bool single_precision) : pieces_(std::move(pieces)), single_precision_(single_precision) {
    std::vector<std::pair<std::string_view, int32_t>> usable;
    for (TokenId id = 0; id < pieces_.vocabulary.id_limit(); ++id)
      if (pieces_.usable.empty() || pieces_.usable[static_cast<size_t>(id)]) usable.emplace_back(pieces_.vocabulary.token(id), id);
    std::erase_if(usable, [](const auto& piece) { return piece.first.empty(); });
    for (const auto& [piece, id] : usable) longest_ = std::max(longest_, piece.size());
    trie_ = PieceTrie(std::move(usable));
    if (single_precision_) single_scores_.assign(pieces_.scores.begin(), pieces_.scores.end());
    for (int byte = 0; byte < 256; ++byte) {
      bytes_[static_cast<size_t>(byte)] = pieces_.vocabulary.find(byte_piece(static_cast<unsigned char>(byte)));
      has_bytes_ = has_bytes_ && bytes_[static_cast<size_t>(byte)] >= 0;
    }
  }

  std::unique_ptr<ModelState> make_state() const override { return std::make_unique<UnigramState>(); }
  const Vocabulary& vocabulary() const override { return pieces_.vocabulary; }
  std::string json() const override;

  void encode(std::string_view word, ModelState& state, std::vector<TokenId>& ids) const override {
    auto& s = static_cast<UnigramState&>(state);
    encode_cached(s.cache, word, ids, [&](std::string_view new_word, std::vector<TokenId>& out) {
      pieces_.byte_level ? encode_new(to_byte_chars(new_word), s, out) : encode_new(new_word, s, out);
    });
  }

 private:
  void encode_new(std::string_view word, UnigramState& state, std::vector<TokenId>& ids) const {
    if (word.size() >= std::numeric_limits<uint32_t>::max()) base::input_error("text.unigram", {"a word of more than 4 GB"});
    single_precision_ ? encode_with(word, state.single_ends, ids) : encode_with(word, state.ends, ids);
  }

  /// `ends[i]` is that of the place `base + i`; beyond the farthest end of a piece all are free.
  template <typename Sum>
  void encode_with(std::string_view word, std::vector<BestEnd<Sum>>& ends, std::vector<TokenId>& ids) const {
    constexpr size_t kCut = 512;        // bytes that are worth a cut
    const size_t reach = longest_ + 4;  // of a piece or an unknown character
    size_t base = 0, frontier = 0;
    ends.assign(std::max(ends.size(), reach + 1), {0, 0, 0});
    for (size_t begin = 0; begin < word.size();) {
      const size_t at = begin - base;
      // Unknown neighbours become one, so a run of them is not cut.
      if (at >= kCut && begin == frontier && !is_unknown(ends[at].id)) {
        const Sum sum = ends[at].score;
        take_best(word.substr(base, at), ends.data(), ids);
        std::fill_n(ends.begin(), at + 1, BestEnd<Sum>{0, 0, 0});
        ends[0].score = sum;
        base = begin;
      }
      if (begin - base + reach >= ends.size()) ends.resize(2 * ends.size() + reach, {0, 0, 0});
      if constexpr (std::is_same_v<Sum, float>) restart_sum(ends.data() + (begin - base), frontier - begin);
      const size_t character = char_at(word.data() + begin).length;
      frontier = std::max(frontier, begin + extend(word.substr(begin), character, ends.data() + (begin - base)));
      begin += character;
    }
    take_best(word.substr(base), ends.data(), ids);
  }

  /// `ends` is where a piece begins, `count` places before the farthest end.
  static void restart_sum(BestEnd<float>* ends, size_t count) {
    constexpr float kLargestSum = 100'000;
    const float sum = ends[0].score;
    if (sum >= -kLargestSum && sum <= kLargestSum) return;
    for (size_t i = 0; i <= count; ++i)
      if (i == 0 || ends[i].length > 0) ends[i].score -= sum;
  }

  template <typename Sum>
  static void offer(BestEnd<Sum>& end, Sum score, TokenId id, size_t length) {
    if (end.length == 0 || score > end.score) end = {score, id, static_cast<uint32_t>(length)};
  }

  /// All pieces that `rest` begins with, and its first character, of `character` bytes; returns the length of the longest.
  template <typename Sum>
  size_t extend(std::string_view rest, size_t character, BestEnd<Sum>* ends) const {
    const Sum before = ends[0].score;
    size_t longest = character;
    bool alone = false;  // whether the character is a piece
    uint32_t node = PieceTrie::kRoot;
    for (size_t i = 0; i < rest.size();) {
      node = trie_.child(node, static_cast<unsigned char>(rest[i++]));
      if (node == PieceTrie::kNone) break;
      const TokenId id = trie_.value(node);
      if (id < 0) continue;
      offer(ends[i], score_of<Sum>(id) + before, id, i);
      alone = alone || i == character;
      longest = std::max(longest, i);
    }
    const Sum unknown = static_cast<Sum>(pieces_.smallest) - static_cast<Sum>(kUnknownPenalty);
    if (!alone) offer(ends[character], unknown + before, kUnknownPiece, character);
    return longest;
  }

  template <typename Sum>
  Sum score_of(TokenId id) const {
    if constexpr (std::is_same_v<Sum, float>) return single_scores_[static_cast<size_t>(id)];
    return pieces_.scores[static_cast<size_t>(id)];
  }

  /// Walks back from the end. Neighbouring unknown characters are one.
  template <typename Sum>
  void take_best(std::string_view word, const BestEnd<Sum>* ends, std::vector<TokenId>& ids) const {
    size_t first = ids.size();
    for (size_t end = word.size(); end > 0;) {
      size_t begin = end - ends[end].length;
      if (!is_unknown(ends[end].id)) {
        ids.push_back(ends[end].id);
      } else {
        while (begin > 0 && is_unknown(ends[begin].id)) begin -= ends[begin].length;
        append_unknown(word.substr(begin, end - begin), ids);
      }
      end = begin;
    }
    std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
  }

  bool is_unknown(TokenId id) const { return id == kUnknownPiece || id == pieces_.unknown; }

  /// Backwards, as the rest of the word is.
  void append_unknown(std::string_view text, std::vector<TokenId>& ids) const {
    TokenId known = pieces_.vocabulary.find(text);
    if (known >= 0 && (pieces_.usable.empty() || pieces_.usable[static_cast<size_t>(known)])) return ids.push_back(known);
    if (pieces_.byte_fallback && (has_bytes_ || every_byte(text))) {
      for (size_t i = text.size(); i > 0; --i) ids.push_back(bytes_[static_cast<unsigned char>(text[i - 1])]);
      return;
    }
    if (pieces_.unknown < 0)
      base::input_error("text.unigram", {"a character has no token, and the vocabulary no unknown token",
                                         base::cat("\"", text.substr(0, char_at(text.data()).length), "\"")});
    ids.push_back(pieces_.unknown);
  }

  bool every_byte(std::string_view text) const {
    return std::all_of(text.begin(), text.end(), [this](char c) { return bytes_[static_cast<unsigned char>(c)] >= 0; });
  }

  static constexpr TokenId kUnknownPiece = -2;
  UnigramPieces pieces_;
  bool single_precision_;
  std::vector<float> single_scores_;
  PieceTrie trie_;
  size_t longest_ = 0;  // bytes of a piece
  std::array<TokenId, 256> bytes_;
  bool has_bytes_ = true;
};

std::string Unigram::json() const {
  std::string out =
      base::cat("{\n    \"type\": \"Unigram\",\n    \"unk_id\": ", pieces_.unknown < 0 ? "null" : base::cat(pieces_.unknown),
                ",\n    \"vocab\": [");
  const char* separator = "\n      ";
  for (TokenId id = 0; id < pieces_.vocabulary.id_limit(); ++id) {
    double score = pieces_.scores[static_cast<size_t>(id)];
    out += base::cat(separator, "[", json_text(pieces_.vocabulary.token(id)), ", ", base::Json(score).dump(), "]");
    separator = ",\n      ";
  }
  return base::cat(out, "\n    ],\n    \"byte_fallback\": ", pieces_.byte_fallback ? "true" : "false", "\n  }");
}

}  // namespace

std::unique_ptr<Model> make_unigram(UnigramPieces pieces, bool single_precision) {
  return std::make_unique<Unigram>(std::move(pieces), single_precision);
}

std::unique_ptr<Model> make_unigram(const Component& c, ModelTables tables, bool byte_level) {
  UnigramPieces pieces;
  pieces.vocabulary = std::move(tables.vocabulary);
  pieces.scores = std::move(tables.scores);
  if (c.has("unk_id")) pieces.unknown = static_cast<TokenId>(c.integer("unk_id", 0, pieces.vocabulary.id_limit() - 1));
  pieces.byte_fallback = c.boolean("byte_fallback", false);
  pieces.byte_level = byte_level;
  pieces.smallest = pieces.scores.empty() ? 0 : *std::min_element(pieces.scores.begin(), pieces.scores.end());
  return make_unigram(std::move(pieces), false);
}

}  // namespace athanor::text
