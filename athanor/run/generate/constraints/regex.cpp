// --regex: the whole text matches a regular expression. An own parser of the part of the usual syntax that describes regular
// languages: characters, classes, groups, |, * + ? {m,n}. Look-around and back-references describe more than that and are refused.
// Where libraries differ (`.`, \s, \S), the characters that all of them agree on are taken, so what is generated matches in any.
// Checked against PCRE2: every generated text matches there.

#include "athanor/run/generate/constraints/regex.h"

#include "athanor/core/base/cat.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "athanor/run/generate/constraints/text_cursor.h"

namespace athanor::generate {
namespace {

CharSet digits() { return {{'0', '9'}}; }
CharSet word_chars() { return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; }
CharSet spaces() { return {{'\t', '\r'}, {' ', ' '}}; }
/// What some library calls a space.
CharSet any_spaces() {
  return {{'\t', '\r'},     {' ', ' '},       {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x180e, 0x180e},
          {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
}
CharSet line_ends() { return {{'\n', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}; }

class RegexParser {
 public:
  RegexParser(Grammar& grammar, std::string_view pattern, const RegexOptions& options)
      : grammar_(grammar), options_(options), in_(grammar, pattern, "the pattern") {
    if (!options_.chars) options_.chars = [&grammar](const CharSet& set) { return grammar.chars(set); };
  }

  ExprId run() {
    const ExprId all = alternatives(0);
    if (!in_.done()) in_.fail("nothing to close", "", "\\) for the character");
    return all;
  }

 private:
  ExprId alternatives(int depth) {
    if (depth > kDeepestNesting) in_.fail("groups are nested too deeply", base::cat("at most ", kDeepestNesting, " levels"));
    std::vector<ExprId> all = {alternative(depth)};
    while (in_.take("|")) all.push_back(alternative(depth));
    return grammar_.choice(std::move(all));
  }

  ExprId alternative(int depth) {
    std::vector<ExprId> parts;
    const bool from_start = depth == 0 && in_.take("^");
    if (depth == 0 && options_.part && !from_start) parts.push_back(anything());
    bool to_end = false;
    while (!in_.done() && in_.peek() != '|' && in_.peek() != ')') {
      if (depth == 0 && in_.peek() == '$' && (in_.peek(1) == '|' || in_.peek(1) == '\0')) {
        in_.skip(1);
        to_end = true;
        break;
      }
      parts.push_back(repeated(atom(depth)));
    }
    if (depth == 0 && options_.part && !to_end) parts.push_back(anything());
    return grammar_.sequence(std::move(parts));
  }

  ExprId anything() { return grammar_.repeat(options_.chars(CharSet::all()), 0); }

  ExprId repeated(ExprId what) {
    int64_t min = 0, max = kUnbounded;
    if (in_.take("+"))
      min = 1;
    else if (in_.take("?"))
      max = 1;
    else if (in_.peek() == '{')
      std::tie(min, max) = counts();
    else if (!in_.take("*"))
      return what;
    if (in_.peek() == '+') in_.fail("possessive repetition is not supported", "* + ? or {m,n}");
    in_.take("?");  // fewest first: the same texts
    if (in_.peek() == '*' || in_.peek() == '+' || in_.peek() == '?' || in_.peek() == '{')
      in_.fail("a repetition of a repetition", "a group around the first");
    return grammar_.repeat(what, min, max);
  }

  std::pair<int64_t, int64_t> counts() {
    const TextCursor before = in_;
    in_.skip(1);
    const auto min = in_.take_number();
    if (!min) before.fail("a count is malformed", "{m}, {m,} or {m,n}", "\\{ for the character");
    auto max = min;
    if (in_.take(",")) max = in_.peek() == '}' ? std::optional(kUnbounded) : in_.take_number();
    if (!max || !in_.take("}")) before.fail("a count is malformed", "{m}, {m,} or {m,n}", "\\{ for the character");
    if (*max < *min) before.fail("a repetition ends before it begins", "the smaller count first");
    if (*min > kMostRepeats || (*max > kMostRepeats && *max != kUnbounded))
      before.fail("a repetition counts too far", base::cat("at most ", kMostRepeats));
    return {*min, *max};
  }

  ExprId atom(int depth) {
    switch (in_.peek()) {
      case '(':
        return group(depth);
      case '[':
        return options_.chars(char_class());
      case '.':
        in_.skip(1);
        return options_.chars(line_ends().inverted());
      case '\\':
        return options_.chars(escape(false, false));
      case '^':
      case '$':
        in_.fail("an anchor is possible only at the ends of the whole pattern", "", "\\^ or \\$ for the character");
      case '*':
      case '+':
      case '?':
      case '{':
        in_.fail("nothing to repeat", "", "a backslash before it, for the character");
      default: {
        const uint32_t c = in_.take_char();
        return options_.chars({{c, c}});
      }
    }
  }

  ExprId group(int depth) {
    const TextCursor before = in_;
    in_.skip(1);
    if (in_.take("?")) {
      const bool named = (in_.looking_at("<") && in_.peek(1) != '=' && in_.peek(1) != '!') || in_.take("P");
      if (named && in_.take("<")) {
        while (!in_.done() && in_.peek() != '>') in_.take_char();
        if (!in_.take(">")) before.fail("a group's name does not end");
      } else if (!in_.take(":")) {
        before.fail("this kind of group is not supported", "( ), (?: ) or (?<name> )");
      }
    } else if (in_.peek() == '*') {
      before.fail("this kind of group is not supported", "( ), (?: ) or (?<name> )");
    }
    const ExprId inside = alternatives(depth + 1);
    if (!in_.take(")")) before.fail("a group does not end", ")");
    return inside;
  }

  /// After a backslash: one character, or a class.
  /// `excluded`: the class stands for all others, so where libraries differ it takes the larger set.
  CharSet escape(bool in_class, bool excluded) {
    const TextCursor before = in_;
    in_.skip(1);
    if (in_.done()) before.fail("a backslash at the end", "", "\\\\ for the character");
    const uint32_t c = in_.take_char();
    switch (c) {
      case 'd':
        return digits();
      case 'D':
        return digits().inverted();
      case 'w':
        return word_chars();
      case 'W':
        return word_chars().inverted();
      case 's':
        return excluded ? any_spaces() : spaces();
      case 'S':
        return (excluded ? spaces() : any_spaces()).inverted();
      case 'p':
      case 'P':
        return category(before, c == 'P');
      default:
        break;
    }
    const std::optional<uint32_t> one = escaped_char(c, in_class);
    if (!one) before.fail("this escape is not supported", "\\d \\w \\s \\p{..} \\n \\t \\xHH \\uHHHH, or a sign");
    return {{*one, *one}};
  }

  std::optional<uint32_t> escaped_char(uint32_t c, bool in_class) {
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'b':
        return in_class ? std::optional<uint32_t>('\b') : std::nullopt;
      case 'x':
        return in_.peek() == '{' ? braced_hex() : in_.take_hex(2);
      case 'u':
        return in_.peek() == '{' ? braced_hex() : in_.take_hex(4);
      default:
        break;
    }
    const bool letter_or_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter_or_digit || c >= 0x80 ? std::nullopt : std::optional(c);
  }

  uint32_t braced_hex() {
    in_.skip(1);
    int digits = 0;
    while (digits < 7 && in_.peek(static_cast<size_t>(digits)) != '}' && in_.peek(static_cast<size_t>(digits)) != '\0') ++digits;
    if (digits == 0 || digits > 6) in_.fail("a character's number is malformed", "{1 to 6 hexadecimal digits}");
    const uint32_t c = in_.take_hex(digits);
    if (!in_.take("}")) in_.fail("a character's number does not end", "}");
    return c;
  }

  CharSet category(const TextCursor& before, bool inverted) {
    std::string name(1, in_.peek());
    if (in_.take("{")) {
      const size_t begin = in_.at();
      while (!in_.done() && in_.peek() != '}') in_.take_char();
      name = in_.from(begin);
      if (!in_.take("}")) before.fail("a class of characters does not end", "}");
    } else if (!in_.done()) {
      in_.take_char();
    }
    CharSet set;
    if (name.size() > 2 || !CharSet::of_category(name, set))
      before.fail("no such class of characters", "a general category, such as \\p{L} or \\p{Nd}");
    return inverted ? set.inverted() : set;
  }

  CharSet char_class() {
    const TextCursor before = in_;
    in_.skip(1);
    const bool inverted = in_.take("^");
    if (in_.peek() == ']') before.fail("an empty class of characters", "", "\\] for the character");
    CharSet set;
    while (!in_.take("]")) {
      if (in_.done()) before.fail("a class of characters does not end", "]");
      if (in_.looking_at("[:") || in_.looking_at("[.") || in_.looking_at("[="))
        in_.fail("this kind of class is not supported", "", "\\[ for the character");
      add_range(set, inverted);
    }
    return inverted ? set.inverted() : set;
  }

  void add_range(CharSet& set, bool excluded) {
    const TextCursor before = in_;
    const CharSet low = class_item(excluded);
    if (in_.peek() != '-' || in_.peek(1) == ']') return set.add(low);
    in_.skip(1);
    if (in_.done()) before.fail("a class of characters does not end", "]");
    const auto a = low.ranges(), b = class_item(excluded).ranges();
    const bool single = a.size() == 1 && a[0].low == a[0].high && b.size() == 1 && b[0].low == b[0].high;
    if (!single || a[0].low > b[0].low) before.fail("a range of characters is malformed", "the lower character first");
    set.add(a[0].low, b[0].low);
  }

  CharSet class_item(bool excluded) {
    if (in_.peek() == '\\') return escape(true, excluded);
    const uint32_t c = in_.take_char();
    return {{c, c}};
  }

  Grammar& grammar_;
  RegexOptions options_;
  TextCursor in_;
};

}  // namespace

ExprId parse_regex(Grammar& grammar, std::string_view pattern, const RegexOptions& options) {
  return RegexParser(grammar, pattern, options).run();
}

void write_regex(Grammar& grammar, std::string_view text) {
  grammar.root = grammar.add_rule("the pattern");
  grammar.define(grammar.root, parse_regex(grammar, text));
}

}  // namespace athanor::generate
