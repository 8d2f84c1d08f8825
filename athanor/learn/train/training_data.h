#pragma once
// The data of a recipe, as its objective reads it: documents or samples, of one source or of a mixture.

#include <filesystem>
#include <string>
#include <vector>

#include "athanor/learn/train/objective.h"

namespace athanor::train {

/// What a model says of its labels, before the data is read.
struct LabelWishes {
  std::vector<std::string> names;  // empty: it has none yet
  std::string problem;
  int64_t pad_id = -1;
};

/// `hash`: data::tokenizer_hash of `tokenizer_folder`. Shards lie in `folder`. With data.mix, each source is prepared on its own
/// and the training part is their mixture; held out is what data.eval names, or data.holdout of each source. Shards and mixtures of
/// an earlier start are taken where nothing changed. Errors as those of core/data.
data::PreparedData prepare_training_data(const TrainRecipe& recipe, Reads reads, const text::Tokenizer& tokenizer, uint64_t hash,
                                         const std::filesystem::path& tokenizer_folder, const std::filesystem::path& folder,
                                         const LabelWishes& labels = {});

}  // namespace athanor::train
