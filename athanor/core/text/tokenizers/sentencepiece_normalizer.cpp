// As SentencePiece does it (Kudo and Richardson 2018, arXiv:1808.06226): at every place the longest rule of the charsmap; then
// spaces become marks "▁", with one mark before the text (add_dummy_prefix), and runs of spaces and those at the ends go away
// (remove_extra_whitespaces). Checked against the sentencepiece library.

#include "athanor/core/text/tokenizers/sentencepiece_normalizer.h"

#include <array>
#include <optional>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/charsmap.h"
#include "athanor/core/text/tokenizers/piece_trie.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

constexpr std::string_view kSpaceMark = "▁";

class SentencePieceNormalizer final : public Normalizer {
 public:
  SentencePieceNormalizer(const SentencePieceProto::NormalizerSpec& spec, bool suffix, const std::vector<std::string_view>& whole,
                          std::optional<Charsmap> map)
      : prefix_(spec.add_dummy_prefix && !suffix),
        suffix_(spec.add_dummy_prefix && suffix),
        removes_(spec.remove_extra_whitespaces),
        space_(spec.escape_whitespaces ? kSpaceMark : " "),
        map_(std::move(map)) {
    std::vector<std::pair<std::string_view, int32_t>> pieces;
    for (std::string_view piece : whole) pieces.emplace_back(piece, 0);
    if (!pieces.empty()) whole_ = PieceTrie(std::move(pieces));
    for (int c = 0; c < 128; ++c) plain_[static_cast<size_t>(c)] = c != ' ' && is_plain(static_cast<char>(c));
  }

  std::string normalize(std::string text) const override {
    std::string_view rest = text;
    std::string out;
    if (removes_) {
      while (!rest.empty()) {
        Step step = step_at(rest);
        if (step.text != " ") break;
        rest.remove_prefix(step.length);
      }
    }
    if (rest.empty()) return out;
    out.reserve(text.size() * 3 / 2 + 8);
    if (prefix_) out += space_;
    bool after_space = removes_;
    while (!rest.empty()) {
      // a sign that no rule begins with, or only together with signs outside ASCII, stands for itself
      auto c = static_cast<unsigned char>(rest[0]);
      if (c < 128 && plain_[c] && rest.size() > 1 && static_cast<signed char>(rest[1]) >= 0) {
        out += static_cast<char>(c);
        rest.remove_prefix(1);
        after_space = false;
        continue;
      }
      Step step = step_at(rest);
      append(step.text, after_space, out);
      check_growth(text.size(), out.size());
      rest.remove_prefix(step.length);
    }
    if (removes_)
      while (out.ends_with(space_)) out.resize(out.size() - space_.size());
    if (suffix_) out += space_;
    return out;
  }

 private:
  struct Step {
    std::string_view text;
    size_t length;
  };

  Step step_at(std::string_view rest) const {
    if (!whole_.empty()) {
      uint32_t node = PieceTrie::kRoot;
      size_t longest = 0;
      for (size_t i = 0; i < rest.size(); ++i) {
        node = whole_.child(node, static_cast<unsigned char>(rest[i]));
        if (node == PieceTrie::kNone) break;
        if (whole_.value(node) >= 0) longest = i + 1;
      }
      if (longest > 0) return {rest.substr(0, longest), longest};
    }
    if (map_)
      if (auto match = map_->longest(rest)) return {match->text, match->length};
    size_t length = char_at(rest.data()).length;
    return {rest.substr(0, length), length};
  }

  void append(std::string_view piece, bool& after_space, std::string& out) const {
    while (after_space && piece.starts_with(' ')) piece.remove_prefix(1);
    if (!piece.empty()) {
      for (char c : piece) c == ' ' ? out += space_ : out += c;
      after_space = piece.ends_with(' ');
    }
    if (!removes_) after_space = false;
  }

  /// Whether nothing that begins with c and goes on in ASCII is rewritten or whole.
  bool is_plain(char c) const {
    auto sign = static_cast<unsigned char>(c);
    if (!whole_.empty() && whole_.child(PieceTrie::kRoot, sign) != PieceTrie::kNone) return false;
    return !map_ || !map_->rewrites_ascii(sign);
  }

  bool prefix_, suffix_, removes_;
  std::string space_;
  std::optional<Charsmap> map_;
  PieceTrie whole_;
  std::array<bool, 128> plain_{};
};

}  // namespace

std::unique_ptr<Normalizer> make_sentencepiece_normalizer(const SentencePieceProto::NormalizerSpec& spec, bool whitespace_as_suffix,
                                                          const std::vector<std::string_view>& whole_pieces,
                                                          std::string_view source) {
  std::optional<Charsmap> map;
  if (!spec.precompiled_charsmap.empty()) {
    map = Charsmap::parse(spec.precompiled_charsmap);
    if (!map) base::file_error("text.sentencepiece", {base::cat(source, ": precompiled_charsmap is not a map of characters")});
  }
  return std::make_unique<SentencePieceNormalizer>(spec, whitespace_as_suffix, whole_pieces, std::move(map));
}

}  // namespace athanor::text
