// athanor quickstart: the whole life on a small corpus.

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"

namespace athanor::app {

Run declare_quickstart(Flags& flags) {
  auto a = std::make_shared<QuickstartArguments>();
  flags.positionals("key=value", a->settings, "settings over the recipe's: model.hidden_size=256 train.lr=1e-3", false);
  flags.text("--out -o", a->out, {"folder for everything; an unfinished one there goes on where it stopped"});
  flags.flag("--quick", a->quick, "a smaller model; the whole in well under a minute");
  flags.number("--minutes", a->minutes, {"time for training; 0: the recipe's", 0, 10000});
  flags.integer("--seed -s", a->seed, {"of weights, data order and samples", 0, 9e15});
  flags.text("--corpus", a->corpus, {"another text file than the bundled one"});
  flags.text("--recipe", a->recipe, {"another recipe than the bundled one"});
  flags.flag("--force", a->force, "begin anew, whatever lies in the folder");
  return [a](const Invocation& call) {
    if (call.learn == nullptr) start_learn(call);
    return call.learn->quickstart(*a, call);
  };
}

}  // namespace athanor::app
