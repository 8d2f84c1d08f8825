#include "athanor/core/text/templates/tests.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/arithmetic.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/filters.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/loop.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/represent.h"

namespace athanor::text::templates {
namespace {

template <Kind kind>
bool is(Interpreter&, const Value& value, const Given&) {
  return value.is(kind);
}

template <bool wanted>
bool is_boolean(Interpreter&, const Value& value, const Given&) {
  return value.is(Kind::kBool) && (value.whole() != 0) == wanted;
}

bool defined(Interpreter&, const Value& value, const Given&) { return !value.is_undefined(); }
bool is_number(Interpreter&, const Value& value, const Given&) { return value.is_number(); }
bool escaped(Interpreter&, const Value& value, const Given&) { return value.safe(); }
bool iterates(Interpreter&, const Value& value, const Given&) { return iterable(value) || value.special_as<Loop>(); }

bool is_callable(Interpreter&, const Value& value, const Given&) {
  return value.is_undefined() || (value.is(Kind::kSpecial) && value.as<Special>().callable());
}

bool is_sequence(Interpreter&, const Value& value, const Given&) {
  return value.is_undefined() || value.is_string() || value.is_sequence() || value.is(Kind::kDict) || value.is(Kind::kRange);
}

bool lower(Interpreter& in, const Value& value, const Given&) { return is_lower_text(str_of(value, in.budget())); }
bool upper(Interpreter& in, const Value& value, const Given&) { return is_upper_text(str_of(value, in.budget())); }

bool leaves(Interpreter& in, const Value& value, int64_t by, int64_t rest) {
  return equal(calculate(in, "%", value, Value::integer(by)), Value::integer(rest), in.budget());
}
bool odd(Interpreter& in, const Value& value, const Given&) { return leaves(in, value, 2, 1); }
bool even(Interpreter& in, const Value& value, const Given&) { return leaves(in, value, 2, 0); }
bool divisible(Interpreter& in, const Value& value, const Given& given) {
  return equal(calculate(in, "%", value, given[0]), Value::integer(0), in.budget());
}

bool same(Interpreter& in, const Value& value, const Given& given) {
  if (value.kind() != given[0].kind()) return false;
  bool scalar = value.is_none() || value.is_number() || value.is_string();
  return scalar ? equal(value, given[0], in.budget()) : value.identity() == given[0].identity();
}

bool inside(Interpreter& in, const Value& value, const Given& given) { return contains(in, given[0], value); }
bool eq(Interpreter& in, const Value& value, const Given& given) { return equal(value, given[0], in.budget()); }
bool ne(Interpreter& in, const Value& value, const Given& given) { return !equal(value, given[0], in.budget()); }
bool lt(Interpreter& in, const Value& value, const Given& given) { return less(value, given[0], in.budget(), "<"); }
bool gt(Interpreter& in, const Value& value, const Given& given) { return less(given[0], value, in.budget(), ">"); }
bool le(Interpreter& in, const Value& value, const Given& given) { return lt(in, value, given) || eq(in, value, given); }
bool ge(Interpreter& in, const Value& value, const Given& given) { return gt(in, value, given) || eq(in, value, given); }

bool names_filter(Interpreter&, const Value& value, const Given&) { return value.is_string() && find_filter(value.text()); }
bool names_test(Interpreter&, const Value& value, const Given&) { return value.is_string() && find_test(value.text()); }

constexpr TestRow kTests[] = {
    {"!=", "other", ne},
    {"<", "other", lt},
    {"<=", "other", le},
    {"==", "other", eq},
    {">", "other", gt},
    {">=", "other", ge},
    {"boolean", "", is<Kind::kBool>},
    {"callable", "", is_callable},
    {"defined", "", defined},
    {"divisibleby", "num", divisible},
    {"eq", "other", eq},
    {"equalto", "other", eq},
    {"escaped", "", escaped},
    {"even", "", even},
    {"false", "", is_boolean<false>},
    {"filter", "", names_filter},
    {"float", "", is<Kind::kFloat>},
    {"ge", "other", ge},
    {"greaterthan", "other", gt},
    {"gt", "other", gt},
    {"in", "seq", inside},
    {"integer", "", is<Kind::kInt>},
    {"iterable", "", iterates},
    {"le", "other", le},
    {"lessthan", "other", lt},
    {"lower", "", lower},
    {"lt", "other", lt},
    {"mapping", "", is<Kind::kDict>},
    {"ne", "other", ne},
    {"none", "", is<Kind::kNone>},
    {"number", "", is_number},
    {"odd", "", odd},
    {"sameas", "other", same},
    {"sequence", "", is_sequence},
    {"string", "", is<Kind::kString>},
    {"test", "", names_test},
    {"true", "", is_boolean<true>},
    {"undefined", "", is<Kind::kUndefined>},
    {"upper", "", upper},
};

}  // namespace

const TestRow* find_test(std::string_view name) {
  for (const TestRow& row : kTests)
    if (name == row.name) return &row;
  return nullptr;
}

bool run_test(Interpreter& interpreter, std::string_view name, const Value& value, Arguments& arguments) {
  const TestRow* row = find_test(name);
  if (!row) fault(base::cat("No test named '", name, "' found"));
  interpreter.budget().step();
  return row->run(interpreter, value, Given(row->name, row->parameters, arguments));
}

}  // namespace athanor::text::templates
