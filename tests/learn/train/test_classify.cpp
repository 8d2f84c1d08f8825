#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/core/models/labels.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/load.h"
#include "athanor/learn/train/objective.h"
#include "athanor/learn/train/weights.h"
#include "tests/learn/train/tiny_run.h"
#include "tests/testing/golden.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

std::vector<float> label_numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

/// Loss and gradients of a golden's texts through the objective.
struct ClassifyGolden {
  testing::Golden golden;
  base::Json config;
  testing::TempFolder folder;
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(write_byte_tokenizer(folder));
  nn::Decoder decoder;
  std::vector<Weight> weights;
  data::PreparedData data;
  TrainRecipe recipe;
  double loss = 0;
  int64_t targets = 0;

  ClassifyGolden(const std::string& name, const std::string& packing)
      : golden("learn_train/" + name),
        config(base::read_json_file(golden.path() / "config.json", "test")),
        decoder(without_dropout(config), {}),
        weights(collect_weights(decoder, "score.weight")),
        recipe(read_recipe(base::parse_yaml(
            base::cat("{stage: classify, model: F, out: O, data: {packing: ", packing, "}, train: {length: 26, batch: 1}}"),
            "r"))) {
    for (Weight& weight : weights) weight.master.copy_(nn::tensor_over(golden.array("weight." + weight.name)));
    const models::Labels labels = *models::labels_of(config);
    data.report.labels = {labels.names, labels.problem, {}};
    data::TokenShardWriter writer(folder / "s.tokens", 2 * 64, 0);
    for (size_t s = 0; s < golden.json()["samples"].size(); ++s) {
      const auto ids = golden.json()["samples"][s].get<std::vector<int32_t>>();
      std::vector<int32_t> codes;
      for (size_t i = 0; i < models::classified_length(ids, models::pad_id_of(config)); ++i)
        codes.push_back(data::sample_code(ids[i], false));
      codes.push_back(data::sample_code(target(golden.json()["labels"][s]), true));
      writer.add(codes, 1);
    }
    writer.commit();
    data.train = data::TokenShard::open(folder / "s.tokens");
    learn();
  }

  static models::DecoderModel without_dropout(const base::Json& config) {
    models::DecoderModel model = models::decoder_from_config(config);
    model.spec.dropout = 0;
    return model;
  }

  int32_t target(const base::Json& label) {
    if (!label.is_array()) return label.get<int32_t>();
    data.report.labels.values.push_back(label.get<std::vector<float>>());
    return static_cast<int32_t>(data.report.labels.values.size()) - 1;
  }

  void learn() {
    const auto objective = base::find_row(objectives(), "classify", "test").make({decoder, *tokenizer, data, recipe});
    const auto batches = static_cast<int64_t>(std::llround(1 / objective->epochs_per_batch()));
    std::vector<Work> works;
    for (int64_t i = 0; i < batches; ++i) works.push_back(objective->work(i)), targets += works.back().targets;
    for (const Work& work : works) {
      const at::Tensor one = work.loss() / static_cast<double>(targets);
      loss += one.item<double>();
      one.backward();
    }
  }
};

class ClassifyLoss : public ::testing::TestWithParam<const char*> {};

TEST_P(ClassifyLoss, AndGradientsAreTransformers) {
  for (const char* packing : {"true", "false"}) {
    SCOPED_TRACE(packing);
    ClassifyGolden step(GetParam(), packing);
    EXPECT_EQ(step.targets, 8);
    const double expected = step.golden.json()["loss"], off = std::abs(step.loss - expected) / expected;
    EXPECT_LE(off, step.golden.tolerance("loss")) << step.loss;
    double worst = 0;
    for (const Weight& weight : step.weights)
      worst = std::max(
          worst, testing::relative_difference(label_numbers(weight.parameter.grad()), step.golden.floats("grad." + weight.name)));
    EXPECT_LE(worst, step.golden.tolerance("gradient"));
    std::printf("%s, packing %s: loss %.2e, gradients %.2e (relative)\n", GetParam(), packing, off, worst);
  }
}
INSTANTIATE_TEST_SUITE_P(Problems, ClassifyLoss, ::testing::Values("classify-llama", "classify-qwen2", "classify-gpt2"));

/// 80 short texts, those with an x of label "x"; the last fifth is held out.
TrainRecipe labelled(const testing::TempFolder& folder, const std::vector<std::string>& settings, const std::string& out = "run") {
  std::string rows;
  for (int i = 0; i < 80; ++i) {
    std::string text = base::cat("the ", i * 7919 % 1000, " cats sat");
    if (i % 2 == 0) text.insert(static_cast<size_t>(i % 9), "x");
    rows += base::cat("{\"text\": \"", text, "\", \"label\": \"", i % 2 == 0 ? "x" : "plain", "\"}\n");
  }
  const std::string file = folder.write("labels.jsonl", rows);
  std::vector<std::string> all = {"stage=classify",       base::cat("data.train=[", file, "]"),
                                  "data.separator=\"\"",  "train.steps=60",
                                  "train.batch=4",        "train.length=48",
                                  "train.accumulation=1", "train.lr=1e-2",
                                  "train.eval_every=0",   "train.save_every=0",
                                  "train.dropout=0",      "train.log_every=10"};
  all.insert(all.end(), settings.begin(), settings.end());
  return with(tiny_recipe(folder, out), all);
}

TEST(Classify, ATinyModelLearnsAndItsFolderIsAClassifiers) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = labelled(folder, {});
  const TrainResult result = train(recipe);
  ASSERT_TRUE(result.held_out);
  EXPECT_EQ(result.held_out->tokens, 16);
  ASSERT_EQ(result.held_out->metrics.size(), 2u);
  EXPECT_EQ(result.held_out->metrics[0].first, "accuracy");
  EXPECT_GE(result.held_out->metrics[0].second, 0.9) << result.held_out->table;
  const base::Json config = base::read_json_file(fs::path(recipe.out) / "config.json", "test");
  EXPECT_EQ(config["architectures"], base::Json({"LlamaForSequenceClassification"}));
  EXPECT_EQ(config["id2label"], (base::Json{{"0", "plain"}, {"1", "x"}}));
  EXPECT_EQ(config["label2id"], (base::Json{{"plain", 0}, {"x", 1}}));
  EXPECT_EQ(config["problem_type"], "single_label_classification");
  EXPECT_EQ(config["pad_token_id"], 256) << "transformers takes no batch without one";
  const auto weights = checkpoint::Checkpoint::open(recipe.out);
  EXPECT_EQ(weights.at("score.weight").shape, (std::vector<int64_t>{2, 32}));
  EXPECT_EQ(weights.find("lm_head.weight"), nullptr);
  const std::string log = base::read_text_file(fs::path(recipe.out) / "train.log");
  EXPECT_NE(log.find("\"accuracy\":"), std::string::npos) << log;
  EXPECT_EQ(log.find("bits_per_byte"), std::string::npos) << log;
  EXPECT_THROW(nn::decoder_logits(recipe.out, std::vector<int32_t>{1, 2}), base::Error) << "it has no scores of tokens";
  // A classifier is a model to start from, with its own labels.
  const TrainRecipe again = labelled(folder, {"model=" + recipe.out, "train.steps=1", "train.lr=0"}, "again");
  EXPECT_NEAR(train(again).held_out->loss(), result.held_out->loss(), 1e-6);
  EXPECT_THROW(train(labelled(folder, {"model=" + recipe.out, "data.labels=[x, plain]"}, "other")), base::Error);
}

TEST(Classify, StartsFromALanguageModelAndResumesExactly) {
  const testing::TempFolder folder;
  train(with(tiny_recipe(folder, "base"), {"train.steps=3", "train.eval_every=0", "train.save_every=0"}));
  const auto recipe = [&](const std::string& out) {
    return labelled(
        folder, {"model=" + (folder / "base").string(), "train.steps=12", "train.eval_every=4", "train.schedule=constant"}, out);
  };
  train(recipe("whole"));
  train(with(recipe("parts"), {"train.steps=5"}));
  train(recipe("parts"), Resume::kYes);
  EXPECT_EQ(model_bytes(recipe("parts")), model_bytes(recipe("whole")));
  const base::Json state = base::read_json_file(folder / "parts/checkpoint-12/trainer_state.json", "test");
  EXPECT_TRUE(state["log_history"].dump().find("eval_macro_f1") != std::string::npos);
}

TEST(Classify, AnEpochReadsOnePassOfTheAugmentedTexts) {
  const testing::TempFolder folder;
  const auto recipe = [&](const std::string& out) {
    return labelled(folder,
                    {"data.augment={passes: 3, typos: 0.05, capitals: 0.1, templates: [\"{{prompt}}\", \"Which? {{prompt}}\"]}",
                     "data.packing=false", "train.steps=48", "train.log_every=1", "train.schedule=constant"},
                    out);
  };
  const TrainResult whole = train(recipe("whole"));
  EXPECT_DOUBLE_EQ(whole.log.back().epoch, 3.0) << "64 texts, 4 at a time";
  EXPECT_GE(whole.held_out->metrics[0].second, 0.9) << whole.held_out->table;
  train(with(recipe("parts"), {"train.steps=20"}));
  train(recipe("parts"), Resume::kYes);
  EXPECT_EQ(model_bytes(recipe("parts")), model_bytes(recipe("whole")));
}

TEST(Classify, AnAdapterIsPefts) {
  const testing::TempFolder folder;
  train(with(tiny_recipe(folder, "base"), {"train.steps=3", "train.eval_every=0", "train.save_every=0"}));
  const TrainRecipe recipe = labelled(folder, {"model=" + (folder / "base").string(), "adapter.method=lora", "adapter.r=4",
                                               "adapter.targets=[q_proj, down_proj]", "train.steps=80", "train.lr=3e-2"});
  const TrainResult result = train(recipe);
  EXPECT_GE(result.held_out->metrics[0].second, 0.8) << result.held_out->table;
  const testing::Golden peft("learn_train/classify-peft");
  const auto theirs = checkpoint::Checkpoint::open(peft.path() / "adapter_model.safetensors"),
             ours = checkpoint::Checkpoint::open(fs::path(recipe.out) / "adapter_model.safetensors");
  EXPECT_EQ(ours.arrays().size(), theirs.arrays().size());
  for (const checkpoint::NamedArray& array : theirs.arrays()) EXPECT_NE(ours.find(array.name), nullptr) << array.name;
  const base::Json config = base::read_json_file(fs::path(recipe.out) / "adapter_config.json", "test");
  EXPECT_EQ(config["task_type"], "SEQ_CLS");
  EXPECT_EQ(config["modules_to_save"], base::Json({"score"}));
  EXPECT_TRUE(models::labels_of(base::read_json_file(fs::path(recipe.out) / "config.json", "test")));
  EXPECT_THROW(train(with(recipe, {"adapter.method=prompt-tuning", "out=" + (folder / "soft").string()})), base::Error);
}

TEST(Classify, TextIsNotLearnedByAClassifier) {
  const testing::TempFolder folder;
  const TrainRecipe recipe = labelled(folder, {"train.steps=1"});
  train(recipe);
  EXPECT_THROW(train(with(tiny_recipe(folder, "text"), {"model=" + recipe.out})), base::Error);
}

}  // namespace
}  // namespace athanor::train
