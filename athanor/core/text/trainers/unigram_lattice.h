#pragma once
// All ways to cut one word into pieces, as Unigram training needs them: how likely each piece is, the best way, and the second
// best.

#include <span>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/piece_trie.h"
#include "athanor/core/text/trainers/seed_pieces.h"

namespace athanor::text {

/// Piece 0 is the unknown one: a character that is no piece.
class UnigramLattice {
 public:
  explicit UnigramLattice(std::span<const ScoredPiece> pieces);

  void set(std::string_view word);
  /// Adds `count` times the probability that a piece is part of the word; returns the log-likelihood of the word.
  double add_expected(double count, std::vector<double>& expected) const;
  /// The best way. Of equal ways the one found first.
  std::vector<int32_t> best() const;
  /// The best two; one or two of them. For short words.
  std::vector<std::vector<int32_t>> best_two() const;

 private:
  struct Node {
    size_t begin, end;
    int32_t id;
    double score;
  };
  std::span<const ScoredPiece> pieces_;
  PieceTrie trie_;
  double unknown_score_;
  size_t size_ = 0;
  std::vector<Node> nodes_;  // by begin, then by length
};

}  // namespace athanor::text
