#include "athanor/run/generate/constraints/matcher.h"

namespace athanor::generate {

void Matcher::restart() {
  stacks_.clear();
  config_ = make_config(automaton_, stacks_, {{automaton_.start, kBottom}});
}

bool Matcher::advance(std::string_view bytes) {
  for (char c : bytes) {
    if (config_.is_dead()) break;
    config_ = next_config(automaton_, stacks_, config_, static_cast<uint8_t>(c));
  }
  return !config_.is_dead();
}

}  // namespace athanor::generate
