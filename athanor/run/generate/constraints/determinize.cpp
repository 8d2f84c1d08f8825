#include "athanor/run/generate/constraints/determinize.h"

#include <algorithm>
#include <unordered_map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/hash.h"

namespace athanor::generate {
namespace {

using Subset = std::vector<uint32_t>;  // states of the nondeterministic automaton, sorted

struct SubsetHash {
  size_t operator()(const Subset& s) const { return base::hash64(std::as_bytes(std::span(s))); }
};

class Determinizer {
 public:
  Determinizer(const Nfa& nfa, Grammar& grammar, Automaton& out)
      : nfa_(nfa), grammar_(grammar), out_(out), seen_(nfa.first_link.size()) {}

  StateId run() {
    const StateId start = state_of({nfa_.start});
    for (size_t i = 0; i < subsets_.size(); ++i) {
      Subset subset = *subsets_[i];  // a copy: the map grows meanwhile
      fill(start + static_cast<StateId>(i), subset);
    }
    return start;
  }

 private:
  /// The state of all that free steps reach from here.
  StateId state_of(const Subset& from) {
    Subset reached = close(from);
    auto [it, is_new] = ids_.try_emplace(std::move(reached), static_cast<StateId>(out_.states.size()));
    if (!is_new) return it->second;
    if (out_.states.size() >= grammar_.origin().most_states)
      grammar_.fail({"it needs too many states", "", base::cat("at most ", grammar_.origin().most_states),
                     "smaller counts or fewer alternatives"});
    subsets_.push_back(&it->first);
    out_.states.push_back({});
    return it->second;
  }

  Subset close(const Subset& from) {
    ++now_;
    Subset todo = from, reached;
    for (uint32_t s : todo) seen_[s] = now_;
    for (size_t i = 0; i < todo.size(); ++i) {
      bool matters = todo[i] == nfa_.end;
      for (uint32_t l = nfa_.first_link[todo[i]]; l != Nfa::kNone; l = nfa_.links[l].next) {
        grammar_.work();
        const Nfa::Link& link = nfa_.links[l];
        matters |= link.kind != Nfa::LinkKind::kFree;
        if (link.kind != Nfa::LinkKind::kFree || seen_[link.to] == now_) continue;
        seen_[link.to] = now_;
        todo.push_back(link.to);
      }
      if (matters) reached.push_back(todo[i]);
    }
    std::sort(reached.begin(), reached.end());
    return reached;
  }

  void fill(StateId id, const Subset& subset) {
    std::vector<Nfa::Link> byte_links, call_links;
    for (uint32_t s : subset)
      for (uint32_t l = nfa_.first_link[s]; l != Nfa::kNone; l = nfa_.links[l].next) {
        if (nfa_.links[l].kind == Nfa::LinkKind::kBytes) byte_links.push_back(nfa_.links[l]);
        if (nfa_.links[l].kind == Nfa::LinkKind::kCall) call_links.push_back(nfa_.links[l]);
      }
    const auto edges = edges_for(byte_links);
    const auto calls = calls_for(call_links);
    Automaton::State& state = out_.states[id];
    state.edges_begin = static_cast<uint32_t>(out_.edges.size());
    state.calls_begin = static_cast<uint32_t>(out_.calls.size());
    out_.edges.insert(out_.edges.end(), edges.begin(), edges.end());
    out_.calls.insert(out_.calls.end(), calls.begin(), calls.end());
    state.edges_end = static_cast<uint32_t>(out_.edges.size());
    state.calls_end = static_cast<uint32_t>(out_.calls.size());
    state.is_final = std::binary_search(subset.begin(), subset.end(), nfa_.end);
  }

  /// Between two cuts all bytes lead to the same states.
  std::vector<Automaton::Edge> edges_for(std::vector<Nfa::Link>& links) {
    std::array<bool, 257> cut = {};
    for (const Nfa::Link& l : links) cut[l.low] = cut[l.high + 1u] = true;
    std::sort(links.begin(), links.end(), [](const Nfa::Link& a, const Nfa::Link& b) { return a.low < b.low; });
    std::vector<Automaton::Edge> edges;
    for (uint32_t low = 0, high; low < 256; low = high + 1) {
      for (high = low; high < 255 && !cut[high + 1]; ++high) {
      }
      Subset targets;
      for (const Nfa::Link& l : links) {
        if (l.low > low) break;
        if (l.high >= high) targets.push_back(l.to);
      }
      grammar_.work(links.size());
      if (targets.empty()) continue;
      const StateId target = state_of(unique(targets));
      if (!edges.empty() && edges.back().target == target && edges.back().high + 1u == low)
        edges.back().high = static_cast<uint8_t>(high);
      else
        edges.push_back({static_cast<uint8_t>(low), static_cast<uint8_t>(high), target});
    }
    return edges;
  }

  std::vector<Automaton::Call> calls_for(std::vector<Nfa::Link>& links) {
    std::sort(links.begin(), links.end(), [](const Nfa::Link& a, const Nfa::Link& b) { return a.rule < b.rule; });
    std::vector<Automaton::Call> calls;
    for (size_t i = 0, end; i < links.size(); i = end) {
      Subset targets;
      for (end = i; end < links.size() && links[end].rule == links[i].rule; ++end) targets.push_back(links[end].to);
      calls.push_back({links[i].rule, state_of(unique(targets))});
    }
    return calls;
  }

  static const Subset& unique(Subset& s) {
    std::sort(s.begin(), s.end());
    s.erase(std::unique(s.begin(), s.end()), s.end());
    return s;
  }

  const Nfa& nfa_;
  Grammar& grammar_;
  Automaton& out_;
  std::unordered_map<Subset, StateId, SubsetHash> ids_;
  std::vector<const Subset*> subsets_;  // in the order of their states; keys of ids_ do not move
  std::vector<uint32_t> seen_;
  uint32_t now_ = 0;
};

}  // namespace

StateId determinize(const Nfa& nfa, Grammar& grammar, Automaton& out) { return Determinizer(nfa, grammar, out).run(); }

}  // namespace athanor::generate
