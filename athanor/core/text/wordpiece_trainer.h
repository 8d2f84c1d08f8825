#pragma once
// Trains a WordPiece tokenizer, BERT's kind, on text files: BPE whose tokens inside a word begin with "##", of which only the
// vocabulary is kept (Schuster and Nakajima 2012; Devlin et al. 2018, arXiv:1810.04805).

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/options.h"

namespace athanor::text {

struct WordPieceTrainerOptions {
  int64_t vocab_size = 30000;
  int64_t min_frequency = 0;
  int64_t limit_alphabet = 1000;
  bool lowercase = true;
  std::vector<std::string> special_tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  void visit(base::OptionVisitor& v);
};

struct WordPieceTrainingResult {
  std::vector<std::string> tokens;  // by id: special tokens, characters, characters inside words, merged tokens
  uint64_t bytes = 0, distinct_words = 0;
};

/// The vocabulary of the `tokenizers` library's WordPieceTrainer over BERT's normalizer and words. There, pairs of equal counts are
/// merged in an order that changes from run to run; here it is that of the sorted words. input_error for options out of range or no
/// files; file_error where a file cannot be read or is not UTF-8.
WordPieceTrainingResult train_word_piece(const std::vector<std::filesystem::path>& files, const WordPieceTrainerOptions& options);
WordPieceTrainingResult train_word_piece(std::string_view text, const WordPieceTrainerOptions& options);

/// Writes tokenizer.json and the files beside it, with "[UNK]", "[CLS]" and "[SEP]" in BERT's places.
void write_tokenizer_folder(const WordPieceTrainingResult& result, const WordPieceTrainerOptions& options,
                            const std::filesystem::path& folder);

}  // namespace athanor::text
