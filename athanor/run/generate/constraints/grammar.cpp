#include "athanor/run/generate/constraints/grammar.h"

#include <algorithm>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/stop.h"

namespace athanor::generate {

void Grammar::fail(const base::Complaint& complaint) const {
  base::Complaint named = complaint;
  if (!origin_.source.empty()) named.what = origin_.source + ": " + named.what;
  throw base::Error(origin_.kind, origin_.where, named);
}

void Grammar::work(uint64_t steps) {
  fuel_.burn(steps);
  since_look_ += steps;
  if (since_look_ < 4096) return;
  since_look_ = 0;
  deadline_.check();
  if (base::stop_requested()) base::input_error(origin_.where, {"interrupted"});
}

ExprId Grammar::add(Expr expr) {
  work(1 + expr.parts.size());
  for (ExprId part : expr.parts) expr.depth = std::max(expr.depth, exprs_[part].depth + 1);
  if (expr.kind == ExprKind::kList) expr.depth = std::max(expr.depth, exprs_[expr.index].depth + 1);
  if (expr.depth > kDeepestExpr) fail({"nested too deeply", base::cat(expr.depth, " levels"), base::cat("at most ", kDeepestExpr)});
  if (exprs_.size() >= kMostExprs) fail({"too large", "", base::cat("at most ", kMostExprs, " parts")});
  exprs_.push_back(std::move(expr));
  return static_cast<ExprId>(exprs_.size() - 1);
}

ExprId Grammar::bytes(std::string_view text) {
  text_bytes_ += text.size();
  if (text_bytes_ > kMostTextBytes)
    fail({"too much text", base::human_bytes(static_cast<double>(text_bytes_)),
          base::cat("at most ", base::human_bytes(kMostTextBytes))});
  texts_.emplace_back(text);
  return add({.kind = ExprKind::kBytes, .index = static_cast<uint32_t>(texts_.size() - 1)});
}

ExprId Grammar::chars(const CharSet& set) {
  sets_.push_back(set);
  return add({.kind = ExprKind::kChars, .index = static_cast<uint32_t>(sets_.size() - 1)});
}

ExprId Grammar::sequence(std::vector<ExprId> parts) {
  const size_t all = parts.size();
  return all == 1 ? parts[0] : sequence_from(std::move(parts), all);
}

ExprId Grammar::sequence_from(std::vector<ExprId> parts, size_t min) {
  return add({.kind = ExprKind::kSequence, .min = static_cast<int64_t>(min), .parts = std::move(parts)});
}

ExprId Grammar::choice(std::vector<ExprId> parts) {
  return parts.size() == 1 ? parts[0] : add({.kind = ExprKind::kChoice, .parts = std::move(parts)});
}

ExprId Grammar::repeat(ExprId part, int64_t min, int64_t max) {
  if (min < 0 || max < min)
    fail({"a repetition ends before it begins", base::cat("{", min, ",", max, "}"), "the smaller count first"});
  if (min > kMostRepeats || (max != kUnbounded && max > kMostRepeats))
    fail({"a repetition counts too far", base::cat(min > kMostRepeats ? min : max), base::cat("at most ", kMostRepeats)});
  return add({.kind = ExprKind::kRepeat, .min = min, .max = max, .parts = {part}});
}

ExprId Grammar::list(std::vector<ExprId> parts, std::vector<bool> optional, ExprId separator) {
  return add({.kind = ExprKind::kList, .index = separator, .parts = std::move(parts), .optional = std::move(optional)});
}

ExprId Grammar::rule(RuleId id) { return add({.kind = ExprKind::kRule, .index = id}); }

RuleId Grammar::add_rule(std::string name, bool may_inline) {
  if (rules_.size() >= kMostRules) fail({"too many rules", "", base::cat("at most ", kMostRules)});
  rules_.push_back({.name = std::move(name), .may_inline = may_inline});
  return static_cast<RuleId>(rules_.size() - 1);
}

void Grammar::define(RuleId id, ExprId body) {
  rules_[id].body = body;
  rules_[id].defined = true;
}

}  // namespace athanor::generate
