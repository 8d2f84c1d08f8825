// athanor estimate: what a training run will hold, for a recipe or a model folder, and what would fit.

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/table.h"
#include "app/cli_learn/learn_commands.h"
#include "app/cli_learn/recipe_tree.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/train/memory_estimate.h"
#include "athanor/learn/train/memory_guard.h"
#include "athanor/learn/train/model_start.h"

namespace athanor::app {
namespace {

struct Plan {
  models::DecoderModel model;
  train::TrainRecipe recipe;
};

/// A folder's recipe: what the command line says, the rest as a recipe's defaults.
base::Node folder_tree(const EstimateArguments& a, const models::DecoderModel& model) {
  const int64_t length = std::clamp<int64_t>(model.spec.max_positions, 1, 1024);
  return base::node_from_json({{"model", a.model}, {"out", "unused"}, {"train", {{"batch", 8}, {"length", length}}}});
}

Plan plan_of(const EstimateArguments& a, const Everywhere& everywhere) {
  Plan plan;
  const bool folder = std::filesystem::is_directory(a.model);
  if (folder) plan.model = models::decoder_from_config(*checkpoint::ModelFolder::open(a.model).config);
  base::Node tree = folder ? folder_tree(a, plan.model) : base::read_yaml_file(a.model);
  if (!a.stage.empty()) tree.assign("stage", a.stage);
  if (a.batch > 0) tree.assign("train.batch", base::cat(a.batch));
  if (a.length > 0) tree.assign("train.length", base::cat(a.length));
  apply_settings(tree, a.settings, everywhere);
  plan.recipe = train::read_recipe(tree);
  if (!folder) {
    const auto tokenizer = text::load_tokenizer(train::tokenizer_path(plan.recipe));
    plan.model = models::decoder_from_config(train::model_config(plan.recipe, *tokenizer));
  }
  return plan;
}

struct Fit {
  const char* dtype;
  bool checkpointing;
  int64_t batch;  // 0: not even one row
};

/// The largest micro-batches at this length, in both types, with and without recomputed layers.
std::vector<Fit> fits_of(const Plan& plan, double bytes) {
  std::vector<Fit> fits;
  for (const bool checkpointing : {false, true})
    for (const char* dtype : {"f32", "bf16"}) {
      train::TrainRecipe recipe = plan.recipe;
      recipe.train.dtype = dtype, recipe.train.activation_checkpointing = checkpointing;
      fits.push_back({dtype, checkpointing, train::largest_batch(plan.model, recipe, bytes)});
    }
  return fits;
}

std::string fit_table(const Plan& plan, const std::vector<Fit>& fits, const train::MemoryBudget& budget) {
  const auto rows = [](int64_t batch) { return batch == 0 ? std::string("none") : base::cat(batch); };
  return base::cat("\nlargest train.batch of ", plan.recipe.train.length, " tokens within ", base::human_bytes(budget.bytes),
                   "\n\n",
                   text_table({{"", fits[0].dtype, fits[1].dtype},
                               {"as it is", rows(fits[0].batch), rows(fits[1].batch)},
                               {"train.activation_checkpointing=true", rows(fits[2].batch), rows(fits[3].batch)}}));
}

base::Json as_json(const Plan& plan, const train::MemoryEstimate& estimate, const train::MemoryBudget& budget,
                   const std::vector<Fit>& fits) {
  base::Json parts = base::Json::object(), largest = base::Json::array();
  for (const train::MemoryPart& part : estimate.parts)
    if (part.bytes > 0) parts[part.name] = part.bytes;
  for (const Fit& fit : fits)
    largest.push_back({{"dtype", fit.dtype}, {"activation_checkpointing", fit.checkpointing}, {"batch", fit.batch}});
  return {{"stage", plan.recipe.stage},  {"parameters", estimate.parameters},
          {"learned", estimate.learned}, {"parts", parts},
          {"total", estimate.total},     {"free", budget.bytes},
          {"limit", budget.limit},       {"fits", estimate.total <= budget.bytes},
          {"largest_batch", largest}};
}

std::string as_text(const Plan& plan, const train::MemoryEstimate& estimate, const train::MemoryBudget& budget,
                    const std::vector<Fit>& fits) {
  const train::TrainOptions& o = plan.recipe.train;
  const auto count = [](int64_t n) { return base::human_count(static_cast<double>(n)); };
  std::string text = base::cat(count(estimate.parameters), " parameters");
  if (estimate.learned < estimate.parameters) text += base::cat(", of them ", count(estimate.learned), " learn");
  text += base::cat("; ", o.batch, " rows of ", o.length, " tokens",
                    o.accumulation > 1 ? base::cat(", ", o.accumulation, " times") : "", ", ", o.dtype, "\n\n");
  std::vector<std::vector<std::string>> rows;
  for (const train::MemoryPart& part : estimate.parts)
    if (part.bytes > 0) rows.push_back({part.name, base::human_bytes(part.bytes)});
  rows.push_back({"in all, at the peak", base::human_bytes(estimate.total)});
  rows.push_back({base::cat("may be held (", budget.limit, ")"), base::human_bytes(budget.bytes)});
  text += text_table(rows);
  if (estimate.total > budget.bytes) {
    const train::FittingChange change = train::nearest_fitting(plan.model, plan.recipe, budget.bytes);
    text += change.settings.empty()
                ? "\nthis does not fit, and neither does anything near it: a smaller model or a shorter train.length\n"
                : base::cat("\nthis does not fit; what does: ", change.settings, " (", base::human_bytes(change.total), ")\n");
  }
  return text + fit_table(plan, fits, budget);
}

}  // namespace

int estimate_command(const EstimateArguments& a, const Invocation& call) {
  Plan plan = plan_of(a, call.everywhere);
  if (a.memory > 0) plan.recipe.train.memory_limit = a.memory;
  train::MemoryBudget budget = train::memory_budget(plan.recipe.train);
  if (a.memory > 0) budget.limit = "--memory";
  const train::MemoryEstimate estimate = train::estimate_memory(plan.model, plan.recipe);
  const std::vector<Fit> fits = fits_of(plan, budget.bytes);
  if (a.json)
    print_json(as_json(plan, estimate, budget, fits));
  else
    print(as_text(plan, estimate, budget, fits));
  return 0;
}

}  // namespace athanor::app
