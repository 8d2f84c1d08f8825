#include "athanor/core/text/tokenizers/tokenizer_json.h"

#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "tests/testing/cases.h"
#include "tests/testing/data.h"

namespace athanor::text {
namespace {

TEST(TokenizerJson, MalformedFilesAreRefusedWithTheirPlace) {
  for (const auto& one : athanor::testing::read_cases(athanor::testing::source_path("tests/malformed/tokenizer.cases"))) {
    SCOPED_TRACE(one.name + ", line " + std::to_string(one.line));
    try {
      auto tokenizer = parse_tokenizer_json(one.input, "tokenizer.json");
      EXPECT_EQ(one.exit_code, 0);
      EXPECT_EQ(tokenizer->encode("ab", {}), std::vector<TokenId>{2});
    } catch (const base::Error& error) {
      std::string message = error.what();
      EXPECT_EQ(error.exit_code(), one.exit_code) << message;
      EXPECT_NE(message.find(one.expected), std::string::npos) << message;
      EXPECT_NE(message.find("tokenizer.json"), std::string::npos) << message;
      EXPECT_EQ(message.substr(0, 6), "[text.") << message;
      EXPECT_LE(message.size(), 400u);
    }
  }
}

TEST(TokenizerJson, ANormalizerThatBlowsUpTextIsStopped) {
  std::string parts;
  for (int i = 0; i < 20; ++i) parts += R"(,{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"})";
  auto tokenizer = parse_tokenizer_json(R"({"normalizer": {"type": "Sequence", "normalizers": [)" + parts.substr(1) +
                                            R"(]}, "model": {"vocab": {"a": 0}, "merges": []}})",
                                        "t");
  try {
    tokenizer->encode("a", {});
    ADD_FAILURE();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find("[text.normalize]"), std::string::npos);
  }
}

TEST(TokenizerJson, NumbersAndEscapesReadAsTheyAre) {
  auto tokenizer = parse_tokenizer_json(
      R"({"extra": [1, -0.5e3, true, null, "\u00e9\ud83d\ude00\n"], "model": {"vocab": {"\u0061": 0, "\ud83d\ude00": 1, "\\\"\/": 2}, "merges": []}})",
      "t");
  EXPECT_EQ(tokenizer->token_to_id("a"), 0);
  EXPECT_EQ(tokenizer->token_to_id("😀"), 1);
  EXPECT_EQ(tokenizer->token_to_id("\\\"/"), 2);
  EXPECT_NE(tokenizer->json().find("-500.0"), std::string::npos) << tokenizer->json();
}

}  // namespace
}  // namespace athanor::text
