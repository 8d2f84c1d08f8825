#pragma once
// The first candidates of Unigram training: all characters, and the substrings that occur most.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/text/trainers/piece_counts.h"

namespace athanor::text {

struct ScoredPiece {
  std::string text;
  double score;  // the logarithm of its probability
};

/// Characters by count, then the repeated substrings of the words by occurrences (in distinct words) times length, until there are
/// `size`. A substring counts where it has two different characters after it somewhere: shorter ones that always go on alike are
/// left to the longer. `max_length` in characters.
std::vector<ScoredPiece> make_seed_pieces(const PieceCounts& words, size_t size, size_t max_length);

}  // namespace athanor::text
