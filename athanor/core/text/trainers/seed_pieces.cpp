// All suffixes of all words are sorted; substrings that occur more than once are what neighbours in that order begin with (Manber
// and Myers 1990). Checked against the seeds of the `tokenizers` library's UnigramTrainer.

#include "athanor/core/text/trainers/seed_pieces.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

struct Repeat {
  uint64_t score;
  size_t begin, length;
};

class Suffixes {
 public:
  Suffixes(const PieceCounts& words, size_t max_length) : limit_(max_length + 1) {
    for (const auto& [word, count] : words) {
      for (size_t i = 0; i < word.size();) {
        Char c = char_at(word.data() + i);
        text_.push_back(c.code);
        i += c.length;
      }
      text_.push_back(0);
    }
    for (size_t i = 0; i < text_.size(); ++i)
      if (text_[i] != 0) order_.push_back(static_cast<uint32_t>(i));
    text_.resize(text_.size() + limit_, UINT32_MAX);
    std::sort(order_.begin(), order_.end(), [this](uint32_t a, uint32_t b) {
      size_t n = common_length(a, b);
      return n < limit_ ? text_[a + n] < text_[b + n] : a < b;
    });
  }

  /// The end of a word counts as a character that comes next. Every length at which neighbours part is a repeat, with as many
  /// occurrences as there are neighbours that agree so far.
  std::vector<Repeat> repeats() const {
    struct Open {
      size_t length, first;
    };
    std::vector<Repeat> found;
    std::vector<Open> open;
    for (size_t i = 1; i <= order_.size(); ++i) {
      size_t common = i < order_.size() ? common_length(order_[i - 1], order_[i]) : 0, first = i - 1;
      while (!open.empty() && open.back().length > common) {
        first = open.back().first;
        Repeat repeat = {(i - first) * open.back().length, order_[first], open.back().length};
        if (repeat.length >= 2 && repeat.length < limit_ && is_inside_word(repeat)) found.push_back(repeat);
        open.pop_back();
      }
      if (common > 0 && (open.empty() || open.back().length < common)) open.push_back({common, first});
    }
    return found;
  }

  std::string text(const Repeat& repeat) const {
    std::string out;
    for (size_t i = 0; i < repeat.length; ++i) append_utf8(out, text_[repeat.begin + i]);
    return out;
  }

  /// Larger scores first, of equal ones the later text.
  bool before(const Repeat& a, const Repeat& b) const {
    if (a.score != b.score) return a.score > b.score;
    return std::lexicographical_compare(at(b.begin), at(b.begin + b.length), at(a.begin), at(a.begin + a.length));
  }

 private:
  std::vector<uint32_t>::const_iterator at(size_t i) const { return text_.begin() + static_cast<std::ptrdiff_t>(i); }
  size_t common_length(uint32_t a, uint32_t b) const {
    size_t n = 0;
    while (n < limit_ && text_[a + n] == text_[b + n]) ++n;
    return n;
  }
  bool is_inside_word(const Repeat& repeat) const {
    return std::find(at(repeat.begin), at(repeat.begin + repeat.length), 0u) == at(repeat.begin + repeat.length);
  }

  size_t limit_;
  std::vector<uint32_t> text_, order_;
};

}  // namespace

std::vector<ScoredPiece> make_seed_pieces(const PieceCounts& words, size_t size, size_t max_length) {
  std::map<uint32_t, uint64_t> characters;
  for (const auto& [word, count] : words)
    for (size_t i = 0; i < word.size();) {
      Char c = char_at(word.data() + i);
      characters[c.code] += count;
      i += c.length;
    }
  std::vector<std::pair<uint64_t, uint32_t>> by_count;
  for (auto [code, count] : characters) by_count.emplace_back(count, code);
  std::sort(by_count.rbegin(), by_count.rend());

  std::vector<ScoredPiece> pieces;
  for (auto [count, code] : by_count) {
    pieces.push_back({"", static_cast<double>(count)});
    append_utf8(pieces.back().text, code);
  }
  Suffixes suffixes(words, max_length);
  std::vector<Repeat> repeats = suffixes.repeats();
  std::sort(repeats.begin(), repeats.end(), [&](const Repeat& a, const Repeat& b) { return suffixes.before(a, b); });
  for (const Repeat& repeat : repeats) {
    if (pieces.size() >= size) break;
    pieces.push_back({suffixes.text(repeat), static_cast<double>(repeat.score)});
  }
  double sum = 0;
  for (const ScoredPiece& piece : pieces) sum += piece.score;
  for (ScoredPiece& piece : pieces) piece.score = std::log(piece.score) - std::log(sum);
  return pieces;
}

}  // namespace athanor::text
