#pragma once
// Trains a Unigram tokenizer on text files. Kudo 2018, "Subword regularization" (arXiv:1804.10959).

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/options.h"
#include "athanor/core/text/trainers/seed_pieces.h"

namespace athanor::text {

struct UnigramTrainerOptions {
  int64_t vocab_size = 8000;
  int64_t seed_size = 1'000'000;
  double shrinking_factor = 0.75;
  int64_t sub_iterations = 2;
  int64_t max_piece_length = 16;
  std::vector<std::string> special_tokens = {"<unk>", "<s>", "</s>"};
  void visit(base::OptionVisitor& v);
};

struct UnigramTrainingResult {
  std::vector<ScoredPiece> pieces;  // by id: special tokens (score 0), then the pieces by score
  uint64_t bytes = 0, distinct_words = 0;
};

/// The pieces of the `tokenizers` library's UnigramTrainer over Metaspace words; see docs/tokenizers.md for how near they are. The
/// result does not depend on the number of threads. input_error for options out of range, no files, or a vocabulary that has no
/// room for the characters; file_error where a file cannot be read or is not UTF-8.
UnigramTrainingResult train_unigram(const std::vector<std::filesystem::path>& files, const UnigramTrainerOptions& options);
UnigramTrainingResult train_unigram(std::string_view text, const UnigramTrainerOptions& options);

/// Writes tokenizer.json and the files beside it. The first special token is the unknown one; "<s>" and "</s>" become bos and eos.
void write_tokenizer_folder(const UnigramTrainingResult& result, const UnigramTrainerOptions& options,
                            const std::filesystem::path& folder);

}  // namespace athanor::text
