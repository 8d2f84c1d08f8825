// A model whose embedding has more rows than its tokenizer has tokens: the rows beyond never come, however the model likes them,
// and what comes is what the model without them says.

#include <algorithm>

#include "app/cli/gguf_tokenizer.h"
#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "tests/app/workbench.h"

namespace athanor::app {
namespace {

constexpr int64_t kTokens = 512, kRows = 520, kHidden = 64;

/// A workbench with `padded`: its model with eight rows more, which are three times the rows of tokens, so that one of them is the
/// likeliest wherever one of those tokens is likely at all.
struct PaddedBench : Workbench {
  PaddedBench() {
    std::filesystem::copy(*this / "model", *this / "padded");
    base::Json config = base::read_json_file(*this / "padded/config.json", "test");
    config["vocab_size"] = kRows;
    folder().write("padded/config.json", config.dump());
    const auto weights = checkpoint::Checkpoint::open(*this / "model");
    std::vector<checkpoint::NamedArray> arrays = weights.arrays();
    std::vector<float> rows;
    for (checkpoint::NamedArray& array : arrays) {
      if (array.array.shape != std::vector<int64_t>{kTokens, kHidden}) continue;
      rows = checkpoint::to_f32(array.array, array.name);
      rows.resize(static_cast<size_t>(kRows * kHidden));
      for (int64_t i = 0; i < kRows - kTokens; ++i)
        for (int64_t c = 0; c < kHidden; ++c)
          rows[static_cast<size_t>((kTokens + i) * kHidden + c)] = 3 * rows[static_cast<size_t>((260 + 20 * i) * kHidden + c)];
      array.array.shape[0] = kRows;
      array.array.bytes = std::as_bytes(std::span(rows));
    }
    std::filesystem::remove(*this / "padded/model.safetensors");
    checkpoint::write_safetensors(*this / "padded/model.safetensors", arrays);
  }

  std::vector<int> ids(const std::string& model, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"generate", model, "-p", "Once upon a time", "-n", "40", "--json", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return json(arguments)["ids"].get<std::vector<int>>();
  }
};

const std::vector<std::vector<std::string>> kWays = {
    {"--temperature", "0"},
    {"--temperature", "1.5", "--seed", "3"},
    {"--temperature", "1", "--top-k", "0", "--seed", "4", "--min-p", "0.01"},
    {"--temperature", "0", "--guidance-scale", "1.5"},
    {"--temperature", "0", "--dola-layers", "low"},
    {"--temperature", "0", "--num-beams", "3"},
    {"--temperature", "0", "--num-beams", "4", "--num-beam-groups", "2", "--diversity-penalty", "0.5"},
    {"--temperature", "0", "--penalty-alpha", "0.6", "--top-k", "4"},
    {"--temperature", "1.5", "--regex", "[a-z ,.]{1,60}"},
    {"--temperature", "0", "--regex", "[^x]*"}};

TEST(Padding, RowsWithoutTokensNeverCome) {
  const PaddedBench bench;
  for (const auto& way : kWays) {
    const std::vector<int> padded = bench.ids("padded", way);
    ASSERT_FALSE(padded.empty());
    EXPECT_LT(*std::max_element(padded.begin(), padded.end()), kTokens) << way[1] << " " << way.back();
  }
  for (const auto& way : {kWays[0], kWays[1], kWays[8], kWays[9]})
    EXPECT_EQ(bench.ids("padded", way), bench.ids("model", way)) << "they take part in nothing: " << way[1];
}

TEST(Padding, LogitsAreOfAllRows) {
  const PaddedBench bench;
  ASSERT_EQ(bench.run({"logits", "padded", "--text", "Once upon a time", "--out", "l.safetensors"}).exit_code, 0);
  const auto file = checkpoint::Checkpoint::open(bench / "l.safetensors");
  const checkpoint::ArrayView& logits = file.at("logits");
  ASSERT_EQ(logits.shape.back(), kRows);
  const std::vector<float> numbers = checkpoint::to_f32(logits, "logits");
  const auto last = numbers.end() - kRows;
  EXPECT_GE(std::max_element(last, numbers.end()) - last, kTokens) << "the test's model prefers one of the rows without a token";
}

// llama.cpp's converter names them [PAD<id>] and calls them unused.
TEST(Padding, GoesThroughGguf) {
  const PaddedBench bench;
  ASSERT_EQ(bench.run({"convert", "padded", "--out", "p.gguf", "--type", "f32"}).exit_code, 0);
  const auto file = checkpoint::GgufFile::open(bench / "p.gguf");
  const text::GgufVocabulary vocabulary = vocabulary_of(file.metadata);
  ASSERT_EQ(vocabulary.tokens.size(), static_cast<size_t>(kRows));
  ASSERT_EQ(vocabulary.token_types.size(), static_cast<size_t>(kRows));
  for (int64_t id = kTokens; id < kRows; ++id) {
    EXPECT_EQ(vocabulary.tokens[static_cast<size_t>(id)], "[PAD" + std::to_string(id) + "]");
    EXPECT_EQ(vocabulary.token_types[static_cast<size_t>(id)], text::token_type::kUnused);
  }
  EXPECT_NE(vocabulary.token_types[kTokens - 1], text::token_type::kUnused);
  for (const auto& way : {kWays[0], kWays[1], kWays[5], kWays[9]})
    EXPECT_EQ(bench.ids("p.gguf", way), bench.ids("padded", way)) << way[1];
  EXPECT_EQ(bench.json({"tokenize", "p.gguf", "--text", "a [PAD515] b", "--json"})["ids"],
            bench.json({"tokenize", "model", "--text", "a [PAD515] b", "--json"})["ids"]);
  // Back in a folder they are rows of the embedding, and no tokens.
  ASSERT_EQ(bench.run({"convert", "p.gguf", "--out", "back", "--dtype", "f32"}).exit_code, 0);
  EXPECT_EQ(base::read_json_file(bench / "back/config.json", "test").at("vocab_size"), kRows);
  EXPECT_EQ(bench.ids("back", kWays[0]), bench.ids("padded", kWays[0]));
  ASSERT_EQ(bench.run({"convert", "p.gguf", "--out", "again.gguf"}).exit_code, 0);
  EXPECT_EQ(vocabulary_of(checkpoint::GgufFile::open(bench / "again.gguf").metadata).tokens, vocabulary.tokens);
}

}  // namespace
}  // namespace athanor::app
