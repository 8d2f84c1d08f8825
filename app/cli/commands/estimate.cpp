// athanor estimate: memory of a training run, before it is spent.

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"

namespace athanor::app {

Run declare_estimate(Flags& flags) {
  auto a = std::make_shared<EstimateArguments>();
  flags.positional("MODEL", a->model, "a model folder, or a recipe whose run is meant");
  flags.text("--stage", a->stage, {.help = "what training", .choices = {"pretrain"}});
  flags.integer("--batch", a->batch, {"rows of a step (a folder only)", 1, 1 << 20, {"per_device_train_batch_size"}});
  flags.integer("--length --seq", a->length,
                {"tokens of a row; 0: the model's context, at most 1024 (a folder only)", 0, 1 << 24, {"max_length"}});
  flags.flag("--json", a->json, "one JSON object: bytes by part, total");
  return [a](const Invocation& call) {
    if (call.learn == nullptr) start_learn(call);
    return call.learn->estimate(*a, call);
  };
}

}  // namespace athanor::app
