#include <gtest/gtest.h>

#include <set>

#include "athanor/run/generate/constraints/matcher.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "tests/run/generate/naive_recogniser.h"
#include "tests/run/generate/toy_model.h"

namespace athanor::generate {
namespace {

constexpr const char* kArithmetic = R"gbnf(
# sums and products
root ::= sum
sum  ::= product (("+" | "-") product){0,4}
product ::= factor ("*" factor)*
factor ::= [0-9]{1,3} | "(" sum ")" | "a" | "xyz"
)gbnf";

const char* const kGrammars[] = {
    kArithmetic,
    "root ::= \"yes\" | \"no\"\n",
    "root ::= (item \"\\n\")+\nitem ::= \"- \" [^\\n]{1,20}\n",
    "root ::= \"a\" root \"b\" | \"\"",
    "root ::= [\\u4e00-\\u9fff\\U0001F600-\\U0001F64F]+ \"\\x21\" .?",
    "root ::=\n  left |\n  right\nleft ::= \"ab\" left? # to the right\nright ::= ( \"b\"\n \"a\" ){2}",
    "root ::= word (\" \" word){3,}\nword ::= [a-z] [a-z-]*",
};

/// By hand, so that it is nobody's parser: a sum at `at`, which moves behind it.
bool eat_sum(std::string_view text, size_t& at, int depth = 0);
bool eat_factor(std::string_view text, size_t& at, int depth) {
  if (depth > 500 || at >= text.size()) return false;
  if (text[at] == '(') return ++at, eat_sum(text, at, depth + 1) && at < text.size() && text[at++] == ')';
  if (text[at] == 'a') return ++at, true;
  if (text.substr(at).starts_with("xyz")) return at += 3, true;
  size_t digits = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at, ++digits;
  return digits >= 1 && digits <= 3;
}
bool eat_sum(std::string_view text, size_t& at, int depth) {
  for (int products = 1;; ++products) {
    if (!eat_factor(text, at, depth)) return false;
    while (at < text.size() && text[at] == '*')
      if (!eat_factor(text, ++at, depth)) return false;
    if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return products <= 5;
    ++at;
  }
}

TEST(Gbnf, EveryTextIsRecognised) {
  for (const char* text : kGrammars) {
    Grammar grammar({});
    write_gbnf(grammar, text);
    std::set<std::string> seen;
    for (const std::string& said : many_texts("grammar", text, 2000)) {
      if (said.size() < 300) {
        ASSERT_TRUE(NaiveRecogniser(grammar, said).matches()) << text << "\n" << said;
      }
      if (text == kArithmetic) {
        size_t at = 0;
        ASSERT_TRUE(eat_sum(said, at) && at == said.size()) << said;
      }
      seen.insert(said);
    }
    EXPECT_GT(seen.size(), 1u) << text;
  }
}

bool takes(const char* text, std::string_view said) {
  Grammar grammar({});
  write_gbnf(grammar, text);
  const Automaton automaton = compile_grammar(grammar);
  const TokenTrie trie({{"a", 0}});
  TokenMasks masks(automaton, trie);
  Matcher matcher(automaton, masks);
  const bool taken = matcher.advance(said) && matcher.may_end();
  EXPECT_EQ(taken, NaiveRecogniser(grammar, said).matches()) << text << "\n" << said;
  return taken;
}

TEST(Gbnf, TakesWhatItsDocumentationSays) {
  EXPECT_TRUE(takes("root ::= \"a\"{2,3}", "aaa"));
  EXPECT_FALSE(takes("root ::= \"a\"{2,3}", "aaaa"));
  EXPECT_FALSE(takes("root ::= \"a\"{2,3}", "a"));
  EXPECT_TRUE(takes("root ::= \"a\"{2,} \"b\"{1}", "aaaaab"));
  EXPECT_TRUE(takes("root ::= [^\"\\\\]+ \"\\\"\"", "x\xc3\xa9\""));
  EXPECT_FALSE(takes("root ::= [^x]", "x"));
  EXPECT_TRUE(takes("root ::= .", "\n"));
  EXPECT_TRUE(takes("root ::= .", "\xf0\x9f\x98\x80"));
  EXPECT_FALSE(takes("root ::= .", "\xf0\x9f\x98"));
  EXPECT_TRUE(takes("root ::= [-a] [a-]", "-a"));
  EXPECT_TRUE(takes("root ::= a\na ::= b | \"\"\nb ::= \"b\" a", "bbbb"));
}

TEST(Gbnf, DeepTextsAreFollowed) {
  Grammar grammar({});
  write_gbnf(grammar, "root ::= \"(\" root \")\" | \"x\"");
  const Automaton automaton = compile_grammar(grammar);
  const TokenTrie trie({{"(", 0}});
  TokenMasks masks(automaton, trie);
  Matcher matcher(automaton, masks);
  EXPECT_TRUE(matcher.advance(std::string(9000, '(') + "x" + std::string(9000, ')')));
  EXPECT_TRUE(matcher.may_end());
  EXPECT_FALSE(matcher.advance(")"));
  matcher.restart();
  EXPECT_ANY_THROW(matcher.advance(std::string(20'000, '('))) << "deeper is an error, not a crash";
}

}  // namespace
}  // namespace athanor::generate
