#include "athanor/core/text/templates/format.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/attributes.h"
#include "athanor/core/text/templates/format_spec.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/number_text.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/represent.h"
#include "athanor/core/text/templates/text_methods.h"

namespace athanor::text::templates {
namespace {

void append(Interpreter& interpreter, std::string& out, std::string_view piece) {
  interpreter.budget().bytes(piece.size());
  if (out.size() + piece.size() > kMostOutput) fault("a text is longer than 4 MiB");
  out += piece;
}

/// The values of a % one after the other.
class PercentValues {
 public:
  explicit PercentValues(const Value& values) : values_(values) {}

  Value next() {
    if (!values_.is(Kind::kTuple)) {
      if (used_++ > 0) fault("not enough arguments for format string");
      return values_;
    }
    if (used_ >= values_.items().size()) fault("not enough arguments for format string");
    return values_.items()[used_++];
  }

  Value named(std::string_view name) {
    if (!values_.is(Kind::kDict)) fault("format requires a mapping");
    const Value* found = values_.entries().find(name);
    if (!found) fault(base::cat("the format names '", name, "', which is not given"));
    by_name_ = true;
    return *found;
  }

  void finish() const {
    size_t there = values_.is(Kind::kTuple) ? values_.items().size() : values_.is(Kind::kDict) || by_name_ ? used_ : 1;
    if (used_ < there) fault("not all arguments converted during string formatting");
  }

 private:
  const Value& values_;
  size_t used_ = 0;
  bool by_name_ = false;
};

std::string percent_value(Interpreter& interpreter, Value value, FormatSpec spec, char type) {
  if (type == 's' || type == 'r' || type == 'a') {
    value = Value::string(type == 's' ? str_of(value, interpreter.budget()) : repr_of(value, interpreter.budget()));
    spec.type = 's', spec.zero = false;
    if (!spec.align) spec.align = '>';
    return formatted(interpreter, value, spec);
  }
  if (type == 'c') {
    if (!value.is_string() || character_count(value.text()) != 1) fault("%c requires a single character");
    return value.text();
  }
  if (!value.is_number()) {
    if (value.is_undefined()) fault(value.text());
    fault(base::cat("%", type, " format: a real number is required, not ", type_name(value)));
  }
  bool whole = type == 'd' || type == 'i' || type == 'u' || type == 'x' || type == 'X' || type == 'o';
  if (whole && !value.is_whole()) {
    auto cut = whole_of(value.real());
    if (!cut) fault("cannot convert float to integer");
    value = Value::integer(*cut);
  }
  spec.type = type == 'i' || type == 'u' ? 'd' : type;
  if (whole) {
    if (spec.precision > spec.width) spec.width = spec.precision, spec.zero = true;
    spec.precision = -1;
  }
  return formatted(interpreter, value, spec);
}

int64_t starred(std::string_view& text, PercentValues& values, int64_t otherwise) {
  if (!text.starts_with('*')) return take_number(text, otherwise);
  text.remove_prefix(1);
  Value width = values.next();
  if (!width.is_whole()) fault("* wants int");
  return width.whole();
}

/// {0.name[key]!r:spec}
class Braces {
 public:
  Braces(Interpreter& interpreter, const Arguments& arguments) : interpreter_(interpreter), arguments_(arguments) {}

  std::string run(std::string_view text, int level) {
    if (level > 2) fault("Max string recursion exceeded");
    std::string out;
    while (!text.empty()) {
      size_t brace = text.find_first_of("{}");
      append(interpreter_, out, text.substr(0, brace));
      if (brace == std::string_view::npos) break;
      if (brace + 1 < text.size() && text[brace + 1] == text[brace]) {
        append(interpreter_, out, text.substr(brace, 1));
        text.remove_prefix(brace + 2);
        continue;
      }
      if (text[brace] == '}') fault("Single '}' encountered in format string");
      text.remove_prefix(brace + 1);
      append(interpreter_, out, field(text, level));
    }
    return out;
  }

 private:
  /// The field at the front of `text`, behind its opening brace; it is taken away.
  std::string field(std::string_view& text, int level) {
    size_t end = 0;
    for (int open = 1; end < text.size(); ++end)
      if (text[end] == '{')
        ++open;
      else if (text[end] == '}' && --open == 0)
        break;
    if (end >= text.size()) fault("expected '}' before end of string");
    std::string_view inside = text.substr(0, end);
    text.remove_prefix(end + 1);
    size_t name_end = std::min(inside.find_first_of("!:"), inside.size());
    Value value = look_up(inside.substr(0, name_end));
    inside.remove_prefix(name_end);
    if (inside.starts_with('!')) {
      if (inside.size() < 2 || (inside.size() > 2 && inside[2] != ':')) fault("expected ':' after conversion specifier");
      Budget& budget = interpreter_.budget();
      value = Value::string(inside[1] == 's' ? str_of(value, budget) : repr_of(value, budget));
      inside.remove_prefix(2);
    }
    if (inside.starts_with(':')) inside.remove_prefix(1);
    return formatted(interpreter_, value, read_spec(run(inside, level + 1)));
  }

  Value look_up(std::string_view path) {
    std::string_view first = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(first.size());
    Value value = named(first);
    while (!path.empty()) {
      bool attribute = path[0] == '.';
      path.remove_prefix(1);
      size_t end = std::min(path.find_first_of(attribute ? ".[" : "]"), path.size());
      std::string_view name = path.substr(0, end);
      auto number = all_of_class(name, TextClass::kDigit) ? read_integer(name) : std::nullopt;
      value = attribute ? attribute_of(interpreter_, value, name)
                        : subscript_of(interpreter_, value, number ? Value::integer(*number) : Value::string(std::string(name)));
      path.remove_prefix(std::min(path.size(), end + !attribute));
    }
    return value;
  }

  Value named(std::string_view name) {
    auto number = name.empty()                            ? std::optional<int64_t>(next_++)
                  : all_of_class(name, TextClass::kDigit) ? read_integer(name)
                                                          : std::nullopt;
    if (number) {
      if (*number < 0 || static_cast<size_t>(*number) >= arguments_.positional.size())
        fault("Replacement index " + std::to_string(*number) + " out of range for positional args tuple");
      return arguments_.positional[static_cast<size_t>(*number)];
    }
    for (const auto& [known, value] : arguments_.keyword)
      if (known == name) return value;
    fault(base::cat("the format names '", name, "', which is not given"));
  }

  Interpreter& interpreter_;
  const Arguments& arguments_;
  int64_t next_ = 0;
};

}  // namespace

std::string format_percent(Interpreter& interpreter, std::string_view text, const Value& values) {
  std::string out;
  PercentValues next(values);
  while (true) {
    size_t sign = text.find('%');
    append(interpreter, out, text.substr(0, sign));
    if (sign == std::string_view::npos) break;
    text.remove_prefix(sign + 1);
    std::optional<Value> value;
    if (text.starts_with('(')) {
      size_t end = text.find(')');
      if (end == std::string_view::npos) fault("incomplete format key");
      value = next.named(text.substr(1, end - 1));
      text.remove_prefix(end + 1);
    }
    FormatSpec spec;
    for (; !text.empty() && std::string_view("#0- +").find(text[0]) != std::string_view::npos; text.remove_prefix(1)) {
      if (text[0] == '#') spec.alternate = true;
      if (text[0] == '0') spec.zero = true;
      if (text[0] == '-') spec.align = '<';
      if (text[0] == '+' || (text[0] == ' ' && spec.sign != '+')) spec.sign = text[0];
    }
    spec.width = starred(text, next, 0);
    if (text.starts_with('.')) text.remove_prefix(1), spec.precision = starred(text, next, 0);
    if (text.empty()) fault("incomplete format");
    char type = text[0];
    text.remove_prefix(1);
    if (type == '%') {
      append(interpreter, out, "%");
      continue;
    }
    if (std::string_view("diuoxXeEfFgGcrsa").find(type) == std::string_view::npos) fault("unsupported format character");
    append(interpreter, out, percent_value(interpreter, value ? *value : next.next(), spec, type));
  }
  next.finish();
  return out;
}

std::string format_braces(Interpreter& interpreter, std::string_view text, const Arguments& arguments) {
  return Braces(interpreter, arguments).run(text, 0);
}

}  // namespace athanor::text::templates
