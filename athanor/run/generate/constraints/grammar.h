#pragma once
// What the four front ends write: rules made of expressions over bytes and characters. It knows its limits: too many rules or
// expressions, or too deep ones, are an error while they are written, so nothing later recurses or grows without bound.

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/budget.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/constraints/char_set.h"

namespace athanor::generate {

/// Where a constraint's text is from, for messages, and what it may cost.
struct GrammarOrigin {
  const char* where = "generate.grammar";
  std::string source = {};  // a file's name, or empty
  base::ErrorKind kind = base::ErrorKind::kFile;
  size_t most_states = 20'000;  // of the automaton
};

inline constexpr size_t kMostRules = 5'000, kMostExprs = 400'000, kMostTextBytes = size_t{4} << 20;
inline constexpr int kDeepestExpr = 400, kDeepestNesting = 32;
inline constexpr int64_t kMostRepeats = 4'096, kUnbounded = std::numeric_limits<int64_t>::max();
inline constexpr uint64_t kCompileSteps = 100'000'000;
inline constexpr std::chrono::milliseconds kCompileTime{10'000};

using ExprId = uint32_t;
using RuleId = uint32_t;

enum class ExprKind : uint8_t {
  kBytes,     // these bytes
  kChars,     // one character of a set
  kSequence,  // its parts one after another; it may end after the first `min` of them
  kChoice,    // one of its parts; none: it matches nothing
  kRepeat,    // its part, min to max times
  kList,      // its parts in their order with a separator between those that are there; `optional` ones may be left out
  kRule,      // what another rule matches
};

struct Expr {
  ExprKind kind;
  uint32_t index = 0;  // of the bytes, the set, the separator or the rule
  int64_t min = 0, max = 0;
  std::vector<ExprId> parts = {};
  std::vector<bool> optional = {};
  int depth = 1;
};

struct Rule {
  std::string name;
  ExprId body = 0;
  bool defined = false;
  bool may_inline = true;  // written out where it is used, if it is small
};

class Grammar {
 public:
  explicit Grammar(GrammarOrigin origin)
      : origin_(std::move(origin)), fuel_(kCompileSteps, origin_.where), deadline_(kCompileTime, origin_.where) {}

  ExprId bytes(std::string_view text);
  ExprId chars(const CharSet& set);
  ExprId sequence(std::vector<ExprId> parts);
  /// A sequence that may end after the first `min` parts, or any later one.
  ExprId sequence_from(std::vector<ExprId> parts, size_t min);
  ExprId choice(std::vector<ExprId> parts);
  ExprId optional(ExprId part) { return repeat(part, 0, 1); }
  ExprId repeat(ExprId part, int64_t min, int64_t max = kUnbounded);
  ExprId list(std::vector<ExprId> parts, std::vector<bool> optional, ExprId separator);
  ExprId rule(RuleId id);

  RuleId add_rule(std::string name, bool may_inline = true);
  void define(RuleId id, ExprId body);
  /// The rule that the whole text must match.
  RuleId root = 0;

  const Expr& expr(ExprId id) const { return exprs_[id]; }
  const Rule& rule_at(RuleId id) const { return rules_[id]; }
  size_t rule_count() const { return rules_.size(); }
  const std::string& text(uint32_t index) const { return texts_[index]; }
  const CharSet& set(uint32_t index) const { return sets_[index]; }
  const GrammarOrigin& origin() const { return origin_; }

  /// Throws an error of the origin's kind that begins with its name.
  [[noreturn]] void fail(const base::Complaint& complaint) const;
  /// Counts work; an error where it is too much, takes too long, or the user wants to stop.
  void work(uint64_t steps = 1);

 private:
  ExprId add(Expr expr);

  GrammarOrigin origin_;
  std::vector<Expr> exprs_;
  std::deque<Rule> rules_;  // references stay good while rules are added
  std::vector<std::string> texts_;
  std::vector<CharSet> sets_;
  size_t text_bytes_ = 0;
  base::Fuel fuel_;
  base::Deadline deadline_;
  uint64_t since_look_ = 0;
};

}  // namespace athanor::generate
