#include "athanor/core/text/templates/string_literal.h"

#include <charconv>
#include <cstdio>

#include "athanor/core/text/templates/lexer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text::templates {
namespace {

class Unescape {
 public:
  Unescape(std::string_view text, int line) : text_(text), line_(line) {}

  std::string run() {
    while (at_ < text_.size()) {
      size_t slash = text_.find('\\', at_);
      out_ += text_.substr(at_, slash - at_);
      if (slash == std::string_view::npos) break;
      at_ = slash + 1;
      escape();
    }
    return std::move(out_);
  }

 private:
  void escape() {
    if (at_ == text_.size()) throw SyntaxFault{line_, "\\ at end of string"};
    if (static_cast<unsigned char>(text_[at_]) >= 0x80) return not_ascii();
    char c = text_[at_++];
    static constexpr std::string_view kLetters = "\\'\"abfnrtv", kValues = "\\'\"\a\b\f\n\r\t\v";
    if (size_t known = kLetters.find(c); known != std::string_view::npos)
      out_ += kValues[known];
    else if (c == 'x')
      hexadecimal(2);
    else if (c == 'u')
      hexadecimal(4);
    else if (c == 'U')
      hexadecimal(8);
    else if (c >= '0' && c <= '7')
      octal(c);
    else if (c == 'N')
      throw SyntaxFault{line_, "characters by name are not supported in strings"};
    else if (c != '\n')  // a line end after the backslash goes with it
      out_ += {'\\', c};
  }

  /// jinja2 turns the character into an escape first, whose backslash this one then escapes.
  void not_ascii() {
    Char c = char_at(text_.data() + at_);
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, c.code < 0x100 ? "\\x%02x" : c.code < 0x10000 ? "\\u%04x" : "\\U%08x", c.code);
    out_ += buffer;
    at_ += c.length;
  }

  void hexadecimal(size_t digits) {
    uint32_t code = 0;
    const char *begin = text_.data() + at_, *end = begin + std::min(digits, text_.size() - at_);
    auto [next, error] = std::from_chars(begin, end, code, 16);
    if (error != std::errc() || next != begin + digits) throw SyntaxFault{line_, "truncated escape in a string"};
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw SyntaxFault{line_, "an escape in a string names no character"};
    append_utf8(out_, code);
    at_ += digits;
  }

  void octal(char first) {
    uint32_t code = static_cast<uint32_t>(first - '0');
    for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i)
      code = code * 8 + static_cast<uint32_t>(text_[at_++] - '0');
    append_utf8(out_, code);
  }

  std::string_view text_;
  int line_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string unescape(std::string_view text, int line) { return Unescape(text, line).run(); }

}  // namespace athanor::text::templates
