#include "athanor/core/text/templates/json_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/number_text.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text::templates {
namespace {

void append_unicode(std::string& out, uint32_t unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

void append_escaped(std::string& out, uint32_t code) {
  static constexpr std::string_view kPlain = "\"\\\n\r\t\b\f", kLetters = "\"\\nrtbf";
  size_t known = code < 0x80 ? kPlain.find(static_cast<char>(code)) : std::string_view::npos;
  if (known != std::string_view::npos) {
    out += {'\\', kLetters[known]};
  } else if (code < 0x10000) {
    append_unicode(out, code);
  } else {
    append_unicode(out, 0xd800 + ((code - 0x10000) >> 10));
    append_unicode(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
  }
}

std::string json_string(std::string_view text, bool ascii) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    Char c = char_at(text.data() + at);
    if (c.code < 0x20 || c.code == '"' || c.code == '\\' || (ascii && c.code > 0x7e))
      append_escaped(out, c.code);
    else
      out += text.substr(at, c.length);
    at += c.length;
  }
  return out + '"';
}

std::string json_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_text(value);
}

/// A scalar; "" for any other value.
std::string json_scalar(const Value& value) {
  switch (value.kind()) {
    case Kind::kNone:
      return "null";
    case Kind::kBool:
      return value.whole() ? "true" : "false";
    case Kind::kInt:
      return base::cat(value.whole());
    case Kind::kFloat:
      return json_float(value.real());
    default:
      return "";
  }
}

class Writer {
 public:
  Writer(const JsonStyle& style, Budget& budget) : style_(style), budget_(budget) {}
  std::string take() { return std::move(out_); }

  void write(const Value& value, size_t level) {
    budget_.step();
    if (value.is_string()) return add(json_string(value.text(), style_.ensure_ascii));
    if (value.is_sequence()) return list(value.items(), level);
    if (value.is(Kind::kDict)) return dict(value.entries(), level);
    std::string scalar = json_scalar(value);
    if (scalar.empty()) fault("Object of type " + type_name(value) + " is not JSON serializable");
    add(scalar);
  }

 private:
  void add(std::string_view text) {
    budget_.bytes(text.size());
    if (out_.size() + text.size() > kMostOutput) fault("a text is longer than 4 MiB");
    out_ += text;
  }

  void new_line(size_t level) {
    if (!style_.indent) return;
    add("\n");
    for (size_t i = 0; i < level; ++i) add(*style_.indent);
  }

  void list(const Values& items, size_t level) {
    if (items.empty()) return add("[]");
    add("[");
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) add(style_.item_separator);
      new_line(level + 1);
      write(items[i], level + 1);
    }
    new_line(level);
    add("]");
  }

  std::string key_text(const Value& key) const {
    if (key.is_string()) return key.text();
    std::string scalar = json_scalar(key);
    if (scalar.empty()) fault("keys must be str, int, float, bool or None, not " + type_name(key));
    return scalar;
  }

  void dict(const Dict& dict, size_t level) {
    std::vector<const std::pair<Value, Value>*> pairs;
    for (const auto& pair : dict.pairs()) pairs.push_back(&pair);
    if (style_.sort_keys)
      std::stable_sort(pairs.begin(), pairs.end(), [this](auto* a, auto* b) { return less(a->first, b->first, budget_); });
    if (pairs.empty()) return add("{}");
    add("{");
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (i > 0) add(style_.item_separator);
      new_line(level + 1);
      add(json_string(key_text(pairs[i]->first), style_.ensure_ascii));
      add(style_.key_separator);
      write(pairs[i]->second, level + 1);
    }
    new_line(level);
    add("}");
  }

  const JsonStyle& style_;
  Budget& budget_;
  std::string out_;
};

Value from_array(const base::Json& json) {
  Values items;
  for (const base::Json& item : json) items.push_back(from_json(item));
  return Value::list(std::move(items));
}

Value from_object(const base::Json& json) {
  Dict dict;
  for (const auto& [key, value] : json.items()) dict.set(key, from_json(value));
  return Value::dict(std::move(dict));
}

}  // namespace

Value from_json(const base::Json& json) {
  if (json.is_boolean()) return Value::boolean(json.get<bool>());
  if (json.is_number_float()) return Value::number(json.get<double>());
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    fault(base::cat("the number ", json.get<uint64_t>(), " does not fit 64 bits with sign"));
  if (json.is_number_integer()) return Value::integer(json.get<int64_t>());
  if (json.is_string()) return Value::string(json.get<std::string>());
  if (json.is_array()) return from_array(json);
  if (json.is_object()) return from_object(json);
  return {};
}

std::string to_json(const Value& value, const JsonStyle& style, Budget& budget) {
  Writer writer(style, budget);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace athanor::text::templates
