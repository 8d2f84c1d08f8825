#pragma once
// A decoder that classifies, as transformers' ...ForSequenceClassification classes do: in place of the vocabulary's head, a score
// head without bias, read at the last token that is no padding.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "athanor/core/base/json.h"

namespace athanor::models {

struct DecoderModel;

struct Labels {
  std::vector<std::string> names;  // in the order of the head's outputs
  std::string problem;             // "single_label_classification", "multi_label_classification" or "regression"
};

/// What config.json says of labels; nullopt where its architecture is a language model's. file_error where id2label is no list of
/// names from 0 on.
std::optional<Labels> labels_of(const base::Json& config);
/// Makes config.json a classifier's: architecture, id2label, label2id, problem_type. input_error where transformers has no
/// classifier of this family.
void set_labels(base::Json& config, const Labels& labels);
/// The table of a classifier: the score head in place of the vocabulary's.
void make_classifier(DecoderModel& model, int64_t labels);

/// pad_token_id; -1 where there is none.
int64_t pad_id_of(const base::Json& config);
/// How many of `ids` a classifier reads: up to the last that is not `pad_id`, at least one where there is one.
size_t classified_length(std::span<const int32_t> ids, int64_t pad_id);

}  // namespace athanor::models
