#pragma once
// A recipe from beginning to end: data, tokenizer, model, loop. What `athanor train` calls.

#include "athanor/learn/train/loop.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::train {

/// Trains as the recipe says and returns when it is finished or stopped. Sets the process's threads where the recipe names them.
/// input_error where the recipe cannot be carried out, or, when resuming, differs in more than may change (each difference is
/// named); file_error where a file or checkpoint is broken, or another process holds the run's folder.
TrainResult train_recipe(const TrainRecipe& recipe, Resume resume = Resume::kNo, const TrainHooks& hooks = {});

}  // namespace athanor::train
