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

TEST(Vocabulary, FindsAllAsItFindsOne) {
  Vocabulary vocabulary;
  for (TokenId id = 0; id < 1000; ++id) vocabulary.add("t" + std::to_string(id * 7919 % 1000), id);
  std::vector<std::string> texts;
  for (int i = 0; i < 333; ++i) texts.push_back((i % 3 ? "t" : "u") + std::to_string(i * 31 % 1100));
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<TokenId> ids, none;
  vocabulary.find_all(views, ids);
  ASSERT_EQ(ids.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(ids[i], vocabulary.find(texts[i])) << texts[i];
  Vocabulary().find_all(views, none);
  EXPECT_EQ(none, std::vector<TokenId>(texts.size(), -1));
}

// Merges are looked up some hundred at a time; what is wrong is found in the order of the file all the same.
TEST(TokenizerJson, TheFirstOfManyMergesThatIsWrongIsNamed) {
  const auto message = [](int unknown, int broken) {
    std::string vocab = R"("a": 0)", merges;
    for (int i = 1; i <= 700; ++i) {
      const std::string shorter(static_cast<size_t>(i), 'a');
      vocab += ",\"" + shorter + "a\": " + std::to_string(i);
      merges += i == 1 ? "" : ",";
      merges += i == broken ? "\"aaa\"" : "\"" + shorter + (i == unknown ? " b\"" : " a\"");
    }
    try {
      parse_tokenizer_json(R"({"model": {"type": "BPE", "vocab": {)" + vocab + R"(}, "merges": [)" + merges + "]}}", "t");
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  EXPECT_EQ(message(0, 0), "read");
  EXPECT_NE(message(300, 0).find("merge 300: \"b\" is not in the vocabulary"), std::string::npos) << message(300, 0);
  EXPECT_NE(message(0, 601).find("merge 601: not two tokens"), std::string::npos) << message(0, 601);
  EXPECT_NE(message(598, 601).find("merge 598: \"b\""), std::string::npos) << message(598, 601);
}

}  // namespace
}  // namespace athanor::text
