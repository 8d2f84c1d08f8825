#include "athanor/core/base/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace athanor::base {
namespace {

bool is_one_of(const Node& node, std::initializer_list<std::string_view> words) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return false;
  for (std::string_view word : words)
    if (node.scalar == word) return true;
  return false;
}

template <typename T, typename... Format>
std::optional<T> whole(std::string_view text, Format... format) {
  T value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool is_null(const Node& node) { return node.kind == Node::Kind::kNull || is_one_of(node, {"null", "Null", "NULL", "~", ""}); }

std::optional<bool> as_boolean(const Node& node) {
  if (is_one_of(node, {"true", "True", "TRUE"})) return true;
  if (is_one_of(node, {"false", "False", "FALSE"})) return false;
  return std::nullopt;
}

std::optional<int64_t> as_integer(const Node& node) {
  if (node.kind != Node::Kind::kScalar || node.quoted) return std::nullopt;
  std::string_view text = node.scalar;
  const int base = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : 10;
  if (base != 10) text.remove_prefix(2);
  const bool plus = base == 10 && text.starts_with('+');
  if (plus) text.remove_prefix(1);
  if ((plus || base != 10) && text.starts_with('-')) return std::nullopt;
  return whole<int64_t>(text, base);
}

std::optional<double> as_number(const Node& node) {
  if (auto integer = as_integer(node)) return static_cast<double>(*integer);
  if (is_one_of(node, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return std::numeric_limits<double>::infinity();
  if (is_one_of(node, {"-.inf", "-.Inf", "-.INF"})) return -std::numeric_limits<double>::infinity();
  if (is_one_of(node, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (node.kind != Node::Kind::kScalar || node.quoted) return std::nullopt;
  std::string_view text = node.scalar;
  if (text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return std::nullopt;  // no "inf", "nan", hexadecimal
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return whole<double>(text);
}

}  // namespace athanor::base
