#pragma once
// Which layers an adapter goes to. Private to the room.

#include <string>
#include <vector>

#include "athanor/learn/nn/decoder.h"

namespace athanor::adapters {

/// The path of the model's output matrix; "" where it is the embedding.
std::string head_path(const nn::Decoder& decoder);

/// Paths of linear layers (and embeddings, where `embeddings`) that `targets` name, in the model's order: plain names by their end,
/// expressions by whole name, "all-linear" for every linear layer but the head. input_error where a target matches nothing, with
/// the nearest name, or what it names cannot be changed so.
std::vector<std::string> find_targets(nn::Decoder& decoder, const std::vector<std::string>& targets, bool embeddings);

/// What adapter_config.json says for these targets: names, or one expression.
struct TargetWords {
  std::vector<std::string> names;
  std::string expression;  // set: stands for all
};
TargetWords target_words(const std::vector<std::string>& targets, const std::vector<std::string>& paths);

/// Lets the named modules learn as a whole (a classifier's score head always does), and returns their paths; input_error where one
/// matches nothing, or is tied.
std::vector<std::string> unfreeze(nn::Decoder& decoder, std::vector<std::string> names);
/// PEFT's word for what the model is for.
const char* task_type(const nn::Decoder& decoder);

/// Everything stops learning.
void freeze(nn::Module& model);

}  // namespace athanor::adapters
