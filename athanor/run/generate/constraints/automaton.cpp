// Grammar -> Automaton: each rule that the root needs becomes deterministic, then the whole is checked.

#include <algorithm>
#include <deque>

#include "athanor/core/base/cat.h"
#include "athanor/run/generate/constraints/automaton.h"
#include "athanor/run/generate/constraints/determinize.h"

namespace athanor::generate {
namespace {

constexpr StateId kNone = ~0u;

class Compiler {
 public:
  explicit Compiler(Grammar& grammar) : grammar_(grammar), maker_(grammar) {}

  Automaton run() {
    make_rules();
    for (Automaton::Call& call : a_.calls) call.start = starts_[call.start];
    a_.start = starts_[grammar_.root];
    find_nullable();
    refuse_left_recursion();
    drop_vain_states();
    if (!alive_[a_.start])
      grammar_.fail({"no text can match", "", "a way to come to an end", "look for a rule that always needs itself"});
    find_byte_classes();
    return std::move(a_);
  }

 private:
  void make_rules() {
    order_ = {grammar_.root};
    starts_.assign(grammar_.rule_count(), kNone);
    std::vector<bool> listed(grammar_.rule_count());
    listed[grammar_.root] = true;
    for (size_t i = 0; i < order_.size(); ++i) {
      const RuleId rule = order_[i];
      const size_t calls_before = a_.calls.size();
      const StateId start = determinize(maker_.make(rule), grammar_, a_);
      starts_.resize(grammar_.rule_count(), kNone);
      listed.resize(grammar_.rule_count());
      starts_[rule] = start;
      for (size_t c = calls_before; c < a_.calls.size(); ++c) {
        const RuleId called = a_.calls[c].start;  // still the rule's number
        if (!listed[called]) order_.push_back(called);
        listed[called] = true;
      }
    }
    rule_of_.assign(a_.states.size(), kNone);
    for (RuleId rule : order_) rule_of_[starts_[rule]] = rule;
  }

  /// States that a rule reaches from `start` by calls of rules that may match nothing.
  std::vector<StateId> without_reading(StateId start) {
    std::vector<StateId> reached = {start};
    for (size_t i = 0; i < reached.size(); ++i)
      for (const Automaton::Call& call : a_.calls_of(reached[i])) {
        grammar_.work(reached.size());
        if (nullable_[call.start] && std::find(reached.begin(), reached.end(), call.back) == reached.end())
          reached.push_back(call.back);
      }
    return reached;
  }

  void find_nullable() {
    nullable_.assign(a_.states.size(), false);
    for (bool changed = true; changed;) {
      changed = false;
      for (RuleId rule : order_) {
        const StateId start = starts_[rule];
        grammar_.work();
        if (nullable_[start]) continue;
        const auto reached = without_reading(start);
        nullable_[start] = std::any_of(reached.begin(), reached.end(), [&](StateId s) { return a_.states[s].is_final; });
        changed |= nullable_[start];
      }
    }
  }

  void refuse_left_recursion() {
    std::vector<std::vector<StateId>> begins_with(a_.states.size());
    for (RuleId rule : order_)
      for (StateId s : without_reading(starts_[rule]))
        for (const Automaton::Call& call : a_.calls_of(s)) begins_with[starts_[rule]].push_back(call.start);
    enum : uint8_t { kNew, kOpen, kDone };
    std::vector<uint8_t> color(a_.states.size(), kNew);
    std::vector<std::pair<StateId, size_t>> path;
    for (RuleId rule : order_) {
      if (color[starts_[rule]] == kNew) path.push_back({starts_[rule], 0});
      while (!path.empty()) {
        auto& [start, next] = path.back();
        color[start] = kOpen;
        grammar_.work();
        if (next == begins_with[start].size()) {
          color[start] = kDone;
          path.pop_back();
          continue;
        }
        const StateId called = begins_with[start][next++];
        if (color[called] == kOpen)
          grammar_.fail({"a rule begins with itself (left recursion)", grammar_.rule_at(rule_of_[called]).name,
                         "a byte before the rule comes again", "a repetition"});
        if (color[called] == kNew) path.push_back({called, 0});
      }
    }
  }

  /// Backwards from the final states: a state is alive if an edge leads to a living one, or a call does whose rule is alive too.
  void drop_vain_states() {
    std::vector<std::vector<StateId>> from(a_.states.size());
    for (StateId s = 0; s < a_.states.size(); ++s) {
      for (const Automaton::Edge& e : a_.edges_of(s)) from[e.target].push_back(s);
      for (const Automaton::Call& c : a_.calls_of(s)) from[c.back].push_back(s), from[c.start].push_back(s);
    }
    alive_.assign(a_.states.size(), false);
    std::deque<StateId> todo;
    const auto look = [&](StateId s) {
      if (alive_[s]) return;
      const auto edges = a_.edges_of(s);
      const auto calls = a_.calls_of(s);
      if (a_.states[s].is_final || std::any_of(edges.begin(), edges.end(), [&](const auto& e) { return alive_[e.target]; }) ||
          std::any_of(calls.begin(), calls.end(), [&](const auto& c) { return alive_[c.start] && alive_[c.back]; })) {
        alive_[s] = true;
        todo.push_back(s);
      }
    };
    for (StateId s = 0; s < a_.states.size(); ++s)
      if (a_.states[s].is_final) look(s);
    for (; !todo.empty(); todo.pop_front())
      for (StateId s : from[todo.front()]) grammar_.work(), look(s);

    Automaton kept;
    for (StateId s = 0; s < a_.states.size(); ++s) {
      Automaton::State state = {static_cast<uint32_t>(kept.edges.size()), 0, static_cast<uint32_t>(kept.calls.size()), 0,
                                a_.states[s].is_final};
      for (const Automaton::Edge& e : a_.edges_of(s))
        if (alive_[e.target]) kept.edges.push_back(e);
      for (const Automaton::Call& c : a_.calls_of(s))
        if (alive_[c.start] && alive_[c.back]) kept.calls.push_back(c);
      state.edges_end = static_cast<uint32_t>(kept.edges.size());
      state.calls_end = static_cast<uint32_t>(kept.calls.size());
      kept.states.push_back(state);
    }
    kept.start = a_.start;
    a_ = std::move(kept);
  }

  void find_byte_classes() {
    std::array<bool, 257> cut = {};
    for (const Automaton::Edge& e : a_.edges) cut[e.low] = cut[e.high + 1u] = true;
    uint8_t current = 0;
    for (size_t b = 0; b < 256; ++b) {
      if (b > 0 && cut[b]) ++current;
      a_.byte_class[b] = current;
    }
    a_.classes = current + 1u;
  }

  Grammar& grammar_;
  NfaMaker maker_;
  Automaton a_;
  std::vector<RuleId> order_;    // those the root needs
  std::vector<StateId> starts_;  // per rule
  std::vector<RuleId> rule_of_;  // per first state
  std::vector<bool> nullable_, alive_;
};

}  // namespace

Automaton compile_grammar(Grammar& grammar) { return Compiler(grammar).run(); }

}  // namespace athanor::generate
