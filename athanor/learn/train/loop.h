#pragma once
// The one training loop. It knows an objective, weights and a folder; what is learned, and how, are given to it.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/text/chat_template.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/learn/adapters/adapter.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/objective.h"
#include "athanor/learn/train/optimizer.h"
#include "athanor/learn/train/regularizer.h"
#include "athanor/learn/train/run_folder.h"
#include "athanor/learn/train/trainer_state.h"
#include "athanor/learn/train/watch.h"
#include "athanor/learn/train/weights.h"

namespace athanor::train {

/// What a text is written with while the model learns: the decoder holds the weights that would be saved now.
struct SampleRequest {
  nn::Decoder& decoder;
  const text::Tokenizer& tokenizer;
  const TrainOptions& options;
  const text::ChatTemplate* chat;  // null: prompts are beginnings of texts; else questions, put by this template
  bool adapted;                    // the decoder holds an adapter's layers
};

struct StartedModel;

struct TrainHooks {
  base::ProgressSink* progress = nullptr;
  std::function<void(StartedModel& model)> on_start;  // before the first step; may change the model
  std::function<void(const LogEntry& entry)> on_log;  // each line of train.log
  bool history = true;                                // keep the run in history::default_path()
  bool force = false;                                 // begin although the estimate says that memory is too short
  bool start_hint = false;                            // say which kind of model so many samples are usually put on
  /// A text for each of options.sample_prompts; without it none are written.
  std::function<std::vector<std::string>(const SampleRequest& request)> write_samples;
};

struct TrainResult {
  std::string end;        // "finished", "stopped" (a wish to stop), "already finished"
  int64_t steps = 0;      // done in all
  int64_t steps_now = 0;  // done by this call
  int64_t skipped = 0;    // steps left out because something was not finite
  double seconds = 0;     // of training, over all starts of the run
  double tokens_per_second = 0;
  std::optional<Evaluation> held_out;  // of the weights that are saved
  std::vector<LogEntry> log;
  std::optional<WatchResult> watch;                        // loss on data.watch before and after
  std::vector<std::string> samples_before, samples_after;  // for train.sample_prompts; empty where this call wrote none
};

struct LoopParts {
  Objective& objective;
  std::vector<Weight>& weights;
  const TrainRecipe& recipe;
  RunFolder& folder;
  std::string data_key;
  /// Writes config.json, tokenizer files and what else belongs to a model folder, except weights.
  std::function<void(const std::filesystem::path& folder)> write_model_files;
  TrainHooks hooks = {};
  Regularizer* regularizer = nullptr;
  /// Set: only what it added learns, and the run's folders are PEFT adapter folders.
  adapters::Adapter* adapter = nullptr;
  std::function<std::vector<std::string>()> write_samples = {};
};

/// Trains from `start` (a checkpoint of this run; none: from the weights as they are) to the end of the recipe, or until
/// base::stop_requested(). Leaves a checkpoint of the last step, and, when finished, the model in the run's folder.
/// A run whose memory becomes tight, or is out, ends with a checkpoint of the last whole step and an input_error that names it.
/// input_error where five steps in a row were not finite, or one with on_nonfinite: stop; no checkpoint ever holds such weights.
TrainResult run_loop(const LoopParts& parts, const std::optional<std::filesystem::path>& start);

}  // namespace athanor::train
