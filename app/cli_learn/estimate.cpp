// athanor estimate: what a training run will hold, for a recipe or a model folder.

#include <filesystem>
#include <fstream>
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
#include "athanor/learn/train/model_start.h"

namespace athanor::app {
namespace {

struct Plan {
  models::DecoderModel model;
  train::TrainOptions options;
};

Plan plan_of(const EstimateArguments& a, const Everywhere& everywhere) {
  if (!std::filesystem::is_directory(a.model)) {
    train::TrainRecipe recipe = train::read_recipe(recipe_tree(a.model, {}, everywhere));
    if (recipe.adapter.on())
      base::input_error("cli.estimate", {"the memory of a run in which an adapter learns is not counted yet", recipe.adapter.method,
                                         "", "leave adapter out: what every weight would take is above it"});
    base::Json config = train::model_config(recipe, *text::load_tokenizer(train::tokenizer_path(recipe)));
    return {models::decoder_from_config(config), recipe.train};
  }
  Plan plan{models::decoder_from_config(*checkpoint::ModelFolder::open(a.model).config), {}};
  plan.options.batch = a.batch;
  plan.options.length = a.length > 0 ? a.length : std::clamp<int64_t>(plan.model.spec.max_positions, 1, 1024);
  if (!everywhere.dtype.empty()) plan.options.dtype = everywhere.dtype;
  if (plan.options.dtype != "f32" && plan.options.dtype != "bf16")
    base::input_error("cli.estimate", {"training does not compute in this type", plan.options.dtype, "f32 or bf16"});
  return plan;
}

double free_memory() {  // bytes
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("MemAvailable:")) return std::stod(line.substr(13)) * 1024;
  return 0;
}

}  // namespace

int estimate_command(const EstimateArguments& a, const Invocation& call) {
  Plan plan = plan_of(a, call.everywhere);
  train::MemoryEstimate estimate = train::estimate_memory(plan.model, plan.options);
  base::Json parts = base::Json::object();
  std::vector<std::vector<std::string>> rows;
  for (const train::MemoryPart& part : estimate.parts) {
    if (part.bytes == 0) continue;
    parts[part.name] = part.bytes;
    rows.push_back({part.name, base::human_bytes(part.bytes)});
  }
  double free = free_memory();
  if (a.json) {
    print_json({{"stage", a.stage},
                {"parameters", models::parameter_count(plan.model)},
                {"parts", parts},
                {"total", estimate.total},
                {"free", free},
                {"fits", estimate.total < free}});
    return 0;
  }
  rows.push_back({"in all, at the peak", base::human_bytes(estimate.total)});
  rows.push_back({"free on this machine", base::human_bytes(free)});
  print(base::cat(base::human_count(static_cast<double>(models::parameter_count(plan.model))), " parameters, ", plan.options.batch,
                  " rows of ", plan.options.length, " tokens, ", plan.options.dtype, "\n\n", text_table(rows),
                  estimate.total < free ? "" : "\nthis does not fit: a smaller train.batch or train.length, or bf16\n"));
  return 0;
}

}  // namespace athanor::app
