#include "athanor/learn/train/run.h"

#include <malloc.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/data/sample_survey.h"
#include "athanor/core/models/labels.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/nn/device.h"
#include "athanor/learn/nn/shared_threads.h"
#include "athanor/learn/train/memory_guard.h"
#include "athanor/learn/train/model_start.h"
#include "athanor/learn/train/training_data.h"

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

void warn_of_no_gain(const TrainOptions& options) {
  if (options.dtype == "bf16" && !nn::fast_bf16(nn::device_named(options.device)))
    base::log_warning("this processor has no bf16 products: bf16 takes less memory here, and no less time than f32");
}

struct Texts {
  fs::path folder;
  std::unique_ptr<text::Tokenizer> tokenizer;
  uint64_t hash;
  explicit Texts(const fs::path& path) : folder(path), tokenizer(text::load_tokenizer(path)), hash(data::tokenizer_hash(path)) {}
};

void say(const data::PreparedData& data, bool start_hint) {
  const data::DataReport& r = data.report;
  const bool labelled = !r.labels.names.empty();
  const char* what = labelled ? " labelled texts, " : r.learned_tokens > 0 ? " samples, " : " documents, ";
  std::string text = base::cat(data.reused ? "data (as before): " : "data: ", r.documents, what, r.tokens, " tokens, ",
                               base::human_bytes(static_cast<double>(r.bytes)));
  if (labelled)
    text += base::cat(", ", r.labels.names.size(), " labels (", r.labels.problem, ")");
  else if (r.learned_tokens > 0)
    text += base::cat(" of answers, ", r.learned_tokens, " tokens of them learned");
  if (data.eval) text += base::cat("; held out: ", r.eval_documents, what, r.eval_tokens, " tokens");
  for (const auto& [step, count] : r.cleaning)
    if (count > 0) text += base::cat("; ", step, ": ", count);
  base::log_info(text);
  if (start_hint && r.learned_tokens > 0 && !labelled && !data.reused) base::log_info(data::start_hint(r.documents));
}

/// The template that questions are put by: the one that the samples were rendered by, if any.
std::optional<text::ChatTemplate> chat_of(const ObjectiveKind& kind, const data::PreparedData& data, const Texts& texts) {
  if (kind.reads != Reads::kSamples) return std::nullopt;
  if (!data.chat_template.empty()) return text::ChatTemplate(data.chat_template, "data.template", *texts.tokenizer);
  return text::ChatTemplate::load(texts.folder);
}

}  // namespace

TrainResult train_recipe(const TrainRecipe& recipe, Resume resume, const TrainHooks& hooks) {
  use_threads(recipe.train.threads);
  warn_of_no_gain(recipe.train);
  if (recipe.train.activation_checkpointing) return_memory_at_once();
  const ObjectiveKind& kind = base::find_row(objectives(), recipe.stage, "train.stage");
  const Texts texts(tokenizer_path(recipe));
  base::Json config = model_config(recipe, *texts.tokenizer);
  if (!hooks.force) expect_to_fit(models::decoder_from_config(config), recipe);
  const LabelWishes labels = kind.reads == Reads::kLabels ? label_wishes(config, *texts.tokenizer) : LabelWishes();
  RunFolder folder(recipe.out);
  const std::optional<fs::path> start = folder.find_start(resume);
  const data::PreparedData data =
      prepare_training_data(recipe, kind.reads, *texts.tokenizer, texts.hash, texts.folder, folder.path() / "data", labels);
  if (kind.reads == Reads::kLabels) models::set_labels(config, {data.report.labels.names, data.report.labels.problem});
  say(data, hooks.start_hint && recipe.model.kind != base::Node::Kind::kMap);
  const std::string data_key = base::hash_hex(data.key);
  if (start) {
    check_resume(recipe, data_key, *start);
    base::log_info(base::cat("going on from ", start->string()));
  }
  StartedModel model = start_model(recipe, config, *texts.tokenizer, !start);
  if (hooks.on_start) hooks.on_start(model);
  const std::unique_ptr<Objective> objective = kind.make({*model.decoder, *texts.tokenizer, data, recipe});
  base::write_file(folder.path() / "recipe.yaml", recipe_to_yaml(recipe));
  std::optional<Watch> watch;
  if (!recipe.data.watch.empty()) watch.emplace(*model.decoder, *texts.tokenizer, texts.hash, recipe, folder.path());
  if (watch) watch->before(!start);
  LoopParts parts{*objective, model.weights, recipe, folder, data_key, {}, hooks};
  parts.adapter = model.adapter.get();
  std::unique_ptr<Regularizer> regularizer;
  if (!recipe.regularizer.method.empty()) {
    const RegularizerKind& method = base::find_row(regularizers(), recipe.regularizer.method, "train.regularizer");
    regularizer = method.make({*model.decoder, model.weights, *texts.tokenizer, texts.hash, recipe, folder.path(), !start});
    parts.regularizer = regularizer.get();
  }
  parts.write_model_files = [&](const fs::path& to) { write_model_files(to, config, recipe, data); };
  std::optional<text::ChatTemplate> chat;
  if (hooks.write_samples && !recipe.train.sample_prompts.empty()) {
    chat = chat_of(kind, data, texts);
    parts.write_samples = [&] {
      return hooks.write_samples(
          {*model.decoder, *texts.tokenizer, recipe.train, chat ? &*chat : nullptr, model.adapter != nullptr});
    };
  }
  TrainResult result = run_loop(parts, start);
  if (watch && result.end == "finished") {
    const bool saved_others = recipe.train.ema > 0 || recipe.train.keep_best;  // than those in memory
    if (saved_others && !model.adapter) nn::load_weights(*model.decoder, checkpoint::Checkpoint::open(recipe.out));
    result.watch = watch->after();
  }
  return result;
}

}  // namespace athanor::train
