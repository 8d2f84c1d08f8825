#include "athanor/learn/train/recipe.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/flat_values.h"
#include "athanor/learn/nn/device.h"
#include "athanor/learn/train/objective.h"
#include "athanor/learn/train/optimizer.h"
#include "athanor/learn/train/regularizer.h"
#include "athanor/learn/train/schedule.h"

namespace athanor::train {
namespace {

template <typename Rows>
std::vector<const char*> names_of(const Rows& rows) {
  std::vector<const char*> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

void visit_shape(TrainOptions& o, base::OptionVisitor& v) {
  v.integer("steps", o.steps, {"optimizer steps", 1, 1e9, {"max_steps"}});
  v.integer("batch", o.batch, {"rows of a batch", 1, 1e6, {"per_device_train_batch_size", "train_batch_size", "batch_size"}});
  v.integer("length", o.length, {"tokens of a row", 1, 1e6, {"max_seq_length", "block_size", "cutoff_len", "max_length"}});
  v.integer("accumulation", o.accumulation, {"batches added up for one step", 1, 1e6, {"gradient_accumulation_steps"}});
  v.text("dtype", o.dtype,
         {.help = "type of the weights that compute; bf16 keeps f32 masters; auto: bf16 where the device has it, else f32",
          .other_names = {"bf16", "torch_dtype"},
          .choices = {"f32", "bf16", "auto"}});
  v.text("device", o.device, {.help = "where tensors live", .choices = {"cpu", "cuda"}});
  v.integer("seed", o.seed, {"of initial weights, data order and dropout", 0, 9e15, {"data_seed"}});
  v.integer("threads", o.threads, {"CPU threads; 0: all", 0, 1024});
  v.number("dropout", o.dropout, {"part of activations that is zeroed", 0, 0.9, {"attention_dropout", "resid_pdrop"}});
  v.boolean("activation_checkpointing", o.activation_checkpointing,
            {"keep a layer's input only and compute it twice: less memory, a third more work", 0, 1, {"gradient_checkpointing"}});
  v.number("memory_limit", o.memory_limit, {"GiB that the run may hold; 0: what the machine leaves", 0, 1e6});
  v.number("neftune_alpha", o.neftune_alpha,
           {"sft: noise on the embeddings, alpha / sqrt(T C) (NEFTune; 5 is usual); 0: off", 0, 1000, {"neftune_noise_alpha"}});
}

void visit_update(TrainOptions& o, base::OptionVisitor& v) {
  v.number("lr", o.lr, {"peak learning rate", 0, 10, {"learning_rate"}});
  v.text("schedule", o.schedule,
         {.help = "of the learning rate after warm-up", .other_names = {"lr_scheduler_type"}, .choices = names_of(schedules())});
  v.number("warmup", o.warmup,
           {"rise of the learning rate: steps, or below 1 a part of the run", 0, 1e9, {"warmup_steps", "warmup_ratio"}});
  v.number("min_lr", o.min_lr, {"part of lr that is left at the end", 0, 1, {"min_lr_rate", "min_lr_ratio"}});
  v.number("decay", o.decay, {"wsd: part of the run in which lr falls", 0, 1, {"num_decay_steps"}});
  v.number("time_limit_s", o.time_limit_s, {"end after so many seconds, the schedule following the clock; 0: off", 0, 1e9});
  v.integer("patience", o.patience,
            {"end after so many evaluations (eval_every) without a better one; 0: off", 0, 1e6, {"early_stopping_patience"}});
  v.number(
      "layer_decay", o.layer_decay,
      {"factor on lr for each layer that is further from the output: below 1, what lies deep changes little", 0.01, 1, {"llrd"}});
  v.text("optimizer", o.optimizer,
         {.help = "how weights follow gradients", .other_names = {"optim"}, .choices = names_of(optimizers())});
  v.number("weight_decay", o.weight_decay, {"decoupled; norms and biases are left out", 0, 10});
  v.boolean("decay_embeddings", o.decay_embeddings, {"weight decay on embeddings too"});
  v.number("beta1", o.beta1, {"adamw, lion: memory of the mean", 0, 0.99999, {"adam_beta1"}});
  v.number("beta2", o.beta2, {"adamw: memory of the square; lion: of the mean it keeps", 0, 0.9999999, {"adam_beta2"}});
  v.number("eps", o.eps, {"adamw: added to the root", 1e-20, 1, {"adam_epsilon"}});
  v.number("momentum", o.momentum, {"muon, sgd: memory of the gradient", 0, 0.99999});
  v.number("clip", o.clip, {"largest norm of all gradients together; 0: off", 0, 1e9, {"max_grad_norm"}});
  v.number("ema", o.ema, {"decay of averaged weights, which are then evaluated and saved; 0: off", 0, 0.9999999});
}

void visit_cadence(TrainOptions& o, base::OptionVisitor& v) {
  v.integer("log_every", o.log_every, {"steps between log lines", 1, 1e9, {"logging_steps"}});
  v.integer("eval_every", o.eval_every, {"steps between evaluations; 0: at the end", 0, 1e9, {"eval_steps"}});
  v.integer("save_every", o.save_every, {"steps between checkpoints; 0: at the end", 0, 1e9, {"save_steps"}});
  v.integer("keep", o.keep, {"checkpoints that are kept", 1, 1e6, {"save_total_limit"}});
  v.boolean("keep_best", o.keep_best, {"end with the weights of the best evaluation", 0, 1, {"load_best_model_at_end"}});
  v.text("save_dtype", o.save_dtype, {.help = "type of the weights in out", .choices = {"f32", "bf16", "f16"}});
  v.text("on_nonfinite", o.on_nonfinite,
         {.help = "a step whose loss or gradient is not finite: leave it out (at most 4 in a row), or stop",
          .choices = {"skip", "stop"}});
}

void visit_samples(TrainOptions& o, base::OptionVisitor& v) {
  v.integer("sample_every", o.sample_every, {"steps between texts that the model writes; 0: at the beginning and the end", 0, 1e9});
  v.texts("sample_prompts", o.sample_prompts, {"how these texts begin; for a model that is tuned to answer, what it is asked"});
  v.integer("sample_tokens", o.sample_tokens, {"tokens of such a text", 1, 100000});
  v.number("sample_temperature", o.sample_temperature, {"of such a text; 0: the likeliest token each time", 0, 100});
}

bool may_change(const std::string& name) {
  static const char* const kFree[] = {"out",
                                      "tokenizer",
                                      "data.train",
                                      "data.eval",
                                      "data.watch",
                                      "train.steps",
                                      "train.threads",
                                      "train.activation_checkpointing",
                                      "train.memory_limit",
                                      "train.log_every",
                                      "train.eval_every",
                                      "train.save_every",
                                      "train.keep",
                                      "train.save_dtype",
                                      "train.time_limit_s",
                                      "train.patience",
                                      "train.on_nonfinite",
                                      "train.sample_every",
                                      "train.sample_prompts",
                                      "train.sample_tokens",
                                      "train.sample_temperature"};
  return std::any_of(std::begin(kFree), std::end(kFree), [&](const char* free) { return name == free; });
}

}  // namespace

void TrainOptions::visit(base::OptionVisitor& v) {
  visit_shape(*this, v);
  visit_update(*this, v);
  visit_cadence(*this, v);
  visit_samples(*this, v);
}

void RegularizerOptions::visit(base::OptionVisitor& v) {
  std::vector<const char*> methods = names_of(regularizers());
  methods.insert(methods.begin(), "");
  v.text("method", method, {.help = "what holds weights near those of the start", .choices = methods});
  v.number("strength", strength, {"factor on the penalty", 0, 1e12, {"lambda", "ewc_lambda"}});
  v.texts("data", data, {.help = "ewc: text of the old task"});
  v.integer("rows", rows, {"ewc: rows on which the weights' importance is measured", 1, 1e6});
  v.text("labels", labels,
         {.help = "ewc: sampled from the model (Fisher information), or of the data (empirical)", .choices = {"sampled", "data"}});
}

void TrainRecipe::visit(base::OptionVisitor& v) {
  v.text("stage", stage, {.help = "what is learned", .choices = names_of(objectives())});
  v.tree("model", model,
         {.help = "a model folder to start from, or a new model: {model_type: llama, hidden_size: 256, ...}",
          .other_names = {"model_name_or_path"},
          .required = true});
  v.text("tokenizer", tokenizer,
         {.help = "a folder with tokenizer.json; empty: the model's own",
          .other_names = {"tokenizer_name", "tokenizer_name_or_path"}});
  v.group("data", {"what is read"}, [&](base::OptionVisitor& inside) { data.visit(inside); });
  v.group("adapter", {.help = "small added parts that learn instead of every weight", .other_names = {"peft", "lora"}},
          [&](base::OptionVisitor& inside) { adapter.visit(inside); });
  v.group("regularizer", {"what is not to be forgotten"}, [&](base::OptionVisitor& inside) { regularizer.visit(inside); });
  v.group("train", {"how it is learned"}, [&](base::OptionVisitor& inside) { train.visit(inside); });
  v.text("out", out,
         {.help = "the run's folder; becomes a model folder, or an adapter's", .other_names = {"output_dir"}, .required = true});
}

TrainRecipe read_recipe(const base::Node& tree) {
  TrainRecipe recipe;
  base::read_options(tree, recipe, "train.recipe");
  adapters::check_options(recipe.adapter);
  if (recipe.train.sample_every > 0 && recipe.train.sample_prompts.empty())
    base::input_error("train.recipe",
                      {"train.sample_every without train.sample_prompts", "", "", "train.sample_prompts='[Once upon a time]'"});
  if (recipe.train.dtype == "auto") recipe.train.dtype = nn::fast_bf16(nn::device_named(recipe.train.device)) ? "bf16" : "f32";
  return recipe;
}

std::string recipe_to_yaml(const TrainRecipe& recipe) {
  TrainRecipe copy = recipe;
  return base::node_to_yaml(base::options_to_node(base::visit_of(copy)));
}

namespace {

/// Other micro-batches with the same rows in every step.
bool same_rows(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& now) {
  const auto rows = [](const std::map<std::string, std::string>& values) {
    const auto batch = values.find("train.batch"), times = values.find("train.accumulation");
    return batch == values.end() || times == values.end() ? -1
                                                          : std::atoll(batch->second.c_str()) * std::atoll(times->second.c_str());
  };
  return rows(before) > 0 && rows(before) == rows(now);
}

}  // namespace

std::vector<std::string> forbidden_changes(const base::Node& before, const base::Node& now) {
  std::map<std::string, std::string> old_values = base::flat_values(before), new_values = base::flat_values(now);
  for (const auto& [name, value] : old_values) new_values.try_emplace(name, "");
  std::vector<std::string> changes;
  const bool rows_stay = same_rows(old_values, new_values);
  for (const auto& [name, value] : new_values) {
    if (rows_stay && (name == "train.batch" || name == "train.accumulation")) continue;
    auto found = old_values.find(name);
    std::string old_value = found == old_values.end() ? "" : found->second;
    if (old_value != value && !may_change(name)) changes.push_back(base::cat(name, ": ", old_value, " -> ", value));
  }
  return changes;
}

}  // namespace athanor::train
