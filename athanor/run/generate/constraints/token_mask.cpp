#include "athanor/run/generate/constraints/token_mask.h"

#include <algorithm>
#include <bit>

#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

constexpr size_t kMostMemory = size_t{128} << 20;
constexpr uint32_t kRootSet = 1;
constexpr uint32_t kUnknown = ~0u;

template <typename T>
uint64_t hash_of(const std::vector<T>& values) {
  return base::hash64(std::as_bytes(std::span(values)));
}

}  // namespace

void TokenMasks::forget() {
  walks_.clear();
  set_ids_.clear();
  local_ids_.clear();
  stacks_.clear();
  sets_ = {{}};
  locals_.clear();
  steps_.clear();
  memory_ = 0;
  local({});
  set_id({0});
}

uint32_t TokenMasks::set_id(NodeSet nodes) {
  if (nodes.empty()) return 0;
  const uint64_t hash = hash_of(nodes);
  for (auto [it, end] = set_ids_.equal_range(hash); it != end; ++it)
    if (sets_[it->second] == nodes) return it->second;
  memory_ += nodes.size() * sizeof(uint32_t) + 64;
  sets_.push_back(std::move(nodes));
  set_ids_.emplace(hash, static_cast<uint32_t>(sets_.size() - 1));
  return static_cast<uint32_t>(sets_.size() - 1);
}

TokenMasks::LocalId TokenMasks::local(Config config) {
  const uint64_t hash = hash_of(config.arrived);
  for (auto [it, end] = local_ids_.equal_range(hash); it != end; ++it)
    if (locals_[it->second].arrived == config.arrived) return it->second;
  memory_ += (config.arrived.size() + config.reading.size()) * sizeof(Element) + automaton_.classes * sizeof(LocalId) + 128;
  if (memory_ > 4 * kMostMemory)
    base::input_error("generate.constraint", {"the grammar is too ambiguous here", "", "fewer ways to read a token"});
  locals_.push_back(std::move(config));
  steps_.resize(locals_.size() * automaton_.classes, locals_.size() == 1 ? 0 : kUnknown);
  local_ids_.emplace(hash, static_cast<LocalId>(locals_.size() - 1));
  return static_cast<LocalId>(locals_.size() - 1);
}

inline TokenMasks::LocalId TokenMasks::next(LocalId from, uint8_t byte) {
  const size_t at = from * automaton_.classes + automaton_.byte_class[byte];
  if (steps_[at] == kUnknown) {
    const LocalId to = local(next_config(automaton_, stacks_, locals_[from], byte));
    steps_[at] = to;
  }
  return steps_[at];
}

TokenMasks::Walk TokenMasks::make_walk(const NodeSet& nodes, StateId state) {
  Walk walk = {{}, {}, 0};
  NodeSet left;
  std::vector<LocalId> at(trie_.deepest() + 1);
  const LocalId begin = local(make_config(automaton_, stacks_, {{state, kBottom}}));
  for (uint32_t from : nodes) {
    const TokenTrie::Node root = trie_.node(from);
    at[root.depth] = begin;
    if (locals_[begin].may_end && from + 1 < root.end) left.push_back(from);
    for (uint32_t i = from + 1; i < root.end;) {
      const TokenTrie::Node& node = trie_.node(i);
      const LocalId here = next(at[node.depth - 1u], node.byte);
      if (here == 0) {
        i = node.end;
        continue;
      }
      at[node.depth] = here;
      const auto tokens = trie_.tokens_at(i);
      walk.few.insert(walk.few.end(), tokens.begin(), tokens.end());
      if (i + 1 < node.end && locals_[here].may_end) left.push_back(i);
      ++i;
    }
  }
  std::sort(left.begin(), left.end());
  left.erase(std::unique(left.begin(), left.end()), left.end());
  walk.left = set_id(std::move(left));
  const size_t words = (trie_.id_limit() + 63) / 64;
  if (walk.few.size() > 2 * words) {
    walk.many.resize(words);
    for (text::TokenId id : walk.few) walk.many[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64);
    walk.few = {};
  }
  walk.few.shrink_to_fit();
  memory_ += walk.many.size() * 8 + walk.few.size() * 4 + 128;
  return walk;
}

const TokenMasks::Walk& TokenMasks::walk(uint32_t nodes, StateId state) {
  const uint64_t key = uint64_t{nodes} << 32 | state;
  const auto found = walks_.find(key);
  if (found != walks_.end()) return found->second;
  const NodeSet set = sets_[nodes];  // a copy: sets_ grows meanwhile
  return walks_.emplace(key, make_walk(set, state)).first->second;
}

void TokenMasks::add(const Config& config, const StackPool& stacks, TokenBits& bits) {
  if (memory_ > kMostMemory) forget();
  for (const Element& e : config.arrived) {
    StateId state = e.state;
    StackId stack = e.stack;
    for (uint32_t nodes = kRootSet; nodes != 0;) {
      const Walk& w = walk(nodes, stand_in_[state]);
      for (size_t i = 0; i < w.many.size(); ++i) bits[i] |= w.many[i];
      for (text::TokenId id : w.few) bits[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64);
      if (stack == kBottom) break;
      nodes = w.left;
      state = stacks.back(stack);
      stack = stacks.below(stack);
    }
  }
}

namespace {

/// 64 scores; fewer set bits are saved over a fill, fewer clear ones are written one by one.
void keep_word(uint64_t word, float* scores) {
  if (std::popcount(word) > 32) {
    for (uint64_t clear = ~word; clear != 0; clear &= clear - 1) scores[std::countr_zero(clear)] = kNever;
    return;
  }
  float saved[32];
  int n = 0;
  for (uint64_t set = word; set != 0; set &= set - 1) saved[n++] = scores[std::countr_zero(set)];
  std::fill_n(scores, 64, kNever);
  n = 0;
  for (uint64_t set = word; set != 0; set &= set - 1) scores[std::countr_zero(set)] = saved[n++];
}

}  // namespace

size_t keep_tokens(std::span<const uint64_t> bits, std::span<float> scores) {
  const size_t words = std::min(bits.size(), scores.size() / 64);
  size_t kept = 0;
  for (size_t w = 0; w < words; ++w) {
    keep_word(bits[w], scores.data() + 64 * w);
    kept += static_cast<size_t>(std::popcount(bits[w]));
  }
  for (size_t i = 64 * words; i < scores.size(); ++i) {
    const bool set = i / 64 < bits.size() && (bits[i / 64] >> (i % 64) & 1) != 0;
    if (!set) scores[i] = kNever;
    kept += set;
  }
  return kept;
}

}  // namespace athanor::generate
