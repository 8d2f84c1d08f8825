#pragma once
// Tokens and their ids. Made to be filled fast: strings lie in one buffer, both ways are flat tables.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizer.h"

namespace athanor::text {

inline constexpr int64_t kMaxTokenId = (int64_t{16} << 20) - 1;

/// A rule of BPE: left and right become one token.
struct Merge {
  TokenId left, right, result;
};

class Vocabulary {
 public:
  /// Room for that many tokens, to save growing.
  void reserve(size_t tokens);

  enum class Added { kYes, kTokenTwice, kIdTwice };
  /// 0 <= id <= kMaxTokenId.
  Added add(std::string_view token, TokenId id);

  /// -1 where there is none.
  TokenId find(std::string_view token) const;
  /// The same of many: their searches wait for memory side by side.
  void find_all(std::span<const std::string_view> tokens, std::vector<TokenId>& ids) const;
  /// "" where the id is unused.
  std::string_view token(TokenId id) const {
    return has(id) ? text_of(entries_[entry_of_id_[static_cast<size_t>(id)] - 1]) : std::string_view();
  }
  bool has(TokenId id) const {
    return id >= 0 && static_cast<size_t>(id) < entry_of_id_.size() && entry_of_id_[static_cast<size_t>(id)] != 0;
  }
  size_t size() const { return entries_.size(); }
  /// One more than the largest id.
  int64_t id_limit() const { return static_cast<int64_t>(entry_of_id_.size()); }

 private:
  struct Entry {
    size_t begin;
    uint32_t length;
    TokenId id;
  };
  struct Slot {
    uint32_t hash;
    uint32_t entry;  // one more than the index, 0: free
  };
  std::string_view text_of(const Entry& entry) const { return {text_.data() + entry.begin, entry.length}; }
  void rehash(size_t slots);

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> entry_of_id_;  // one more than the index, 0: unused
  std::vector<Slot> slots_;            // open addressing, a power of two
};

}  // namespace athanor::text
