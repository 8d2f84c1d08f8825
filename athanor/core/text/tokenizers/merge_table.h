#pragma once
// The rules of BPE as one flat table from a pair of tokens to its rank and the token it becomes.

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

class MergeTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Rule {
    uint32_t rank;  // kNone: the pair does not merge
    TokenId result;
  };

  /// By rank, or with the `ranks` given; of a pair that comes twice the last counts, as in the reference library.
  explicit MergeTable(std::span<const Merge> merges, std::span<const uint32_t> ranks = {})
      : slots_(std::bit_ceil(merges.size() + merges.size() / 2 + 16), Slot{kFree, {kNone, -1}}) {
    shift_ = 64 - std::countr_zero(slots_.size());
    constexpr size_t kAhead = 16;  // whose slots are asked for early
    for (size_t rank = 0; rank < merges.size(); ++rank) {
      if (rank + kAhead < merges.size())
        __builtin_prefetch(&slots_[index_of(key_of(merges[rank + kAhead].left, merges[rank + kAhead].right))], 1);
      uint64_t key = key_of(merges[rank].left, merges[rank].right);
      size_t i = index_of(key);
      while (slots_[i].key != kFree && slots_[i].key != key) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = {key, {ranks.empty() ? static_cast<uint32_t>(rank) : ranks[rank], merges[rank].result}};
    }
  }

  Rule find(TokenId left, TokenId right) const {
    uint64_t key = key_of(left, right);
    for (size_t i = index_of(key);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].key == key) return slots_[i].rule;
      if (slots_[i].key == kFree) return {kNone, -1};
    }
  }

 private:
  struct Slot {
    uint64_t key;
    Rule rule;
  };
  static constexpr uint64_t kFree = UINT64_MAX;
  static uint64_t key_of(TokenId left, TokenId right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t index_of(uint64_t key) const { return static_cast<size_t>((key ^ key >> 29) * 0x9e3779b97f4a7c15u >> shift_); }

  std::vector<Slot> slots_;
  int shift_;
};

}  // namespace athanor::text
