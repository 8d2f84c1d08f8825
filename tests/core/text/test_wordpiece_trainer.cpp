#include "athanor/core/text/wordpiece_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizer.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using base::Json;

/// The library's own runs differ in how they order pairs of equal counts.
TEST(WordPieceTrainer, TokensAreNearlyAllThoseOnWhichTheLibrarysRunsAgree) {
  athanor::testing::Golden golden("core_text/other_training");
  auto text = golden.json()["text"].get<std::string>();
  for (const Json& one : golden.json()["word_piece"]) {
    WordPieceTrainerOptions options;
    options.vocab_size = one["vocab_size"];
    SCOPED_TRACE(options.vocab_size);
    std::vector<std::string> tokens = train_word_piece(text, options).tokens;
    EXPECT_EQ(static_cast<int64_t>(tokens.size()), options.vocab_size);
    EXPECT_EQ(tokens[1], "[UNK]");
    std::set<std::string> ours(tokens.begin(), tokens.end());
    // twelve runs do not show every order of equal counts
    auto shared = [&](const Json& tokens) {
      return std::count_if(tokens.begin(), tokens.end(), [&](const Json& t) { return ours.contains(t.get<std::string>()); });
    };
    EXPECT_GE(shared(one["all"]), static_cast<int64_t>(one["all"].size() * 97 / 100));
    EXPECT_GE(shared(one["any"]), options.vocab_size * 97 / 100);
  }
}

TEST(WordPieceTrainer, TheFolderIsBerts) {
  athanor::testing::TempFolder folder;
  WordPieceTrainerOptions options;
  options.vocab_size = 60;
  write_tokenizer_folder(train_word_piece("Singing singers sing songs, singing.", options), options, folder.path());
  auto tokenizer = load_tokenizer(folder.path());
  std::vector<TokenId> ids = tokenizer->encode("Singing!");
  EXPECT_EQ(ids.front(), 2);
  EXPECT_EQ(ids.back(), 3);
  EXPECT_EQ(ids[ids.size() - 2], 1);  // "!" was never seen
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("Singing, singers"), true), "singing, singers");
}

TEST(WordPieceTrainer, MistakesAreInputErrors) {
  WordPieceTrainerOptions options;
  options.vocab_size = 8;
  EXPECT_THROW(train_word_piece("abcdefghij", options), base::Error);
  options.vocab_size = 100;
  EXPECT_THROW(train_word_piece(" ", options), base::Error);
}

}  // namespace
}  // namespace athanor::text
