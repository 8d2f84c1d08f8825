#include "athanor/core/text/unigram_trainer.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/trainers/unigram_lattice.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using base::Json;

TEST(UnigramTrainer, PiecesEqualTheLibrarys) {
  athanor::testing::Golden golden("core_text/other_training");
  auto text = golden.json()["text"].get<std::string>();
  for (const Json& one : golden.json()["unigram"]) {
    UnigramTrainerOptions options;
    options.vocab_size = one["vocab_size"];
    SCOPED_TRACE(options.vocab_size);
    UnigramTrainingResult result = train_unigram(text, options);
    std::map<std::string, double> expected, found;
    for (const Json& piece : one["pieces"]) expected.emplace(piece[0], piece[1]);
    for (const ScoredPiece& piece : result.pieces) found.emplace(piece.text, piece.score);
    ASSERT_EQ(found.size(), expected.size());
    for (const auto& [piece, score] : expected) {
      ASSERT_TRUE(found.contains(piece)) << piece;
      // characters that were pruned come back with the least score and a little more each, in the order of a hash table
      bool character = piece.size() == char_at(piece.data()).length;
      EXPECT_NEAR(found[piece], score, character ? 0.01 : 1e-6) << piece;
    }
  }
}

TEST(UnigramTrainer, TheFolderOpensAndItsIdsComeBackAsTheText) {
  athanor::testing::TempFolder folder;
  UnigramTrainerOptions options;
  options.vocab_size = 40;
  write_tokenizer_folder(train_unigram("the thin thing thinks the thick thought\nthen they\n", options), options, folder.path());
  auto tokenizer = load_tokenizer(folder.path());
  EXPECT_LE(tokenizer->vocab_size(), 40);
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("think then thing")), "think then thing");
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
}

TEST(UnigramTrainer, MistakesAreInputErrors) {
  UnigramTrainerOptions options;
  options.vocab_size = 8;
  EXPECT_THROW(train_unigram("abcdefghij", options), base::Error);
  options.vocab_size = 100;
  EXPECT_THROW(train_unigram("", options), base::Error);
  EXPECT_THROW(train_unigram("a\xff", options), base::Error);
  EXPECT_THROW(train_unigram(std::vector<std::filesystem::path>(), options), base::Error);
  options.special_tokens.clear();
  EXPECT_THROW(train_unigram("ab", options), base::Error);
}

/// Sums over all ways, done by hand for "ab" with pieces a, b and ab.
TEST(UnigramLattice, ExpectedCountsSumOverAllWays) {
  std::vector<ScoredPiece> pieces = {{"", 0}, {"a", std::log(0.5)}, {"b", std::log(0.25)}, {"ab", std::log(0.25)}};
  UnigramLattice lattice(pieces);
  lattice.set("ab");
  std::vector<double> expected(4);
  EXPECT_NEAR(lattice.add_expected(2, expected), 2 * std::log(0.375), 1e-12);
  EXPECT_NEAR(expected[1], 2 * 0.125 / 0.375, 1e-12);
  EXPECT_NEAR(expected[3], 2 * 0.25 / 0.375, 1e-12);
  EXPECT_EQ(lattice.best(), std::vector<int32_t>{3});
  EXPECT_EQ(lattice.best_two(), (std::vector<std::vector<int32_t>>{{3}, {1, 2}}));
  lattice.set("ac");
  EXPECT_EQ(lattice.best(), (std::vector<int32_t>{1, 0}));
}

}  // namespace
}  // namespace athanor::text
