#include "athanor/core/text/templates/compare.h"

#include <algorithm>
#include <string_view>

#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/python_text.h"

namespace athanor::text::templates {
namespace {

bool equal_items(const Values& a, const Values& b, Budget& budget) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!equal(a[i], b[i], budget)) return false;
  return true;
}

bool equal_dicts(const Dict& a, const Dict& b, Budget& budget) {
  if (a.pairs().size() != b.pairs().size()) return false;
  for (const auto& [key, value] : a.pairs()) {
    const Value* other = b.find(key, budget);
    if (!other || !equal(value, *other, budget)) return false;
  }
  return true;
}

bool equal_ranges(const Range& a, const Range& b) {
  return a.length == b.length && (a.length == 0 || (a.start == b.start && (a.length == 1 || a.step == b.step)));
}

bool less_numbers(const Value& a, const Value& b) {
  return a.is_whole() && b.is_whole() ? a.whole() < b.whole() : a.real() < b.real();
}

}  // namespace

bool truth(Interpreter& interpreter, const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return false;
    case Kind::kBool:
    case Kind::kInt:
      return value.whole() != 0;
    case Kind::kFloat:
      return value.real() != 0;
    case Kind::kIterator:
      return true;
    default: {
      auto length = length_of(interpreter, value);
      return !length || *length != 0;
    }
  }
}

bool hashable(const Value& value) {
  if (value.is(Kind::kTuple)) return std::all_of(value.items().begin(), value.items().end(), hashable);
  return !value.is(Kind::kList) && !value.is(Kind::kDict) && !(value.is(Kind::kView) && value.as<View>().part != ViewPart::kValues);
}

bool equal(const Value& a, const Value& b, Budget& budget) {
  budget.step();
  if (a.is_number() && b.is_number()) return a.is_whole() && b.is_whole() ? a.whole() == b.whole() : a.real() == b.real();
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return true;
    case Kind::kString:
      budget.bytes(std::min(a.text().size(), b.text().size()));
      return a.text() == b.text();
    case Kind::kList:
    case Kind::kTuple:
      return equal_items(a.items(), b.items(), budget);
    case Kind::kDict:
      return equal_dicts(a.entries(), b.entries(), budget);
    case Kind::kRange:
      return equal_ranges(a.as<Range>(), b.as<Range>());
    default:
      return a.identity() == b.identity();
  }
}

bool less(const Value& a, const Value& b, Budget& budget, const char* sign) {
  budget.step();
  if (a.is_number() && b.is_number()) return less_numbers(a, b);
  if (a.is_string() && b.is_string()) {
    budget.bytes(std::min(a.text().size(), b.text().size()));
    return a.text() < b.text();  // UTF-8 keeps the order of code points
  }
  if (a.is_sequence() && a.kind() == b.kind()) {
    const Values &x = a.items(), &y = b.items();
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!equal(x[i], y[i], budget)) return less(x[i], y[i], budget, sign);
    return x.size() < y.size();
  }
  if (a.is_undefined()) fault(a.text());
  if (b.is_undefined()) fault(b.text());
  fault(std::string("'") + sign + "' not supported between instances of '" + type_name(a) + "' and '" + type_name(b) + "'");
}

bool contains(Interpreter& interpreter, const Value& haystack, const Value& needle) {
  Budget& budget = interpreter.budget();
  if (haystack.is_string()) {
    if (!needle.is_string()) fault("'in <string>' requires string as left operand, not " + type_name(needle));
    budget.bytes(haystack.text().size());
    return find_text(haystack.text(), needle.text()) != std::string_view::npos;
  }
  if (haystack.is(Kind::kDict)) return haystack.entries().find(needle, budget) != nullptr;
  if (haystack.is(Kind::kView) && haystack.as<View>().part == ViewPart::kKeys)
    return haystack.as<View>().dict.entries().find(needle, budget) != nullptr;
  if (haystack.is_sequence()) {
    for (const Value& item : haystack.items())
      if (equal(item, needle, budget)) return true;
    return false;
  }
  if (!iterable(haystack)) fault("argument of type '" + type_name(haystack) + "' is not iterable");
  for (const Value& item : iterate(interpreter, haystack))
    if (equal(item, needle, budget)) return true;
  return false;
}

}  // namespace athanor::text::templates
