#pragma once
// The merges of one word: always the pair of the lowest rank, of equal pairs the leftmost, until none is left.

#include <cstdint>
#include <vector>

#include "athanor/core/text/tokenizers/merge_table.h"

namespace athanor::text {

/// Scratch memory of merge_word.
struct MergeScratch {
  struct Symbol {
    TokenId id;
    uint32_t previous, next;  // UINT32_MAX: none
    bool gone;
  };
  struct Candidate {
    uint64_t order;  // rank << 32 | position
    TokenId result;
  };
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;
};

/// Merges the ids from `begin` on in place; their number shrinks. Short words are scanned for their lowest rank, O(n^2) of very
/// small numbers; long ones use a heap, O(n log n). `one_way`: no token is the result of two rules. Where one is, the reference
/// library lets an outdated candidate pass if the pair that now stands there makes the same token, and only the heap can do so.
void merge_word(const MergeTable& rules, bool one_way, std::vector<TokenId>& ids, size_t begin, MergeScratch& scratch);

}  // namespace athanor::text
