#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

/// Trains three steps and compares the most memory held with what was foretold.
void expect_near(const Workbench& bench, const std::string& name, const std::vector<std::string>& settings) {
  bench.folder().write(
      "recipe.yaml",
      "stage: pretrain\n"
      "model: {model_type: llama, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 4,\n"
      "        intermediate_size: 704, vocab_size: 512, max_position_embeddings: 256, tie_word_embeddings: true}\n"
      "tokenizer: tokenizer\n"
      "data: {train: [text.txt]}\n"
      "train: {steps: 3, batch: 16, length: 128, dtype: f32}\n"
      "out: run\n");
  std::vector<std::string> train = {"train", "recipe.yaml", "out=" + name};
  train.insert(train.end(), settings.begin(), settings.end());
  auto run = bench.run(train);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  base::Json estimate = bench.json({"estimate", name + "/recipe.yaml", "--json"});
  double foretold = estimate["total"].get<double>() / 1024;
  EXPECT_NEAR(foretold / static_cast<double>(run.peak_kib), 1, 0.10)
      << name << ": foretold " << foretold << " KiB, measured " << run.peak_kib;
}

TEST(Estimate, IsNearTheMeasuredPeak) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  ASSERT_EQ(bench.run({"train-tokenizer", "text.txt", "--out", "tokenizer", "--vocab-size", "512"}).exit_code, 0);
  expect_near(bench, "f32", {});
  expect_near(bench, "bf16", {"train.dtype=bf16", "train.ema=0.99"});
  expect_near(bench, "checkpointed",
              {"train.activation_checkpointing=true", "train.optimizer=adamw8bit", "train.batch=32", "model.num_hidden_layers=6"});
  expect_near(bench, "accumulated", {"train.batch=4", "train.accumulation=2", "train.optimizer=muon", "model.hidden_size=512"});
}

TEST(Estimate, GrowsWithWhatItCounts) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  auto total = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"estimate", "model", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return bench.json(arguments)["total"].get<double>();
  };
  EXPECT_GT(total({"--batch", "64"}), total({"--batch", "8"}));
  EXPECT_GT(total({"--length", "512"}), total({"--length", "64"}));
  EXPECT_LT(total({"--batch", "64", "--dtype", "bf16"}), total({"--batch", "64"}));
  EXPECT_EQ(bench.run({"estimate", "model", "--dtype", "i8"}).exit_code, 2);
}

}  // namespace
}  // namespace athanor::app
