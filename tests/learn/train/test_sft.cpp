#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/train/objective.h"
#include "athanor/learn/train/weights.h"
#include "tests/learn/train/tiny_run.h"
#include "tests/testing/golden.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

std::vector<float> sft_numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

/// Loss and gradients of the golden's samples through the objective, all of its rows as one step of `accumulation` micro-batches.
struct SftGolden {
  testing::Golden golden{"learn_train/sft"};
  testing::TempFolder folder;
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(write_byte_tokenizer(folder));
  nn::Decoder decoder{models::decoder_from_config(golden.json()["config"]), {}};
  std::vector<Weight> weights;
  data::PreparedData data;
  TrainRecipe recipe = read_recipe(base::parse_yaml("{stage: sft, model: F, out: O, train: {length: 24, batch: 1}}", "r"));
  double loss = 0;
  int64_t targets = 0;

  explicit SftGolden(const std::vector<std::string>& assignments) {
    recipe = with(recipe, assignments);
    weights = collect_weights(decoder, "lm_head.weight");
    for (Weight& weight : weights) weight.master.copy_(nn::tensor_over(golden.array("weight." + weight.name)));
    data::TokenShardWriter writer(folder / "s.tokens", 2 * 47, 0);
    for (size_t s = 0; s < golden.json()["samples"].size(); ++s) {
      std::vector<int32_t> codes;
      for (size_t i = 0; i < golden.json()["samples"][s].size(); ++i)
        codes.push_back(data::sample_code(golden.json()["samples"][s][i], golden.json()["masks"][s][i] == 1));
      writer.add(codes, 1);
    }
    writer.commit();
    data.train = data::TokenShard::open(folder / "s.tokens");
    const auto objective = base::find_row(objectives(), "sft", "test").make({decoder, *tokenizer, data, recipe});
    const auto batches = static_cast<int64_t>(std::llround(1 / objective->epochs_per_batch()));
    std::vector<Work> works;
    for (int64_t i = 0; i < batches; ++i) works.push_back(objective->work(i)), targets += works.back().targets;
    for (const Work& work : works) {
      if (work.targets == 0) continue;
      const at::Tensor one = work.loss() / static_cast<double>(targets);
      loss += one.item<double>();
      one.backward();
    }
  }
};

TEST(Sft, LossAndGradientsAreTransformers) {
  for (const char* packing : {"true", "false"}) {
    SCOPED_TRACE(packing);
    SftGolden step({base::cat("data.packing=", packing)});
    EXPECT_EQ(step.targets, step.golden.json()["targets"]);
    const double expected = step.golden.json()["loss"];
    EXPECT_LE(std::abs(step.loss - expected) / expected, step.golden.tolerance("loss")) << step.loss;
    double worst = 0;
    for (const Weight& weight : step.weights)
      worst = std::max(
          worst, testing::relative_difference(sft_numbers(weight.parameter.grad()), step.golden.floats("grad." + weight.name)));
    EXPECT_LE(worst, step.golden.tolerance("gradient"));
    RecordProperty(base::cat("loss_", packing), base::cat(std::abs(step.loss - expected) / expected));
    RecordProperty(base::cat("gradient_", packing), base::cat(worst));
    std::printf("packing %s: loss %.2e, gradients %.2e (relative)\n", packing, std::abs(step.loss - expected) / expected, worst);
  }
}

TEST(Sft, NoiseOnEmbeddings) {
  const SftGolden plain({}), noisy({"train.neftune_alpha=50"}), again({"train.neftune_alpha=50"}),
      seed({"train.neftune_alpha=50", "train.seed=1"}), little({"train.neftune_alpha=1e-5"});
  EXPECT_NE(noisy.loss, plain.loss);
  EXPECT_EQ(noisy.loss, again.loss);
  EXPECT_NE(noisy.loss, seed.loss);
  EXPECT_NEAR(little.loss, plain.loss, 1e-5);
}

/// 50 dialogues of a question and its answer; the byte tokenizer's only special token ends text and turns, and is the padding too.
TrainRecipe dialogues(const testing::TempFolder& folder, bool packing, bool marks) {
  std::string rows;
  for (int i = 0; i < 50; ++i)
    rows += base::cat("{\"messages\": [{\"role\": \"user\", \"content\": \"say ", i,
                      "\"}, {\"role\": \"assistant\", \"content\": \"it is ", i % 7, "\"}]}\n");
  const std::string open = marks ? "{% generation %}" : "", close = marks ? "{% endgeneration %}" : "";
  const std::string file = folder.write("d.jsonl", rows);
  const std::string chat =
      folder.write("chat.jinja", "{% for m in messages %}{% if m.role == 'assistant' %}A:" + open + "{{ m.content }}" + close +
                                     "{{ eos_token }}{% else %}Q:{{ m.content }}\n{% endif %}{% endfor %}"
                                     "{% if add_generation_prompt %}A:{% endif %}");
  const TrainRecipe tiny = tiny_recipe(folder, base::cat("sft", packing, marks));
  return with(tiny, {"stage=sft", base::cat("data.train=[", file, "]"), "data.holdout=0", "data.separator=\"\"",
                     base::cat("data.template=", chat), base::cat("data.packing=", packing), "train.steps=200", "train.batch=8",
                     "train.length=64", "train.accumulation=1", "train.dropout=0", "train.lr=5e-3", "train.eval_every=0",
                     "train.save_every=0", "train.log_every=50"});
}

/// Whether the model in `out` ends its greedy answer by a token of its generation_config within 24 tokens.
int count_of_ended(const TrainRecipe& recipe, int prompts) {
  const fs::path out = recipe.out;
  const base::Json ends = base::read_json_file(out / "generation_config.json", "test")["eos_token_id"];
  const auto tokenizer = text::load_tokenizer(out);
  nn::Decoder decoder(models::decoder_from_config(base::read_json_file(out / "config.json", "test")), {});
  nn::load_weights(decoder, checkpoint::Checkpoint::open(out));
  const at::NoGradGuard no_grad;
  int ended = 0;
  for (int i = 0; i < prompts; ++i) {
    std::vector<int32_t> ids = tokenizer->encode(base::cat("Q:say ", i, "\nA:"), {.add_special_tokens = false});
    for (int step = 0; step < 24; ++step) {
      const at::Tensor input = at::from_blob(ids.data(), {1, static_cast<int64_t>(ids.size())}, at::kInt);
      const auto next = decoder.logits(decoder.hidden({input})).select(1, -1).argmax(-1).item<int64_t>();
      if (ends.is_array() ? std::find(ends.begin(), ends.end(), next) != ends.end() : ends == next) {
        ++ended;
        break;
      }
      ids.push_back(static_cast<int32_t>(next));
    }
  }
  return ended;
}

TEST(SftStop, AModelStopsByItself) {
  for (bool packing : {true, false})
    for (bool marks : {true, false}) {
      const testing::TempFolder folder;
      const TrainRecipe recipe = dialogues(folder, packing, marks);
      train(recipe);
      const int ended = count_of_ended(recipe, 200);
      std::printf("packing %d, marks %d: %d of 200 end by themselves\n", packing, marks, ended);
      EXPECT_GE(ended, 190) << "packing " << packing << ", marks " << marks;
      const base::Json generation = base::read_json_file(fs::path(recipe.out) / "generation_config.json", "test");
      EXPECT_EQ(generation["eos_token_id"], 256);
      EXPECT_FALSE(generation.contains("pad_token_id") && generation["pad_token_id"] == 256);
      EXPECT_TRUE(fs::exists(fs::path(recipe.out) / "chat_template.jinja"));
    }
}

TEST(Sft, ResumeIsExactAndTextIsWatched) {
  const testing::TempFolder folder;
  const std::vector<std::string> short_run = {
      "train.steps=9",
      "train.save_every=4",
      "train.neftune_alpha=5",
      "train.dropout=0.1",
      "data.holdout=0.2",
      "train.eval_every=3",
      base::cat("data.watch=[", folder.write("w.txt", "the cats sat and the dogs sat").string(), "]")};
  const TrainRecipe whole = with(dialogues(folder, true, true), short_run);
  const TrainResult expected = train(whole);
  ASSERT_TRUE(expected.watch);
  EXPECT_GT(expected.watch->before, 5);
  EXPECT_LT(expected.watch->after, expected.watch->before);
  ASSERT_TRUE(expected.held_out);
  EXPECT_EQ(expected.held_out->tokens, 10 * 8) << "seven letters and the end, of each of ten answers";
  const TrainRecipe again = with(whole, {base::cat("out=", (folder / "again").string())});
  fs::copy(whole.out, again.out, fs::copy_options::recursive);
  for (int step : {8, 9}) fs::remove_all(fs::path(again.out) / base::cat("checkpoint-", step));
  fs::remove(fs::path(again.out) / "model.safetensors");
  const TrainResult resumed = train(again, Resume::kYes);
  EXPECT_EQ(resumed.steps_now, 5);
  EXPECT_EQ(model_bytes(again), model_bytes(whole));
  EXPECT_EQ(resumed.watch->before, expected.watch->before);
  EXPECT_EQ(resumed.watch->after, expected.watch->after);
}

}  // namespace
}  // namespace athanor::train
