#include "athanor/run/generate/constraints/nfa.h"

#include <algorithm>

#include "athanor/core/base/cat.h"

namespace athanor::generate {
namespace {

constexpr uint64_t kInlineSize = 64, kOneStateSize = 2, kCopiesSize = 512, kHugeSize = 1'000'000'000;

}  // namespace

NfaMaker::NfaMaker(Grammar& grammar) : grammar_(grammar) { find_inlined(); }

std::vector<RuleId> NfaMaker::rules_used(ExprId body) {
  std::vector<RuleId> used;
  std::vector<ExprId> todo = {body};
  while (!todo.empty()) {
    const Expr& e = grammar_.expr(todo.back());
    grammar_.work();
    todo.pop_back();
    if (e.kind == ExprKind::kRule) used.push_back(e.index);
    if (e.kind == ExprKind::kList) todo.push_back(e.index);
    todo.insert(todo.end(), e.parts.begin(), e.parts.end());
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  return used;
}

/// Rules are looked at when all that they use have been (Kahn 1962); those that call themselves never are.
void NfaMaker::find_inlined() {
  const size_t count = grammar_.rule_count();
  inlined_.assign(count, false);
  std::vector<std::vector<RuleId>> users(count);
  std::vector<size_t> open(count);
  std::vector<RuleId> ready;
  for (RuleId r = 0; r < count; ++r) {
    if (!grammar_.rule_at(r).defined) {
      const std::string& name = grammar_.rule_at(r).name;
      grammar_.fail({"a rule is used but not defined", name, base::cat(name, " ::= ...")});
    }
    const auto used = rules_used(grammar_.rule_at(r).body);
    open[r] = used.size();
    if (used.empty()) ready.push_back(r);
    for (RuleId u : used) users[u].push_back(r);
  }
  while (!ready.empty()) {
    const RuleId r = ready.back();
    ready.pop_back();
    const Rule& rule = grammar_.rule_at(r);
    inlined_[r] = rule.may_inline && size_of(rule.body) <= kInlineSize;
    for (RuleId user : users[r])
      if (--open[user] == 0) ready.push_back(user);
  }
}

/// About how many states an expression needs. Every level counts, so what is small is also shallow.
uint64_t NfaMaker::size_of(ExprId id) {
  if (sizes_.size() <= id) sizes_.resize(id + 1);
  if (sizes_[id] != 0) return sizes_[id];
  const Expr& e = grammar_.expr(id);
  grammar_.work();
  uint64_t size = 1;
  for (ExprId part : e.parts) size += size_of(part);
  if (e.kind == ExprKind::kBytes) size += grammar_.text(e.index).size();
  if (e.kind == ExprKind::kChars) size += grammar_.set(e.index).ranges().size();
  if (e.kind == ExprKind::kList) size += e.parts.size() * size_of(e.index);
  if (e.kind == ExprKind::kRule && inlined_[e.index]) size += size_of(grammar_.rule_at(e.index).body);
  if (e.kind == ExprKind::kRepeat) size *= static_cast<uint64_t>(std::max<int64_t>(1, e.max == kUnbounded ? e.min + 1 : e.max));
  return sizes_[id] = std::min(size, kHugeSize);
}

Nfa NfaMaker::make(RuleId rule) {
  nfa_ = {};
  nfa_.start = state();
  nfa_.end = add(grammar_.rule_at(rule).body, nfa_.start);
  return std::move(nfa_);
}

uint32_t NfaMaker::state() {
  grammar_.work();
  if (nfa_.first_link.size() > 20 * grammar_.origin().most_states)
    grammar_.fail({"too large", "", base::cat("an automaton of at most ", grammar_.origin().most_states, " states"),
                   "smaller counts or fewer alternatives"});
  nfa_.first_link.push_back(Nfa::kNone);
  return static_cast<uint32_t>(nfa_.first_link.size() - 1);
}

void NfaMaker::link(uint32_t from, Nfa::Link link) {
  link.next = nfa_.first_link[from];
  nfa_.first_link[from] = static_cast<uint32_t>(nfa_.links.size());
  nfa_.links.push_back(link);
}

uint32_t NfaMaker::call(RuleId rule, uint32_t from) {
  const uint32_t to = state();
  link(from, {.to = to, .next = 0, .rule = rule, .kind = Nfa::LinkKind::kCall});
  return to;
}

uint32_t NfaMaker::add(ExprId id, uint32_t from) {
  const Expr& e = grammar_.expr(id);
  switch (e.kind) {
    case ExprKind::kBytes:
      return add_bytes(grammar_.text(e.index), from);
    case ExprKind::kChars:
      return add_chars(grammar_.set(e.index), from);
    case ExprKind::kSequence:
      return add_sequence(e, from);
    case ExprKind::kChoice:
      return add_choice(e, from);
    case ExprKind::kRepeat:
      return add_repeat(e, from);
    case ExprKind::kList:
      return add_list(e, from);
    case ExprKind::kRule:
      break;
  }
  return e.index < inlined_.size() && inlined_[e.index] ? add(grammar_.rule_at(e.index).body, from) : call(e.index, from);
}

uint32_t NfaMaker::add_bytes(const std::string& text, uint32_t from) {
  for (char c : text) {
    const uint32_t to = state();
    const auto byte = static_cast<uint8_t>(c);
    link(from, {.to = to, .next = 0, .low = byte, .high = byte, .kind = Nfa::LinkKind::kBytes});
    from = to;
  }
  return from;
}

/// Sequences that end alike share the states of their ends.
uint32_t NfaMaker::add_chars(const CharSet& set, uint32_t from) {
  const uint32_t end = state();
  std::map<ByteSequence, uint32_t> before;  // the state from which these ranges lead to the end
  before[{}] = end;
  for (const ByteSequence& sequence : utf8_sequences(set)) {
    for (size_t i = sequence.size(); i-- > 0;) {
      ByteSequence rest(sequence.begin() + static_cast<ptrdiff_t>(i), sequence.end());
      if (i > 0 && before.contains(rest)) continue;
      const uint32_t to = before.at({rest.begin() + 1, rest.end()});
      const uint32_t at = i == 0 ? from : state();
      link(at, {.to = to, .next = 0, .low = rest[0].low, .high = rest[0].high, .kind = Nfa::LinkKind::kBytes});
      if (i > 0) before[rest] = at;
    }
  }
  return end;
}

uint32_t NfaMaker::add_sequence(const Expr& e, uint32_t from) {
  const auto min = static_cast<size_t>(e.min);
  const uint32_t end = min < e.parts.size() ? state() : 0;
  for (size_t i = 0; i < e.parts.size(); ++i) {
    if (i >= min) free_step(from, end);
    from = add(e.parts[i], from);
  }
  if (min >= e.parts.size()) return from;
  free_step(from, end);
  return end;
}

uint32_t NfaMaker::add_choice(const Expr& e, uint32_t from) {
  const uint32_t end = state();
  for (ExprId part : e.parts) free_step(add(part, from), end);
  return end;
}

uint32_t NfaMaker::add_copy(ExprId part, bool as_call, uint32_t from) {
  if (!as_call) return add(part, from);
  const Expr& e = grammar_.expr(part);
  if (e.kind == ExprKind::kRule) return call(e.index, from);
  auto found = own_rule_of_.find(part);
  if (found == own_rule_of_.end()) {
    const RuleId rule = grammar_.add_rule("(repeated)", false);
    grammar_.define(rule, part);
    found = own_rule_of_.emplace(part, rule).first;
  }
  return call(found->second, from);
}

uint32_t NfaMaker::add_repeat(const Expr& e, uint32_t from) {
  const ExprId part = e.parts[0];
  const bool unbounded = e.max == kUnbounded;
  const int64_t copies = unbounded ? e.min + 1 : e.max;
  const bool as_call = copies > 1 && size_of(part) > kOneStateSize && size_of(part) * static_cast<uint64_t>(copies) > kCopiesSize;
  for (int64_t i = 0; i < e.min; ++i) from = add_copy(part, as_call, from);
  if (unbounded) {
    const uint32_t loop = state();
    free_step(from, loop);
    free_step(add_copy(part, as_call, loop), loop);
    const uint32_t end = state();
    free_step(loop, end);
    return end;
  }
  if (e.max == e.min) return from;
  const uint32_t end = state();
  for (int64_t i = e.min; i < e.max; ++i) {
    free_step(from, end);
    from = add_copy(part, as_call, from);
  }
  free_step(from, end);
  return end;
}

/// Two tracks side by side: on `first` nothing was written yet, on `later` something was and the separator is due.
uint32_t NfaMaker::add_list(const Expr& e, uint32_t from) {
  uint32_t first = from, later = Nfa::kNone;
  for (size_t i = 0; i < e.parts.size(); ++i) {
    const uint32_t begin = state(), next = state();
    if (first != Nfa::kNone) free_step(first, begin);
    if (later != Nfa::kNone) free_step(add(e.index, later), begin);
    free_step(add(e.parts[i], begin), next);
    if (e.optional[i] && later != Nfa::kNone) free_step(later, next);
    if (!e.optional[i]) first = Nfa::kNone;
    later = next;
  }
  const uint32_t end = state();
  if (first != Nfa::kNone) free_step(first, end);
  if (later != Nfa::kNone) free_step(later, end);
  return end;
}

}  // namespace athanor::generate
