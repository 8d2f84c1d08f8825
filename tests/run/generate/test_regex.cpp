#include "athanor/run/generate/constraints/regex.h"

#include <gtest/gtest.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <memory>
#include <set>

#include "athanor/core/base/error.h"
#include "athanor/run/generate/constraints/matcher.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "tests/run/generate/toy_model.h"

namespace athanor::generate {
namespace {

/// The whole text, as PCRE2 sees it.
class Pcre {
 public:
  explicit Pcre(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    const uint32_t u_escapes = pattern.find("\\u") != std::string::npos ? PCRE2_ALT_BSUX : 0;  // which take \x{...} away
    const std::string whole = "\\A(?:" + pattern + ")\\z";
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(whole.data()), whole.size(),
                              PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | u_escapes, &error, &offset, nullptr));
    EXPECT_TRUE(code_) << pattern;
    data_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  }
  bool matches(const std::string& text) const {
    return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data_.get(), nullptr) > 0;
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> data_;
};

const char* const kPatterns[] = {
    "yes|no|maybe",
    "[a-z]+@[a-z]{2,8}\\.(com|org)",
    "\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2})?",
    "(ab|a)(bc|c)?x*",
    "-?(0|[1-9][0-9]{0,6})(\\.[0-9]+)?",
    ".{1,12}",
    "[^a-z\\s]{3,}",
    "\\w+(?: \\w+){0,5}[.!?]",
    "(?<word>\\S+)\\s\\S+",
    "\\p{Lu}\\p{Ll}{2,}|\\P{L}{4}",
    "[\\u4e00-\\u9fff]{1,6}\xe3\x80\x82",
    "(a|b)*a(a|b){6}",
    "^\\x41[\\x{1F600}-\\x{1F64F}]{2}$",
    "((((x{2}){2}){2}){2})",
    "[\\]\\-^a]{2}\\\\\\.\\[",
    "",
    "a{0}b{1}c{0,2}",
};

TEST(Regex, EveryTextMatchesInPcre2) {
  for (const char* pattern : kPatterns) {
    const Pcre pcre(pattern);
    std::set<std::string> texts;
    for (const std::string& text : many_texts("regex", pattern, 2000)) {
      ASSERT_TRUE(pcre.matches(text)) << pattern << " and " << text;
      texts.insert(text);
    }
    EXPECT_TRUE(texts.size() > 1 || std::string_view(pattern).find_first_of("[|.*,") == std::string_view::npos) << pattern;
  }
}

/// For patterns over few letters, all short texts: taken here exactly where PCRE2 takes them.
TEST(Regex, TakesExactlyWhatPcre2Takes) {
  const std::string letters = "ab\n ";
  for (const char* pattern : {"a*b?", "(a|ab)(b|ba)*", "[^a]{2,3}", "a.b|\\s\\S", "(?:a{2,}|b{2})+", "a??b+?", "\\w\\W|\\D",
                              "(a*)*b", "", "a|", "(|a)b"}) {
    Grammar grammar({.where = "generate.regex"});
    write_regex(grammar, pattern);
    const Automaton automaton = compile_grammar(grammar);
    const TokenTrie trie({{"a", 0}});
    TokenMasks masks(automaton, trie);
    const Pcre pcre(pattern);
    for (size_t length = 0, texts = 1; length <= 5; ++length, texts *= 4)
      for (size_t number = 0; number < texts; ++number) {
        std::string text;
        for (size_t i = 0, n = number; i < length; ++i, n /= 4) text += letters[n % 4];
        Matcher matcher(automaton, masks);
        ASSERT_EQ(matcher.advance(text) && matcher.may_end(), pcre.matches(text)) << pattern << " and " << text;
      }
  }
}

}  // namespace
}  // namespace athanor::generate
