// athanor train: runs a recipe.

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"

namespace athanor::app {

Run declare_train(Flags& flags) {
  auto a = std::make_shared<TrainArguments>();
  flags.positional("RECIPE", a->recipe, "a YAML file: stage, model, tokenizer, data, train, out");
  flags.positionals("key=value", a->settings, "settings over the recipe's: train.lr=1e-3 out=FOLDER", false);
  flags.flag("--resume", a->resume, "go on from the last whole checkpoint in `out`");
  flags.flag("--force", a->force, "begin although the estimate says that memory is too short");
  return [a](const Invocation& call) {
    if (call.learn == nullptr) start_learn(call);
    return call.learn->train(*a, call);
  };
}

}  // namespace athanor::app
