#pragma once
// Where a text stands in a pushdown automaton: every state it may be in, each with the calls that it has to come back from. Stacks
// are shared: a node is (state to come back to, the node below), and equal nodes are one.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "athanor/run/generate/constraints/automaton.h"

namespace athanor::generate {

inline constexpr size_t kMostStacks = 1'024;
inline constexpr uint32_t kDeepestStack = 10'000, kMostStackNodes = 4'000'000;

using StackId = uint32_t;
inline constexpr StackId kBottom = 0;

class StackPool {
 public:
  StackPool() { clear(); }
  StackId push(StateId back, StackId below);
  StateId back(StackId id) const { return nodes_[id].back; }
  StackId below(StackId id) const { return nodes_[id].below; }
  size_t size() const { return nodes_.size(); }
  void clear();

 private:
  struct Node {
    StateId back;
    StackId below;
    uint32_t depth;
  };
  std::vector<Node> nodes_;
  std::unordered_map<uint64_t, StackId> ids_;
};

struct Element {
  StateId state;
  StackId stack;
  bool operator==(const Element&) const = default;
  auto operator<=>(const Element&) const = default;
};

struct Config {
  std::vector<Element> arrived;  // where the last byte led, sorted
  std::vector<Element> reading;  // what is reached from there without a byte and can read one
  bool may_end = false;          // the bottom is reached: the text is whole
  bool is_dead() const { return arrived.empty(); }
};

/// Follows calls and returns. input_error [generate.constraint] where there are too many stacks, or one is too deep.
Config make_config(const Automaton& automaton, StackPool& stacks, std::vector<Element> arrived);
/// After one more byte; dead where none can follow.
Config next_config(const Automaton& automaton, StackPool& stacks, const Config& config, uint8_t byte);

}  // namespace athanor::generate
