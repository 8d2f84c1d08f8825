#include "athanor/core/text/tokenizers/regex.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/regex_translate.h"
#include "tests/testing/golden.h"

namespace athanor::text {
namespace {

std::vector<std::string> pieces_of(const Regex& regex, std::string_view text) {
  std::vector<std::string> pieces;
  if (text.empty()) return pieces;
  regex.parts(text, [&](size_t begin, size_t end, bool) {
    if (end > begin) pieces.emplace_back(text.substr(begin, end - begin));
  });
  return pieces;
}

TEST(Regex, PiecesEqualOnigurumas) {
  testing::Golden golden("core_text/regex");
  for (const base::Json& split : golden.json()["splits"]) {
    auto source = split["regex"].get<std::string>();
    Regex regex(source, "golden");
    size_t i = 0;
    for (const base::Json& text : golden.json()["texts"]) {
      SCOPED_TRACE(source + " on " + text.get<std::string>());
      EXPECT_EQ(pieces_of(regex, text.get<std::string>()), split["pieces"][i++].get<std::vector<std::string>>());
    }
  }
}

TEST(Regex, WhatCannotKeepItsMeaningIsRefused) {
  for (auto [regex, message] : std::vector<std::pair<const char*, const char*>>{
           {"[a[bc]]", "a set inside a character class"},
           {"[[:alpha:]]", "a set inside a character class"},
           {"[a-z&&[^b]]", "&& inside a character class"},
           {"\\p{N}{1,3}+", "possessive"},
           {"[^\\S]", "inside a character class is not supported"},
           {"\\X", "\\X is not supported"},
           {"a{,3}", "write {0,n}"},
           {"(?~ab)", "(?~...)"},
           {"[abc", "without ]"},
           {"a\\", "ends with a backslash"},
           {"(a", "cannot be compiled"},
           {"*", "cannot be compiled"},
       }) {
    try {
      Regex compiled(regex, "place");
      ADD_FAILURE() << regex << " was taken";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit_code(), 3);
      EXPECT_NE(std::string(error.what()).find("[text.regex] place"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  }
}

TEST(Regex, ARunawayMatchEnds) {
  Regex regex("(a*)*(b|c)", "test");
  std::string text(5000, 'a');
  EXPECT_THROW(regex.parts(text, [](size_t, size_t, bool) {}), base::Error);
}

TEST(Regex, MatchesFarApartAreFound) {
  // farther than one portion of places, with the border inside a character
  Regex regex("x|(?<=日本)y", "test");
  std::string gap;
  while (gap.size() < 5000) gap += "日本";
  EXPECT_EQ(pieces_of(regex, gap + "x" + gap + "y"), (std::vector<std::string>{gap, "x", gap, "y"}));
}

TEST(Regex, EscapedTextMatchesItself) {
  std::string text = "a.b*c[d]{e}(f)|g^h$i\\j k#l-m?n+o/p&q~r";
  Regex regex(escape_regex(text), "test");
  EXPECT_EQ(pieces_of(regex, "<" + text + ">"), (std::vector<std::string>{"<", text, ">"}));
}

}  // namespace
}  // namespace athanor::text
