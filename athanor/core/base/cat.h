#pragma once
// cat("layer ", 3, " of ", n): builds a string from text and numbers, without a formatting library in a header.

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace athanor::base {

namespace cat_detail {
inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, char c) { out += c; }
template <std::same_as<bool> T>  // a template, or a char array would turn into a bool
void append(std::string& out, T b) {
  out += b ? "true" : "false";
}
template <typename T>
requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>) void append(std::string& out, T number) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;  // shortest form that reads back equal
  out.append(buffer, end);
}
}  // namespace cat_detail

template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (cat_detail::append(out, parts), ...);
  return out;
}

/// A double with a fixed number of decimals: fixed(1.5, 2) == "1.50".
std::string fixed(double value, int decimals);
/// 1536 -> "1.5 KiB".
std::string human_bytes(double bytes);
/// 8100 -> "8.1k".
std::string human_count(double count);

}  // namespace athanor::base
