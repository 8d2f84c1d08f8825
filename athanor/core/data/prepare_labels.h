#pragma once
// The data part of a recipe that classifies: files -> rows of text and label -> token shards that end in what is to be learned.

#include <filesystem>

#include "athanor/core/data/prepare_samples.h"

namespace athanor::data {

struct LabelContext {
  SampleContext samples;           // length: of a row; texts are cut to that many tokens
  std::vector<std::string> names;  // the model's own labels; empty: data.labels, else those of the files
  std::string problem;             // the model's own; empty: data.problem, else as the labels look
  int64_t pad_id = -1;             // what a classifier does not read at a text's end
};

/// As prepare_samples. A sample of n tokens holds sample_code(id, false) of each, then sample_code(target, true): a packed row has
/// its target at the text's last token (see LabelTargets). Labels of the files in order: numbers by size, words by letter.
/// input_error where rows have no labels, a label is none of those given, or labels do not go with the problem.
PreparedData prepare_labels(const DataOptions& options, const LabelContext& context, const std::filesystem::path& folder);

}  // namespace athanor::data
