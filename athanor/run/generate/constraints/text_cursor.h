#pragma once
// The place in a text that a parser has come to, for regular expressions and GBNF.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

class TextCursor {
 public:
  /// An error where the text is not UTF-8 or too long. `noun` names it in messages: "the pattern".
  TextCursor(const Grammar& grammar, std::string_view text, const char* noun);

  bool done() const { return at_ >= text_.size(); }
  /// The byte here, 0 at the end.
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  /// Steps over `what` if it is here.
  bool take(std::string_view what);
  /// The character here, which is then behind; an error at the end.
  uint32_t take_char();
  /// Exactly `digits` hexadecimal digits.
  uint32_t take_hex(int digits);
  /// A decimal number, if one is here.
  std::optional<int64_t> take_number();
  void skip(size_t bytes) { at_ += bytes; }
  size_t at() const { return at_; }
  std::string_view from(size_t begin) const { return text_.substr(begin, at_ - begin); }

  /// "PATTERN, line L column C: ..." with what is here as `got` unless it is given.
  [[noreturn]] void fail(std::string_view what, std::string_view expected = {}, std::string_view advice = {}) const;

 private:
  const Grammar& grammar_;
  std::string_view text_;
  const char* noun_;
  size_t at_ = 0;
};

/// A code point that may stand in a text: not past U+10FFFF, no surrogate.
bool is_char(uint32_t code);

}  // namespace athanor::generate
