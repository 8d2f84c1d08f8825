#include "athanor/run/generate/constraints/token_mask.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "athanor/core/base/error.h"
#include "athanor/run/generate/constraint.h"
#include "athanor/run/generate/constraints/matcher.h"
#include "tests/run/generate/naive_recogniser.h"

namespace athanor::generate {
namespace {

/// A random grammar over the letters a, b, c, with rules that call each other.
class RandomGrammar {
 public:
  explicit RandomGrammar(unsigned seed) : random_(seed), grammar({.source = "random"}) {
    for (int i = 0; i < 4; ++i) rules_.push_back(grammar.add_rule("r" + std::to_string(i), below(2) == 0));
    for (RuleId rule : rules_) grammar.define(rule, expr(4));
    grammar.root = rules_[0];
  }

 private:
  size_t below(size_t n) { return random_() % n; }
  std::vector<ExprId> some(int depth) {
    std::vector<ExprId> parts(1 + below(3));
    for (ExprId& part : parts) part = expr(depth - 1);
    return parts;
  }

  ExprId expr(int depth) {
    const size_t kind = depth == 0 ? below(2) : below(9);
    if (kind == 0) return grammar.bytes(std::string(1 + below(2), static_cast<char>('a' + below(3))));
    if (kind == 1) return grammar.chars({{'a', static_cast<uint32_t>('a' + below(3))}});
    if (kind == 2) return grammar.rule(rules_[below(rules_.size())]);
    if (kind == 3) return grammar.repeat(expr(depth - 1), static_cast<int64_t>(below(2)), static_cast<int64_t>(2 + below(3)));
    if (kind == 4) return grammar.repeat(expr(depth - 1), static_cast<int64_t>(below(2)));
    if (kind == 5) return grammar.choice(some(depth));
    auto parts = some(depth);
    const size_t n = parts.size();
    if (kind == 6) return grammar.sequence_from(std::move(parts), below(n + 1));
    if (kind == 7) {
      std::vector<bool> optional(n);
      for (size_t i = 0; i < n; ++i) optional[i] = below(2) == 0;
      return grammar.list(std::move(parts), std::move(optional), grammar.bytes("c"));
    }
    return grammar.sequence(std::move(parts));
  }

  std::mt19937 random_;
  std::vector<RuleId> rules_;

 public:
  Grammar grammar;
};

std::vector<std::pair<std::string, text::TokenId>> random_vocabulary(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<std::string, text::TokenId>> tokens = {{"a", 0}, {"b", 1}, {"c", 2}};
  for (text::TokenId id = 3; id < 70; ++id) {
    std::string bytes;
    for (size_t n = 1 + random() % 6; n > 0; --n) bytes += static_cast<char>('a' + random() % 3);
    tokens.emplace_back(bytes, id);  // some are there twice
  }
  return tokens;
}

/// The mask that trying each token gives.
TokenBits brute_force(const Automaton& automaton, TokenMasks& masks, const std::string& text, const auto& tokens, size_t words) {
  TokenBits bits(words);
  for (const auto& [bytes, id] : tokens) {
    Matcher matcher(automaton, masks);
    if (matcher.advance(text + bytes)) bits[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64);
  }
  return bits;
}

// [letters]{1,1000}, a part that is itself a rule, and one that may be empty: where the count is far from its end, all states have
// one stand-in for each place within a part; near the end each has its own.
TEST(StandIns, CountsFarFromTheirEndAreOne) {
  const auto different = [](const char* pattern, size_t bytes) {
    Grammar grammar({.source = "test"});
    const auto rows = constraints();
    std::find_if(rows.begin(), rows.end(), [](const auto& row) {
      return std::string_view(row.name) == "regex";
    })->write(grammar, pattern);
    const Automaton automaton = compile_grammar(grammar);
    const std::vector<StateId> stand_in = stand_ins(automaton, bytes);
    size_t themselves = 0;
    for (StateId s = 0; s < stand_in.size(); ++s) themselves += stand_in[s] == s;
    EXPECT_GT(automaton.states.size(), 900u);
    return themselves;
  };
  EXPECT_EQ(different("[ab]{1,1000}", 6), 2u + 6) << "the first, the middle, and the six at whose end a token may not fit";
  EXPECT_LE(different("([ab]c|d){1,1000}", 6), 2u * 8);
  EXPECT_LE(different("[a\u00e9]{0,1000}", 6), 2u * 8);
  EXPECT_EQ(different("[ab]{1,1000}", 5000), 1001u) << "a token longer than the count tells all apart";
  EXPECT_LE(different("((foo|bar|b?a?z)(,;)?(qux){0,5}){1,1000}", 5), 120u) << "parts that become rules";
}

struct Outcome {
  bool taken = false;
  size_t steps = 0;
};

void follow_random_text(const Automaton& automaton, unsigned seed, Outcome& outcome);

Outcome compare_masks(unsigned seed) {
  Outcome outcome;
  try {
    RandomGrammar random(seed);
    const Automaton automaton = compile_grammar(random.grammar);
    for (unsigned walk = 0; walk < 3; ++walk) follow_random_text(automaton, seed + walk, outcome);
    outcome.taken = true;
  } catch (const base::Error&) {  // left recursion, nothing matches, or too ambiguous
  }
  return outcome;
}

/// At each step the mask equals brute force, and some token can follow or the text may end.
void follow_random_text(const Automaton& automaton, unsigned seed, Outcome& outcome) {
  const auto tokens = random_vocabulary(seed / 7);
  const TokenTrie trie(tokens);
  TokenMasks masks(automaton, trie);
  Matcher matcher(automaton, masks);
  std::mt19937 choose(seed);
  std::string text;
  for (int step = 0; step < 12; ++step, ++outcome.steps) {
    TokenBits bits(2);
    matcher.add_allowed(bits);
    EXPECT_EQ(bits, brute_force(automaton, masks, text, tokens, 2)) << "seed " << seed << " after " << text;
    std::vector<size_t> allowed;
    for (size_t i = 0; i < tokens.size(); ++i)
      if (bits[static_cast<size_t>(tokens[i].second) / 64] >> (tokens[i].second % 64) & 1) allowed.push_back(i);
    EXPECT_TRUE(matcher.may_end() || !allowed.empty()) << "seed " << seed << ": alive in vain after " << text;
    if (allowed.empty()) return;
    const std::string& bytes = tokens[allowed[choose() % allowed.size()]].first;
    EXPECT_TRUE(matcher.advance(bytes));
    text += bytes;
  }
}

TEST(TokenMask, EqualsBruteForceOverRandomGrammars) {
  size_t taken = 0, steps = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Outcome outcome = compare_masks(seed);
    taken += outcome.taken;
    steps += outcome.steps;
    if (HasFailure()) return;
  }
  EXPECT_GT(taken, 150u) << "most random grammars are left-recursive or endless";
  EXPECT_GT(steps, 2000u);
}

TEST(Automaton, TakesWhatTheNaiveRecogniserTakes) {
  size_t taken = 0, members = 0;
  for (unsigned seed = 1000; seed < 1300; ++seed) {
    RandomGrammar random(seed);
    Automaton automaton;
    try {
      automaton = compile_grammar(random.grammar);
    } catch (const base::Error&) {
      continue;
    }
    ++taken;
    const TokenTrie trie({{"a", 0}});
    TokenMasks masks(automaton, trie);
    for (size_t length = 0, texts = 1; length <= 5; ++length, texts *= 3)
      for (size_t number = 0; number < texts; ++number) {
        std::string text;
        for (size_t i = 0, n = number; i < length; ++i, n /= 3) text += static_cast<char>('a' + n % 3);
        Matcher matcher(automaton, masks);
        const bool is_member = matcher.advance(text) && matcher.may_end();
        ASSERT_EQ(is_member, NaiveRecogniser(random.grammar, text).matches()) << "seed " << seed << " text " << text;
        members += is_member;
      }
  }
  EXPECT_GT(taken, 100u);
  EXPECT_GT(members, 1000u);
}

TEST(TokenMask, KeepsScoresOfSetBitsAlone) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  std::vector<float> scores(150);
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(i);
  TokenBits bits = {0, uint64_t{1} << 3 | uint64_t{1} << 63};
  EXPECT_EQ(keep_tokens(bits, scores), 2u);
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(scores[i], i == 67 || i == 127 ? static_cast<float>(i) : kNever) << i;
  std::vector<float> few(70, 1);
  EXPECT_EQ(keep_tokens(bits, few), 1u) << "bits past the scores do not count";
}

TEST(TokenTrie, HoldsEveryTokenOnce) {
  const auto tokens = random_vocabulary(5);
  const TokenTrie trie(tokens);
  size_t found = 0;
  std::string path;
  for (uint32_t i = 0; i < trie.nodes().size(); ++i) {
    const auto& node = trie.node(i);
    path.resize(node.depth > 0 ? node.depth - 1u : 0u);
    if (node.depth > 0) path += static_cast<char>(node.byte);
    for (text::TokenId id : trie.tokens_at(i)) {
      EXPECT_EQ(tokens[static_cast<size_t>(id)].first, path);
      ++found;
    }
    EXPECT_GT(node.end, i);
  }
  EXPECT_EQ(found, tokens.size());
  EXPECT_TRUE(TokenTrie({{"", 4}}).nodes().size() == 1) << "a token without bytes stays out";
}

TEST(TokenTrie, AnEmptyVocabularyHasARoot) {
  EXPECT_EQ(TokenTrie(std::vector<std::pair<std::string, text::TokenId>>{}).node(0).end, 1u);
}

}  // namespace
}  // namespace athanor::generate
