// Every command's happy path on a model of a quarter million parameters, and the shape of its JSON.

#include <cmath>
#include <fstream>
#include <map>

#include "app/cli/command.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"

namespace athanor::app {
namespace {

TEST(Stories, GreedyTokensAreTheReferences) {
  Workbench bench;
  testing::Golden golden("run_engine/stories260K");
  auto ids = golden.json().at("greedy_ids_from_bos").get<std::vector<int>>();
  base::Json result = bench.json({"generate", "model", "--prompt", "", "--max-new-tokens", "120", "--temperature", "0", "--json"});
  EXPECT_EQ(result["ids"].get<std::vector<int>>(), std::vector<int>(ids.begin() + 1, ids.end()));
  for (const base::Json& text : golden.json().at("encode"))
    EXPECT_EQ(bench.json({"tokenize", "model", "--text", text.at("text").get<std::string>(), "--json"})["ids"], text.at("ids"));
}

TEST(Generate, JsonHasThePromisedKeys) {
  Workbench bench;
  base::Json result =
      bench.json({"generate", "-m", "model", "-p", "One day", "-n", "12", "--temp", "0.7", "-s", "3", "--json", "--logprobs", "2"});
  EXPECT_TRUE(result["text"].is_string());
  EXPECT_EQ(result["ids"].size(), 12);
  EXPECT_EQ(result["finish_reason"], "length");
  EXPECT_GT(result["prompt_tokens"].get<int>(), 1);
  EXPECT_EQ(result["logprobs"].size(), 12);
  EXPECT_EQ(result["top_logprobs"][0].size(), 2);
}

TEST(Generate, SameSeedSameTextAndTheUnderscoreFormParses) {
  Workbench bench;
  auto one = bench.run({"generate", "model", "--prompt", "The cat", "--max-new-tokens", "20", "--seed", "5"});
  auto two = bench.run({"generate", "model", "--prompt", "The cat", "--max_new_tokens", "20", "--seed", "5", "--stream"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(one.out, two.out);
  auto other = bench.run({"generate", "model", "--prompt", "The cat", "--max-new-tokens", "20", "--seed", "6"});
  EXPECT_NE(one.out, other.out);
}

TEST(Generate, StopTextEndsAndIsLeftOut) {
  Workbench bench;
  base::Json result =
      bench.json({"generate", "model", "--prompt", "Once upon a time", "--temperature", "0", "--stop", ".", "--json"});
  EXPECT_EQ(result["finish_reason"], "stop");
  EXPECT_EQ(result["text"].get<std::string>().find('.'), std::string::npos);
}

/// ln softmax of the row of scores [V] at `id`.
double logprob_in(const float* row, size_t vocab, int id) {
  double sum = 0;
  for (size_t v = 0; v < vocab; ++v) sum += std::exp(static_cast<double>(row[v]));
  return static_cast<double>(row[id]) - std::log(sum);
}

// Each choice by itself: ids of prompt and choice together, and the scores of all their places.
TEST(Generate, ProbabilitiesOfChoicesAreTheModels) {
  const Workbench bench;
  const std::string prompt = "Once upon a time, there was a little";
  const std::vector<std::string> choices = {" girl", " girl named Lily", " boy", " xylophone"};
  bench.folder().write("list.txt", " girl\n\n girl named Lily\r\n boy\n xylophone");
  const base::Json result =
      bench.json({"generate", "model", "--prompt", prompt, "--choices", "list.txt", "--choice-probabilities", "--json"});
  const size_t before = bench.json({"tokenize", "model", "--text", prompt, "--json"})["ids"].size();
  EXPECT_EQ(result["prompt_tokens"], before);
  std::map<std::string, double> logprobs;
  double sum = 0;
  for (const std::string& choice : choices) {
    const auto ids = bench.json({"tokenize", "model", "--text", prompt + choice, "--json"})["ids"].get<std::vector<int>>();
    std::string list;
    for (const int id : ids) list += std::to_string(id) + ",";
    list.pop_back();
    const auto done = bench.run({"logits", "model", "--ids", list, "--out", "out.safetensors"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const checkpoint::Checkpoint file = checkpoint::Checkpoint::open(bench / "out.safetensors");
    const std::vector<float> scores = to_f32(file.at("logits"), "logits");
    const size_t vocab = scores.size() / ids.size();
    double logprob = 0;
    for (size_t i = before; i < ids.size(); ++i) logprob += logprob_in(&scores[(i - 1) * vocab], vocab, ids[i]);
    logprobs[choice] = logprob;
    sum += std::exp(logprob);
  }
  ASSERT_EQ(result["choices"].size(), choices.size());
  double last = 1;
  for (const base::Json& choice : result["choices"]) {
    const double logprob = logprobs.at(choice["text"].get<std::string>()), probability = choice["probability"].get<double>();
    EXPECT_NEAR(choice["logprob"].get<double>(), logprob, 1e-4) << choice["text"];
    EXPECT_NEAR(probability, std::exp(logprob) / sum, 1e-5) << choice["text"];
    EXPECT_LE(probability, last) << "the likeliest first";
    last = probability;
  }
}

TEST(Generate, PromptFromAFile) {
  Workbench bench;
  bench.folder().write("prompt.txt", "Once upon a time");
  auto file = bench.run({"generate", "model", "-f", "prompt.txt", "-n", "8", "--temp", "0"});
  auto text = bench.run({"generate", "model", "-p", "Once upon a time", "-n", "8", "--temp", "0"});
  EXPECT_EQ(file.out, text.out);
}

TEST(Tokenize, ThereAndBack) {
  Workbench bench;
  base::Json result = bench.json({"tokenize", "model", "--text", "Hello there", "--no-special", "--json"});
  ASSERT_EQ(result["ids"].size(), result["tokens"].size());
  std::string ids;
  for (const base::Json& id : result["ids"]) ids += (ids.empty() ? "" : ",") + std::to_string(id.get<int>());
  EXPECT_EQ(bench.json({"tokenize", "model", "--decode", "--text", ids, "--json"})["text"], "Hello there");
  auto piped = bench.run({"tokenize", "model", "--no-special"}, "Hello there");
  auto file = bench.run({"tokenize", (bench / "model/tokenizer.json").string(), "--text", "Hello there", "--no-special"});
  EXPECT_EQ(piped.out, file.out);
}

TEST(TrainTokenizer, MakesAFolderThatTokenizes) {
  Workbench bench;
  base::Json made =
      bench.json({"train-tokenizer", "text.txt", "--out", "tokenizer", "--kind", "bpe", "--vocab-size", "400", "--json"});
  EXPECT_EQ(made["vocab_size"], 400);
  base::Json ids = bench.json({"tokenize", "tokenizer", "text.txt", "--json"})["ids"];
  EXPECT_LT(ids.size(), 40'000);
}

TEST(Logits, EngineAndLayersAgree) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  for (const char* executor : {"engine", "nn"}) {
    auto result = bench.run({"logits", "model", "--ids", "1,403,407,261", "--out", std::string(executor) + ".safetensors",
                             "--hidden", "--executor", executor});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  auto engine = checkpoint::Checkpoint::open(bench / "engine.safetensors"),
       nn = checkpoint::Checkpoint::open(bench / "nn.safetensors");
  EXPECT_EQ(engine.at("logits").shape, (std::vector<int64_t>{4, 512}));
  EXPECT_EQ(engine.arrays().size(), 7);  // logits, the embedding, five layers
  for (const auto& [name, array] : engine.arrays()) {
    EXPECT_EQ(array.shape, nn.at(name).shape) << name;
    EXPECT_LT(testing::largest_difference(checkpoint::to_f32(array, name), checkpoint::to_f32(nn.at(name), name)), 1e-4) << name;
  }
}

TEST(Convert, OtherTypesKeepConfigAndTokenizer) {
  Workbench bench;
  ASSERT_EQ(bench.run({"convert", "model", "--out", "half", "--dtype", "bf16"}).exit_code, 0);
  auto half = checkpoint::Checkpoint::open(bench / "half");
  for (const auto& array : half.arrays()) EXPECT_EQ(array.array.dtype, base::DType::kBF16) << array.name;
  EXPECT_EQ(base::read_text_file(bench / "half/tokenizer.json"), base::read_text_file(bench / "model/tokenizer.json"));
  EXPECT_EQ(bench.json({"generate", "half", "-p", "Once", "-n", "3", "--json"})["ids"].size(), 3);
}

TEST(Convert, LearnedPositionsGetMoreRows) {
  const Workbench bench;
  const std::string model = testing::Golden("run_engine/gpt2-base").path();
  const int64_t old = base::read_json_file(std::filesystem::path(model) / "config.json", "test")["n_positions"];
  std::string ids = "1";
  for (int64_t i = 1; i < old; ++i) ids += "," + std::to_string(i % 7);
  EXPECT_EQ(bench.run({"logits", model, "--ids", ids + ",1", "--out", "beyond.safetensors"}).exit_code, 2);
  EXPECT_EQ(bench.run({"convert", model, "--out", "short", "--positions", std::to_string(old)}).exit_code, 2);
  const auto scores = [&](const std::string& of, const std::string& of_ids) {
    const auto done = bench.run({"logits", of, "--ids", of_ids, "--out", "out.safetensors"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    return to_f32(checkpoint::Checkpoint::open(bench / "out.safetensors").at("logits"), "logits");
  };
  const std::vector<float> before = scores(model, ids);
  for (const char* kind : {"copy", "random", "interpolate"}) {
    ASSERT_EQ(
        bench.run({"convert", model, "--out", kind, "--positions", std::to_string(2 * old), "--new-positions", kind}).exit_code, 0);
    EXPECT_EQ(base::read_json_file(bench / kind / "config.json", "test")["n_positions"], 2 * old);
    if (kind != std::string_view("interpolate")) {
      EXPECT_EQ(scores(kind, ids), before) << "old places are as they were";
    }
    EXPECT_EQ(scores(kind, ids + "," + ids).size(), 2 * before.size());
  }
}

TEST(Eval, PerplexityPerTokenAndPerByte) {
  Workbench bench;
  bench.folder().write("story.txt", "Once upon a time, there was a little girl named Lily. She loved to play outside in the park.");
  base::Json result = bench.json({"eval", "model", "--task", "perplexity", "--data", "story.txt", "--json"});
  EXPECT_EQ(result["task"], "perplexity");
  EXPECT_NEAR(result["nats_per_byte"].get<double>() / 0.6931471805599453, result["bits_per_byte"].get<double>(), 1e-9);
  EXPECT_GT(result["value"].get<double>(), 1);
  EXPECT_LT(result["value"].get<double>(), 20);  // a story of the kind that it was trained on
  // Windows change what a token sees, not how many are scored.
  base::Json windows = bench.json({"eval", "model", "--data", "text.txt", "--limit", "700", "--window", "64", "--json"});
  EXPECT_EQ(windows["tokens"], 700);
}

TEST(RealEval, CostOfStoriesIsTheReferences) {
  ATH_NEEDS_DATA("text/tinystories_sample.txt");
  ATH_NEEDS_DATA("goldens/stories260K.json");
  Workbench bench;
  base::Json golden = base::read_json_file(testing::data_path("goldens/stories260K.json"), "test");
  std::string text = base::read_text_file(testing::data_path("text/tinystories_sample.txt"));
  const std::string separator = "<|endoftext|>";
  size_t begin = 0;
  for (const base::Json& wanted : golden.at("tinystories_sample").at("tokens_and_mean_nll")) {
    size_t end = std::min(text.find(separator, begin), text.size());
    std::string story = text.substr(begin, end - begin);
    begin = end + separator.size();
    size_t first = story.find_first_not_of(" \n"), last = story.find_last_not_of(" \n");
    bench.folder().write("story.txt", story.substr(first, last - first + 1));
    base::Json result = bench.json({"eval", "model", "--data", "story.txt", "--json"});
    EXPECT_EQ(result["tokens"].get<int>() + 1, wanted[0].get<int>());  // the reference counts <s>
    EXPECT_NEAR(result["nats_per_token"].get<double>(), wanted[1].get<double>(), 1e-4);
  }
}

TEST(Bench, JsonHasThePromisedKeys) {
  Workbench bench;
  base::Json result = bench.json({"bench", "model", "-p", "32", "-n", "8", "-t", "2", "--json"});
  for (const char* key : {"prefill_tok_s", "decode_tok_s", "peak_rss_mb"}) EXPECT_GT(result[key].get<double>(), 0) << key;
  EXPECT_EQ(result["threads"], 2);
}

TEST(List, ShowsTheShelvesOfARoom) {
  Workbench bench;
  base::Json result = bench.json({"list", "core/models", "--json"});
  ASSERT_EQ(result["shelves"].size(), 2);
  EXPECT_NE(result.dump().find("\"name\":\"llama\""), std::string::npos);
  auto all = bench.run({"list"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  for (const char* name : {"core/text", "core/models families", "run/generate"})
    EXPECT_NE(all.out.find(name), std::string::npos) << name;
  if (learns()) {
    EXPECT_NE(all.out.find("learn/train optimizers"), std::string::npos);
  }
}

TEST(Runs, BeginsEmpty) {
  Workbench bench;
  EXPECT_EQ(bench.json({"runs", "list", "--json"})["runs"].size(), 0);
  EXPECT_EQ(bench.run({"runs", "show", "7"}).exit_code, 2);
}

TEST(Doctor, LooksAtEverything) {
  Workbench bench;
  base::Json result = bench.json({"doctor", "--json"});
  EXPECT_TRUE(result["fine"].is_boolean());
  EXPECT_GE(result["findings"].size(), 6);
}

}  // namespace
}  // namespace athanor::app
