#pragma once
// Trains a byte-level BPE tokenizer on text files.
// Sennrich et al. 2016, "Neural machine translation of rare words with subword units" (arXiv:1508.07909), on bytes as in GPT-2.

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "athanor/core/base/options.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::text {

struct BpeTrainerOptions {
  int64_t vocab_size = 30000;
  int64_t min_frequency = 0;
  std::vector<std::string> special_tokens = {"<|endoftext|>"};
  std::string pattern = "gpt2";
  int64_t max_token_length = 0;
  void visit(base::OptionVisitor& v);
};

struct BpeTrainingResult {
  std::vector<std::string> tokens;  // by id, as tokenizer.json spells them: special tokens, 256 bytes, merged tokens
  std::vector<std::pair<TokenId, TokenId>> merges;  // in order of rank
  uint64_t bytes = 0, words = 0, distinct_words = 0;
};

/// Merges equal those of the `tokenizers` library (BpeTrainer, ByteLevel, initial_alphabet = all bytes) for the same files and
/// settings, and do not depend on the number of threads. Files are read line by line, so that no token holds text from both sides
/// of a line's end. input_error for options out of range or no files; file_error where a file cannot be read or is not UTF-8.
BpeTrainingResult train_bpe(const std::vector<std::filesystem::path>& files, const BpeTrainerOptions& options);

/// The same on one text in memory.
BpeTrainingResult train_bpe(std::string_view text, const BpeTrainerOptions& options);

/// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into `folder` (made where absent), ready for
/// load_tokenizer and for transformers' AutoTokenizer. The first special token becomes bos and eos.
void write_tokenizer_folder(const BpeTrainingResult& result, const BpeTrainerOptions& options, const std::filesystem::path& folder);

}  // namespace athanor::text
