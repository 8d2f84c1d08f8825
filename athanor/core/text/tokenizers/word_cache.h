#pragma once
// Ids of words seen lately. Text repeats its words, so most of them never reach the merges. One cache line per word; a word that
// falls on a taken place takes it over, so the memory is bounded and nothing is ever searched.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizer.h"

namespace athanor::text {

class WordCache {
 public:
  static constexpr size_t kMaxWord = 16, kMaxIds = 10;

  /// A word of 1 to kMaxWord bytes in two registers. With its length, equal keys mean equal words.
  struct Key {
    uint64_t a, b;
    uint32_t length;
  };
  static Key key_of(std::string_view word) {
    const char* p = word.data();
    size_t n = word.size();
    if (n >= 8) return {load<uint64_t>(p), load<uint64_t>(p + n - 8), static_cast<uint32_t>(n)};
    if (n >= 4) return {load<uint32_t>(p), load<uint32_t>(p + n - 4), static_cast<uint32_t>(n)};
    if (n >= 2) return {load<uint16_t>(p), load<uint16_t>(p + n - 2), static_cast<uint32_t>(n)};
    return {load<uint8_t>(p), 0, static_cast<uint32_t>(n)};
  }

  struct Slot {
    uint64_t a, b;
    uint32_t length;  // 0: free
    uint32_t count;   // of ids
    std::array<TokenId, kMaxIds> ids;

    bool holds(const Key& k) const { return a == k.a && b == k.b && length == k.length; }
  };

  Slot& slot_of(const Key& key) {
    uint64_t hash = (key.a ^ (key.b * 0xff51afd7ed558ccdu)) * 0x9e3779b97f4a7c15u + key.length;
    return slots_[(hash * 0x9e3779b97f4a7c15u) >> (64 - kBits)];
  }

  WordCache() {
    if (!slots_) throw std::bad_alloc();
  }

 private:
  template <typename T>
  static uint64_t load(const char* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }

  static constexpr int kBits = 15;
  // calloc: pages that no word falls on stay untouched
  struct Free {
    void operator()(Slot* slots) const { std::free(slots); }
  };
  std::unique_ptr<Slot[], Free> slots_{static_cast<Slot*>(std::calloc(size_t{1} << kBits, sizeof(Slot)))};
};

/// Appends the ids of a non-empty word: those kept, or those that `encode_new(word, ids)` appends, which are kept if they are few.
template <typename EncodeNew>
void encode_cached(WordCache& cache, std::string_view word, std::vector<TokenId>& ids, const EncodeNew& encode_new) {
  if (word.size() > WordCache::kMaxWord) return encode_new(word, ids);
  WordCache::Key key = WordCache::key_of(word);
  WordCache::Slot& slot = cache.slot_of(key);
  size_t begin = ids.size();
  if (slot.holds(key)) {
    // all places are copied: a copy of fixed size is two moves
    ids.resize(begin + WordCache::kMaxIds);
    std::copy_n(slot.ids.data(), WordCache::kMaxIds, ids.data() + begin);
    ids.resize(begin + slot.count);
    return;
  }
  encode_new(word, ids);
  size_t count = ids.size() - begin;
  if (count > WordCache::kMaxIds) return;
  slot.a = key.a, slot.b = key.b, slot.length = key.length, slot.count = static_cast<uint32_t>(count);
  std::copy_n(ids.data() + begin, count, slot.ids.data());
}

}  // namespace athanor::text
