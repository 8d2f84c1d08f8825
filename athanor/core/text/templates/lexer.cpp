#include "athanor/core/text/templates/lexer.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/string_literal.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text::templates {
namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

/// \r\n and \r become \n; one line end at the end goes.
std::string with_plain_lines(std::string_view source) {
  std::string out;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    out += source[i] == '\r' ? '\n' : source[i];
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) root();
    add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  void add(TokenKind kind, std::string_view text) {
    if (kind != TokenKind::kData || !text.empty()) tokens_.push_back({kind, std::string(text), line_});
  }
  std::string_view rest(size_t from) const { return source_.substr(std::min(from, source_.size())); }
  bool stands(std::string_view text, size_t at) const { return rest(at).starts_with(text); }
  size_t after_space(size_t at) const { return source_.size() - strip_left(rest(at)).size(); }
  /// Moves to `end`, counting lines.
  void move(size_t end) {
    line_ += static_cast<int>(
        std::count(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(end), '\n'));
    at_ = end;
    line_starts_ = end > 0 && source_[end - 1] == '\n';
  }

  /// Text up to the next tag, and the tag.
  void root() {
    size_t tag = at_;
    while ((tag = source_.find('{', tag)) != std::string_view::npos && !stands("{%", tag) && !stands("{#", tag) &&
           !stands("{{", tag))
      ++tag;
    if (tag == std::string_view::npos) {
      add(TokenKind::kData, rest(at_));
      return move(source_.size());
    }
    data(tag, source_[tag + 1] != '{');
    char kind = source_[tag + 1];
    size_t inside = tag + 2 + (stands("-", tag + 2) || stands("+", tag + 2));
    if (kind == '#') return comment(inside);
    if (size_t raw = kind == '%' ? raw_begin(inside) : 0) return raw_text(raw);
    add(kind == '%' ? TokenKind::kBlockBegin : TokenKind::kVariableBegin, "");
    move(inside);
    code(kind == '%');
  }

  /// Text before a tag; `strips`: white space alone on the tag's line goes.
  void data(size_t tag, bool strips) {
    std::string_view text = source_.substr(at_, tag - at_);
    char sign = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    if (sign == '-') {
      text = strip_right(text);
    } else if (sign != '+' && strips) {
      size_t line = text.rfind('\n') + 1;  // 0 where there is none
      if ((line > 0 || line_starts_) && strip_left(text.substr(line)).empty()) text = text.substr(0, line);
    }
    add(TokenKind::kData, text);
    move(tag);
  }

  /// Where a tag's `end` that begins at `at` ends, white space that it takes included; 0 where it does not begin there.
  size_t tag_end(size_t at, std::string_view end, bool trims) const {
    if (stands("-", at) && stands(end, at + 1)) return after_space(at + 1 + end.size());
    if (trims && stands("+", at) && stands(end, at + 1)) return at + 1 + end.size();
    if (!stands(end, at)) return 0;
    at += end.size();
    return at + (trims && stands("\n", at));
  }

  void comment(size_t inside) {
    for (size_t at = inside; (at = source_.find('#', at)) != std::string_view::npos; ++at) {
      size_t begin = at > inside && (source_[at - 1] == '-' || source_[at - 1] == '+') ? at - 1 : at;
      if (size_t end = tag_end(begin, "#}", true)) return move(end);
    }
    throw SyntaxFault{line_, "Missing end of comment tag"};
  }

  /// The end of `raw %}`, 0 where this is another tag.
  size_t raw_begin(size_t inside) const {
    size_t at = after_space(inside);
    return stands("raw", at) ? tag_end(after_space(at + 3), "%}", false) : 0;
  }

  void raw_text(size_t begin) {
    move(begin);
    for (size_t tag = at_; (tag = source_.find("{%", tag)) != std::string_view::npos; ++tag) {
      size_t at = after_space(tag + 2 + (stands("-", tag + 2) || stands("+", tag + 2)));
      if (!stands("endraw", at)) continue;
      size_t end = tag_end(after_space(at + 6), "%}", true);
      if (!end) continue;
      data(tag, true);
      return move(end);
    }
    throw SyntaxFault{line_, "Missing end of raw directive"};
  }

  /// Tokens up to the end of the tag.
  void code(bool block) {
    std::string open;
    while (true) {
      size_t end = open.empty() ? tag_end(at_, block ? "%}" : "}}", block) : 0;
      if (end) {
        add(block ? TokenKind::kBlockEnd : TokenKind::kVariableEnd, "");
        return move(end);
      }
      if (at_ == source_.size()) return;  // the parser complains, with what it waits for
      if (size_t next = after_space(at_); next != at_)
        move(next);
      else if (is_decimal(source_[at_]))
        number();
      else if (source_[at_] == '\'' || source_[at_] == '"')
        string();
      else if (size_t length = word_length())
        name(length);
      else
        sign(open);
    }
  }

  size_t word_length() const {
    size_t end = at_;
    while (end < source_.size() && (class_at(CharClasses::instance(), source_.data() + end).classes & kWord))
      end += character_length(source_, end);
    return end - at_;
  }

  void name(size_t length) {
    std::string_view word = source_.substr(at_, length);
    auto first = class_at(CharClasses::instance(), word.data());
    if (!(first.classes & kLetter) && word[0] != '_') throw SyntaxFault{line_, "Invalid character in identifier"};
    add(TokenKind::kName, word);
    move(at_ + length);
  }

  /// Digits with single underscores between them.
  size_t digits(size_t at, bool (*is_digit)(char)) const {
    while (at < source_.size() &&
           (is_digit(source_[at]) || (source_[at] == '_' && at + 1 < source_.size() && is_digit(source_[at + 1]))))
      ++at;
    return at;
  }

  void number() {
    static constexpr auto kHex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    char mark = at_ + 1 < source_.size() && source_[at_] == '0' ? static_cast<char>(source_[at_ + 1] | 0x20) : ' ';
    if ((mark == 'x' || mark == 'o' || mark == 'b')) {
      size_t end = digits(at_ + 2, kHex);
      if (end > at_ + 2) return add(TokenKind::kInteger, source_.substr(at_, end - at_)), move(end);
    }
    size_t end = digits(at_, is_decimal), whole = end;
    if (stands(".", end) && end + 1 < source_.size() && is_decimal(source_[end + 1])) end = digits(end + 1, is_decimal);
    if (stands("e", end) || stands("E", end)) {
      size_t power = end + 1 + (stands("+", end + 1) || stands("-", end + 1));
      if (power < source_.size() && is_decimal(source_[power])) end = digits(power, is_decimal);
    }
    bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
    if (after_dot) end = whole;
    add(end == whole ? TokenKind::kInteger : TokenKind::kFloat, source_.substr(at_, end - at_));
    move(end);
  }

  void string() {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != source_[at_]) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) throw SyntaxFault{line_, base::cat("unexpected char ", source_[at_] == '"' ? "'\"'" : "\"'\"")};
    add(TokenKind::kString, unescape(source_.substr(at_ + 1, end - at_ - 1), line_));
    move(end + 1);
  }

  /// An operator; `open` holds the closing brackets that are waited for.
  void sign(std::string& open) {
    static constexpr std::string_view kTwo[] = {"**", "//", "==", "!=", ">=", "<="}, kOne = "+-/*%~[](){}><=.:|,;";
    std::string_view text = rest(at_).substr(0, 2);
    if (std::find(std::begin(kTwo), std::end(kTwo), text) == std::end(kTwo)) text = text.substr(0, 1);
    if (text.size() == 1 && kOne.find(text) == std::string_view::npos)
      throw SyntaxFault{line_, base::cat("unexpected char '", rest(at_).substr(0, character_length(source_, at_)), "'")};
    if (size_t bracket = std::string_view("([{").find(text); text.size() == 1 && bracket != std::string_view::npos) {
      open += ")]}"[bracket];
    } else if (text == ")" || text == "]" || text == "}") {
      if (open.empty()) throw SyntaxFault{line_, base::cat("unexpected '", text, "'")};
      if (open.back() != text[0]) throw SyntaxFault{line_, base::cat("unexpected '", text, "', expected '", open.back(), "'")};
      open.pop_back();
    }
    add(TokenKind::kOperator, text);
    move(at_ + text.size());
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_starts_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  std::string plain = with_plain_lines(source);
  return Lexer(plain).run();
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kData:
      return "template data / text";
    case TokenKind::kBlockBegin:
      return "begin of statement block";
    case TokenKind::kBlockEnd:
      return "end of statement block";
    case TokenKind::kVariableBegin:
      return "begin of print statement";
    case TokenKind::kVariableEnd:
      return "end of print statement";
    case TokenKind::kString:
      return "string";
    case TokenKind::kInteger:
      return "integer";
    case TokenKind::kFloat:
      return "float";
    case TokenKind::kEnd:
      return "end of template";
    default:
      return token.text;
  }
}

}  // namespace athanor::text::templates
