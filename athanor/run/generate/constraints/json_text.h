#pragma once
// JSON as expressions of a grammar: what a schema's parts are made of. Values that are alike everywhere are rules of their own, so
// that their token masks are shared.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

/// A bound, rounded inwards to a whole number.
struct NumberBound {
  int64_t value;
  bool exclusive = false;
};

class JsonText {
 public:
  explicit JsonText(Grammar& grammar);

  /// Between the parts of a value: nothing, a space, or a new line with some indentation.
  ExprId space() { return grammar_.rule(space_); }
  /// One character of the set as a string spells it.
  ExprId string_char(const CharSet& set);
  ExprId string() { return grammar_.rule(string_); }
  ExprId string_of_length(int64_t min, int64_t max);
  ExprId quoted(ExprId inside) { return grammar_.sequence({grammar_.bytes("\""), inside, grammar_.bytes("\"")}); }
  /// A string that is none of these, without escapes.
  ExprId other_string(const std::vector<std::string>& names);
  ExprId number() { return grammar_.rule(number_); }
  ExprId integer() { return grammar_.rule(integer_); }
  ExprId number_between(std::optional<NumberBound> low, std::optional<NumberBound> high, bool whole);
  /// "[" items "]" and "{" members "}" with space.
  ExprId array(ExprId items, bool may_be_empty);
  ExprId object(ExprId members, bool may_be_empty);
  ExprId comma() { return grammar_.sequence({grammar_.bytes(","), space()}); }
  ExprId nothing() { return grammar_.choice({}); }
  /// Anything, and anything of a kind.
  ExprId value() { return grammar_.rule(value_); }
  ExprId any_array() { return grammar_.rule(array_); }
  ExprId any_object() { return grammar_.rule(object_); }

 private:
  ExprId free_char();
  ExprId enclosed(const char* open, ExprId inside, bool may_be_empty, const char* close);
  ExprId digits_between(std::string_view low, std::string_view high);
  ExprId whole_between(int64_t low, int64_t high);
  ExprId magnitude(NumberBound low, NumberBound high, bool whole);
  void define_values();

  Grammar& grammar_;
  RuleId space_, char_, string_, number_, integer_, value_, array_, object_;
};

}  // namespace athanor::generate
