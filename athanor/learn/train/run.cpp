#include "athanor/learn/train/run.h"

#include <malloc.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/nn/device.h"
#include "athanor/learn/nn/shared_threads.h"
#include "athanor/learn/train/model_start.h"

namespace athanor::train {
namespace fs = std::filesystem;
namespace {

/// A resumed run must be the same run: the same text and the same options, but for those that may change.
void check_resume(const TrainRecipe& recipe, const std::string& data_key, const fs::path& checkpoint) {
  TrainerState state = load_state(checkpoint / "trainer_state.json");
  TrainRecipe copy = recipe;
  std::vector<std::string> changes = forbidden_changes(state.recipe, base::options_to_node(base::visit_of(copy)));
  if (!changes.empty()) {
    std::string list;
    for (const std::string& change : changes) list += (list.empty() ? "" : "; ") + change;
    base::input_error("train.resume", {"the recipe has changed since the checkpoint", list, "",
                                       "set these back, or begin a new run in another out"});
  }
  if (state.data_key != data_key)
    base::input_error("train.resume", {"the data has changed since the checkpoint", data_key, state.data_key,
                                       "bring the old files back, or begin a new run in another out"});
  if (state.step > recipe.train.steps)
    base::input_error("train.resume",
                      {"train.steps is below what was done", base::cat(recipe.train.steps), base::cat("at least ", state.step)});
}

void use_threads(int64_t threads) {
  if (threads > 0) base::set_thread_count(static_cast<int>(threads));
  nn::install_shared_threads();
}

/// Large blocks come from the system and go back to it at once. That costs page faults, but a heap that is kept would grow gaps as
/// large as what activation checkpointing saves.
void return_memory_at_once() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

void warn_if_slow(const TrainOptions& options) {
  if (options.dtype == "bf16" && !nn::fast_bf16(nn::device_named(options.device)))
    base::log_warning("this processor has no bf16 products, and training in bf16 is many times slower here: train.dtype=f32");
}

void say(const data::PreparedData& data) {
  const data::DataReport& r = data.report;
  std::string text = base::cat(data.reused ? "data (as before): " : "data: ", r.documents, " documents, ", r.tokens, " tokens, ",
                               base::human_bytes(static_cast<double>(r.bytes)));
  if (data.eval) text += base::cat("; held out: ", r.eval_documents, " documents, ", r.eval_tokens, " tokens");
  for (const auto& [step, count] : r.cleaning)
    if (count > 0) text += base::cat("; ", step, ": ", count);
  base::log_info(text);
}

}  // namespace

TrainResult train_recipe(const TrainRecipe& recipe, Resume resume, const TrainHooks& hooks) {
  use_threads(recipe.train.threads);
  warn_if_slow(recipe.train);
  if (recipe.train.activation_checkpointing) return_memory_at_once();
  RunFolder folder(recipe.out);
  const std::optional<fs::path> start = folder.find_start(resume);
  const fs::path tokenizer_folder = tokenizer_path(recipe);
  const std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(tokenizer_folder);
  const base::Json config = model_config(recipe, *tokenizer);
  const data::PreparedData data =
      data::prepare_data(recipe.data, *tokenizer, data::tokenizer_hash(tokenizer_folder), folder.path() / "data");
  say(data);
  const std::string data_key = base::hash_hex(data.key);
  if (start) {
    check_resume(recipe, data_key, *start);
    base::log_info(base::cat("going on from ", start->string()));
  }
  StartedModel model = start_model(recipe, config, *tokenizer, !start);
  const ObjectiveKind& kind = base::find_row(objectives(), recipe.stage, "train.stage");
  const std::unique_ptr<Objective> objective = kind.make({*model.decoder, *tokenizer, data, recipe});
  base::write_file(folder.path() / "recipe.yaml", recipe_to_yaml(recipe));
  LoopParts parts{*objective, model.weights, recipe, folder, data_key, {}, hooks, model.adapter.get()};
  parts.write_model_files = [&](const fs::path& to) { write_model_files(to, config, recipe); };
  if (hooks.write_samples) parts.write_samples = [&] { return hooks.write_samples({*model.decoder, *tokenizer, recipe.train}); };
  return run_loop(parts, start);
}

}  // namespace athanor::train
