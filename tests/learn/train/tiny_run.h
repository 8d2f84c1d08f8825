#pragma once
// A run that takes a moment: a byte tokenizer, a page of text with a pattern, a model of a few thousand weights.

#include <string>

#include "athanor/learn/train/run.h"
#include "tests/testing/temp_folder.h"

namespace athanor::train {

/// Writes `folder`/tokenizer: every byte is a token, 256 is <|endoftext|>. Returns its path.
std::string write_byte_tokenizer(const testing::TempFolder& folder);
/// A recipe of 12 steps over `folder`/text.txt that uses everything at once: packing, accumulation, dropout, clipping, evaluation.
TrainRecipe tiny_recipe(const testing::TempFolder& folder, const std::string& out = "run");
/// The recipe's changes, as on the command line.
TrainRecipe with(TrainRecipe recipe, const std::vector<std::string>& assignments);
/// train_recipe without an entry in the machine's history.
TrainResult train(const TrainRecipe& recipe, Resume resume = Resume::kNo);
/// Of this test's kernels and of libtorch; every test begins with one.
void use_test_threads(int threads);
/// The bytes of out/model.safetensors.
std::string model_bytes(const TrainRecipe& recipe);

}  // namespace athanor::train
