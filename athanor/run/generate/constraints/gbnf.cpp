// --grammar: GBNF, the grammar language of llama.cpp as its documentation describes it.
//   name ::= "text" [a-z] [^\n] . other-name ( ... | ... ) x* x+ x? x{m} x{m,} x{m,n}     # comment
// A rule ends with its line, except inside parentheses, after ::= and around |. The text must match the rule `root`. Checked
// against an own naive recogniser in the tests.

#include <map>

#include "athanor/core/base/cat.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "athanor/run/generate/constraints/text_cursor.h"

namespace athanor::generate {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class GbnfParser {
 public:
  GbnfParser(Grammar& grammar, std::string_view text) : grammar_(grammar), in_(grammar, text, "the grammar") {}

  void run() {
    for (skip_space(true); !in_.done(); skip_space(true)) rule();
    const auto root = ids_.find("root");
    if (root == ids_.end() || !grammar_.rule_at(root->second).defined) grammar_.fail({"there is no rule root", "", "root ::= ..."});
    for (const auto& [name, id] : ids_)
      if (!grammar_.rule_at(id).defined) uses_.at(name).fail("this rule is not defined", base::cat(name, " ::= ..."));
    grammar_.root = root->second;
  }

 private:
  void rule() {
    const TextCursor before = in_;
    const std::string name(take_name());
    skip_space(false);
    if (!in_.take("::=")) in_.fail("a rule has no ::= after its name", "name ::= ...");
    skip_space(true);
    const RuleId id = id_of(name, before);
    if (grammar_.rule_at(id).defined) before.fail("a rule is defined twice");
    grammar_.define(id, alternatives(0));
    if (!in_.done() && in_.peek() != '\n' && in_.peek() != '\r')
      in_.fail("a rule does not end here", "a new line, or | or a part of the rule");
  }

  std::string_view take_name() {
    const size_t begin = in_.at();
    while (is_name_char(in_.peek())) in_.skip(1);
    if (in_.at() == begin) in_.fail("no name of a rule", "letters, digits and -");
    return in_.from(begin);
  }

  RuleId id_of(const std::string& name, const TextCursor& place) {
    const auto [it, is_new] = ids_.try_emplace(name, 0);
    if (is_new) {
      it->second = grammar_.add_rule(name);
      uses_.emplace(name, place);
    }
    return it->second;
  }

  void skip_space(bool lines) {
    for (;; in_.skip(1)) {
      if (in_.peek() == '#')
        while (!in_.done() && in_.peek() != '\n' && in_.peek() != '\r') in_.take_char();
      const char c = in_.peek();
      if (c != ' ' && c != '\t' && !(lines && (c == '\n' || c == '\r'))) return;
    }
  }

  ExprId alternatives(int depth) {
    if (depth > kDeepestNesting) in_.fail("groups are nested too deeply", base::cat("at most ", kDeepestNesting, " levels"));
    std::vector<ExprId> all = {sequence(depth)};
    while (in_.take("|")) {
      skip_space(true);
      all.push_back(sequence(depth));
    }
    return grammar_.choice(std::move(all));
  }

  ExprId sequence(int depth) {
    std::vector<ExprId> parts;
    for (;;) {
      skip_space(depth > 0);
      const char c = in_.peek();
      if (c == '*' || c == '+' || c == '?' || c == '{') {
        if (parts.empty()) in_.fail("nothing to repeat");
        parts.back() = repeated(parts.back());
      } else if (c == '"') {
        parts.push_back(literal());
      } else if (c == '[') {
        parts.push_back(grammar_.chars(char_class()));
      } else if (c == '.') {
        in_.skip(1);
        parts.push_back(grammar_.chars(CharSet::all()));
      } else if (c == '(') {
        parts.push_back(group(depth));
      } else if (c == '<') {
        in_.fail("tokens in a grammar are not supported", "text in quotes");
      } else if (is_name_char(c)) {
        const TextCursor before = in_;
        parts.push_back(grammar_.rule(id_of(std::string(take_name()), before)));
      } else {
        break;
      }
    }
    return grammar_.sequence(std::move(parts));
  }

  ExprId group(int depth) {
    const TextCursor before = in_;
    in_.skip(1);
    const ExprId inside = alternatives(depth + 1);
    if (!in_.take(")")) in_.done() ? before.fail("a group does not end", ")") : in_.fail("a group does not end here", ")");
    return inside;
  }

  ExprId repeated(ExprId what) {
    if (in_.take("*")) return grammar_.repeat(what, 0);
    if (in_.take("+")) return grammar_.repeat(what, 1);
    if (in_.take("?")) return grammar_.optional(what);
    const TextCursor before = in_;
    in_.skip(1);
    const auto min = take_count();
    auto max = min;
    if (in_.take(",")) {
      max = take_count();
      if (!max) max = kUnbounded;
    }
    if (!min || !in_.take("}")) before.fail("a count is malformed", "{m}, {m,} or {m,n}");
    if (*max < *min) before.fail("a repetition ends before it begins", "the smaller count first");
    if (*min > kMostRepeats || (*max > kMostRepeats && *max != kUnbounded))
      before.fail("a repetition counts too far", base::cat("at most ", kMostRepeats));
    return grammar_.repeat(what, *min, *max);
  }

  std::optional<int64_t> take_count() {
    skip_space(false);
    const auto count = in_.take_number();
    skip_space(false);
    return count;
  }

  ExprId literal() {
    const TextCursor before = in_;
    in_.skip(1);
    std::vector<ExprId> chars;
    while (!in_.take("\"")) {
      if (in_.done() || in_.peek() == '\n') before.fail("a text does not end", "\"");
      const uint32_t c = one_char();
      chars.push_back(grammar_.chars({{c, c}}));
    }
    return grammar_.sequence(std::move(chars));
  }

  CharSet char_class() {
    const TextCursor before = in_;
    in_.skip(1);
    const bool inverted = in_.take("^");
    CharSet set;
    while (!in_.take("]")) {
      if (in_.done() || in_.peek() == '\n') before.fail("a class of characters does not end", "]");
      const uint32_t low = one_char();
      uint32_t high = low;
      if (in_.peek() == '-' && in_.peek(1) != ']') {
        in_.skip(1);
        if (in_.done()) before.fail("a class of characters does not end", "]");
        high = one_char();
      }
      if (high < low) before.fail("a range of characters is malformed", "the lower character first");
      set.add(low, high);
    }
    return inverted ? set.inverted() : set;
  }

  uint32_t one_char() {
    if (in_.peek() != '\\') return in_.take_char();
    const TextCursor before = in_;
    in_.skip(1);
    switch (in_.peek()) {
      case 'n':
        return in_.skip(1), '\n';
      case 't':
        return in_.skip(1), '\t';
      case 'r':
        return in_.skip(1), '\r';
      case 'x':
        return in_.skip(1), in_.take_hex(2);
      case 'u':
        return in_.skip(1), in_.take_hex(4);
      case 'U':
        return in_.skip(1), in_.take_hex(8);
      case '"':
      case '\\':
      case '[':
      case ']':
        return in_.take_char();
      default:
        before.fail("unknown escape", "\\n \\t \\r \\\\ \\\" \\[ \\] \\xHH \\uHHHH \\UHHHHHHHH");
    }
  }

  Grammar& grammar_;
  TextCursor in_;
  std::map<std::string, RuleId> ids_;
  std::map<std::string, TextCursor> uses_;  // where each was first named
};

}  // namespace

void write_gbnf(Grammar& grammar, std::string_view text) { GbnfParser(grammar, text).run(); }

}  // namespace athanor::generate
