#pragma once
// Which tokens may come next, from caches.
//   A token's bytes begin in the state on top of a stack. While they stay inside that state's rule (and the rules it calls), the
//   stack below does not matter: walk(nodes, state) follows the vocabulary's tree from `nodes` (at first its root) with nothing
//   below the state, and gives the tokens that live to their end, and the nodes at which the rule may be over (`left`). What
//   follows there is walk(left, the state to come back to), and so on down the stack until nothing is left.
// Results depend on (nodes, state) alone, and for all states that a token cannot tell apart (stand_ins.h) they are the same. They
// are kept; after a while a mask is a union of a few kept sets. The split into tokens that the stack does not matter for and those
// it does is XGrammar's (Dong et al. 2024, arXiv:2411.15100); keeping the rest too, level by level, is ours. Checked against trying
// every token byte by byte.

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "athanor/run/generate/constraints/config.h"
#include "athanor/run/generate/constraints/stand_ins.h"
#include "athanor/run/generate/constraints/token_trie.h"

namespace athanor::generate {

/// One bit per token id, 1: allowed.
using TokenBits = std::vector<uint64_t>;

class TokenMasks {
 public:
  TokenMasks(const Automaton& automaton, const TokenTrie& trie)
      : automaton_(automaton), trie_(trie), stand_in_(stand_ins(automaton, trie.deepest())) {
    forget();
  }

  /// Sets the bits of all tokens that may follow; `bits` has room for the trie's ids. Errors as make_config.
  void add(const Config& config, const StackPool& stacks, TokenBits& bits);
  /// Bytes that the caches hold, about.
  size_t memory() const { return memory_; }

 private:
  using NodeSet = std::vector<uint32_t>;
  using LocalId = uint32_t;
  struct Walk {
    TokenBits many;                  // bits, where there are many tokens
    std::vector<text::TokenId> few;  // else ids
    uint32_t left;                   // a node set, 0: none
  };

  const Walk& walk(uint32_t nodes, StateId state);
  Walk make_walk(const NodeSet& nodes, StateId state);
  uint32_t set_id(NodeSet nodes);
  LocalId local(Config config);
  LocalId next(LocalId from, uint8_t byte);
  void forget();

  const Automaton& automaton_;
  const TokenTrie& trie_;
  const std::vector<StateId> stand_in_;       // per state
  std::unordered_map<uint64_t, Walk> walks_;  // by node set << 32 | state
  std::vector<NodeSet> sets_;
  std::unordered_multimap<uint64_t, uint32_t> set_ids_;  // by hash
  // Positions of the walks, with nothing below the state they began in; number 0 is the dead one.
  StackPool stacks_;
  std::vector<Config> locals_;
  std::unordered_multimap<uint64_t, LocalId> local_ids_;  // by hash
  std::vector<LocalId> steps_;                            // [local, byte class]
  size_t memory_ = 0;
};

/// Scores whose bit is not set, and those past the bits, become -infinity. Gives how many are left.
size_t keep_tokens(std::span<const uint64_t> bits, std::span<float> scores);

}  // namespace athanor::generate
