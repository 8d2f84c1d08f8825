#pragma once
// A compiled grammar: one deterministic automaton per rule over bytes and calls of rules, together a pushdown automaton.
//   text matches a rule   if its bytes lead from the rule's first state to a final one, where a call is replaced by any text that
//                         matches the called rule.
// Every state can be left towards a final one by some text, so nothing that is alive is in vain; and no rule can call itself before
// a byte was read, so following calls ends.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

using StateId = uint32_t;

struct Automaton {
  struct Edge {
    uint8_t low, high;  // bytes, both included; those of a state do not overlap and are sorted
    StateId target;
  };
  struct Call {
    StateId start;  // of the rule
    StateId back;   // where it goes on after
  };
  struct State {
    uint32_t edges_begin = 0, edges_end = 0, calls_begin = 0, calls_end = 0;
    bool is_final = false;
    /// Nothing follows: a call that comes back here need not come back.
    bool only_ends() const { return is_final && edges_begin == edges_end && calls_begin == calls_end; }
  };

  std::span<const Edge> edges_of(StateId s) const {
    return std::span(edges).subspan(states[s].edges_begin, states[s].edges_end - states[s].edges_begin);
  }
  std::span<const Call> calls_of(StateId s) const {
    return std::span(calls).subspan(states[s].calls_begin, states[s].calls_end - states[s].calls_begin);
  }

  std::vector<State> states;
  std::vector<Edge> edges;
  std::vector<Call> calls;
  StateId start = 0;
  /// Bytes that no edge tells apart have the same class.
  std::array<uint8_t, 256> byte_class = {};
  uint32_t classes = 1;
};

/// Errors of the grammar's origin: an undefined rule, left recursion, a grammar that no text matches, one that needs too many
/// states.
Automaton compile_grammar(Grammar& grammar);

}  // namespace athanor::generate
