#pragma once
// The subset construction (Rabin and Scott 1959) for one rule, where a call counts as a symbol like a byte.

#include "athanor/run/generate/constraints/automaton.h"
#include "athanor/run/generate/constraints/nfa.h"

namespace athanor::generate {

/// Appends the states of the rule to `out` and gives its first one. Calls keep the rule's number in place of its first state. An
/// error where `out` comes to more states than the grammar's origin allows.
StateId determinize(const Nfa& nfa, Grammar& grammar, Automaton& out);

}  // namespace athanor::generate
