#pragma once
// A SentencePiece BPE vocabulary has scores and no merges; they follow from the scores. Every way to cut a piece into two pieces is
// a rule, and the better the piece's score the earlier it applies.

#include <cstdint>
#include <span>
#include <vector>

#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

struct PieceMerges {
  std::vector<Merge> merges;    // in the order that transformers' conversion writes: of one piece the longer left part first
  std::vector<uint32_t> ranks;  // of each: the same for all pieces of one score, as SentencePiece merges
};

/// `usable` says by id which tokens merge and are made by merging (control tokens and bytes are not). Scores are finite.
PieceMerges merges_of_pieces(const Vocabulary& vocabulary, std::span<const float> scores, const std::vector<bool>& usable);

}  // namespace athanor::text
