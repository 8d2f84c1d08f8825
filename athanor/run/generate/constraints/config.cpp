#include "athanor/run/generate/constraints/config.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::generate {

void StackPool::clear() {
  nodes_ = {{0, kBottom, 0}};
  ids_.clear();
}

StackId StackPool::push(StateId back, StackId below) {
  const auto [it, is_new] = ids_.try_emplace(uint64_t{back} << 32 | below, static_cast<StackId>(nodes_.size()));
  if (!is_new) return it->second;
  const uint32_t depth = nodes_[below].depth + 1;
  if (depth > kDeepestStack || nodes_.size() >= kMostStackNodes) {
    ids_.erase(it);
    base::input_error("generate.constraint",
                      {"the text is nested too deeply for its grammar", "", base::cat("at most ", kDeepestStack, " levels")});
  }
  nodes_.push_back({back, below, depth});
  return it->second;
}

Config make_config(const Automaton& automaton, StackPool& stacks, std::vector<Element> arrived) {
  Config config;
  std::sort(arrived.begin(), arrived.end());
  arrived.erase(std::unique(arrived.begin(), arrived.end()), arrived.end());
  std::vector<Element> reached = arrived;
  const auto reach = [&](StateId state, StackId stack) {
    const Element e = {state, stack};
    if (std::find(reached.begin(), reached.end(), e) == reached.end()) reached.push_back(e);
  };
  for (size_t i = 0; i < reached.size(); ++i) {
    if (reached.size() > kMostStacks)
      base::input_error("generate.constraint",
                        {"the grammar is too ambiguous here", "", base::cat("at most ", kMostStacks, " ways to read the text")});
    const Element e = reached[i];
    const Automaton::State& state = automaton.states[e.state];
    if (state.is_final && e.stack == kBottom) config.may_end = true;
    if (state.is_final && e.stack != kBottom) reach(stacks.back(e.stack), stacks.below(e.stack));
    for (const Automaton::Call& call : automaton.calls_of(e.state)) {
      // Nothing follows the call: its rule may return straight to where this one would.
      const bool tail = automaton.states[call.back].only_ends();
      reach(call.start, tail ? e.stack : stacks.push(call.back, e.stack));
    }
    if (state.edges_begin != state.edges_end) config.reading.push_back(e);
  }
  config.arrived = std::move(arrived);
  return config;
}

Config next_config(const Automaton& automaton, StackPool& stacks, const Config& config, uint8_t byte) {
  std::vector<Element> arrived;
  for (const Element& e : config.reading) {
    const auto edges = automaton.edges_of(e.state);
    const auto edge =
        std::lower_bound(edges.begin(), edges.end(), byte, [](const Automaton::Edge& a, uint8_t b) { return a.high < b; });
    if (edge != edges.end() && edge->low <= byte) arrived.push_back({edge->target, e.stack});
  }
  return make_config(automaton, stacks, std::move(arrived));
}

}  // namespace athanor::generate
