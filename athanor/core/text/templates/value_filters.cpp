#include "athanor/core/text/templates/value_filters.h"

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/arithmetic.h"
#include "athanor/core/text/templates/attributes.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/json_text.h"
#include "athanor/core/text/templates/number_text.h"

namespace athanor::text::templates {
namespace {

double number_of(const Value& value, const char* filter) {
  if (value.is_undefined()) fault(value.text());
  if (!value.is_number()) fault(base::cat(filter, " needs a number, not ", type_name(value)));
  return value.real();
}

Value absolute(Interpreter&, const Value& value, const Given&) {
  bool negative = number_of(value, "abs") < 0;
  return with_sign(value, negative);
}

Value attribute(Interpreter& in, const Value& value, const Given& given) {
  if (value.is_undefined()) fault(value.text());
  auto own = own_attribute(in, value, given.text(0));
  return own ? *own : Value::undefined(base::cat("'", type_name(value), " object' has no attribute '", given.text(0), "'"));
}

Value otherwise(Interpreter& in, const Value& value, const Given& given) {
  bool lacks = value.is_undefined() || (given.truth(in, 1, false) && !truth(in, value));
  return lacks ? given.value_or(0, Value::string("")) : value;
}

Value to_float(Interpreter&, const Value& value, const Given& given) {
  if (value.is_undefined()) fault(value.text());
  if (value.is_number()) return Value::number(value.real());
  auto read = value.is_string() ? read_float(value.text()) : std::nullopt;
  return read ? Value::number(*read) : given.value_or(0, Value::number(0));
}

Value to_int(Interpreter&, const Value& value, const Given& given) {
  if (value.is_undefined()) fault(value.text());
  if (value.is_whole()) return Value::integer(value.whole());
  std::optional<int64_t> whole;
  std::optional<double> real;
  if (value.is_string()) {
    whole = read_integer(value.text(), static_cast<int>(std::clamp<int64_t>(given.whole(1, 10), -1, 99)));
    real = read_float(value.text());
  } else if (value.is_number()) {
    real = value.real();
  }
  if (!whole && real && std::isfinite(*real)) {
    whole = whole_of(*real);
    if (!whole) fault("a whole number does not fit 64 bits");
  }
  if (value.is_number() && std::isinf(value.real())) fault("cannot convert float infinity to integer");
  return whole ? Value::integer(*whole) : given.value_or(0, Value::integer(0));
}

Value round(Interpreter& in, const Value& value, const Given& given) {
  double number = number_of(value, "round");
  int64_t digits = given.whole(0, 0);
  std::string method = given.has(1) ? given.text(1) : "common";
  if (method != "common" && method != "ceil" && method != "floor") fault("method must be common, ceil or floor");
  if (method == "common") {
    if (value.is_whole() && digits >= 0) return Value::integer(value.whole());
    Value rounded = Value::number(round_to(number, digits));
    return value.is_whole() ? Value::integer(whole_of(rounded.real()).value_or(0)) : rounded;
  }
  Value unit = calculate(in, "**", Value::integer(10), Value::integer(digits));
  double scaled = calculate(in, "*", value, unit).real();
  return Value::number((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit.real());
}

Value json(Interpreter& in, const Value& value, const Given& given) {
  JsonStyle style;
  style.ensure_ascii = given.truth(in, 0, false), style.sort_keys = given.truth(in, 3, false);
  if (given.says(1)) {
    if (given[1].is_string())
      style.indent = given[1].text();
    else
      style.indent = std::string(static_cast<size_t>(std::clamp<int64_t>(given.whole(1, 0), 0, 1000)), ' ');
    style.item_separator.pop_back();  // the space goes
  }
  if (given.says(2)) {
    Values separators = iterate(in, given[2]);
    if (separators.size() != 2 || !separators[0].is_string() || !separators[1].is_string()) fault("separators must be two texts");
    style.item_separator = separators[0].text(), style.key_separator = separators[1].text();
  }
  return Value::string(to_json(value, style, in.budget()));
}

constexpr FilterRow kValueFilters[] = {
    {"abs", "", absolute},
    {"attr", "name", attribute},
    {"d", "default_value? boolean?", otherwise},
    {"default", "default_value? boolean?", otherwise},
    {"float", "default?", to_float},
    {"int", "default? base?", to_int},
    {"round", "precision? method?", round},
    {"tojson", "ensure_ascii? indent? separators? sort_keys?", json},
};

}  // namespace

std::span<const FilterRow> value_filters() { return kValueFilters; }

}  // namespace athanor::text::templates
