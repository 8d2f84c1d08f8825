// athanor train: a recipe, with settings over it.

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli_learn/learn_commands.h"
#include "app/cli_learn/recipe_tree.h"
#include "app/cli_learn/training_samples.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/learn/train/run.h"

namespace athanor::app {
namespace {

/// What the model wrote before and after, a line each.
std::string samples_text(const std::vector<std::string>& prompts, const train::TrainResult& result) {
  constexpr size_t kLine = 300;  // bytes
  if (result.samples_before.empty() && result.samples_after.empty()) return "";
  std::string text;
  const auto add = [&](const char* when, const std::vector<std::string>& texts, size_t i) {
    if (i < texts.size()) text += base::cat("  ", when, data::escaped_excerpt(texts[i], kLine), "\n");
  };
  for (size_t i = 0; i < prompts.size(); ++i) {
    text += base::cat("\n", data::escaped_excerpt(prompts[i], kLine), "\n");
    add("before: ", result.samples_before, i);
    add("after:  ", result.samples_after, i);
  }
  return text;
}

}  // namespace

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
  print(text + "\n" + samples_text(recipe.train.sample_prompts, result));
  return 0;
}

}  // namespace athanor::app
