#include "athanor/core/checkpoint/llama2c.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "athanor/core/base/mapped_file.h"
#include "tests/core/checkpoint/outcome.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::checkpoint {
namespace {

/// "dim hidden layers heads kv_heads vocab length | floats n" as bytes; the floats count up from 0.
std::string file_of_llama2c(const std::string& input) {
  std::istringstream text(input);
  std::string file, word;
  while (text >> word && word != "|") {
    auto number = static_cast<int32_t>(std::stol(word));
    file.append(reinterpret_cast<const char*>(&number), 4);
  }
  int count = 0;
  text >> word >> count;
  for (int i = 0; i < count; ++i) {
    auto value = static_cast<float>(i);
    file.append(reinterpret_cast<const char*>(&value), 4);
  }
  return file;
}

TEST(Llama2c, MalformedCases) {
  testing::TempFolder folder;
  for (const auto& one : testing::read_cases(testing::source_path("tests/malformed/llama2c.cases"))) {
    auto path = folder.write("tiny.bin", file_of_llama2c(one.input));
    testing::expect_outcome(one, "checkpoint", "tiny.bin",
                            [&] { return std::to_string(read_llama2c(path).arrays.size()) + " arrays"; });
  }
}

TEST(Llama2c, Stories260KBecomesALlama) {
  auto path = testing::Golden("run_engine/stories260K").path() / "stories260K.bin";
  EXPECT_TRUE(looks_like_llama2c(path));
  Llama2cModel model = read_llama2c(path);
  std::map<std::string, ArrayView> arrays;
  for (const auto& [name, array] : model.arrays) arrays[name] = array;
  EXPECT_EQ(arrays.size(), 2u + 9 * 5);
  const base::Json& config = *model.config;
  EXPECT_EQ(config["hidden_size"], 64);
  EXPECT_EQ(config["num_key_value_heads"], 4);
  EXPECT_EQ(config["vocab_size"], 512);
  EXPECT_EQ(config["tie_word_embeddings"], true);
  EXPECT_EQ(arrays.at("model.layers.4.self_attn.k_proj.weight").shape, (std::vector<int64_t>{32, 64}));
  EXPECT_EQ(arrays.at("model.layers.0.mlp.down_proj.weight").shape, (std::vector<int64_t>{64, 172}));
  int64_t numbers = 0;
  for (const auto& [name, array] : arrays) numbers += array.count();
  EXPECT_EQ(numbers, 260'032);

  // Against the file itself: the embedding follows the header; q of layer 0 follows it and the five attention norms.
  base::MappedFile file(path);
  auto raw = reinterpret_cast<const float*>(file.bytes().data() + 28);
  EXPECT_EQ(std::memcmp(arrays.at("model.embed_tokens.weight").bytes.data(), raw, 512 * 64 * 4), 0);
  const float* stored = raw + 512 * 64 + 5 * 64;
  const float* q = arrays.at("model.layers.0.self_attn.q_proj.weight").as<float>();
  for (int head = 0; head < 8; ++head)
    for (int pair = 0; pair < 4; ++pair)
      for (int column = 0; column < 64; ++column) {
        ASSERT_EQ(q[(head * 8 + pair) * 64 + column], stored[(head * 8 + 2 * pair) * 64 + column]);
        ASSERT_EQ(q[(head * 8 + pair + 4) * 64 + column], stored[(head * 8 + 2 * pair + 1) * 64 + column]);
      }
}

TEST(Llama2c, AHeadOfItsOwnIsTheLastThingInTheFile) {
  std::string file = file_of_llama2c("8 12 1 2 1 -10 4 | floats 680");
  Llama2cModel model = parse_llama2c(std::as_bytes(std::span(file.data(), file.size())), "tiny.bin");
  EXPECT_EQ((*model.config)["tie_word_embeddings"], false);
  EXPECT_EQ((*model.config)["vocab_size"], 10);
  EXPECT_EQ(model.arrays.back().name, "lm_head.weight");
  EXPECT_EQ(model.arrays.back().array.as<float>()[79], 679.0f);
}

TEST(Llama2c, APickleDoesNotLookLikeOne) {
  testing::TempFolder folder;
  EXPECT_FALSE(looks_like_llama2c(folder.write("pytorch_model.bin", std::string("PK\x03\x04") + std::string(100, '\0'))));
  EXPECT_FALSE(looks_like_llama2c(folder.write("short.bin", "x")));
}

}  // namespace
}  // namespace athanor::checkpoint
