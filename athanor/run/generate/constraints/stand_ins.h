#pragma once
// States that no token can tell apart. After "a" to "a{900}" of "a{1,1000}" the same tokens may follow: none of them is so long
// that it reaches the end of the count.

#include <vector>

#include "athanor/run/generate/constraints/automaton.h"

namespace athanor::generate {

/// For every state one from which the same texts of at most `bytes` bytes can be read, with the rule over after the same of them.
/// Where finding out would take too long, every state stands for itself.
std::vector<StateId> stand_ins(const Automaton& automaton, size_t bytes);

}  // namespace athanor::generate
