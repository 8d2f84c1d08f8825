#pragma once
// The model of a recipe: config.json's content, from a folder or new, and the decoder with its weights.

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/learn/adapters/adapter.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/recipe.h"
#include "athanor/learn/train/training_data.h"
#include "athanor/learn/train/weights.h"

namespace athanor::text {
class Tokenizer;
}

namespace athanor::train {

/// The folder that the recipe starts from; empty for a new model. input_error where `model` is neither a path nor keys.
std::filesystem::path start_folder(const TrainRecipe& recipe);
/// Where the tokenizer lies: the recipe's, else the model folder's; input_error where there is neither.
std::filesystem::path tokenizer_path(const TrainRecipe& recipe);

/// config.json of the run's model. A new one gets the tokenizer's size and special ids where its keys say nothing; input_error
/// where its vocabulary is smaller than the tokenizer's.
base::Json model_config(const TrainRecipe& recipe, const text::Tokenizer& tokenizer);

/// What config.json says of labels; its pad_token_id is set where it has none (to the tokenizer's end, else 0), because without one
/// transformers takes no batch.
LabelWishes label_wishes(base::Json& config, const text::Tokenizer& tokenizer);

struct StartedModel {
  std::unique_ptr<nn::Decoder> decoder;
  std::vector<Weight> weights;                 // that learn
  std::unique_ptr<adapters::Adapter> adapter;  // null: every weight learns
};
/// Builds the decoder in the recipe's type: new from its seed, or with the weights of the recipe's folder; then the recipe's
/// adapter in it. `fresh` false: weights that learn are left empty, for a checkpoint to fill.
StartedModel start_model(const TrainRecipe& recipe, const base::Json& config, const text::Tokenizer& tokenizer, bool fresh);

/// Writes the files that belong to model and tokenizer, except weights: config.json and generation_config.json too, unless an
/// adapter learns. A model tuned on samples gets the chat template that they were rendered by, and the token that ends an answer as
/// an end token, so that it stops by itself.
void write_model_files(const std::filesystem::path& folder, const base::Json& config, const TrainRecipe& recipe,
                       const data::PreparedData& data);

}  // namespace athanor::train
