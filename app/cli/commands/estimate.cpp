// athanor estimate: memory of a training run, before it is spent.

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"

namespace athanor::app {

Run declare_estimate(Flags& flags) {
  auto a = std::make_shared<EstimateArguments>();
  flags.positional("MODEL", a->model, "a model folder, or a recipe whose run is meant");
  flags.positionals("key=value", a->settings, "settings as for train: train.optimizer=muon adapter.method=lora", false);
  flags.text("--stage", a->stage, {.help = "what training; empty: the recipe's, or pretrain"});
  flags.integer("--batch", a->batch, {"rows of a micro-batch; 0: the recipe's, or 8", 0, 1 << 20, {"per_device_train_batch_size"}});
  flags.integer("--length --seq", a->length,
                {"tokens of a row; 0: the recipe's, or the model's context, at most 1024", 0, 1 << 24, {"max_length"}});
  flags.number("--memory", a->memory, {"GiB that the run may hold; 0: what is free now", 0, 1e6});
  flags.flag("--json", a->json, "one JSON object: bytes by part, total, the largest batches that fit");
  return [a](const Invocation& call) {
    if (call.learn == nullptr) start_learn(call);
    return call.learn->estimate(*a, call);
  };
}

}  // namespace athanor::app
