// Classifiers in the engine: scores of transformers' ...ForSequenceClassification, and of PEFT's SEQ_CLS adapters.

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/models/adapter.h"
#include "athanor/core/models/labels.h"
#include "athanor/run/engine/engine.h"
#include "tests/testing/golden.h"

namespace athanor::engine {
namespace {

/// The arrays "weight.<name>" of a golden as a model's, those in `without` left out.
checkpoint::Checkpoint golden_weights(const testing::Golden& golden, std::string_view without = "") {
  std::vector<checkpoint::NamedArray> arrays;
  for (const checkpoint::NamedArray& array : golden.arrays().arrays())
    if (array.name.starts_with("weight.") && array.name.substr(7) != without) arrays.push_back({array.name.substr(7), array.array});
  return checkpoint::Checkpoint::of(golden.path(), std::move(arrays), std::make_shared<checkpoint::Checkpoint>(golden.arrays()));
}

std::vector<float> scores_of(const testing::Golden& texts, const base::Json& config, const checkpoint::Checkpoint& weights) {
  Session session(Model::load(models::decoder_from_config(config), weights, {.weights = WeightKind::kF32, .context = 40}));
  std::vector<float> all;
  for (const base::Json& sample : texts.json()["samples"]) {
    const auto ids = sample.get<std::vector<int32_t>>();
    const auto read = std::span(ids).first(models::classified_length(ids, models::pad_id_of(config)));
    const std::vector<float> scores = session.label_scores(read);
    all.insert(all.end(), scores.begin(), scores.end());
  }
  return all;
}

class LabelScores : public ::testing::TestWithParam<const char*> {};

TEST_P(LabelScores, AreTransformers) {
  const testing::Golden golden(std::string("learn_train/") + GetParam());
  const base::Json config = base::read_json_file(golden.path() / "config.json", "test");
  const double off = testing::relative_difference(scores_of(golden, config, golden_weights(golden)), golden.floats("scores"));
  EXPECT_LE(off, golden.tolerance("scores"));
  std::printf("%s: %.2e (relative)\n", GetParam(), off);
}
INSTANTIATE_TEST_SUITE_P(Problems, LabelScores, ::testing::Values("classify-llama", "classify-qwen2", "classify-gpt2"));

TEST(Labels, PeftsAdapterMakesAClassifier) {
  const testing::Golden base("learn_train/classify-llama"), adapter("learn_train/classify-peft");
  const base::Json config = base::read_json_file(base.path() / "config.json", "test");
  const auto merged =
      models::merge_adapter(models::decoder_from_config(config), golden_weights(base, "score.weight"), adapter.path());
  const double off = testing::relative_difference(scores_of(adapter, config, merged), adapter.floats("scores"));
  EXPECT_LE(off, adapter.tolerance("scores"));
  std::printf("classify-peft: %.2e (relative)\n", off);
}

TEST(Labels, AClassifierIsNoLanguageModelAndTheOtherWayRound) {
  const testing::Golden golden("learn_train/classify-llama");
  base::Json config = base::read_json_file(golden.path() / "config.json", "test");
  const std::vector<int32_t> ids = {3, 4, 5};
  Session classifier(Model::load(models::decoder_from_config(config), golden_weights(golden), {.context = 40}));
  EXPECT_THROW(classifier.append(ids), base::Error);
  EXPECT_THROW(classifier.append_all(ids), base::Error);
  config["architectures"] = {"LlamaForCausalLM"};
  config["tie_word_embeddings"] = true;
  Session model(Model::load(models::decoder_from_config(config), golden_weights(golden), {.context = 40}));
  EXPECT_THROW(model.label_scores(ids), base::Error);
}

}  // namespace
}  // namespace athanor::engine
