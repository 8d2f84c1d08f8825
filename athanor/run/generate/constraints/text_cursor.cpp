#include "athanor/run/generate/constraints/text_cursor.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/utf8.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::generate {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool is_char(uint32_t code) { return code <= kLastChar && (code < 0xd800 || code > 0xdfff); }

TextCursor::TextCursor(const Grammar& grammar, std::string_view text, const char* noun)
    : grammar_(grammar), text_(text), noun_(noun) {
  if (text.size() > kMostBytes)
    grammar.fail({base::cat(noun, " is too long"), base::human_bytes(static_cast<double>(text.size())),
                  base::cat("at most ", base::human_bytes(kMostBytes))});
  at_ = base::invalid_utf8(text);
  if (at_ != std::string_view::npos) grammar.fail({base::cat(noun, " is not UTF-8"), base::cat("a bad byte at offset ", at_)});
  at_ = 0;
}

bool TextCursor::take(std::string_view what) {
  if (!looking_at(what)) return false;
  at_ += what.size();
  return true;
}

uint32_t TextCursor::take_char() {
  if (done()) fail("it ends too soon");
  const text::Char c = text::char_at(text_.data() + at_);
  at_ += c.length;
  return c.code;
}

uint32_t TextCursor::take_hex(int digits) {
  uint32_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const int digit = hex_value(peek());
    if (digit < 0) fail("a character's number is cut short", base::cat(digits, " hexadecimal digits"));
    value = value << 4 | static_cast<uint32_t>(digit);
    ++at_;
  }
  if (!is_char(value)) fail("no character has this number", "up to 10FFFF, no surrogate");
  return value;
}

std::optional<int64_t> TextCursor::take_number() {
  if (peek() < '0' || peek() > '9') return std::nullopt;
  int64_t value = 0;
  for (; peek() >= '0' && peek() <= '9'; ++at_) value = std::min<int64_t>(value * 10 + (peek() - '0'), 1'000'000'000);
  return value;
}

void TextCursor::fail(std::string_view what, std::string_view expected, std::string_view advice) const {
  const size_t at = std::min(at_, text_.size());
  const std::string_view before = text_.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? at + 1 : at - newline;
  size_t length = std::min<size_t>(20, text_.size() - at);
  while (length > 0 && at + length < text_.size() && (static_cast<unsigned char>(text_[at + length]) & 0xc0) == 0x80) --length;
  const std::string place = line > 1 || text_.find('\n') != std::string_view::npos ? base::cat("line ", line, " column ", column)
                                                                                   : base::cat("column ", column);
  grammar_.fail({base::cat(noun_, ", ", place, ": ", what), done() ? "the end" : base::cat('"', text_.substr(at, length), '"'),
                 std::string(expected), std::string(advice)});
}

}  // namespace athanor::generate
