// Moore's refinement (1956), stopped after as many rounds as a token has bytes: after round r two states of one class read the same
// texts of up to r bytes. A round looks only at states from which one leads to a state whose class has changed. A call reads at
// least one byte before it comes back, so the state to come back to counts with its class of the round before; where the rule may
// read nothing, it counts as itself. Checked by comparing masks with those that trying every token gives.

#include "athanor/run/generate/constraints/stand_ins.h"

#include <algorithm>
#include <numeric>

namespace athanor::generate {
namespace {

constexpr size_t kMostRefinementWork = 20'000'000;  // steps: some tens of milliseconds

using Signature = std::vector<uint64_t>;

class Refinement {
 public:
  explicit Refinement(const Automaton& a)
      : a_(a), class_of_(a.states.size()), before_(a.states.size()), nullable_(a.states.size()), sizes_(2), kept_(2) {
    find_nullable();
    for (StateId s = 0; s < a.states.size(); ++s) {
      class_of_[s] = a.states[s].is_final;
      ++sizes_[class_of_[s]];
      for (const Automaton::Edge& e : a.edges_of(s)) before_[e.target].push_back(s);
      for (const Automaton::Call& c : a.calls_of(s)) before_[c.back].push_back(s);
    }
  }

  /// False where it takes too long.
  bool run(size_t rounds) {
    std::vector<StateId> touched(a_.states.size());
    std::iota(touched.begin(), touched.end(), 0);
    for (size_t round = 0; round < rounds && !touched.empty(); ++round) {
      const std::vector<StateId> changed = split(touched);
      touched.clear();
      for (StateId s : changed) touched.insert(touched.end(), before_[s].begin(), before_[s].end());
      std::sort(touched.begin(), touched.end());
      touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
      if (work_ > kMostRefinementWork) return false;
    }
    return true;
  }

  std::vector<StateId> first_of_each_class() const {
    std::vector<StateId> first(sizes_.size(), ~0u), out(class_of_.size());
    for (StateId s = 0; s < out.size(); ++s) out[s] = first[class_of_[s]] = std::min(first[class_of_[s]], s);
    return out;
  }

 private:
  /// States from which a rule may be over without a byte.
  void find_nullable() {
    for (bool changed = true; changed && work_ < kMostRefinementWork;) {
      changed = false;
      for (StateId s = 0; s < a_.states.size(); ++s) {
        ++work_;
        if (nullable_[s]) continue;
        const auto calls = a_.calls_of(s);
        nullable_[s] = a_.states[s].is_final || std::any_of(calls.begin(), calls.end(),
                                                            [&](const auto& c) { return nullable_[c.start] && nullable_[c.back]; });
        changed |= nullable_[s];
      }
    }
  }

  /// Where a state leads, by classes: bytes first, then calls.
  Signature signature(StateId s) {
    Signature out;
    const auto edges = a_.edges_of(s);
    for (size_t i = 0; i < edges.size(); ++i) {
      const uint64_t target = class_of_[edges[i].target];
      uint64_t low = edges[i].low;
      if (!out.empty() && out.back() == target && (out[out.size() - 2] & 0xff) + 1 == low) {  // one range with the one before
        low = out[out.size() - 2] >> 8;
        out.resize(out.size() - 2);
      }
      out.insert(out.end(), {low << 8 | edges[i].high, target});
    }
    const auto calls_begin = static_cast<std::ptrdiff_t>(out.size());
    for (const Automaton::Call& c : a_.calls_of(s)) {
      const uint64_t back = nullable_[c.start] ? uint64_t{c.back} << 1 | 1 : uint64_t{class_of_[c.back]} << 1;
      out.push_back(uint64_t{1} << 63 | uint64_t{c.start} << 31 << 1 | back);
    }
    std::sort(out.begin() + calls_begin, out.end());
    work_ += edges.size() + out.size() + 4;
    return out;
  }

  /// Gives the states whose class has changed.
  std::vector<StateId> split(const std::vector<StateId>& touched) {
    struct Member {
      uint32_t old_class;
      Signature signature;
      StateId state;
    };
    std::vector<Member> members;
    for (StateId s : touched) members.push_back({class_of_[s], signature(s), s});
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return a.old_class != b.old_class ? a.old_class < b.old_class : a.signature < b.signature;
    });
    std::vector<StateId> changed;
    for (size_t begin = 0, end; begin < members.size(); begin = end) {
      const uint32_t old_class = members[begin].old_class;
      for (end = begin; end < members.size() && members[end].old_class == old_class;) ++end;
      // Those of the class that were not touched have the signature that all had; where there are none, the first part stays.
      if (end - begin == sizes_[old_class]) kept_[old_class] = members[begin].signature;
      for (size_t i = begin; i < end; ++i) {
        if (members[i].signature == kept_[old_class]) continue;
        if (i == begin || members[i].signature != members[i - 1].signature) {
          sizes_.push_back(0);
          kept_.push_back(members[i].signature);
        }
        class_of_[members[i].state] = static_cast<uint32_t>(sizes_.size() - 1);
        ++sizes_.back();
        --sizes_[old_class];
        changed.push_back(members[i].state);
      }
    }
    return changed;
  }

  const Automaton& a_;
  std::vector<uint32_t> class_of_;
  std::vector<std::vector<StateId>> before_;  // per state, those that lead to it
  std::vector<bool> nullable_;
  std::vector<size_t> sizes_;    // per class
  std::vector<Signature> kept_;  // per class
  size_t work_ = 0;
};

}  // namespace

std::vector<StateId> stand_ins(const Automaton& automaton, size_t bytes) {
  Refinement refinement(automaton);
  if (refinement.run(bytes)) return refinement.first_of_each_class();
  std::vector<StateId> themselves(automaton.states.size());
  std::iota(themselves.begin(), themselves.end(), 0);
  return themselves;
}

}  // namespace athanor::generate
