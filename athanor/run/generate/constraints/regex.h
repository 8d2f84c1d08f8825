#pragma once
// A regular expression as an expression of a grammar.

#include <functional>
#include <string_view>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

struct RegexOptions {
  /// False: the whole text matches. True: a part of it does, unless ^ and $ say otherwise (JSON Schema's `pattern`).
  bool part = false;
  /// How one character of a set is written; by default as UTF-8.
  std::function<ExprId(const CharSet&)> chars = {};
};

/// Errors of the grammar's origin, with the place, for what is malformed or outside the subset of docs/constraints.md.
ExprId parse_regex(Grammar& grammar, std::string_view pattern, const RegexOptions& options = {});

}  // namespace athanor::generate
