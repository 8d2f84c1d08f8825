#include "athanor/core/text/templates/arithmetic.h"

#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/format.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/python_text.h"

namespace athanor::text::templates {
namespace {

[[noreturn]] void too_large() { fault("a whole number does not fit 64 bits"); }

[[noreturn]] void unsupported(const std::string& sign, const Value& a, const Value& b) {
  if (a.is_undefined()) fault(a.text());
  if (b.is_undefined()) fault(b.text());
  fault(base::cat("unsupported operand type(s) for ", sign, ": '", type_name(a), "' and '", type_name(b), "'"));
}

int64_t floor_div(int64_t a, int64_t b) {
  if (b == -1) return a == INT64_MIN ? (too_large(), 0) : -a;
  int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

int64_t floor_mod(int64_t a, int64_t b) {
  if (b == -1) return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

double floor_mod(double a, double b) {
  double r = std::fmod(a, b);
  if (r == 0) return std::copysign(0.0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

Value power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) fault("0.0 cannot be raised to a negative power");
    return Value::number(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  if (base == 0 || base == 1) return Value::integer(exponent == 0 ? 1 : base);
  if (base == -1) return Value::integer(exponent % 2 == 0 ? 1 : -1);
  for (; exponent > 0; --exponent)
    if (__builtin_mul_overflow(result, base, &result)) too_large();
  return Value::integer(result);
}

Value whole(const std::string& sign, int64_t a, int64_t b) {
  int64_t r = 0;
  bool overflow = false;
  if (sign == "+") overflow = __builtin_add_overflow(a, b, &r);
  if (sign == "-") overflow = __builtin_sub_overflow(a, b, &r);
  if (sign == "*") overflow = __builtin_mul_overflow(a, b, &r);
  if (sign == "**") return power(a, b);
  if ((sign == "//" || sign == "%" || sign == "/") && b == 0) fault("integer division or modulo by zero");
  if (sign == "/") return Value::number(static_cast<double>(a) / static_cast<double>(b));
  if (sign == "//") r = floor_div(a, b);
  if (sign == "%") r = floor_mod(a, b);
  if (overflow) too_large();
  return Value::integer(r);
}

Value real(const std::string& sign, double a, double b) {
  if (sign == "+") return Value::number(a + b);
  if (sign == "-") return Value::number(a - b);
  if (sign == "*") return Value::number(a * b);
  if (sign == "**") {
    if (a == 0 && b < 0) fault("0.0 cannot be raised to a negative power");
    if (a < 0 && b != std::floor(b)) fault("complex numbers are not supported");
    return Value::number(std::pow(a, b));
  }
  if (b == 0) fault("float division by zero");
  if (sign == "/") return Value::number(a / b);
  if (sign == "%") return Value::number(floor_mod(a, b));
  return Value::number((a - floor_mod(a, b)) / b);
}

std::string repeated(Budget& budget, const std::string& text, int64_t times) {
  if (times <= 0 || text.empty()) return "";
  if (times > static_cast<int64_t>(kMostOutput / text.size())) fault("a text is longer than 4 MiB");
  budget.bytes(text.size() * static_cast<size_t>(times));
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += text;
  return out;
}

Value repeated_items(Budget& budget, const Value& sequence, int64_t times) {
  Values out;
  for (int64_t i = 0; i < times && !sequence.items().empty(); ++i) {
    budget.values(sequence.items().size());
    out.insert(out.end(), sequence.items().begin(), sequence.items().end());
  }
  return sequence.is(Kind::kList) ? Value::list(std::move(out)) : Value::tuple(std::move(out));
}

Value joined(Budget& budget, const Value& a, const Value& b) {
  if (a.is_string()) {
    bool safe = a.safe() || b.safe();
    if (a.text().size() + b.text().size() > kMostOutput) fault("a text is longer than 4 MiB");
    budget.bytes(a.text().size() + b.text().size());
    auto part = [safe](const Value& v) { return safe && !v.safe() ? escape_html(v.text()) : v.text(); };
    return Value::string(part(a) + part(b), safe);
  }
  budget.values(a.items().size() + b.items().size());
  Values out = a.items();
  out.insert(out.end(), b.items().begin(), b.items().end());
  return a.is(Kind::kList) ? Value::list(std::move(out)) : Value::tuple(std::move(out));
}

}  // namespace

Value calculate(Interpreter& interpreter, const std::string& sign, const Value& a, const Value& b) {
  Budget& budget = interpreter.budget();
  budget.step();
  if (a.is_whole() && b.is_whole()) return whole(sign, a.whole(), b.whole());
  if (a.is_number() && b.is_number()) return real(sign, a.real(), b.real());
  if (sign == "+" && a.kind() == b.kind() && (a.is_string() || a.is_sequence())) return joined(budget, a, b);
  if (sign == "%" && a.is_string()) return Value::string(format_percent(interpreter, a.text(), b), a.safe());
  if (sign == "*" && (a.is_whole() || b.is_whole())) {
    const Value &times = a.is_whole() ? a : b, &what = a.is_whole() ? b : a;
    if (what.is_string()) return Value::string(repeated(budget, what.text(), times.whole()), what.safe());
    if (what.is_sequence()) return repeated_items(budget, what, times.whole());
  }
  if (sign == "+" && a.is_string() && !b.is_undefined()) fault("can only concatenate str (not \"" + type_name(b) + "\") to str");
  unsupported(sign, a, b);
}

Value with_sign(const Value& value, bool negative) {
  if (value.is_undefined()) fault(value.text());
  if (value.is(Kind::kFloat)) return Value::number(negative ? -value.real() : value.real());
  if (!value.is_whole()) fault(base::cat("bad operand type for unary ", negative ? '-' : '+', ": '", type_name(value), "'"));
  if (value.whole() == INT64_MIN) too_large();
  return Value::integer(negative ? -value.whole() : value.whole());
}

}  // namespace athanor::text::templates
