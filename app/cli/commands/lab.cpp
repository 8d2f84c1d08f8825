// athanor lab: measured answers to questions of the field.

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"

namespace athanor::app {

Run declare_lab(Flags& flags) {
  auto a = std::make_shared<LabArguments>();
  flags.positional("NAME", a->name, "the experiment; without it they are listed", false);
  flags.text("--out -o", a->out, {"folder for the results; empty: lab-NAME"});
  flags.integer("--seeds", a->seeds, {"runs of everything, each with other random numbers", 1, 100});
  flags.flag("--quick", a->quick, "a smoke test in seconds: the numbers mean nothing");
  flags.text("--general", a->general, {"a text file as the general corpus, in place of the bundled novel"});
  flags.text("--domain", a->domain, {"a text file as the domain, in place of the bundled plays"});
  flags.flag("--json", a->json, "one JSON object: claims, rows with the value of every seed");
  return [a](const Invocation& call) {
    if (call.learn == nullptr) start_learn(call);
    return call.learn->lab(*a, call);
  };
}

}  // namespace athanor::app
