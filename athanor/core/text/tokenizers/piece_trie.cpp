#include "athanor/core/text/tokenizers/piece_trie.h"

#include <algorithm>

namespace athanor::text {

/// Places the children of one node after the other, each set in the first place where all of it is free. Blocks of 256 that were
/// searched often without success are left out from then on, so that building stays linear.
class PieceTrie::Builder {
 public:
  using Piece = std::pair<std::string_view, int32_t>;

  Builder(std::vector<Unit>& units, const std::vector<Piece>& pieces) : units_(units), pieces_(pieces) {
    grow();
    take(kRoot);
    units_[kRoot].parent = kRoot;
    pending_.push_back({kRoot, 0, pieces_.size(), 0});
    while (!pending_.empty()) {
      Range range = pending_.back();
      pending_.pop_back();
      place(range);
    }
    units_[kRoot].parent = kNone;
  }

 private:
  struct Range {
    uint32_t node;
    size_t begin, end, depth;
  };
  struct Child {
    unsigned char byte;
    size_t begin, end;
  };

  void grow() {
    failures_.push_back(0);
    units_.resize(units_.size() + 256);
    free_.resize(units_.size(), true);
  }
  void take(uint32_t at) { free_[at] = false; }

  void place(const Range& range) {
    children_.clear();
    for (size_t i = range.begin; i < range.end; ++i) {
      std::string_view text = pieces_[i].first;
      if (text.size() == range.depth) {
        units_[range.node].value = pieces_[i].second;
        continue;
      }
      auto byte = static_cast<unsigned char>(text[range.depth]);
      if (children_.empty() || children_.back().byte != byte) children_.push_back({byte, i, i});
      children_.back().end = i + 1;
    }
    if (children_.empty()) {
      units_[range.node].base = 0;  // its children would be the root's, who have another parent
      return;
    }
    uint32_t base = find_base();
    units_[range.node].base = base;
    for (const Child& child : children_) {
      uint32_t at = base ^ child.byte;
      take(at);
      units_[at].parent = range.node;
      pending_.push_back({at, child.begin, child.end, range.depth + 1});
    }
  }

  uint32_t find_base() {
    for (size_t block = first_block_;; ++block) {
      if (block == failures_.size()) grow();
      if (failures_[block] > kMaxFailures) {
        if (block == first_block_) ++first_block_;
        continue;
      }
      auto begin = static_cast<uint32_t>(block * 256);
      for (uint32_t low = 0; low < 256; ++low) {
        uint32_t base = begin + low;
        if (std::all_of(children_.begin(), children_.end(), [&](const Child& c) { return free_[base ^ c.byte]; })) return base;
      }
      ++failures_[block];
    }
  }

  static constexpr int kMaxFailures = 8;
  std::vector<Unit>& units_;
  const std::vector<Piece>& pieces_;
  std::vector<bool> free_;
  std::vector<int> failures_;  // by block
  size_t first_block_ = 0;
  std::vector<Range> pending_;
  std::vector<Child> children_;
};

PieceTrie::PieceTrie(std::vector<std::pair<std::string_view, int32_t>> pieces) {
  std::stable_sort(pieces.begin(), pieces.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Builder(units_, pieces);
}

}  // namespace athanor::text
