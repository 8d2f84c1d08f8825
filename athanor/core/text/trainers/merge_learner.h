#pragma once
// Learns the merges of BPE from counted words: the most frequent pair of neighbours becomes a token, again and again.

#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "athanor/core/text/tokenizer.h"

namespace athanor::text {

class MergeLearner {
 public:
  /// Words as ids, one after the other; `ends` has the end of each. `max_length`: longest token in first symbols.
  MergeLearner(std::vector<TokenId> symbols, const std::vector<size_t>& ends, std::vector<uint64_t> counts, uint64_t max_length);

  /// The next pair to merge, of at least that count; nullopt at the end. Of equal counts the pair of smaller ids comes first.
  std::optional<std::pair<TokenId, TokenId>> next(uint64_t min_count);
  /// Merges the pair that next() gave. `result` may be a token that exists already.
  void merge(TokenId result);

 private:
  /// A pair, its count when it was put here, and the words (of positions_) in which it came up then.
  struct Candidate {
    uint64_t count, pair, serial, begin, size;
    bool operator<(const Candidate& other) const;
  };
  /// What one step changes about pairs of one token with the new one, or with a merged one.
  struct Change {
    int64_t count = 0;
    uint32_t last_word = 0;  // one more than the word that was noted last
    uint32_t occurrences = 0;
    bool touched = false;
  };
  struct Occurrence {
    uint32_t list, word;
  };
  class PairCounts {
   public:
    int64_t& operator[](uint64_t pair);

   private:
    void grow();
    struct Slot {
      uint64_t pair;
      int64_t count;
    };
    std::vector<Slot> slots_;
    size_t used_ = 0;
  };

  void count_pairs();
  void merge_in_word(uint32_t word, TokenId result);
  void note(std::vector<Change>& changes, std::vector<TokenId>& touched, TokenId token, int64_t count);
  void note_new(bool on_left, TokenId token, uint32_t word, int64_t count);
  void apply_lost(std::vector<Change>& changes, std::vector<TokenId>& touched, bool on_left);
  void add_candidates(TokenId result);

  std::vector<TokenId> symbols_;
  std::vector<size_t> begins_;
  std::vector<uint32_t> sizes_;
  std::vector<uint64_t> counts_;
  std::vector<uint32_t> lengths_;  // of tokens, in first symbols
  uint64_t max_length_, serial_ = 0;
  PairCounts pair_counts_;
  std::priority_queue<Candidate> queue_;
  std::vector<uint32_t> positions_;
  Candidate top_{};
  // the step under way, by the token beside the pair: pairs lost on the left (x, a) and right (b, y), made (x, new) and (new, y)
  std::vector<Change> lost_left_, lost_right_, made_left_, made_right_;
  std::vector<TokenId> lost_left_tokens_, lost_right_tokens_, made_left_tokens_, made_right_tokens_;
  std::vector<Occurrence> occurrences_;
};

}  // namespace athanor::text
