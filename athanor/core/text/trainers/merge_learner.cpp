// Counts are kept up to date instead of taken again: a merge changes only the pairs beside it, in the words where it happens. Every
// queue entry remembers the words in which its pair came up, and is put back where its count is out of date when its turn comes.
// The order, and what happens when two ways lead to the same token, are those of the `tokenizers` library, so that the merges are
// too: a pair may then be merged twice, each time in the words of one entry.

#include "athanor/core/text/trainers/merge_learner.h"

#include <algorithm>

namespace athanor::text {

namespace {

constexpr uint64_t kFree = UINT64_MAX;

uint64_t pair_of(TokenId left, TokenId right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}
TokenId left_of(uint64_t pair) { return static_cast<TokenId>(pair >> 32); }
TokenId right_of(uint64_t pair) { return static_cast<TokenId>(pair & 0xffffffffu); }
size_t spread(uint64_t pair) {
  uint64_t hash = (pair ^ pair >> 29) * 0x9e3779b97f4a7c15u;
  return static_cast<size_t>(hash ^ hash >> 32);
}

}  // namespace

int64_t& MergeLearner::PairCounts::operator[](uint64_t pair) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  size_t i = spread(pair) & (slots_.size() - 1);
  while (slots_[i].pair != pair && slots_[i].pair != kFree) i = (i + 1) & (slots_.size() - 1);
  if (slots_[i].pair == kFree) slots_[i].pair = pair, ++used_;
  return slots_[i].count;
}

void MergeLearner::PairCounts::grow() {
  std::vector<Slot> old(std::max<size_t>(slots_.size() * 2, 1 << 16), Slot{kFree, 0});
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.pair == kFree) continue;
    size_t i = spread(slot.pair) & (slots_.size() - 1);
    while (slots_[i].pair != kFree) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

bool MergeLearner::Candidate::operator<(const Candidate& other) const {
  if (count != other.count) return count < other.count;
  if (pair != other.pair) return pair > other.pair;
  return serial > other.serial;
}

MergeLearner::MergeLearner(std::vector<TokenId> symbols, const std::vector<size_t>& ends, std::vector<uint64_t> counts,
                           uint64_t max_length)
    : symbols_(std::move(symbols)), counts_(std::move(counts)), max_length_(max_length) {
  size_t begin = 0;
  for (size_t end : ends) {
    begins_.push_back(begin);
    sizes_.push_back(static_cast<uint32_t>(end - begin));
    begin = end;
  }
  TokenId largest = symbols_.empty() ? 0 : *std::max_element(symbols_.begin(), symbols_.end());
  lengths_.assign(static_cast<size_t>(largest) + 1, 1);
  count_pairs();
}

/// The first counts: all occurrences, ordered by pair, become the first entries of the queue.
void MergeLearner::count_pairs() {
  std::vector<std::pair<uint64_t, uint32_t>> found;
  found.reserve(symbols_.size());
  for (uint32_t word = 0; word < begins_.size(); ++word) {
    const TokenId* s = symbols_.data() + begins_[word];
    for (uint32_t i = 0; i + 1 < sizes_[word]; ++i) {
      uint64_t pair = pair_of(s[i], s[i + 1]);
      pair_counts_[pair] += static_cast<int64_t>(counts_[word]);
      found.emplace_back(pair, word);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (size_t i = 0; i < found.size();) {
    uint64_t pair = found[i].first;
    size_t begin = positions_.size();
    for (; i < found.size() && found[i].first == pair; ++i) positions_.push_back(found[i].second);
    queue_.push({static_cast<uint64_t>(pair_counts_[pair]), pair, serial_++, begin, positions_.size() - begin});
  }
}

std::optional<std::pair<TokenId, TokenId>> MergeLearner::next(uint64_t min_count) {
  while (!queue_.empty()) {
    top_ = queue_.top();
    queue_.pop();
    auto count = static_cast<uint64_t>(pair_counts_[top_.pair]);
    if (top_.count != count) {
      top_.count = count;
      queue_.push(top_);
      continue;
    }
    if (count < 1 || count < min_count) return std::nullopt;
    return std::pair(left_of(top_.pair), right_of(top_.pair));
  }
  return std::nullopt;
}

void MergeLearner::note(std::vector<Change>& changes, std::vector<TokenId>& touched, TokenId token, int64_t count) {
  Change& change = changes[static_cast<size_t>(token)];
  if (!change.touched) touched.push_back(token);
  change.touched = true;
  change.count += count;
}

void MergeLearner::note_new(bool on_left, TokenId token, uint32_t word, int64_t count) {
  std::vector<Change>& changes = on_left ? made_left_ : made_right_;
  note(changes, on_left ? made_left_tokens_ : made_right_tokens_, token, count);
  Change& change = changes[static_cast<size_t>(token)];
  if (change.last_word == word + 1) return;
  change.last_word = word + 1;
  ++change.occurrences;
  occurrences_.push_back({static_cast<uint32_t>(token) * 2 + on_left, word});
}

void MergeLearner::merge_in_word(uint32_t word, TokenId result) {
  TokenId a = left_of(top_.pair), b = right_of(top_.pair);
  TokenId* s = symbols_.data() + begins_[word];
  auto count = static_cast<int64_t>(counts_[word]);
  uint64_t length = lengths_[static_cast<size_t>(result)];
  auto short_enough = [&](TokenId other) { return lengths_[static_cast<size_t>(other)] + length < max_length_; };
  uint32_t out = 0, size = sizes_[word];
  for (uint32_t i = 0; i < size;) {
    if (s[i] != a || i + 1 == size || s[i + 1] != b) {
      s[out++] = s[i++];
      continue;
    }
    if (out > 0) {
      note(lost_left_, lost_left_tokens_, s[out - 1], -count);
      if (short_enough(s[out - 1])) note_new(true, s[out - 1], word, count);
    }
    s[out++] = result;
    i += 2;
    if (i < size) {
      note(lost_right_, lost_right_tokens_, s[i], -count);
      if (short_enough(s[i])) note_new(s[i] == result, s[i], word, count);  // (new, new) is kept in one place
    }
  }
  sizes_[word] = out;
}

void MergeLearner::apply_lost(std::vector<Change>& changes, std::vector<TokenId>& touched, bool on_left) {
  for (TokenId token : touched) {
    pair_counts_[on_left ? pair_of(token, left_of(top_.pair)) : pair_of(right_of(top_.pair), token)] +=
        changes[static_cast<size_t>(token)].count;
    changes[static_cast<size_t>(token)] = {};
  }
  touched.clear();
}

/// Lays the words of each new pair side by side in positions_ and puts the pairs into the queue.
void MergeLearner::add_candidates(TokenId result) {
  size_t begin = positions_.size();
  std::vector<size_t> next(made_left_tokens_.size() + made_right_tokens_.size());
  positions_.resize(begin + occurrences_.size());
  size_t list = 0;
  for (bool on_left : {true, false}) {
    std::vector<Change>& changes = on_left ? made_left_ : made_right_;
    for (TokenId token : on_left ? made_left_tokens_ : made_right_tokens_) {
      Change& change = changes[static_cast<size_t>(token)];
      uint64_t pair = on_left ? pair_of(token, result) : pair_of(result, token);
      int64_t count = pair_counts_[pair] += change.count;
      if (count > 0) queue_.push({static_cast<uint64_t>(count), pair, serial_++, begin, change.occurrences});
      next[list] = begin;
      begin += change.occurrences;
      change = {};
      change.occurrences = static_cast<uint32_t>(list++);
    }
  }
  for (const Occurrence& o : occurrences_) {
    std::vector<Change>& changes = o.list % 2 ? made_left_ : made_right_;
    positions_[next[changes[o.list / 2].occurrences]++] = o.word;
  }
  for (TokenId token : made_left_tokens_) made_left_[static_cast<size_t>(token)] = {};
  for (TokenId token : made_right_tokens_) made_right_[static_cast<size_t>(token)] = {};
  made_left_tokens_.clear(), made_right_tokens_.clear(), occurrences_.clear();
}

void MergeLearner::merge(TokenId result) {
  auto length = [this](TokenId token) { return lengths_[static_cast<size_t>(token)]; };
  size_t needed = std::max(lengths_.size(), static_cast<size_t>(result) + 1);
  uint32_t merged = length(left_of(top_.pair)) + length(right_of(top_.pair));
  lengths_.resize(needed, 1);
  lengths_[static_cast<size_t>(result)] = merged;
  for (auto* changes : {&lost_left_, &lost_right_, &made_left_, &made_right_}) changes->resize(needed);
  for (uint64_t i = 0; i < top_.size; ++i) merge_in_word(positions_[top_.begin + i], result);
  apply_lost(lost_left_, lost_left_tokens_, true);
  apply_lost(lost_right_, lost_right_tokens_, false);
  add_candidates(result);
}

}  // namespace athanor::text
