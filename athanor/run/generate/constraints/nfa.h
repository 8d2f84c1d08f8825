#pragma once
// A rule as a nondeterministic automaton (Thompson 1968): expressions become states joined by bytes, calls and free steps. Small
// rules that do not call themselves are written out where they are used; a large part that is repeated often becomes a rule of its
// own, so that {0,1000} costs a thousand states and not a thousand copies.

#include <cstdint>
#include <map>
#include <vector>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

struct Nfa {
  enum class LinkKind : uint8_t { kBytes, kCall, kFree };
  struct Link {
    uint32_t to, next;  // `next`: the state's next link, kNone after the last
    RuleId rule = 0;
    uint8_t low = 0, high = 0;
    LinkKind kind = LinkKind::kFree;
  };
  static constexpr uint32_t kNone = ~0u;

  std::vector<uint32_t> first_link;  // per state
  std::vector<Link> links;
  uint32_t start = 0, end = 0;
};

class NfaMaker {
 public:
  explicit NfaMaker(Grammar& grammar);
  /// May add rules to the grammar.
  Nfa make(RuleId rule);

 private:
  void find_inlined();
  std::vector<RuleId> rules_used(ExprId body);
  uint64_t size_of(ExprId id);

  uint32_t state();
  void link(uint32_t from, Nfa::Link link);
  void free_step(uint32_t from, uint32_t to) { link(from, {.to = to, .next = 0}); }
  uint32_t call(RuleId rule, uint32_t from);

  /// Each adds what an expression matches after the state `from`, and gives the state after it.
  uint32_t add(ExprId id, uint32_t from);
  uint32_t add_bytes(const std::string& text, uint32_t from);
  uint32_t add_chars(const CharSet& set, uint32_t from);
  uint32_t add_sequence(const Expr& e, uint32_t from);
  uint32_t add_choice(const Expr& e, uint32_t from);
  uint32_t add_repeat(const Expr& e, uint32_t from);
  uint32_t add_list(const Expr& e, uint32_t from);
  uint32_t add_copy(ExprId part, bool as_call, uint32_t from);

  Grammar& grammar_;
  Nfa nfa_;
  std::vector<bool> inlined_;             // per rule
  std::vector<uint64_t> sizes_;           // per expression, 0: not known
  std::map<ExprId, RuleId> own_rule_of_;  // repeated parts
};

}  // namespace athanor::generate
