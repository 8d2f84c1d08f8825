#include "tests/testing/cases.h"

#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace athanor::testing {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int line, const std::string& what) {
  throw std::runtime_error(path.string() + ":" + std::to_string(line) + ": " + what);
}

template <typename T>
T number(std::string_view text, int base = 10) {
  T value{};
  if (std::from_chars(text.data(), text.data() + text.size(), value, base).ptr != text.data() + text.size() || text.empty())
    throw std::runtime_error("not a number: " + std::string(text));
  return value;
}

/// One escape at the front of `text`, which loses it.
std::string unescape_one(std::string_view& text) {
  const auto drop = [&](size_t n) { text.remove_prefix(std::min(n, text.size())); };
  const std::string_view whole = text;
  if (whole.size() < 2) throw std::runtime_error("a lone backslash");
  if (whole[1] == 'x') return drop(4), std::string(1, static_cast<char>(number<unsigned>(whole.substr(2, 2), 16)));
  if (whole[1] == '{') {
    const size_t end = whole.find('}'), star = whole.rfind('*', end);
    if (end == std::string_view::npos || star == std::string_view::npos) throw std::runtime_error("\\{text*count} is not closed");
    std::string repeated;
    for (size_t n = number<size_t>(whole.substr(star + 1, end - star - 1)); n > 0; --n) repeated += whole.substr(2, star - 2);
    return drop(end + 1), repeated;
  }
  drop(2);
  switch (whole[1]) {
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case 'r':
      return "\r";
    case '0':
      return std::string(1, '\0');
    case '\\':
      return "\\";
    default:
      throw std::runtime_error(std::string("unknown escape \\") + whole[1]);
  }
}

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text[0] == '\\') {
      out += unescape_one(text);
    } else {
      out += text[0];
      text.remove_prefix(1);
    }
  }
  return out;
}

void read_outcome(std::string_view text, Case& one) {
  const size_t colon = text.find(": ");
  if (colon == std::string_view::npos) throw std::runtime_error("expected `--- ok: text` or `--- error 3: text`");
  const std::string_view kind = text.substr(0, colon);
  if (kind.starts_with("error "))
    one.exit_code = number<int>(kind.substr(6));
  else if (kind != "ok")
    throw std::runtime_error("an outcome is ok or error, not " + std::string(kind));
  one.expected = text.substr(colon + 2);
}

}  // namespace

std::vector<Case> read_cases(const std::filesystem::path& path) {
  constexpr std::string_view kEscaped = " (escaped)";
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, 0, "cannot open");
  std::vector<Case> cases;
  bool open = false, escaped = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      if (line.starts_with("=== ")) {
        if (open) throw std::runtime_error("the case before has no outcome");
        escaped = line.ends_with(kEscaped);
        if (escaped) line.resize(line.size() - kEscaped.size());
        cases.push_back({line.substr(4), "", 0, "", number});
        open = true;
      } else if (open && line.starts_with("--- ")) {
        Case& one = cases.back();
        if (!one.input.empty()) one.input.pop_back();
        if (escaped) one.input = unescape(one.input);
        read_outcome(std::string_view(line).substr(4), one);
        open = false;
      } else if (open) {
        cases.back().input += line + "\n";
      }
    } catch (const std::runtime_error& error) {
      fail(path, number, error.what());
    }
  }
  if (open || cases.empty()) fail(path, number, open ? "the last case has no outcome" : "no cases");
  return cases;
}

}  // namespace athanor::testing
