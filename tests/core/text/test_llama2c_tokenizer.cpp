#include "athanor/core/text/llama2c_tokenizer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/text/tokenizer.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using athanor::testing::TempFolder;

void append_token(std::string& file, float score, std::string_view token, int32_t length) {
  file.append(reinterpret_cast<const char*>(&score), 4).append(reinterpret_cast<const char*>(&length), 4).append(token);
}

/// <unk>, <s>, </s>, 256 bytes, then pieces of falling score.
std::string file_of_llama2c_tokenizer(const std::vector<std::string>& pieces) {
  int32_t longest = 12;
  std::string file(reinterpret_cast<const char*>(&longest), 4);
  for (const char* special : {"<unk>", "\n<s>\n", "\n</s>\n"})
    append_token(file, 0, special, static_cast<int32_t>(std::strlen(special)));
  for (int byte = 0; byte < 256; ++byte) {
    char token[8];
    std::snprintf(token, sizeof token, "<0x%02X>", static_cast<unsigned>(byte));
    append_token(file, 0, token, 6);
  }
  float score = 0;
  for (const std::string& piece : pieces) append_token(file, score--, piece, static_cast<int32_t>(piece.size()));
  return file;
}

std::string refusal_of_llama2c_tokenizer(const TempFolder& folder, const std::string& bytes) {
  try {
    convert_llama2c_tokenizer(folder.write("tok.bin", bytes), folder / "out");
    return "taken";
  } catch (const base::Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
}

TEST(Llama2cTokenizer, MergesFollowTheScores) {
  TempFolder folder;
  auto file = folder.write("tok.bin", file_of_llama2c_tokenizer({"he", " t", " the", "t", "h", "e", " ", "th"}));
  convert_llama2c_tokenizer(file, folder / "out");
  auto tokenizer = load_tokenizer(folder / "out");
  EXPECT_EQ(tokenizer->vocab_size(), 259 + 8);
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
  // "he" has the best score, then " t", and the two make " the"
  EXPECT_EQ(tokenizer->encode("the the"), (std::vector<TokenId>{1, 261, 261}));
  EXPECT_EQ(tokenizer->encode("\nx", {.add_special_tokens = false}), (std::vector<TokenId>{265, 10 + 3, 'x' + 3}));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("the\n the"), true), "the\n the");
}

TEST(Llama2cTokenizer, MalformedFilesAreRefused) {
  TempFolder folder;
  std::string good = file_of_llama2c_tokenizer({"a", "b", "ab"});
  EXPECT_EQ(refusal_of_llama2c_tokenizer(folder, good), "taken");
  std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the longest piece"},
      {good.substr(0, good.size() - 1), "a piece"},
      {good + "\x01\x02", "a score"},
      {file_of_llama2c_tokenizer({"a", "a"}), "token 260 occurs twice"},
      {file_of_llama2c_tokenizer({"\xff"}), "token 259 is not UTF-8"},
      {file_of_llama2c_tokenizer({""}), "the length of token 259 is wrong; got 0"},
      {file_of_llama2c_tokenizer({std::string(17, 'a')}), "the length of token 259 is wrong; got 17"},
      {good.substr(0, 200), "a "},
      {good.substr(0, 4), "not a vocabulary with byte fallback"},
  };
  for (const auto& [bytes, message] : cases) {
    std::string got = refusal_of_llama2c_tokenizer(folder, bytes);
    EXPECT_EQ(got.substr(0, 16), "3 [text.llama2c]") << got;
    EXPECT_NE(got.find(message), std::string::npos) << got;
  }
  std::string infinite = good;
  float infinity = std::numeric_limits<float>::infinity();
  std::memcpy(infinite.data() + infinite.size() - 10, &infinity, 4);
  EXPECT_NE(refusal_of_llama2c_tokenizer(folder, infinite).find("the score of token 261 is not finite"), std::string::npos)
      << refusal_of_llama2c_tokenizer(folder, infinite);
}

TEST(RealLlama2cTokenizer, IdsOfStories260KEqualTheReference) {
  ATH_NEEDS_DATA("weights/stories260K.tok512.bin");
  ATH_NEEDS_DATA("goldens/stories260K.json");
  TempFolder folder;
  convert_llama2c_tokenizer(athanor::testing::data_path("weights/stories260K.tok512.bin"), folder.path());
  auto tokenizer = load_tokenizer(folder.path());
  base::Json golden = base::read_json_file(athanor::testing::data_path("goldens/stories260K.json"), "test");
  for (const base::Json& one : golden["encode"])
    EXPECT_EQ(tokenizer->encode(one["text"].get<std::string>()), one["ids"].get<std::vector<TokenId>>());
}

}  // namespace
}  // namespace athanor::text
