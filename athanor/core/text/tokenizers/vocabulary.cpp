#include "athanor/core/text/tokenizers/vocabulary.h"

#include <algorithm>
#include <bit>

#include "athanor/core/text/tokenizers/short_text.h"

namespace athanor::text {

void Vocabulary::reserve(size_t tokens) {
  entries_.reserve(tokens);
  entry_of_id_.reserve(tokens);
  text_.reserve(tokens * 8);
  size_t slots = std::bit_ceil(tokens + tokens / 2 + 16);
  if (slots > slots_.size()) rehash(slots);
}

void Vocabulary::rehash(size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.entry == 0) continue;
    size_t i = slot.hash & (slots - 1);
    while (slots_[i].entry != 0) i = (i + 1) & (slots - 1);
    slots_[i] = slot;
  }
}

Vocabulary::Added Vocabulary::add(std::string_view token, TokenId id) {
  if (entries_.size() + entries_.size() / 2 + 2 > slots_.size()) rehash(std::bit_ceil(entries_.size() * 3 + 16));
  auto hash = static_cast<uint32_t>(string_hash(token));
  size_t mask = slots_.size() - 1, i = hash & mask;
  for (; slots_[i].entry != 0; i = (i + 1) & mask)
    if (slots_[i].hash == hash && same_text(text_of(entries_[slots_[i].entry - 1]), token)) return Added::kTokenTwice;
  if (has(id)) return Added::kIdTwice;
  auto index = static_cast<size_t>(id);
  if (index >= entry_of_id_.size()) entry_of_id_.resize(index + 1);
  entries_.push_back({text_.size(), static_cast<uint32_t>(token.size()), id});
  text_ += token;
  entry_of_id_[index] = static_cast<uint32_t>(entries_.size());
  slots_[i] = {hash, static_cast<uint32_t>(entries_.size())};
  return Added::kYes;
}

TokenId Vocabulary::find(std::string_view token) const {
  if (slots_.empty()) return -1;
  auto hash = static_cast<uint32_t>(string_hash(token));
  size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask; slots_[i].entry != 0; i = (i + 1) & mask) {
    const Entry& entry = entries_[slots_[i].entry - 1];
    if (slots_[i].hash == hash && same_text(text_of(entry), token)) return entry.id;
  }
  return -1;
}

/// A search reads a slot, the entry that it names and the entry's text, each somewhere else: for 32 tokens at a time all slots are
/// asked for before any is read, and so on.
void Vocabulary::find_all(std::span<const std::string_view> tokens, std::vector<TokenId>& ids) const {
  ids.assign(tokens.size(), -1);
  if (slots_.empty()) return;
  constexpr size_t kTogether = 32;
  uint32_t hashes[kTogether], found[kTogether];
  const size_t mask = slots_.size() - 1;
  for (size_t begin = 0; begin < tokens.size(); begin += kTogether) {
    const std::span<const std::string_view> some = tokens.subspan(begin, std::min(kTogether, tokens.size() - begin));
    for (size_t k = 0; k < some.size(); ++k) {
      hashes[k] = static_cast<uint32_t>(string_hash(some[k]));
      __builtin_prefetch(&slots_[hashes[k] & mask]);
    }
    for (size_t k = 0; k < some.size(); ++k) {
      size_t i = hashes[k] & mask;
      while (slots_[i].entry != 0 && slots_[i].hash != hashes[k]) i = (i + 1) & mask;
      found[k] = slots_[i].entry;
      if (found[k] != 0) __builtin_prefetch(&entries_[found[k] - 1]);
    }
    for (size_t k = 0; k < some.size(); ++k)
      if (found[k] != 0) __builtin_prefetch(text_.data() + entries_[found[k] - 1].begin);
    for (size_t k = 0; k < some.size(); ++k) {
      if (found[k] == 0) continue;
      const Entry& entry = entries_[found[k] - 1];
      // another text with the same hash: all of the search
      ids[begin + k] = same_text(text_of(entry), some[k]) ? entry.id : find(some[k]);
    }
  }
}

}  // namespace athanor::text
