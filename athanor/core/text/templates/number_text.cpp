#include "athanor/core/text/templates/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "athanor/core/text/templates/python_text.h"

namespace athanor::text::templates {
namespace {

/// Without the underscores that may stand between digits; nullopt where one stands elsewhere.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  auto digit = [&](size_t i) { return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])); };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_')
      out += text[i];
    else if (i == 0 || !digit(i - 1) || !digit(i + 1))
      return std::nullopt;
  }
  return out;
}

int prefix_base(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 0;
  char c = static_cast<char>(std::tolower(static_cast<unsigned char>(digits[1])));
  return c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
}

}  // namespace

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;  // shortest digits
  std::string_view all(buffer, static_cast<size_t>(end - buffer));
  size_t e = all.find('e');
  int exponent = std::stoi(std::string(all.substr(e + 1)));
  if (exponent >= -4 && exponent < 16) {
    end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    std::string text(buffer, end);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  return std::string(all);  // 1e+16 and 1.5e-07 are Python's forms too
}

std::optional<int64_t> read_integer(std::string_view text, int base) {
  text = strip_left(strip_right(text));
  bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  int written = prefix_base(text);
  if (base == 0 && written == 0 && text.size() > 1 && text[0] == '0' && text.find_first_not_of("0_") != std::string_view::npos)
    return std::nullopt;  // Python refuses 012
  if (written != 0 && (base == 0 || base == written)) {
    base = written;
    text.remove_prefix(2);
    if (!text.empty() && text[0] == '_') text.remove_prefix(1);
  }
  if (base == 0) base = 10;
  auto digits = without_underscores(text);
  if (!digits || digits->empty() || base < 2 || base > 36 || !std::isalnum(static_cast<unsigned char>((*digits)[0])))
    return std::nullopt;
  std::string number = (negative ? "-" : "") + *digits;
  int64_t value = 0;
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value, base);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return value;
}

std::optional<double> read_float(std::string_view text) {
  text = strip_left(strip_right(text));
  auto plain = without_underscores(text);
  if (!plain || plain->empty()) return std::nullopt;
  std::string_view number = *plain;
  bool negative = number[0] == '-';
  if (number[0] == '-' || number[0] == '+') number.remove_prefix(1);
  std::string lower = lower_text(number);
  if (lower == "infinity" || lower == "inf") return negative ? -INFINITY : INFINITY;
  if (lower == "nan") return NAN;
  if (lower.empty() || (!std::isdigit(static_cast<unsigned char>(lower[0])) && lower[0] != '.')) return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), value);
  if (end != lower.data() + lower.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = std::strtod(lower.c_str(), nullptr);  // inf or 0, as Python
  return negative ? -value : value;
}

std::optional<int64_t> whole_of(double value) {
  if (!(value > -9.2e18 && value < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(value);
}

double round_to(double value, int64_t digits) {
  if (!std::isfinite(value) || digits > 300) return value;
  if (digits < -300) return 0.0 * value;
  if (digits < 0) {
    double unit = std::pow(10.0, static_cast<double>(-digits));
    return std::nearbyint(value / unit) * unit;
  }
  char buffer[700];
  std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(digits), value);
  return std::strtod(buffer, nullptr);
}

}  // namespace athanor::text::templates
