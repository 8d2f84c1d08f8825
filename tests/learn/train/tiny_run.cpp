#include "tests/learn/train/tiny_run.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/threads.h"
#include "athanor/learn/nn/shared_threads.h"

namespace athanor::train {

void use_test_threads(int threads) {
  base::set_thread_count(threads);
  nn::install_shared_threads();
}

namespace {

/// Tiny tensors gain nothing from threads, and a busy machine makes threads that wait for each other slow.
class OneThread : public ::testing::Environment {
  void SetUp() override { use_test_threads(1); }
};
const auto* const kOneThread = ::testing::AddGlobalTestEnvironment(new OneThread);

/// GPT-2's spelling of a byte: itself where it is printable, else the next free letter from U+0100 on.
std::string spelling(int byte) {
  auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  int letter = byte;
  if (!printable(byte)) {
    letter = 256;
    for (int b = 0; b < byte; ++b) letter += !printable(b);
  }
  if (letter < 0x80) return std::string(1, static_cast<char>(letter));
  return {static_cast<char>(0xC0 | letter >> 6), static_cast<char>(0x80 | (letter & 0x3F))};
}

}  // namespace

std::string write_byte_tokenizer(const testing::TempFolder& folder) {
  base::Json vocab = base::Json::object();
  for (int byte = 0; byte < 256; ++byte) vocab[spelling(byte)] = byte;
  vocab["<|endoftext|>"] = 256;
  base::Json added = {{"id", 256},       {"content", "<|endoftext|>"}, {"single_word", false}, {"lstrip", false},
                      {"rstrip", false}, {"normalized", false},        {"special", true}};
  base::Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  base::Json tokenizer = {{"version", "1.0"},
                          {"truncation", nullptr},
                          {"padding", nullptr},
                          {"added_tokens", base::Json::array({added})},
                          {"normalizer", nullptr},
                          {"pre_tokenizer", bytes},
                          {"post_processor", nullptr},
                          {"decoder", bytes},
                          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", base::Json::array()}}}};
  folder.write("tokenizer/tokenizer.json", tokenizer.dump());
  folder.write("tokenizer/tokenizer_config.json", R"({"eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>"})");
  return (folder / "tokenizer").string();
}

TrainRecipe tiny_recipe(const testing::TempFolder& folder, const std::string& out) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += base::cat("the ", i % 7, " cats and the ", i % 5, " dogs sat.", i % 4 == 3 ? "\n\n" : "\n");
  const std::string file = folder.write("text.txt", text);
  const std::string tokenizer = write_byte_tokenizer(folder);
  const std::string yaml = base::cat(R"(
stage: pretrain
model: {model_type: llama, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 48,
        max_position_embeddings: 64, tie_word_embeddings: true}
tokenizer: )",
                                     tokenizer, R"(
data: {train: [)",
                                     file, R"(], holdout: 0.2, separator: blank-lines}
train: {steps: 12, batch: 2, length: 24, accumulation: 2, lr: 1e-2, warmup: 2, dropout: 0.1, log_every: 3, eval_every: 4, save_every: 5, keep: 3}
out: )",
                                     (folder / out).string(), "\n");
  return read_recipe(base::parse_yaml(yaml, "tiny"));
}

TrainRecipe with(TrainRecipe recipe, const std::vector<std::string>& assignments) {
  base::Node tree = base::parse_yaml(recipe_to_yaml(recipe), "recipe");
  for (const std::string& assignment : assignments) {
    const size_t at = assignment.find('=');
    tree.assign(assignment.substr(0, at), assignment.substr(at + 1));
  }
  return read_recipe(tree);
}

TrainResult train(const TrainRecipe& recipe, Resume resume) {
  TrainHooks hooks;
  hooks.history = false;
  return train_recipe(recipe, resume, hooks);
}

std::string model_bytes(const TrainRecipe& recipe) {
  return base::read_text_file(std::filesystem::path(recipe.out) / "model.safetensors");
}

}  // namespace athanor::train
