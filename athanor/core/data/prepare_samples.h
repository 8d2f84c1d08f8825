#pragma once
// The data part of a recipe that tunes: files -> rows -> samples -> token shards with the mask of what is learned.

#include <filesystem>

#include "athanor/core/data/prepare.h"

namespace athanor::data {

struct SampleContext {
  const text::Tokenizer& tokenizer;
  uint64_t tokenizer_hash;
  std::filesystem::path tokenizer_folder;  // the model's chat template lies there
  int64_t length;                          // T of a training row; samples are cut to T + 1 tokens
  std::string own_template = {};           // Jinja that the model's file holds, where it is no folder (GGUF)
};

/// As prepare_data; the shards hold sample_code(id, learned). A sample of which no learned token is left after the cut is dropped
/// and counted ("answer-cut-away"), as is one that never had any ("no-answer"). input_error where the files' samples are of a kind
/// that has no single text (preferences, labels) or need a template that is not there.
PreparedData prepare_samples(const DataOptions& options, const SampleContext& context, const std::filesystem::path& folder);

}  // namespace athanor::data
