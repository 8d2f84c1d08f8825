#include "athanor/core/text/templates/format_spec.h"

#include <cmath>
#include <cstdio>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/number_text.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/represent.h"
#include "athanor/core/text/templates/text_methods.h"

namespace athanor::text::templates {
namespace {

constexpr int64_t kMostPrecision = 300;

bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

[[noreturn]] void bad_type(const Value& value, char type) {
  fault(base::cat("Unknown format code '", type, "' for object of type '", type_name(value), "'"));
}

std::string grouped(std::string digits, const std::string& comma) {
  size_t end = digits.find_first_not_of("0123456789");
  if (end == std::string::npos) end = digits.size();
  for (size_t i = end; i > 3 && !comma.empty(); i -= 3) digits.insert(i - 3, comma);
  return digits;
}

std::string digits_of(uint64_t value, unsigned base, bool upper) {
  const char* signs = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  do out.insert(out.begin(), signs[value % base]);
  while ((value /= base) > 0);
  return out;
}

/// The digits without a sign, and what stands before them (0x).
struct DigitRun {
  std::string text, prefix;
  bool negative = false;
};

DigitRun whole_digits(const Value& value, const FormatSpec& spec) {
  int64_t n = value.whole();
  char type = spec.type ? spec.type : 'd';
  unsigned base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
  uint64_t size = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
  DigitRun out{digits_of(size, base, type == 'X'), "", n < 0};
  if (spec.alternate && base != 10) out.prefix = std::string("0") + type;
  if (base == 10) out.text = grouped(std::move(out.text), spec.comma);
  return out;
}

DigitRun real_digits(const Value& value, const FormatSpec& spec) {
  double d = std::abs(value.real());
  bool percent = spec.type == '%', repr = spec.type == 0 && spec.precision < 0;
  if (spec.precision > kMostPrecision) fault("precision too big");
  DigitRun out{"", "", std::signbit(value.real())};
  if (!std::isfinite(d)) {
    out.text = std::isnan(d) ? "nan" : "inf";
  } else if (repr) {
    out.text = float_text(d);
  } else {
    char form[] = {'%', '.', '*', percent ? 'f' : spec.type ? spec.type : 'g', 0}, buffer[700];
    int precision = spec.precision < 0 ? 6 : static_cast<int>(spec.precision);
    std::snprintf(buffer, sizeof buffer, form, precision, percent ? d * 100 : d);
    out.text = buffer;
    bool plain = out.text.find_first_of(".en") == std::string::npos;
    if (spec.type == 0 && plain) out.text += ".0";
  }
  out.text = grouped(std::move(out.text), spec.comma) + (percent ? "%" : "");
  return out;
}

std::string number(Interpreter& interpreter, const DigitRun& digits, FormatSpec spec) {
  std::string sign = digits.negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
  std::string front = sign + digits.prefix;
  if (spec.zero && !spec.align) spec.align = '=', spec.fill = "0";
  if (spec.align == '=')
    return front + padded(interpreter, digits.text, spec.width - static_cast<int64_t>(front.size()), spec.fill, '>');
  std::string text = front + digits.text;
  char align = spec.align ? spec.align : '>';
  if (align != '^') return padded(interpreter, text, spec.width, spec.fill, align);
  int64_t lacks = std::max<int64_t>(0, spec.width - static_cast<int64_t>(text.size()));
  return padded(interpreter, padded(interpreter, text, spec.width - lacks + lacks / 2, spec.fill, '>'), spec.width, spec.fill, '<');
}

std::string text(Interpreter& interpreter, std::string text, const FormatSpec& spec) {
  if (spec.precision >= 0) text.resize(offset_of(text, static_cast<size_t>(spec.precision)));
  char align = spec.align ? spec.align : '<';
  if (align == '=') fault("'=' alignment not allowed in string format specifier");
  if (align != '^') return padded(interpreter, text, spec.width, spec.fill, align);
  int64_t lacks = std::max<int64_t>(0, spec.width - static_cast<int64_t>(character_count(text)));
  return padded(interpreter, padded(interpreter, text, spec.width - lacks + lacks / 2, spec.fill, '>'), spec.width, spec.fill, '<');
}

}  // namespace

int64_t take_number(std::string_view& text, int64_t otherwise) {
  size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  if (end == 0) return otherwise;
  if (end > 9) fault("Too many decimal digits in format string");
  int64_t value = *read_integer(text.substr(0, end));
  text.remove_prefix(end);
  return value;
}

FormatSpec read_spec(std::string_view text) {
  FormatSpec spec;
  auto take = [&text](std::string_view any) {
    if (text.empty() || any.find(text[0]) == std::string_view::npos) return char{0};
    char c = text[0];
    text.remove_prefix(1);
    return c;
  };
  size_t first = text.empty() ? 0 : character_length(text, 0);
  if (first > 0 && first < text.size() && is_align(text[first])) {
    spec.fill = text.substr(0, first);
    text.remove_prefix(first);
  }
  spec.align = take("<>^=");
  if (char sign = take("+- ")) spec.sign = sign;
  spec.alternate = take("#") != 0;
  spec.zero = take("0") != 0;
  spec.width = take_number(text, 0);
  if (char comma = take(",_")) spec.comma = std::string(1, comma);
  if (take(".")) {
    spec.precision = take_number(text, -1);
    if (spec.precision < 0) fault("Format specifier missing precision");
  }
  spec.type = take("bcdeEfFgGnosxX%");
  if (!text.empty()) fault("Invalid format specifier");
  return spec;
}

std::string formatted(Interpreter& interpreter, const Value& value, const FormatSpec& spec) {
  const bool bare = spec.type == 0;
  if (value.is(Kind::kBool) && bare) return text(interpreter, value.whole() ? "True" : "False", spec);
  const bool for_whole = std::string_view("bcdnoxX").find(spec.type) != std::string_view::npos;
  if (value.is_whole() && (bare || for_whole)) return number(interpreter, whole_digits(value, spec), spec);
  if (value.is_number()) {
    if (for_whole || spec.type == 's') bad_type(value, spec.type);
    return number(interpreter, real_digits(value, spec), spec);
  }
  if (!bare && spec.type != 's') bad_type(value, spec.type);
  return text(interpreter, str_of(value, interpreter.budget()), spec);
}

}  // namespace athanor::text::templates
