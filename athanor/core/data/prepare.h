#pragma once
// The data part of a recipe: files -> cleaned documents -> token shards, made once and kept under the run's folder.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/node.h"
#include "athanor/core/base/options.h"
#include "athanor/core/data/augmentation.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/token_shard.h"

namespace athanor::text {
class Tokenizer;
}

namespace athanor::data {

struct DataOptions {
  std::vector<std::string> train;  // files
  std::vector<std::string> eval;   // held-out files
  double holdout = 0;              // or: the last part of each training file
  std::string text_key = "text";
  std::string separator;
  CleaningOptions clean;
  bool cross_documents = false;
  int64_t eval_overlap = 0;
  std::vector<std::string> watch;
  base::Node mix;  // several sources: a list of {files, weight}
  double temperature = 1;
  std::string exhausted = "repeat";
  // samples
  std::string form;
  base::Node columns, fill;
  AugmentOptions augment;
  std::string chat_template;
  std::string learn = "all";
  bool packing = true;
  std::vector<std::string> labels;  // texts with labels
  std::string problem;
  void visit(base::OptionVisitor& v);
};

/// What a labelled text is to learn. A shard's target is a label's number; with several labels, or numbers to estimate, it is a row
/// of `values`.
struct LabelTargets {
  std::vector<std::string> names;  // of the classes; empty: the data has no labels
  std::string problem;             // transformers' problem_type
  std::vector<std::vector<float>> values;
};

/// What became of the files; shown to the user and saved beside the shards. Of samples, `documents` counts them and `bytes` are
/// those of the learned text.
struct DataReport {
  int64_t documents = 0, bytes = 0, tokens = 0;  // of the training part
  int64_t eval_documents = 0, eval_bytes = 0, eval_tokens = 0;
  std::vector<std::pair<std::string, int64_t>> cleaning;  // (step, training documents it changed or dropped)
  int64_t learned_tokens = 0;                             // samples: of the training part
  std::vector<int64_t> passes;      // samples: where each pass of data.augment ends in the training shard; empty: there is one
  std::vector<StepReport> removed;  // of the steps that did anything: how much, and the first examples
  LabelTargets labels = {};
};

struct PreparedData {
  TokenShard train;
  std::optional<TokenShard> eval;
  DataReport report;
  uint64_t key = 0;     // of everything the shards depend on: the files' contents, the cleaning, the tokenizer
  bool reused = false;  // the shards were already there
  // samples
  std::string chat_template;  // Jinja that belongs to the model from now on; "": it has its own, or needs none
  int32_t turn_end = -1;      // the token that ends an answer; -1: there is none
};

/// Hash of the tokenizer files of a folder (or of one tokenizer.json).
uint64_t tokenizer_hash(const std::filesystem::path& path);

/// Makes `folder`/{train,eval}-<key>.tokens, or opens them where they exist. The held-out part of a file is its last documents that
/// make up `holdout` of its bytes; the last document of a file (so also an only one) is cut where needed, between two characters.
/// Held-out text goes through the same changes of text as the training text, but no document of it is dropped. input_error where
/// options contradict each other or a part holds no document; file_error where a file cannot be read.
PreparedData prepare_data(const DataOptions& options, const text::Tokenizer& tokenizer, uint64_t tokenizer_hash,
                          const std::filesystem::path& folder);

}  // namespace athanor::data
