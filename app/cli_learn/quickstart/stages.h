#pragma once
// The stages of a quickstart. Each does its work and returns its numbers for out/quickstart.json.

#include "app/cli_learn/quickstart/plan.h"
#include "athanor/core/base/progress.h"

namespace athanor::app {

base::Json write_texts(const QuickstartPlan& plan);
base::Json train_tokenizer_stage(const QuickstartPlan& plan);
/// The held-out text under the model with its first, random weights, by the engine.
base::Json evaluate_untrained(const QuickstartPlan& plan);
/// "end": "finished" or "stopped".
base::Json train_stage(const QuickstartPlan& plan, base::ProgressSink* progress);
base::Json evaluate_trained(const QuickstartPlan& plan);
base::Json write_samples(const QuickstartPlan& plan);
/// The pretrained model tuned on the questions (questions.h), with every weight; "end" as of train_stage.
base::Json tune_all_weights(const QuickstartPlan& plan, base::ProgressSink* progress);
/// The same by LoRA.
base::Json tune_by_lora(const QuickstartPlan& plan, base::ProgressSink* progress);
/// The held-out questions and what is answered "before", by the "tuned" model and with the "lora": how many answers end by
/// themselves, how many of those that ask for a name are one, and all of them.
base::Json ask_all(const QuickstartPlan& plan);

}  // namespace athanor::app
