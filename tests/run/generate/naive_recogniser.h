#pragma once
// Whether a text matches a grammar, by trying everything: the places where an expression that begins at a place may end. It knows
// nothing of automata; slow, and right by looking at it. The grammar must not be left-recursive.

#include <map>
#include <set>
#include <string_view>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

class NaiveRecogniser {
 public:
  NaiveRecogniser(const Grammar& grammar, std::string_view text) : g_(grammar), text_(text) {}
  bool matches() { return ends(g_.rule_at(g_.root).body, 0).contains(text_.size()); }

 private:
  using Ends = std::set<size_t>;

  const Ends& ends(ExprId id, size_t at) {
    const auto key = std::pair(id, at);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    Ends all = find_ends(id, g_.expr(id), at);
    return known_.emplace(key, std::move(all)).first->second;
  }

  Ends find_ends(ExprId id, const Expr& e, size_t at) {
    switch (e.kind) {
      case ExprKind::kBytes:
        return text_.substr(at).starts_with(g_.text(e.index)) ? Ends{at + g_.text(e.index).size()} : Ends{};
      case ExprKind::kChars:
        return char_end(g_.set(e.index), at);
      case ExprKind::kSequence:
        return sequence(e, at);
      case ExprKind::kChoice: {
        Ends all;
        for (ExprId part : e.parts) all.merge(Ends(ends(part, at)));
        return all;
      }
      case ExprKind::kRepeat:
        return repeat(e, at);
      case ExprKind::kList:
        return list(e, at, 0, false);
      case ExprKind::kRule:
        return ends(g_.rule_at(e.index).body, at);
    }
    return id == 0 ? Ends{} : Ends{};
  }

  Ends char_end(const CharSet& set, size_t at) {
    for (const CharRange& r : set.ranges())
      for (size_t n = 1; n <= 4 && at + n <= text_.size(); ++n)
        if (const uint32_t c = decode(text_.substr(at, n)); c >= r.low && c <= r.high) return {at + n};
    return {};
  }

  /// The character that these bytes spell, or an impossible one.
  static uint32_t decode(std::string_view bytes) {
    const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
    const uint32_t b = byte(0);
    const size_t n = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;
    if (n != bytes.size()) return ~0u;
    uint32_t c = n == 1 ? b : b & (0x7fu >> n);
    for (size_t i = 1; i < n; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return ~0u;
      c = c << 6 | (byte(i) & 0x3f);
    }
    const bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
    return overlong || (c >= 0xd800 && c < 0xe000) ? ~0u : c;
  }

  Ends sequence(const Expr& e, size_t at) {
    Ends here = {at}, all;
    for (size_t i = 0; i < e.parts.size(); ++i) {
      if (i >= static_cast<size_t>(e.min)) all.insert(here.begin(), here.end());
      Ends next;
      for (size_t place : here) next.merge(Ends(ends(e.parts[i], place)));
      here = next;
    }
    all.merge(here);
    return all;
  }

  Ends repeat(const Expr& e, size_t at) {
    Ends here = {at}, all;
    for (int64_t i = 0; i <= e.max && !here.empty() && i <= e.min + static_cast<int64_t>(text_.size()) + 1; ++i) {
      if (i >= e.min) all.insert(here.begin(), here.end());
      Ends next;
      for (size_t place : here) next.merge(Ends(ends(e.parts[0], place)));
      here = next;
    }
    return all;
  }

  Ends list(const Expr& e, size_t at, size_t from, bool later) {
    if (from == e.parts.size()) return {at};
    Ends all;
    if (e.optional[from]) all = list(e, at, from + 1, later);
    for (size_t begin : later ? Ends(ends(e.index, at)) : Ends{at})
      for (size_t end : Ends(ends(e.parts[from], begin))) all.merge(list(e, end, from + 1, true));
    return all;
  }

  const Grammar& g_;
  std::string_view text_;
  std::map<std::pair<ExprId, size_t>, Ends> known_;
};

}  // namespace athanor::generate
