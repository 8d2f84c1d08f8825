// GGUF through the commands: folders become files and files folders; and a real one, SmolLM2-135M-Instruct in Q4_1, against the
// answers of transformers on its dequantized weights (`make real-models` brings it).

#include <algorithm>
#include <cmath>
#include <fstream>

#include "app/cli/model.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/gguf.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

std::vector<int> greedy(const Workbench& bench, const std::string& model, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"generate", model, "-p", "Once upon a time", "-n", "40", "--temp", "0", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return bench.json(arguments)["ids"].get<std::vector<int>>();
}

TEST(Gguf, AFolderThereAndBackIsTheSameModel) {
  Workbench bench;
  for (const char* type : {"f32", "q8_0"}) {
    const std::string file = std::string(type) + ".gguf", folder = std::string("from-") + type;
    ASSERT_EQ(bench.run({"convert", "model", "--out", file, "--type", type}).exit_code, 0);
    ASSERT_EQ(bench.run({"convert", file, "--out", folder, "--dtype", "f32"}).exit_code, 0);
    EXPECT_EQ(greedy(bench, file, {"--dtype", "f32"}), greedy(bench, folder)) << type;
  }
  EXPECT_EQ(greedy(bench, "f32.gguf"), greedy(bench, "model"));
  for (const char* text : {"Hello there", " two  spaces", "été\n\n炉 <s>", ""})
    for (const char* tokenizer : {"f32.gguf", "from-f32"})
      EXPECT_EQ(bench.json({"tokenize", tokenizer, "--text", text, "--json"})["ids"],
                bench.json({"tokenize", "model", "--text", text, "--json"})["ids"])
          << tokenizer << ": " << text;
}

TEST(Gguf, EveryCommandTakesAFile) {
  Workbench bench;
  ASSERT_EQ(bench.run({"convert", "model", "--out", "m.gguf"}).exit_code, 0);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"logits", "m.gguf", "--text", "Once upon", "--out", "logits.safetensors"},
                                             {"bench", "m.gguf", "-p", "8", "-n", "2", "-r", "1", "--json"},
                                             {"eval", "m.gguf", "--data", "text.txt", "--limit", "50", "--json"},
                                             {"convert", "m.gguf", "--out", "again.gguf", "--type", "q6_k"},
                                             {"generate", "again.gguf", "-p", "One day", "-n", "4"}}) {
    auto result = bench.run(arguments);
    EXPECT_EQ(result.exit_code, 0) << arguments[0] << ": " << result.err;
  }
}

TEST(Gguf, TheChatTemplateAndTheTokenIdsTravel) {
  Workbench bench;
  const std::string words = "{% for m in messages %}{{ m['content'] }}{% endfor %}";
  std::ofstream(bench / "model/chat_template.jinja") << words;
  ASSERT_EQ(bench.run({"convert", "model", "--out", "m.gguf"}).exit_code, 0);
  const checkpoint::GgufFile file = checkpoint::GgufFile::open(bench / "m.gguf");
  const checkpoint::GgufMetadata& keys = file.metadata;
  EXPECT_EQ(keys.text("tokenizer.chat_template"), words);
  EXPECT_EQ(keys.text("tokenizer.ggml.model"), "llama");
  EXPECT_EQ(keys.integer("tokenizer.ggml.bos_token_id"), 1);
  EXPECT_EQ(keys.integer("tokenizer.ggml.eos_token_id"), 2);
  EXPECT_EQ(keys.text("general.name"), "model");
  ASSERT_EQ(bench.run({"convert", "m.gguf", "--out", "back"}).exit_code, 0);
  EXPECT_EQ(base::read_json_file(bench / "back/tokenizer_config.json", "test")["chat_template"], words);
  EXPECT_EQ(base::read_json_file(bench / "back/generation_config.json", "test")["eos_token_id"], 2);
}

TEST(Gguf, MistakesAreSaidInOneLine) {
  Workbench bench;
  bench.folder().write("there.gguf", "GGUF");
  auto there = bench.run({"convert", "model", "--out", "there.gguf"});
  EXPECT_EQ(there.exit_code, 2);
  EXPECT_NE(there.err.find("the file is there already"), std::string::npos) << there.err;
  auto broken = bench.run({"generate", "there.gguf", "-p", "x"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_NE(broken.err.find("[checkpoint.gguf]"), std::string::npos) << broken.err;
  auto type = bench.run({"convert", "model", "--out", "folder", "--type", "q8_0"});
  EXPECT_EQ(type.exit_code, 2) << type.err;
  EXPECT_EQ(bench.run({"convert", "model", "--out", "there.gguf", "--force"}).exit_code, 0);
}

/// The real model and its goldens; the reference executed float32 weights.
class RealSmolLm2 : public ::testing::Test {
 protected:
  static constexpr const char* kModel = ".deps/real-models/SmolLM2-135M-Instruct.Q4_1.gguf";

  void SetUp() override {
    if (!std::filesystem::exists(testing::source_path(kModel))) GTEST_SKIP() << kModel << " is not there: make real-models";
    ATH_NEEDS_DATA("goldens/smollm2-135m-instruct-q4_1.json");
    ATH_NEEDS_DATA("text/wikitext-2.test.txt");
    golden_ = base::read_json_file(testing::data_path("goldens/smollm2-135m-instruct-q4_1.json"), "test");
  }

  static RunningModel open(const std::filesystem::path& path) { return open_model({path.string(), 0}, "f32"); }

  void expect_goldens(const RunningModel& model) {
    const auto tokenizer = model.tokenizer();
    for (const base::Json& one : golden_["cases"]) {
      const auto ids = tokenizer->encode(one["prompt"].get<std::string>());
      EXPECT_EQ(ids, one["ids"].get<std::vector<text::TokenId>>());
      engine::Session session(model.engine);
      std::span<float> scores = session.append(ids);
      for (const base::Json& top : one["top5"]) EXPECT_NEAR(scores[top[0].get<size_t>()], top[1].get<float>(), 2e-3);
      std::vector<text::TokenId> written;
      for (const base::Json& expected : one["greedy_ids"]) {
        const auto best = static_cast<text::TokenId>(std::max_element(scores.begin(), scores.end()) - scores.begin());
        written.push_back(best);
        EXPECT_EQ(best, expected.get<text::TokenId>());
        scores = session.append(std::span(&written.back(), 1));
      }
      EXPECT_EQ(tokenizer->decode(written), one["greedy_text"].get<std::string>());
    }
    EXPECT_NEAR(cost_of(model, wikitext_ids(*tokenizer), 0, 512), golden_["nll"]["wikitext2_test_tokens_0_512"].get<double>(),
                1e-4);
  }

  static std::vector<text::TokenId> wikitext_ids(const text::Tokenizer& tokenizer) {
    return tokenizer.encode(base::read_text_file(testing::data_path("text/wikitext-2.test.txt")).substr(0, 20'000));
  }

  /// Mean -ln p over the predictions within [begin, end).
  static double cost_of(const RunningModel& model, const std::vector<text::TokenId>& ids, size_t begin, size_t end) {
    engine::Session session(model.engine);
    const auto vocab = static_cast<size_t>(session.vocab_size());
    const std::vector<float> scores = session.append_all(std::span(ids).subspan(begin, end - begin));
    double nats = 0;
    for (size_t t = begin; t + 1 < end; ++t) {
      const float* row = &scores[(t - begin) * vocab];
      const float largest = *std::max_element(row, row + vocab);
      double sum = 0;
      for (size_t v = 0; v < vocab; ++v) sum += std::exp(static_cast<double>(row[v] - largest));
      nats += std::log(sum) + largest - row[static_cast<size_t>(ids[t + 1])];
    }
    return nats / static_cast<double>(end - begin - 1);
  }

  base::Json golden_;
};

TEST_F(RealSmolLm2, GoldensHoldAsGguf) {
  const RunningModel model = open(testing::source_path(kModel));
  expect_goldens(model);
  const auto ids = wikitext_ids(*model.tokenizer());
  EXPECT_NEAR(cost_of(model, ids, 512, 1024), golden_["nll"]["wikitext2_test_tokens_512_1024"].get<double>(), 1e-4);
}

TEST_F(RealSmolLm2, GoldensHoldAsAFolder) {
  Workbench bench;
  auto made = bench.run({"convert", testing::source_path(kModel).string(), "--out", "smollm2", "--dtype", "f32"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  expect_goldens(open(bench / "smollm2"));
}

}  // namespace
}  // namespace athanor::app
