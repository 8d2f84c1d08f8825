#include "athanor/core/text/tiktoken.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/base64.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizer.h"
#include "tests/core/text/random_text.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using Ids = std::vector<TokenId>;

std::string file_of_tiktoken(const std::vector<std::string>& tokens) {
  std::string text;
  for (size_t i = 0; i < tokens.size(); ++i) text += base::base64_encode(tokens[i]) + " " + std::to_string(i) + "\n";
  return text;
}

std::string refusal_of_tiktoken(std::string_view text) {
  try {
    parse_tiktoken(text, "m.tiktoken");
    return "taken";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 3);
    return error.what();
  }
}

TEST(Tiktoken, TheLowestRankMergesFirstAndAWordThatIsATokenStaysWhole) {
  auto tokenizer = parse_tiktoken(file_of_tiktoken({"a", "b", "c", "bc", "ab", "abcd", "d"}), "m.tiktoken");
  EXPECT_EQ(tokenizer->encode("abc", {}), (Ids{0, 3}));
  EXPECT_EQ(tokenizer->encode("abcd", {}), Ids{5});
  EXPECT_EQ(tokenizer->decode(Ids{0, 3, 5}, false), "abcabcd");
}

TEST(Tiktoken, AFolderOrAFileOpens) {
  athanor::testing::TempFolder folder;
  folder.write("a.tiktoken", file_of_tiktoken({"a", "b", "ab"}));
  EXPECT_EQ(load_tokenizer(folder.path())->encode("ab"), Ids{2});
  folder.write("tokenizer.model", file_of_tiktoken({"b", "a", "ab"}));
  EXPECT_EQ(load_tokenizer(folder.path())->encode("aab"), (Ids{1, 2}));
  EXPECT_EQ(load_tokenizer(folder / "a.tiktoken")->encode("ab"), Ids{2});
}

TEST(Tiktoken, MistakesAreNamed) {
  EXPECT_EQ(refusal_of_tiktoken(""), "[text.tiktoken] m.tiktoken: the file has no tokens");
  for (const char* line : {"YQ==", "YQ== x", "YQ==  1", "Y 1", " 1", "YQ== -1", "YQ== 99999999", "=== 1", "YQ== 1 "})
    EXPECT_NE(refusal_of_tiktoken(std::string("Yg== 0\n") + line).find("line 2: not a token and its rank"), std::string::npos)
        << line;
  EXPECT_NE(refusal_of_tiktoken("YQ== 0\nYQ== 1").find("line 2: the token occurs twice"), std::string::npos);
  EXPECT_NE(refusal_of_tiktoken("YQ== 0\nYg== 0").find("line 2: the rank occurs twice"), std::string::npos);
  EXPECT_TRUE(looks_like_tiktoken("YQ== 0\r\n"));
  EXPECT_FALSE(looks_like_tiktoken("\x0a\x0e\x0a\x05<unk>"));
}

/// GPT-2's vocabulary as a list of ranks gives GPT-2's ids.
TEST(RealTiktoken, Gpt2sRanksGiveItsIds) {
  ATH_NEEDS_DATA("vocab/gpt2-vocab.json");
  auto gpt2 = load_tokenizer(athanor::testing::data_path("vocab/gpt2-vocab.json"));
  std::vector<std::string> tokens;
  for (TokenId id = 0; id < 50256; ++id) tokens.push_back(gpt2->token_bytes(id));
  auto tokenizer = parse_tiktoken(file_of_tiktoken(tokens), "gpt2.tiktoken");
  EXPECT_EQ(tokenizer->eos(), 50256);
  athanor::testing::Golden golden("core_text/real_ids");
  for (const auto& [file, expected] : golden.json()["gpt2"].items()) {
    ATH_NEEDS_DATA(file);
    Ids ids = tokenizer->encode(base::read_text_file(athanor::testing::data_path(file)), {.add_special_tokens = false});
    EXPECT_EQ(ids.size(), expected[0]) << file;
    EXPECT_EQ(std::to_string(ids_hash(ids)), expected[1]) << file;
  }
}

}  // namespace
}  // namespace athanor::text
