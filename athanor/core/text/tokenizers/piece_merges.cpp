#include "athanor/core/text/tokenizers/piece_merges.h"

#include <algorithm>
#include <tuple>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

struct ScoredMerge {
  Merge merge;
  float score;
  uint32_t left_length, right_length;  // characters
};

}  // namespace

PieceMerges merges_of_pieces(const Vocabulary& vocabulary, std::span<const float> scores, const std::vector<bool>& usable) {
  std::vector<ScoredMerge> all;
  auto find = [&](std::string_view part) {
    TokenId id = vocabulary.find(part);
    return id >= 0 && usable[static_cast<size_t>(id)] ? id : -1;
  };
  for (TokenId id = 0; id < vocabulary.id_limit(); ++id) {
    if (!usable[static_cast<size_t>(id)]) continue;
    std::string_view piece = vocabulary.token(id);
    size_t first = all.size();
    uint32_t count = 1, total = 0;
    for (size_t i = 0; i < piece.size(); i += char_at(piece.data() + i).length) ++total;
    for (size_t i = piece.empty() ? 0 : char_at(piece.data()).length; i < piece.size(); i += char_at(piece.data() + i).length) {
      TokenId left = find(piece.substr(0, i)), right = left < 0 ? -1 : find(piece.substr(i));
      if (right >= 0) all.push_back({{left, right, id}, scores[static_cast<size_t>(id)], count, total - count});
      ++count;
    }
    std::sort(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(), [](const ScoredMerge& a, const ScoredMerge& b) {
      return std::pair(a.merge.left, a.merge.right) < std::pair(b.merge.left, b.merge.right);
    });
  }
  std::stable_sort(all.begin(), all.end(), [](const ScoredMerge& a, const ScoredMerge& b) {
    return std::tuple(a.score, a.left_length, a.right_length) > std::tuple(b.score, b.left_length, b.right_length);
  });
  PieceMerges result;
  for (size_t i = 0; i < all.size(); ++i) {
    bool new_score = i > 0 && all[i].score != all[i - 1].score;
    result.ranks.push_back(i == 0 ? 0 : result.ranks.back() + new_score);
    result.merges.push_back(all[i].merge);
  }
  return result;
}

}  // namespace athanor::text
