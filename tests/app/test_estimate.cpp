#include <cstdio>
#include <map>

#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

constexpr const char* kLlama =
    "model: {model_type: llama, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 4,\n"
    "        intermediate_size: 704, vocab_size: 512, max_position_embeddings: 256, tie_word_embeddings: true}\n";

/// Trains as little as a recipe can, for a folder to start from.
void make_base(const Workbench& bench, const std::vector<std::string>& settings) {
  bench.folder().write("recipe.yaml", std::string("stage: pretrain\n") + kLlama +
                                          "tokenizer: tokenizer\ndata: {train: [text.txt]}\n"
                                          "train: {steps: 1, batch: 1, length: 16, dtype: f32}\nout: base\n");
  std::vector<std::string> train = {"train", "recipe.yaml"};
  train.insert(train.end(), settings.begin(), settings.end());
  const auto run = bench.run(train);
  ASSERT_EQ(run.exit_code, 0) << run.err;
}

/// Trains three steps and compares the most memory held with what was foretold.
void expect_near(const Workbench& bench, const std::string& name, const std::vector<std::string>& settings,
                 const std::string& model = kLlama) {
  bench.folder().write("recipe.yaml", "stage: pretrain\n" + model +
                                          "tokenizer: tokenizer\n"
                                          "data: {train: [text.txt]}\n"
                                          "train: {steps: 3, batch: 16, length: 128, dtype: f32}\n"
                                          "out: run\n");
  std::vector<std::string> train = {"train", "recipe.yaml", "out=" + name};
  train.insert(train.end(), settings.begin(), settings.end());
  auto run = bench.run(train);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  base::Json estimate = bench.json({"estimate", name + "/recipe.yaml", "--json"});
  const double foretold = estimate["total"].get<double>() / 1048576, measured = static_cast<double>(run.peak_kib) / 1024;
  std::printf("| %-28s | %5.0f | %5.0f | %+3.0f %% |\n", name.c_str(), measured, foretold, 100 * (foretold / measured - 1));
  EXPECT_NEAR(foretold / measured, 1, 0.10) << name << ": foretold " << foretold << " MiB, measured " << measured;
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

TEST(SlowEstimate, OtherModelsAreNearTheMeasuredPeak) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  ASSERT_EQ(bench.run({"train-tokenizer", "text.txt", "--out", "tokenizer", "--vocab-size", "512"}).exit_code, 0);
  expect_near(
      bench, "experts", {"train.optimizer=lion"},
      "model: {model_type: mixtral, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 4,\n"
      "        intermediate_size: 512, num_local_experts: 4, num_experts_per_tok: 2, vocab_size: 512, max_position_embeddings: "
      "256}\n");
  expect_near(
      bench, "latent-attention", {"train.optimizer=sgd"},
      "model: {model_type: deepseek_v2, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 8,\n"
      "        intermediate_size: 704, moe_intermediate_size: 256, n_routed_experts: 4, num_experts_per_tok: 2, n_shared_experts: "
      "1,\n"
      "        first_k_dense_replace: 2, q_lora_rank: 96, kv_lora_rank: 64, qk_nope_head_dim: 32, qk_rope_head_dim: 16,\n"
      "        v_head_dim: 32, n_group: 1, topk_group: 1, vocab_size: 512, max_position_embeddings: 256}\n");
  expect_near(
      bench, "capped-scores-and-logits", {"train.optimizer=adafactor"},
      "model: {model_type: gemma2, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 4,\n"
      "        head_dim: 32, intermediate_size: 704, vocab_size: 512, max_position_embeddings: 256}\n");
  expect_near(bench, "layer-norms-fused-qkv", {"train.length=256"},
              "model: {model_type: gpt2, n_embd: 256, n_layer: 4, n_head: 8, n_positions: 256, vocab_size: 512}\n");
  make_base(bench, {});
  expect_near(bench, "held-by-ewc", {"model=base", "regularizer.method=ewc", "regularizer.data=[text.txt]", "regularizer.rows=4"});
}

TEST(SlowEstimate, AdaptersAreNearTheMeasuredPeak) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  ASSERT_EQ(bench.run({"train-tokenizer", "text.txt", "--out", "tokenizer", "--vocab-size", "512"}).exit_code, 0);
  make_base(bench, {"model.hidden_size=512", "model.intermediate_size=1408"});
  const std::vector<std::vector<std::string>> kinds = {
      {"lora", "adapter.method=lora"},
      {"lora-q-v", "adapter.method=lora", "adapter.targets=[q_proj, v_proj]", "train.batch=8"},
      {"lora-checkpointed", "adapter.method=lora", "adapter.r=64", "train.activation_checkpointing=true", "train.batch=32"},
      {"lora-accumulated", "adapter.method=lora", "train.batch=4", "train.accumulation=4"},
      {"qlora", "adapter.method=lora", "adapter.quantize=nf4"},
      {"qlora-checkpointed", "adapter.method=lora", "adapter.quantize=nf4", "train.activation_checkpointing=true"},
      {"lora-dropout", "adapter.method=lora", "adapter.dropout=0.1"},
      {"lora-bf16", "adapter.method=lora", "train.dtype=bf16"},
      {"dora", "adapter.method=lora", "adapter.dora=true"},
      {"qdora", "adapter.method=lora", "adapter.dora=true", "adapter.quantize=nf4"},
      {"ia3", "adapter.method=ia3", "adapter.targets=[k_proj, v_proj, down_proj]", "adapter.feedforward=[down_proj]"},
      {"prefix", "adapter.method=prefix-tuning", "adapter.virtual_tokens=16"},
      {"full"}};
  for (const std::vector<std::string>& kind : kinds) {
    std::vector<std::string> settings(kind.begin() + 1, kind.end());
    settings.emplace_back("model=base");
    expect_near(bench, kind.front(), settings);
  }
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
  EXPECT_LT(total({"--batch", "64", "train.activation_checkpointing=true"}), total({"--batch", "64"}));
  EXPECT_LT(total({"train.optimizer=sgd"}), total({}));
  EXPECT_GT(total({"train.accumulation=2"}), total({}));
  const base::Json lora = bench.json({"estimate", "model", "adapter.method=lora", "adapter.quantize=nf4", "--json"});
  EXPECT_LT(lora["learned"].get<int64_t>(), lora["parameters"].get<int64_t>() / 3);
  EXPECT_EQ(bench.run({"estimate", "model", "adapter.method=lora", "adapter.targets=[qproj]"}).exit_code, 2);
}

TEST(Estimate, SaysTheLargestBatchThatFits) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  const base::Json said = bench.json({"estimate", "model", "--batch", "4096", "--length", "512", "--memory", "1", "--json"});
  EXPECT_FALSE(said["fits"].get<bool>());
  EXPECT_EQ(said["free"].get<double>(), 1 << 30);
  std::map<std::pair<std::string, bool>, int64_t> largest;
  for (const base::Json& fit : said["largest_batch"])
    largest[{fit["dtype"].get<std::string>(), fit["activation_checkpointing"].get<bool>()}] = fit["batch"].get<int64_t>();
  ASSERT_EQ(largest.size(), 4u);
  EXPECT_GT(largest[std::pair("f32", true)], largest[std::pair("f32", false)]);
  EXPECT_GT(largest[std::pair("bf16", false)], largest[std::pair("f32", false)]);
  const auto fits = [&](int64_t batch) {
    return bench.json({"estimate", "model", "--batch", std::to_string(batch), "--length", "512", "--memory", "1", "--json"})["fits"]
        .get<bool>();
  };
  EXPECT_TRUE(fits(largest[std::pair("f32", false)]));
  EXPECT_FALSE(fits(largest[std::pair("f32", false)] + 1));
  const auto text = bench.run({"estimate", "model", "--batch", "4096", "--length", "512", "--memory", "1"});
  EXPECT_NE(text.out.find("this does not fit; what does: train.batch="), std::string::npos) << text.out;
}

TEST(Estimate, ARunThatCannotFitIsRefusedBeforeItBegins) {
  ATH_NEEDS_LEARN();
  Workbench bench;
  bench.folder().write("recipe.yaml", std::string("stage: pretrain\n") + kLlama +
                                          "tokenizer: model\ndata: {train: [text.txt]}\n"
                                          "train: {steps: 1, batch: 2, length: 16, memory_limit: 0.25}\nout: run\n");
  auto refused = bench.run({"train", "recipe.yaml", "train.batch=512", "train.length=128"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("the run does not fit into memory"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("try train.batch="), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("train.accumulation="), std::string::npos) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(bench / "run"));
  EXPECT_EQ(bench.run({"train", "recipe.yaml"}).exit_code, 0);
  // A limit of the process is one too, and --force goes on regardless.
  auto limited = bench.shell("prlimit --data=160000000 athanor train recipe.yaml out=second train.memory_limit=0 train.batch=64");
  EXPECT_EQ(limited.exit_code, 2) << limited.err;
  EXPECT_NE(limited.err.find("ulimit -d"), std::string::npos) << limited.err;
  EXPECT_EQ(bench.run({"train", "recipe.yaml", "out=forced", "train.memory_limit=0.05"}).exit_code, 2);
  auto forced = bench.run({"train", "recipe.yaml", "out=forced", "train.memory_limit=0.05", "--force"});
  EXPECT_NE(forced.err.find("at step 0"), std::string::npos) << forced.err;
}

}  // namespace
}  // namespace athanor::app
