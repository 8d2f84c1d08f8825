#pragma once
// What `athanor train RECIPE.yaml` reads: every option of a run, with its default.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "athanor/core/base/node.h"
#include "athanor/core/base/options.h"
#include "athanor/core/data/prepare.h"
#include "athanor/learn/adapters/options.h"

namespace athanor::train {

struct TrainOptions {
  int64_t steps = 1000;
  int64_t batch = 8;         // B rows of a micro-batch
  int64_t length = 256;      // T tokens of a row
  int64_t accumulation = 1;  // micro-batches of a step
  std::string dtype = "f32";
  std::string device = "cpu";
  int64_t seed = 0;
  int64_t threads = 0;  // 0: as the process was started
  double dropout = 0;
  bool activation_checkpointing = false;
  double memory_limit = 0;   // GiB; 0: what the machine leaves
  double neftune_alpha = 0;  // sft

  double lr = 3e-4;
  std::string schedule = "cosine";
  double warmup = 0.02;  // below 1: part of the run; from 1 on: steps
  double min_lr = 0.1;   // part of lr that is left at the end
  double decay = 0.2;    // wsd: part of the run in which lr falls
  double time_limit_s = 0;
  int64_t patience = 0;    // evaluations without a better one after which the run ends; 0: off
  double layer_decay = 1;  // factor on the learning rate for each layer further from the output

  std::string optimizer = "adamw";
  double weight_decay = 0.1;
  bool decay_embeddings = true;
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8;
  double momentum = 0.95;  // muon
  double clip = 1.0;       // 0: off
  double ema = 0;          // decay per step; 0: off

  int64_t log_every = 1;
  int64_t eval_every = 0;  // 0: at the end only
  int64_t save_every = 0;  // 0: at the end only
  int64_t keep = 2;
  bool keep_best = false;
  std::string save_dtype = "f32";
  std::string on_nonfinite = "skip";

  int64_t sample_every = 0;  // 0: at the beginning and the end
  std::vector<std::string> sample_prompts;
  int64_t sample_tokens = 64;
  double sample_temperature = 0.8;

  void visit(base::OptionVisitor& v);
};

/// What holds weights near those that the run begins with.
struct RegularizerOptions {
  std::string method;             // "": none
  double strength = 1;            // factor on the penalty
  std::vector<std::string> data;  // ewc: text of the old task
  int64_t rows = 64;              // ewc: of train.length tokens, on which importance is measured
  std::string labels = "sampled";
  void visit(base::OptionVisitor& v);
};

struct TrainRecipe {
  std::string stage = "pretrain";
  base::Node model;       // a folder, or config.json's keys of a new model
  std::string tokenizer;  // "": the model's own
  data::DataOptions data;
  adapters::AdapterOptions adapter;
  RegularizerOptions regularizer;
  TrainOptions train;
  std::string out;

  void visit(base::OptionVisitor& v);
};

/// Reads and checks a recipe; input_error with every mistake at once.
TrainRecipe read_recipe(const base::Node& tree);
/// The recipe with every option, as out/recipe.yaml holds it.
std::string recipe_to_yaml(const TrainRecipe& recipe);

/// Options whose values differ and may not differ when a run is resumed: "train.lr: 0.001 -> 0.002", one each. Cadences, paths,
/// threads, the number of steps and the time limit may change, and the micro-batches of a step where its rows stay the same.
std::vector<std::string> forbidden_changes(const base::Node& before, const base::Node& now);

}  // namespace athanor::train
