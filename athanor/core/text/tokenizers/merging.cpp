#include "athanor/core/text/tokenizers/merging.h"

#include <algorithm>

#include "athanor/core/base/error.h"

namespace athanor::text {

namespace {

constexpr size_t kShort = 48;  // ids; above it the heap wins
constexpr uint32_t kEnd = UINT32_MAX;

void merge_short(const MergeTable& rules, std::vector<TokenId>& ids, size_t begin) {
  TokenId* id = ids.data() + begin;
  size_t n = ids.size() - begin;
  uint32_t rank[kShort];
  TokenId result[kShort];
  auto look = [&](size_t i) {
    MergeTable::Rule rule = rules.find(id[i], id[i + 1]);
    rank[i] = rule.rank, result[i] = rule.result;
  };
  for (size_t i = 0; i + 1 < n; ++i) look(i);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (rank[i] < rank[best]) best = i;
    if (rank[best] == MergeTable::kNone) break;
    id[best] = result[best];
    std::copy(id + best + 2, id + n, id + best + 1);
    if (best + 2 < n) {
      std::copy(rank + best + 2, rank + n - 1, rank + best + 1);
      std::copy(result + best + 2, result + n - 1, result + best + 1);
    }
    --n;
    if (best + 1 < n) look(best);
    if (best > 0) look(best - 1);
  }
  ids.resize(begin + n);
}

bool later(const MergeScratch::Candidate& a, const MergeScratch::Candidate& b) { return a.order > b.order; }

class LongWord {
 public:
  LongWord(const MergeTable& rules, std::vector<TokenId>& ids, size_t begin, MergeScratch& scratch)
      : rules_(rules), symbols_(scratch.symbols), heap_(scratch.heap) {
    auto n = static_cast<uint32_t>(ids.size() - begin);
    symbols_.resize(n);
    heap_.clear();
    for (uint32_t i = 0; i < n; ++i) symbols_[i] = {ids[begin + i], i == 0 ? kEnd : i - 1, i + 1 == n ? kEnd : i + 1, false};
    for (uint32_t i = 0; i + 1 < n; ++i) add(i);
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  void merge() {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      MergeScratch::Candidate top = heap_.back();
      heap_.pop_back();
      auto at = static_cast<uint32_t>(top.order);
      MergeScratch::Symbol& left = symbols_[at];
      if (left.gone || left.next == kEnd) continue;
      MergeScratch::Symbol& right = symbols_[left.next];
      if (rules_.find(left.id, right.id).result != top.result) continue;  // outdated
      left.id = top.result;
      left.next = right.next;
      right.gone = true;
      if (right.next != kEnd) symbols_[right.next].previous = at;
      if (left.previous != kEnd) push(left.previous);
      if (left.next != kEnd) push(at);
    }
  }

 private:
  bool add(uint32_t at) {
    MergeTable::Rule rule = rules_.find(symbols_[at].id, symbols_[symbols_[at].next].id);
    if (rule.rank == MergeTable::kNone) return false;
    heap_.push_back({static_cast<uint64_t>(rule.rank) << 32 | at, rule.result});
    return true;
  }
  void push(uint32_t at) {
    if (add(at)) std::push_heap(heap_.begin(), heap_.end(), later);
  }

  const MergeTable& rules_;
  std::vector<MergeScratch::Symbol>& symbols_;
  std::vector<MergeScratch::Candidate>& heap_;
};

}  // namespace

void merge_word(const MergeTable& rules, bool one_way, std::vector<TokenId>& ids, size_t begin, MergeScratch& scratch) {
  size_t n = ids.size() - begin;
  if (n < 2) return;
  if (n <= kShort && one_way) return merge_short(rules, ids, begin);
  if (n >= kEnd) base::input_error("text.bpe", {"a word of more than 4 billion symbols"});
  LongWord(rules, ids, begin, scratch).merge();
  for (uint32_t i = 0; i != kEnd; i = scratch.symbols[i].next) ids[begin++] = scratch.symbols[i].id;
  ids.resize(begin);
}

}  // namespace athanor::text
