#pragma once
// What must hold for every constraint that was taken: with all bytes in the vocabulary a text that is under way can go on or end,
// every allowed token leads somewhere, and forbidden ones nowhere.

#include "athanor/run/generate/constraints/matcher.h"
#include "athanor/run/generate/constraints/shelf.h"
#include "tests/testing/fuzz.h"

namespace athanor::generate {

inline void fuzz_constraint(void (*write)(Grammar&, std::string_view), std::string_view input) {
  Grammar grammar({.where = "generate.fuzz", .most_states = 3'000});
  write(grammar, input);
  const Automaton automaton = compile_grammar(grammar);
  std::vector<std::pair<std::string, text::TokenId>> tokens;
  for (int b = 0; b < 256; ++b) tokens.emplace_back(std::string(1, static_cast<char>(b)), b);
  for (const char* piece : {"ab", "\":", "{\"", "},", "\n  ", "10", "\xc3\xa9", "((", "))", "\\u00", "true", "]]"})
    tokens.emplace_back(piece, static_cast<text::TokenId>(tokens.size()));
  const TokenTrie trie(tokens);
  TokenMasks masks(automaton, trie);
  Matcher matcher(automaton, masks);
  std::string text;
  uint64_t random = input.size() + 1;
  for (int step = 0; step < 64; ++step) {
    TokenBits bits((tokens.size() + 63) / 64);
    matcher.add_allowed(bits);
    std::vector<size_t> allowed;
    for (size_t i = 0; i < tokens.size(); ++i)
      if ((bits[i / 64] >> (i % 64) & 1) != 0) allowed.push_back(i);
    ATH_FUZZ_CHECK(matcher.may_end() || !allowed.empty());
    if (allowed.empty()) return;
    random = random * 6364136223846793005u + 1442695040888963407u;
    const size_t other = (random >> 40) % tokens.size();
    Matcher tried(automaton, masks);
    ATH_FUZZ_CHECK(tried.advance(text + tokens[other].first) == ((bits[other / 64] >> (other % 64) & 1) != 0));
    const std::string& next = tokens[allowed[(random >> 20) % allowed.size()]].first;
    ATH_FUZZ_CHECK(matcher.advance(next));
    text += next;
  }
}

}  // namespace athanor::generate
