#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/train/objective.h"
#include "tests/learn/train/tiny_run.h"
#include "tests/testing/golden.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

std::vector<float> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

/// Loss and gradients of the golden's samples through the objective, all of its rows as one step of `accumulation` micro-batches.
struct GoldenStep {
  testing::Golden golden{"learn_train/sft"};
  testing::TempFolder folder;
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(write_byte_tokenizer(folder));
  nn::Decoder decoder{models::decoder_from_config(golden.json()["config"]), {}};
  data::PreparedData data;
  TrainRecipe recipe = read_recipe(base::parse_yaml("{stage: sft, model: F, out: O, train: {length: 24, batch: 1}}", "r"));
  double loss = 0;
  int64_t targets = 0;

  explicit GoldenStep(const std::vector<std::string>& assignments) {
    recipe = with(recipe, assignments);
    for (const auto& [name, parameter] : decoder.named_parameters()) {
      at::Tensor values = parameter;
      values.detach().copy_(nn::tensor_over(golden.array("weight." + name)));
    }
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
    GoldenStep step({base::cat("data.packing=", packing)});
    EXPECT_EQ(step.targets, step.golden.json()["targets"]);
    const double expected = step.golden.json()["loss"];
    EXPECT_LE(std::abs(step.loss - expected) / expected, step.golden.tolerance("loss")) << step.loss;
    double worst = 0;
    for (const auto& [name, parameter] : step.decoder.named_parameters())
      worst = std::max(worst, testing::relative_difference(numbers(parameter.grad()), step.golden.floats("grad." + name)));
    EXPECT_LE(worst, step.golden.tolerance("gradient"));
    RecordProperty(base::cat("loss_", packing), base::cat(std::abs(step.loss - expected) / expected));
    RecordProperty(base::cat("gradient_", packing), base::cat(worst));
    std::printf("packing %s: loss %.2e, gradients %.2e (relative)\n", packing, std::abs(step.loss - expected) / expected, worst);
  }
}

TEST(Sft, NoiseOnEmbeddings) {
  const GoldenStep plain({}), noisy({"train.neftune_alpha=50"}), again({"train.neftune_alpha=50"}),
      seed({"train.neftune_alpha=50", "train.seed=1"}), little({"train.neftune_alpha=1e-5"});
  EXPECT_NE(noisy.loss, plain.loss);
  EXPECT_EQ(noisy.loss, again.loss);
  EXPECT_NE(noisy.loss, seed.loss);
  EXPECT_NEAR(little.loss, plain.loss, 1e-5);
}

}  // namespace
}  // namespace athanor::train
