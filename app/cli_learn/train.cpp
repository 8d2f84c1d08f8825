// athanor train: a recipe, with settings over it.

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli_learn/learn_commands.h"
#include "app/cli_learn/recipe_tree.h"
#include "app/cli_learn/training_samples.h"
#include "athanor/core/base/cat.h"
#include "athanor/learn/train/run.h"

namespace athanor::app {

int train_command(const TrainArguments& a, const Invocation& call) {
  train::TrainRecipe recipe = train::read_recipe(recipe_tree(a.recipe, a.settings, call.everywhere));
  train::TrainHooks hooks;
  hooks.progress = call.progress;
  hooks.force = a.force;
  hooks.start_hint = true;
  hooks.write_samples = write_training_samples;
  train::TrainResult result = train::train_recipe(recipe, a.resume ? train::Resume::kYes : train::Resume::kNo, hooks);
  std::string text = base::cat(recipe.out, ": ", result.end, " after ", result.steps, " steps");
  if (result.held_out) text += ", " + result.held_out->text();
  if (result.watch)
    text += base::cat("; watched text ", base::fixed(result.watch->before, 4), " -> ", base::fixed(result.watch->after, 4),
                      " nats per token");
  if (result.skipped > 0) text += base::cat("; ", result.skipped, " steps were left out because something was not finite");
  print(text + "\n");
  return 0;
}

}  // namespace athanor::app
