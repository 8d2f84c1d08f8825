#pragma once
// One text under way through an automaton, byte by byte.

#include <string_view>

#include "athanor/run/generate/constraints/token_mask.h"

namespace athanor::generate {

class Matcher {
 public:
  /// Both must outlive it; the masks' caches may be shared by matchers of one thread.
  Matcher(const Automaton& automaton, TokenMasks& masks) : automaton_(automaton), masks_(masks) { restart(); }

  void restart();
  /// The text goes on; false where it cannot go on like this, and the matcher is then dead.
  bool advance(std::string_view bytes);
  /// Whether the text may end here.
  bool may_end() const { return config_.may_end; }
  bool is_dead() const { return config_.is_dead(); }
  /// Sets the bits of the tokens that may follow.
  void add_allowed(TokenBits& bits) { masks_.add(config_, stacks_, bits); }

 private:
  const Automaton& automaton_;
  TokenMasks& masks_;
  StackPool stacks_;
  Config config_;
};

}  // namespace athanor::generate
